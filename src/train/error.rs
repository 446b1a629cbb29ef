//! Why a training could not start or go on: one line each, naming file and line or setting where there is one.

use std::fmt;

use crate::artifact::ArtifactError;
use crate::data::DataError;
use crate::lower::LowerError;

#[derive(Debug)]
pub enum TrainError {
    NoData,
    NoModel,
    Data(DataError),
    ClassWeights(String),
    Artifact(ArtifactError),
    /// The run folder cannot be used.
    Folder(String),
    /// The checkpoint does not fit.
    Resume(String),
    /// The loss or the gradients are no numbers any more. Steps count from 1.
    Diverged {
        epoch: usize,
        step: usize,
        loss: f64,
        norm: f64,
        rate: f64,
    },
    /// Our own mistake.
    Lower(LowerError),
}

impl fmt::Display for TrainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TrainError::NoData => f.write_str("the file has no `data` block: write `data { train = \"train.tsv\" … }`"),
            TrainError::NoModel => f.write_str("the file has no `model`: write `model Name(text) -> label { … }`"),
            TrainError::Data(error) => error.fmt(f),
            TrainError::ClassWeights(why) => write!(f, "`class_weights`: {why}"),
            TrainError::Artifact(error) => error.fmt(f),
            TrainError::Folder(why) | TrainError::Resume(why) => f.write_str(why),
            TrainError::Diverged { epoch, step, loss, norm, rate } => {
                let what = if loss.is_finite() {
                    format!("the gradients have no finite norm ({norm})")
                } else {
                    format!("the loss is {loss}")
                };
                write!(f, "training diverged at epoch {epoch}, step {step}: {what}, with a learning rate of {rate}")
            }
            TrainError::Lower(error) => write!(f, "internal error: {error}; please report it with the file"),
        }
    }
}

impl std::error::Error for TrainError {}

impl From<DataError> for TrainError {
    fn from(error: DataError) -> Self {
        TrainError::Data(error)
    }
}

impl From<ArtifactError> for TrainError {
    fn from(error: ArtifactError) -> Self {
        TrainError::Artifact(error)
    }
}

impl From<LowerError> for TrainError {
    fn from(error: LowerError) -> Self {
        TrainError::Lower(error)
    }
}
