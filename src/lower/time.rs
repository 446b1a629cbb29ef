//! The operations along the sequence axis, each within every example's true length.

use candle_core::Tensor;

use super::LowerError;
use super::batch::Batch;
use super::evaluate::Operand;
use crate::ir::{Node, Op};
use crate::kernels::position::{ByDistance, Encode};
use crate::kernels::time::{Pick, Reduce, Sequence, Shift, Softmax, WeightedSum};
use crate::kernels::{apply, apply2};

/// The value of `node`, or nothing where it is no operation along time.
pub(super) fn evaluate(node: &Node, inputs: &[Operand], batch: &Batch) -> Result<Option<Tensor>, LowerError> {
    let Some(x) = inputs.last().filter(|x| x.node.ty.is_sequence()) else { return Ok(None) };
    let sequence = || batch.sequence(&x.node.ty);
    let shape = || batch.shape(&node.ty);
    let numbers = x.node.ty.is_numbers();
    Ok(Some(match (&node.op, inputs) {
        (Op::Shift { steps }, [_]) => {
            let shift = Shift { sequence: sequence()?, by: *steps, before: Vec::new() };
            apply(shift, x.tensor, shape()?)?
        }
        (Op::Last, [_]) => apply(Pick { sequence: sequence()?, last: true }, x.tensor, shape()?)?,
        (Op::First, [_]) => apply(Pick { sequence: sequence()?, last: false }, x.tensor, shape()?)?,
        (Op::ReduceTime(reduction), [_]) => {
            apply(Reduce { sequence: sequence()?, reduction: *reduction }, x.tensor, shape()?)?
        }
        (Op::ReduceFeatures(reduction), [_]) if numbers => {
            apply(Reduce { sequence: sequence()?, reduction: *reduction }, x.tensor, shape()?)?
        }
        (Op::Softmax, [_]) if numbers => apply(Softmax { sequence: sequence()?, slots: 0 }, x.tensor, shape()?)?,
        (Op::SoftmaxOfSlots { slots }, [_]) if numbers => {
            apply(Softmax { sequence: sequence()?, slots: *slots }, x.tensor, shape()?)?
        }
        (Op::WeightedSum, [weights, _]) => {
            apply2(WeightedSum { sequence: sequence()? }, weights.tensor, x.tensor, shape()?)?
        }
        (Op::PositionEncoding, [_]) => apply(Encode { sequence: sequence()? }, x.tensor, shape()?)?,
        (Op::ByDistance, [table, _]) => {
            let (rows, width) = table.tensor.dims2()?;
            let sequence = Sequence { width, ..sequence()? };
            apply(ByDistance { sequence, rows }, table.tensor, shape()?)?
        }
        _ => return Ok(None),
    }))
}
