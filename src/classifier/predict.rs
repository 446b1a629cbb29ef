//! Labels for texts.

use std::collections::BTreeMap;

use super::Classifier;
use super::evaluate::largest;
use crate::data::Tokens;
use crate::lower::{LowerError, Mode, softmax, to_rows};

/// What a classifier says about one text.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    pub label: String,
    /// In the order of the labels; they sum to one.
    pub probabilities: Vec<f32>,
}

impl Classifier {
    /// Cuts a text into ids; nothing where it has no token.
    pub fn encode(&self, field: &str, text: &str) -> Option<Vec<u32>> {
        let ids = self.vocabularies.get(field)?.encode(text, &self.tokenizer(field)?);
        (!ids.is_empty()).then_some(ids)
    }

    /// Predictions in the order of the texts; each has the ids of every input field, in the model's order.
    pub fn predict(&self, texts: &[Vec<Vec<u32>>]) -> Result<Vec<Prediction>, LowerError> {
        if texts.is_empty() {
            return Ok(Vec::new());
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
        let logits = self.network.forward(&[self.model.logits], &fields, Mode::Evaluate)?;
        let probabilities = to_rows(&softmax(&logits[0])?)?;
        let prediction = |probabilities: Vec<f32>| {
            let label = self.labels.name(largest(&probabilities) as u32).unwrap_or_default().to_string();
            Prediction { label, probabilities }
        };
        Ok(probabilities.into_iter().map(prediction).collect())
    }
}
