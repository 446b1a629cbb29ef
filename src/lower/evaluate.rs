//! One node to one tensor, for the operations that know nothing of time: they are the same for a whole sequence, for
//! one step of a cell and for a value without a sequence axis.

use candle_core::{Device, Tensor};

use super::LowerError;
use super::batch::{Batch, features, size};
use crate::ir::{BinaryOp, Node, Op, Reduction, Type};
use crate::kernels::bilinear::Contract;
use crate::kernels::binary::Binary;
use crate::kernels::dropout::Dropout;
use crate::kernels::extend::Extend;
use crate::kernels::features::{Concat, Narrow, Reduce, Softmax};
use crate::kernels::product::{Factors, product, product_collecting, product_with_bias};
use crate::kernels::unary::Unary;
use crate::kernels::{apply, apply2, bias::Bias};
use crate::random::Random;

/// A value with the node that made it.
#[derive(Clone, Copy)]
pub(super) struct Operand<'a> {
    pub node: &'a Node,
    pub tensor: &'a Tensor,
}

impl Operand<'_> {
    fn constant(&self) -> Option<f64> {
        if let Op::Constant(value) = self.node.op { Some(value) } else { None }
    }
}

/// The value of `node`. `random` decides dropout; without it dropout changes nothing. A product puts the factors of its
/// weight's gradient into `factors` where they are given.
pub(super) fn evaluate(
    node: &Node,
    inputs: &[Operand],
    batch: &Batch,
    random: Option<Random>,
    factors: Option<&Factors>,
) -> Result<Tensor, LowerError> {
    let shape = batch.shape(&node.ty)?;
    let width = |operand: &Operand| operand.node.ty.last_axis().map_or(Ok(1), size);
    match (&node.op, inputs) {
        (Op::Constant(value), []) => {
            let count = shape.iter().product();
            Ok(Tensor::from_vec(vec![*value as f32; count], shape, &Device::Cpu)?)
        }
        (Op::Bilinear, [tensor, a, b]) => bilinear(tensor, a, b, shape),
        (Op::Product, [weight, x]) => linear(weight, x, node, batch, factors),
        (Op::Product, [weight, x, bias]) => {
            let (outputs, features) = weight.tensor.dims2()?;
            let x = reshape(x.tensor, &[x.tensor.elem_count() / features.max(1), features])?;
            let bias = reshape(bias.tensor, &[outputs])?;
            Ok(reshape(&product_with_bias(&x, weight.tensor, &bias)?, &shape)?)
        }
        (Op::Binary(op), [a, b]) => binary(*op, a, b, node, batch),
        (Op::Unary(op), [x]) => Ok(apply(Unary(*op), x.tensor, shape)?),
        (Op::Softmax, [x]) => Ok(apply(Softmax { width: width(x)? }, x.tensor, shape)?),
        (Op::Dropout { rate }, [x]) => match random {
            Some(random) if *rate > 0.0 => Ok(apply(Dropout { rate: *rate, random }, x.tensor, shape)?),
            _ => Ok(x.tensor.clone()),
        },
        (Op::Concat, [_, ..]) => concat(inputs, node, &shape),
        (Op::Narrow { start, length }, [x]) => {
            let kernel = Narrow { width: width(x)?, start: size(start)?, length: size(length)? };
            if kernel.start + kernel.length > kernel.width {
                return Err(LowerError::new("a slice reaches beyond its axis"));
            }
            Ok(apply(kernel, x.tensor, shape)?)
        }
        (Op::ReduceFeatures(reduction), [x]) => {
            Ok(apply(Reduce { reduction: *reduction, width: width(x)? }, x.tensor, shape)?)
        }
        _ => Err(LowerError::new("this operation does not stand here, or not with these inputs")),
    }
}

/// `weight @ x`. A shared weight is one matrix product over all rows; the product of two vectors that both differ from
/// example to example is a sum of products, where either may lack the other's sequence axis.
fn linear(
    weight: &Operand,
    x: &Operand,
    node: &Node,
    batch: &Batch,
    factors: Option<&Factors>,
) -> Result<Tensor, LowerError> {
    let shape = batch.shape(&node.ty)?;
    if !weight.node.ty.per_example {
        let width = *weight.tensor.dims().last().unwrap_or(&1);
        let rows = x.tensor.elem_count() / width.max(1);
        let outputs = weight.tensor.elem_count() / width.max(1);
        let (x, weight) = (reshape(x.tensor, &[rows, width])?, reshape(weight.tensor, &[outputs, width])?);
        let result = match factors {
            Some(factors) if weight.is_variable() => product_collecting(&x, &weight, factors)?,
            _ => product(&x, &weight)?,
        };
        return Ok(reshape(&result, &shape)?);
    }
    let wide = if weight.node.ty.rank() > x.node.ty.rank() { &weight.node.ty } else { &x.node.ty };
    let wide_shape = batch.shape(wide)?;
    let products = apply2(
        Binary(BinaryOp::Multiply),
        &align(weight, wide, &wide_shape)?,
        &align(x, wide, &wide_shape)?,
        wide_shape.as_slice(),
    )?;
    let width = wide_shape.last().copied().unwrap_or(1);
    Ok(apply(Reduce { reduction: Reduction::Sum, width }, &products, shape)?)
}

