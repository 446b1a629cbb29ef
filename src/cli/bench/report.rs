//! The figures of `rnnc bench`, as a table and as JSON.

use std::time::Duration;

use serde_json::{Value, json};

use super::Load;
use super::measure::Measured;
use super::work::Work;
use crate::ir::Model;
use crate::kernels::profile::Profile;
use crate::predictor::{percent, thousands};

pub struct Report<'a> {
    model: String,
    load: &'a Load,
    threads: usize,
    /// Of the machine, in GFLOP/s.
    peak: f64,
    layers: Vec<Line>,
    /// What candle does between the operations of layers, and what is no operation at all.
    other: Line,
    loss: Line,
    total: Line,
    /// In milliseconds.
    update: f64,
}

/// Milliseconds of a median step, and the arithmetic of a training step.
#[derive(Default)]
struct Line {
    name: String,
    path: String,
    shape: String,
    inference: f64,
    forward: f64,
    backward: f64,
    forward_flops: usize,
    backward_flops: usize,
}

impl Line {
    fn named(name: &str) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// GFLOP/s of the training step, where anything is computed.
    fn rate(&self) -> Option<f64> {
        let flops = (self.forward_flops + self.backward_flops) as f64;
        let milliseconds = self.forward + self.backward;
        (flops > 0.0 && milliseconds > 0.0).then(|| flops / milliseconds / 1e6)
    }
}

impl<'a> Report<'a> {
    pub fn new(model: &Model, load: &'a Load, threads: usize, peak: f64, work: &Work, measured: &Measured) -> Self {
        let layers = work.rows.iter().map(|row| Line {
            name: row.layer.clone(),
            path: row.path.clone(),
            shape: row.shape.clone(),
            forward_flops: row.forward,
            backward_flops: row.backward,
            ..Line::default()
        });
        let mut report = Self {
            model: model.name.clone(),
            load,
            threads,
            peak,
            layers: layers.collect(),
            loss: Line::named("loss"),
            other: Line::named("other"),
            total: Line::named("total"),
            update: milliseconds(measured.training.update),
        };
        report.spread(&measured.inference, work, measured, |line| &mut line.inference);
        report.spread(&measured.training.forward, work, measured, |line| &mut line.forward);
        report.spread(&measured.training.backward, work, measured, |line| &mut line.backward);
        report.total.forward_flops = work.rows.iter().map(|row| row.forward).sum();
        report.total.backward_flops = work.rows.iter().map(|row| row.backward).sum();
        report
    }

    /// Puts the times of a profile into one column of the lines.
    fn spread(&mut self, profile: &Profile, work: &Work, measured: &Measured, column: fn(&mut Line) -> &mut f64) {
        let total = milliseconds(profile.total);
        *column(&mut self.total) = total;
        *column(&mut self.other) = total;
        for (account, time) in &profile.accounts {
            let line = match work.row(*account) {
                Some(row) => &mut self.layers[row],
                None if *account == measured.loss => &mut self.loss,
                None => continue,
            };
            *column(line) += milliseconds(*time);
            *column(&mut self.other) -= milliseconds(*time);
        }
    }

    /// Milliseconds of a whole training step.
    fn step(&self) -> f64 {
        self.total.forward + self.total.backward + self.update
    }

    /// Examples and tokens a second, at so many milliseconds a batch.
    fn speed(&self, milliseconds: f64) -> [u64; 2] {
        [self.load.batch, self.load.batch * self.load.len].map(|n| (n as f64 / milliseconds * 1e3).round() as u64)
    }

