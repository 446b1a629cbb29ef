//! `textDocument/rename`: another name for a declaration and for everything that says it, tried before it is made.
//!
//! A name is refused where it would mean something else afterwards, be it the renamed one or another: the edited files are
//! checked, and every name must stand for the same declaration as before.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use gen_lsp_types::{TextEdit, Uri, WorkspaceEdit};

use crate::check::LIBRARY_PREFIX;
use crate::source::{FileId, Span};
use crate::syntax::ast::{Entry, Item};

use super::analysis::{Analysis, ENTRY};
use super::files::Files;
use super::location;
use super::names::{Declaration, Kind, Names};
use super::positions::Encoding;
use super::references::Declared;
use super::tokens;

/// The name at a place, if it can have another one; otherwise why not.
pub fn prepare(analysis: &Analysis, offset: usize) -> Result<(Span, &Declaration), String> {
    let Some((said, declaration)) = analysis.names.at(ENTRY, offset) else {
        return Err("only names that a file declares can be renamed".into());
    };
    if analysis.checked.sources.file(declaration.span.file).path.starts_with(LIBRARY_PREFIX) {
        return Err(format!("`{}` belongs to the library", declaration.name));
    }
    Ok((name_alone(said, analysis), declaration))
}

/// Without the prime of a new state.
fn name_alone(said: Span, analysis: &Analysis) -> Span {
    let primed = analysis.checked.sources.text(said).ends_with('\'');
    Span { end: said.end - u32::from(primed), ..said }
}

/// The edits, by file.
type Edits = BTreeMap<PathBuf, Vec<(usize, usize, String)>>;

pub fn rename(
    programs: &[Rc<Analysis>],
    files: &Files,
    (declaration, declared): (&Declaration, &Declared),
    new: &str,
    encoding: Encoding,
) -> Result<WorkspaceEdit, String> {
    if new == declaration.name {
        return Ok(WorkspaceEdit::default());
    }
    let words = tokens::tokens(new);
    if !matches!(words.as_slice(), [only] if only.kind == tokens::Kind::Word && only.text(new) == new) {
        return Err(format!("{new:?} is not one name"));
    }
    let mut edits = Edits::new();
    let mut changes: HashMap<Uri, Vec<TextEdit>> = HashMap::new();
    for analysis in programs {
        let Some(place) = declared.in_program(analysis) else { continue };
        let said = analysis.names.uses_of(place).map(|said| (name_alone(said, analysis), new.to_string()));
        let column = (declaration.kind == Kind::Field).then(|| column(analysis, place)).flatten();
        for (span, text) in said.chain(column) {
            let path = path_of(analysis, span.file);
            let edit = (span.start as usize, span.end as usize, text.clone());
            let known = edits.entry(path).or_default();
            if known.contains(&edit) {
                continue;
            }
            known.push(edit);
            let target =
                location::uri(span.file, analysis, files).ok_or("a file that says the name cannot be edited")?;
            changes.entry(target).or_default().push(TextEdit { range: analysis.range(span), new_text: text });
        }
    }
    edits.values_mut().for_each(|edits| edits.sort());
    for analysis in programs {
        stays_the_same(analysis, files, &edits, encoding, new)?;
    }
    Ok(WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() })
}

/// A field reads the column of its own name unless it says otherwise, so under a new name it has to.
fn column(analysis: &Analysis, field: Span) -> Option<(Span, String)> {
    let entries = analysis.checked.entry.items.iter().filter_map(|item| match item {
        Item::Data(block) => Some(&block.entries),
        _ => None,
    });
    let found = entries.flatten().find_map(|entry| match entry {
        Entry::Field { name, kind, settings, span } if name.span == field => Some((name, kind, settings, *span)),
        _ => None,
    });
    let (name, kind, settings, span) = found?;
    if settings.iter().any(|setting| setting.name.name == "column") {
        return None;
    }
    let behind = Span { start: kind.span.end, ..span };
    let text = analysis.checked.sources.text(behind);
    Some(match text.find('{') {
        Some(at) => {
            let inside = behind.start + at as u32 + 1;
            let comma = if settings.is_empty() { " " } else { "," };
            (Span { start: inside, end: inside, ..behind }, format!(" column = \"{}\"{comma}", name.name))
        }
        None => {
            (Span { start: behind.start, end: behind.start, ..behind }, format!(" {{ column = \"{}\" }}", name.name))
        }
    })
}

fn path_of(analysis: &Analysis, file: FileId) -> PathBuf {
    super::files::real(Path::new(&analysis.checked.sources.file(file).path))
}

fn edited(text: &str, edits: &[(usize, usize, String)]) -> String {
    let mut result = text.to_string();
    for (start, end, new) in edits.iter().rev() {
        result.replace_range(*start..*end, new);
    }
    result
}

/// Checks a program with the edits made: no new error, and every name stands for what it stood for.
fn stays_the_same(
    analysis: &Analysis,
    files: &Files,
    edits: &Edits,
    encoding: Encoding,
    new: &str,
) -> Result<(), String> {
    let open = |path: &Path| {
        let edits = edits.get(path);
        edits.map_or_else(|| files.open(path), |edits| Some(edited(&files.text(path)?, edits)))
    };
    let own = edits
        .get(&path_of(analysis, ENTRY))
        .map_or_else(|| analysis.text().to_string(), |edits| edited(analysis.text(), edits));
    let after = Analysis::new(analysis.uri.clone(), analysis.path.as_deref(), &own, encoding, &open);
    let errors = |analysis: &Analysis| analysis.checked.diagnostics.iter().filter(|found| found.is_error()).count();
    if errors(&after) > errors(analysis) {
        let known: Vec<&str> = analysis.checked.diagnostics.iter().map(|found| found.message.as_str()).collect();
        let fresh =
            after.checked.diagnostics.iter().find(|found| found.is_error() && !known.contains(&found.message.as_str()));
        let why = fresh.map_or_else(String::new, |found| format!(": {}", found.message));
        return Err(format!("with the name `{new}` the file would have an error{why}"));
    }
    if meaning(&analysis.names) != meaning(&after.names) {
        return Err(format!("`{new}` already stands for something there: a name would be captured"));
    }
    Ok(())
}

/// For every place that says a name, in order, the number of the declaration it stands for.
fn meaning(names: &Names) -> Vec<usize> {
    let numbers: BTreeMap<Span, usize> = names.declarations.keys().enumerate().map(|(i, span)| (*span, i)).collect();
    names.uses.values().filter_map(|declaration| numbers.get(declaration).copied()).collect()
}
