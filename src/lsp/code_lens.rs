//! `textDocument/codeLens`: above `model`, how large it is, what it costs, and how its last training went.

use std::path::{Path, PathBuf};

use gen_lsp_types::{CodeLens, Command};
use serde_json::Value;

use crate::ir::Metric;
use crate::syntax::ast::Item;

use super::analysis::Analysis;
use super::describe;
use super::files::{self, Files};

/// What the client is asked to run for a lens that can be followed: the server opens the report.
pub const OPEN_REPORT: &str = "rnnc.openReport";

pub fn code_lens(analysis: &Analysis, files: &Files) -> Vec<CodeLens> {
    let models = analysis.checked.entry.items.iter().filter_map(|item| match item {
        Item::Model(model) => Some(model),
        _ => None,
    });
    let Some(model) = models.into_iter().next() else { return Vec::new() };
    let range = analysis.range(model.name.span);
    let lens = |title: String, command: &str, arguments: Option<Vec<Value>>| CodeLens {
        range,
        command: Some(Command { title, command: command.into(), arguments, ..Command::default() }),
        data: None,
    };
    let mut lenses: Vec<CodeLens> = totals(analysis).map(|text| lens(text, "", None)).into_iter().collect();
    if let Some(run) = last_run(analysis, files) {
        let report = run.report.filter(|report| report.is_file());
        let command = if report.is_some() { OPEN_REPORT } else { "" };
        let uri = report.map(|report| vec![Value::String(super::uri::of_path(&report).0)]);
        lenses.push(lens(run.text, command, uri));
    }
    lenses
}

/// `1,234 parameters, 56 flops/token`; nothing where the model has errors.
pub fn totals(analysis: &Analysis) -> Option<String> {
    let graph = &analysis.checked.program.as_ref()?.model.as_ref()?.graph;
    let parts = [Some(describe::parameters(&graph.size())), describe::cost(&graph.total_cost())];
    Some(parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
}

/// What a training has left behind.
struct Run {
    text: String,
    report: Option<PathBuf>,
}

/// The training of this file that `rnnc train` wrote to `runs/<its name>`, here or further up in the project. Only its log is read.
fn last_run(analysis: &Analysis, files: &Files) -> Option<Run> {
    let path = analysis.path.as_deref()?;
    let root = crate::project::root(path);
    let within =
        |folder: &&Path| folder.starts_with(&root) || files.folders.iter().any(|open| folder.starts_with(open));
    let stem = path.file_stem()?;
    let folder = path.ancestors().skip(1).take_while(within).map(|folder| folder.join("runs").join(stem));
    let folder = folder.into_iter().find(|folder| folder.join("metrics.jsonl").is_file())?;
    let lines = files::last_lines(&folder.join("metrics.jsonl"))?;
    let epochs = lines.iter().rev().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let best = epochs.into_iter().find(|epoch| epoch["best"] == true)?;
    let monitor = analysis.checked.program.as_ref().map_or(Metric::ValidLoss, |program| program.train.monitor);
    let mut shown: Vec<&str> = vec![monitor.name(), Metric::ValidAccuracy.name()];
    shown.dedup();
    let mut figures: Vec<String> =
        shown.iter().filter_map(|name| Some(format!("{name} {:.4}", best[*name].as_f64()?))).collect();
    if figures.is_empty() {
        figures.push(format!("train_loss {:.4}", best["train_loss"].as_f64()?));
    }
    let text = format!("last run: {} (epoch {})", figures.join(", "), best["epoch"].as_u64()?);
    Some(Run { text, report: Some(folder.join("report.html")) })
}
