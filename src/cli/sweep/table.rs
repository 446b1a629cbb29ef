//! The trials of a sweep, ranked: a row each, for people, for programs and as a page.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::plan::Plan;
use crate::cli::figures::{Figures, aligned, axis, shown};
use crate::cli::trial::{Standing, State};
use crate::ir::Metric;
use crate::report::{Axis, Chart, Page, Series, Table};

/// A longer value is cut in the table; `sweep.jsonl` has it whole.
const LONGEST: usize = 28;

/// A line of `sweep.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// From 1: the name of its folder.
    pub trial: usize,
    pub settings: serde_json::Map<String, serde_json::Value>,
    pub state: State,
    pub epochs: usize,
    pub best_epoch: Option<usize>,
    /// Of what the file monitors, the best.
    pub value: Option<f64>,
    pub figures: Figures,
    pub seconds: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl Row {
    pub fn new(plan: &Plan, trial: usize, standing: Standing) -> Self {
        let settings = plan.keys.iter().zip(&plan.points[trial]);
        let settings = settings.map(|(key, value)| (key.clone(), value.as_str().into())).collect();
        Self {
            trial: trial + 1,
            settings,
            state: standing.state,
            epochs: standing.epochs,
            best_epoch: standing.best.map(|(epoch, _)| epoch),
            value: standing.best.map(|(_, value)| value),
            figures: standing.figures,
            seconds: standing.seconds,
            error: standing.error,
        }
    }

    /// In a few words.
    pub fn line(&self, metric: Metric) -> String {
        match (self.state, self.value) {
            (State::Diverged | State::Failed, _) => self.error.clone().unwrap_or_default(),
            (_, Some(value)) => format!(
                "{} {}  best epoch {} of {}  {:.1}s",
                metric.name().replace('_', " "),
                shown(metric.name(), value),
                self.best_epoch.unwrap_or(0),
                self.epochs,
                self.seconds
            ),
            (_, None) => format!("{} epochs", self.epochs),
        }
    }
}

/// The best first; those that diverged last. Equal ones in their order.
pub fn ranked(rows: &[Row], metric: Metric) -> Vec<&Row> {
    let mut ranked: Vec<&Row> = rows.iter().collect();
    let value = |row: &Row| row.value.filter(|_| matches!(row.state, State::Done | State::Stopped));
    ranked.sort_by(|a, b| match (value(a), value(b)) {
        (Some(a), Some(b)) if metric.improves(a, b) => std::cmp::Ordering::Less,
        (Some(a), Some(b)) if metric.improves(b, a) => std::cmp::Ordering::Greater,
        (a, b) => b.is_some().cmp(&a.is_some()),
    });
    ranked
}

/// The header and a row a trial.
fn cells(plan: &Plan, rows: &[Row], metric: Metric) -> Vec<Vec<String>> {
    let mut header = vec!["rank".to_string(), "trial".into()];
    header.extend(plan.keys.iter().cloned());
    header.extend([metric.name().replace('_', " "), "best epoch".into(), "epochs".into(), "seconds".into()]);
    let row = |(rank, row): (usize, &&Row)| {
        let mut cells = vec![(rank + 1).to_string(), format!("{:03}", row.trial)];
        cells.extend(plan.points[row.trial - 1].iter().map(|value| shortened(value)));
        let value = match (row.state, row.value) {
            (State::Diverged, _) => "diverged".to_string(),
            (State::Failed, _) => "failed".to_string(),
            (_, value) => value.map_or(String::new(), |value| shown(metric.name(), value)),
        };
        let best = row.best_epoch.map_or(String::new(), |epoch| epoch.to_string());
        let stopped = if row.state == State::Stopped { "+" } else { "" };
        cells.extend([value, best, format!("{}{stopped}", row.epochs), format!("{:.1}", row.seconds)]);
        cells
    };
    let ranked = ranked(rows, metric);
    std::iter::once(header).chain(ranked.iter().enumerate().map(row)).collect()
}

fn shortened(value: &str) -> String {
    if value.chars().count() <= LONGEST {
        return value.to_string();
    }
    value.chars().take(LONGEST - 1).chain(['…']).collect()
}

/// For a terminal or a file.
pub fn table(plan: &Plan, rows: &[Row], metric: Metric) -> String {
    let mut text = aligned(&cells(plan, rows, metric));
    if rows.iter().any(|row| row.state == State::Stopped) {
        text += "+ stopped early: others were better by then\n";
    }
    text
}

/// A chart for every setting, its values against the metric, and the table.
pub fn page(plan: &Plan, rows: &[Row], metric: Metric, file: &Path) -> String {
    let mut page = Page::new(format!("Sweep of {}", file.display()));
    page.remark(&format!("{} of {} trials, ranked by `{}`.", rows.len(), plan.points.len(), metric.name()));
    let charts: Vec<Chart> = (0..plan.keys.len()).map(|key| chart(plan, rows, metric, key)).collect();
    page.charts(&charts);
    page.section("Trials");
    let cells = cells(plan, rows, metric);
    let names: Vec<&str> = cells[0].iter().map(String::as_str).collect();
    let mut table = Table::new(&[], &names);
    cells[1..].iter().for_each(|row| table.row(row.iter().cloned()));
    page.table(&table);
    page.section("The file");
    page.text(&plan.source);
    page.finish()
}

/// Numbers stand where they belong, far apart ones on a logarithmic axis; words by their number in a list.
fn chart(plan: &Plan, rows: &[Row], metric: Metric, key: usize) -> Chart {
    let values: Vec<&String> = plan.points.iter().map(|point| &point[key]).collect();
    let numbers: Option<Vec<f64>> = values.iter().map(|value| value.parse::<f64>().ok()).collect();
    let mut words: Vec<&String> = values.clone();
    words.sort();
    words.dedup();
    let place = |trial: usize| match &numbers {
        Some(numbers) => numbers[trial],
        None => words.iter().position(|word| *word == values[trial]).unwrap_or(0) as f64 + 1.0,
    };
    let mut points: Vec<(f64, f64)> = rows.iter().filter_map(|row| Some((place(row.trial - 1), row.value?))).collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    let name = &plan.keys[key];
    let far = |numbers: &Vec<f64>| {
        let low = numbers.iter().copied().fold(f64::INFINITY, f64::min);
        low > 0.0 && numbers.iter().copied().fold(0.0, f64::max) / low >= 20.0
    };
    let x = if numbers.as_ref().is_some_and(far) { Axis::logarithmic(name) } else { Axis::linear(name) };
    let mut chart = Chart::new(name.clone(), x, axis(metric.name()), vec![Series::dots("", points)]);
    chart.caption = metric.name().replace('_', " ");
    if numbers.is_none() {
        let list: Vec<String> = words.iter().enumerate().map(|(i, word)| format!("{} is `{word}`", i + 1)).collect();
        chart.notes.push(list.join(", "));
    }
    chart
}
