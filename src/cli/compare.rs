//! `rnnc compare`: trained models side by side: what they are worth, what they cost, in what their files differ, and how
//! their trainings went.

mod difference;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::json;

use super::figures::{Figures, aligned, axis, of_record, shown};
use super::{CompareArguments, Failure, Output, say, stdout_style, trial};
use crate::artifact::{Record, write_atomically};
use crate::check::{self, Checked, NoFiles};
use crate::diagnostic::render::printable;
use crate::diagnostic::suggest::nearest;
use crate::predictor::{self, thousands};
use crate::report::{Axis, Chart, Page, Series, Size, Table, plot, terminal};
use crate::train::EpochRecord;
use difference::differences;

/// More lines in one chart cannot be told apart.
const MOST_LINES: usize = 8;
/// Columns of a chart on a wide terminal.
const WIDEST: usize = 80;

pub fn compare(arguments: &CompareArguments) -> Result<ExitCode, Failure> {
    let ending = arguments.out.as_deref().and_then(|out| out.extension()?.to_str());
    if let Some(out) = arguments.out.as_deref().filter(|_| !matches!(ending, Some("svg" | "html"))) {
        return Err(Failure::usage(format!("--out {}: a comparison is an .svg or an .html file", out.display())));
    }
    let runs = arguments.runs.iter().map(|path| Run::read(path)).collect::<Result<Vec<_>, _>>()?;
    let metric = metric(arguments, &runs)?;
    let comparison = Comparison { metric, differing: differences(&runs), runs };
    if let Some(out) = &arguments.out {
        let chart = comparison.chart(MOST_LINES);
        let file = if ending == Some("svg") { plot(&chart, Size::Large).file() } else { comparison.page() };
        write_atomically(out, file.as_bytes()).map_err(Failure::input)?;
        say(format!("comparison: {}", out.display()));
    }
    let mut out = std::io::stdout().lock();
    match arguments.output.format {
        Output::Human => write!(out, "{}", comparison.text())?,
        Output::Json => writeln!(out, "{}", comparison.json())?,
    }
    Ok(ExitCode::SUCCESS)
}

/// A trained model with what stands beside it.
pub struct Run {
    /// As the command names it.
    name: String,
    record: Record,
    checked: Checked,
    parameters: u64,
    figures: Figures,
    history: Vec<EpochRecord>,
}

impl Run {
    /// The model at a path, or in the folder there.
    fn read(path: &Path) -> Result<Self, Failure> {
        let model: PathBuf = if path.is_dir() { path.join("model.safetensors") } else { path.to_path_buf() };
        if path.is_dir() && !model.is_file() {
            return Err(Failure::input(format!("{}: there is no model.safetensors in this folder", path.display())));
        }
        let (predictor, record) = predictor::load(&model).map_err(Failure::input)?;
        let values = predictor.network.values().map_err(Failure::input)?;
        let history = trial::history(model.parent().unwrap_or(Path::new("")));
        let name = path.display().to_string().trim_end_matches('/').to_string();
        let checked = check::check(&name, &record.source, &mut NoFiles);
        let parameters = values.iter().map(|values| values.len() as u64).sum();
        Ok(Self { name, figures: of_record(&record.metrics), parameters, record, checked, history })
    }

    fn seconds(&self) -> f64 {
        self.history.iter().fold(0.0, |all, epoch| all + epoch.seconds)
    }

    /// What it reaches in a metric, epoch by epoch.
    fn points(&self, metric: &str) -> Vec<(f64, f64)> {
        let value = |(i, epoch): (usize, &EpochRecord)| Some(((i + 1) as f64, json!(epoch)[metric].as_f64()?));
        self.history.iter().enumerate().filter_map(value).collect()
    }
}

/// What the chart shows: what is asked for, or what the first file monitors.
fn metric(arguments: &CompareArguments, runs: &[Run]) -> Result<String, Failure> {
    let Some(wanted) = &arguments.metric else {
        let program = runs.first().and_then(|run| run.checked.program.as_ref());
        return Ok(program.map_or("valid_loss", |program| program.train.monitor.name()).to_string());
    };
    let epochs = runs.iter().filter_map(|run| run.history.first()).map(|epoch| json!(epoch));
    let mut names: Vec<String> = epochs
        .flat_map(|epoch| epoch.as_object().cloned().unwrap_or_default())
        .filter(|(name, value)| value.is_number() && name != "epoch" && name != "restart")
        .map(|(name, _)| name)
        .collect();
    names.sort();
    names.dedup();
    if names.contains(wanted) {
        return Ok(wanted.clone());
    }
    let near = nearest(wanted, names.iter().map(String::as_str)).map(|near| format!("; did you mean {near}?"));
    let known = near.unwrap_or_else(|| format!("; there are {}", names.join(", ")));
    Err(Failure::usage(format!("--metric {wanted}: no epoch has this figure{known}")))
}

