//! Why a training could not start or go on: one line each, naming file and line or setting where there is one.

use std::fmt;

use crate::artifact::ArtifactError;
use crate::data::DataError;
use crate::diagnostic::Diagnostic;
use crate::lower::LowerError;

#[derive(Debug)]
pub enum TrainError {
    NoData,
    NoModel,
    Data(DataError),
    /// What the data and the program have against each other.
    Found(Vec<Diagnostic>),
    Artifact(ArtifactError),
    /// The run folder cannot be used.
    Folder(String),
    /// A run has been in the folder before.
    Used(String),
    /// The checkpoint does not fit.
    Resume(String),
    /// What changed since the checkpoint was written, at its places in the file.
    Changed(Vec<Diagnostic>),
    /// Writing failed in the middle of a training, and the last checkpoint is kept.
    Unwritten(ArtifactError),
    /// The weights to start from do not fit, at the layers of the file that they are for.
    Misfit(Vec<Diagnostic>),
    /// The loss or the gradients are no numbers any more, or past all hope. Steps count from 1.
    Diverged {
        epoch: usize,
        step: usize,
        loss: f64,
        norm: f64,
        rate: f64,
        /// Whose weights are the model now; from 1.
        best_epoch: Option<usize>,
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
            TrainError::Found(found) => {
                let with_help = |finding: &Diagnostic| match &finding.help {
                    Some(help) => format!("{}\n  help: {help}", finding.message),
                    None => finding.message.clone(),
                };
                f.write_str(&found.iter().map(with_help).collect::<Vec<_>>().join("\n"))
            }
            TrainError::Artifact(error) => error.fmt(f),
            TrainError::Folder(why) | TrainError::Resume(why) | TrainError::Used(why) => f.write_str(why),
            TrainError::Changed(found) | TrainError::Misfit(found) => {
                let messages: Vec<&str> = found.iter().map(|diagnostic| diagnostic.message.as_str()).collect();
                f.write_str(&messages.join("; "))
            }
            TrainError::Unwritten(error) => {
                write!(f, "{error}; the last checkpoint is kept, and --resume goes on from there")
            }
            TrainError::Diverged { epoch, step, loss, norm, rate, .. } => {
                let what = if norm.is_finite() || !loss.is_finite() {
                    format!("the loss is {loss:.3e}")
                } else {
                    format!("the gradients have no finite norm ({norm})")
                };
                write!(
                    f,
                    "training diverged at epoch {epoch}, step {step}: {what}, with a learning rate of {}",
                    plain(*rate)
                )
            }
            TrainError::Lower(error) => write!(f, "internal error: {error}; please report it with the file"),
        }
    }
}

/// A number as a person writes it: very large and very small ones with their power of ten.
fn plain(number: f64) -> String {
    if (1e-4..1e6).contains(&number.abs()) { number.to_string() } else { format!("{number:e}") }
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
