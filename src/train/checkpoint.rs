//! What a training needs to go on: weights, optimizer state, and where it was.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::record::{self, EpochRecord, data_files};
use super::resume::{self, Reached};
use super::setup::Setup;
use super::{Best, BestState, LearningRate, Optimizer, PlateauState, TrainError};
use crate::artifact::{self, DataFile, Payload, Tensor};
use crate::check::{self, NoFiles};
use crate::difference::Side;
use crate::lower::States;
use crate::predictor::percent;

/// Where a training stands: the epoch under way (from 0), the steps of it that are done, and its sums so far.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Position {
    /// Which of the restarts, from 0.
    pub restart: usize,
    pub epoch: usize,
    pub step: usize,
    pub seen: usize,
    pub correct: usize,
    pub answers: usize,
    pub loss: f64,
    pub weight: f64,
    pub tokens: usize,
    /// Of the gradients' norms: their sum and the largest.
    pub norms: f64,
    pub largest_norm: f64,
    /// Steps whose gradients were clipped.
    pub clipped: usize,
    pub seconds: f64,
    /// Whether patience has ended the training.
    pub stopped: bool,
    /// Where the next batch is read on from, if it is; a checkpoint has them among its tensors.
    #[serde(skip)]
    pub states: States,
}

/// What one step has seen.
#[derive(Debug, Clone, Copy)]
pub struct Counted {
    /// Mean over its answers.
    pub loss: f64,
    /// What the loss is a mean over: the weights of its answers.
    pub weight: f64,
    pub correct: usize,
    pub answers: usize,
    pub examples: usize,
    /// That were read, over all fields; a step of numbers counts as one.
    pub tokens: usize,
    /// Of all gradients together, before they were clipped.
    pub norm: f64,
    pub clipped: bool,
}

impl Position {
    pub fn add(&mut self, step: &Counted) {
        self.step += 1;
        self.loss += step.loss * step.weight;
        self.weight += step.weight;
        self.correct += step.correct;
        self.answers += step.answers;
        self.seen += step.examples;
        self.tokens += step.tokens;
        self.norms += step.norm;
        self.largest_norm = self.largest_norm.max(step.norm);
        self.clipped += usize::from(step.clipped);
    }

    pub fn mean_loss(&self) -> f64 {
        self.loss / self.weight.max(f64::MIN_POSITIVE)
    }

