//! `rnnc predict`: answers for texts, from the command line, a file, or a stream.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::ExitCode;

use super::{Failure, Output, files, say};
use crate::data::tree::{self, Tree};
use crate::diagnostic::render::printable;
use crate::ir::Target;
use crate::predictor::{self, Encoded, Prediction, Predictor};

/// Texts that wait are taken together, at most so many.
const BATCH: usize = 64;
/// A line longer than this is no text.
const MAX_LINE: u64 = 16 << 20;

/// A text to label and where it is from, or why it is no text.
struct Row {
    place: String,
    text: Result<String, String>,
}

pub fn predict(model: &Path, texts: &[String], input: Option<&Path>, format: Output) -> Result<ExitCode, Failure> {
    let (predictor, _) = predictor::load(model).map_err(Failure::input)?;
    let mut sound = true;
    if !texts.is_empty() {
        let row = |(i, text): (usize, &String)| Row { place: format!("text {}", i + 1), text: Ok(text.clone()) };
        sound = show(&predictor, texts.iter().enumerate().map(row), format)?;
    } else {
        let (name, source): (String, Box<dyn Read>) = match input {
            Some(path) if path != Path::new("-") => (path.display().to_string(), Box::new(files::open(path)?)),
            _ => ("standard input".into(), Box::new(std::io::stdin())),
        };
        let mut reader = BufReader::with_capacity(1 << 16, source);
        let mut number = 0;
        loop {
            let rows = waiting(&mut reader, &name, number)?;
            if rows.is_empty() {
                break;
            }
            number += rows.len();
            sound &= show(&predictor, rows.into_iter(), format)?;
        }
        if number == 0 {
            return Err(Failure::input(format!("{name}: there is no text to label")));
        }
    }
    Ok(ExitCode::from(u8::from(!sound)))
}

/// The next line, and the lines that have arrived with it; nothing at the end.
fn waiting(reader: &mut BufReader<Box<dyn Read>>, name: &str, read: usize) -> Result<Vec<Row>, Failure> {
    let mut rows = Vec::new();
    loop {
        let place = format!("{name}:{}", read + rows.len() + 1);
        let failed = |error| Failure::input(format!("{place}: cannot read on: {}", files::reason(&error)));
        let mut bytes = Vec::new();
        let count = reader.by_ref().take(MAX_LINE).read_until(b'\n', &mut bytes).map_err(failed)?;
        if count == 0 {
            break;
        }
        let text = if count as u64 == MAX_LINE && !bytes.ends_with(b"\n") {
            reader.skip_until(b'\n').map_err(failed)?;
            Err("a line of more than 16 MiB is no text".to_string())
        } else {
            String::from_utf8(bytes)
                .map(|line| line.trim_end_matches(['\n', '\r']).to_string())
                .map_err(|error| format!("not UTF-8 text (byte {} of the line)", error.utf8_error().valid_up_to() + 1))
        };
        rows.push(Row { place, text });
        // A stream is answered as it comes: only what is here already is waited for.
        if rows.len() == BATCH || !reader.buffer().contains(&b'\n') {
            break;
        }
    }
    Ok(rows)
}

/// Answers every row in order; `false` where one of them is no text. Such a row is reported on stderr, and in JSON has
/// its answer too, so that answers and rows can be matched.
fn show(predictor: &Predictor, rows: impl Iterator<Item = Row>, format: Output) -> Result<bool, Failure> {
    let mut encoded = Vec::new();
    let mut answers = Vec::new();
    for Row { place, text } in rows {
        let row = text.and_then(|text| Ok((encode(predictor, &text)?, tokens(predictor, &text))));
        answers.push(match row {
            Ok((row, tokens)) => {
                encoded.push(row);
                Ok(tokens)
            }
            Err(why) => {
                say(format!("error: {place}: {why}"));
                Err(why)
            }
        });
    }
    let mut predictions = predictor.predict(&encoded).map_err(Failure::input)?.into_iter();
    let mut out = std::io::stdout().lock();
    for answer in &answers {
        let prediction = answer.as_ref().map(|tokens| Some((predictions.next()?, tokens)));
        match (format, prediction) {
            (Output::Human, Ok(Some((prediction, tokens)))) => {
                // A label and a token are the data's, and may hold anything.
                let line = human(predictor, &prediction, tokens);
                writeln!(out, "{}", printable(&line).replace('\n', " "))?;
            }
            (Output::Json, Ok(Some((prediction, tokens)))) => {
                writeln!(out, "{}", json(predictor, &prediction, tokens))?;
            }
            (Output::Json, Err(why)) => writeln!(out, "{}", serde_json::json!({ "label": null, "error": why }))?,
            _ => {}
        }
    }
    out.flush()?;
    Ok(answers.iter().all(Result::is_ok))
}

