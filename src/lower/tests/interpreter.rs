//! What a graph means, one number at a time, in f64, for one example: no batch, no padding, no hoisting. The judge of the
//! lowering's values and, by finite differences, of its gradients.

use std::collections::BTreeMap;

use crate::ir::{BinaryOp, Dim, Graph, Node, NodeId, Op, Reduction, Type, UnaryOp};

/// The values of all nodes of `graph` for one text.
pub(super) fn interpret(graph: &Graph, parameters: &[Vec<f64>], text: &[u32]) -> Vec<Vec<f64>> {
    interpret_on(graph, parameters, text, &mut Memory::new())
}

/// By node, the states that a piece of a text leaves behind, or the steps.
pub(super) type Memory = BTreeMap<usize, Vec<Vec<f64>>>;

/// The same for a piece of a longer text.
pub(super) fn interpret_on(graph: &Graph, parameters: &[Vec<f64>], text: &[u32], memory: &mut Memory) -> Vec<Vec<f64>> {
    let parents: Vec<u32> = (0..text.len()).map(super::heap).collect();
    run(&Example { graph, parameters, text, parents: &parents }, &graph.nodes, &Step::default(), memory)
}

/// The values of all nodes of `graph` for one tree.
pub(super) fn interpret_tree(graph: &Graph, parameters: &[Vec<f64>], text: &[u32], parents: &[u32]) -> Vec<Vec<f64>> {
    run(&Example { graph, parameters, text, parents }, &graph.nodes, &Step::default(), &mut Memory::new())
}

struct Example<'a> {
    graph: &'a Graph,
    parameters: &'a [Vec<f64>],
    text: &'a [u32],
    parents: &'a [u32],
}

/// Where a cell is: its input, the states before it, and in a tree those of every child.
#[derive(Default, Clone)]
struct Step<'a> {
    x: &'a [f64],
    states: Vec<Vec<f64>>,
    children: Vec<Vec<Vec<f64>>>,
    /// Which child the equations speak of, inside a sum over the children.
    child: usize,
}

