//! AST → IR: names, settings and shapes proved; everything wrong reported in one run.
//!
//! Pure and total. It opens no data file: sizes that come from data stay symbols.
//!
//! A way through it: `model` (its head and its result); `statements` and `evaluate` (bodies and expressions); `calls`,
//! `arguments`, `kinds` (what an application means and is given); `elaborate`, `results` (a layer's body in one use, and
//! what it promises); `cells`, `trees`, `scans`, `parameters`; `primitives`, `operators`, `numbers`, `shapes` (types of results). `data`
//! and `train` are read through `reader` against the tables of `settings`. `layers`, `cells` and `lints` look at definitions
//! that nothing may use.

mod arguments;
mod calls;
mod cells;
mod checker;
mod data;
mod definitions;
mod duplicates;
mod effective;
mod elaborate;
mod evaluate;
mod facts;
mod imports;
mod initializers;
mod kinds;
mod language_model;
mod layers;
mod lints;
mod model;
mod numbers;
mod operators;
mod parameters;
mod primitives;
mod reach;
mod reader;
pub mod recipe;
mod results;
mod scans;
pub mod settings;
mod shapes;
mod statements;
mod synonyms;
mod synthetic;
mod target;
mod texts;
mod train;
mod trees;
mod value;

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, code};
use crate::ir::{FieldKind, Program};
use crate::source::{FileId, SourceFile, Sources, Span};
use crate::syntax;
use crate::syntax::ast::{self, ExprKind, Ident, Item};

pub use data::{CLASS, DATA, LABELS as LABEL_KINDS, TAGS, settings_of};
pub use facts::{Application, Facts};
pub use imports::{Files, LIBRARY_PREFIX, LoadError, Loaded, Loader, NoFiles, files, library_texts};
pub use initializers::NAMES as INITIALIZERS;
pub use shapes::{Reading, reading};
pub use synthetic::SOURCES;
pub use texts::{DOCUMENT, KINDS as TEXT_KINDS, STORY, TEXT, TREE};
pub use train::{OPTIMIZERS, SCHEDULES, TRAIN};

use checker::{Binding, Checker, MAX_FINDINGS};
use definitions::{Definitions, duplicate};
use reader::Reader;
use value::Value;

/// The newest edition of the language.
pub const EDITION: u32 = 1;

/// What checking a file gives.
pub struct Checked {
    pub sources: Sources,
    /// By place: errors and warnings mixed.
    pub diagnostics: Vec<Diagnostic>,
    /// Only where there is no error.
    pub program: Option<Program>,
    /// The text with imports inlined, which the artifact keeps.
    pub source: String,
    pub entry: ast::File,
    /// In the order of first use, each once.
    pub imports: Vec<(FileId, ast::File)>,
    /// The library's files.
    pub library: &'static [ast::File],
    /// What the `data` block says, as far as it could be read.
    pub data: Option<crate::ir::Data>,
    /// What was found out about places of the files, up to where an error stopped it.
    pub facts: Facts,
}

