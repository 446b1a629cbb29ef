//! `rnnc predict`: answers for texts, from the command line, a file, or a stream.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::ExitCode;

use super::attention;
use super::{Failure, Output, files, say};
use crate::data::read;
use crate::data::tree::{self, Tree};
use crate::diagnostic::render::printable;
use crate::ir::{Format, Target};
use crate::predictor::{self, Encoded, Prediction, Predictor};

/// Texts that wait are taken together, at most so many.
const BATCH: usize = 64;
/// A line longer than this is no text.
const MAX_LINE: u64 = 16 << 20;

/// What to answer and where it is from, or why it is no text.
struct Row {
    place: String,
    /// One text for every field the model reads, in its order.
    texts: Result<Vec<String>, String>,
}

/// How answers are shown.
#[derive(Clone, Copy)]
struct Shown {
    format: Output,
    /// With what the model looks at.
    explain: bool,
}

pub fn predict(
    model: &Path,
    texts: &[String],
    input: Option<&Path>,
    explain: bool,
    format: Output,
) -> Result<ExitCode, Failure> {
    let (predictor, _) = predictor::load(model).map_err(Failure::input)?;
    if explain && !predictor.attends() {
        let message = format!(
            "{}: this model has no softmax over words or sentences, so there is nothing to explain; leave out --explain",
            model.display()
        );
        return Err(Failure::input(message));
    }
    let shown = Shown { format, explain };
    let mut sound = true;
    if !texts.is_empty() {
        let row = |(i, text): (usize, &String)| Row {
            place: format!("text {}", i + 1),
            texts: fields(&predictor, text.clone()),
        };
        sound = show(&predictor, texts.iter().enumerate().map(row), shown)?;
    } else if predictor.data.format == Format::Babi {
        sound = stories(&predictor, input, shown)?;
    } else {
        let (name, source): (String, Box<dyn Read>) = match input {
            Some(path) if path != Path::new("-") => (path.display().to_string(), Box::new(files::open(path)?)),
            _ => ("standard input".into(), Box::new(std::io::stdin())),
        };
        let mut reader = BufReader::with_capacity(1 << 16, source);
        let mut number = 0;
        loop {
            let rows = waiting(&mut reader, &predictor, &name, number)?;
            if rows.is_empty() {
                break;
            }
            number += rows.len();
            sound &= show(&predictor, rows.into_iter(), shown)?;
        }
        if number == 0 {
            return Err(Failure::input(format!("{name}: there is no text to label")));
        }
    }
    Ok(ExitCode::from(u8::from(!sound)))
}

/// Answers every question of a file in bAbI's format, or of standard input.
fn stories(predictor: &Predictor, input: Option<&Path>, shown: Shown) -> Result<bool, Failure> {
    let data = &predictor.data;
    let columns: Vec<&str> = predictor
        .model
        .inputs
        .iter()
        .map(|field| data.field(field).map_or(field.as_str(), |field| field.column.as_str()))
        .collect();
    let path = input.filter(|path| *path != Path::new("-"));
    let rows = match path {
        Some(path) => read::rows(path, data.format, &predictor.model.target, &columns),
        None => read::rows_of_input(data.format, &columns),
    };
    let name = path.map_or("standard input".into(), |path| path.display().to_string());
    let mut rows = rows.map_err(Failure::input)?;
    let mut sound = true;
    loop {
        let row = |row: read::Row| Row { place: format!("{name}:{}", row.line), texts: Ok(row.values) };
        let batch = rows.by_ref().take(BATCH).map(|found| found.map(row)).collect::<Result<Vec<_>, _>>();
        let batch = batch.map_err(Failure::input)?;
        if batch.is_empty() {
            return Ok(sound);
        }
        sound &= show(predictor, batch.into_iter(), shown)?;
    }
}

/// The next line, and the lines that have arrived with it; nothing at the end.
fn waiting(
    reader: &mut BufReader<Box<dyn Read>>,
    predictor: &Predictor,
    name: &str,
    read: usize,
) -> Result<Vec<Row>, Failure> {
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
        rows.push(Row { place, texts: text.and_then(|text| fields(predictor, text)) });
        // A stream is answered as it comes: only what is here already is waited for.
        if rows.len() == BATCH || !reader.buffer().contains(&b'\n') {
            break;
        }
    }
    Ok(rows)
}

