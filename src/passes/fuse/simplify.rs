//! Sums join the product they follow: `a * b + c` is one operation, and a matrix product starts from what is added to it.

use super::step::{StepOp, Value, ValueId, Values};
use crate::ir::BinaryOp;

/// Simplifies the values from `first` on; `roots` are read from outside.
pub fn simplify(values: &mut Values, first: usize, roots: &[ValueId]) {
    let mut uses = vec![0; values.0.len()];
    values.0.iter().flat_map(|value| &value.inputs).chain(roots).for_each(|id| uses[id.0] += 1);
    for i in first..values.0.len() {
        let Value { op: StepOp::Binary(BinaryOp::Add), inputs, width } = values.0[i].clone() else { continue };
        let joined = [(inputs[0], inputs[1]), (inputs[1], inputs[0])].into_iter().find_map(|(term, other)| {
            let Value { op, inputs, width: own } = values.get(term);
            if uses[term.0] != 1 || term.0 < first || *own != width {
                return None;
            }
            match op {
                StepOp::Product { .. }
                    if inputs.len() == 1 && values.width(other) == width && !is_constant(values, other) =>
                {
                    Some((op.clone(), vec![inputs[0], other]))
                }
                StepOp::Binary(BinaryOp::Multiply) => Some((StepOp::MultiplyAdd, vec![inputs[0], inputs[1], other])),
                _ => None,
            }
        });
        if let Some((op, inputs)) = joined {
            values.0[i] = Value { op, inputs, width };
        }
    }
}

fn is_constant(values: &Values, id: ValueId) -> bool {
    matches!(values.get(id).op, StepOp::Constant(_))
}
