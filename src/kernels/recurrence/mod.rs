//! The fused recurrence: a compiled cell over a batch of sequences, forward and backward.
//!
//! Examples are independent of each other through all their steps, so a batch is cut into blocks of examples that run on
//! any thread, without waiting for each other at every step. The cut depends on the batch alone, and every number is
//! computed in one way: results are the same bits on any number of threads.
//!
//! This room knows a [`Program`], not the cell it came from.

mod block;
mod memory;

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::buffers::{self, Buffer};
use super::column_sums::column_sums;
use super::gemm::{Matrix, Packed, Start, gemm};
use super::simd::arch;
use crate::ir::ParameterId;
use crate::passes::fuse::program::{Array, Operand, Place, Program, Stage, StepProgram};
use block::{Block, Pass};
use memory::{Arrays, Shared};

/// A compiled cell, its parameters and a batch.
pub struct Recurrence<'a> {
    pub program: &'a Program,
    /// Every parameter of the cell, row-major.
    pub parameters: &'a BTreeMap<ParameterId, &'a [f32]>,
    /// Padded number of steps.
    pub steps: usize,
    /// Number of true steps of every example.
    pub lengths: &'a [usize],
    /// Whether sequences are read from their last true step to the first.
    pub reverse: bool,
    /// The states before the first step, `[B, H]` each, which are constants: no gradient is theirs. Without any they are
    /// zeros, as they always are in reverse.
    pub start: &'a [Vec<f32>],
}

/// What forward gives.
pub struct Forward {
    /// `[T, B, H]`: the first state after every step; zeros past the end of an example.
    pub result: Vec<f32>,
    /// What backward reads.
    pub tapes: Vec<Buffer>,
}

/// What backward gives.
pub struct Backward {
    /// `[T, B, I]`; zeros past the end of an example.
    pub input: Buffer,
    /// `(parameter, its gradient)`; several of one parameter add up.
    pub parameters: Vec<(ParameterId, Vec<f32>)>,
}

/// Examples of a block: enough that a weight is used often while it is in the cache, few enough that there is a block for
/// every thread.
const ROWS: usize = 16;

