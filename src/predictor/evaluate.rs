//! How good a model is on rows whose answers are known.

use super::{Evaluation, Predictor, Tally};
use crate::data::{Order, Split, batches};
use crate::lower::{LowerError, Mode, to_rows, to_scalar};

/// Rows a forward pass takes at once. It changes no result, only the time.
const BATCH: usize = 128;

/// Loss and figures over a whole split.
pub fn evaluate(predictor: &Predictor, split: &Split) -> Result<Evaluation, LowerError> {
    let loss = &predictor.loss;
    let target = &predictor.model.target;
    let mut tally = Tally::new(target, predictor.labels.as_ref(), target.is_of_trees(&predictor.data));
    let (mut total, mut weight) = (0.0, 0.0);
    for rows in batches(split, BATCH, Order::Sorted) {
        let batch = split.batch(&rows);
        let logits = predictor.network.forward(&[predictor.model.logits], &batch.texts, Mode::Evaluate)?;
        let batch_weight = loss.weight(&batch.expected);
        total += to_scalar(&loss.mean(&logits[0], &batch.expected)?)? * batch_weight;
        weight += batch_weight;
        tally.add(&to_rows(&logits[0])?, &batch.expected, rows.len());
    }
    Ok(tally.evaluation(if weight > 0.0 { total / weight } else { 0.0 }))
}

/// The index of the largest score, the first of equals.
pub fn largest(scores: &[f32]) -> usize {
    scores.iter().enumerate().fold(0, |best, (i, score)| if *score > scores[best] { i } else { best })
}
