//! The learning rate of every step: warm-up, then a schedule, by the formulas of `torch.optim.lr_scheduler`.

use serde::{Deserialize, Serialize};

use super::monitor::improves;
use crate::ir::{Metric, Schedule};

/// The smallest change of the learning rate that a plateau makes, PyTorch's `eps`.
const SMALLEST_CHANGE: f64 = 1e-8;

/// The learning rate over one training.
///
/// During warm-up step `s` (from 0) has `base * (s + 1) / warmup_steps`. Then a cosine falls over the steps that are
/// left, so that the two join; `Step` counts epochs from the start of training; a plateau counts epochs without
/// improvement from the end of warm-up.
#[derive(Debug, Clone)]
pub struct LearningRate {
    schedule: Schedule,
    base: f64,
    warmup_steps: u64,
    steps_per_epoch: u64,
    steps: u64,
    plateau: PlateauState,
}

/// What a schedule remembers from epoch to epoch; goes into a checkpoint. Only a plateau uses more than the count.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlateauState {
    /// Epochs ended.
    pub epochs: u64,
    /// The learning rate after the reductions so far.
    pub learning_rate: f64,
    /// The best value of the monitored metric.
    pub best: Option<f64>,
    /// Epochs without a better one, since then or since the last reduction.
    pub bad_epochs: usize,
}

impl LearningRate {
    /// `base` is what the file says; `steps_per_epoch` batches make an epoch.
    pub fn new(schedule: &Schedule, base: f64, warmup_steps: usize, steps_per_epoch: usize, epochs: usize) -> Self {
        Self {
            schedule: schedule.clone(),
            base,
            warmup_steps: warmup_steps as u64,
            steps_per_epoch: steps_per_epoch.max(1) as u64,
            steps: (steps_per_epoch as u64).saturating_mul(epochs as u64),
            plateau: PlateauState { epochs: 0, learning_rate: base, best: None, bad_epochs: 0 },
        }
    }

    /// The learning rate of a step, counted from 0 over all epochs.
    pub fn at(&self, step: u64) -> f64 {
        if step < self.warmup_steps {
            return self.base * (step + 1) as f64 / self.warmup_steps as f64;
        }
        match self.schedule {
            Schedule::Constant => self.base,
            Schedule::Step { step_size, gamma } => {
                let reductions = step / self.steps_per_epoch / step_size.max(1) as u64;
                self.base * gamma.powf(reductions as f64)
            }
            Schedule::Cosine { min_lr } => {
                let length = self.steps.saturating_sub(self.warmup_steps).max(1);
                let progress = ((step - self.warmup_steps) as f64 / length as f64).min(1.0);
                min_lr + (self.base - min_lr) * (1.0 + (std::f64::consts::PI * progress).cos()) / 2.0
            }
            Schedule::Plateau { .. } => self.plateau.learning_rate,
        }
    }

    /// Tells a plateau how the epoch went (`ReduceLROnPlateau` with `threshold=0`). Other schedules do not care.
    pub fn epoch_ended(&mut self, value: f64, metric: Metric) {
        let state = &mut self.plateau;
        state.epochs += 1;
        let Schedule::Plateau { factor, patience, min_lr } = self.schedule else { return };
        if improves(metric, value, state.best) {
            state.best = Some(value);
            state.bad_epochs = 0;
        } else if state.epochs.saturating_mul(self.steps_per_epoch) > self.warmup_steps {
            state.bad_epochs += 1;
        }
        if state.bad_epochs > patience {
            let reduced = (state.learning_rate * factor).max(min_lr);
            if state.learning_rate - reduced > SMALLEST_CHANGE {
                state.learning_rate = reduced;
            }
            state.bad_epochs = 0;
        }
    }

    pub fn state(&self) -> &PlateauState {
        &self.plateau
    }