    pub fn table(&self) -> String {
        let Load { batch, len, steps, .. } = self.load;
        let threads = if self.threads == 1 { "1 thread".into() } else { format!("{} threads", self.threads) };
        let mut text = format!(
            "{}: {batch} texts of {len} tokens, {threads}, median of {steps} steps\nlarge products run at {:.1} GFLOP/s here\n\n",
            self.model, self.peak
        );
        let head = ["milliseconds", "inference", "forward", "backward", "GFLOP/s", "of peak"].map(str::to_string);
        let lines = self.layers.iter().chain([&self.loss, &self.other, &self.total]);
        let rows: Vec<[String; 6]> = std::iter::once(head).chain(lines.map(|line| self.cells(line))).collect();
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: [usize; 6] = std::array::from_fn(width);
        for (i, row) in rows.iter().enumerate() {
            if i == 1 || i + 1 == rows.len() {
                text += &format!("{}\n", "-".repeat(widths.iter().sum::<usize>() + 10));
            }
            let cells = row.iter().zip(widths).skip(1).map(|(cell, width)| format!("  {cell:>width$}"));
            let line = format!("{:<width$}{}", row[0], cells.collect::<String>(), width = widths[0]);
            text += &format!("{}\n", line.trim_end());
        }
        let Line { forward, backward, inference, .. } = self.total;
        text += &format!(
            "\ntraining   {:.2} ms a step: forward {forward:.2}, backward {backward:.2}, update {:.2}; {}\n",
            self.step(),
            self.update,
            said(self.speed(self.step()))
        );
        text + &format!("inference  {inference:.2} ms a step; {}\n", said(self.speed(inference)))
    }

    fn cells(&self, line: &Line) -> [String; 6] {
        let time = |milliseconds: f64| if milliseconds == 0.0 { String::new() } else { format!("{milliseconds:.2}") };
        let rate = line.rate();
        [
            line.name.clone(),
            time(line.inference),
            time(line.forward),
            time(line.backward),
            rate.map(|rate| format!("{rate:.1}")).unwrap_or_default(),
            rate.map(|rate| percent(rate / self.peak)).unwrap_or_default(),
        ]
    }

    pub fn json(&self) -> Value {
        let Load { batch, len, steps, vocabulary, classes, .. } = self.load;
        let layer = |line: &Line| {
            let mut value = json!({ "layer": line.name, "path": line.path, "shape": line.shape });
            merge(&mut value, self.figures(line));
            value
        };
        let speed = |milliseconds: f64| {
            let [examples, tokens] = self.speed(milliseconds);
            json!({ "total_ms": rounded(milliseconds), "examples_per_second": examples, "tokens_per_second": tokens })
        };
        let mut training = json!({
            "forward_ms": rounded(self.total.forward), "backward_ms": rounded(self.total.backward),
            "update_ms": rounded(self.update),
        });
        merge(&mut training, speed(self.step()));
        json!({
            "model": self.model, "batch": batch, "len": len, "steps": steps, "threads": self.threads,
            "vocabulary": vocabulary, "classes": classes, "peak_gflops": rounded(self.peak),
            "layers": self.layers.iter().map(layer).collect::<Vec<_>>(),
            "loss": self.figures(&self.loss), "other": self.figures(&self.other), "total": self.figures(&self.total),
            "training": training, "inference": speed(self.total.inference),
        })
    }

    fn figures(&self, line: &Line) -> Value {
        let rate = line.rate();
        json!({
            "inference_ms": rounded(line.inference), "forward_ms": rounded(line.forward),
            "backward_ms": rounded(line.backward),
            "forward_flops": line.forward_flops, "backward_flops": line.backward_flops,
            "gflops": rate.map(rounded), "peak_share": rate.map(|rate| rounded(rate / self.peak)),
        })
    }
}

fn merge(value: &mut Value, more: Value) {
    if let (Value::Object(value), Value::Object(more)) = (value, more) {
        value.extend(more);
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// To four digits after the point: no clock knows more.
fn rounded(number: f64) -> f64 {
    (number * 1e4).round() / 1e4
}

fn said([examples, tokens]: [u64; 2]) -> String {
    format!("{} examples/s, {} tokens/s", thousands(examples), thousands(tokens))
}