    pub fn accuracy(&self) -> f64 {
        self.correct as f64 / self.answers.max(1) as f64
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct State {
    /// The source that was trained.
    source: String,
    /// What the data files held when the training was started.
    data: Vec<DataFile>,
    /// The model whose weights it started from, if it did.
    #[serde(default)]
    started_from: Option<DataFile>,
    /// How many the file asks for.
    epochs: usize,
    position: Position,
    optimizer_steps: u64,
    best: BestState,
    plateau: PlateauState,
    history: Vec<EpochRecord>,
}

impl Payload for State {
    const KEY: &'static str = "rnnc_checkpoint";
    const KIND: &'static str = "checkpoint";
}

pub struct Checkpoint {
    state: State,
    tensors: BTreeMap<String, Tensor>,
    path: String,
}

impl Checkpoint {
    pub fn write(
        path: &Path,
        setup: &Setup,
        optimizer: &Optimizer,
        rate: &LearningRate,
        best: &Best,
        position: &Position,
        history: &[EpochRecord],
    ) -> Result<(), TrainError> {
        let state = State {
            source: setup.source.clone(),
            data: data_files(setup),
            started_from: setup.started_from.clone(),
            epochs: setup.train.epochs,
            position: position.clone(),
            optimizer_steps: optimizer.steps(),
            best: best.state().clone(),
            plateau: rate.state().clone(),
            history: history.to_vec(),
        };
        let values = setup.predictor.network.values()?;
        let weights = setup.predictor.model.graph.parameters.iter().zip(&values);
        let mut tensors: Vec<(String, Vec<usize>, &[f32])> =
            weights.map(|(p, v)| (format!("weights.{}", p.name), vec![v.len()], v.as_slice())).collect();
        tensors.extend(
            optimizer
                .state()
                .into_iter()
                .map(|(name, values)| (format!("optimizer.{name}"), vec![values.len()], values)),
        );
        tensors.extend(
            position.states.arrays().map(|(name, values)| (format!("states.{name}"), vec![values.len()], values)),
        );
        Ok(artifact::write(path, &state, &tensors)?)
    }

    pub fn read(path: &Path) -> Result<Self, TrainError> {
        let (state, tensors) = artifact::read::<State>(path)?;
        let tensors = tensors.into_iter().map(|t| (t.name.clone(), t)).collect();
        Ok(Self { state, tensors, path: path.display().to_string() })
    }

    /// The text that was trained.
    pub fn source(&self) -> &str {
        &self.state.source
    }

    pub fn reached(&self) -> Reached {
        let Position { restart, epoch, step, .. } = self.state.position;
        Reached { restart, epochs: epoch + usize::from(step > 0) }
    }

    /// Whether a step has been made.
    pub fn has_begun(&self) -> bool {
        self.state.optimizer_steps > 0 || !self.state.history.is_empty()
    }

    /// How far it has come and how well it did, in words.
    pub fn standing(&self) -> String {
        let State { epochs, history, .. } = &self.state;
        let Some(last) = history.last() else { return "it is in its first epoch".to_string() };
        let restart = last.restart.map_or(String::new(), |restart| format!(" of restart {restart}"));
        let best = match record::best(history).or(Some(last)) {
            Some(EpochRecord { valid_accuracy: Some(share), .. }) => format!("valid accuracy {}", percent(*share)),
            Some(EpochRecord { valid_loss: Some(loss), .. }) => format!("valid loss {loss:.3}"),
            Some(EpochRecord { train_loss: loss, .. }) => format!("loss {loss:.3}"),
            None => String::new(),
        };
        format!("epoch {} of {epochs}{restart}, best {best}", last.epoch)
    }

    /// Which of the restarts was under way, from 0.
    pub fn restart(&self) -> usize {
        self.state.position.restart
    }

    /// Puts everything back to where it was, in this restart.
    #[allow(clippy::too_many_arguments)]
    pub fn restore(
        mut self,
        setup: &mut Setup,
        restart: usize,
        optimizer: &mut Optimizer,
        rate: &mut LearningRate,
        best: &mut Best,
        position: &mut Position,
        history: &mut Vec<EpochRecord>,
    ) -> Result<(), TrainError> {
        let old = check::check("model.rnn", &self.state.source, &mut NoFiles).program.and_then(|old| old.model);
        if self.state.source != setup.source {
            let new = check::check("model.rnn", &setup.source, &mut NoFiles);
            let program = setup.program.clone();
            let now = Side { program: new.program.as_ref().unwrap_or(&program), sources: &new.sources };
            let found = resume::changed(&self.state.source, now, self.reached())?;
            if let Some(first) = found.first() {
                return Err(TrainError::Resume(format!("{}: {}", self.path, first.message)));
            }
        }
        let found = resume::changed_data(&self.state.data, &data_files(setup), &setup.program);
        if !found.is_empty() {
            return Err(TrainError::Changed(found));
        }
        let misfit = |path: &str| {
            TrainError::Resume(format!("{path}: the checkpoint does not fit the model; begin again with --overwrite"))
        };
        let steps = setup.steps_per_epoch();
        let Position { epoch, step, .. } = self.state.position;
        let trained = self.state.history.iter().filter(|record| record.is_of(restart)).count();
        if epoch > setup.train.epochs || step > steps || trained != epoch || self.restart() != restart {
            return Err(misfit(&self.path));
        }
        let mut values = Vec::new();
        // By the names of then: what a value is called may have changed.
        let then = old.as_ref().unwrap_or(&setup.predictor.model);
        for parameter in &then.graph.parameters {
            let tensor =
                self.tensors.remove(&format!("weights.{}", parameter.name)).ok_or_else(|| misfit(&self.path))?;
            values.push(tensor.values);
        }
        setup.predictor.network.set_values(&values).map_err(|_| misfit(&self.path))?;
        let tensors = std::mem::take(&mut self.tensors);
        let called = |prefix: &str| -> Vec<(String, Vec<f32>)> {
            let named = tensors.iter().filter_map(|(name, t)| Some((name.strip_prefix(prefix)?.to_string(), t)));
            named.map(|(name, tensor)| (name, tensor.values.clone())).collect()
        };
        let states = States::from_arrays(called("states.")).ok_or_else(|| misfit(&self.path))?;
        let buffers = called("optimizer.").into_iter().collect();
        optimizer.restore(self.state.optimizer_steps, buffers).map_err(|_| misfit(&self.path))?;
        rate.restore(self.state.plateau);
        // Patience may have changed, or epochs were added to a training that was over.
        let waited = self.state.best.epochs_without_improvement;
        let stopped = step == 0 && epoch > 0 && setup.train.patience.is_some_and(|patience| waited >= patience);
        *best = Best::resume(best.metric(), setup.train.patience, self.state.best);
        *position = Position { states, stopped, ..self.state.position };
        *history = self.state.history;
        setup.started_from = self.state.started_from;
        Ok(())
    }
}
