//! What a cell computes from its input alone leaves the recurrence.
//!
//! `weight_ih @ x + bias_ih` needs no state, so it is computed for all steps at once by ordinary nodes of the graph (one
//! product over every step of every example, or every node of every tree) and the scan or fold reads the result as its input. What is left in the cell is the
//! step. Sums are rearranged before, so that more of them needs no state ([`super::rearrange`]).

use std::collections::BTreeMap;

use super::rearrange;
use crate::ir::{Cell, CellId, Dim, Graph, Node, NodeId, Op, State, Type};

/// A graph whose cells hold only what depends on their states.
#[derive(Debug, Clone)]
pub struct Hoisted {
    pub graph: Graph,
    /// For every node of the graph before, the node of the same value.
    pub nodes: Vec<NodeId>,
}

/// Moves what does not depend on a state out of every scanned cell. Every scan gets a cell of its own.
pub fn hoist(graph: &Graph) -> Hoisted {
    let mut hoisted = Graph { parameters: graph.parameters.clone(), calls: graph.calls.clone(), ..Graph::default() };
    let mut nodes: Vec<NodeId> = Vec::with_capacity(graph.nodes.len());
    for node in &graph.nodes {
        let mut node = Node { inputs: node.inputs.iter().map(|input| nodes[input.0]).collect(), ..node.clone() };
        if let (Op::Scan { cell, .. } | Op::Fold { cell }, Some(input)) = (&node.op, node.inputs.first().copied()) {
            let (input, cell) = split(&rearrange(&graph.cells[cell.0]), input, &node, &mut hoisted);
            if let Op::Scan { cell, .. } | Op::Fold { cell } = &mut node.op {
                *cell = CellId(hoisted.cells.len());
            }
            node.inputs[0] = input;
            hoisted.cells.push(cell);
        }
        nodes.push(hoisted.push(node));
    }
    for call in &mut hoisted.calls {
        call.result = call.result.map(|result| nodes[result.0]);
    }
    Hoisted { graph: hoisted, nodes }
}

/// Puts the hoisted part of `cell` into `graph`; gives the scan's new input and the cell that is left.
fn split(cell: &Cell, input: NodeId, scan: &Node, graph: &mut Graph) -> (NodeId, Cell) {
    let parts = Parts::of(cell);
    let ty = &graph.node(input).ty;
    let time = ty.axes[..ty.sequence_axes()].to_vec();

    // The hoisted nodes, now over the whole sequence.
    let mut outside: BTreeMap<NodeId, NodeId> = BTreeMap::new();
    for (i, node) in cell.nodes.iter().enumerate().filter(|(i, _)| parts.outside[*i]) {
        if node.op == Op::StepInput {
            outside.insert(NodeId(i), input);
            continue;
        }
        let mut node = Node { call: scan.call, ..node.clone() };
        node.inputs.iter_mut().for_each(|input| *input = outside[input]);
        if node.ty.per_example {
            node.ty.axes.splice(0..0, time.clone());
        }
        outside.insert(NodeId(i), graph.push(node));
    }

    // Their results side by side are the input of the step.
    let width = |id: &NodeId| cell.node(*id).ty.last_axis().cloned().unwrap_or_default();
    let (new_input, total) = match &parts.frontier[..] {
        [] => (input, cell.input.clone()),
        [only] => (outside[only], width(only)),
        several => {
            let total = several.iter().map(width).fold(Dim::default(), |sum, width| sum.add(&width));
            let ty = Type::example([time, vec![total.clone()]].concat());
            let inputs = several.iter().map(|id| outside[id]).collect();
            (graph.push(Node { op: Op::Concat, inputs, ty, span: scan.span, call: scan.call }), total)
        }
    };

    // What is left.
    let mut nodes = vec![Node {
        op: Op::StepInput,
        inputs: Vec::new(),
        ty: Type::example(vec![total.clone()]),
        span: scan.span,
        call: None,
    }];
    let mut inside: BTreeMap<NodeId, NodeId> = BTreeMap::new();
    let mut start = Dim::default();
    for id in &parts.frontier {
        if parts.frontier.len() == 1 {
            inside.insert(*id, NodeId(0));
            break;
        }
        let original = cell.node(*id);
        let op = Op::Narrow { start: start.clone(), length: width(id) };
        inside.insert(*id, NodeId(nodes.len()));
        nodes.push(Node { op, inputs: vec![NodeId(0)], ..original.clone() });
        start = start.add(&width(id));
    }
    for (i, node) in cell.nodes.iter().enumerate().filter(|(i, _)| parts.inside[*i]) {
        let inputs = node.inputs.iter().map(|input| inside[input]).collect();
        inside.insert(NodeId(i), NodeId(nodes.len()));
        nodes.push(Node { inputs, ..node.clone() });
    }
    let states = cell.states.iter().map(|state| State { next: inside[&state.next], ..state.clone() }).collect();
    (new_input, Cell { input: total, states, nodes, names: Vec::new(), ..cell.clone() })
}

