//! `rnnc diff`: what differs between two files or trained models.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::{Value, json};

use super::{Failure, Output, files};
use crate::artifact::Record;
use crate::check::{self, NoFiles};
use crate::diagnostic::render::printable;
use crate::difference::{Change, Differences, Place, Side};
use crate::ir::Program;
use crate::predictor::{self, Predictor};
use crate::source::Sources;

/// A file, or a trained model with its record.
struct Subject {
    path: PathBuf,
    program: Program,
    sources: Sources,
    trained: Option<(Predictor, Record)>,
}

pub fn diff(before: &Path, after: &Path, format: Output) -> Result<ExitCode, Failure> {
    // As `diff` does: 1 says that something differs, so trouble is 2.
    let trouble = |failure: Failure| Failure { code: 2, ..failure };
    let (a, b) = (Subject::open(before).map_err(trouble)?, Subject::open(after).map_err(trouble)?);
    let differences = Differences::between(a.side(), b.side());
    let beyond = match (&a.trained, &b.trained) {
        (Some(a), Some(b)) => beyond_the_file(a, b).map_err(trouble)?,
        _ => Vec::new(),
    };
    let same = differences.is_empty() && beyond.iter().all(|(_, lines)| lines.is_empty());
    let mut out = std::io::stdout().lock();
    match format {
        Output::Human => write!(out, "{}", printable(&human(&a, &b, &differences, &beyond)))?,
        Output::Json => writeln!(out, "{}", json_of(&a, &b, &differences, &beyond, same))?,
    }
    Ok(ExitCode::from(u8::from(!same)))
}

impl Subject {
    fn open(path: &Path) -> Result<Self, Failure> {
        let path_buf = path.to_path_buf();
        if path.extension().is_some_and(|extension| extension == "safetensors") {
            let (predictor, record) = predictor::load(path).map_err(Failure::input)?;
            let checked = check::check(&path.display().to_string(), &record.source, &mut NoFiles);
            let unsound = || Failure::input(format!("{}: the source in it is not sound", path.display()));
            let program = checked.program.ok_or_else(unsound)?;
            let trained = Some((predictor, record));
            return Ok(Self { path: path_buf, program, sources: checked.sources, trained });
        }
        let (program, checked) = files::program(path, &files::read(path)?)?;
        Ok(Self { path: path_buf, program, sources: checked.sources, trained: None })
    }

    fn side(&self) -> Side<'_> {
        Side { program: &self.program, sources: &self.sources }
    }

    /// `m.rnn:7`
    fn at(&self, place: &Place) -> String {
        let line = self.sources.start(place.span).line;
        format!("{}:{line}", self.sources.file(place.span.file).path)
    }
}

/// A heading, and a line for each thing that differs.
type Section = (&'static str, Vec<String>);

/// What trained models may differ in when their files do not.
fn beyond_the_file((pa, a): &(Predictor, Record), (pb, b): &(Predictor, Record)) -> Result<Vec<Section>, Failure> {
    let mut data = Vec::new();
    let by_role = |record: &Record| -> BTreeMap<String, String> {
        let named = |file: &crate::artifact::DataFile| {
            (format!("{} {}", format!("{:?}", file.role).to_lowercase(), file.path), file.sha256.clone())
        };
        record.data.iter().map(named).collect()
    };
    let (then, now) = (by_role(a), by_role(b));
    for (name, hash) in &now {
        if then.get(name).is_some_and(|old| old != hash) {
            data.push(format!("{name} holds something else"));
        }
    }
    for (field, tokens) in &b.vocabularies {
        let old = a.vocabularies.get(field).map_or(0, Vec::len);
        if a.vocabularies.get(field) != Some(tokens) {
            data.push(format!("the vocabulary of {field} has {} tokens, and had {old}", tokens.len()));
        }
    }
    if a.labels != b.labels {
        data.push(format!("the labels are {}, and were {}", b.labels.join(", "), a.labels.join(", ")));
    }
    let mut made = Vec::new();
    for (what, a, b) in
        [("rnnc", Some(&a.rnnc_version), Some(&b.rnnc_version)), ("processor", a.cpu.as_ref(), b.cpu.as_ref())]
    {
        if let (Some(a), Some(b)) = (a, b)
            && a != b
        {
            made.push(format!("{what} {b}, and was {a}"));
        }
    }
    Ok(vec![("data", data), ("made by", made), ("weights", weights(pa, pb)?)])
}

/// How far weights of one name and shape are apart.
fn weights(a: &Predictor, b: &Predictor) -> Result<Vec<String>, Failure> {
    let far = super::repro::furthest(a, b).map_err(Failure::input)?;
    Ok(far.filter(|far| far.distance > 0.0).map(|far| far.to_string()).into_iter().collect())
}

fn human(a: &Subject, b: &Subject, differences: &Differences, beyond: &[Section]) -> String {
    let mut text = String::new();
    let mut section = |name: &str, changes: &[Change]| {
        if changes.is_empty() {
            return;
        }
        text += &format!("{name}\n");
        for change in changes {
            let at = |subject: &Subject, place: &Option<Place>| place.as_ref().map(|place| subject.at(place));
            let place = at(b, &change.after).or_else(|| at(a, &change.before)).unwrap_or_default();
            text += &match (&change.before, &change.after) {
                (Some(before), Some(after)) => {
                    format!("  {}: {} → {}    {place}\n", change.what, before.text, after.text)
                }
                (Some(before), None) => format!("  - {}: {}    {place}\n", change.what, before.text),
                (None, Some(after)) => format!("  + {}: {}    {place}\n", change.what, after.text),
                (None, None) => format!("  {}\n", change.what),
            };
        }
    };
    section("architecture", &differences.architecture);
    section("parameters", &differences.parameters);
    section("settings", &differences.settings);
    for (name, lines) in beyond.iter().filter(|(_, lines)| !lines.is_empty()) {
        text += &format!("{name}\n");
        lines.iter().for_each(|line| text += &format!("  {line}\n"));
    }
    if text.is_empty() {
        let names = (a.path.display(), b.path.display());
        text = format!("{} and {} are the same model with the same settings\n", names.0, names.1);
    }
    text
}

fn json_of(a: &Subject, b: &Subject, differences: &Differences, beyond: &[Section], same: bool) -> Value {
    let place = |subject: &Subject, place: &Option<Place>| {
        place.as_ref().map(|place| {
            let line = subject.sources.start(place.span).line;
            json!({ "text": place.text, "path": subject.sources.file(place.span.file).path, "line": line })
        })
    };
    let changes = |changes: &[Change]| -> Value {
        let one = |change: &Change| json!({ "what": change.what, "before": place(a, &change.before), "after": place(b, &change.after) });
        changes.iter().map(one).collect()
    };
    let mut value = json!({
        "same": same,
        "architecture": changes(&differences.architecture),
        "parameters": changes(&differences.parameters),
        "settings": changes(&differences.settings),
    });
    for (name, lines) in beyond {
        value[name.replace(' ', "_")] = json!(lines);
    }
    value
}
