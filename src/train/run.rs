//! A run from start to finish: one training, or several of which the best is kept, into one folder.

use std::path::PathBuf;
use std::time::Duration;

use super::checkpoint::Checkpoint;
use super::folder::RunFolder;
use super::record::{self, EpochRecord, RunFiles};
use super::training::Training;
use super::{Evaluation, Setup, TrainError, Watch};

/// How a run is made. None of it changes a result.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder that everything is written to.
    pub out: PathBuf,
    pub begin: Begin,
    /// In a long epoch a checkpoint is written after so much time.
    pub checkpoint_every: Duration,
}

impl Options {
    pub fn new(out: impl Into<PathBuf>, begin: Begin) -> Self {
        Self { out: out.into(), begin, checkpoint_every: Duration::from_secs(30) }
    }
}

/// What to do with what a folder holds already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begin {
    /// Start, where no run has been.
    New,
    /// Go on with the training that is there.
    Resume,
    /// Replace it.
    Overwrite,
}

/// How a run ended.
// There is one of it: its size is nobody's concern.
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

/// Trains until the epochs, the patience or `stop` end it, once for each restart.
pub fn run(
    mut setup: Setup,
    options: &Options,
    watch: &mut dyn Watch,
    stop: &dyn Fn() -> bool,
) -> Result<Outcome, TrainError> {
    let folder = RunFolder::open(&options.out, options.begin)?;
    folder.clear();
    let files = RunFiles::of(&folder);
    let resume = options.begin == Begin::Resume;
    let mut checkpoint = if resume { Some(Checkpoint::read(&files.checkpoint)?) } else { None };
    let restarts = setup.train.restarts.max(1);
    let first = checkpoint.as_ref().map_or(0, Checkpoint::restart).min(restarts - 1);
    let mut history: Vec<EpochRecord> = Vec::new();
    for restart in first..restarts {
        if restart > 0 {
            setup.restart(restart)?;
        }
        let mut training = Training::begin(&mut setup, &files, restart, checkpoint.take(), &mut history)?;
        training.checkpoint_every(options.checkpoint_every);
        let ended = training.train(watch, stop);
        watch.end();
        match ended {
            Ok(None) => {}
            Ok(Some((epoch, step))) => return Ok(Outcome::Interrupted { epoch, step }),
            // Another restart may do better, or has.
            Err(error @ TrainError::Diverged { .. })
                if restarts > 1 && (restart + 1 < restarts || record::best(&history).is_some()) =>
            {
                watch.note(&format!("restart {}: {error}", restart + 1));
            }
            // A full disk, say. Every file is the old one or the new one, so the last checkpoint is as good as it was.
            Err(TrainError::Artifact(error)) if files.checkpoint.exists() => {
                return Err(TrainError::Unwritten(error));
            }
            Err(error) => return Err(error),
        }
    }
    files.finish(&mut setup, &history)
}
