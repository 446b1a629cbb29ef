//! What a training needs to go on: weights, optimizer state, and where it was.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::record::EpochRecord;
use super::setup::Setup;
use super::{Best, BestState, LearningRate, Optimizer, PlateauState, TrainError};
use crate::artifact::{self, Payload, Tensor};
use crate::data::{Dataset, Split};
use crate::lower::States;

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
}

impl Position {
    pub fn add(&mut self, step: &Counted) {
        self.step += 1;
        self.loss += step.loss * step.weight;
        self.weight += step.weight;
        self.correct += step.correct;
        self.answers += step.answers;
        self.seen += step.examples;
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
    /// The source that was trained; another one cannot go on from here.
    source: String,
    /// SHA-256 of the data files.
    data: DataHashes,
    position: Position,
    optimizer_steps: u64,
    best: BestState,
    plateau: PlateauState,
    history: Vec<EpochRecord>,
}

/// What the data files held when the training was started.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct DataHashes {
    train: String,
    valid: Option<String>,
    test: Option<String>,
}

impl DataHashes {
    fn of(dataset: &Dataset) -> Self {
        let hash = |split: &Option<Split>| split.as_ref().map(Split::sha256);
        Self { train: dataset.train.sha256(), valid: hash(&dataset.valid), test: hash(&dataset.test) }
    }

    fn changed(&self, now: &Self) -> Option<&'static str> {
        let changed = [
            ("training", self.train != now.train),
            ("validation", self.valid != now.valid),
            ("test", self.test != now.test),
        ];
        changed.into_iter().find(|(_, changed)| *changed).map(|(role, _)| role)
    }
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
            data: DataHashes::of(&setup.dataset),
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
        if !path.exists() {
            let folder = path.parent().unwrap_or(path).display();
            return Err(TrainError::Resume(format!(
                "{folder}: there is no training here to go on with; leave out --resume to start one"
            )));
        }
        let (state, tensors) = artifact::read::<State>(path)?;
        let tensors = tensors.into_iter().map(|t| (t.name.clone(), t)).collect();
        Ok(Self { state, tensors, path: path.display().to_string() })
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
        if self.state.source != setup.source {
            let line = first_difference(&self.state.source, &setup.source);
            return Err(TrainError::Resume(format!(
                "{}: this training was started from another text, which differs from line {line} on; undo the change, or leave out --resume to start again",
                self.path
            )));
        }
        if let Some(role) = self.state.data.changed(&DataHashes::of(&setup.dataset)) {
            return Err(TrainError::Resume(format!(
                "{}: the {role} data has changed since this training was started; undo the change, or leave out --resume to start again",
                self.path
            )));
        }
        let misfit = |path: &str| {
            TrainError::Resume(format!(
                "{path}: the checkpoint does not fit the model; leave out --resume to start again"
            ))
        };
        let steps = setup.steps_per_epoch();
        let Position { epoch, step, .. } = self.state.position;
        let trained = self.state.history.iter().filter(|record| record.is_of(restart)).count();
        if epoch > setup.train.epochs || step > steps || trained != epoch || self.restart() != restart {
            return Err(misfit(&self.path));
        }
        let mut values = Vec::new();
        for parameter in &setup.predictor.model.graph.parameters {
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
        *best = Best::resume(best.metric(), setup.train.patience, self.state.best);
        *position = Position { states, ..self.state.position };
        *history = self.state.history;
        Ok(())
    }
}

/// The first line, from 1, in which two texts differ.
fn first_difference(a: &str, b: &str) -> usize {
    1 + a.lines().zip(b.lines()).take_while(|(a, b)| a == b).count()
}
