//! Texts in quotes: files beside the text, and columns of the data.

use std::path::Path;

use gen_lsp_types::CompletionItemKind;

use crate::check::settings::Takes;
use crate::check::{DATA, TRAIN};
use crate::data;
use crate::ir::{Format, Target};

use super::Offer;
use crate::lsp::analysis::Analysis;
use crate::lsp::context::{Block, Context};
use crate::lsp::definitions::Definition;
use crate::lsp::files::{self, Files};
use crate::syntax::ast::TypeKind;

/// What can stand in the text at a place, and the part of it that is replaced.
pub fn texts(analysis: &Analysis, files: &Files, context: &Context, offset: usize) -> (Vec<Offer>, (usize, usize)) {
    let text = analysis.text();
    let (start, end) = (context.word.0 + 1, context.word.1);
    let closed = end > start && text[..end].ends_with('"');
    let end = if closed { end - 1 } else { offset };
    let setting = context.setting.as_deref();
    let before = context.before.map_or("", |token| token.text(text));
    let takes_path = match &context.block {
        Block::File => before == "use",
        Block::Data => {
            let row = DATA.iter().chain(TRAIN).find(|row| Some(row.name) == setting);
            row.is_some_and(|row| matches!(row.takes, Takes::Path | Takes::Files | Takes::FilesOrShare))
        }
        Block::Field(_) if setting == Some("column") => {
            let offers = columns(analysis, files).into_iter();
            let offers =
                offers.map(|column| Offer::new(column, CompletionItemKind::Field).detail("a column of the data"));
            return (offers.collect(), (start, end));
        }
        Block::Body => takes_path(analysis, context),
        _ => false,
    };
    if !takes_path {
        return (Vec::new(), (start, end));
    }
    let typed = &text[start..offset.max(start)];
    let (folder, from) = typed.rfind('/').map_or(("", start), |at| (&typed[..at], start + at + 1));
    (entries(analysis, folder, before == "use"), (from, end))
}

/// Whether the setting that a text is given to in a call takes a file.
fn takes_path(analysis: &Analysis, context: &Context) -> bool {
    let Some(call) = &context.call else { return false };
    let definition = analysis.definitions().applied(call.callee.text(analysis.text()));
    let parameters = definition.map(Definition::parameters).unwrap_or_default();
    let named = parameters.iter().find(|parameter| Some(&parameter.name.name) == context.setting.as_ref());
    let ty = named.and_then(|parameter| parameter.ty.as_ref()).map(|ty| &ty.kind);
    matches!(ty, Some(TypeKind::Name(kind)) if kind.name == "path")
}

/// The files and folders beside the text, or in a folder from there.
fn entries(analysis: &Analysis, folder: &str, only_models: bool) -> Vec<Offer> {
    let Some(own) = analysis.path.as_deref().and_then(Path::parent) else { return Vec::new() };
    let own_name = analysis.path.as_deref().and_then(Path::file_name).and_then(|name| name.to_str());
    let entries = files::entries(&own.join(folder)).into_iter();
    let shown = entries.filter(|(name, is_folder)| {
        let wanted = *is_folder
            || !only_models
            || name.ends_with(".rnn") && (Some(name.as_str()) != own_name || !folder.is_empty());
        wanted && !name.starts_with('.')
    });
    shown
        .map(|(name, is_folder)| {
            if is_folder {
                Offer::new(format!("{name}/"), CompletionItemKind::Folder)
            } else {
                Offer::new(name, CompletionItemKind::File)
            }
        })
        .collect()
}

/// The columns of the training data, by the start of its first file.
pub fn columns(analysis: &Analysis, _files: &Files) -> Vec<String> {
    let Some(data) = &analysis.checked.data else { return Vec::new() };
    let (Some(first), Some(folder)) = (data.train.first(), analysis.path.as_deref().and_then(Path::parent)) else {
        return Vec::new();
    };
    let path = folder.join(&first.text);
    let next = Target::Next(String::new());
    let format = data.format.of(&path, &next);
    if !matches!(format, Format::Tsv | Format::Csv | Format::JsonLines) {
        return Vec::new();
    }
    files::first_line(&path).map(|line| data::columns(&line, format)).unwrap_or_default()
}
