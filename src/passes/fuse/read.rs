//! A bound cell as values of one step. What has no place in a fused step is named, and the cell stays as it is.

use super::step::{StepOp, ValueId, Values, Weight};
use crate::ir::{BinaryOp, Cell, Dim, Graph, Node, NodeId, Op, Reduction};

/// The forward step: its values and the new value of every state.
pub struct Step {
    pub values: Values,
    pub next: Vec<ValueId>,
}

/// Reads the equations of `cell`, whose parameters are those of `graph`.
///
/// # Errors
/// What the cell does that a fused step cannot.
pub fn read(cell: &Cell, graph: &Graph) -> Result<Step, String> {
    let mut values = Values::default();
    let mut read: Vec<Result<ValueId, Matrix>> = Vec::with_capacity(cell.nodes.len());
    for node in &cell.nodes {
        read.push(value(node, graph, &read, &mut values)?);
    }
    let next = cell.states.iter().map(|state| {
        let new = read[state.next.0].map_err(|_| "a state is a matrix".to_string())?;
        // One number for a whole state: the value has to have the state's width.
        let width = size(&state.size)?;
        if values.width(new) == width {
            return Ok(new);
        }
        let zero = values.constant(0.0);
        let zeros = values.push(StepOp::Concat, &vec![zero; width], width);
        Ok(values.binary(BinaryOp::Add, new, zeros))
    });
    let next = next.collect::<Result<Vec<_>, String>>()?;
    if next.is_empty() {
        return Err("it has no state".into());
    }
    Ok(Step { values, next })
}

/// A node that is a parameter matrix: it stands in products only.
#[derive(Debug, Clone, Copy)]
struct Matrix(Weight);

fn size(dim: &Dim) -> Result<usize, String> {
    let size = dim.as_constant().and_then(|size| usize::try_from(size).ok());
    size.ok_or_else(|| format!("its size `{dim}` is not known"))
}

fn width(node: &Node) -> Result<usize, String> {
    match &node.ty.axes[..] {
        [] => Ok(1),
        [axis] => size(axis),
        _ => Err("it computes with a matrix, and a fused step has vectors only".into()),
    }
}

fn value(
    node: &Node,
    graph: &Graph,
    read: &[Result<ValueId, Matrix>],
    values: &mut Values,
) -> Result<Result<ValueId, Matrix>, String> {
    let input = |i: usize| read[node.inputs[i].0].map_err(|_| "it computes with a weight matrix itself".to_string());
    let all = || (0..node.inputs.len()).map(input).collect::<Result<Vec<_>, String>>();
    if node.op == Op::Bilinear || node.ty.rank() > 2 {
        return Err("it has a bilinear form inside".into());
    }
    if let Some(matrix) = matrix(node, graph, read)? {
        return Ok(Err(matrix));
    }
    let width = width(node)?;
    let of_vectors =
        matches!(node.op, Op::Product | Op::Unary(_) | Op::Softmax | Op::ReduceFeatures(_) | Op::Narrow { .. });
    let is_number = |id: &NodeId| read[id.0].is_ok_and(|id| matches!(values.get(id).op, StepOp::Constant(_)));
    if of_vectors && node.inputs.iter().any(is_number) {
        return Err("it applies a function to a number".into());
    }
    let id = match &node.op {
        Op::StepInput => values.push(StepOp::Input, &[], width),
        Op::State(state) => values.push(StepOp::State(*state), &[], width),
        Op::Parameter(id) => values.push(StepOp::Parameter(*id), &[], width),
        Op::Constant(value) => values.constant(*value as f32),
        Op::Product => match read[node.inputs[0].0] {
            Err(Matrix(weight)) => {
                values.push(StepOp::Product { weight, transposed: false }, &[input(1)?], weight.outputs)
            }
            Ok(a) => {
                let products = values.binary(BinaryOp::Multiply, a, input(1)?);
                values.sum(products)
            }
        },
        Op::Binary(op) => values.push(StepOp::Binary(*op), &all()?, width),
        Op::Unary(op) => values.push(StepOp::Unary(*op), &all()?, width),
        Op::Softmax => values.push(StepOp::Softmax, &all()?, width),
        Op::Concat => values.push(StepOp::Concat, &all()?, width),
        Op::Narrow { start, .. } => values.push(StepOp::Narrow { start: size(start)? }, &all()?, width),
        Op::ReduceFeatures(reduction) => {
            let x = input(0)?;
            match reduction {
                Reduction::Sum => values.sum(x),
                Reduction::Max => values.push(StepOp::Max, &[x], 1),
                Reduction::Mean => {
                    let (sum, share) = (values.sum(x), 1.0 / values.width(x) as f32);
                    let share = values.constant(share);
                    values.binary(BinaryOp::Multiply, sum, share)
                }
            }
        }
        Op::Dropout { .. } => return Err("it has dropout inside".into()),
        other => return Err(format!("it has {other:?} inside")),
    };
    Ok(Ok(id))
}

/// A parameter matrix, or columns of one.
fn matrix(node: &Node, graph: &Graph, read: &[Result<ValueId, Matrix>]) -> Result<Option<Matrix>, String> {
    match &node.op {
        Op::Parameter(id) => {
            let shape = graph.parameter(*id).shape.iter().map(size).collect::<Result<Vec<_>, _>>()?;
            let [outputs, columns] = shape[..] else { return Ok(None) };
            Ok(Some(Matrix(Weight { parameter: *id, outputs, columns, start: 0, inputs: columns })))
        }
        Op::Narrow { start, length } => match read[node.inputs[0].0] {
            Err(Matrix(of)) => Ok(Some(Matrix(Weight { start: of.start + size(start)?, inputs: size(length)?, ..of }))),
            Ok(_) => Ok(None),
        },
        _ => Ok(None),
    }
}
