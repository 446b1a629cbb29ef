//! One training: epochs of steps, the best epoch kept, a checkpoint after each.
//!
//! It draws no random number by itself: everything is keyed by seed, epoch and step, so a training that stops anywhere
//! goes on as if it had not.

use std::time::{Duration, Instant};

use super::checkpoint::{Checkpoint, Counted, Position};
use super::record::{self, EpochRecord, RunFiles};
use super::step::{norm, settle_all, settle_rows, update};
use super::watch::{Epoch, Watch};
use super::{Best, Evaluation, LearningRate, Optimizer, Setup, TrainError, Verdict, linear_start, memory};
use crate::data::{Batch, Order};
use crate::ir::Target;
use crate::lower::{Mode, predicted, to_scalar};
use crate::predictor::{evaluate, right};

/// A mean cross entropy above this is past all hope: every class equally likely costs the logarithm of their number.
const HOPELESS: f64 = 1e6;

/// Everything that changes while a model is trained.
pub struct Training<'t> {
    setup: &'t mut Setup,
    files: &'t RunFiles,
    /// Of all restarts.
    history: &'t mut Vec<EpochRecord>,
    optimizer: Optimizer,
    rate: LearningRate,
    best: Best,
    position: Position,
    /// Whether nothing of it is written yet.
    fresh: bool,
    checkpoint_every: Duration,
    /// When the last checkpoint was written, and how long that took.
    written: (Instant, Duration),
}

/// Where a training was stopped: an epoch, from 1, and how many steps of it are done.
pub type Stopped = (usize, usize);

impl<'t> Training<'t> {
    /// From its first step, or from where `checkpoint` was written.
    pub fn begin(
        setup: &'t mut Setup,
        files: &'t RunFiles,
        restart: usize,
        checkpoint: Option<Checkpoint>,
        history: &'t mut Vec<EpochRecord>,
    ) -> Result<Self, TrainError> {
        let train = &setup.train;
        let steps = setup.steps_per_epoch();
        let sizes: Vec<usize> = setup.predictor.network.values()?.iter().map(Vec::len).collect();
        let mut optimizer = Optimizer::new(&train.optimizer, train.sparse, &sizes);
        let mut rate = LearningRate::new(&train.schedule, train.learning_rate, train.warmup_steps, steps, train.epochs);
        let mut best = Best::new(train.monitor, train.patience);
        let mut position = Position { restart, ..Position::default() };
        let fresh = checkpoint.is_none();
        if let Some(checkpoint) = checkpoint {
            checkpoint.restore(setup, restart, &mut optimizer, &mut rate, &mut best, &mut position, history)?;
        }
        let (checkpoint_every, written) = (Duration::MAX, (Instant::now(), Duration::ZERO));
        Ok(Self { setup, files, history, optimizer, rate, best, position, fresh, checkpoint_every, written })
    }

    /// Writes a checkpoint in the middle of an epoch after so much time, but spends little of it on that.
    pub fn checkpoint_every(&mut self, time: Duration) {
        self.checkpoint_every = time;
    }

    /// Trains until the epochs, the patience or `stop` end it; says where, if it was `stop`.
    pub fn train(&mut self, watch: &mut dyn Watch, stop: &dyn Fn() -> bool) -> Result<Option<Stopped>, TrainError> {
        // A process that is killed in the first epoch has something to go on from.
        if self.fresh {
            self.write_checkpoint()?;
        }
        while self.position.epoch < self.setup.train.epochs && !self.position.stopped {
            if let Some(stopped) = self.epoch(watch, stop)? {
                return Ok(Some(stopped));
            }
        }
        let train = &self.setup.train;
        if let (true, Some(patience)) = (self.position.stopped, train.patience) {
            watch.note(&format!("stopped: {patience} epochs without a better {}", train.monitor.name()));
        }
        Ok(None)
    }

