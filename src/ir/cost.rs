//! Arithmetic of a forward pass, as formulas: a multiplication, an addition or a function of one number counts as one.
//!
//! Moving numbers (lookup, concat, shift, slices) is free, and dropout does nothing outside training.

use super::{Cell, Dim, Graph, Node, Op, Symbol, Type};

/// What a node costs for every token of a text, for every sentence where a text has some and, beside that, once for every text.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Cost {
    pub per_token: Dim,
    pub per_sentence: Dim,
    pub per_text: Dim,
}

impl Cost {
    pub fn add(&self, other: &Cost) -> Cost {
        Cost {
            per_token: self.per_token.add(&other.per_token),
            per_sentence: self.per_sentence.add(&other.per_sentence),
            per_text: self.per_text.add(&other.per_text),
        }
    }
}

impl Graph {
    /// Numbers that are trained.
    pub fn size(&self) -> Dim {
        let size = |shape: &[Dim]| shape.iter().fold(Dim::constant(1), |n, axis| n.multiply(axis));
        self.parameters.iter().fold(Dim::default(), |sum, parameter| sum.add(&size(&parameter.shape)))
    }

    /// The cost of all nodes.
    pub fn total_cost(&self) -> Cost {
        self.nodes.iter().fold(Cost::default(), |sum, node| sum.add(&self.cost(node)))
    }

    /// The cost of one node.
    pub fn cost(&self, node: &Node) -> Cost {
        let size =
            |ty: &Type| ty.axes.iter().skip(ty.sequence_axes()).fold(Dim::constant(1), |n, axis| n.multiply(axis));
        let input = |i: usize| &self.node(node.inputs[i]).ty;
        let times = |n: i64, dim: Dim| dim.multiply(&Dim::constant(n));
        // The amount, and the value for each of whose steps it is spent.
        let (amount, of) = match &node.op {
            Op::Product | Op::Bilinear => (product(input(0)), &node.ty),
            Op::Binary(_) | Op::Unary(_) | Op::PositionEncoding => (size(&node.ty), &node.ty),
            Op::Softmax | Op::SoftmaxOfSlots { .. } => (times(3, size(&node.ty)), &node.ty),
            Op::Scan { cell, .. } | Op::Fold { cell } => (self.cells[cell.0].cost(), &node.ty),
            Op::ReduceTime(_) => (size(&node.ty), input(0)),
            Op::WeightedSum => (times(2, size(&node.ty)), input(1)),
            Op::ReduceFeatures(_) if input(0).is_numbers() => (Dim::constant(1), input(0)),
            Op::ReduceFeatures(_) => (size(input(0)), &node.ty),
            _ => return Cost::default(),
        };
        // What all examples share is computed once for all of them.
        if !node.ty.per_example {
            return Cost::default();
        }
        match of.sequence_axes().checked_sub(1).and_then(|axis| of.axes[axis].as_symbol()) {
            None => Cost { per_text: amount, ..Cost::default() },
            Some(Symbol::Sentences { .. }) => Cost { per_sentence: amount, ..Cost::default() },
            Some(_) => Cost { per_token: amount, ..Cost::default() },
        }
    }
}

impl Cell {
    /// The cost of one step.
    pub fn cost(&self) -> Dim {
        let size = |ty: &Type| ty.axes.iter().fold(Dim::constant(1), |n, axis| n.multiply(axis));
        let cost = |node: &Node| match &node.op {
            Op::Product | Op::Bilinear => product(&self.node(node.inputs[0]).ty),
            Op::Binary(_) | Op::Unary(_) if node.ty.per_example => size(&node.ty),
            Op::Softmax => size(&node.ty).multiply(&Dim::constant(3)),
            Op::ReduceFeatures(_) => size(&self.node(node.inputs[0]).ty),
            _ => Dim::default(),
        };
        self.nodes.iter().map(cost).fold(Dim::default(), |sum, n| sum.add(&n))
    }
}

/// A multiplication and an addition for every weight.
fn product(weight: &Type) -> Dim {
    weight.axes.iter().fold(Dim::constant(2), |n, axis| n.multiply(axis))
}
