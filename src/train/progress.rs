//! What a person sees while a model trains, on stderr: a bar on a terminal, else one plain line an epoch.
//!
//! Records for programs (`metrics.jsonl`) are written elsewhere.

use std::fmt;
use std::io::{self, IsTerminal, Write};

use indicatif::{ProgressBar, ProgressStyle};

use super::checkpoint::Counted;
use crate::predictor::{percent, thousands};

/// The progress of one training.
#[derive(Debug)]
pub struct Progress {
    epochs: usize,
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
#[derive(Debug, Clone, PartialEq)]
pub struct EpochLine {
    /// Which of how many, where there are several.
    pub restart: Option<(usize, usize)>,
    /// From 1.
    pub epoch: usize,
    pub epochs: usize,
    pub loss: f64,
    /// Where answers are right or wrong.
    pub accuracy: Option<f64>,
    /// Loss and accuracy on the validation data, where there is any.
    pub valid: Option<(f64, Option<f64>)>,
    pub examples_per_second: f64,
    /// What an example is called.
    pub unit: &'static str,
    pub seconds: f64,
    /// The best epoch so far.
    pub best: bool,
}

impl Progress {
    /// `epochs` of `examples` each, which are called `unit`; `epochs` is the number the file asks for, patience may end
    /// earlier. `choices` says whether answers are right or wrong.
    pub fn new(epochs: usize, examples: usize, unit: &'static str, choices: bool) -> Self {
        let bar = io::stderr().is_terminal().then(|| ProgressBar::new(examples as u64).with_style(style()));
        Self { epochs, examples, unit, choices, bar, seen: Totals::default() }
    }

    /// Begins an epoch, counted from 1.
    pub fn begin_epoch(&mut self, epoch: usize) {
        self.seen = Totals::default();
        if let Some(bar) = &self.bar {
            bar.reset();
            bar.set_length(self.examples as u64);
            bar.set_message("");
            bar.set_prefix(format!("epoch {epoch}/{}", self.epochs));
        }
    }

    /// One batch is done.
    pub fn step(&mut self, step: &Counted) {
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

    /// An epoch is over: its line stays.
    pub fn epoch(&self, line: &EpochLine) {
        self.note(&line.to_string());
    }

    /// A line of its own, above the bar.
    pub fn note(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.println(text),
            // Nobody may be listening any more; training goes on.
            None => say(text),
        }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// A line on stderr where no bar is.
pub fn say(text: &str) {
    drop(writeln!(io::stderr(), "{text}"));
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.finish();
    }
}

fn style() -> ProgressStyle {
    // The message is last and cut to the window: a line that wraps cannot be redrawn.
    ProgressStyle::with_template("{prefix}  [{bar:16}] {eta:>3} left  {wide_msg}")
        .expect("the template is a constant, tested below")
        .progress_chars("=> ")
}

impl fmt::Display for EpochLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A mean squared error may be small; a cross entropy is of the order of one.
        let digits = if self.accuracy.is_some() { 3 } else { 5 };
        if let Some((restart, restarts)) = self.restart {
            write!(f, "restart {restart}/{restarts}  ")?;
        }
        write!(f, "epoch {}/{}  loss {:.digits$}", self.epoch, self.epochs, self.loss)?;
        if let Some(accuracy) = self.accuracy {
            write!(f, "  accuracy {}", percent(accuracy))?;
        }
        if let Some((loss, accuracy)) = self.valid {
            write!(f, "  valid loss {loss:.digits$}")?;
            if let Some(accuracy) = accuracy {
                write!(f, "  valid accuracy {}", percent(accuracy))?;
            }
        }
        let rate = thousands(self.examples_per_second.round() as u64);
        write!(f, "  {rate} {}/s  {:.1}s", self.unit, self.seconds)?;
        if self.best {
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
        let mut line = EpochLine {
            restart: None,
            epoch: 3,
            epochs: 10,
            loss: 0.4121,
            accuracy: Some(0.8131),
            valid: Some((0.4549, Some(0.782))),
            examples_per_second: 4210.3,
            unit: "examples",
            seconds: 2.04,
            best: true,
        };
        assert_eq!(
            line.to_string(),
            "epoch 3/10  loss 0.412  accuracy 81.3%  valid loss 0.455  valid accuracy 78.2%  4,210 examples/s  2.0s  best"
        );
        (line.valid, line.best) = (None, false);
        assert_eq!(line.to_string(), "epoch 3/10  loss 0.412  accuracy 81.3%  4,210 examples/s  2.0s");
    }

    #[test]
    fn the_bar_has_a_style() {
        style();
    }
}