    /// What is left of an epoch.
    fn epoch(&mut self, watch: &mut dyn Watch, stop: &dyn Fn() -> bool) -> Result<Option<Stopped>, TrainError> {
        let train = &self.setup.train;
        let Position { restart, epoch, .. } = self.position;
        let own: Vec<&EpochRecord> = self.history.iter().filter(|record| record.is_of(restart)).collect();
        let linear = self.setup.predictor.network.has_linear_start() && linear_start::goes_on(&own, train.epochs);
        self.setup.predictor.network.set_linear(linear);
        let order = Order::Shuffled { seed: train.seed, epoch: epoch as u64 };
        let dataset = self.setup.dataset.clone();
        let pass = dataset.train.pass(train.batch_size, train.bptt.unwrap_or(1), order);
        watch.begin_epoch(restart + 1, epoch + 1);
        let started = Instant::now();
        let (seconds_before, before) = (self.position.seconds, (self.position.seen, self.position.tokens));
        for i in self.position.step..pass.len() {
            if stop() {
                self.position.seconds = seconds_before + started.elapsed().as_secs_f64();
                settle_all(&mut self.setup.predictor.network, &mut self.optimizer)?;
                self.write_checkpoint()?;
                return Ok(Some((epoch + 1, self.position.step)));
            }
            let step = self.step(&pass.batch(i), pass.continues())?;
            self.position.add(&step);
            watch.step(&step);
            if self.written.0.elapsed() >= self.checkpoint_every.max(20 * self.written.1) {
                self.position.seconds = seconds_before + started.elapsed().as_secs_f64();
                settle_all(&mut self.setup.predictor.network, &mut self.optimizer)?;
                self.write_checkpoint()?;
            }
        }
        settle_all(&mut self.setup.predictor.network, &mut self.optimizer)?;
        let seconds = started.elapsed().as_secs_f64();
        self.position.seconds = seconds_before + seconds;
        let speed = |count: usize| count as f64 / seconds.max(1e-9);
        let speeds = (speed(self.position.seen - before.0), speed(self.position.tokens - before.1));
        self.end_epoch(linear, speeds, watch)?;
        Ok(None)
    }

    /// One step on one batch, which is read on from the last where the text is continuous.
    fn step(&mut self, batch: &Batch, continues: bool) -> Result<Counted, TrainError> {
        let Setup { train, predictor, .. } = &mut *self.setup;
        let (network, loss) = (&mut predictor.network, &predictor.loss);
        let mode = Mode::Train { seed: train.seed, step: self.optimizer.steps() };
        settle_rows(network, &mut self.optimizer, &batch.texts)?;
        let scores = [predictor.model.logits];
        let logits = match continues {
            true => network.read_on(&scores, &batch.texts, mode, &mut self.position.states)?,
            false => network.forward(&scores, &batch.texts, mode)?,
        };
        let mean = loss.mean(&logits[0], &batch.expected)?;
        let value = to_scalar(&mean)?;
        let predicted = predicted(&logits[0], &batch.expected)?;
        let mut gradients = network.gradients(&mean)?;
        let norm = norm(&gradients);
        let learning_rate = self.rate.at(self.optimizer.steps());
        if hopeless(value) || !norm.is_finite() {
            // These weights are spoiled already. The last good ones, of the epochs before, stay as they are written.
            return Err(self.diverged(self.position.step + 1, value, norm, learning_rate));
        }
        drop((logits, mean));
        let clipped = update(network, &mut self.optimizer, &mut gradients, norm, train.clip, learning_rate)?;
        // An example of a language model is a token.
        let by_token = matches!(predictor.model.target, Target::Next(_));
        Ok(Counted {
            loss: value,
            weight: loss.weight(&batch.expected),
            correct: right(&predicted, &batch.expected),
            answers: batch.expected.count(),
            examples: if by_token { batch.expected.count() } else { batch.indices.len() },
            tokens: batch.texts.values().flat_map(|tokens| &tokens.lengths).map(|length| *length as usize).sum(),
            norm,
            clipped,
        })
    }