impl Recurrence<'_> {
    fn batch(&self) -> usize {
        self.lengths.len()
    }

    fn rows(&self) -> usize {
        self.steps * self.batch()
    }

    /// `(input: [T, B, I]) -> [T, B, H]`. With `record` it keeps what [`Self::backward`] needs.
    pub fn forward(&self, input: &[f32], record: bool) -> Forward {
        let program = self.program;
        let (step, tapes) =
            if record { (&program.forward, program.forward_tapes) } else { (&program.inference, program.state_tapes) };
        let mut result = vec![0.0; self.rows() * program.states[0]];
        let mut tapes: Vec<Buffer> =
            program.tapes[..tapes].iter().map(|width| buffers::take(self.rows() * width)).collect();
        let written: Vec<Array> = std::iter::once(Array::Result).chain((0..tapes.len()).map(Array::Tape)).collect();
        let arrays = Arrays {
            steps: self.steps,
            batch: self.batch(),
            input: Shared::read(input, self.rows(), program.input),
            result: Shared::write(&mut result, self.rows(), program.states[0]),
            upstream: Shared::none(),
            input_gradient: Shared::none(),
            tapes: self.shared(&mut tapes),
            start: self.shared_start(),
        };
        self.run(step, Pass::Forward, &arrays, &written);
        Forward { result, tapes }
    }

    /// The gradients, given that of the result; `input`, `result` and `tapes` as forward had and gave them.
    pub fn backward(&self, input: &[f32], result: &[f32], mut tapes: Vec<Buffer>, upstream: &[f32]) -> Backward {
        let program = self.program;
        let mut input_gradient = buffers::take(self.rows() * program.input);
        if !program.reaches_input {
            input_gradient.fill(0.0);
        }
        let first = tapes.len();
        assert_eq!(first, program.forward_tapes, "a recurrence goes backward only after a recorded forward");
        tapes.extend(program.tapes[first..].iter().map(|width| buffers::take(self.rows() * width)));
        let written: Vec<Array> =
            std::iter::once(Array::InputGradient).chain((first..tapes.len()).map(Array::Tape)).collect();
        let arrays = Arrays {
            steps: self.steps,
            batch: self.batch(),
            input: Shared::read(input, self.rows(), program.input),
            result: Shared::read(result, self.rows(), program.states[0]),
            upstream: Shared::read(upstream, self.rows(), program.states[0]),
            input_gradient: Shared::write(&mut input_gradient, self.rows(), program.input),
            tapes: self.shared(&mut tapes),
            start: self.shared_start(),
        };
        self.run(&program.backward, Pass::Backward, &arrays, &written);
        let find = |array: Array| match array {
            Array::Input => (input, program.input),
            Array::Result => (result, program.states[0]),
            Array::Upstream => (upstream, program.states[0]),
            Array::InputGradient => (&input_gradient[..], program.input),
            Array::Tape(tape) => (&tapes[tape][..], program.tapes[tape]),
        };
        let parameters = self.sums(&find);
        Backward { input: input_gradient, parameters }
    }

    /// The states after the last true step of every example, `[B, H]` each: what the next piece of a text starts from.
    pub fn last(&self, forward: &Forward) -> Vec<Vec<f32>> {
        let state = |(state, width): (usize, &usize)| {
            let values = if state == 0 { &forward.result[..] } else { &forward.tapes[state - 1] };
            let mut last = self.start.get(state).cloned().unwrap_or_else(|| vec![0.0; self.batch() * width]);
            for (b, (to, length)) in last.chunks_exact_mut(*width).zip(self.lengths).enumerate() {
                if let Some(t) = length.checked_sub(1) {
                    let t = if self.reverse { 0 } else { t };
                    to.copy_from_slice(&values[(t * self.batch() + b) * width..][..*width]);
                }
            }
            last
        };
        self.program.states.iter().enumerate().map(state).collect()
    }

    fn shared_start(&self) -> Vec<Shared> {
        assert!(self.start.is_empty() || (self.start.len() == self.program.states.len() && !self.reverse));
        self.start
            .iter()
            .zip(&self.program.states)
            .map(|(state, width)| Shared::read(state, self.batch(), *width))
            .collect()
    }

    fn shared(&self, tapes: &mut [Buffer]) -> Vec<Shared> {
        tapes
            .iter_mut()
            .zip(&self.program.tapes)
            .map(|(tape, width)| Shared::write(tape, self.rows(), *width))
            .collect()
    }

    fn run(&self, step: &StepProgram, pass: Pass, arrays: &Arrays, written: &[Array]) {
        let mut matrices: Vec<Option<Packed>> = self.program.matrices.iter().map(|_| None).collect();
        for stage in &step.stages {
            if let Stage::Product { matrix, .. } = stage {
                matrices[*matrix].get_or_insert_with(|| self.pack(*matrix));
            }
        }
        let mut examples: Vec<usize> = (0..self.batch()).collect();
        examples.sort_by_key(|example| std::cmp::Reverse(self.lengths[*example]));
        let lengths: Vec<usize> = examples.iter().map(|example| self.lengths[*example]).collect();
        let size = block_size(self.batch());
        let blocks: Vec<(&[usize], &[usize])> = examples.chunks(size).zip(lengths.chunks(size)).collect();
        let run = |(examples, lengths): &(&[usize], &[usize])| {
            let (program, reverse, parameters, matrices) = (self.program, self.reverse, self.parameters, &matrices);
            let block =
                Block { program, step, pass, reverse, examples, lengths, arrays, written, matrices, parameters };
            arch().dispatch(block);
        };
        match &blocks[..] {
            [only] => run(only),
            several => several.par_iter().with_max_len(1).for_each(run),
        }
    }

    /// `from · packed` is `weight @ from`, so the packed matrix is the weight turned.
    fn pack(&self, number: usize) -> Packed {
        let crate::passes::fuse::program::Matrix { weight, transposed } = self.program.matrices[number];
        let values = self.parameters[&weight.parameter];
        let weight = Matrix::with_rows(&values[weight.start..], weight.outputs, weight.inputs, weight.columns);
        Packed::new(if transposed { weight } else { weight.transposed() })
    }

    /// What is summed over all steps and examples.
    fn sums<'b>(&'b self, find: &dyn Fn(Array) -> (&'b [f32], usize)) -> Vec<(ParameterId, Vec<f32>)> {
        let mut gradients = Vec::new();
        for sum in &self.program.weight_gradients {
            let weight = sum.weight;
            let mut gradient = vec![0.0; weight.outputs * weight.inputs];
            for (i, (g, x)) in self.pairs(&sum.g, &sum.x, find).into_iter().enumerate() {
                let start = if i == 0 { Start::Zero } else { Start::Result };
                gemm(g.transposed(), x, &mut gradient, start);
            }
            if weight.inputs != weight.columns {
                // Its columns of the whole matrix.
                let mut whole = vec![0.0; weight.outputs * weight.columns];
                for (to, from) in whole.chunks_exact_mut(weight.columns).zip(gradient.chunks_exact(weight.inputs)) {
                    to[weight.start..weight.start + weight.inputs].copy_from_slice(from);
                }
                gradient = whole;
            }
            gradients.push((weight.parameter, gradient));
        }
        for (parameter, g) in &self.program.vector_gradients {
            let one = Operand { place: Place::Constant(1.0), start: 0, width: 1 };
            let pairs = self.pairs(g, &one, find).into_iter();
            gradients.extend(pairs.map(|(g, _)| (*parameter, column_sums(g))));
        }
        gradients
    }

    /// Two operands as matrices whose rows belong together: steps and examples. Where one of them is of the step before,
    /// the first step read stands apart: its partner is the state that the scan started from, if that is not zero.
    fn pairs<'b>(
        &'b self,
        g: &Operand,
        x: &Operand,
        find: &dyn Fn(Array) -> (&'b [f32], usize),
    ) -> Vec<(Matrix<'b>, Matrix<'b>)> {
        let shifted = is_before(g) || is_before(x);
        let view = |operand: &Operand, first: bool| {
            let rows = match (shifted, first) {
                (false, _) => self.rows(),
                (true, false) => self.rows() - self.batch(),
                (true, true) => self.batch(),
            };
            match operand.place {
                Place::Array { array, before } => {
                    let (values, width) = match array.state().filter(|_| before && first) {
                        Some(state) => (&self.start[state][..], self.program.states[state]),
                        None => find(array),
                    };
                    let skip = if shifted && !first && before == self.reverse { self.batch() * width } else { 0 };
                    Matrix::with_rows(&values[(skip + operand.start).min(values.len())..], rows, operand.width, width)
                }
                Place::Parameter(id) => Matrix {
                    rows,
                    row_step: 0,
                    ..Matrix::new(&self.parameters[&id][operand.start..], 1, operand.width)
                },
                _ => Matrix { data: &[1.0], rows, columns: 1, row_step: 0, column_step: 1 },
            }
        };
        let mut pairs = vec![(view(g, false), view(x, false))];
        if shifted && !self.start.is_empty() {
            pairs.push((view(g, true), view(x, true)));
        }
        pairs
    }
}

/// Whether an operand is of the step before.
fn is_before(operand: &Operand) -> bool {
    matches!(operand.place, Place::Array { before: true, .. })
}

/// Rows of every block: as even as can be, at least two blocks where there are rows for two.
fn block_size(batch: usize) -> usize {
    let blocks = match batch {
        0..4 => 1,
        _ => batch.div_ceil(ROWS).next_multiple_of(2),
    };
    batch.div_ceil(blocks).max(1)
}