/// Every field the model reads. A model of several fields takes a JSON object a line.
fn encode(predictor: &Predictor, text: &str) -> Result<Vec<Encoded>, String> {
    if let [field] = predictor.model.inputs.as_slice() {
        let encoded = predictor.encode(field, text)?;
        if matches!(predictor.model.target, Target::Next(_)) && encoded.ids.len() < 2 {
            return Err("a text of one token: a language model predicts the tokens after the first".into());
        }
        return Ok(vec![encoded]);
    }
    let fields = predictor.model.inputs.join(", ");
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(text)
        .map_err(|_| format!("this model reads {fields}: write one JSON object a text, with these names"))?;
    let field = |name: &String| match object.get(name) {
        Some(serde_json::Value::String(text)) => predictor.encode(name, text).map_err(|why| format!("{name}: {why}")),
        _ => Err(format!("the object has no text {name:?}; this model reads {fields}")),
    };
    predictor.model.inputs.iter().map(field).collect()
}

/// The tokens that a tagger labels, as the text has them; of a tree the word of every node, or nothing; empty for any other
/// model.
fn tokens(predictor: &Predictor, text: &str) -> Vec<String> {
    let Target::Tags { of, .. } = &predictor.model.target else { return Vec::new() };
    let object = || serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text).ok();
    let own = match predictor.model.inputs.as_slice() {
        [_] => Some(text.to_string()),
        _ => object().and_then(|object| Some(object.get(of)?.as_str()?.to_string())),
    };
    if predictor.data.is_tree(of) {
        let word = |node: &tree::Node| node.word.unwrap_or_default().to_string();
        let words = |text: String| Some(Tree::parse(text.trim()).ok()?.nodes.iter().map(word).collect());
        return own.and_then(words).unwrap_or_default();
    }
    own.zip(predictor.tokenizer(of)).map(|(text, tokenizer)| tokenizer.tokens(&text)).unwrap_or_default()
}

/// `person  98.1%   time 1.2%, place 0.7%`, or `Anna/person sings/other`, or a number.
fn human(predictor: &Predictor, prediction: &Prediction, tokens: &[String]) -> String {
    let percent = |p: f32| format!("{:.1}%", 100.0 * p);
    match prediction {
        Prediction::Class { label, probabilities } | Prediction::Tree { label, probabilities, .. } => {
            let mut others: Vec<(&str, f32)> =
                names(predictor).zip(probabilities.iter().copied()).filter(|(name, _)| name != label).collect();
            others.sort_by(|a, b| b.1.total_cmp(&a.1));
            let best = probabilities.iter().copied().fold(0.0, f32::max);
            let rest: Vec<String> =
                others.iter().take(4).map(|(label, p)| format!("{label} {}", percent(*p))).collect();
            format!("{label}  {}   {}", percent(best), rest.join(", "))
        }
        Prediction::Tags(tags) => {
            let pairs: Vec<String> =
                tokens.iter().zip(tags).map(|(token, (label, _))| format!("{token}/{label}")).collect();
            pairs.join(" ")
        }
        Prediction::Number(value) => value.to_string(),
        Prediction::Text { loss, tokens } => {
            format!("{loss:.3} nats a token  perplexity {:.3}  {tokens} tokens", loss.exp())
        }
    }
}

fn json(predictor: &Predictor, prediction: &Prediction, tokens: &[String]) -> serde_json::Value {
    match prediction {
        Prediction::Class { label, probabilities } => {
            let probabilities: serde_json::Map<String, serde_json::Value> = names(predictor)
                .zip(probabilities)
                .map(|(label, p)| (label.to_string(), serde_json::json!(p)))
                .collect();
            serde_json::json!({ "label": label, "probabilities": probabilities })
        }
        Prediction::Tree { label, probabilities, nodes } => {
            let root = Prediction::Class { label: label.clone(), probabilities: probabilities.clone() };
            let mut value = json(predictor, &root, &[]);
            let node = |(word, (parent, label, probability)): (&String, &(u32, String, f32))| {
                let word = Some(word).filter(|word| !word.is_empty());
                serde_json::json!({ "parent": parent, "word": word, "label": label, "probability": probability })
            };
            value["nodes"] = tokens.iter().zip(nodes).map(node).collect();
            value
        }
        Prediction::Tags(tags) => {
            let tag = |(token, (label, probability)): (&String, &(String, f32))| serde_json::json!({ "token": token, "label": label, "probability": probability });
            serde_json::json!({ "tags": tokens.iter().zip(tags).map(tag).collect::<Vec<_>>() })
        }
        Prediction::Number(value) => serde_json::json!({ "value": value }),
        Prediction::Text { loss, tokens } => {
            serde_json::json!({ "loss": loss, "perplexity": loss.exp(), "tokens": tokens })
        }
    }
}

/// The classes in their order.
fn names(predictor: &Predictor) -> impl Iterator<Item = &str> {
    predictor.labels.iter().flat_map(|labels| labels.names()).map(String::as_str)
}
