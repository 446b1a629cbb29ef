//! The best epoch so far, and when to stop looking for a better one.
//!
//! Keeping that epoch's weights is the training loop's business.

use serde::{Deserialize, Serialize};

use crate::ir::Metric;

/// Follows one metric over the epochs.
#[derive(Debug, Clone)]
pub struct Best {
    metric: Metric,
    patience: Option<usize>,
    state: BestState,
}

/// What [`Best`] remembers from epoch to epoch; goes into a checkpoint.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct BestState {
    /// Epochs seen.
    pub epochs: usize,
    /// The best epoch, from 0. `None` until one has a finite value.
    pub best_epoch: Option<usize>,
    /// The metric's value in that epoch.
    pub best_value: Option<f64>,
    /// Epochs since then.
    pub epochs_without_improvement: usize,
}

/// What an epoch's value means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// This epoch is the best so far.
    pub improved: bool,
    /// Patience is over.
    pub stop: bool,
}

impl Best {
    /// `patience`: stop after so many epochs without a better value; `None` never stops.
    pub fn new(metric: Metric, patience: Option<usize>) -> Self {
        Self::resume(metric, patience, BestState::default())
    }

    /// Goes on from a checkpoint.
    pub fn resume(metric: Metric, patience: Option<usize>, state: BestState) -> Self {
        Self { metric, patience, state }
    }

    pub fn metric(&self) -> Metric {
        self.metric
    }

    pub fn state(&self) -> &BestState {
        &self.state
    }

    /// Records the value of the next epoch. An equal value is no improvement, nor is NaN or infinity.
    pub fn epoch(&mut self, value: f64) -> Verdict {
        let state = &mut self.state;
        let improved = improves(self.metric, value, state.best_value);
        if improved {
            state.best_epoch = Some(state.epochs);
            state.best_value = Some(value);
            state.epochs_without_improvement = 0;
        } else {
            state.epochs_without_improvement += 1;
        }
        state.epochs += 1;
        let stop = !improved && self.patience.is_some_and(|patience| state.epochs_without_improvement >= patience);
        Verdict { improved, stop }
    }
}

/// Whether `value` is better than the best one so far; any finite value is better than none.
pub(super) fn improves(metric: Metric, value: f64, best: Option<f64>) -> bool {
    value.is_finite() && best.is_none_or(|best| metric.improves(value, best))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdicts(best: &mut Best, values: &[f64]) -> Vec<(bool, bool)> {
        values.iter().map(|value| best.epoch(*value)).map(|verdict| (verdict.improved, verdict.stop)).collect()
    }

    #[test]
    fn patience_counts_epochs_without_a_better_value() {
        let mut best = Best::new(Metric::ValidLoss, Some(2));
        let seen = verdicts(&mut best, &[0.9, 0.8, 0.8, 0.7, 0.75, 0.71]);
        let (up, flat, stop) = ((true, false), (false, false), (false, true));
        assert_eq!(seen, [up, up, flat, up, flat, stop]);
        assert_eq!((best.state().best_epoch, best.state().best_value), (Some(3), Some(0.7)));
    }

    #[test]
    fn accuracy_improves_upwards_and_without_patience_nothing_stops() {
        let mut best = Best::new(Metric::ValidAccuracy, None);
        let seen = verdicts(&mut best, &[0.5, 0.4, 0.6, 0.1, 0.1, 0.1]);
        assert!(seen.iter().all(|(_, stop)| !stop));
        assert_eq!(best.state().best_epoch, Some(2));
    }

    #[test]
    fn nan_never_improves() {
        let mut best = Best::new(Metric::TrainLoss, Some(2));
        assert_eq!(verdicts(&mut best, &[f64::NAN, f64::INFINITY]), [(false, false), (false, true)]);
        assert_eq!(best.state().best_epoch, None);
        assert!(best.epoch(3.0).improved);
        assert!(!best.epoch(f64::NAN).improved);
    }

    #[test]
    fn a_checkpoint_goes_on_where_it_was() {
        let mut whole = Best::new(Metric::ValidLoss, Some(3));
        let mut first = whole.clone();
        let values = [0.9, 0.95, 0.97, 0.85, f64::NAN, 0.9, 0.86];
        let expected = verdicts(&mut whole, &values);
        let mut seen = verdicts(&mut first, &values[..3]);
        let json = serde_json::to_string(first.state()).unwrap();
        let mut second = Best::resume(Metric::ValidLoss, Some(3), serde_json::from_str(&json).unwrap());
        seen.extend(verdicts(&mut second, &values[3..]));
        assert_eq!(seen, expected);
    }
}
