//! Recipes that are known not to work: a learning rate far outside what the optimizer takes, and recurrences over sequences
//! too long for how they are trained. They are findings about the file alone where it limits the length; of the length that the
//! data turns out to have, the same is said before a training.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, code};
use crate::ir::{BinaryOp, Cell, Data, Graph, Initializer, Node, Op, Optimizer, ParameterId, Symbol, Train, UnaryOp};
use crate::source::Span;

/// From so many steps on, the gradients of a simple recurrence grow or vanish past use in a training that does not clip them
/// (Pascanu, Mikolov & Bengio 2013 see it from some 50 to 100 steps on).
const LONG: usize = 100;

/// From so many steps on, a memory cell that starts half open has forgotten everything at its end: a gate of 1/2 leaves
/// 2⁻²⁰⁰ of what was there, one that starts with a bias of 1 leaves 10⁻²⁷ (Jozefowicz, Zaremba & Sutskever 2015).
const VERY_LONG: usize = 200;

/// How many steps of a field the file lets a model read at most; nothing where it does not say.
pub fn limit(data: &Data, train: &Train, field: &str) -> Option<usize> {
    let of_text = data.text(field).and_then(|text| text.max_len.or(text.windows.map(|windows| windows.window)));
    of_text.or(train.bptt).or(data.source.as_ref().map(|source| source.task.steps()))
}

/// Findings about recurrences over fields as long as `length` says, one an application.
pub fn lint(graph: &Graph, train: &Train, length: &dyn Fn(&str) -> Option<usize>) -> Vec<Diagnostic> {
    let mut found: BTreeMap<Span, Diagnostic> = BTreeMap::new();
    for node in &graph.nodes {
        let Op::Scan { cell, .. } = node.op else { continue };
        let (cell, at) = (&graph.cells[cell.0], graph.site(node));
        let Some(steps) = time(node).and_then(length) else { continue };
        if steps >= LONG && train.clip.is_none() && is_simple(cell) {
            let message = format!("`{}` reads {steps} steps, and no gradient is clipped", cell.name);
            let diagnostic = Diagnostic::new(code::UNCLIPPED, at, message)
                .here("every step multiplies by the same matrix")
                .label(train.span, "no `clip_norm` here");
            found
                .entry(at)
                .or_insert_with(|| diagnostic.help("write `clip_norm = 1.0` in `train`, or use `gru` or `lstm`"));
        }
        if steps >= VERY_LONG && forgets(graph, cell) {
            let message = format!("`{}` reads {steps} steps, and its forget gate starts half open", cell.name);
            let diagnostic = Diagnostic::new(code::FORGETS, at, message).here("halves what it remembers at every step");
            let help = "write `forget_bias = 1.0`; in a cell of one's own, give the gate's bias a start above 0";
            found.entry(at).or_insert_with(|| diagnostic.help(help));
        }
    }
    found.into_values().collect()
}

/// The field whose tokens are the steps of a value.
fn time(node: &Node) -> Option<&str> {
    match node.ty.axes.get(node.ty.sequence_axes().checked_sub(1)?)?.as_symbol()? {
        Symbol::Length { field, .. } => Some(field),
        _ => None,
    }
}

/// Whether the new state is nothing but a squashed product with the old one: no gate, and nothing that adds up.
fn is_simple(cell: &Cell) -> bool {
    let [state] = cell.states.as_slice() else { return false };
    let squashed = matches!(cell.node(state.next).op, Op::Unary(UnaryOp::Tanh | UnaryOp::Sigmoid | UnaryOp::Relu));
    squashed && !cell.nodes.iter().any(|node| node.op == Op::Binary(BinaryOp::Multiply)) && in_product(cell, 0)
}

/// Whether a state is multiplied with a matrix.
fn in_product(cell: &Cell, state: usize) -> bool {
    let reads = |node: &Node| node.inputs.iter().any(|input| cell.node(*input).op == Op::State(state));
    cell.nodes.iter().any(|node| node.op == Op::Product && reads(node))
}

