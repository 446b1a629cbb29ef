//! The recurrence as a compiled program, with the product that feeds it.

use std::collections::BTreeMap;
use std::sync::Mutex;

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor, bail};

use super::Scan;
use crate::ir::ParameterId;
use crate::kernels::buffers::{self, Buffer};
use crate::kernels::column_sums::column_sums;
use crate::kernels::gemm::{Matrix, Start, gemm};
use crate::kernels::recurrence::{Forward, Recurrence};
use crate::kernels::{slice, wanted, with_values};
use crate::passes::fuse::program::Program;

pub(super) struct Fused {
    scan: Scan,
    /// Set by a recorded forward, taken by backward, which can so run only once.
    saved: Mutex<Option<Saved>>,
}

struct Saved {
    tapes: Vec<Buffer>,
    /// The projected input, where backward reads it again.
    gates: Option<Buffer>,
}

/// The weight and bias before the cell, `[G, I]` and `[G]`.
struct Weights<'a> {
    weight: &'a [f32],
    bias: Option<&'a [f32]>,
}

impl Fused {
    pub fn new(scan: Scan) -> Self {
        Self { scan, saved: Mutex::new(None) }
    }

    /// Width of the result.
    pub fn width(&self) -> usize {
        self.scan.step.states[0]
    }

    /// Whether a gradient will be asked for.
    pub fn records(&self) -> bool {
        self.scan.record
    }

    fn program(&self) -> Result<&Program> {
        self.scan.step.program.as_ref().map_err(candle_core::Error::msg)
    }

    /// Steps times examples.
    fn rows(&self) -> usize {
        self.scan.sequence.steps * self.scan.sequence.lengths.len()
    }

    /// How many numbers the projection of inputs of this width has, before those of the cell.
    fn projected(&self, width: usize) -> usize {
        let gates = self.scan.step.input;
        self.scan.projection.map_or(0, |projection| gates * width + if projection.bias { gates } else { 0 })
    }

