//! What a person sees while a model trains, on stderr: a bar on a terminal, else one plain line an epoch.
//!
//! Records for programs (`metrics.jsonl`) are written elsewhere.

use std::fmt;
use std::io::{self, IsTerminal, Write};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{Counted, Epoch, EpochRecord, Setup, Watch};
use crate::ir::Target;
use crate::predictor::{percent, thousands};

/// The progress of one training.
#[derive(Debug)]
pub struct Progress {
    epochs: usize,
    restarts: usize,
    examples: usize,
    /// What an example is called.
    unit: &'static str,
    /// Whether answers are right or wrong.
    choices: bool,
    /// Absent where stderr is not a terminal.
    bar: Option<ProgressBar>,
    /// Sums over the epoch so far.
    seen: Totals,
}

#[derive(Debug, Default)]
struct Totals {
    loss: f64,
    weight: f64,
    correct: usize,
    answers: usize,
}

/// One finished epoch in one line.
#[derive(Debug)]
struct EpochLine<'r> {
    record: &'r EpochRecord,
    /// How many the file asks for.
    epochs: usize,
    restarts: usize,
    /// What an example is called.
    unit: &'static str,
}

impl Progress {
    pub fn new(setup: &Setup) -> Self {
        let examples = setup.dataset.train.examples();
        let bar = io::stderr().is_terminal().then(|| ProgressBar::hidden().with_style(style()));
        Self {
            epochs: setup.train.epochs,
            restarts: setup.train.restarts,
            examples,
            unit: if matches!(setup.predictor.model.target, Target::Next(_)) { "tokens" } else { "examples" },
            choices: setup.predictor.model.target.choices().is_some(),
            bar,
            seen: Totals::default(),
        }
    }
}

impl Watch for Progress {
    fn begin_epoch(&mut self, _: usize, epoch: usize) {
        self.seen = Totals::default();
        if let Some(bar) = &self.bar {
            bar.set_draw_target(ProgressDrawTarget::stderr());
            bar.reset();
            bar.set_length(self.examples as u64);
            bar.set_message("");
            bar.set_prefix(format!("epoch {epoch}/{}", self.epochs));
        }
    }

    fn step(&mut self, step: &Counted) {
        let Some(bar) = &self.bar else { return };
        self.seen.loss += step.loss * step.weight;
        self.seen.weight += step.weight;
        self.seen.correct += step.correct;
        self.seen.answers += step.answers;
        bar.inc(step.examples as u64);
        let rate = thousands(bar.per_sec() as u64);
        let loss = self.seen.loss / self.seen.weight.max(f64::MIN_POSITIVE);
        let accuracy = match self.choices {
            true => format!("  accuracy {}", percent(self.seen.correct as f64 / self.seen.answers.max(1) as f64)),
            false => String::new(),
        };
        bar.set_message(format!("loss {loss:.3}{accuracy}  {rate} {}/s", self.unit));
    }

    /// Its line stays.
    fn epoch(&mut self, epoch: &Epoch) {
        let line = EpochLine { record: epoch.record(), epochs: self.epochs, restarts: self.restarts, unit: self.unit };
        self.note(&line.to_string());
    }

    /// A line of its own, above the bar.
    fn note(&mut self, text: &str) {
        match &self.bar {
            Some(bar) if !bar.is_finished() => bar.println(text),
            // Nobody may be listening any more; training goes on.
            _ => drop(writeln!(io::stderr(), "{text}")),
        }
    }

    /// Takes the bar away.
    fn end(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.end();
    }
}

fn style() -> ProgressStyle {
    // The message is last and cut to the window: a line that wraps cannot be redrawn.
    ProgressStyle::with_template("{prefix}  [{bar:16}] {eta:>3} left  {wide_msg}")
        .expect("the template is a constant, tested below")
        .progress_chars("=> ")
}

impl fmt::Display for EpochLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { record, epochs, restarts, unit } = self;
        // A mean squared error may be small; a cross entropy is of the order of one.
        let digits = if record.train_accuracy.is_some() { 3 } else { 5 };
        if let Some(restart) = record.restart {
            write!(f, "restart {restart}/{restarts}  ")?;
        }
        write!(f, "epoch {}/{epochs}  loss {:.digits$}", record.epoch, record.train_loss)?;
        if let Some(accuracy) = record.train_accuracy {
            write!(f, "  accuracy {}", percent(accuracy))?;
        }
        if let Some(loss) = record.valid_loss {
            write!(f, "  valid loss {loss:.digits$}")?;
            if let Some(accuracy) = record.valid_accuracy {
                write!(f, "  valid accuracy {}", percent(accuracy))?;
            }
        }
        let rate = thousands(record.examples_per_second.round() as u64);
        write!(f, "  {rate} {unit}/s  {:.1}s", record.seconds)?;
        if record.best {
            f.write_str("  best")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_is_one_line() {
        let mut record = EpochRecord {
            epoch: 3,
            train_loss: 0.4121,
            train_accuracy: Some(0.8131),
            valid_loss: Some(0.4549),
            valid_accuracy: Some(0.782),
            examples_per_second: 4210.3,
            seconds: 2.04,
            best: true,
            ..EpochRecord::default()
        };
        let line = |record: &EpochRecord| EpochLine { record, epochs: 10, restarts: 1, unit: "examples" }.to_string();
        assert_eq!(
            line(&record),
            "epoch 3/10  loss 0.412  accuracy 81.3%  valid loss 0.455  valid accuracy 78.2%  4,210 examples/s  2.0s  best"
        );
        (record.valid_loss, record.best) = (None, false);
        assert_eq!(line(&record), "epoch 3/10  loss 0.412  accuracy 81.3%  4,210 examples/s  2.0s");
    }

    #[test]
    fn the_bar_has_a_style() {
        style();
    }
}
