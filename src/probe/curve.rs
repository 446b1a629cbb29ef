//! One curve for every recurrence of a model: norms by steps back, averaged over examples.

use std::collections::BTreeMap;

use super::answers::{Reading, at_the_end};
use crate::data::Batch;
use crate::ir::{Graph, Model, NodeId, Op, Symbol, recurrences};
use crate::lower::{Loss, LowerError, Mode, Network, StateGradients, StepGradients};

/// The norms of ∂loss/∂state of one recurrence, by steps back from the end of its reading.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// The layer's path; its number in a stack and its direction where there are several.
    pub name: String,
    pub reading: Reading,
    /// Name and norms of every state: the mean over the examples that reach so far back. The first state is what the layer
    /// gives out.
    pub states: Vec<(String, Vec<f64>)>,
    /// How many examples that mean is over.
    pub examples: Vec<usize>,
    /// Whether what comes after the layer reads steps before the last, so that gradients enter there too.
    pub entered: bool,
}

impl Curve {
    /// Of the first state.
    pub fn norms(&self) -> &[f64] {
        self.states.first().map_or(&[], |(_, norms)| norms)
    }

    /// The same curve without what is further back.
    pub fn cut(mut self, steps: usize) -> Self {
        self.states.iter_mut().for_each(|(_, norms)| norms.truncate(steps));
        self.examples.truncate(steps);
        self
    }
}

/// The curves of a model with these weights (in the graph's order) on a batch, in the order of the graph. A recurrence
/// that the answer does not depend on has none.
pub fn curves(
    model: &Model,
    size: &dyn Fn(&Symbol) -> Option<usize>,
    values: Vec<Vec<f32>>,
    batch: &Batch,
) -> Result<Vec<Curve>, LowerError> {
    let network = Network::watched(&without_dropout(&model.graph), size, values)?;
    let names = recurrences(&model.graph);
    let mut curves = BTreeMap::new();
    for reading in [Reading::Forward, Reading::Backward] {
        if !readings(&model.graph).any(|(_, own)| own == reading) {
            continue;
        }
        let expected = at_the_end(batch, reading);
        let scores = network.forward(&[model.logits], &batch.texts, Mode::Train { seed: 0, step: 0 })?;
        let seen = network.state_gradients(&Loss::default().mean(&scores[0], &expected)?)?;
        // That loss is a mean over the answers; each example has one of its own.
        let scale = expected.count() as f64;
        for (scan, own) in readings(&model.graph).filter(|(_, own)| *own == reading) {
            if let Some(seen) = seen.get(&scan) {
                curves.insert(scan, curve(&model.graph, scan, own, &names, seen, scale));
            }
        }
    }
    Ok(curves.into_values().collect())
}

/// The recurrences and from which end they read.
fn readings(graph: &Graph) -> impl Iterator<Item = (NodeId, Reading)> {
    graph.nodes.iter().enumerate().filter_map(|(i, node)| match node.op {
        Op::Scan { reverse, .. } => Some((NodeId(i), if reverse { Reading::Backward } else { Reading::Forward })),
        _ => None,
    })
}

fn without_dropout(graph: &Graph) -> Graph {
    let mut graph = graph.clone();
    let cells = graph.cells.iter_mut().flat_map(|cell| &mut cell.nodes);
    for node in graph.nodes.iter_mut().chain(cells) {
        if let Op::Dropout { rate } = &mut node.op {
            *rate = 0.0;
        }
    }
    graph
}

fn curve(
    graph: &Graph,
    scan: NodeId,
    reading: Reading,
    names: &BTreeMap<NodeId, String>,
    seen: &StateGradients,
    scale: f64,
) -> Curve {
    let states = match &graph.node(scan).op {
        Op::Scan { cell, .. } => graph.cells[cell.0].states.iter().map(|state| state.name.clone()).collect(),
        _ => Vec::new(),
    };
    let furthest = seen.lengths.iter().copied().max().unwrap_or(0);
    let mut curve = Curve {
        name: names.get(&scan).cloned().unwrap_or_default(),
        reading,
        states: states.into_iter().map(|name| (name, Vec::new())).collect(),
        examples: Vec::new(),
        entered: false,
    };
    for back in 0..furthest {
        // Where the examples that reach so far are then: rows of the scan and steps of the sequence.
        let step = |length: usize| match reading {
            Reading::Backward => back,
            Reading::Forward => length - 1 - back,
        };
        let rows = seen.lengths.iter().enumerate().filter(|(_, length)| **length > back);
        let places: Vec<_> = rows.filter_map(|(row, length)| Some((row, seen.steps.get(&step(*length))?))).collect();
        let mean = |norm: &dyn Fn(usize, &StepGradients) -> f64| {
            let sum: f64 = places.iter().map(|(row, step)| norm(*row, step)).sum();
            scale * sum / places.len().max(1) as f64
        };
        for (i, (_, norms)) in curve.states.iter_mut().enumerate() {
            norms.push(mean(&|row, step| step.total[i][row]));
        }
        curve.examples.push(places.len());
        curve.entered |= back > 0 && mean(&|row, step| step.direct[row]) != 0.0;
    }
    curve
}
