//! One training from start to finish: restarts of epochs of steps, the best epoch kept, a checkpoint after each.
//!
//! It draws no random number by itself: everything is keyed by seed, epoch and step, so a run that stops anywhere goes
//! on as if it had not.

use std::path::PathBuf;
use std::time::Instant;

use super::checkpoint::{Checkpoint, Counted, Position};
use super::record::{self, EpochRecord, RunFiles};
use super::setup::Setup;
use super::step::{norm, settle_all, settle_rows, update};
use super::{
    Best, EpochLine, Evaluation, LearningRate, Optimizer, Progress, TrainError, Verdict, linear_start, progress,
};
use crate::data::Order;
use crate::ir::Target;
use crate::lower::{Mode, predicted, to_scalar};
use crate::predictor::{evaluate, right};

/// How a training ended.
// There is one of it in a run: its size is nobody's concern.
#[allow(clippy::large_enum_variant)]
pub enum Outcome {
    /// The figures of the best epoch; `test` only where there is test data.
    Done {
        best_epoch: usize,
        restart: Option<usize>,
        epochs: usize,
        valid: Option<Evaluation>,
        test: Option<Evaluation>,
    },
    /// Stopped from outside, everything written.
    Interrupted { epoch: usize, step: usize },
}

/// A mean cross entropy above this is past all hope: every class equally likely costs the logarithm of their number.
const HOPELESS: f64 = 1e6;

/// Trains until the epochs, the patience or `stop` end it, once for each restart.
pub fn run(mut setup: Setup, out: PathBuf, resume: bool, stop: &dyn Fn() -> bool) -> Result<Outcome, TrainError> {
    let files = RunFiles::prepare(&out)?;
    let mut checkpoint = if resume { Some(Checkpoint::read(&files.checkpoint)?) } else { None };
    let restarts = setup.train.restarts.max(1);
    let first = checkpoint.as_ref().map_or(0, Checkpoint::restart).min(restarts - 1);
    let mut history: Vec<EpochRecord> = Vec::new();
    for restart in first..restarts {
        if restart > 0 {
            setup.restart(restart)?;
        }
        match self::restart(&mut setup, &files, restart, checkpoint.take(), &mut history, stop) {
            Ok(None) => {}
            Ok(Some(interrupted)) => return Ok(interrupted),
            // Another restart may do better, or has.
            Err(error @ TrainError::Diverged { .. })
                if restarts > 1 && (restart + 1 < restarts || best_epoch(&history).is_some()) =>
            {
                progress::say(&format!("restart {}: {error}", restart + 1));
            }
            Err(error) => return Err(error),
        }
    }
    files.finish(&mut setup, &history)
}

