//! How good a model is on rows whose answers are known.

use super::{Evaluation, Predictor, Tally};
use crate::data::{Batch, Order, Split};
use crate::ir::Target;
use crate::lower::{Loss, LowerError, Mode, Scores, States, predicted, to_scalar};

/// Rows a forward pass takes at once, at most. It changes no result, only the time.
const ROWS: usize = 128;
/// Scores a forward pass may give at once: those of a large vocabulary at every step are many.
const SCORES: usize = 1 << 24;
/// Parts of one text that are read on side by side. Each starts without having read what stands before it, so they are few.
const PARTS: usize = 8;
/// Tokens of each part at a time. It changes no result.
const STEPS: usize = 128;

/// Loss and figures over a whole split.
pub fn evaluate(predictor: &Predictor, split: &Split) -> Result<Evaluation, LowerError> {
    let target = &predictor.model.target;
    // Perplexity is that of the probabilities as they are.
    let loss = if let Target::Next(_) = target { Loss::default() } else { predictor.loss.clone() };
    let mut tally = Tally::new(target, predictor.labels.as_ref(), target.is_of_trees(&predictor.data));
    let (mut total, mut weight) = (0.0, 0.0);
    each_batch(predictor, split, |batch, scores| {
        let batch_weight = loss.weight(&batch.expected);
        total += to_scalar(&loss.mean(scores, &batch.expected)?)? * batch_weight;
        weight += batch_weight;
        tally.add(&predicted(scores, &batch.expected)?, &batch.expected, batch.indices.len());
        Ok(true)
    })?;
    Ok(tally.evaluation(if weight > 0.0 { total / weight } else { 0.0 }))
}

/// The scores of every batch of a split, for as long as `each` asks for more.
pub(super) fn each_batch(
    predictor: &Predictor,
    split: &Split,
    mut each: impl FnMut(&Batch, &Scores) -> Result<bool, LowerError>,
) -> Result<(), LowerError> {
    let rows = if split.continuous { PARTS } else { rows_at_once(predictor, split) };
    let pass = split.pass(rows, STEPS, Order::Sorted);
    let mut states = States::default();
    for i in 0..pass.len() {
        let batch = pass.batch(i);
        let (network, scores) = (&predictor.network, [predictor.model.logits]);
        let logits = match pass.continues() {
            true => network.read_on(&scores, &batch.texts, Mode::Evaluate, &mut states)?,
            false => network.forward(&scores, &batch.texts, Mode::Evaluate)?,
        };
        if !each(&batch, &logits[0])? {
            break;
        }
    }
    Ok(())
}

/// As many rows as give no more than [`SCORES`].
fn rows_at_once(predictor: &Predictor, split: &Split) -> usize {
    let target = &predictor.model.target;
    let choices = target.choices().and_then(|dim| dim.evaluate(&|symbol| predictor.sizes.get(symbol))).unwrap_or(1);
    let steps = match target {
        Target::Class(_) | Target::Number(_) => 1,
        Target::Tags { .. } | Target::Next(_) => (0..split.len()).map(|row| split.length(row)).max().unwrap_or(1),
    };
    (SCORES / choices.saturating_mul(steps).max(1)).clamp(1, ROWS)
}
