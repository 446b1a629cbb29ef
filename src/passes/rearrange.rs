//! Sums and products of a cell, rearranged so that more of them needs no state.
//!
//! `weight @ concat(x, h)` becomes the sum of two products, each with its columns of the weight; in a sum, what needs no
//! state is added up first, and of that, what is the same for all examples by itself. Then [`super::hoist`] can take it out of the recurrence. Only the rounding changes.

use crate::ir::{BinaryOp, Cell, Dim, Node, NodeId, Op, Type};

/// The same cell with its sums and products rearranged.
pub fn rearrange(cell: &Cell) -> Cell {
    sums(&products(cell))
}

/// A cell written anew, node by node.
#[derive(Default)]
struct Rewrite {
    nodes: Vec<Node>,
    /// For every node of the old cell, its value in the new one.
    new: Vec<NodeId>,
}

impl Rewrite {
    fn push(&mut self, node: Node) -> NodeId {
        self.nodes.push(node);
        NodeId(self.nodes.len() - 1)
    }

    fn copy(&mut self, node: &Node) -> NodeId {
        let inputs = node.inputs.iter().map(|input| self.new[input.0]).collect();
        self.push(Node { inputs, ..node.clone() })
    }

    fn finish(self, cell: &Cell) -> Cell {
        let mut states = cell.states.clone();
        states.iter_mut().for_each(|state| state.next = self.new[state.next.0]);
        Cell { states, nodes: self.nodes, names: Vec::new(), ..cell.clone() }
    }
}

/// Products with joined vectors become sums of products.
fn products(cell: &Cell) -> Cell {
    let mut rewrite = Rewrite::default();
    let by_state = by_state(cell);
    for node in &cell.nodes {
        // Up a tree a product of the children alone is better done at once: there is no part of it to take out.
        let whole =
            |(_, parts): &(NodeId, Vec<NodeId>)| cell.is_of_trees() && parts.iter().all(|part| by_state[part.0]);
        let new = match joined(cell, node).filter(|joined| !whole(joined)) {
            Some((weight, parts)) => {
                let mut start = Dim::default();
                let mut sum = None;
                for part in parts {
                    let length = cell.node(part).ty.last_axis().cloned().unwrap_or_default();
                    let rows = cell.node(weight).ty.axes[0].clone();
                    let columns = rewrite.push(Node {
                        op: Op::Narrow { start: start.clone(), length: length.clone() },
                        inputs: vec![rewrite.new[weight.0]],
                        ty: Type::shared(vec![rows, length.clone()]),
                        ..node.clone()
                    });
                    start = start.add(&length);
                    let inputs = vec![columns, rewrite.new[part.0]];
                    let ty = Type { per_example: cell.node(part).ty.per_example, ..node.ty.clone() };
                    let product = rewrite.push(Node { inputs, ty, ..node.clone() });
                    sum = Some(sum.map_or(product, |sum| add(&mut rewrite, node, sum, product)));
                }
                sum.unwrap_or(NodeId(0))
            }
            None => rewrite.copy(node),
        };
        rewrite.new.push(new);
    }
    rewrite.finish(cell)
}

/// The weight and the parts of `weight @ concat(…)`, where every part is a vector.
fn joined(cell: &Cell, node: &Node) -> Option<(NodeId, Vec<NodeId>)> {
    let (Op::Product, [weight, x]) = (&node.op, &node.inputs[..]) else { return None };
    let (matrix, join) = (cell.node(*weight), cell.node(*x));
    let vectors = join.inputs.iter().all(|part| cell.node(*part).ty.rank() == 1);
    let fits = !matrix.ty.per_example && matrix.ty.rank() == 2 && join.op == Op::Concat && vectors;
    (fits && join.inputs.len() > 1).then(|| (*weight, join.inputs.clone()))
}

fn add(rewrite: &mut Rewrite, like: &Node, a: NodeId, b: NodeId) -> NodeId {
    let per_example = [a, b].iter().any(|id| rewrite.nodes[id.0].ty.per_example);
    let ty = Type { per_example, ..like.ty.clone() };
    rewrite.push(Node { op: Op::Binary(BinaryOp::Add), inputs: vec![a, b], ty, ..like.clone() })
}

/// Which nodes need a state.
fn by_state(cell: &Cell) -> Vec<bool> {
    let mut by_state: Vec<bool> = Vec::with_capacity(cell.nodes.len());
    for node in &cell.nodes {
        by_state.push(node.op.is_recurrent() || node.inputs.iter().any(|input| by_state[input.0]));
    }
    by_state
}

/// In every sum the terms that need no state come first: those of an example, then those that all share.
fn sums(cell: &Cell) -> Cell {
    let by_state = by_state(cell);
    let mut uses = vec![0; cell.nodes.len()];
    for node in &cell.nodes {
        node.inputs.iter().for_each(|input| uses[input.0] += 1);
    }
    cell.states.iter().for_each(|state| uses[state.next.0] += 1);
    // A sum that stands in one other sum of the same shape is no value of its own.
    let mut inner = vec![false; cell.nodes.len()];
    for node in cell.nodes.iter().filter(|node| is_sum(node)) {
        for input in &node.inputs {
            let term = cell.node(*input);
            inner[input.0] |= is_sum(term) && uses[input.0] == 1 && term.ty.axes == node.ty.axes;
        }
    }
    let mut rewrite = Rewrite::default();
    for (i, node) in cell.nodes.iter().enumerate() {
        let new = if is_sum(node) && !inner[i] {
            let mut terms = Vec::new();
            collect(cell, NodeId(i), &inner, &mut terms);
            let (needing, free): (Vec<NodeId>, Vec<NodeId>) = terms.into_iter().partition(|term| by_state[term.0]);
            let (own, shared): (Vec<NodeId>, Vec<NodeId>) =
                free.into_iter().partition(|term| cell.node(*term).ty.per_example);
            let group = |rewrite: &mut Rewrite, terms: &[NodeId]| {
                let mut terms = terms.iter().map(|term| rewrite.new[term.0]).collect::<Vec<_>>().into_iter();
                let first = terms.next();
                first.map(|first| terms.fold(first, |sum, term| add(rewrite, node, sum, term)))
            };
            let sums = [group(&mut rewrite, &own), group(&mut rewrite, &shared), group(&mut rewrite, &needing)];
            let mut sums = sums.into_iter().flatten();
            let first = sums.next();
            let sum = first.map(|first| sums.fold(first, |sum, term| add(&mut rewrite, node, sum, term)));
            sum.unwrap_or(NodeId(0))
        } else if inner[i] {
            // Stands in the sum it is a part of; what follows never asks for it.
            NodeId(0)
        } else {
            rewrite.copy(node)
        };
        rewrite.new.push(new);
    }
    rewrite.finish(cell)
}

fn is_sum(node: &Node) -> bool {
    node.op == Op::Binary(BinaryOp::Add)
}

/// The terms of a sum, from left to right.
fn collect(cell: &Cell, sum: NodeId, inner: &[bool], terms: &mut Vec<NodeId>) {
    for input in &cell.node(sum).inputs {
        if inner[input.0] { collect(cell, *input, inner, terms) } else { terms.push(*input) }
    }
}
