//! One of several trainings that a command makes: into a folder of its own, a line an epoch, up to some epoch if wanted.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use super::figures::{Figures, figures, shown};
use super::say;
use super::training::{Trainable, interrupt};
use crate::ir::Metric;
use crate::train::{Begin, Epoch, EpochRecord, Options, Outcome, TrainError, Watch};

/// How a trial stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Trained as the file says.
    Done,
    /// Trained so far, to go on later or never.
    Stopped,
    Diverged,
    /// Not trained, for another reason.
    Failed,
}

/// What is known of a trial.
#[derive(Debug, Clone)]
pub struct Standing {
    pub state: State,
    /// Of all restarts.
    pub epochs: usize,
    /// With the best value of what the file monitors, and that value.
    pub best: Option<(usize, f64)>,
    /// Of the best epoch; those of the test data only where the training is done.
    pub figures: Figures,
    pub seconds: f64,
    pub error: Option<String>,
}

/// A training among others.
pub struct Trial<'t> {
    /// What it is called while it trains; nothing is said without.
    pub name: Option<String>,
    /// The file, and its text with the settings of this trial.
    pub path: &'t Path,
    pub text: &'t str,
    pub out: &'t Path,
    /// [`Begin::Resume`] goes on with what is there, or begins where nothing is.
    pub begin: Begin,
    /// It ends early once so many epochs are done.
    pub epochs: Option<usize>,
    /// Whether what its data and its program have against each other is said, as of the first of several.
    pub findings: bool,
}

/// Trains. Nothing where the process was interrupted.
pub fn train(trial: &Trial) -> Option<Standing> {
    let Trial { path, text, out, epochs, findings, .. } = *trial;
    let Some(file) = Trainable::silently(path, text) else {
        return Some(failed(State::Failed, "its text is not sound".into()));
    };
    let train = file.settings();
    let metric = train.monitor;
    let begin = match trial.begin {
        Begin::Resume if !out.join("checkpoint.safetensors").exists() => Begin::Overwrite,
        begin => begin,
    };
    let done = Cell::new(0);
    let mut counted = Counted { name: trial.name.as_deref(), metric, done: &done, epochs: train.epochs };
    let options = Options::new(out, begin);
    let enough = || epochs.is_some_and(|enough| done.get() >= enough);
    let ended = file.train_until(&options, findings, &mut counted, &enough);
    let history = history(out);
    let standing = |state, figures| Standing {
        state,
        epochs: history.len(),
        best: best(&history, metric),
        figures,
        seconds: history.iter().fold(0.0, |all, record| all + record.seconds),
        error: None,
    };
    match ended {
        Ok(Outcome::Done { valid, test, .. }) => Some(standing(State::Done, figures(valid.as_ref(), test.as_ref()))),
        Ok(Outcome::Interrupted { .. }) if interrupt().load(Ordering::SeqCst) => None,
        Ok(Outcome::Interrupted { .. }) => Some(standing(State::Stopped, Figures::new())),
        Err(error @ TrainError::Diverged { .. }) => {
            Some(Standing { error: Some(error.to_string()), ..standing(State::Diverged, Figures::new()) })
        }
        Err(error) => Some(failed(State::Failed, error.to_string())),
    }
}

fn failed(state: State, error: String) -> Standing {
    Standing { state, epochs: 0, best: None, figures: Figures::new(), seconds: 0.0, error: Some(error) }
}

/// The epochs of a run, as far as they can be read.
pub fn history(run: &Path) -> Vec<EpochRecord> {
    let path: PathBuf = run.join("metrics.jsonl");
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().map_while(|line| serde_json::from_str(line).ok()).collect()
}

/// The best epoch (from 1, of all restarts) and its value.
fn best(history: &[EpochRecord], metric: Metric) -> Option<(usize, f64)> {
    let values = history.iter().enumerate().filter(|(_, record)| !record.linear_start);
    let values = values.map(|(i, record)| (i + 1, record.value(metric))).filter(|(_, value)| value.is_finite());
    values.reduce(|best, next| if metric.improves(next.1, best.1) { next } else { best })
}

/// Counts the epochs that are over, and says a line about each.
struct Counted<'t> {
    name: Option<&'t str>,
    metric: Metric,
    done: &'t Cell<usize>,
    /// In a restart.
    epochs: usize,
}

impl Watch for Counted<'_> {
    fn begin_epoch(&mut self, restart: usize, epoch: usize) {
        self.done.set((restart - 1) * self.epochs + epoch - 1);
    }

    fn epoch(&mut self, epoch: &Epoch) {
        self.done.set(epoch.history.len());
        let Some(trial) = self.name else { return };
        let record = epoch.record();
        let (name, value) = (self.metric.name(), record.value(self.metric));
        let best = if record.best { "  best" } else { "" };
        say(format!(
            "{trial}  epoch {}/{}  loss {:.3}  {} {}{best}",
            record.epoch,
            self.epochs,
            record.train_loss,
            name.replace('_', " "),
            shown(name, value)
        ));
    }
}