impl Checked {
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

/// Checks a file with everything it imports.
pub fn check(path: &str, text: &str, loader: &mut dyn Loader) -> Checked {
    check_with(path, text, loader, None)
}

/// The same, with every recurrence of the model read by another cell: one of the library's or the file's, `lstm` or
/// `rnn(nonlinearity = relu)`. It keeps those settings of the file's cells that it has too.
pub fn check_with_cell(path: &str, text: &str, loader: &mut dyn Loader, cell: &str) -> Checked {
    check_with(path, text, loader, Some(cell))
}

fn check_with(path: &str, text: &str, loader: &mut dyn Loader, cell: Option<&str>) -> Checked {
    let mut files = imports::files(path, text, loader);
    let source = files.inlined();
    let mut diagnostics = files.diagnostics.clone();
    let cell = cell.and_then(|cell| expression("--cell", cell, &mut files.sources, &mut diagnostics));
    let mut definitions = Definitions::new(files.library);
    let user_files = || std::iter::once(&files.entry).chain(files.imports.iter().map(|(_, file)| file));
    for file in user_files() {
        definitions.add(file, &mut diagnostics);
        duplicates::names(file, &mut diagnostics);
    }
    let constants = constants(user_files(), &mut diagnostics);
    let whole = whole(&files.sources, files.entry_id);

    let edition = edition(&files.entry, &mut diagnostics);
    let (data_block, train_block) = blocks(&files.entry, &mut diagnostics);
    let named: BTreeMap<&str, &ExprKind> =
        constants.iter().map(|constant| (constant.names[0].name.as_str(), &constant.value.kind)).collect();
    let constant = |ident: &Ident| named.get(ident.name.as_str()).map(|kind| (*kind).clone());
    let constant: &dyn Fn(&Ident) -> Option<ExprKind> = &constant;
    let mut reader = Reader { constants: constant, diagnostics: &mut diagnostics, effective: Vec::new() };
    let data = data_block.map(|block| data::data(block, &mut reader));
    let train = train::train(train_block, data.as_ref(), whole, &mut reader);
    let settings = reader.effective;

    let mut checker = Checker::new(&files.sources, &definitions);
    checker.lost = user_files().flat_map(|file| file.lost.iter().cloned()).collect();
    checker.incomplete = files.incomplete;
    checker.constants = constants.iter().map(binding).collect();
    for definition in definitions.user() {
        checker.check_definition(&definition);
    }
    if let Some(data) = &data {
        for field in &data.fields {
            checker.vocabularies.insert(field.name.clone(), data.vocabulary_of(&field.name).to_string());
        }
        let labels = |kind: &FieldKind| matches!(kind, FieldKind::Class | FieldKind::Tags { .. });
        for field in data.fields.iter().filter(|field| labels(&field.kind)) {
            let classes = crate::ir::Symbol::Classes(field.name.as_str().into());
            checker.class_fields.insert(field.name.clone(), crate::ir::Dim::symbol(classes));
        }
    }
    if let Some(cell) = &cell {
        checker.replace_cells(cell);
    }
    let chosen = chosen_model(&files, &mut checker.diagnostics);
    let mut model = chosen.and_then(|model| checker.model(model, data.as_ref()));
    let said = chosen.map(|model| language_model::Said {
        model,
        data: data.as_ref().zip(data_block),
        train: (&train, train_block),
    });
    if let (Some(model), Some(said)) = (&model, &said) {
        language_model::check(model, said, &mut checker.diagnostics);
    }
    diagnostics.append(&mut checker.diagnostics);
    let facts = std::mem::take(&mut checker.facts);
    if let (Some(model), Some(block)) = (&model, train_block) {
        target::settings(&model.target, data.as_ref(), block, &train, &mut diagnostics);
    }
    if !diagnostics.iter().any(Diagnostic::is_error) {
        diagnostics.extend(recipe::learning_rate(&train));
        user_files().for_each(|file| lints::lint(file, data.as_ref(), &mut diagnostics));
        if let Some(model) = &mut model {
            reach::check(model, user_files(), &mut diagnostics);
            let limit = |field: &str| data.as_ref().and_then(|data| recipe::limit(data, &train, field));
            diagnostics.extend(recipe::lint(&model.graph, &train, &limit));
        }
    }

    if files.entry.items.is_empty() && diagnostics.is_empty() {
        let help = "a file says what is learned from (`data`), what learns (`model`) and how (`train`)";
        diagnostics.push(Diagnostic::new(code::NO_MODEL, whole, "there is nothing in this file").help(help));
    }
    diagnostics.sort_by_key(|d| (d.primary.span, d.code.id));
    diagnostics.dedup();
    keep_the_first(&mut diagnostics);
    let sound = !diagnostics.iter().any(Diagnostic::is_error);
    let program = sound.then(|| Program { edition, data: data.clone(), model, train, settings });
    let imports::Files { sources, entry, imports, library, .. } = files;
    Checked { sources, diagnostics, program, source, entry, imports, library, data, facts }
}

/// A text of the command line that is one expression, and a file of its own in messages.
fn expression(name: &str, text: &str, sources: &mut Sources, diagnostics: &mut Vec<Diagnostic>) -> Option<ast::Expr> {
    let (before, after) = ("let cell = ", "\n");
    let whole = format!("{before}{text}{after}");
    let id = sources.add(SourceFile::new(name, whole.as_str()));
    let (file, found) = syntax::parse(id, &whole);
    let span = Span::new(id, before.len(), before.len() + text.len());
    match file.items.as_slice() {
        [Item::Constant(constant)] if found.is_empty() && constant.value.span == span => Some(constant.value.clone()),
        _ => {
            let message = format!("`{name}` is given something that is not one cell");
            let diagnostic = Diagnostic::new(code::SYNTAX, span, message).here("not a cell");
            diagnostics.push(diagnostic.help("as in `lstm`, or `rnn(nonlinearity = relu)`"));
            None
        }
    }
}

/// Drops what nobody reads after hundreds of findings; errors stay before warnings.
fn keep_the_first(diagnostics: &mut Vec<Diagnostic>) {
    let errors = diagnostics.iter().filter(|d| d.is_error()).count().min(MAX_FINDINGS);
    let mut left = [errors, MAX_FINDINGS - errors];
    diagnostics.retain(|diagnostic| {
        let left = &mut left[usize::from(!diagnostic.is_error())];
        let stays = *left > 0;
        *left = left.saturating_sub(1);
        stays
    });
}

/// Checks the library by itself: a test of ours, no concern of a user's.
pub fn check_library() -> Vec<Diagnostic> {
    let files = imports::files("empty.rnn", "", &mut NoFiles);
    let mut diagnostics = files.diagnostics.clone();
    let definitions = Definitions::new(files.library);
    let mut checker = Checker::new(&files.sources, &definitions);
    for definition in definitions.library() {
        checker.check_definition(&definition);
    }
    diagnostics.append(&mut checker.diagnostics);
    for file in files.library {
        lints::lint(file, None, &mut diagnostics);
    }
    diagnostics
}

/// Where a finding about a file as a whole is shown: its first character.
fn whole(sources: &Sources, file: FileId) -> Span {
    Span::new(file, 0, sources.file(file).text.chars().next().map_or(0, char::len_utf8))
}

fn constants<'a>(files: impl Iterator<Item = &'a ast::File>, diagnostics: &mut Vec<Diagnostic>) -> Vec<ast::Let> {
    let mut constants: Vec<ast::Let> = Vec::new();
    let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
    for item in files.flat_map(|file| &file.items) {
        let Item::Constant(constant) = item else { continue };
        let Some(name) = constant.names.first() else { continue };
        if let Some(earlier) = seen.get(name.name.as_str()) {
            diagnostics.push(duplicate(name, *earlier));
            continue;
        }
        seen.insert(&name.name, name.span);
        let literal = matches!(
            constant.value.kind,
            ExprKind::Integer(_)
                | ExprKind::Float(_)
                | ExprKind::Bool(_)
                | ExprKind::String(_)
                | ExprKind::None
                | ExprKind::Broken
        );
        if !literal {
            let message = format!("the constant `{}` must be a number, a text, true, false or none", name.name);
            let diagnostic = Diagnostic::new(code::WRONG_KIND, constant.value.span, message).here("not a plain value");
            diagnostics.push(
                diagnostic.help("what is computed belongs where it is used: `let` inside a `model` or a `layer`"),
            );
            let value = ast::Expr { kind: ExprKind::Broken, span: constant.value.span };
            constants.push(ast::Let { value, ..constant.clone() });
            continue;
        }
        constants.push(constant.clone());
    }
    constants
}

