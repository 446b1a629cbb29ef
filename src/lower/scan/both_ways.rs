//! A forward and a backward reading of the same values, side by side: one operation of the tape, with both readings'
//! features joined. Neither waits for the other, so that even a batch of one text has work for two threads.

use std::sync::Mutex;

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor, bail};

use super::fused::Fused;
use crate::kernels::features::Concat;
use crate::kernels::threads::side_by_side;
use crate::kernels::{Kernel, slice, wanted, with_values};

pub(super) struct BothWays {
    forward: Fused,
    backward: Fused,
    /// How many of the joined parameters are the forward reading's.
    split: usize,
    /// The results one by one, where backward reads them again.
    results: Mutex<Option<[Vec<f32>; 2]>>,
}

impl BothWays {
    pub fn new(forward: Fused, backward: Fused, split: usize) -> Self {
        Self { forward, backward, split, results: Mutex::new(None) }
    }

    fn concat(&self) -> Concat {
        Concat { widths: [self.forward.width(), self.backward.width()] }
    }

    /// The gradients of `x` and of the joined parameters.
    fn gradients(&self, [x, joined, up]: [&[f32]; 3], width: usize) -> Result<[Vec<f32>; 2]> {
        let (of_forward, of_backward) = joined.split_at(self.split);
        let Some([result_f, result_b]) = self.results.lock().ok().and_then(|mut slot| slot.take()) else {
            bail!("a recurrence goes backward once, and only if it was recorded");
        };
        let [up_f, up_b] = self.concat().split(up);
        let (first, second) = side_by_side(
            || self.forward.gradients([x, of_forward, &result_f, &up_f], width),
            || self.backward.gradients([x, of_backward, &result_b, &up_b], width),
        );
        let ([mut dx, mut sums], [dx_b, sums_b]) = (first?, second?);
        dx.iter_mut().zip(&dx_b).for_each(|(sum, more)| *sum += more);
        sums.extend(sums_b);
        Ok([dx, sums])
    }
}

impl CustomOp2 for BothWays {
    fn name(&self) -> &'static str {
        "recurrence_both_ways"
    }

    fn cpu_fwd(&self, s1: &CpuStorage, l1: &Layout, s2: &CpuStorage, l2: &Layout) -> Result<(CpuStorage, Shape)> {
        let (steps, batch, width) = l1.shape().dims3()?;
        let (x, joined) = (slice(s1, l1)?, slice(s2, l2)?);
        let (of_forward, of_backward) = joined.split_at(self.split.min(joined.len()));
        let (first, second) = side_by_side(
            || self.forward.values(x, of_forward, [steps, batch, width]),
            || self.backward.values(x, of_backward, [steps, batch, width]),
        );
        let results = [first?, second?];
        let result = Kernel::forward(&self.concat(), results.each_ref().map(Vec::as_slice));
        if self.forward.records() {
            let Ok(mut slot) = self.results.lock() else { bail!("a recurrence failed halfway") };
            *slot = Some(results);
        }
        Ok((CpuStorage::F32(result), (steps, batch, self.forward.width() + self.backward.width()).into()))
    }

    fn bwd(&self, x: &Tensor, joined: &Tensor, _: &Tensor, up: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let width = x.dim(2)?;
        let [dx, sums] = with_values([x, joined, up], |values| self.gradients(values, width))??;
        Ok((wanted(dx, x)?, wanted(sums, joined)?))
    }
}