/// Answers every row in order; `false` where one of them is no text. Such a row is reported on stderr, and in JSON has
/// its answer too, so that answers and rows can be matched.
fn show(predictor: &Predictor, rows: impl Iterator<Item = Row>, shown: Shown) -> Result<bool, Failure> {
    let mut encoded = Vec::new();
    let mut answers = Vec::new();
    for Row { place, texts } in rows {
        let row = texts.and_then(|texts| Ok((encode(predictor, &texts)?, texts)));
        answers.push(match row {
            Ok((row, texts)) => {
                encoded.push(row);
                Ok(texts)
            }
            Err(why) => {
                say(format!("error: {place}: {why}"));
                Err(why)
            }
        });
    }
    let mut predictions = predictor.predict(&encoded).map_err(Failure::input)?.into_iter();
    let explained = if shown.explain { predictor.explain(&encoded).map_err(Failure::input)? } else { Vec::new() };
    let mut explained = explained.into_iter();
    let mut out = std::io::stdout().lock();
    for answer in &answers {
        let prediction = answer.as_ref().map(|texts| Some((predictions.next()?, explained.next(), texts)));
        match (shown.format, prediction) {
            (Output::Human, Ok(Some((prediction, attention, texts)))) => {
                // A label and a token are the data's, and may hold anything.
                let line = human(predictor, &prediction, &tokens(predictor, texts));
                writeln!(out, "{}", printable(&line).replace('\n', " "))?;
                for line in attention.iter().flatten().flat_map(|of| attention::table(predictor, of, texts)) {
                    writeln!(out, "{}", printable(&line).replace('\n', " "))?;
                }
            }
            (Output::Json, Ok(Some((prediction, attention, texts)))) => {
                let mut line = json(predictor, &prediction, &tokens(predictor, texts));
                if let Some(attention) = attention {
                    line["attention"] = attention.iter().map(|of| attention::json(predictor, of, texts)).collect();
                }
                writeln!(out, "{line}")?;
            }
            (Output::Json, Err(why)) => writeln!(out, "{}", serde_json::json!({ "label": null, "error": why }))?,
            _ => {}
        }
    }
    out.flush()?;
    Ok(answers.iter().all(Result::is_ok))
}

/// The texts of every field the model reads. A model of several fields takes a JSON object a text, in which the sentences of
/// a story may be a list.
pub fn fields(predictor: &Predictor, text: String) -> Result<Vec<String>, String> {
    if let [_] = predictor.model.inputs.as_slice() {
        return Ok(vec![text]);
    }
    let fields = predictor.model.inputs.join(", ");
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&text)
        .map_err(|_| format!("this model reads {fields}: write one JSON object a text, with these names"))?;
    let field = |name: &String| {
        let missing = || format!("the object has no text {name:?}; this model reads {fields}");
        match object.get(name) {
            Some(serde_json::Value::String(text)) => Ok(text.clone()),
            Some(serde_json::Value::Array(sentences)) => {
                let sentences = sentences.iter().map(serde_json::Value::as_str).collect::<Option<Vec<_>>>();
                Ok(sentences.ok_or_else(missing)?.join("\n"))
            }
            _ => Err(missing()),
        }
    };
    predictor.model.inputs.iter().map(field).collect()
}

/// The ids of every field the model reads.
pub fn encode(predictor: &Predictor, texts: &[String]) -> Result<Vec<Encoded>, String> {
    let fields = predictor.model.inputs.iter().zip(texts);
    let ids = |(field, text): (&String, &String)| {
        let named = |why: String| if texts.len() > 1 { format!("{field}: {why}") } else { why };
        let encoded = predictor.encode(field, text).map_err(named)?;
        if matches!(predictor.model.target, Target::Next(_)) && encoded.ids.len() < 2 {
            return Err("a text of one token: a language model predicts the tokens after the first".into());
        }
        Ok(encoded)
    };
    fields.map(ids).collect()
}

/// The tokens that a tagger labels, as the text has them; of a tree the word of every node, or nothing; empty for any other
/// model.
fn tokens(predictor: &Predictor, texts: &[String]) -> Vec<String> {
    let Target::Tags { of, .. } = &predictor.model.target else { return Vec::new() };
    let own = predictor.model.inputs.iter().position(|field| field == of).and_then(|place| texts.get(place));
    if predictor.data.is_tree(of) {
        return own.map_or(Vec::new(), |text| words(text));
    }
    own.zip(predictor.tokenizer(of)).map(|(text, tokenizer)| tokenizer.tokens(text)).unwrap_or_default()
}

/// The word of every node of a tree, or nothing.
pub fn words(tree: &str) -> Vec<String> {
    let word = |node: &tree::Node| node.word.unwrap_or_default().to_string();
    Tree::parse(tree.trim()).map_or(Vec::new(), |tree| tree.nodes.iter().map(word).collect())
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
