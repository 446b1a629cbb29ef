//! What a graph means, one number at a time, in f64, for one example: no batch, no padding, no hoisting. The judge of the
//! lowering's values and, by finite differences, of its gradients.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::ir::{BinaryOp, Dim, Graph, Node, Op, Reduction, Symbol, Type, UnaryOp};

/// One field of an example, as a model reads it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Text {
    pub ids: Vec<u32>,
    /// Of a tree, the number of every node's parent, which is a smaller one.
    pub parents: Vec<u32>,
    /// In place of ids: vectors, one after the other.
    pub numbers: Vec<f32>,
    /// How many tokens each sentence has, where it is a sequence of them.
    pub sentences: Vec<usize>,
    /// Tokens, nodes or vectors.
    pub steps: usize,
}

/// An example: its fields by name.
pub type Row = BTreeMap<String, Text>;

/// By node, the states that a piece of a text leaves behind, or the steps.
pub type Memory = BTreeMap<usize, Vec<Vec<f64>>>;

/// The values of nodes, in their order. The sequence axes of a value are ragged: all true steps, one after the other.
pub type Values<'a> = Vec<Cow<'a, [f64]>>;

/// The values of all nodes of a bound graph for one example.
pub fn interpret<'a>(graph: &'a Graph, parameters: &'a [Vec<f64>], row: &'a Row) -> Values<'a> {
    interpret_on(graph, parameters, row, &mut Memory::new())
}

/// The same for a piece of a longer text.
pub fn interpret_on<'a>(graph: &'a Graph, parameters: &'a [Vec<f64>], row: &'a Row, memory: &mut Memory) -> Values<'a> {
    run(&Example { graph, parameters, row }, &graph.nodes, &Step::default(), memory)
}

struct Example<'a> {
    graph: &'a Graph,
    parameters: &'a [Vec<f64>],
    row: &'a Row,
}

/// Where a cell is: its input, the states before it, and in a tree those of every child.
#[derive(Default, Clone)]
struct Step<'s> {
    x: &'s [f64],
    states: Vec<Vec<f64>>,
    children: Vec<Vec<Vec<f64>>>,
    /// Which child the equations speak of, inside a sum over the children.
    child: usize,
}

impl Example<'_> {
    fn text(&self, field: &str) -> &Text {
        self.row.get(field).expect("every field of the model is given")
    }

    /// How long the sequences are that stand along the innermost sequence axis of a value; one of length 1 where it has none.
    fn segments(&self, ty: &Type) -> Vec<usize> {
        let axes: Vec<&Symbol> = ty.axes[..ty.sequence_axes()].iter().filter_map(Dim::as_symbol).collect();
        match axes.as_slice() {
            [] => vec![1],
            [Symbol::Sentences { field, .. }] => vec![self.text(field).sentences.len()],
            [Symbol::Sentences { field, .. }, _] => self.text(field).sentences.clone(),
            [Symbol::Length { field, .. } | Symbol::Nodes { field, .. }, ..] => vec![self.text(field).steps],
            _ => unreachable!("a bound graph has no other sequence axes"),
        }
    }

    fn count(&self, ty: &Type) -> usize {
        self.segments(ty).iter().sum::<usize>() * features(ty)
    }

    /// A value as another that has more axes reads it: what belongs to a sentence, once for each of its tokens.
    fn extended<'v>(&self, value: &'v [f64], from: &Type, to: &Type) -> Cow<'v, [f64]> {
        if (from.sequence_axes(), to.sequence_axes()) != (1, 2) {
            return Cow::Borrowed(value);
        }
        let sentences = value.chunks(features(from)).zip(self.segments(to));
        Cow::Owned(sentences.flat_map(|(row, length)| row.repeat(length)).collect())
    }
}

fn size(dim: &Dim) -> usize {
    dim.as_constant().and_then(|size| usize::try_from(size).ok()).expect("a bound graph has sizes that are numbers")
}

/// How many numbers stand at one step.
fn features(ty: &Type) -> usize {
    ty.axes[ty.sequence_axes()..].iter().map(size).product()
}

/// The size of the last axis, or 1 where that is a sequence.
fn width(ty: &Type) -> usize {
    ty.axes[ty.sequence_axes()..].last().map_or(1, size)
}

