//! What a training writes into its folder: the model, a line of metrics an epoch, and where it came from.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::folder::RunFolder;
use super::run::Outcome;
use super::setup::Setup;
use super::{Evaluation, TrainError};
use crate::artifact::{self, DataFile, Record, Role, write_atomically};
use crate::data::{File, Split};
use crate::ir::{self, Data, Metric};
use crate::kernels::simd;
use crate::predictor::{self, evaluate, golden};

/// One line of `metrics.jsonl`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// From 1, where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restart: Option<usize>,
    /// From 1.
    pub epoch: usize,
    /// Whether softmaxes with a linear start were left out. Such an epoch is never the best.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub linear_start: bool,
    pub train_loss: f64,
    pub train_accuracy: Option<f64>,
    pub valid_loss: Option<f64>,
    pub valid_accuracy: Option<f64>,
    pub valid_macro_f1: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_root_accuracy: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_perplexity: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_mean_absolute_error: Option<f64>,
    /// Of the epoch's last step.
    pub learning_rate: f64,
    #[serde(default)]
    pub steps: usize,
    /// L2 norm of all gradients together, before they were clipped: the mean of the steps.
    #[serde(default)]
    pub gradient_norm: f64,
    #[serde(default)]
    pub largest_gradient_norm: f64,
    /// Share of the steps whose gradients were clipped, where the file asks for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clipped: Option<f64>,
    pub examples_per_second: f64,
    /// Steps of numbers count as tokens.
    #[serde(default)]
    pub tokens_per_second: f64,
    /// Of training; validation is not counted.
    pub seconds: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_seconds: Option<f64>,
    /// The most bytes of memory that the process has held so far, where the system says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_memory: Option<u64>,
    /// Whether no epoch before was better.
    pub best: bool,
}

impl EpochRecord {
    /// Whether it belongs to a restart, counted from 0.
    pub fn is_of(&self, restart: usize) -> bool {
        self.restart.unwrap_or(1) == restart + 1
    }

    /// The loss that tells whether training still makes progress.
    pub fn watched_loss(&self) -> f64 {
        self.valid_loss.unwrap_or(self.train_loss)
    }

    /// The figure that decides the best epoch.
    pub fn value(&self, metric: Metric) -> f64 {
        match metric {
            Metric::TrainLoss => Some(self.train_loss),
            Metric::ValidLoss => self.valid_loss,
            Metric::ValidAccuracy => self.valid_accuracy,
            Metric::ValidMacroF1 => self.valid_macro_f1,
            Metric::ValidRootAccuracy => self.valid_root_accuracy,
        }
        .unwrap_or(f64::NAN)
    }
}

/// The epoch whose weights are the model.
pub fn best(history: &[EpochRecord]) -> Option<&EpochRecord> {
    history.iter().rev().find(|record| record.best)
}

/// Where the artifact's data paths start from. It stays beside the artifact, never in it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Origin {
    pub directory: PathBuf,
}

impl Origin {
    pub const NAME: &'static str = "origin.json";

    /// What stands beside a model, where it was trained here.
    pub fn beside(model: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(model.with_file_name(Self::NAME)).ok()?;
        serde_json::from_str(&text).ok()
    }
}

/// The files of a run.
pub struct RunFiles {
    pub model: PathBuf,
    pub checkpoint: PathBuf,
    metrics: PathBuf,
    origin: PathBuf,
}

impl RunFiles {
    pub fn of(folder: &RunFolder) -> Self {
        let out = folder.path();
        Self {
            origin: out.join(Origin::NAME),
            model: out.join("model.safetensors"),
            checkpoint: out.join("checkpoint.safetensors"),
            metrics: out.join("metrics.jsonl"),
        }
    }

    pub fn write_metrics(&self, history: &[EpochRecord]) -> Result<(), TrainError> {
        let lines: String = history.iter().map(|record| format!("{}\n", serde_json::json!(record))).collect();
        Ok(write_atomically(&self.metrics, lines.as_bytes())?)
    }

