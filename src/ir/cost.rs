//! Arithmetic of a forward pass, as formulas: a multiplication, an addition or a function of one number counts as one.
//!
//! Moving numbers (lookup, concat, shift, slices) is free, and dropout does nothing outside training.

use super::{Cell, Dim, Graph, Node, Op, Type};

/// What a node costs for every token of a text and, beside that, once for every text.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Cost {
    pub per_token: Dim,
    pub per_text: Dim,
}

impl Cost {
    pub fn add(&self, other: &Cost) -> Cost {
        Cost { per_token: self.per_token.add(&other.per_token), per_text: self.per_text.add(&other.per_text) }
    }
}

impl Graph {
    /// The cost of one node.
    pub fn cost(&self, node: &Node) -> Cost {
        let size = |ty: &Type| {
            ty.axes.iter().skip(usize::from(ty.is_sequence())).fold(Dim::constant(1), |n, axis| n.multiply(axis))
        };
        let input = |i: usize| &self.node(node.inputs[i]).ty;
        let times = |n: i64, dim: Dim| dim.multiply(&Dim::constant(n));
        let (amount, sequence) = match &node.op {
            Op::Product | Op::Bilinear => (product(input(0)), node.ty.is_sequence()),
            Op::Binary(_) | Op::Unary(_) => (size(&node.ty), node.ty.is_sequence()),
            Op::Softmax => (times(3, size(&node.ty)), node.ty.is_sequence()),
            Op::Scan { cell, .. } | Op::Fold { cell } => (self.cells[cell.0].cost(), true),
            Op::ReduceTime(_) => (size(&node.ty), true),
            Op::WeightedSum => (times(2, size(&node.ty)), true),
            Op::ReduceFeatures(_) => (size(input(0)), node.ty.is_sequence()),
            _ => (Dim::default(), false),
        };
        // What all examples share is computed once for all of them.
        if !node.ty.per_example {
            return Cost::default();
        }
        if sequence {
            Cost { per_token: amount, ..Cost::default() }
        } else {
            Cost { per_text: amount, ..Cost::default() }
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
