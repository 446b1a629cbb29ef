//! `rnnc predict`: labels for texts, from the command line, a file, or a stream.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::ExitCode;

use super::{Failure, Output};
use crate::classifier::{self, Classifier, Prediction};

/// Texts that wait are taken together, at most so many.
const BATCH: usize = 64;
/// A line longer than this is no text.
const MAX_LINE: u64 = 16 << 20;

pub fn predict(model: &Path, texts: &[String], input: Option<&Path>, format: Output) -> Result<ExitCode, Failure> {
    let (classifier, _) = classifier::load(model).map_err(Failure::input)?;
    let mut sound = true;
    if !texts.is_empty() {
        let rows = texts.iter().enumerate().map(|(i, text)| (format!("text {}", i + 1), text.as_str()));
        sound = show(&classifier, rows, format)?;
    } else {
        let (name, source): (String, Box<dyn Read>) = match input {
            Some(path) if path != Path::new("-") => {
                let file = File::open(path)
                    .map_err(|error| Failure::input(format!("cannot read {}: {error}", path.display())))?;
                (path.display().to_string(), Box::new(file))
            }
            _ => ("standard input".into(), Box::new(std::io::stdin())),
        };
        let mut reader = BufReader::with_capacity(1 << 16, source);
        let mut number = 0;
        while let Some(lines) = waiting(&mut reader, &name, number)? {
            let rows = lines.iter().enumerate().map(|(i, line)| (format!("{name}:{}", number + i + 1), line.as_str()));
            sound &= show(&classifier, rows, format)?;
            number += lines.len();
        }
        if number == 0 {
            return Err(Failure::input(format!("{name}: there is no text to label")));
        }
    }
    Ok(ExitCode::from(u8::from(!sound)))
}

/// The next line, and the lines that have arrived with it; nothing at the end.
fn waiting(reader: &mut BufReader<Box<dyn Read>>, name: &str, read: usize) -> Result<Option<Vec<String>>, Failure> {
    let mut lines = Vec::new();
    loop {
        let number = read + lines.len() + 1;
        let mut bytes = Vec::new();
        let count = reader.by_ref().take(MAX_LINE).read_until(b'\n', &mut bytes);
        let count = count.map_err(|error| Failure::input(format!("{name}:{number}: cannot read on: {error}")))?;
        if count == 0 {
            break;
        }
        if count as u64 == MAX_LINE {
            return Err(Failure::input(format!("{name}:{number}: a line of more than 16 MiB is no text")));
        }
        let line = String::from_utf8(bytes).map_err(|error| {
            Failure::input(format!(
                "{name}:{number}: not UTF-8 text (byte {} of the line)",
                error.utf8_error().valid_up_to() + 1
            ))
        })?;
        lines.push(line.trim_end_matches(['\n', '\r']).to_string());
        // A stream is answered as it comes: only what is here already is waited for.
        if lines.len() == BATCH || !reader.buffer().contains(&b'\n') {
            break;
        }
    }
    Ok((!lines.is_empty()).then_some(lines))
}

/// Prints a prediction for every row; a row that is no text is reported and left out.
fn show<'t>(
    classifier: &Classifier,
    rows: impl Iterator<Item = (String, &'t str)>,
    format: Output,
) -> Result<bool, Failure> {
    let mut encoded = Vec::new();
    let mut sound = true;
    for (place, text) in rows {
        match encode(classifier, text) {
            Ok(row) => encoded.push(row),
            Err(why) => {
                sound = false;
                eprintln!("error: {place}: {why}");
            }
        }
    }
    let mut out = std::io::stdout().lock();
    for prediction in classifier.predict(&encoded).map_err(Failure::input)? {
        match format {
            Output::Human => writeln!(out, "{}", human(classifier, &prediction))?,
            Output::Json => writeln!(out, "{}", json(classifier, &prediction))?,
        }
    }
    out.flush()?;
    Ok(sound)
}

/// The ids of every field the model reads. A model of several fields takes a JSON object a line.
fn encode(classifier: &Classifier, text: &str) -> Result<Vec<Vec<u32>>, String> {
    let tokens =
        |field: &str, text: &str| classifier.encode(field, text).ok_or_else(|| "the text is empty".to_string());
    if let [field] = classifier.model.inputs.as_slice() {
        return Ok(vec![tokens(field, text)?]);
    }
    let fields = classifier.model.inputs.join(", ");
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(text)
        .map_err(|_| format!("this model reads {fields}: write one JSON object a text, with these names"))?;
    let field = |name: &String| match object.get(name) {
        Some(serde_json::Value::String(text)) => tokens(name, text).map_err(|why| format!("{name}: {why}")),
        _ => Err(format!("the object has no text {name:?}; this model reads {fields}")),
    };
    classifier.model.inputs.iter().map(field).collect()
}

/// `person  98.1 %   time 1.2 %, place 0.7 %`
fn human(classifier: &Classifier, prediction: &Prediction) -> String {
    let percent = |p: f32| format!("{:.1} %", 100.0 * p);
    let mut others: Vec<(&String, f32)> = classifier
        .labels
        .names()
        .iter()
        .zip(prediction.probabilities.iter().copied())
        .filter(|(label, _)| **label != prediction.label)
        .collect();
    others.sort_by(|a, b| b.1.total_cmp(&a.1));
    let best = prediction.probabilities.iter().copied().fold(0.0, f32::max);
    let rest: Vec<String> = others.iter().take(4).map(|(label, p)| format!("{label} {}", percent(*p))).collect();
    format!("{}  {}   {}", prediction.label, percent(best), rest.join(", "))
}

fn json(classifier: &Classifier, prediction: &Prediction) -> serde_json::Value {
    let probabilities: serde_json::Map<String, serde_json::Value> = classifier
        .labels
        .names()
        .iter()
        .zip(&prediction.probabilities)
        .map(|(label, p)| (label.clone(), serde_json::json!(p)))
        .collect();
    serde_json::json!({ "label": prediction.label, "probabilities": probabilities })
}