    /// Writes the weights of this moment as the model.
    pub fn write_model(
        &self,
        setup: &Setup,
        history: &[EpochRecord],
        valid: Option<&Evaluation>,
    ) -> Result<(), TrainError> {
        let values = setup.predictor.network.values()?;
        let record = record(setup, history, serde_json::json!({ "valid": valid }))?;
        // The empty path is the current folder, and has no absolute form.
        let directory = if setup.directory.as_os_str().is_empty() { Path::new(".") } else { &setup.directory };
        let directory = std::path::absolute(directory).unwrap_or_else(|_| directory.to_path_buf());
        let origin = serde_json::json!(Origin { directory });
        write_atomically(&self.origin, format!("{origin}\n").as_bytes())?;
        Ok(artifact::write(&self.model, &record, &predictor::tensors(&setup.predictor, &values)?)?)
    }

    /// Reads the best epoch back, measures it on the test data and adds the figures to its record.
    pub fn finish(&self, setup: &mut Setup, history: &[EpochRecord]) -> Result<Outcome, TrainError> {
        let (best, mut record) = predictor::load(&self.model).map_err(|error| TrainError::Folder(error.to_string()))?;
        let measure = |split: &Option<Split>| split.as_ref().map(|split| evaluate(&best, split)).transpose();
        let (valid, test) = (measure(&setup.dataset.valid)?, measure(&setup.dataset.test)?);
        record.metrics = serde_json::json!({ "valid": valid, "test": test });
        record.trained_epochs = history.len();
        let values = best.network.values()?;
        artifact::write(&self.model, &record, &predictor::tensors(&best, &values)?)?;
        Ok(Outcome::Done { best_epoch: record.best_epoch, restart: record.restart, epochs: history.len(), valid, test })
    }
}

/// The files of a training with what they held when they were read.
pub fn data_files(setup: &Setup) -> Vec<DataFile> {
    let (dataset, data) = (&setup.dataset, setup.program.data.as_ref());
    // Rows that were made are named by what makes them.
    let source = data.and_then(|data| data.source.as_ref()).map(ToString::to_string);
    let files = |role, paths: fn(&Data) -> &[ir::Path], split: Option<&Split>| {
        let named: Vec<String> = data.map_or(&[][..], paths).iter().map(|path| path.text.clone()).collect();
        let named = source.clone().map_or(named, |source| vec![source]);
        let files = named.into_iter().zip(split.map_or(&[][..], |split| &split.files));
        let file =
            |(path, file): (String, &File)| DataFile { role, path, sha256: file.sha256.clone(), rows: file.rows };
        files.map(file).collect::<Vec<_>>()
    };
    let files = [
        files(Role::Train, |data| &data.train, Some(&dataset.train)),
        files(Role::Valid, |data| &data.valid, dataset.valid.as_ref()),
        files(Role::Test, |data| &data.test, dataset.test.as_ref()),
        setup.vectors.clone(),
    ];
    files.concat()
}

fn record(setup: &Setup, history: &[EpochRecord], metrics: serde_json::Value) -> Result<Record, TrainError> {
    let dataset = &setup.dataset;
    let best = best(history).or(history.last());
    let settings = setup.program.settings.iter().map(|setting| (setting.name.clone(), setting.value.clone()));
    Ok(Record {
        rnnc_version: env!("CARGO_PKG_VERSION").to_string(),
        edition: setup.program.edition,
        source: setup.source.clone(),
        model: setup.predictor.model.name.clone(),
        vocabularies: dataset.vocabularies.iter().map(|(field, v)| (field.clone(), v.tokens().to_vec())).collect(),
        labels: dataset.labels.as_ref().map_or(Vec::new(), |labels| labels.names().to_vec()),
        class_weights: setup.predictor.loss.class_weights.clone(),
        sizes: setup.predictor.sizes.0.clone(),
        seed: setup.program.train.seed,
        restart: best.and_then(|record| record.restart),
        data: data_files(setup),
        metrics,
        trained_epochs: history.len(),
        best_epoch: best.map_or(0, |record| record.epoch),
        settings: settings.collect(),
        vocabulary_sha256: dataset.vocabularies.iter().map(|(field, v)| (field.clone(), v.sha256())).collect(),
        cpu: Some(simd::kind()),
        started_from: setup.started_from.clone(),
        golden: golden(&setup.predictor, dataset.valid.as_ref().unwrap_or(&dataset.train))?,
    })
}