    fn weights<'a>(&self, joined: &'a [f32], width: usize) -> Option<Weights<'a>> {
        let projection = self.scan.projection?;
        let gates = self.scan.step.input;
        let (weight, rest) = joined.split_at(gates * width);
        Some(Weights { weight, bias: projection.bias.then(|| &rest[..gates]) })
    }

    /// The input of the steps: `x` itself, or its projection.
    fn gates(&self, x: &[f32], joined: &[f32], width: usize) -> Option<Buffer> {
        let Weights { weight, bias } = self.weights(joined, width)?;
        let count = self.scan.step.input;
        let mut gates = buffers::take(self.rows() * count);
        let start = bias.map_or(Start::Zero, Start::Row);
        let weight = Matrix::new(weight, count, width).transposed();
        gemm(Matrix::new(x, self.rows(), width), weight, &mut gates, start);
        Some(gates)
    }

    /// Calls `run` with the kernel on these parameters.
    fn with_kernel<R>(&self, own: &[f32], run: impl FnOnce(Recurrence) -> R) -> Result<R> {
        let Scan { step, sequence, reverse, .. } = &self.scan;
        let parameters: BTreeMap<ParameterId, &[f32]> = step.split(own).map(|(id, _, values)| (id, values)).collect();
        Ok(run(Recurrence {
            program: self.program()?,
            parameters: &parameters,
            steps: sequence.steps,
            lengths: &sequence.lengths,
            reverse: *reverse,
            start: self.scan.start(),
        }))
    }

    /// `(x: [T, B, I], joined parameters) -> [T, B, H]`, for an input of this shape.
    pub fn values(&self, x: &[f32], joined: &[f32], [steps, batch, width]: [usize; 3]) -> Result<Vec<f32>> {
        let Scan { step, sequence, projection, .. } = &self.scan;
        let fits = (steps, batch) == (sequence.steps, sequence.lengths.len())
            && (projection.is_some() || width == step.input)
            && joined.len() == self.projected(width) + step.total();
        if !fits {
            let (expected, given) = (sequence.steps, joined.len());
            bail!("a recurrence of {expected} steps got [{steps}, {batch}, {width}] and {given} parameters");
        }
        self.forward(x, joined, width)
    }

    /// The gradients of `x` and of the joined parameters, given what forward read and gave and the gradient of its result.
    pub fn gradients(&self, values: [&[f32]; 4], width: usize) -> Result<[Vec<f32>; 2]> {
        let Some(saved) = self.saved.lock().ok().and_then(|mut slot| slot.take()) else {
            bail!("a recurrence goes backward once, and only if it was recorded");
        };
        self.backward(saved, values, width)
    }

    fn forward(&self, x: &[f32], joined: &[f32], width: usize) -> Result<Vec<f32>> {
        let record = self.scan.record;
        let gates = self.gates(x, joined, width);
        let input = gates.as_deref().unwrap_or(x);
        let own = &joined[self.projected(width)..];
        let Forward { result, tapes } = self.with_kernel(own, |kernel| {
            let forward = kernel.forward(input, record);
            self.scan.leave(|| kernel.last(&forward));
            forward
        })?;
        if record {
            let gates = if self.program()?.rereads_input { gates } else { None };
            let Ok(mut slot) = self.saved.lock() else { bail!("a recurrence failed halfway") };
            *slot = Some(Saved { tapes, gates });
        }
        Ok(result)
    }

    /// The gradients of `x` and of the joined parameters.
    fn backward(&self, saved: Saved, [x, joined, result, up]: [&[f32]; 4], width: usize) -> Result<[Vec<f32>; 2]> {
        let projected = self.projected(width);
        let Saved { tapes, gates } = saved;
        // What backward does not read may be anything of the right size.
        let gates = gates.or_else(|| (projected > 0).then(|| buffers::take(self.rows() * self.scan.step.input)));
        let input = gates.as_deref().unwrap_or(x);
        let own = &joined[projected..];
        let backward = self.with_kernel(own, |kernel| kernel.backward(input, result, tapes, up))?;
        let mut sums = vec![0.0; joined.len()];
        for (id, gradient) in &backward.parameters {
            let range = self.scan.step.range(*id);
            let to = &mut sums[projected + range.start..projected + range.end];
            to.iter_mut().zip(gradient).for_each(|(sum, g)| *sum += g);
        }
        drop(gates);
        let Some(Weights { weight, bias }) = self.weights(joined, width) else {
            return Ok([backward.input.to_vec(), sums]);
        };
        let count = self.scan.step.input;
        let upstream = Matrix::new(&backward.input, self.rows(), count);
        let mut dx = vec![0.0; x.len()];
        gemm(upstream, Matrix::new(weight, count, width), &mut dx, Start::Zero);
        gemm(upstream.transposed(), Matrix::new(x, self.rows(), width), &mut sums[..weight.len()], Start::Zero);
        if bias.is_some() {
            sums[weight.len()..projected].copy_from_slice(&column_sums(upstream));
        }
        Ok([dx, sums])
    }
}

impl CustomOp2 for Fused {
    fn name(&self) -> &'static str {
        "recurrence"
    }

    fn cpu_fwd(&self, s1: &CpuStorage, l1: &Layout, s2: &CpuStorage, l2: &Layout) -> Result<(CpuStorage, Shape)> {
        let (steps, batch, width) = l1.shape().dims3()?;
        let result = self.values(slice(s1, l1)?, slice(s2, l2)?, [steps, batch, width])?;
        Ok((CpuStorage::F32(result), (steps, batch, self.width()).into()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        joined: &Tensor,
        result: &Tensor,
        up: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let width = x.dim(2)?;
        let [dx, sums] = with_values([x, joined, result, up], |values| self.gradients(values, width))??;
        Ok((wanted(dx, x)?, wanted(sums, joined)?))
    }
}
