//! A recurrence: the equations of one step along a sequence, or of one node of a tree.

use super::{Dim, Node, NodeId, Op};
use crate::source::Span;

/// One instance of a `cell` with its parameters. Its nodes form a graph of their own over one step;
/// `Op::Parameter` in it points into the parameters of the surrounding [`super::Graph`].
#[derive(Debug, Clone)]
pub struct Cell {
    pub name: String,
    pub span: Span,
    /// Width of the step input `x`.
    pub input: Dim,
    /// The first is what a scan or a fold gives out.
    pub states: Vec<State>,
    /// In evaluation order.
    pub nodes: Vec<Node>,
    /// What its equations call their values, in evaluation order: `f`, `sigmoid(f)`, `c'`. Empty where a pass made another
    /// cell of it.
    pub names: Vec<(String, NodeId)>,
}

#[derive(Debug, Clone)]
pub struct State {
    pub name: String,
    pub size: Dim,
    /// Its new value.
    pub next: NodeId,
}

impl Cell {
    /// Whether its states come from the children in a tree, and not from the step before.
    pub fn is_of_trees(&self) -> bool {
        self.nodes.iter().any(|node| node.op.is_of_trees())
    }

    /// How many children of a node it can read; nothing where it reads them all.
    pub fn children(&self) -> Option<usize> {
        let reads_all = self.nodes.iter().any(|node| matches!(node.op, Op::EachChild(_) | Op::SumChildren));
        let child = |node: &Node| if let Op::Child { child, .. } = node.op { child + 1 } else { 0 };
        (!reads_all).then(|| self.nodes.iter().map(child).max().unwrap_or(0))
    }

    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }
}