fn run(example: &Example, nodes: &[Node], at: &Step, memory: &mut Memory) -> Vec<Vec<f64>> {
    let Example { graph, parameters, text, parents } = *example;
    let mut values: Vec<Vec<f64>> = Vec::new();
    let size = |dim: &Dim| if dim.is_length() { text.len() } else { dim.as_constant().unwrap() as usize };
    let width = |id: &NodeId| nodes[id.0].ty.last_axis().map_or(1, size);
    let count = |ty: &Type| ty.axes.iter().map(size).product::<usize>();
    for (id, node) in nodes.iter().enumerate() {
        let input = |i: usize| &values[node.inputs[i].0];
        let rows = |i: usize| input(i).chunks(width(&node.inputs[i]));
        let value = match &node.op {
            Op::Input(_) => text.iter().map(|id| f64::from(*id)).collect(),
            Op::Parameter(id) => parameters[id.0].clone(),
            Op::Constant(value) => vec![*value],
            Op::StepInput => at.x.to_vec(),
            Op::State(i) => at.states[*i].clone(),
            Op::Child { state, child } => {
                at.children.get(*child).map_or(vec![0.0; count(&node.ty)], |c| c[*state].clone())
            }
            Op::EachChild(state) => at.children.get(at.child).map_or(vec![0.0; count(&node.ty)], |c| c[*state].clone()),
            Op::Leaf => vec![f64::from(u8::from(at.children.is_empty()))],
            Op::SumChildren => {
                // All again for every child: what is not of the children comes out the same.
                let last = node.inputs[0].0;
                let mut each =
                    |child| run(example, &nodes[..=last], &Step { child, ..at.clone() }, memory).remove(last);
                (0..at.children.len()).fold(vec![0.0; count(&node.ty)], |sum, child| {
                    sum.iter().zip(each(child)).map(|(sum, x)| sum + x).collect()
                })
            }
            Op::Bilinear => {
                let (a, b) = (rows(1), rows(2));
                let matrix = |k: usize, a: &[f64], b: &[f64]| -> f64 {
                    let entry = |i: usize, j: usize| input(0)[(k * a.len() + i) * b.len() + j];
                    (0..a.len())
                        .flat_map(|i| (0..b.len()).map(move |j| (i, j)))
                        .map(|(i, j)| a[i] * entry(i, j) * b[j])
                        .sum()
                };
                let k = node.ty.last_axis().map_or(1, size);
                a.zip(b).flat_map(|(a, b)| (0..k).map(move |k| matrix(k, a, b)).collect::<Vec<_>>()).collect()
            }
            Op::Fold { cell } => {
                let cell = &graph.cells[cell.0];
                let xs: Vec<&[f64]> = rows(0).collect();
                let mut states: Vec<Vec<Vec<f64>>> = vec![Vec::new(); text.len()];
                for n in (0..text.len()).rev() {
                    let children = (n + 1..text.len()).filter(|child| parents[*child] as usize == n);
                    let children = children.map(|child| states[child].clone()).collect();
                    let step = run(example, &cell.nodes, &Step { x: xs[n], children, ..Step::default() }, memory);
                    states[n] = cell.states.iter().map(|state| step[state.next.0].clone()).collect();
                }
                states.iter().flat_map(|states| states[0].clone()).collect()
            }
            Op::Lookup => {
                let table: Vec<&[f64]> = rows(0).collect();
                let nothing = vec![0.0; width(&node.inputs[0])];
                let row = |id: &u32| if *id == 0 { nothing.clone() } else { table[*id as usize].to_vec() };
                text.iter().flat_map(row).collect()
            }
            Op::Product => {
                let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
                rows(1).flat_map(|x| rows(0).map(move |w| dot(w, x))).collect()
            }
            Op::Binary(op) => {
                let (a, b) = (input(0), input(1));
                (0..count(&node.ty)).map(|i| binary(*op, a[i % a.len()], b[i % b.len()])).collect()
            }
            Op::Unary(op) => input(0).iter().map(|x| unary(*op, *x)).collect(),
            Op::Softmax => rows(0).flat_map(softmax).collect(),
            Op::SoftmaxOfSlots { slots } => {
                let empty = vec![0.0; slots.saturating_sub(text.len())];
                softmax(&[input(0).as_slice(), &empty].concat())[..text.len()].to_vec()
            }
            Op::LinearStart => input(1).clone(),
            Op::PositionEncoding => {
                let (steps, features) = (text.len() as f64, width(&node.inputs[0]) as f64);
                let weight = |j: f64, k: f64| (1.0 - j / steps) - k / features * (1.0 - 2.0 * j / steps);
                let row = |(j, row): (usize, &[f64])| {
                    let weights = (1..).map(|k| weight(j as f64 + 1.0, f64::from(k)));
                    row.iter().zip(weights).map(|(x, w)| x * w).collect::<Vec<_>>()
                };
                rows(0).enumerate().flat_map(row).collect()
            }
            Op::ByDistance => {
                let table: Vec<&[f64]> = rows(0).collect();
                (0..text.len()).rev().flat_map(|d| table[d.min(table.len() - 1)]).copied().collect()
            }
            Op::Dropout { .. } => input(0).clone(),
            Op::Concat => {
                let lines = count(&node.ty) / node.ty.last_axis().map_or(1, size);
                let part = |line: usize, id: &NodeId| values[id.0][line * width(id)..(line + 1) * width(id)].to_vec();
                (0..lines).flat_map(|line| node.inputs.iter().flat_map(move |id| part(line, id))).collect()
            }
            Op::Narrow { start, length } => {
                rows(0).flat_map(|row| row[size(start)..size(start) + size(length)].to_vec()).collect()
            }
            Op::ReduceFeatures(reduction) => rows(0).map(|row| reduce(*reduction, row.iter().copied())).collect(),
            Op::Scan { cell, reverse } => {
                let cell = &graph.cells[cell.0];
                let zeros = || cell.states.iter().map(|state| vec![0.0; size(&state.size)]).collect();
                let mut states: Vec<Vec<f64>> = memory.remove(&id).unwrap_or_else(zeros);
                let mut result = vec![Vec::new(); text.len()];
                let xs: Vec<&[f64]> = rows(0).collect();
                for i in 0..text.len() {
                    let t = if *reverse { text.len() - 1 - i } else { i };
                    let step = run(example, &cell.nodes, &Step { x: xs[t], states, ..Step::default() }, memory);
                    states = cell.states.iter().map(|state| step[state.next.0].clone()).collect();
                    result[t] = states[0].clone();
                }
                memory.insert(id, states);
                result.concat()
            }
            Op::Shift { steps } => {
                let xs: Vec<&[f64]> = input(0).chunks(input(0).len() / text.len()).collect();
                let source = |t: usize| usize::try_from(t as i64 - steps).ok().and_then(|t| xs.get(t).copied());
                let held = usize::try_from(*steps).unwrap_or(0);
                let before = memory.remove(&id).unwrap_or_else(|| vec![vec![0.0; xs[0].len()]; held]);
                let zeros = vec![0.0; xs[0].len()];
                let shifted = |t| source(t).or(before.get(t).map(Vec::as_slice)).unwrap_or(&zeros);
                let result = (0..text.len()).flat_map(|t| shifted(t).to_vec()).collect();
                let all: Vec<Vec<f64>> = before.iter().cloned().chain(xs.iter().map(|x| x.to_vec())).collect();
                memory.insert(id, all[all.len() - held..].to_vec());
                result
            }
            Op::ScanBothWays { .. } | Op::ProductOfLookup => unreachable!("made by a pass"),
            Op::Last => input(0)[input(0).len() - count(&node.ty)..].to_vec(),
            Op::First => input(0)[..count(&node.ty)].to_vec(),
            Op::ReduceTime(reduction) => {
                let n = count(&node.ty);
                (0..n).map(|i| reduce(*reduction, input(0).iter().skip(i).step_by(n).copied())).collect()
            }
            Op::WeightedSum => {
                let n = count(&node.ty);
                let weighted = |i| input(0).iter().zip(input(1).iter().skip(i).step_by(n)).map(|(w, x)| w * x).sum();
                (0..n).map(weighted).collect()
            }
        };
        assert_eq!(value.len(), count(&node.ty), "{node:?}");
        values.push(value);
    }
    values
}

