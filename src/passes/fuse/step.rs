//! The values of one step: what a cell computes and what its derivative computes, as one list.
//!
//! Every value is a vector of one example. Values stand in evaluation order; those of the forward step come first,
//! those of the backward step ([`super::differentiate`]) after them.

use crate::ir::{BinaryOp, ParameterId, UnaryOp};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ValueId(pub usize);

#[derive(Debug, Clone, PartialEq)]
pub struct Value {
    pub op: StepOp,
    pub inputs: Vec<ValueId>,
    /// Numbers of an example. One number stands for as many as the other operand has.
    pub width: usize,
}

/// What a value is. `g` is a gradient, `y` the result of the operation whose slope is taken, `x` its argument.
#[derive(Debug, Clone, PartialEq)]
pub enum StepOp {
    /// The input of the step.
    Input,
    /// A state before the step.
    State(usize),
    /// A parameter vector, the same for all examples.
    Parameter(ParameterId),
    Constant(f32),
    /// Backward: the gradient of the scan's result at this step.
    Upstream,
    /// Backward: the gradient of a new state that the step after this one left.
    Carried(usize),
    /// `weight @ x`, or `weightᵀ @ x`: `(x)`, or `(x, start)` for a sum that starts there.
    Product {
        weight: Weight,
        transposed: bool,
    },
    Unary(UnaryOp),
    /// `g` times the derivative of a function: `(y, g)`, or `(x, g)` where the derivative is read off the argument.
    Slope(UnaryOp),
    Binary(BinaryOp),
    /// `a * b + c`.
    MultiplyAdd,
    /// The sum of the numbers.
    Sum,
    /// The largest number.
    Max,
    /// `(x, g)`: `g` where `x` has the first of its largest numbers, zero elsewhere.
    MaxSlope,
    Softmax,
    /// `start .. start + width` of a wider value.
    Narrow {
        start: usize,
    },
    Concat,
}

/// The columns `start .. start + inputs` of a parameter matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Weight {
    pub parameter: ParameterId,
    /// Rows of the matrix.
    pub outputs: usize,
    /// Columns of the matrix.
    pub columns: usize,
    pub start: usize,
    pub inputs: usize,
}

/// Whether the slope of a function is read off its argument rather than its result.
pub fn slope_reads_argument(op: UnaryOp) -> bool {
    matches!(op, UnaryOp::Relu | UnaryOp::Log | UnaryOp::Abs)
}

/// The list under construction.
#[derive(Debug, Clone, Default)]
pub struct Values(pub Vec<Value>);

impl Values {
    pub fn get(&self, id: ValueId) -> &Value {
        &self.0[id.0]
    }

    pub fn width(&self, id: ValueId) -> usize {
        self.get(id).width
    }

    pub fn push(&mut self, op: StepOp, inputs: &[ValueId], width: usize) -> ValueId {
        self.0.push(Value { op, inputs: inputs.to_vec(), width });
        ValueId(self.0.len() - 1)
    }

    pub fn constant(&mut self, value: f32) -> ValueId {
        self.push(StepOp::Constant(value), &[], 1)
    }

    pub fn binary(&mut self, op: BinaryOp, a: ValueId, b: ValueId) -> ValueId {
        self.push(StepOp::Binary(op), &[a, b], self.width(a).max(self.width(b)))
    }

    pub fn unary(&mut self, op: UnaryOp, x: ValueId) -> ValueId {
        self.push(StepOp::Unary(op), &[x], self.width(x))
    }

    pub fn sum(&mut self, x: ValueId) -> ValueId {
        if self.width(x) == 1 { x } else { self.push(StepOp::Sum, &[x], 1) }
    }
}
