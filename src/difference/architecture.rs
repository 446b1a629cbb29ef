//! Whether two models compute the same, operation by operation, and if not, which steps of their bodies differ.

use super::{Change, Place};
use crate::ir::{Cell, Graph, Model, Node, NodeId, Op, Parameter};
use crate::source::{Sources, Span};

/// Whether two models are one: the same operations in the same order on the same inputs, the same parameters but for
/// their names. Then a training of one is a training of the other, random numbers included.
pub fn same_graph(a: &Model, b: &Model) -> bool {
    let (ga, gb) = (&a.graph, &b.graph);
    let cells = |(a, b): (&Cell, &Cell)| {
        let next = |cell: &Cell| cell.states.iter().map(|state| (state.size.clone(), state.next)).collect::<Vec<_>>();
        a.input == b.input && next(a) == next(b) && same_nodes(&a.nodes, &b.nodes)
    };
    (&a.inputs, &a.target, a.output, a.logits) == (&b.inputs, &b.target, b.output, b.logits)
        && ga.parameters.len() == gb.parameters.len()
        && ga.parameters.iter().zip(&gb.parameters).all(|(a, b)| start(a) == start(b))
        && ga.cells.len() == gb.cells.len()
        && ga.cells.iter().zip(&gb.cells).all(cells)
        && same_nodes(&ga.nodes, &gb.nodes)
}

fn same_nodes(a: &[Node], b: &[Node]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.op == b.op && a.inputs == b.inputs)
}

/// Everything about a parameter that a training depends on, but its name.
fn start(parameter: &Parameter) -> String {
    let vectors = parameter.pretrained.as_ref().map(|vectors| (&vectors.path, &vectors.field));
    format!("{:?} {:?} {} {vectors:?}", parameter.shape, parameter.initializer, parameter.trainable)
}

/// Numbers that finding out what two models have in common may take: 16 MiB of them.
const LARGEST_TABLE: usize = 4 << 20;

/// One step of a model's body: a layer with all that it is made of, or an operation.
struct Step {
    /// The layer's name; empty for an operation.
    name: String,
    text: String,
    span: Span,
    /// The same for two steps that compute the same.
    meaning: String,
}

/// The steps that only one of the models has, or has otherwise.
pub fn changes(before: (Option<&Model>, &Sources), after: (Option<&Model>, &Sources)) -> Vec<Change> {
    let steps = |(model, sources): (Option<&Model>, &Sources)| model.map_or(Vec::new(), |model| steps(model, sources));
    let (old, new) = (steps(before), steps(after));
    let (mut removed, mut added, mut changes) = (Vec::new(), Vec::new(), Vec::new());
    let mut settle = |removed: &mut Vec<&Step>, added: &mut Vec<&Step>| {
        // Of a gap between steps that agree, those of one name belong together.
        for old in removed.drain(..) {
            let at = added.iter().position(|new: &&Step| new.name == old.name && !old.name.is_empty());
            let new = at.map(|at| place(added.remove(at)));
            changes.push(Change { what: title(old), before: Some(place(old)), after: new });
        }
        for new in added.drain(..) {
            changes.push(Change { what: title(new), before: None, after: Some(place(new)) });
        }
    };
    let common = longest_common(&old, &new);
    let (mut i, mut j) = (0, 0);
    for (at_old, at_new) in common.into_iter().chain([(old.len(), new.len())]) {
        removed.extend(&old[i..at_old]);
        added.extend(&new[j..at_new]);
        settle(&mut removed, &mut added);
        (i, j) = (at_old + 1, at_new + 1);
    }
    if changes.is_empty() {
        let whole = |(model, sources): (Option<&Model>, &Sources)| {
            let model = model?;
            let span = model.graph.node(model.output).span;
            Some(Place { text: first_line(sources.text(span)), span })
        };
        changes.push(Change {
            what: "how the layers are connected".into(),
            before: whole(before),
            after: whole(after),
        });
    }
    changes
}

fn title(step: &Step) -> String {
    if step.name.is_empty() { step.text.clone() } else { step.name.clone() }
}

fn place(step: &Step) -> Place {
    Place { text: step.text.clone(), span: step.span }
}