fn binary(op: BinaryOp, a: f64, b: f64) -> f64 {
    match op {
        BinaryOp::Add => a + b,
        BinaryOp::Subtract => a - b,
        BinaryOp::Multiply => a * b,
        BinaryOp::Divide => a / b,
    }
}

fn unary(op: UnaryOp, x: f64) -> f64 {
    match op {
        UnaryOp::Negate => -x,
        UnaryOp::Tanh => x.tanh(),
        UnaryOp::Sigmoid => 1.0 / (1.0 + (-x).exp()),
        UnaryOp::Relu => x.max(0.0),
        UnaryOp::Exp => x.exp(),
        UnaryOp::Log => x.ln(),
        UnaryOp::Sqrt => x.sqrt(),
        UnaryOp::Abs => x.abs(),
    }
}

fn reduce(reduction: Reduction, values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let n = values.len() as f64;
    match reduction {
        Reduction::Max => values.fold(f64::NEG_INFINITY, f64::max),
        Reduction::Mean => values.sum::<f64>() / n,
        Reduction::Sum => values.sum(),
    }
}

fn softmax(row: &[f64]) -> Vec<f64> {
    let total: f64 = row.iter().map(|x| x.exp()).sum();
    row.iter().map(|x| x.exp() / total).collect()
}
