//! One block of examples through all their steps, on one thread.
//!
//! Examples are sorted by length, the longest first, so that those which have a step are the first rows of the block:
//! finished ones are not computed.

use std::collections::BTreeMap;

use pulp::{Simd, WithSimd};

use super::memory::{Address, Arrays, Now, Scratch};
use crate::ir::ParameterId;
use crate::kernels::elementwise::{self, Row};
use crate::kernels::features::largest;
use crate::kernels::gemm::{Packed, ROWS, Tile};
use crate::passes::fuse::program::{Array, ElementOp, Instruction, Operand, Program, Stage, StepProgram};

/// Which way the steps are gone through.
#[derive(Clone, Copy, PartialEq)]
pub enum Pass {
    Forward,
    Backward,
}

pub struct Block<'a> {
    pub program: &'a Program,
    pub step: &'a StepProgram,
    pub pass: Pass,
    /// Whether the sequences are read from their ends.
    pub reverse: bool,
    /// Examples, the longest first, and their lengths.
    pub examples: &'a [usize],
    pub lengths: &'a [usize],
    pub arrays: &'a Arrays,
    /// The arrays this pass writes.
    pub written: &'a [Array],
    /// By the numbers the stages know them by; those of the other pass may be missing.
    pub matrices: &'a [Option<Packed>],
    pub parameters: &'a BTreeMap<ParameterId, &'a [f32]>,
}

/// A stage with its operands as addresses.
enum Work<'a> {
    Product { packed: &'a Packed, from: Address, start: Option<Address>, to: Address },
    Elementwise(Vec<Line>),
}

impl Work<'_> {
    /// What it reads.
    fn reads(&self) -> Vec<Address> {
        match self {
            Work::Product { from, start, .. } => std::iter::once(*from).chain(*start).collect(),
            Work::Elementwise(lines) => lines.iter().flat_map(|line| line.from.iter().copied()).collect(),
        }
    }
}

struct Line {
    op: ElementOp,
    to: Address,
    from: Vec<Address>,
}

impl WithSimd for Block<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let scratch = Scratch::new(self.program, self.step, self.examples.len());
        let work: Vec<Work> = self.step.stages.iter().map(|stage| self.work(stage, &scratch)).collect();
        let far: Vec<Address> = work.iter().flat_map(Work::reads).filter(Address::is_far).collect();
        let longest = self.lengths.first().copied().unwrap_or(0);
        // From the first step that is read to the last, or the other way.
        let ascending = self.reverse == (self.pass == Pass::Backward);
        for i in 0..longest {
            let t = if ascending { i } else { longest - 1 - i };
            let running = |t: usize| self.lengths.partition_point(|length| *length > t);
            // In reverse, an example is fresh at its own last step; read forward, all are at step 0.
            let (before, fresh) = match (self.reverse, t) {
                (true, _) => (t + 1, running(t + 1)),
                (false, 0) => (0, 0),
                (false, _) => (t - 1, usize::MAX),
            };
            if i + 1 < longest {
                let next = if ascending { t + 1 } else { t - 1 };
                for address in &far {
                    for row in 0..running(next) {
                        address.prefetch(next, self.examples, row);
                    }
                }
            }
            let now = Now { t, before, fresh, turn: i % 2, tile: 0, examples: self.examples };
            for work in &work {
                match work {
                    Work::Product { packed, from, start, to } => {
                        product(simd, packed, from, start.as_ref(), to, &now, running(t));
                    }
                    Work::Elementwise(lines) => {
                        for tile in (0..running(t)).step_by(scratch.tile) {
                            let rows = tile..running(t).min(tile + scratch.tile);
                            let now = Now { tile, ..now };
                            for line in lines {
                                line.run(simd, &now, rows.clone());
                            }
                        }
                    }
                }
            }
        }
        self.clear_padding();
    }
}

impl Block<'_> {
    fn work(&self, stage: &Stage, scratch: &Scratch) -> Work<'_> {
        let address = |operand: &Operand| Address::new(operand, self.arrays, scratch, self.parameters);
        match stage {
            Stage::Product { matrix, from, start, to } => {
                let packed = self.matrices[*matrix].as_ref();
                let Some(packed) = packed else { unreachable!("a matrix that this pass does not need") };
                assert!(from.width == packed.k && to.width == packed.columns);
                assert!(start.is_none_or(|start| start.width == to.width));
                let start = start.as_ref().map(address);
                Work::Product { packed, from: address(from), start, to: address(to) }
            }
            Stage::Elementwise(instructions) => {
                let line = |Instruction { op, to, from }: &Instruction| {
                    let line = Line { op: *op, to: address(to), from: from.iter().map(address).collect() };
                    line.check();
                    line
                };
                Work::Elementwise(instructions.iter().map(line).collect())
            }
        }
    }

    /// Rows past the end of an example are zeros.
    fn clear_padding(&self) {
        for (example, length) in self.examples.iter().zip(self.lengths) {
            for t in *length..self.arrays.steps {
                for array in self.written {
                    // SAFETY: written arrays are made with `Shared::write`, and the rows of its examples are this block's.
                    unsafe { self.arrays.get(*array).clear(t * self.arrays.batch + example) }
                }
            }
        }
    }
}