    /// Evaluates, keeps the best, writes everything.
    fn end_epoch(&mut self, linear: bool, speeds: (f64, f64), watch: &mut dyn Watch) -> Result<(), TrainError> {
        let learning_rate = self.rate.at(self.optimizer.steps().saturating_sub(1));
        let started = Instant::now();
        let valid = match &self.setup.dataset.valid {
            Some(split) => Some(evaluate(&self.setup.predictor, split)?),
            None => None,
        };
        let valid_seconds = valid.as_ref().map(|_| started.elapsed().as_secs_f64());
        // The last step may have spoiled the weights with no loss after it to show that.
        if let Some(loss) = spoiled(self.setup, valid.as_ref())? {
            return Err(self.diverged(self.position.step, loss, f64::NAN, learning_rate));
        }
        let train = &self.setup.train;
        let Position { restart, epoch, .. } = self.position;
        let mut record = EpochRecord {
            restart: (train.restarts > 1).then_some(restart + 1),
            epoch: epoch + 1,
            linear_start: linear,
            train_loss: self.position.mean_loss(),
            train_accuracy: self.setup.predictor.model.target.choices().map(|_| self.position.accuracy()),
            valid_loss: valid.as_ref().map(|v| v.loss),
            valid_accuracy: valid.as_ref().and_then(Evaluation::accuracy),
            valid_macro_f1: valid.as_ref().and_then(Evaluation::macro_f1),
            valid_root_accuracy: valid.as_ref().and_then(Evaluation::root_accuracy),
            valid_perplexity: valid.as_ref().and_then(Evaluation::perplexity),
            valid_mean_absolute_error: valid.as_ref().and_then(Evaluation::mean_absolute_error),
            learning_rate,
            steps: self.position.step,
            gradient_norm: self.position.norms / self.position.step.max(1) as f64,
            largest_gradient_norm: self.position.largest_norm,
            clipped: train.clip.map(|_| self.position.clipped as f64 / self.position.step.max(1) as f64),
            examples_per_second: speeds.0,
            tokens_per_second: speeds.1,
            seconds: self.position.seconds,
            valid_seconds,
            peak_memory: memory::peak(),
            best: false,
        };
        let watched = record.value(train.monitor);
        // A linear epoch is one of another model: it is neither the best nor one that patience counts.
        let mut verdict = Verdict { improved: false, stop: false };
        if !linear {
            verdict = self.best.epoch(watched);
            self.rate.epoch_ended(watched, train.monitor);
        }
        let kept = record::best(self.history).map(|record| record.value(train.monitor));
        record.best = verdict.improved && kept.is_none_or(|kept| train.monitor.improves(watched, kept));
        let is_model = record.best || self.history.is_empty();
        self.history.push(record);
        if is_model {
            self.files.write_model(self.setup, self.history, valid.as_ref())?;
        }
        self.position = Position { restart, epoch: epoch + 1, stopped: verdict.stop, ..Position::default() };
        self.files.write_metrics(self.history)?;
        self.write_checkpoint()?;
        watch.epoch(&Epoch { setup: self.setup, history: self.history, valid: valid.as_ref() });
        Ok(())
    }

    fn write_checkpoint(&mut self) -> Result<(), TrainError> {
        let started = Instant::now();
        let Self { setup, files, history, optimizer, rate, best, position, .. } = self;
        Checkpoint::write(&files.checkpoint, setup, optimizer, rate, best, position, history)?;
        self.written = (Instant::now(), started.elapsed());
        Ok(())
    }

    fn diverged(&self, step: usize, loss: f64, norm: f64, rate: f64) -> TrainError {
        let best_epoch = record::best(self.history).map(|record| record.epoch);
        TrainError::Diverged { epoch: self.position.epoch + 1, step, loss, norm, rate, best_epoch }
    }
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
