//! What the steps of a recurrence are called: by the tokens, sentences or nodes it reads.

use crate::cli::attention::pieces;
use crate::predictor::{Attention, Predictor, Reading, Steps, Weights};
use crate::report::{Group, Panel};

/// The label of every step, by row.
pub struct Labels(Vec<Vec<String>>);

impl Labels {
    pub fn of(&self, row: usize, step: usize) -> String {
        self.0.get(row).and_then(|row| row.get(step)).cloned().unwrap_or_default()
    }
}

pub fn labels(predictor: &Predictor, reading: &Reading, texts: &[String]) -> Labels {
    let (sentences, tokens) = pieces(predictor, &reading.field, texts);
    Labels(match reading.steps {
        Steps::Tokens => vec![tokens.concat()],
        Steps::Sentences => vec![sentences],
        Steps::TokensOfSentences => tokens,
        Steps::Nodes => vec![tokens.concat().into_iter().map(node).collect()],
    })
}

/// A node without a word joins others.
fn node(word: String) -> String {
    if word.is_empty() { "( )".into() } else { word }
}

/// The weights of attention as a group of the heat map: one unit.
pub fn group(predictor: &Predictor, attention: &Attention, texts: &[String]) -> Group {
    let (sentences, tokens) = pieces(predictor, &attention.field, texts);
    let (weights, of) = match &attention.weights {
        Weights::OfTokens(weights) => (weights.clone(), tokens.concat()),
        Weights::OfSentences(weights) => (weights.clone(), sentences),
        Weights::OfTokensInSentences(weights) => (weights.concat(), tokens.concat()),
    };
    let steps = (0..weights.len()).map(|i| of.get(i).cloned().unwrap_or_default()).collect();
    let values = weights.into_iter().map(|weight| vec![weight]).collect();
    Group {
        name: format!("{}, over {}", attention.layer, attention.field),
        steps,
        panels: vec![Panel { name: "weight".into(), values }],
    }
}