    /// Goes on from a checkpoint.
    pub fn restore(&mut self, state: PlateauState) {
        self.plateau = state;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_close(seen: &[f64], expected: &[f64]) {
        assert_eq!(seen.len(), expected.len());
        for (i, (a, b)) in seen.iter().zip(expected).enumerate() {
            assert!((a - b).abs() < 1e-12, "step {i}: {a} instead of {b}");
        }
    }

    fn steps(rate: &LearningRate, count: u64) -> Vec<f64> {
        (0..count).map(|step| rate.at(step)).collect()
    }

    // The expected numbers below are what this prints for each scheduler, one step of it an epoch or a step:
    // from torch.optim.lr_scheduler import *
    // def rates(scheduler, count, values=None):
    //     optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.1)
    //     schedule = scheduler(optimizer)
    //     for i in range(count):
    //         print(optimizer.param_groups[0]["lr"])
    //         optimizer.step()
    //         schedule.step(values[i]) if values else schedule.step()

    // rates(lambda o: StepLR(o, step_size=2, gamma=0.3), 6)
    #[test]
    fn step_is_step_lr() {
        let rate = LearningRate::new(&Schedule::Step { step_size: 2, gamma: 0.3 }, 0.1, 0, 3, 6);
        let each_epoch: Vec<f64> = (0..6).map(|epoch| rate.at(3 * epoch)).collect();
        assert_close(&each_epoch, &[0.1, 0.1, 0.03, 0.03, 0.009, 0.009]);
        assert_close(&steps(&rate, 7), &[0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.03]);
    }

    // rates(lambda o: CosineAnnealingLR(o, T_max=6, eta_min=0.01), 6)
    #[test]
    fn cosine_is_cosine_annealing_lr_step_by_step() {
        let rate = LearningRate::new(&Schedule::Cosine { min_lr: 0.01 }, 0.1, 0, 3, 2);
        let expected = [0.1, 0.09397114317029975, 0.0775, 0.055, 0.0325, 0.01602885682970026];
        assert_close(&steps(&rate, 6), &expected);
    }

    // rates(lambda o: SequentialLR(o, [LinearLR(o, start_factor=1/4, total_iters=3), CosineAnnealingLR(o, T_max=6)],
    //                              milestones=[4]), 10)
    #[test]
    fn warm_up_joins_the_cosine() {
        let rate = LearningRate::new(&Schedule::Cosine { min_lr: 0.0 }, 0.1, 4, 5, 2);
        let expected = [0.025, 0.05, 0.075, 0.1, 0.1, 0.09330127018922195, 0.075, 0.05, 0.025, 0.006698729810778065];
        assert_close(&steps(&rate, 10), &expected);
    }

    const PLATEAU: Schedule = Schedule::Plateau { factor: 0.1, patience: 1, min_lr: 0.002 };
    const LOSSES: [f64; 13] = [1.0, 0.8, 0.9, 0.8, 0.85, 0.7, 0.71, 0.72, 0.73, 0.74, f64::NAN, 0.75, 0.9];

    fn plateau_epochs(rate: &mut LearningRate, losses: &[f64]) -> Vec<f64> {
        let one = |loss: &f64| {
            let before = rate.at(rate.state().epochs * 2);
            rate.epoch_ended(*loss, Metric::ValidLoss);
            before
        };
        losses.iter().map(one).collect()
    }

    // rates(lambda o: ReduceLROnPlateau(o, factor=0.1, patience=1, threshold=0, min_lr=0.002), 13, LOSSES)
    #[test]
    fn plateau_is_reduce_lr_on_plateau() {
        let mut rate = LearningRate::new(&PLATEAU, 0.1, 0, 2, 13);
        let expected = [0.1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.01, 0.01, 0.002, 0.002, 0.002, 0.002, 0.002];
        assert_close(&plateau_epochs(&mut rate, &LOSSES), &expected);
    }

    #[test]
    fn a_plateau_goes_on_from_its_state() {
        let mut whole = LearningRate::new(&PLATEAU, 0.1, 0, 2, 13);
        let (mut first, mut second) = (whole.clone(), whole.clone());
        let expected = plateau_epochs(&mut whole, &LOSSES);
        let mut seen = plateau_epochs(&mut first, &LOSSES[..3]);
        let json = serde_json::to_string(first.state()).unwrap();
        second.restore(serde_json::from_str(&json).unwrap());
        seen.extend(plateau_epochs(&mut second, &LOSSES[3..]));
        assert_eq!(seen, expected);
    }

    #[test]
    fn a_plateau_waits_for_the_end_of_warm_up() {
        let mut rate = LearningRate::new(&Schedule::Plateau { factor: 0.5, patience: 0, min_lr: 0.0 }, 0.1, 4, 2, 9);
        for _ in 0..3 {
            rate.epoch_ended(0.5, Metric::ValidAccuracy);
        }
        // The first epoch is the best, the second ends inside warm-up, the third counts.
        assert_close(&[rate.at(0), rate.at(3), rate.at(6)], &[0.025, 0.1, 0.05]);
    }

    #[test]
    fn odd_lengths_do_no_harm() {
        let warm_up_only = LearningRate::new(&Schedule::Cosine { min_lr: 0.0 }, 0.1, 50, 2, 3);
        assert_close(&[warm_up_only.at(5), warm_up_only.at(50)], &[0.012, 0.1]);
        let nothing = LearningRate::new(&Schedule::Step { step_size: 0, gamma: 0.1 }, 0.1, 0, 0, 0);
        assert!(nothing.at(0).is_finite());
        assert_eq!(LearningRate::new(&Schedule::Constant, 0.1, 0, 10, 10).at(99), 0.1);
    }
}