/// `aᵀ tensor_k b`: one matrix product of all rows of `b` with the tensor, and its rows with those of `a`.
fn bilinear(tensor: &Operand, a: &Operand, b: &Operand, shape: Vec<usize>) -> Result<Tensor, LowerError> {
    let (k, a_width, b_width) = tensor.tensor.dims3()?;
    let rows = b.tensor.elem_count() / b_width.max(1);
    let matrix = tensor.tensor.reshape((k * a_width, b_width))?;
    let products = product(&reshape(b.tensor, &[rows, b_width])?, &matrix)?;
    Ok(apply2(Contract { a: a_width, k }, &products, a.tensor, shape)?)
}

/// Without a node on the tape where the shape is right already.
fn reshape(tensor: &Tensor, shape: &[usize]) -> candle_core::Result<Tensor> {
    if tensor.dims() == shape { Ok(tensor.clone()) } else { tensor.reshape(shape) }
}

fn binary(op: BinaryOp, a: &Operand, b: &Operand, node: &Node, batch: &Batch) -> Result<Tensor, LowerError> {
    let shape = batch.shape(&node.ty)?;
    if let Some(result) = with_constant(op, a, b, &shape)? {
        return Ok(result);
    }
    let is_bias = |bias: &Operand, x: &Operand| {
        let vector = !bias.node.ty.per_example && shape.ends_with(bias.tensor.dims()) && bias.tensor.rank() > 0;
        op == BinaryOp::Add && vector && x.tensor.dims() == shape && bias.tensor.rank() < shape.len()
    };
    match (a, b) {
        (x, bias) | (bias, x) if is_bias(bias, x) => Ok(apply2(Bias, x.tensor, bias.tensor, shape)?),
        _ => Ok(apply2(Binary(op), &align(a, &node.ty, &shape)?, &align(b, &node.ty, &shape)?, shape.as_slice())?),
    }
}

/// Arithmetic with one number needs no array of it. Only where candle's `affine` keeps the gradient and the rounding.
fn with_constant(op: BinaryOp, a: &Operand, b: &Operand, shape: &[usize]) -> Result<Option<Tensor>, LowerError> {
    let full = |x: &Operand| x.tensor.dims() == shape;
    let (x, scale, offset) = match (op, a.constant(), b.constant()) {
        (BinaryOp::Add, None, Some(c)) if full(a) => (a, 1.0, c),
        (BinaryOp::Add, Some(c), None) if full(b) => (b, 1.0, c),
        (BinaryOp::Subtract, None, Some(c)) if full(a) => (a, 1.0, -c),
        (BinaryOp::Subtract, Some(c), None) if full(b) => (b, -1.0, c),
        (BinaryOp::Multiply, None, Some(c)) if full(a) && c != 0.0 => (a, c, 0.0),
        (BinaryOp::Multiply, Some(c), None) if full(b) && c != 0.0 => (b, c, 0.0),
        _ => return Ok(None),
    };
    Ok(Some(x.tensor.affine(scale, offset)?))
}

fn concat(inputs: &[Operand], node: &Node, shape: &[usize]) -> Result<Tensor, LowerError> {
    let Some((_, leading)) = shape.split_last() else { return Err(LowerError::new("there is no axis to join")) };
    if features(&node.ty)?.is_empty() {
        return Err(LowerError::new("sequences cannot be joined along time"));
    }
    let parts = inputs.iter().map(|input| {
        let width = input.node.ty.last_axis().map_or(Ok(1), size)?;
        align(input, &node.ty, &[leading, &[width]].concat())
    });
    let mut parts = parts.collect::<Result<Vec<_>, LowerError>>()?.into_iter();
    let first = parts.next().ok_or_else(|| LowerError::new("there is nothing to join"))?;
    parts.try_fold(first, |joined, part| {
        let width = |tensor: &Tensor| tensor.dims().last().copied().unwrap_or(1);
        let widths = [width(&joined), width(&part)];
        let shape = [leading, &[widths[0] + widths[1]]].concat();
        Ok(apply2(Concat { widths }, &joined, &part, shape)?)
    })
}

/// A value repeated along the axes it lacks, to a tensor of `shape` for a value of type `to`.
///
/// Missing axes are the leading ones, except that a value of one example keeps its batch (and sequence) axes in front.
pub(super) fn align(operand: &Operand, to: &Type, shape: &[usize]) -> Result<Tensor, LowerError> {
    let (tensor, ty) = (operand.tensor, &operand.node.ty);
    if tensor.dims() == shape {
        return Ok(tensor.clone());
    }
    let features = ty.rank() - ty.sequence_axes();
    let wanted = to.rank() - to.sequence_axes();
    let (leading, own) = tensor.dims().split_at(tensor.rank() - features);
    let missing = if ty.per_example { wanted.saturating_sub(features) } else { 0 };
    let spread = [leading, &vec![1; missing], own].concat();
    let misfit = || LowerError::new(format!("{spread:?} does not extend to {shape:?}"));
    let kernel = Extend::new(&spread, shape).ok_or_else(misfit)?;
    Ok(apply(kernel, tensor, shape)?)
}
