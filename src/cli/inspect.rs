//! `rnnc inspect`: what is in a `model.safetensors`.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use super::{Failure, Output};
use crate::artifact::Record;
use crate::diagnostic::render::printable;
use crate::predictor::{self, Predictor};

pub fn inspect(path: &Path, source: bool, format: Output) -> Result<ExitCode, Failure> {
    let (predictor, record) = predictor::load(path).map_err(Failure::input)?;
    let mut out = std::io::stdout().lock();
    if source {
        out.write_all(record.source.as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    }
    match format {
        Output::Human => write!(out, "{}", human(path, &predictor, &record)?)?,
        Output::Json => writeln!(out, "{}", json(&predictor, &record)?)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn shapes(predictor: &Predictor) -> Result<Vec<(String, Vec<usize>)>, Failure> {
    let values = predictor.network.values().map_err(Failure::input)?;
    let tensors = predictor::tensors(predictor, &values).map_err(Failure::input)?;
    Ok(tensors.into_iter().map(|(name, shape, _)| (name, shape)).collect())
}

fn human(path: &Path, predictor: &Predictor, record: &Record) -> Result<String, Failure> {
    let mut text = format!("{}\n", path.display());
    let mut line = |name: &str, value: String| text.push_str(&format!("{name:<12}{}\n", printable(&value)));
    line("model", record.model.clone());
    if let Some(first) = predictor.model.docs.lines().next() {
        line("", first.to_string());
    }
    line(
        "trained by",
        format!("rnnc {}, edition {} of the language, seed {}", record.rnnc_version, record.edition, record.seed),
    );
    if let Some(cpu) = &record.cpu {
        line("processor", cpu.clone());
    }
    if let Some(file) = &record.started_from {
        line("started from", format!("the weights of {}", file.path));
    }
    line("epochs", format!("{}, the best was {}", record.trained_epochs, record.best_epoch));
    for (role, name) in [("valid", "validation"), ("test", "test")] {
        let figure = |key: &str| record.metrics.get(role).and_then(|m| m.get(key)).and_then(serde_json::Value::as_f64);
        let percent = |name: &str, key: &str| figure(key).map(|share| format!("{name} {:.2}%", 100.0 * share));
        let plain = |name: &str, key: &str| figure(key).map(|value| format!("{name} {value:.3}"));
        let figures = [
            percent("accuracy", "accuracy"),
            percent("at the root", "root_accuracy"),
            percent("macro F1", "macro_f1"),
            plain("perplexity", "perplexity"),
            plain("mean absolute error", "mean_absolute_error"),
            plain("loss", "loss"),
        ];
        let figures: Vec<String> = figures.into_iter().flatten().collect();
        if !figures.is_empty() {
            line(name, figures.join(", "));
        }
    }
    if !record.labels.is_empty() {
        line("labels", record.labels.join(", "));
    }
    for (field, tokens) in &record.vocabularies {
        let hash = record.vocabulary_sha256.get(field).and_then(|hash| hash.get(..12));
        let hash = hash.map_or(String::new(), |hash| format!(", sha256 {hash}…"));
        line("vocabulary", format!("{field}: {} tokens{hash}", tokens.len()));
    }
    for file in &record.data {
        let role = format!("{:?}", file.role).to_lowercase();
        line(
            "data",
            format!(
                "{role} {} ({} rows, sha256 {}…)",
                file.path,
                file.rows,
                file.sha256.get(..12).unwrap_or(&file.sha256)
            ),
        );
    }
    for (i, (name, value)) in record.settings.iter().enumerate() {
        line(if i == 0 { "settings" } else { "" }, format!("{name} = {value}"));
    }
    if !record.golden.is_empty() {
        line("golden rows", format!("{}, whose answers were found again just now", record.golden.len()));
    }
    let shapes = shapes(predictor)?;
    let count: usize = shapes.iter().map(|(_, shape)| shape.iter().product::<usize>()).sum();
    line("parameters", format!("{count} in {} tensors", shapes.len()));
    let width = shapes.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    for (name, shape) in shapes {
        line("", format!("{name:<width$}  {shape:?}"));
    }
    Ok(text + "source      rnnc inspect --source prints the .rnn text\n")
}

fn json(predictor: &Predictor, record: &Record) -> Result<serde_json::Value, Failure> {
    let mut value = serde_json::json!(record);
    let parameters: Vec<_> = shapes(predictor)?
        .into_iter()
        .map(|(name, shape)| serde_json::json!({ "name": name, "shape": shape }))
        .collect();
    if let Some(object) = value.as_object_mut() {
        object.insert("parameters".into(), parameters.into());
    }
    Ok(value)
}
