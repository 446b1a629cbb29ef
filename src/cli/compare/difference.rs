//! In what the files of some runs differ: settings and constants as a table, the rest in sentences.

use serde_json::json;

use super::Run;
use crate::cli::figures::aligned;
use crate::diagnostic::render::printable;
use crate::difference::{Change, Differences, Side};
use crate::syntax::ast::Item;

/// What is not the same in all runs.
pub struct Differing {
    /// By name, a value a run.
    settings: Vec<(String, Vec<Option<String>>)>,
    runs: usize,
    /// Each of one run against the first.
    pub sentences: Vec<String>,
}

impl Differing {
    pub fn is_empty(&self) -> bool {
        self.settings.is_empty() && self.sentences.is_empty()
    }

    /// A header with the runs' numbers, and a row a setting.
    pub fn rows(&self) -> Vec<Vec<String>> {
        let numbers = (1..=self.runs).map(|run| run.to_string());
        let header = std::iter::once("what differs".to_string()).chain(numbers).collect();
        let row = |(name, values): &(String, Vec<Option<String>>)| {
            let values = values.iter().map(|value| value.clone().unwrap_or("–".into()));
            std::iter::once(name.clone()).chain(values).collect()
        };
        std::iter::once(header).chain(self.settings.iter().map(row)).collect()
    }

    pub fn text(&self) -> String {
        if self.is_empty() {
            return "the files do not differ\n".into();
        }
        let mut text = if self.settings.is_empty() { String::new() } else { aligned(&self.rows()) };
        for sentence in &self.sentences {
            text += &format!("{sentence}\n");
        }
        printable(&text).into_owned()
    }

    pub fn json(&self) -> serde_json::Value {
        self.settings.iter().map(|(name, values)| (name.clone(), json!(values))).collect()
    }
}

pub fn differences(runs: &[Run]) -> Differing {
    let values: Vec<Vec<(String, String)>> = runs.iter().map(settings).collect();
    let mut names: Vec<&String> = Vec::new();
    for (name, _) in values.iter().flatten() {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let of = |own: &Vec<(String, String)>, name: &str| {
        own.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    };
    let rows = names.into_iter().map(|name| (name.clone(), values.iter().map(|own| of(own, name)).collect::<Vec<_>>()));
    let settings = rows.filter(|(_, values)| values.iter().any(|value| *value != values[0])).collect();
    let mut sentences = Vec::new();
    if let Some((first, others)) = runs.split_first() {
        for (i, other) in others.iter().enumerate() {
            sentences.extend(against(first, other).into_iter().map(|sentence| format!("{}: {sentence}", i + 2)));
        }
    }
    Differing { settings, runs: runs.len(), sentences }
}

/// The constants of a file, the settings as they take effect, and the data as it was.
fn settings(run: &Run) -> Vec<(String, String)> {
    let sources = &run.checked.sources;
    let constants = run.checked.entry.items.iter().filter_map(|item| match item {
        Item::Constant(constant) => {
            Some((constant.names.first()?.name.clone(), sources.text(constant.value.span).into()))
        }
        _ => None,
    });
    let effective = run.checked.program.iter().flat_map(|program| &program.settings);
    let effective = effective.map(|setting| (setting.name.clone(), setting.value.clone()));
    let data = run.record.data.iter().map(|file| {
        let hash: String = file.sha256.chars().take(12).collect();
        (format!("rows of {}", file.path), format!("{} ({hash}…)", file.rows))
    });
    constants.chain(effective).chain(data).collect()
}

/// How the model of a run differs from that of another. What follows from a constant alone is said there.
fn against(first: &Run, other: &Run) -> Vec<String> {
    let side = |run: &'_ Run| run.checked.program.clone();
    let (Some(before), Some(after)) = (side(first), side(other)) else { return Vec::new() };
    let (before, after) = (
        Side { program: &before, sources: &first.checked.sources },
        Side { program: &after, sources: &other.checked.sources },
    );
    let written = |change: &&Change| match (&change.before, &change.after) {
        (Some(before), Some(after)) => before.text != after.text,
        _ => true,
    };
    Differences::between(before, after).architecture.iter().filter(written).map(Change::sentence).collect()
}