/// `to = start + from · packed` for the first `rows` rows.
#[inline(always)]
fn product<S: Simd>(
    simd: S,
    packed: &Packed,
    from: &Address,
    start: Option<&Address>,
    to: &Address,
    now: &Now,
    rows: usize,
) {
    if let Some(value) = from.constant().or(start.and_then(Address::constant)) {
        unreachable!("a product with the constant {value}");
    }
    for (first, columns, panel) in packed.panels() {
        for top in (0..rows).step_by(ROWS) {
            let count = ROWS.min(rows - top);
            let mut a = [std::ptr::null(); ROWS];
            let mut starts = [std::ptr::null(); ROWS];
            let mut out = [std::ptr::null_mut(); ROWS];
            for r in 0..count {
                a[r] = from.row(now, top + r).cast_const();
                out[r] = to.row(now, top + r).wrapping_add(first);
                if let Some(start) = start {
                    starts[r] = start.row(now, top + r).wrapping_add(first).cast_const();
                }
            }
            let tile = Tile {
                k: packed.k,
                a: &a[..count],
                step: 1,
                panel,
                start: if start.is_some() { &starts[..count] } else { &[] },
                out: &out[..count],
                columns,
            };
            // SAFETY: `Address` has checked that every row holds its width, and `Block::work` that the widths fit. Rows of
            // `to` belong to this block, and a value is never computed into memory that its operands stand in
            // (`passes::fuse::place`).
            unsafe { tile.run(simd) }
        }
    }
}

impl Line {
    /// That every operand has one number or as many as the result needs.
    fn check(&self) {
        let read = match self.op {
            ElementOp::Sum | ElementOp::Max => {
                assert_eq!(self.to.width, 1);
                return;
            }
            ElementOp::MaxSlope => &self.from[..1],
            ElementOp::Unary(_) | ElementOp::Softmax => {
                assert!(self.from[0].constant().is_none() && self.from[0].width == self.to.width);
                return;
            }
            ElementOp::Slope(_) => {
                assert!(self.from[0].constant().is_none() && self.from[0].width == self.to.width);
                &self.from[1..]
            }
            _ => &self.from[..],
        };
        assert!(read.iter().all(|from| from.width == self.to.width || from.width == 1), "operands of other widths");
        assert!(self.to.constant().is_none());
    }

    /// The operation on every row.
    #[inline(always)]
    fn run<S: Simd>(&self, simd: S, now: &Now, rows: std::ops::Range<usize>) {
        for row in rows {
            // SAFETY: `Address` has checked that every row holds its width. Rows of `to` belong to this block, and a value
            // is never computed into memory that its operands stand in (`passes::fuse::place`).
            let to = unsafe { std::slice::from_raw_parts_mut(self.to.row(now, row), self.to.width) };
            let whole = |i: usize| {
                let from = &self.from[i];
                // SAFETY: as above; constants are asked for in `one` only.
                unsafe { std::slice::from_raw_parts(from.row(now, row).cast_const(), from.width) }
            };
            let read = |i: usize| match self.from[i].constant() {
                Some(value) => Row::One(value),
                None if self.from[i].width == 1 => Row::One(whole(i)[0]),
                None => Row::Many(whole(i)),
            };
            match self.op {
                ElementOp::Copy => match read(0) {
                    Row::Many(from) => to.copy_from_slice(from),
                    Row::One(value) => to.fill(value),
                },
                ElementOp::Unary(op) => elementwise::unary(simd, op, to, whole(0)),
                ElementOp::Slope(op) => elementwise::slope(simd, op, to, whole(0), read(1)),
                ElementOp::Binary(op) => elementwise::binary(simd, op, to, read(0), read(1)),
                ElementOp::MultiplyAdd => elementwise::multiply_add(simd, to, read(0), read(1), read(2)),
                ElementOp::Sum => {
                    to[0] = match (self.from[0].constant(), self.from[0].width) {
                        (Some(value), width) => value * width as f32,
                        (None, _) => elementwise::sum(simd, whole(0)),
                    }
                }
                ElementOp::Max => to[0] = whole(0)[largest(whole(0).iter().copied())],
                ElementOp::MaxSlope => {
                    let Row::One(g) = read(1) else { unreachable!("the gradient of one number") };
                    to.fill(0.0);
                    to[largest(whole(0).iter().copied())] = g;
                }
                ElementOp::Softmax => elementwise::softmax(simd, to, whole(0)),
            }
        }
    }
}
