//! Operations of candle's tape that have a tape of their own: forward runs small graphs, one after the other, and backward
//! goes through them in turn, so that the depth of candle's tape does not grow with their number.

use std::sync::Mutex;

use candle_core::{CpuStorage, CustomOp1, CustomOp2, Layout, Result, Shape, Tensor, bail};

use super::LowerError;
use crate::kernels::profile::Charged;
use crate::kernels::{slice, wanted, with_values};

/// What runs on a tape of its own.
pub(super) trait Recorded: Send + Sync + 'static {
    const NAME: &'static str;
    type Tape: Send + 'static;

    /// The shape of the input, `[.., B, I]`.
    fn shape(&self) -> (usize, usize, usize);

    /// How many numbers the joined parameters are.
    fn total(&self) -> usize;

    /// The width of the result, which is otherwise shaped as the input.
    fn width(&self) -> usize;

    /// The result and, when recording, what backward needs.
    fn run(&self, input: &[f32], parameters: &[f32])
    -> std::result::Result<(Vec<f32>, Option<Self::Tape>), LowerError>;

    /// The gradients of input and joined parameters.
    fn back(&self, tape: Self::Tape, upstream: &Tensor) -> Result<(Vec<f32>, Vec<f32>)>;
}

/// `(input, parameters: [P]) -> result`.
pub(super) fn apply<R: Recorded>(recorded: R, input: &Tensor, parameters: &Tensor) -> Result<Tensor> {
    input.contiguous()?.apply_op2(parameters, Charged::new(OnTape { recorded, tape: Mutex::new(None) }))
}

struct OnTape<R: Recorded> {
    recorded: R,
    /// Set by forward, taken by backward, which can so run only once.
    tape: Mutex<Option<R::Tape>>,
}

impl<R: Recorded> CustomOp2 for OnTape<R> {
    fn name(&self) -> &'static str {
        R::NAME
    }

    fn cpu_fwd(&self, s1: &CpuStorage, l1: &Layout, s2: &CpuStorage, l2: &Layout) -> Result<(CpuStorage, Shape)> {
        let (recorded, name) = (&self.recorded, R::NAME);
        let (shape, total) = (recorded.shape(), recorded.total());
        if l1.shape().dims3()? != shape || l2.shape().dims1()? != total {
            bail!("a {name} of {shape:?} with {total} parameters got {:?} and {:?}", l1.shape(), l2.shape());
        }
        let (result, tape) = recorded.run(slice(s1, l1)?, slice(s2, l2)?).map_err(candle_core::Error::wrap)?;
        if let Ok(mut slot) = self.tape.lock() {
            *slot = tape;
        }
        Ok((CpuStorage::F32(result), (shape.0, shape.1, recorded.width()).into()))
    }

    fn bwd(
        &self,
        input: &Tensor,
        parameters: &Tensor,
        _: &Tensor,
        up: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let Some(tape) = self.tape.lock().ok().and_then(|mut slot| slot.take()) else {
            bail!("a {} goes backward once, and only if it was recorded", R::NAME);
        };
        let (d_input, d_parameters) = self.recorded.back(tape, up)?;
        Ok((wanted(d_input, input)?, wanted(d_parameters, parameters)?))
    }
}

/// A scalar whose gradient with respect to each value is what is given beside it: where backward through a small graph
/// starts. Nothing where none of the values is on a tape.
pub(super) fn seeded<'t>(values: impl IntoIterator<Item = Result<(&'t Tensor, Tensor)>>) -> Result<Option<Tensor>> {
    let mut sum: Option<Tensor> = None;
    for value in values {
        let (value, upstream) = value?;
        let seed = value.apply_op1(Seed { upstream })?;
        sum = Some(match sum {
            Some(sum) => sum.add(&seed)?,
            None => seed,
        });
    }
    Ok(sum)
}

/// A scalar whose gradient with respect to its argument is `upstream`.
struct Seed {
    upstream: Tensor,
}

impl CustomOp1 for Seed {
    fn name(&self) -> &'static str {
        "seed"
    }

    fn cpu_fwd(&self, _: &CpuStorage, _: &Layout) -> Result<(CpuStorage, Shape)> {
        Ok((CpuStorage::F32(vec![0.0]), ().into()))
    }

    fn bwd(&self, _: &Tensor, _: &Tensor, _: &Tensor) -> Result<Option<Tensor>> {
        Ok(Some(self.upstream.clone()))
    }
}

/// Adds a gradient to sums of as many numbers.
pub(super) fn add(sums: &mut [f32], gradient: &Tensor) -> Result<()> {
    with_values([gradient], |[gradient]| sums.iter_mut().zip(gradient).for_each(|(sum, g)| *sum += g))
}