struct Comparison {
    runs: Vec<Run>,
    metric: String,
    differing: difference::Differing,
}

impl Comparison {
    /// A row a run.
    fn rows(&self) -> Vec<Vec<String>> {
        let mut names: Vec<&String> = Vec::new();
        for name in self.runs.iter().flat_map(|run| run.figures.keys()) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let mut header: Vec<String> =
            ["run", "parameters", "best epoch", "epochs", "seconds"].map(String::from).to_vec();
        header.extend(names.iter().map(|name| name.replace('_', " ")));
        let row = |(i, run): (usize, &Run)| {
            let figure = |name: &&String| {
                run.figures
                    .get(*name)
                    .and_then(serde_json::Value::as_f64)
                    .map_or("–".into(), |value| shown(name, value))
            };
            let seconds = if run.history.is_empty() { "–".into() } else { format!("{:.1}", run.seconds()) };
            let mut cells = vec![
                format!("{} {}", i + 1, run.name),
                thousands(run.parameters),
                run.record.best_epoch.to_string(),
                run.record.trained_epochs.to_string(),
                seconds,
            ];
            cells.extend(names.iter().map(figure));
            cells
        };
        std::iter::once(header).chain(self.runs.iter().enumerate().map(row)).collect()
    }

    fn chart(&self, most: usize) -> Chart {
        let shown = |run: &&Run| !run.points(&self.metric).is_empty();
        let lines = self.runs.iter().filter(shown).take(most);
        let series = lines.map(|run| Series::line(run.name.clone(), run.points(&self.metric))).collect();
        let title = self.metric.replace('_', " ");
        let mut chart = Chart::new(title, Axis::linear("epoch"), axis(&self.metric), series);
        let left = self.runs.iter().filter(shown).count().saturating_sub(most);
        if left > 0 {
            chart.notes.push(format!("{left} more runs are in the table alone"));
        }
        chart
    }

    fn text(&self) -> String {
        let mut text = aligned(&self.rows());
        text += "\n";
        text += &self.differing.text();
        let chart = self.chart(MOST_LINES);
        if !chart.series.is_empty() {
            let style = stdout_style();
            text += "\n";
            text += &terminal(&chart, style.width.min(WIDEST), style.color);
            // The chart has its own colours; all else is the files', and was made printable there.
            return text;
        }
        printable(&text).into_owned()
    }

    fn page(&self) -> String {
        let mut page = Page::new("Comparison");
        let table = |rows: &[Vec<String>]| {
            let names: Vec<&str> = rows[0][1..].iter().map(String::as_str).collect();
            let mut table = Table::new(&[rows[0][0].as_str()], &names);
            rows[1..].iter().for_each(|row| table.row(row.iter().cloned()));
            table
        };
        page.table(&table(&self.rows()));
        page.section("What differs");
        match self.differing.rows() {
            rows if rows.len() > 1 => page.table(&table(&rows)),
            _ => {}
        }
        self.differing.sentences.iter().for_each(|sentence| page.paragraph(sentence));
        if self.differing.is_empty() {
            page.paragraph("Nothing.");
        }
        page.section("Epoch by epoch");
        page.chart(&self.chart(MOST_LINES));
        page.finish()
    }

    fn json(&self) -> serde_json::Value {
        let run = |run: &Run| {
            json!({
                "run": run.name, "model": run.record.model, "parameters": run.parameters, "seed": run.record.seed,
                "best_epoch": run.record.best_epoch, "epochs": run.record.trained_epochs, "seconds": run.seconds(),
                "figures": run.figures, "epoch_by_epoch": run.points(&self.metric).iter().map(|(_, y)| *y).collect::<Vec<_>>(),
            })
        };
        json!({
            "runs": self.runs.iter().map(run).collect::<Vec<_>>(), "metric": self.metric,
            "settings": self.differing.json(), "differences": self.differing.sentences,
        })
    }
}
