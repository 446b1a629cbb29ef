//! What a person sees while a model trains, on stderr: one plain line an epoch, and on a terminal two lines below that are
//! always up to date: the epoch, and the training as a whole.
//!
//! Records for programs (`metrics.jsonl`) are written elsewhere.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::time::Instant;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::record;
use super::sparkline::Sparkline;
use super::{Counted, Epoch, EpochRecord, Setup, Watch};
use crate::ir::{Metric, Target};
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
    monitor: Metric,
    /// Absent where stderr is not a terminal.
    live: Option<Live>,
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

/// Two lines that are drawn anew all the time.
#[derive(Debug)]
struct Live {
    lines: MultiProgress,
    /// Of the epoch.
    bar: ProgressBar,
    /// The training as a whole: the loss so far, the best epoch, the time that is left.
    whole: ProgressBar,
    losses: Sparkline,
    best: String,
    /// When this process began to train, and the epochs that it has finished; with the one under way, a fraction.
    started: Option<Instant>,
    finished: usize,
    /// Epochs that are left when the one under way is done, if patience does not end them.
    after: usize,
}

impl Live {
    fn new() -> Self {
        let lines = MultiProgress::with_draw_target(ProgressDrawTarget::hidden());
        let bar = lines.add(ProgressBar::hidden().with_style(style()));
        let whole = lines.add(ProgressBar::hidden().with_style(second_style()));
        let (losses, best) = (Sparkline::new(), String::new());
        Self { lines, bar, whole, losses, best, started: None, finished: 0, after: 0 }
    }

    /// What stands in the second line when `share` of the epoch is done.
    fn whole(&self, share: f64) -> String {
        let mut parts = vec![format!("loss {}", self.losses)];
        parts.extend((!self.best.is_empty()).then(|| self.best.clone()));
        let done = self.finished as f64 + share;
        if let Some(started) = self.started.filter(|started| done > 0.0 && started.elapsed().as_secs() > 0) {
            let left = started.elapsed().as_secs_f64() / done * (self.after as f64 + 1.0 - share);
            parts.push(format!("at most {} left", duration(left)));
        }
        parts.join("   ")
    }
}

/// `42s`, `3m 05s`, `2h 10m`.
fn duration(seconds: f64) -> String {
    let seconds = seconds.round().min(1e9) as u64;
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds}s"),
        (0, minutes, seconds) => format!("{minutes}m {seconds:02}s"),
        (hours, minutes, _) => format!("{hours}h {minutes:02}m"),
    }
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
        Self {
            epochs: setup.train.epochs,
            restarts: setup.train.restarts,
            examples,
            unit: if matches!(setup.predictor.model.target, Target::Next(_)) { "tokens" } else { "examples" },
            choices: setup.predictor.model.target.choices().is_some(),
            monitor: setup.train.monitor,
            live: io::stderr().is_terminal().then(Live::new),
            seen: Totals::default(),
        }
    }
}

impl Watch for Progress {
    fn begin_epoch(&mut self, restart: usize, epoch: usize) {
        self.seen = Totals::default();
        let Some(live) = &mut self.live else { return };
        live.started.get_or_insert_with(Instant::now);
        live.after = self.restarts.max(1).saturating_sub(restart) * self.epochs + self.epochs.saturating_sub(epoch);
        live.bar.set_length(self.examples as u64);
        live.bar.set_message("");
        live.bar.set_prefix(format!("epoch {epoch}/{}", self.epochs));
        live.lines.set_draw_target(ProgressDrawTarget::stderr());
        live.bar.reset();
        live.whole.reset();
        live.whole.set_message(live.whole(0.0));
    }

    fn step(&mut self, step: &Counted) {
        let Some(live) = &mut self.live else { return };
        let bar = &live.bar;
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
        live.losses.push(step.loss);
        let share = bar.position() as f64 / self.examples.max(1) as f64;
        live.whole.set_message(live.whole(share.min(1.0)));
    }

    /// Its line stays.
    fn epoch(&mut self, epoch: &Epoch) {
        let line = EpochLine { record: epoch.record(), epochs: self.epochs, restarts: self.restarts, unit: self.unit };
        let line = line.to_string();
        if let Some(live) = &mut self.live {
            live.finished += 1;
            if let Some(best) = record::best(epoch.history) {
                let name = self.monitor.name().replace('_', " ");
                let value = best.value(self.monitor);
                let value = if self.monitor.is_share() { percent(value) } else { format!("{value:.3}") };
                live.best = format!("best {name} {value} in epoch {}", best.epoch);
            }
        }
        self.note(&line);
    }

    /// A line of its own, above the bar.
    fn note(&mut self, text: &str) {
        match &self.live {
            Some(live) if live.started.is_some() && !live.bar.is_finished() => drop(live.lines.println(text)),
            // Nobody may be listening any more; training goes on.
            _ => drop(writeln!(io::stderr(), "{text}")),
        }
    }

    /// Takes the live lines away.
    fn end(&mut self) {
        if let Some(live) = &self.live {
            live.bar.finish_and_clear();
            live.whole.finish_and_clear();
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

fn second_style() -> ProgressStyle {
    ProgressStyle::with_template("{wide_msg}").expect("the template is a constant, tested below")
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
        second_style();
    }

    #[test]
    fn durations_have_two_parts_at_most() {
        assert_eq!([0.4, 42.0, 185.0, 7800.0].map(duration), ["0s", "42s", "3m 05s", "2h 10m"]);
    }
}