/// Whether a memory (a state that no matrix touches) is kept by a gate, `sigmoid(…) * c + …`, whose bias starts around zero.
fn forgets(graph: &Graph, cell: &Cell) -> bool {
    (0..cell.states.len()).filter(|state| !in_product(cell, *state)).any(|state| {
        let biases = forget_gate(cell, state).map(|gate| biases(graph, cell, gate)).unwrap_or_default();
        !biases.is_empty() && !biases.iter().any(|id| opens(&graph.parameter(*id).initializer))
    })
}

/// What the forget gate of a memory is the sigmoid of.
fn forget_gate(cell: &Cell, state: usize) -> Option<&Node> {
    let next = cell.node(cell.states[state].next);
    let inputs = |node: &'_ Node| node.inputs.iter().map(|input| cell.node(*input)).collect::<Vec<_>>();
    let kept = inputs(next).into_iter().find(|term| {
        term.op == Op::Binary(BinaryOp::Multiply) && inputs(term).iter().any(|factor| factor.op == Op::State(state))
    });
    let is_sum = next.op == Op::Binary(BinaryOp::Add);
    let gate = inputs(kept.filter(|_| is_sum)?).into_iter().find(|factor| factor.op == Op::Unary(UnaryOp::Sigmoid))?;
    Some(cell.node(*gate.inputs.first()?))
}

/// The vectors that are added up in a value, or in what it is a part of.
fn biases(graph: &Graph, cell: &Cell, node: &Node) -> Vec<ParameterId> {
    match node.op {
        Op::Parameter(id) if graph.parameter(id).shape.len() == 1 => vec![id],
        Op::Binary(BinaryOp::Add) | Op::Narrow { .. } => {
            node.inputs.iter().flat_map(|input| biases(graph, cell, cell.node(*input))).collect()
        }
        _ => Vec::new(),
    }
}

/// Whether numbers that start so are above zero, or some block of them is.
fn opens(initializer: &Initializer) -> bool {
    match initializer {
        Initializer::Ones => true,
        Initializer::Constant(value) | Initializer::Block { value, .. } => *value > 0.0,
        Initializer::Uniform { low, high } => low + high > 0.0,
        Initializer::Normal { mean, .. } => *mean > 0.0,
        _ => false,
    }
}

/// A learning rate that the optimizer is not made for.
pub fn learning_rate(train: &Train) -> Option<Diagnostic> {
    let (name, low, high, usual) = range(&train.optimizer);
    let rate = train.learning_rate;
    let (side, why) = match rate {
        rate if rate > high => ("above", "the first steps throw the weights away"),
        rate if rate < low => ("below", "the weights hardly move"),
        _ => return None,
    };
    let at = train.learning_rate_span.unwrap_or(train.span);
    let message = format!("a learning rate of {rate:?} is far {side} what `{name}` takes");
    Some(Diagnostic::new(code::LEARNING_RATE, at, message).here(why).help(format!("usual is `lr = {usual}`")))
}

/// An optimizer's name, the least and the largest rate that anybody trains with, and a usual one. Plain gradients are scaled
/// by the rate alone, so its range is wide; averages of them make every step about as long as the rate.
fn range(optimizer: &Optimizer) -> (&'static str, f64, f64, &'static str) {
    match optimizer {
        Optimizer::Sgd { .. } => ("sgd", 1e-5, 50.0, "0.1"),
        Optimizer::Adam { .. } => ("adam", 1e-6, 0.1, "0.001"),
        Optimizer::AdamW { .. } => ("adamw", 1e-6, 0.1, "0.001"),
        Optimizer::Adagrad { .. } => ("adagrad", 1e-4, 1.0, "0.01"),
        Optimizer::Adadelta { .. } => ("adadelta", 0.01, 10.0, "1.0"),
        Optimizer::RmsProp { .. } => ("rmsprop", 1e-6, 0.1, "0.001"),
    }
}
