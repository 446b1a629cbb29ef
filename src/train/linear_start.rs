//! Linear start (Sukhbaatar et al. 2015): training begins without the softmaxes that ask for it, and puts them back when the
//! loss stops falling.

use super::EpochRecord;

/// Without a lower loss for one of so many parts of a training it ends, but not after a single epoch.
const PATIENCE: usize = 10;
/// It lasts at most one of so many parts of a training, so that most of it is that of the model as it is written.
const PART: usize = 4;

/// Whether the next epoch of `epochs` is linear still, after those of `history`.
pub fn goes_on(history: &[&EpochRecord], epochs: usize) -> bool {
    let losses: Vec<f64> = history.iter().map(|record| record.watched_loss()).collect();
    let lowest = (0..losses.len()).reduce(|best, i| if losses[i] < losses[best] { i } else { best });
    let falling = lowest.is_none_or(|lowest| losses.len() - 1 - lowest < (epochs / PATIENCE).max(2));
    history.len() < epochs / PART && falling && history.iter().all(|record| record.linear_start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(loss: f64) -> EpochRecord {
        let line = serde_json::json!({
            "epoch": 1, "train_loss": 9.0, "valid_loss": loss, "linear_start": true, "learning_rate": 0.1,
            "examples_per_second": 1.0, "seconds": 1.0, "best": false,
        });
        serde_json::from_value(line).unwrap()
    }

    fn after(losses: &[f64], epochs: usize) -> bool {
        let records: Vec<EpochRecord> = losses.iter().map(|loss| record(*loss)).collect();
        goes_on(&records.iter().collect::<Vec<_>>(), epochs)
    }

    #[test]
    fn it_ends_when_the_loss_stops_falling() {
        assert!(after(&[], 100));
        assert!(after(&[3.0, 2.0, 2.5], 20), "one epoch may be worse");
        assert!(!after(&[3.0, 2.0, 2.0, 2.5], 20));
        assert!(after(&[3.0, 2.0, 2.5, 1.9], 20));
        assert!(
            after(&[[3.0, 2.0].as_slice(), &[2.5; 9]].concat(), 100)
                && !after(&[[3.0, 2.0].as_slice(), &[2.5; 10]].concat(), 100)
        );
    }

    #[test]
    fn it_lasts_a_quarter_at_most_and_never_comes_back() {
        let falling: Vec<f64> = (0..25).map(|i| 3.0 - f64::from(i) / 10.0).collect();
        assert!(after(&falling[..24], 100) && !after(&falling, 100));
        assert!(!after(&[], 3));
        let mut records = [record(3.0), record(2.0)];
        records[1].linear_start = false;
        assert!(!goes_on(&records.iter().collect::<Vec<_>>(), 100));
    }
}