fn run<'a>(example: &Example<'a>, nodes: &'a [Node], at: &Step, memory: &mut Memory) -> Values<'a> {
    let Example { graph, parameters, .. } = *example;
    let mut values: Values<'a> = Vec::with_capacity(nodes.len());
    for (id, node) in nodes.iter().enumerate() {
        let ty = |i: usize| &nodes[node.inputs[i].0].ty;
        let input = |i: usize| -> &[f64] { &values[node.inputs[i].0] };
        let rows = |i: usize| input(i).chunks(width(ty(i)));
        // The sequences of an input, each with the features of its steps.
        let sequences = |i: usize| {
            let width = features(ty(i));
            let mut rest = input(i);
            let cut = move |length: usize| {
                let (sequence, after) = rest.split_at(length * width);
                rest = after;
                sequence
            };
            example.segments(ty(i)).into_iter().map(cut).collect::<Vec<&[f64]>>()
        };
        let zeros = || vec![0.0; features(&node.ty)];
        let value: Vec<f64> = match &node.op {
            Op::Parameter(id) => {
                values.push(Cow::Borrowed(&parameters[id.0]));
                continue;
            }
            Op::Input(field) => {
                let text = example.text(field);
                let ids = text.ids.iter().map(|id| f64::from(*id));
                ids.chain(text.numbers.iter().map(|number| f64::from(*number))).collect()
            }
            Op::Constant(value) => vec![*value],
            Op::StepInput => at.x.to_vec(),
            Op::State(i) => at.states[*i].clone(),
            Op::Child { state, child } => at.children.get(*child).map_or_else(zeros, |c| c[*state].clone()),
            Op::EachChild(state) => at.children.get(at.child).map_or_else(zeros, |c| c[*state].clone()),
            Op::Leaf => vec![f64::from(u8::from(at.children.is_empty()))],
            Op::SumChildren => {
                // All again for every child: what is not of the children comes out the same.
                let last = node.inputs[0].0;
                let mut each =
                    |child| run(example, &nodes[..=last], &Step { child, ..at.clone() }, memory).swap_remove(last);
                (0..at.children.len())
                    .fold(zeros(), |sum, child| sum.iter().zip(each(child).iter()).map(|(sum, x)| sum + x).collect())
            }
            Op::Bilinear => {
                let tensor = input(0);
                let form = |k: usize, a: &[f64], b: &[f64]| -> f64 {
                    let row = |i: usize| tensor[(k * a.len() + i) * b.len()..].iter().zip(b).map(|(m, b)| m * b);
                    a.iter().enumerate().map(|(i, a)| a * row(i).sum::<f64>()).sum()
                };
                let k = width(&node.ty);
                rows(1).zip(rows(2)).flat_map(|(a, b)| (0..k).map(|k| form(k, a, b)).collect::<Vec<_>>()).collect()
            }
            Op::Fold { cell } => {
                let cell = &graph.cells[cell.0];
                let xs: Vec<&[f64]> = rows(0).collect();
                let parents = match ty(0).axes.first().and_then(Dim::as_symbol) {
                    Some(Symbol::Nodes { field, .. }) => &example.text(field).parents,
                    _ => unreachable!("a fold reads the nodes of a tree"),
                };
                let mut states: Vec<Vec<Vec<f64>>> = vec![Vec::new(); xs.len()];
                for n in (0..xs.len()).rev() {
                    let children = (n + 1..xs.len()).filter(|child| parents[*child] as usize == n);
                    let children = children.map(|child| states[child].clone()).collect();
                    let step = run(example, &cell.nodes, &Step { x: xs[n], children, ..Step::default() }, memory);
                    states[n] = cell.states.iter().map(|state| step[state.next.0].to_vec()).collect();
                }
                states.iter().flat_map(|states| states[0].clone()).collect()
            }
            Op::Lookup => {
                let (table, width) = (input(0), width(ty(0)));
                let nothing = zeros();
                let row = |id: &f64| if *id == 0.0 { &nothing } else { &table[*id as usize * width..][..width] };
                input(1).iter().flat_map(row).copied().collect()
            }
            Op::Product => {
                let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
                rows(1).flat_map(|x| rows(0).map(move |w| dot(w, x))).collect()
            }
            Op::Binary(op) => {
                let a = example.extended(input(0), ty(0), &node.ty);
                let b = example.extended(input(1), ty(1), &node.ty);
                (0..example.count(&node.ty)).map(|i| binary(*op, a[i % a.len()], b[i % b.len()])).collect()
            }
            Op::Unary(op) => input(0).iter().map(|x| unary(*op, *x)).collect(),
            Op::Softmax if ty(0).is_numbers() => sequences(0).into_iter().flat_map(softmax).collect(),
            Op::Softmax => rows(0).flat_map(softmax).collect(),
            Op::SoftmaxOfSlots { slots } => {
                let one = |row: &[f64]| {
                    let empty = vec![0.0; slots.saturating_sub(row.len())];
                    softmax(&[row, &empty].concat())[..row.len()].to_vec()
                };
                sequences(0).into_iter().flat_map(one).collect()
            }
            Op::LinearStart => input(1).to_vec(),
            Op::PositionEncoding => {
                let width = features(ty(0));
                let one = |sequence: &[f64]| -> Vec<f64> {
                    let steps = (sequence.len() / width) as f64;
                    let weight = |j: f64, k: f64| (1.0 - j / steps) - k / width as f64 * (1.0 - 2.0 * j / steps);
                    let at = |i: usize| weight((i / width + 1) as f64, (i % width + 1) as f64);
                    sequence.iter().enumerate().map(|(i, x)| x * at(i)).collect()
                };
                sequences(0).into_iter().flat_map(one).collect()
            }
            Op::ByDistance => {
                let table: Vec<&[f64]> = rows(0).collect();
                let row = |distance: usize| table[distance.min(table.len() - 1)];
                example.segments(ty(1)).into_iter().flat_map(|n| (0..n).rev().flat_map(row)).copied().collect()
            }
            Op::Dropout { .. } => input(0).to_vec(),
            Op::Concat => {
                let lines = example.count(&node.ty) / width(&node.ty);
                let part = |line: usize, i: usize| {
                    let width = width(ty(i));
                    &input(i)[line * width..][..width]
                };
                (0..lines).flat_map(|line| (0..node.inputs.len()).flat_map(move |i| part(line, i))).copied().collect()
            }
            Op::Narrow { start, length } => {
                rows(0).flat_map(|row| &row[size(start)..size(start) + size(length)]).copied().collect()
            }
            Op::ReduceFeatures(reduction) => rows(0).map(|row| reduce(*reduction, row.iter().copied())).collect(),
            Op::Scan { cell, reverse } => {
                let cell = &graph.cells[cell.0];
                let mut result = Vec::with_capacity(example.count(&node.ty));
                for sequence in sequences(0) {
                    let xs: Vec<&[f64]> = sequence.chunks(features(ty(0))).collect();
                    let start = || cell.states.iter().map(|state| vec![0.0; size(&state.size)]).collect();
                    let mut states: Vec<Vec<f64>> = memory.remove(&id).unwrap_or_else(start);
                    let mut read = vec![Vec::new(); xs.len()];
                    for i in 0..xs.len() {
                        let t = if *reverse { xs.len() - 1 - i } else { i };
                        let step = run(example, &cell.nodes, &Step { x: xs[t], states, ..Step::default() }, memory);
                        states = cell.states.iter().map(|state| step[state.next.0].to_vec()).collect();
                        read[t] = states[0].clone();
                    }
                    // Only one long text is read in pieces; sentences each begin anew.
                    if example.segments(ty(0)).len() == 1 {
                        memory.insert(id, states);
                    }
                    result.extend(read.concat());
                }
                result
            }
            Op::Shift { steps } => {
                let mut result = Vec::new();
                for sequence in sequences(0) {
                    let xs: Vec<&[f64]> = sequence.chunks(features(ty(0))).collect();
                    let held = usize::try_from(*steps).unwrap_or(0);
                    let before = memory.remove(&id).unwrap_or_else(|| vec![zeros(); held]);
                    let nothing = zeros();
                    let source = |t: usize| usize::try_from(t as i64 - steps).ok().and_then(|t| xs.get(t).copied());
                    let shifted = |t| source(t).or(before.get(t).map(Vec::as_slice)).unwrap_or(&nothing);
                    result.extend((0..xs.len()).flat_map(|t| shifted(t).to_vec()));
                    let all: Vec<Vec<f64>> = before.iter().cloned().chain(xs.iter().map(|x| x.to_vec())).collect();
                    if example.segments(ty(0)).len() == 1 {
                        memory.insert(id, all[all.len() - held..].to_vec());
                    }
                }
                result
            }
            Op::ScanBothWays { .. } | Op::ProductOfLookup => unreachable!("made by a pass"),
            Op::Last => {
                let width = features(ty(0));
                sequences(0).into_iter().flat_map(|s| &s[s.len() - width..]).copied().collect()
            }
            Op::First => sequences(0).into_iter().flat_map(|s| &s[..features(ty(0))]).copied().collect(),
            Op::ReduceTime(reduction) => {
                let n = features(ty(0));
                let one = |s: &[f64]| {
                    (0..n).map(|i| reduce(*reduction, s.iter().copied().skip(i).step_by(n))).collect::<Vec<_>>()
                };
                sequences(0).into_iter().flat_map(one).collect()
            }
            Op::WeightedSum => {
                let n = features(ty(1));
                let weighted = |w: &[f64], x: &[f64], i: usize| {
                    w.iter().zip(x.iter().skip(i).step_by(n)).map(|(w, x)| w * x).sum::<f64>()
                };
                let pairs = sequences(0).into_iter().zip(sequences(1));
                pairs.flat_map(|(w, x)| (0..n).map(|i| weighted(w, x, i)).collect::<Vec<_>>()).collect()
            }
        };
        debug_assert_eq!(value.len(), example.count(&node.ty), "{node:?}");
        values.push(Cow::Owned(value));
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
    let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let total: f64 = row.iter().map(|x| (x - largest).exp()).sum();
    row.iter().map(|x| (x - largest).exp() / total).collect()
}
