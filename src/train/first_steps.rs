//! Whether the loss grows where it should fall: in the first steps of a training.

use super::{Counted, Epoch, Watch};

/// The losses of so many steps are where it began.
const BEGINNING: usize = 5;

/// The mean of so many losses is compared with that: single batches vary.
const RECENT: usize = 10;

/// After so many steps the loss is past its beginning, and rises for other reasons than a first rate that is too large.
const FIRST: usize = 100;

/// So many times what it was: more than batches differ, and less than it takes to be lost.
const GROWN: f64 = 1.5;

/// A watcher's companion: passes everything on, and lets it note a loss that grows.
pub struct FirstSteps<'w> {
    watch: &'w mut dyn Watch,
    /// What to say of a loss that grew from one number to another.
    say: &'w dyn Fn(f64, f64) -> String,
    /// Of the training so far; nothing of one that goes on from a checkpoint, or where everything has been said.
    losses: Option<Vec<f64>>,
}

impl<'w> FirstSteps<'w> {
    pub fn new(watch: &'w mut dyn Watch, say: &'w dyn Fn(f64, f64) -> String) -> Self {
        Self { watch, say, losses: None }
    }
}

impl Watch for FirstSteps<'_> {
    fn begin_epoch(&mut self, restart: usize, epoch: usize) {
        if epoch == 1 {
            self.losses = Some(Vec::new());
        }
        self.watch.begin_epoch(restart, epoch);
    }

    fn step(&mut self, step: &Counted) {
        self.watch.step(step);
        let Some(losses) = &mut self.losses else { return };
        losses.push(step.loss);
        let grown = grown(losses);
        if grown.is_some() || losses.len() == FIRST {
            self.losses = None;
        }
        if let Some((before, now)) = grown {
            self.watch.note(&(self.say)(before, now));
        }
    }

    fn epoch(&mut self, epoch: &Epoch) {
        self.watch.epoch(epoch);
    }

    fn note(&mut self, text: &str) {
        self.watch.note(text);
    }

    fn end(&mut self) {
        self.watch.end();
    }
}

/// The loss at the beginning and now, where it has grown.
fn grown(losses: &[f64]) -> Option<(f64, f64)> {
    let recent = losses.len().checked_sub(RECENT).filter(|start| *start >= BEGINNING)?;
    let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len() as f64;
    let (before, now) = (mean(&losses[..BEGINNING]), mean(&losses[recent..]));
    (now > GROWN * before).then_some((before, now))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(losses: impl IntoIterator<Item = f64>) -> Option<usize> {
        let losses: Vec<f64> = losses.into_iter().collect();
        (1..=losses.len()).find(|n| grown(&losses[..*n]).is_some())
    }

    #[test]
    fn a_loss_that_falls_or_jumps_once_is_no_finding_and_one_that_rises_is() {
        assert_eq!(first((0..99).map(|i| 0.7 / (1.0 + f64::from(i)))), None);
        assert_eq!(first((0..99).map(|i| if i == 40 { 4.0 } else { 0.7 })), None);
        assert_eq!(first((0..99).map(|i| 0.7 + 0.1 * f64::from(i))), Some(BEGINNING + RECENT));
        assert_eq!(first((0..99).map(|i| if i < 30 { 0.7 } else { 1.4 })), Some(35));
    }
}
