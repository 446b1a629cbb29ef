//! What every recurrence of a model computes on its way through one text, step by step, and the first number that is none.

use std::collections::BTreeMap;

use super::{Encoded, Predictor, Sizes};
use crate::ir::{NodeId, Op, Symbol, recurrences};
use crate::lower::{Fault, LowerError, Network, Traced, to_values};
use crate::source::Span;

/// The recurrences of a model on one text, in the order of the graph.
#[derive(Debug, Clone)]
pub struct TextTrace {
    pub readings: Vec<Reading>,
    pub blame: Option<Blame>,
}

/// One recurrence.
#[derive(Debug, Clone)]
pub struct Reading {
    /// Layer, number in a stack and direction: `bilstm l1 backward`.
    pub name: String,
    pub cell: String,
    pub backward: bool,
    pub field: String,
    pub steps: Steps,
    pub traced: Traced,
}

/// What the steps of a recurrence are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Steps {
    Tokens,
    Sentences,
    /// Each row is a sentence.
    TokensOfSentences,
    Nodes,
}

/// Where a number is infinite, or none at all, that comes from numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Blame {
    /// The expression that computed it.
    pub span: Span,
    pub value: f32,
    /// Of a weight that holds it.
    pub weight: Option<String>,
    /// The recurrence it happened in, as a place among the readings, with row and step.
    pub place: Option<(usize, usize, usize)>,
}

impl Predictor {
    /// Traces one text, which has an entry for every field the model reads.
    pub fn trace(&self, row: &[Encoded]) -> Result<TextTrace, LowerError> {
        let graph = &self.model.graph;
        let network = Network::traced(graph, &|symbol| Sizes::get(&self.sizes, symbol), self.network.values()?)?;
        let (values, mut traced) = network.trace(&self.fields(&[row.to_vec()]))?;
        let mut readings = Vec::new();
        let mut places = BTreeMap::new();
        for (id, name) in recurrences(graph) {
            let node = graph.node(id);
            let (cell, backward) = match node.op {
                Op::Scan { cell, reverse } => (cell, reverse),
                Op::Fold { cell } => (cell, false),
                _ => continue,
            };
            let axes: Vec<&Symbol> = node.ty.axes.iter().filter_map(|axis| axis.as_symbol()).collect();
            let (steps, field) = match axes.as_slice() {
                [Symbol::Nodes { field, .. }, ..] => (Steps::Nodes, field),
                [Symbol::Sentences { field, .. }, Symbol::Length { .. }, ..] => (Steps::TokensOfSentences, field),
                [Symbol::Sentences { field, .. }, ..] => (Steps::Sentences, field),
                [Symbol::Length { field, .. }, ..] => (Steps::Tokens, field),
                _ => continue,
            };
            let cell = &graph.cells[cell.0];
            let mut traced = traced.remove(&id).unwrap_or_default();
            // A tree has leaves first, where not all names are.
            traced.values.sort_by_key(|value| cell.names.iter().position(|(name, _)| *name == value.name));
            let cell = cell.name.clone();
            places.insert(id, readings.len());
            readings.push(Reading { name, cell, backward, field: field.to_string(), steps, traced });
        }
        let mut blame = None;
        for (i, value) in values.iter().enumerate() {
            let node = graph.node(NodeId(i));
            let place = places.get(&NodeId(i));
            if let Some((place, fault)) =
                place.and_then(|place| Some((*place, readings[*place].traced.fault.as_ref()?)))
            {
                let Fault { row, step, span, value } = fault;
                blame = Some(Blame { span: *span, value: *value, weight: None, place: Some((place, *row, *step)) });
            } else if let Some(wrong) = to_values(value)?.iter().find(|number| !number.is_finite()) {
                let weight = match node.op {
                    Op::Parameter(id) => Some(graph.parameter(id).name.clone()),
                    _ => None,
                };
                blame = Some(Blame { span: node.span, value: *wrong, weight, place: None });
            }
            if blame.is_some() {
                break;
            }
        }
        Ok(TextTrace { readings, blame })
    }
}
