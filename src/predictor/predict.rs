//! Answers for texts.

use std::collections::BTreeMap;

use super::Predictor;
use super::evaluate::largest;
use crate::data::{Expected, Labels, Tokens};
use crate::ir::Target;
use crate::lower::{Loss, LowerError, Mode, softmax, to_rows, to_scalar};

/// What a model says about one text.
#[derive(Debug, Clone, PartialEq)]
pub enum Prediction {
    /// The class of a text; the probabilities stand in the order of the labels and sum to one.
    Class {
        label: String,
        probabilities: Vec<f32>,
    },
    /// For every token its class and how probable that is.
    Tags(Vec<(String, f32)>),
    Number(f32),
    /// How probable a text is: `-log p` of each of so many tokens, given those before it, on the mean.
    Text {
        loss: f64,
        tokens: usize,
    },
}

impl Predictor {
    /// Cuts a text into ids; nothing where it has no token.
    pub fn encode(&self, field: &str, text: &str) -> Option<Vec<u32>> {
        let ids = self.vocabularies.get(field)?.encode(text, &self.tokenizer(field)?);
        (!ids.is_empty()).then_some(ids)
    }

    /// Predictions in the order of the texts; each has the ids of every input field, in the model's order.
    /// A language model needs two tokens of each.
    pub fn predict(&self, texts: &[Vec<Vec<u32>>]) -> Result<Vec<Prediction>, LowerError> {
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        if let Target::Next(field) = &self.model.target {
            return texts.iter().map(|text| self.probability(field, &text[0])).collect();
        }
        let fields: BTreeMap<String, Tokens> = self
            .model
            .inputs
            .iter()
            .enumerate()
            .map(|(i, field)| {
                (field.clone(), Tokens::from_texts(&texts.iter().map(|text| &text[i]).collect::<Vec<_>>()))
            })
            .collect();
        let scores = &self.network.forward(&[self.model.logits], &fields, Mode::Evaluate)?[0];
        match &self.model.target {
            Target::Class(_) => Ok(to_rows(&softmax(scores)?)?.into_iter().map(|row| self.class(row)).collect()),
            Target::Number(_) => Ok(to_rows(scores)?.into_iter().map(|row| Prediction::Number(row[0])).collect()),
            Target::Tags { of, .. } => {
                let rows = to_rows(&softmax(scores)?)?;
                let step = |t: usize, b: usize| {
                    let row = &rows[t * texts.len() + b];
                    (self.label(row), row[largest(row)])
                };
                let lengths = &fields[of].lengths;
                let tags = |b: usize| Prediction::Tags((0..lengths[b] as usize).map(|t| step(t, b)).collect());
                Ok((0..texts.len()).map(tags).collect())
            }
            Target::Next(_) => Ok(Vec::new()),
        }
    }

    fn probability(&self, field: &str, text: &[u32]) -> Result<Prediction, LowerError> {
        let [read @ .., _] = text else { return Err(LowerError::new("a text without a token")) };
        let texts = BTreeMap::from([(field.to_string(), Tokens::from_texts(&[read]))]);
        let scores = self.network.forward(&[self.model.logits], &texts, Mode::Evaluate)?;
        let next = Expected::Classes(text[1..].to_vec());
        Ok(Prediction::Text { loss: to_scalar(&Loss::default().mean(&scores[0], &next)?)?, tokens: read.len() })
    }

    fn class(&self, probabilities: Vec<f32>) -> Prediction {
        Prediction::Class { label: self.label(&probabilities), probabilities }
    }

    /// The name of the most probable class.
    fn label(&self, probabilities: &[f32]) -> String {
        let name = |labels: &Labels| labels.name(largest(probabilities) as u32).map(str::to_string);
        self.labels.as_ref().and_then(name).unwrap_or_default()
    }
}
