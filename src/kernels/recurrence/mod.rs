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
            let (g, x) = self.pair(&sum.g, &sum.x, find);
            let mut gradient = vec![0.0; weight.outputs * weight.inputs];
            gemm(g.transposed(), x, &mut gradient, Start::Zero);
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
            gradients.push((*parameter, column_sums(self.pair(g, &one, find).0)));
        }
        gradients
    }

    /// Two operands as matrices whose rows belong together: steps and examples.
    fn pair<'b>(
        &'b self,
        g: &Operand,
        x: &Operand,
        find: &dyn Fn(Array) -> (&'b [f32], usize),
    ) -> (Matrix<'b>, Matrix<'b>) {
        let is_before = |operand: &Operand| matches!(operand.place, Place::Array { before: true, .. });
        // Where one of them is of the step before, the first step read has no partner. Its state is zero.
        let shifted = is_before(g) || is_before(x);
        let rows = if shifted { self.rows() - self.batch() } else { self.rows() };
        let view = |operand: &Operand| match operand.place {
            Place::Array { array, before } => {
                let (values, width) = find(array);
                let skip = if shifted && before == self.reverse { self.batch() * width } else { 0 };
                Matrix::with_rows(&values[(skip + operand.start).min(values.len())..], rows, operand.width, width)
            }
            Place::Parameter(id) => {
                Matrix { rows, row_step: 0, ..Matrix::new(&self.parameters[&id][operand.start..], 1, operand.width) }
            }
            _ => Matrix { data: &[1.0], rows, columns: 1, row_step: 0, column_step: 1 },
        };
        (view(g), view(x))
    }
}

/// Rows of every block: as even as can be, at least two blocks where there are rows for two.
fn block_size(batch: usize) -> usize {
    let blocks = match batch {
        0..4 => 1,
        _ => batch.div_ceil(ROWS).next_multiple_of(2),
    };
    batch.div_ceil(blocks).max(1)
}
