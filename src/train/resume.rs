//! Whether a training that was stopped can go on with the file as it is now: what has changed since, and what of that the
//! steps made so far depend on.

use super::TrainError;
use super::checkpoint::Checkpoint;
use crate::artifact::{DataFile, Role};
use crate::check::{self, Checked, NoFiles};
use crate::diagnostic::{Diagnostic, code};
use crate::difference::{Change, Differences, Side};
use crate::ir::{Op, Program, Schedule};
use crate::source::Span;
use std::path::Path;

/// How far a training has come.
#[derive(Debug, Clone, Copy)]
pub struct Reached {
    /// Which of the restarts, from 0.
    pub restart: usize,
    /// The epoch under way, or the number of them that are done.
    pub epochs: usize,
}

/// Every change of the file that keeps the training in a folder from going on, at its place in the file.
///
/// # Errors
/// There is no checkpoint, or it cannot be read.
pub fn obstacles(out: &Path, now: Side) -> Result<Vec<Diagnostic>, TrainError> {
    let checkpoint = Checkpoint::read(&out.join("checkpoint.safetensors"))?;
    changed(checkpoint.source(), now, checkpoint.reached())
}

/// The same for the text that was trained.
pub fn changed(source: &str, now: Side, reached: Reached) -> Result<Vec<Diagnostic>, TrainError> {
    let Checked { sources, program, .. } = check::check("model.rnn", source, &mut NoFiles);
    let Some(then) = program else {
        return Err(TrainError::Resume(
            "the text in the checkpoint is not sound: it is damaged, or was written by another version".into(),
        ));
    };
    let differences = Differences::between(Side { program: &then, sources: &sources }, now);
    let mut found = Vec::new();
    for change in &differences.settings {
        match verdict(change, now.program, reached) {
            Verdict::Harmless => {}
            Verdict::Changes => found.push(diagnostic(change, now.program, None)),
            Verdict::Refused(why) => found.push(diagnostic(change, now.program, Some(&why))),
        }
    }
    found.extend(differences.architecture.iter().map(|change| diagnostic(change, now.program, None)));
    Ok(found)
}

enum Verdict {
    /// No step made so far depends on it.
    Harmless,
    Changes,
    /// It could be harmless, and is not here.
    Refused(String),
}

fn verdict(change: &Change, now: &Program, reached: Reached) -> Verdict {
    match change.what.as_str() {
        "train.patience" => Verdict::Harmless,
        // The contents are compared, wherever they stand.
        "data.train" | "data.valid" | "data.test" if names_files(change) => Verdict::Harmless,
        "data.test" => Verdict::Harmless,
        "train.epochs" => {
            let linear = |program: &Program| {
                program.model.iter().any(|model| model.graph.nodes.iter().any(|node| node.op == Op::LinearStart))
            };
            if matches!(now.train.schedule, Schedule::Cosine { .. }) {
                return Verdict::Refused("the cosine of the learning rate goes over all epochs".into());
            }
            if linear(now) {
                return Verdict::Refused("how long softmaxes start linear depends on them".into());
            }
            if reached.restart > 0 {
                return Verdict::Refused("restarts have ended after so many".into());
            }
            if now.train.epochs < reached.epochs {
                return Verdict::Refused(format!("the training is in epoch {} already", reached.epochs));
            }
            Verdict::Harmless
        }
        _ => Verdict::Changes,
    }
}

/// Whether files stand on both sides, and no share of rows.
fn names_files(change: &Change) -> bool {
    let files = |text: &str| text.starts_with(['"', '[']);
    [&change.before, &change.after].into_iter().all(|place| place.as_ref().is_some_and(|place| files(&place.text)))
}

fn diagnostic(change: &Change, now: &Program, why: Option<&str>) -> Diagnostic {
    let whole = now.model.as_ref().map_or(now.train.span, |model| model.graph.node(model.output).span);
    let because = why.map_or(String::new(), |why| format!(": {why}"));
    let then = "when this training was started";
    let message = match (&change.before, &change.after) {
        (Some(old), Some(new)) => {
            format!("`{}` was {} {then}, and is {} now{because}", change.what, old.text, new.text)
        }
        (Some(old), None) => format!("`{}` was {} {then}, and is gone{because}", change.what, old.text),
        (None, _) => format!("`{}` was not there {then}{because}", change.what),
    };
    let diagnostic = Diagnostic::new(code::RESUME, change.span_after().unwrap_or(whole), message).here("changed");
    diagnostic.help("undo the change, or begin again with --overwrite")
}

/// Every data file that holds something else than it did, at the place that names it.
pub fn changed_data(then: &[DataFile], now: &[DataFile], program: &Program) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for role in [Role::Train, Role::Valid, Role::Vectors] {
        let of =
            |files: &[DataFile]| -> Vec<DataFile> { files.iter().filter(|file| file.role == role).cloned().collect() };
        let (then, now) = (of(then), of(now));
        let changed =
            now.iter().enumerate().filter(|(i, file)| then.get(*i).is_none_or(|old| old.sha256 != file.sha256));
        let paths: Vec<&DataFile> =
            changed.map(|(_, file)| file).chain(then.get(now.len()..).into_iter().flatten()).collect();
        for file in paths {
            let message = format!("{} does not hold what it did when this training was started", file.path);
            let diagnostic = Diagnostic::new(code::RESUME, place(file, program), message).here("this has changed");
            found.push(diagnostic.help("put the old file back, or begin again with --overwrite"));
        }
    }
    found
}

/// Where a program names a file.
fn place(file: &DataFile, program: &Program) -> Span {
    let data = program.data.as_ref();
    let paths = data.into_iter().flat_map(|data| data.train.iter().chain(&data.valid).chain(&data.test));
    let vectors = program.model.iter().flat_map(|model| &model.graph.parameters).filter_map(|p| p.pretrained.as_ref());
    let named = paths.map(|path| (&path.text, path.span)).chain(vectors.map(|vectors| (&vectors.path, vectors.span)));
    let found = named.into_iter().find(|(text, _)| **text == file.path).map(|(_, span)| span);
    found.or(data.map(|data| data.span)).unwrap_or(program.train.span)
}
