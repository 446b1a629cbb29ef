//! A recurrence: the equations of one step.

use super::{Dim, Node, NodeId};
use crate::source::Span;

/// One instance of a `cell` with its parameters. Its nodes form a graph of their own over one step;
/// `Op::Parameter` in it points into the parameters of the surrounding [`super::Graph`].
#[derive(Debug, Clone)]
pub struct Cell {
    pub name: String,
    pub span: Span,
    /// Width of the step input `x`.
    pub input: Dim,
    /// The first is what a scan gives out.
    pub states: Vec<State>,
    /// In evaluation order.
    pub nodes: Vec<Node>,
}

#[derive(Debug, Clone)]
pub struct State {
    pub name: String,
    pub size: Dim,
    /// Its new value.
    pub next: NodeId,
}

impl Cell {
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }
}
