//! What follows a training while it runs: a display, a log, a report.
//!
//! Nothing a watcher does changes a result, and none of it is needed to go on with a training that was stopped.

use super::Setup;
use super::checkpoint::Counted;
use super::record::EpochRecord;
use crate::predictor::Evaluation;

/// Is told what happens, in the order in which it happens. By default it does not care.
#[allow(unused_variables)]
pub trait Watch {
    /// An epoch begins, or goes on; both counted from 1.
    fn begin_epoch(&mut self, restart: usize, epoch: usize) {}

    /// A batch is done.
    fn step(&mut self, step: &Counted) {}

    /// An epoch is over and everything of it is written.
    fn epoch(&mut self, epoch: &Epoch) {}

    /// Something a person should know, in one line.
    fn note(&mut self, text: &str) {}

    /// No step follows for now: the training is over, or stopped, or was given up.
    fn end(&mut self) {}
}

/// Nobody looks.
impl Watch for () {}

/// Several look.
impl Watch for Vec<&mut dyn Watch> {
    fn begin_epoch(&mut self, restart: usize, epoch: usize) {
        self.iter_mut().for_each(|watch| watch.begin_epoch(restart, epoch));
    }

    fn step(&mut self, step: &Counted) {
        self.iter_mut().for_each(|watch| watch.step(step));
    }

    fn epoch(&mut self, epoch: &Epoch) {
        self.iter_mut().for_each(|watch| watch.epoch(epoch));
    }

    fn note(&mut self, text: &str) {
        self.iter_mut().for_each(|watch| watch.note(text));
    }

    fn end(&mut self) {
        self.iter_mut().for_each(|watch| watch.end());
    }
}

/// An epoch that is over.
pub struct Epoch<'t> {
    pub setup: &'t Setup,
    /// All epochs so far, of all restarts; this one is the last.
    pub history: &'t [EpochRecord],
    /// On the validation data, where there is any.
    pub valid: Option<&'t Evaluation>,
}

impl Epoch<'_> {
    /// Its own line of metrics.
    pub fn record(&self) -> &EpochRecord {
        self.history.last().expect("an epoch that is over has its record")
    }
}
