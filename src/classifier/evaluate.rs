//! How good a classifier is on labelled rows.

use super::{Classifier, Confusion, Evaluation};
use crate::data::{Order, Split, batches};
use crate::lower::{LowerError, Mode, cross_entropy, to_rows, to_scalar};

/// Rows a forward pass takes at once. It changes no result, only the time.
const BATCH: usize = 128;

/// A cross entropy: what each class counts for, and the share of certainty given to all classes alike.
#[derive(Debug, Clone, Default)]
pub struct Loss {
    pub class_weights: Option<Vec<f32>>,
    pub label_smoothing: f64,
}

impl Loss {
    /// The sum of a batch's weights: what its mean loss is a mean over.
    pub fn weight(&self, labels: &[u32]) -> f64 {
        match &self.class_weights {
            Some(weights) => labels.iter().map(|label| f64::from(weights[*label as usize])).sum(),
            None => labels.len() as f64,
        }
    }
}

/// Loss, accuracy, per-class figures and confusion matrix over a whole split.
pub fn evaluate(classifier: &Classifier, split: &Split) -> Result<Evaluation, LowerError> {
    let loss = &classifier.loss;
    let mut confusion = Confusion::new(classifier.labels.len());
    let (mut total, mut weight) = (0.0, 0.0);
    for rows in batches(split, BATCH, Order::Sorted) {
        let batch = split.batch(&rows);
        let logits = classifier.network.forward(&[classifier.model.logits], &batch.texts, Mode::Evaluate)?;
        let mean = cross_entropy(&logits[0], &batch.labels, loss.class_weights.as_deref(), loss.label_smoothing)?;
        let batch_weight = loss.weight(&batch.labels);
        total += to_scalar(&mean)? * batch_weight;
        weight += batch_weight;
        for (scores, label) in to_rows(&logits[0])?.iter().zip(&batch.labels) {
            confusion.add(*label as usize, largest(scores));
        }
    }
    Ok(Evaluation::new(if weight > 0.0 { total / weight } else { 0.0 }, &confusion, classifier.labels.names()))
}

/// The index of the largest score, the first of equals.
pub fn largest(scores: &[f32]) -> usize {
    scores.iter().enumerate().fold(0, |best, (i, score)| if *score > scores[best] { i } else { best })
}