/// Which nodes of a cell are computed where. A node can be in both places: a parameter, a slice.
struct Parts {
    /// Computed before the scan.
    outside: Vec<bool>,
    /// Computed in every step.
    inside: Vec<bool>,
    /// Computed before the scan and read by the step, in evaluation order.
    frontier: Vec<NodeId>,
}

impl Parts {
    fn of(cell: &Cell) -> Self {
        let count = cell.nodes.len();
        let (mut by_input, mut by_state) = (vec![false; count], vec![false; count]);
        for (i, node) in cell.nodes.iter().enumerate() {
            by_input[i] = node.op == Op::StepInput || node.inputs.iter().any(|input| by_input[input.0]);
            by_state[i] = node.op.is_recurrent() || node.inputs.iter().any(|input| by_state[input.0]);
        }
        // Slices are left in the step: there they are cheap, while joining them again would copy them. So is what is
        // no vector, which could not stand beside others in the step's input.
        let crosses = |id: NodeId| {
            let node = cell.node(id);
            let vector = node.ty.rank() == 1 && node.ty.per_example;
            by_input[id.0] && !by_state[id.0] && vector && !matches!(node.op, Op::Narrow { .. })
        };
        let (mut inside, mut outside, mut frontier) = (vec![false; count], vec![false; count], vec![false; count]);
        let mut visit = |id: NodeId, inside: &mut Vec<bool>| {
            if crosses(id) { frontier[id.0] = true } else { inside[id.0] = true }
        };
        cell.states.iter().for_each(|state| visit(state.next, &mut inside));
        for i in (0..count).rev() {
            if inside[i] {
                cell.nodes[i].inputs.iter().for_each(|input| visit(*input, &mut inside));
            }
        }
        for i in (0..count).rev() {
            outside[i] |= frontier[i];
            if outside[i] {
                cell.nodes[i].inputs.iter().for_each(|input| outside[input.0] = true);
            }
        }
        let frontier = (0..count).filter(|i| frontier[*i]).map(NodeId).collect();
        Self { outside, inside, frontier }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::{BinaryOp, UnaryOp};
    use crate::passes::builder::{Builder, CellBuilder, narrow};

    /// The operations of the nodes outside and of the cell, after hoisting a cell with these equations over `[T, 4]`.
    fn check(equations: impl FnOnce(&mut CellBuilder) -> NodeId, outside: &str, inside: &str, width: usize) {
        let mut b = Builder::new(1);
        let x = b.embedding(5, 4);
        let cell = b.cell(4, &[4], |c| vec![equations(c)]);
        let scan = b.scan(cell, false, x);
        let hoisted = hoist(&b.graph);
        let names = |nodes: &[Node]| {
            let name = |node: &Node| format!("{:?}", node.op).split([' ', '(']).next().unwrap_or_default().to_owned();
            nodes.iter().map(name).collect::<Vec<_>>().join(" ")
        };
        let new = hoisted.nodes[scan.0];
        assert_eq!(names(&hoisted.graph.nodes[3..new.0]), outside);
        let cell = &hoisted.graph.cells[0];
        assert_eq!(names(&cell.nodes), inside);
        assert_eq!(cell.input, Dim::from(width));
        assert_eq!(hoisted.graph.node(hoisted.graph.node(new).inputs[0]).ty.axes[1], Dim::from(width));
    }

    #[test]
    fn what_needs_no_state_is_computed_at_once() {
        let step = |c: &mut CellBuilder| {
            let (input, hidden) = (c.dense(c.x(), 4, 8), c.dense(c.state(0), 4, 8));
            let sum = c.node(Op::Binary(BinaryOp::Add), &[input, hidden]);
            c.node(narrow(2, 4), &[sum])
        };
        check(
            step,
            "Parameter Parameter Product Parameter Binary Binary",
            "StepInput State Parameter Product Binary Narrow",
            8,
        );
    }

    #[test]
    fn a_slice_stays_in_the_step_and_several_results_are_joined() {
        let step = |c: &mut CellBuilder| {
            let gates = c.dense(c.x(), 4, 8);
            let gate = c.node(narrow(0, 4), &[gates]);
            let kept = c.node(Op::Binary(BinaryOp::Multiply), &[gate, c.state(0)]);
            c.node(Op::Binary(BinaryOp::Add), &[kept, c.x()])
        };
        check(
            step,
            "Parameter Parameter Product Binary Concat",
            "StepInput Narrow Narrow State Narrow Binary Binary",
            12,
        );
    }

    #[test]
    fn cells_without_input_or_without_state() {
        check(|c| c.node(Op::Unary(UnaryOp::Tanh), &[c.state(0)]), "", "StepInput State Unary", 4);
        check(|c| c.node(Op::Unary(UnaryOp::Tanh), &[c.x()]), "Unary", "StepInput", 4);
    }
}
