//! What a model looks at: the weights of every softmax over the tokens of a text or over its sentences.

use super::{Encoded, Predictor};
use crate::ir::{Node, NodeId, Op, Symbol};
use crate::lower::{LowerError, Mode, to_values};

/// The weights of one softmax for one example.
#[derive(Debug, Clone, PartialEq)]
pub struct Attention {
    /// The layer it is in, as its parameters are named: `attention`, `hop_2`.
    pub layer: String,
    /// The text field.
    pub field: String,
    pub weights: Weights,
}

/// Each of them sums to one, or to less where a memory has empty slots.
#[derive(Debug, Clone, PartialEq)]
pub enum Weights {
    OfTokens(Vec<f32>),
    OfSentences(Vec<f32>),
    /// Sentence by sentence.
    OfTokensInSentences(Vec<Vec<f32>>),
}

impl Predictor {
    /// The softmaxes over time that the result depends on, in the order they are computed.
    fn attentions(&self) -> Vec<(NodeId, &Node)> {
        let graph = &self.model.graph;
        let mut needed = vec![false; graph.nodes.len()];
        needed[self.model.output.0] = true;
        for (i, node) in graph.nodes.iter().enumerate().rev() {
            if needed[i] {
                node.inputs.iter().for_each(|input| needed[input.0] = true);
            }
        }
        let over_time = |node: &Node| {
            matches!(node.op, Op::Softmax | Op::SoftmaxOfSlots { .. }) && node.ty.per_example && node.ty.is_numbers()
        };
        let nodes = graph.nodes.iter().enumerate().filter(|(i, node)| needed[*i] && over_time(node));
        nodes.map(|(i, node)| (NodeId(i), node)).collect()
    }

    /// Whether there is anything to look at.
    pub fn attends(&self) -> bool {
        !self.attentions().is_empty()
    }

    /// The weights of every softmax over time for every row.
    pub fn explain(&self, rows: &[Vec<Encoded>]) -> Result<Vec<Vec<Attention>>, LowerError> {
        let attentions = self.attentions();
        if rows.is_empty() || attentions.is_empty() {
            return Ok(vec![Vec::new(); rows.len()]);
        }
        let fields = self.fields(rows);
        let ids: Vec<NodeId> = attentions.iter().map(|(id, _)| *id).collect();
        let values = self.network.forward(&ids, &fields, Mode::Evaluate)?;
        let mut found = vec![Vec::new(); rows.len()];
        for ((_, node), value) in attentions.iter().zip(&values) {
            let values = to_values(value)?;
            let layer = match node.call.map(|call| &self.model.graph.calls[call.0]) {
                Some(call) if !call.path.is_empty() => call.path.clone(),
                _ => "softmax".to_string(),
            };
            let axes: Vec<&Symbol> = node.ty.axes.iter().filter_map(|axis| axis.as_symbol()).collect();
            for (b, found) in found.iter_mut().enumerate() {
                // Time-major: the innermost axis comes first, the example last.
                let at = |place: usize| values[place * rows.len() + b];
                let text = |field: &str| &rows[b][self.place(field)];
                let (field, weights) = match axes.as_slice() {
                    [Symbol::Length { field, .. } | Symbol::Nodes { field, .. }] => {
                        (field, Weights::OfTokens((0..text(field).ids.len()).map(at).collect()))
                    }
                    [Symbol::Sentences { field, .. }] => {
                        (field, Weights::OfSentences((0..text(field).sentences.len()).map(at).collect()))
                    }
                    [Symbol::Sentences { field, .. }, Symbol::Length { .. }] => {
                        let most = rows.iter().map(|row| row[self.place(field)].sentences.len()).max().unwrap_or(0);
                        let sentence = |(s, length): (usize, &usize)| (0..*length).map(|t| at(t * most + s)).collect();
                        let weights = text(field).sentences.iter().enumerate().map(sentence).collect();
                        (field, Weights::OfTokensInSentences(weights))
                    }
                    _ => continue,
                };
                found.push(Attention { layer: layer.clone(), field: field.to_string(), weights });
            }
        }
        Ok(found)
    }

    /// Which of the inputs a field is.
    fn place(&self, field: &str) -> usize {
        self.model.inputs.iter().position(|input| input == field).unwrap_or_default()
    }
}
