//! The recurrence as a compiled program.

use std::collections::BTreeMap;
use std::sync::Mutex;

use candle_core::{CpuStorage, CustomOp2, Device, Layout, Result, Shape, Tensor, bail};

use super::Scan;
use crate::ir::ParameterId;
use crate::kernels::recurrence::{Forward, Recurrence};
use crate::kernels::{slice, with_values};

pub(super) struct Fused {
    scan: Scan,
    /// Set by a recorded forward, taken by backward, which can so run only once.
    tapes: Mutex<Option<Vec<Vec<f32>>>>,
}

impl Fused {
    pub fn new(scan: Scan) -> Self {
        Self { scan, tapes: Mutex::new(None) }
    }

    /// Calls `run` with the kernel on these parameters.
    fn with_kernel<R>(&self, joined: &[f32], run: impl FnOnce(Recurrence) -> R) -> Result<R> {
        let Scan { step, sequence, reverse, .. } = &self.scan;
        let program = step.program.as_ref().map_err(candle_core::Error::msg)?;
        let parameters: BTreeMap<ParameterId, &[f32]> =
            step.split(joined).map(|(id, _, values)| (id, values)).collect();
        Ok(run(Recurrence {
            program,
            parameters: &parameters,
            steps: sequence.steps,
            lengths: &sequence.lengths,
            reverse: *reverse,
        }))
    }
}

impl CustomOp2 for Fused {
    fn name(&self) -> &'static str {
        "recurrence"
    }

    fn cpu_fwd(&self, s1: &CpuStorage, l1: &Layout, s2: &CpuStorage, l2: &Layout) -> Result<(CpuStorage, Shape)> {
        let Scan { step, sequence, record, .. } = &self.scan;
        let (steps, batch) = (sequence.steps, sequence.lengths.len());
        if l1.shape().dims3()? != (steps, batch, step.input) || l2.shape().dims1()? != step.total() {
            bail!("a recurrence of {steps} steps and {batch} examples got {:?} and {:?}", l1.shape(), l2.shape());
        }
        let input = slice(s1, l1)?;
        let Forward { result, tapes } = self.with_kernel(slice(s2, l2)?, |kernel| kernel.forward(input, *record))?;
        if let (true, Ok(mut slot)) = (*record, self.tapes.lock()) {
            *slot = Some(tapes);
        }
        Ok((CpuStorage::F32(result), (steps, batch, step.states[0]).into()))
    }

    fn bwd(
        &self,
        input: &Tensor,
        parameters: &Tensor,
        result: &Tensor,
        upstream: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let Some(tapes) = self.tapes.lock().ok().and_then(|mut slot| slot.take()) else {
            bail!("a recurrence goes backward once, and only if it was recorded");
        };
        let backward = with_values([input, parameters, result, upstream], |[input, joined, result, upstream]| {
            self.with_kernel(joined, |kernel| kernel.backward(input, result, tapes, upstream))
        })??;
        let mut sums = vec![0.0; self.scan.step.total()];
        for (id, gradient) in &backward.parameters {
            sums[self.scan.step.range(*id)].iter_mut().zip(gradient).for_each(|(sum, g)| *sum += g);
        }
        let give =
            |values, of: &Tensor| of.track_op().then(|| Tensor::from_vec(values, of.shape(), &Device::Cpu)).transpose();
        Ok((give(backward.input, input)?, give(sums, parameters)?))
    }
}