/// A constant as definitions see it.
fn binding(constant: &ast::Let) -> (String, Binding) {
    let value = match &constant.value.kind {
        ExprKind::Integer(n) => Value::Dim(crate::ir::Dim::constant(*n)),
        ExprKind::Float(x) => Value::Number(*x),
        ExprKind::Bool(b) => Value::Bool(*b),
        ExprKind::String(text) => Value::Text(text.clone(), constant.value.span),
        ExprKind::None => Value::None,
        _ => Value::Poison,
    };
    let name = &constant.names[0];
    (name.name.clone(), Binding { value, span: name.span })
}

fn edition(file: &ast::File, diagnostics: &mut Vec<Diagnostic>) -> u32 {
    let mut first: Option<Span> = None;
    for item in &file.items {
        let Item::Edition { value, .. } = item else { continue };
        if let Some(first) = first.replace(value.span) {
            diagnostics.push(
                Diagnostic::new(code::DUPLICATE, value.span, "the edition is stated twice")
                    .here("again here")
                    .label(first, "first here"),
            );
        }
        match value.kind {
            ExprKind::Integer(1) => {}
            ExprKind::Integer(n) => {
                let message = format!(
                    "this rnnc knows edition {EDITION} of the language, and the file is written in edition {n}"
                );
                diagnostics.push(
                    Diagnostic::new(code::EDITION, value.span, message)
                        .here("not known")
                        .help("update rnnc, or write `edition = 1`"),
                );
            }
            _ => diagnostics.push(
                Diagnostic::new(code::EDITION, value.span, "an edition is a whole number")
                    .here("not an edition")
                    .help("write `edition = 1`"),
            ),
        }
    }
    EDITION
}

/// The `data` and `train` blocks; a second one of a kind is reported.
fn blocks<'f>(
    file: &'f ast::File,
    diagnostics: &mut Vec<Diagnostic>,
) -> (Option<&'f ast::SettingsBlock>, Option<&'f ast::SettingsBlock>) {
    let (mut data, mut train) = (None::<&ast::SettingsBlock>, None::<&ast::SettingsBlock>);
    for item in &file.items {
        let (slot, block, name) = match item {
            Item::Data(block) => (&mut data, block, "data"),
            Item::Train(block) => (&mut train, block, "train"),
            _ => continue,
        };
        match slot {
            Some(earlier) => diagnostics.push(
                Diagnostic::new(code::DUPLICATE, block.keyword, format!("a second `{name}` block"))
                    .here("again here")
                    .label(earlier.keyword, "first here")
                    .help("put all its settings into one block"),
            ),
            None => *slot = Some(block),
        }
    }
    (data, train)
}

/// The file's own model, or the one it imports.
fn chosen_model<'f>(files: &'f imports::Files, diagnostics: &mut Vec<Diagnostic>) -> Option<&'f ast::Model> {
    let models = |file: &'f ast::File| {
        file.items.iter().filter_map(|item| if let Item::Model(model) = item { Some(model) } else { None })
    };
    let own: Vec<&ast::Model> = models(&files.entry).collect();
    let candidates =
        if own.is_empty() { files.imports.iter().flat_map(|(_, file)| models(file)).collect() } else { own };
    if let [first, second, ..] = candidates.as_slice() {
        let diagnostic =
            Diagnostic::new(code::DUPLICATE, second.name.span, "one file is one experiment and has one model")
                .here("a second model");
        diagnostics.push(
            diagnostic
                .label(first.name.span, "the first model")
                .help("move one of them to a file of its own, or make it a `layer`"),
        );
    }
    candidates.first().copied()
}