/// Trains once; gives an outcome only where it was interrupted.
fn restart(
    setup: &mut Setup,
    files: &RunFiles,
    restart: usize,
    checkpoint: Option<Checkpoint>,
    history: &mut Vec<EpochRecord>,
    stop: &dyn Fn() -> bool,
) -> Result<Option<Outcome>, TrainError> {
    let train = setup.train.clone();
    let steps_per_epoch = setup.steps_per_epoch();
    let sizes: Vec<usize> = setup.predictor.network.values()?.iter().map(Vec::len).collect();
    let mut optimizer = Optimizer::new(&train.optimizer, train.sparse, &sizes);
    let mut rate =
        LearningRate::new(&train.schedule, train.learning_rate, train.warmup_steps, steps_per_epoch, train.epochs);
    let mut best = Best::new(train.monitor, train.patience);
    let mut position = Position { restart, ..Position::default() };
    if let Some(checkpoint) = checkpoint {
        checkpoint.restore(setup, restart, &mut optimizer, &mut rate, &mut best, &mut position, history)?;
    }
    let numbered = (train.restarts > 1).then_some(restart + 1);
    let loss = setup.predictor.loss.clone();
    let choices = setup.predictor.model.target.choices().is_some();
    // An example of a language model is a token.
    let by_token = matches!(setup.predictor.model.target, Target::Next(_));
    let unit = if by_token { "tokens" } else { "examples" };
    let mut progress = Progress::new(train.epochs, setup.dataset.train.examples(), unit, choices);
    let mut stopped_early = position.stopped;

    while position.epoch < train.epochs && !stopped_early {
        let epoch = position.epoch;
        let own: Vec<&EpochRecord> = history.iter().filter(|record| record.is_of(restart)).collect();
        let linear = setup.predictor.network.has_linear_start() && linear_start::goes_on(&own, train.epochs);
        setup.predictor.network.set_linear(linear);
        let order = Order::Shuffled { seed: train.seed, epoch: epoch as u64 };
        let pass = setup.dataset.train.pass(train.batch_size, train.bptt.unwrap_or(1), order);
        progress.begin_epoch(epoch + 1);
        let started = Instant::now();
        let (seconds_before, seen_before) = (position.seconds, position.seen);
        for i in position.step..pass.len() {
            if stop() {
                position.seconds = seconds_before + started.elapsed().as_secs_f64();
                progress.finish();
                settle_all(&mut setup.predictor.network, &mut optimizer)?;
                Checkpoint::write(&files.checkpoint, setup, &optimizer, &rate, &best, &position, history)?;
                return Ok(Some(Outcome::Interrupted { epoch: epoch + 1, step: position.step }));
            }
            let batch = pass.batch(i);
            let mode = Mode::Train { seed: train.seed, step: optimizer.steps() };
            let network = &mut setup.predictor.network;
            settle_rows(network, &mut optimizer, &batch.texts)?;
            let scores = [setup.predictor.model.logits];
            let logits = match pass.continues() {
                true => network.read_on(&scores, &batch.texts, mode, &mut position.states)?,
                false => network.forward(&scores, &batch.texts, mode)?,
            };
            let mean = loss.mean(&logits[0], &batch.expected)?;
            let value = to_scalar(&mean)?;
            let predicted = predicted(&logits[0], &batch.expected)?;
            let mut gradients = network.gradients(&mean)?;
            let norm = norm(&gradients);
            if hopeless(value) || !norm.is_finite() {
                progress.finish();
                // These weights are spoiled already. The last good ones, of the epochs before, stay as they are written.
                return Err(TrainError::Diverged {
                    epoch: epoch + 1,
                    step: position.step + 1,
                    loss: value,
                    norm,
                    rate: rate.at(optimizer.steps()),
                    best_epoch: best_epoch(history),
                });
            }
            drop((logits, mean));
            let learning_rate = rate.at(optimizer.steps());
            update(network, &mut optimizer, &mut gradients, norm, train.clip, learning_rate)?;
            let step = Counted {
                loss: value,
                weight: loss.weight(&batch.expected),
                correct: right(&predicted, &batch.expected),
                answers: batch.expected.count(),
                examples: if by_token { batch.expected.count() } else { batch.indices.len() },
            };
            position.add(&step);
            progress.step(&step);
        }
        settle_all(&mut setup.predictor.network, &mut optimizer)?;
        let seconds = started.elapsed().as_secs_f64();
        let valid = match &setup.dataset.valid {
            Some(split) => Some(evaluate(&setup.predictor, split)?),
            None => None,
        };
        // The last step may have spoiled the weights with no loss after it to show that.
        if let Some(loss) = spoiled(setup, valid.as_ref())? {
            progress.finish();
            return Err(TrainError::Diverged {
                epoch: epoch + 1,
                step: position.step,
                loss,
                norm: f64::NAN,
                rate: rate.at(optimizer.steps().saturating_sub(1)),
                best_epoch: best_epoch(history),
            });
        }
        let mut record = EpochRecord {
            restart: numbered,
            epoch: epoch + 1,
            linear_start: linear,
            train_loss: position.mean_loss(),
            train_accuracy: setup.predictor.model.target.choices().map(|_| position.accuracy()),
            valid_loss: valid.as_ref().map(|v| v.loss),
            valid_accuracy: valid.as_ref().and_then(Evaluation::accuracy),
            valid_macro_f1: valid.as_ref().and_then(Evaluation::macro_f1),
            valid_root_accuracy: valid.as_ref().and_then(Evaluation::root_accuracy),
            valid_perplexity: valid.as_ref().and_then(Evaluation::perplexity),
            valid_mean_absolute_error: valid.as_ref().and_then(Evaluation::mean_absolute_error),
            learning_rate: rate.at(optimizer.steps().saturating_sub(1)),
            examples_per_second: (position.seen - seen_before) as f64 / seconds.max(1e-9),
            seconds: seconds_before + seconds,
            best: false,
        };
        let watched = record.value(train.monitor);
        // A linear epoch is one of another model: it is neither the best nor one that patience counts.
        let mut verdict = Verdict { improved: false, stop: false };
        if !linear {
            verdict = best.epoch(watched);
            rate.epoch_ended(watched, train.monitor);
        }
        let kept = record::best(history).map(|record| record.value(train.monitor));
        record.best = verdict.improved && kept.is_none_or(|kept| train.monitor.improves(watched, kept));
        progress.epoch(&EpochLine {
            restart: numbered.map(|restart| (restart, train.restarts)),
            epoch: record.epoch,
            epochs: train.epochs,
            loss: record.train_loss,
            accuracy: record.train_accuracy,
            valid: record.valid_loss.map(|loss| (loss, record.valid_accuracy)),
            examples_per_second: record.examples_per_second,
            unit,
            seconds: record.seconds,
            best: record.best,
        });
        history.push(record);
        if history.last().is_some_and(|record| record.best) || history.len() == 1 {
            files.write_model(setup, history, valid.as_ref())?;
        }
        stopped_early = verdict.stop;
        position = Position { restart, epoch: epoch + 1, stopped: stopped_early, ..Position::default() };
        files.write_metrics(history)?;
        Checkpoint::write(&files.checkpoint, setup, &optimizer, &rate, &best, &position, history)?;
    }
    progress.finish();
    if stopped_early {
        progress.note(&format!(
            "stopped: {} epochs without a better {}",
            train.patience.unwrap_or(0),
            train.monitor.name()
        ));
    }
    Ok(None)
}

fn hopeless(loss: f64) -> bool {
    !loss.is_finite() || loss > HOPELESS
}

/// The loss of weights that are good for nothing: that of the validation data, or none at all.
fn spoiled(setup: &Setup, valid: Option<&Evaluation>) -> Result<Option<f64>, TrainError> {
    if let Some(valid) = valid.filter(|valid| hopeless(valid.loss)) {
        return Ok(Some(valid.loss));
    }
    let finite = setup.predictor.network.values()?.iter().flatten().all(|weight| weight.is_finite());
    Ok((!finite).then_some(f64::NAN))
}

/// The epoch whose weights are the model, from 1.
fn best_epoch(history: &[EpochRecord]) -> Option<usize> {
    record::best(history).map(|record| record.epoch)
}