fn steps(model: &Model, sources: &Sources) -> Vec<Step> {
    let graph = &model.graph;
    let owner = |node: &Node| node.call.map(|call| graph.outermost(call));
    let mut steps = Vec::new();
    let mut seen = Vec::new();
    for (i, node) in graph.nodes.iter().enumerate() {
        let members: Vec<NodeId> = match owner(node) {
            Some(call) if seen.contains(&call) => continue,
            Some(call) => {
                seen.push(call);
                (0..graph.nodes.len()).map(NodeId).filter(|id| owner(graph.node(*id)) == Some(call)).collect()
            }
            None => vec![NodeId(i)],
        };
        let call = owner(node).map(|call| &graph.calls[call.0]);
        let span = call.map_or(node.span, |call| call.span);
        let result = call.and_then(|call| call.result).unwrap_or(NodeId(i));
        let text =
            format!("{}, {} -> {}", first_line(sources.text(span)), reads(graph, &members), graph.node(result).ty);
        let name = call.map_or(String::new(), |call| call.layer.clone());
        steps.push(Step { name, text, span, meaning: meaning(graph, &members) });
    }
    steps
}

/// What some nodes read from elsewhere, in types.
fn reads(graph: &Graph, members: &[NodeId]) -> String {
    let mut read: Vec<NodeId> = Vec::new();
    for input in members.iter().flat_map(|id| &graph.node(*id).inputs) {
        let value = !matches!(graph.node(*input).op, Op::Parameter(_) | Op::Constant(_));
        if value && !members.contains(input) && !read.contains(input) {
            read.push(*input);
        }
    }
    let types: Vec<String> = read.iter().map(|id| graph.node(*id).ty.to_string()).collect();
    types.join(" and ")
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().trim().to_string()
}

/// What some nodes compute, written down without any name: inputs from outside are numbered as they come.
fn meaning(graph: &Graph, members: &[NodeId]) -> String {
    let mut outside: Vec<NodeId> = Vec::new();
    let mut parameters = Vec::new();
    let mut text = String::new();
    for id in members {
        let node = graph.node(*id);
        text += &operation(graph, &node.op, &mut parameters);
        for input in &node.inputs {
            match members.binary_search(input) {
                Ok(place) => text += &format!(" {place}"),
                Err(_) => {
                    let known = outside.iter().position(|known| known == input);
                    let place = known.unwrap_or_else(|| {
                        outside.push(*input);
                        outside.len() - 1
                    });
                    text += &format!(" outside {place}");
                }
            }
        }
        text.push('\n');
    }
    text
}

/// An operation, with the parameter or the whole cell in place of a number.
fn operation(graph: &Graph, op: &Op, parameters: &mut Vec<usize>) -> String {
    let mut cell = |cell: &Cell| -> String {
        let of = |node: &Node| format!("{} {:?}\n", operation(graph, &node.op, parameters), node.inputs);
        let nodes: String = cell.nodes.iter().map(of).collect();
        let states: Vec<_> = cell.states.iter().map(|state| (state.size.to_string(), state.next)).collect();
        format!("{{{nodes}{states:?}}}")
    };
    match op {
        Op::Parameter(id) => {
            let known = parameters.iter().position(|known| *known == id.0);
            let place = known.unwrap_or_else(|| {
                parameters.push(id.0);
                parameters.len() - 1
            });
            format!("parameter {place} {}", start(graph.parameter(*id)))
        }
        Op::Scan { cell: id, reverse } => format!("scan {reverse} {}", cell(&graph.cells[id.0])),
        Op::Fold { cell: id } => format!("fold {}", cell(&graph.cells[id.0])),
        op => format!("{op:?}"),
    }
}

/// The places of a longest common subsequence; of models with very many steps, those that agree place by place.
fn longest_common(a: &[Step], b: &[Step]) -> Vec<(usize, usize)> {
    if a.len().saturating_mul(b.len()) > LARGEST_TABLE {
        let same = |i: &usize| a[*i].meaning == b[*i].meaning;
        return (0..a.len().min(b.len())).filter(same).map(|i| (i, i)).collect();
    }
    let mut lengths = vec![vec![0u32; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            let skip = lengths[i + 1][j].max(lengths[i][j + 1]);
            lengths[i][j] = if a[i].meaning == b[j].meaning { lengths[i + 1][j + 1] + 1 } else { skip };
        }
    }
    let (mut i, mut j, mut common) = (0, 0, Vec::new());
    while i < a.len() && j < b.len() {
        if a[i].meaning == b[j].meaning {
            common.push((i, j));
            (i, j) = (i + 1, j + 1);
        } else if lengths[i + 1][j] >= lengths[i][j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    common
}
