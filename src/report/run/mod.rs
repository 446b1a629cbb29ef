//! The report of a training: one page with its curves, what its model is worth and where it errs, the model, its source, and
//! the data it was made from.
//!
//! Every part is a file here. A part that has nothing to say about a kind of answer is left out.

mod costs;
mod curves;
mod data;
mod quality;

use std::collections::BTreeMap;

use super::page::Page;
use super::style::Drawing;
use crate::data::{Said, Split, Vocabulary};
use crate::ir::{Metric, Train};
use crate::predictor::{Analysis, Evaluation, thousands};
use crate::train::EpochRecord;

/// Everything that a report shows.
pub struct RunReport<'r> {
    /// The model's name in the file.
    pub model: &'r str,
    /// How far the training is, in a few words.
    pub status: &'r str,
    /// The `.rnn` text, with what it imports.
    pub source: &'r str,
    pub figure: &'r Drawing,
    /// How many numbers the model's parameters are.
    pub parameters: u64,
    pub train: &'r Train,
    /// Nothing where only an evaluation is reported.
    pub history: &'r [EpochRecord],
    /// Figures of the model, by the name of the data.
    pub results: &'r [(&'r str, &'r Evaluation)],
    /// A closer look at one of them.
    pub examined: Option<Examined<'r>>,
    pub splits: &'r [(&'r str, &'r Split)],
    pub vocabularies: &'r BTreeMap<String, Vocabulary>,
    /// The classes, where there are some.
    pub labels: &'r [String],
}

/// What is known of a model's answers on some data.
pub struct Examined<'r> {
    /// What the data is called.
    pub name: &'r str,
    pub evaluation: &'r Evaluation,
    pub analysis: &'r Analysis,
    /// The texts of the rows that are shown.
    pub texts: &'r BTreeMap<usize, Said>,
    /// Whether these texts are the ids of the model written out, because the file does not have them.
    pub from_ids: bool,
}

/// The report as a page that stands by itself.
pub fn run_page(report: &RunReport) -> String {
    let mut page = Page::new(report.model);
    summary(&mut page, report);
    if !report.history.is_empty() {
        page.section("Training");
        curves::write(&mut page, report);
    }
    quality::write(&mut page, report);
    page.section("Model");
    page.remark(&format!(
        "{} weights. Each box is a step of the model with the shape of its result.",
        thousands(report.parameters)
    ));
    page.drawing(report.figure);
    page.section("Source");
    page.code(report.source);
    data::write(&mut page, report);
    if !report.history.is_empty() {
        page.section("Time and memory");
        costs::write(&mut page, report);
    }
    page.remark(&format!("Written by rnnc {}.", env!("CARGO_PKG_VERSION")));
    page.finish()
}

/// The lines that most people come for.
fn summary(page: &mut Page, report: &RunReport) {
    page.remark(report.status);
    let mut facts = Vec::new();
    for (name, evaluation) in report.results {
        facts.push((name.to_string(), figures(evaluation)));
    }
    if let Some(best) = report.history.iter().rev().find(|record| record.best) {
        let metric = report.train.monitor;
        let restart = best.restart.map_or(String::new(), |restart| format!(" of restart {restart}"));
        let value = shown(metric, best.value(metric));
        facts.push(("best epoch".into(), format!("{}{restart}, by {} ({value})", best.epoch, metric.name())));
    }
    facts.push(("weights".into(), thousands(report.parameters)));
    if !report.history.is_empty() {
        let seconds = report.history.iter().map(|record| record.seconds + record.valid_seconds.unwrap_or(0.0)).sum();
        facts.push(("epochs".into(), format!("{} in {}", report.history.len(), costs::duration(seconds))));
        facts.push(("seed".into(), report.train.seed.to_string()));
    }
    page.facts(&facts);
}

/// The figures in one line.
fn figures(evaluation: &Evaluation) -> String {
    evaluation.line().replace("  ", ", ")
}

fn shown(metric: Metric, value: f64) -> String {
    if metric.is_share() { format!("{:.1}%", 100.0 * value) } else { super::number(value) }
}
