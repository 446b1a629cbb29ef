//! A tree cell as it is at a leaf, and as it is at a node with children.
//!
//! At a leaf no child has a state: what is multiplied with one is zero, and what zero is added to stays. So the products
//! over the children, most of a tree cell's work, are spent on the inner nodes alone, which are half of a tree.

use crate::ir::{BinaryOp, Cell, Node, NodeId, Op, State, UnaryOp};

/// Where in a tree a cell computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Leaf,
    Inner,
}

/// The cell with what is known at `place` put in.
pub fn at(place: Place, cell: &Cell) -> Cell {
    // For every node its number, where that is known and the same in all its elements.
    let mut known: Vec<Option<f64>> = Vec::with_capacity(cell.nodes.len());
    // The node of equal value that stands for it.
    let mut same: Vec<NodeId> = Vec::with_capacity(cell.nodes.len());
    for (i, node) in cell.nodes.iter().enumerate() {
        let inputs: Vec<Option<f64>> = node.inputs.iter().map(|input| known[input.0]).collect();
        known.push(number(place, node, &inputs));
        let keeps = |input: &NodeId| cell.node(*input).ty == node.ty;
        let neutral = match (&node.op, &node.inputs[..]) {
            (Op::Binary(op), [a, _]) if is_neutral(*op, inputs[1]) && keeps(a) => Some(same[a.0]),
            (Op::Binary(op), [_, b]) if commutes(*op) && is_neutral(*op, inputs[0]) && keeps(b) => Some(same[b.0]),
            _ => None,
        };
        same.push(neutral.unwrap_or(NodeId(i)));
    }
    // What is left, without what nothing reads.
    let mut read = vec![false; cell.nodes.len()];
    cell.states.iter().for_each(|state| read[same[state.next.0].0] = true);
    for (i, node) in cell.nodes.iter().enumerate().rev() {
        if read[i] && known[i].is_none() {
            node.inputs.iter().for_each(|input| read[same[input.0].0] = true);
        }
    }
    let mut new = vec![NodeId(0); cell.nodes.len()];
    let mut nodes: Vec<Node> = Vec::new();
    for (i, node) in cell.nodes.iter().enumerate().filter(|(i, _)| read[*i]) {
        new[i] = NodeId(nodes.len());
        nodes.push(match known[i] {
            Some(value) => Node { op: Op::Constant(value), inputs: Vec::new(), ..node.clone() },
            None => Node { inputs: node.inputs.iter().map(|input| new[same[input.0].0]).collect(), ..node.clone() },
        });
    }
    let states = cell.states.iter().map(|state| State { next: new[same[state.next.0].0], ..state.clone() }).collect();
    // What is gone from here has no name either.
    let names = cell.names.iter().filter(|(_, node)| read[same[node.0].0]);
    let names = names.map(|(name, node)| (name.clone(), new[same[node.0].0])).collect();
    Cell { states, nodes, names, ..cell.clone() }
}

/// The number that all elements of a node are, given those of its inputs.
fn number(place: Place, node: &Node, inputs: &[Option<f64>]) -> Option<f64> {
    let zero = |i: usize| inputs[i] == Some(0.0);
    match &node.op {
        Op::Constant(value) => Some(*value),
        Op::Leaf => Some(f64::from(u8::from(place == Place::Leaf))),
        Op::Child { .. } | Op::EachChild(_) | Op::SumChildren if place == Place::Leaf => Some(0.0),
        Op::Product if zero(0) || zero(1) => Some(0.0),
        Op::Bilinear if zero(0) || zero(1) || zero(2) => Some(0.0),
        Op::Binary(BinaryOp::Multiply) if zero(0) || zero(1) => Some(0.0),
        Op::Binary(op) => Some(match op {
            BinaryOp::Add => inputs[0]? + inputs[1]?,
            BinaryOp::Subtract => inputs[0]? - inputs[1]?,
            BinaryOp::Multiply => inputs[0]? * inputs[1]?,
            BinaryOp::Divide => inputs[0]? / inputs[1]?,
        }),
        // The functions that keep zero; what others make of it is left to the kernels.
        Op::Unary(UnaryOp::Negate | UnaryOp::Tanh | UnaryOp::Relu | UnaryOp::Sqrt | UnaryOp::Abs) if zero(0) => {
            Some(0.0)
        }
        Op::Concat => inputs.iter().all(|input| *input == Some(0.0)).then_some(0.0),
        Op::Narrow { .. } | Op::ReduceFeatures(_) | Op::Dropout { .. } if zero(0) => Some(0.0),
        _ => None,
    }
}

/// Whether `x op n` is `x`.
fn is_neutral(op: BinaryOp, n: Option<f64>) -> bool {
    match op {
        BinaryOp::Add | BinaryOp::Subtract => n == Some(0.0),
        BinaryOp::Multiply | BinaryOp::Divide => n == Some(1.0),
    }
}

fn commutes(op: BinaryOp) -> bool {
    matches!(op, BinaryOp::Add | BinaryOp::Multiply)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{NoFiles, check};
    use crate::passes::{bind, hoist};

    /// The operations of a library cell at a place, once its input has been dealt with outside.
    fn shown(cell: &str, place: Place) -> String {
        let text = format!(
            "model M(tree: tree[N]) -> tags[N, C] {{ tree |> embedding(4) |> {cell}(4) |> dense(C) |> softmax }}"
        );
        let model =
            check("test.rnn", &text, &mut NoFiles).program.and_then(|program| program.model).expect("it is sound");
        let graph = hoist(&bind(&model.graph, &|_| Some(5)).expect("sizes are known")).graph;
        let name = |node: &Node| format!("{:?}", node.op).split([' ', '(']).next().unwrap_or_default().to_owned();
        at(place, &graph.cells[0]).nodes.iter().map(name).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_leaf_has_no_products_over_children() {
        assert_eq!(shown("rntn", Place::Leaf), "StepInput");
        assert_eq!(shown("recursive_net", Place::Leaf), "StepInput");
        let gates = "StepInput Narrow Narrow Narrow Unary Unary Binary Unary Unary Binary";
        assert_eq!(shown("binary_tree_lstm", Place::Leaf), gates);
        assert_eq!(shown("child_sum_tree_lstm", Place::Leaf), gates);
    }

    #[test]
    fn an_inner_node_does_not_ask_whether_it_is_a_leaf() {
        let inner = "Child Child Concat Parameter Bilinear Parameter Product Parameter Binary Binary Unary";
        assert_eq!(shown("rntn", Place::Inner), inner);
    }
}
