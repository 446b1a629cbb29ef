//! `textDocument/hover`: what the word under the cursor is, with its shape here and what it takes.

use gen_lsp_types::{Contents, Hover, MarkupContent, MarkupKind};

use crate::check::settings_of;
use crate::source::Span;

use super::analysis::{Analysis, ENTRY};
use super::names::{Declaration, Kind};
use super::settings::{self, Word};
use super::{describe, code_lens};

pub fn hover(analysis: &Analysis, offset: usize) -> Option<Hover> {
    let (span, text) = match analysis.names.at(ENTRY, offset) {
        Some((span, declaration)) => (span, declared(analysis, span, declaration)?),
        None => {
            let (span, word) = settings::at(analysis, offset)?;
            (span, word_of(analysis, span, &word))
        }
    };
    let contents = Contents::MarkupContent(MarkupContent { kind: MarkupKind::Markdown, value: text });
    Some(Hover { contents, range: Some(analysis.range(span)) })
}

fn declared(analysis: &Analysis, said: Span, declaration: &Declaration) -> Option<String> {
    let sources = &analysis.checked.sources;
    let mut parts = Vec::new();
    match declaration.kind {
        Kind::Layer | Kind::Cell => {
            let definition = analysis.definitions().at(declaration.span)?;
            parts.push(describe::code(&definition.signature(sources)));
            if let Some(application) = analysis.checked.facts.applications.get(&said) {
                parts.push(describe::application(application));
            }
            parts.push(definition.docs().to_string());
        }
        Kind::Model => {
            parts.push(describe::code(&head_of_model(analysis, declaration.span)?));
            parts.extend(code_lens::totals(analysis));
        }
        Kind::Value | Kind::Let | Kind::State | Kind::Weight | Kind::Turn | Kind::Field => {
            let values = &analysis.checked.facts.values;
            let ty = values.get(&said).or_else(|| values.get(&declaration.span));
            let word = match declaration.kind {
                Kind::Let => "let ",
                Kind::Weight => "param ",
                _ => "",
            };
            let line = match ty {
                Some(ty) => format!("{word}{}: {ty}", declaration.name),
                None => line_of(analysis, declaration.span),
            };
            parts.push(describe::code(&line));
            if let Some(application) = analysis.checked.facts.applications.get(&said) {
                parts.push(describe::application(application));
            }
        }
        Kind::Setting => {
            let (owner, parameter) = owner_of(analysis, declaration.span)?;
            parts.push(describe::code(&describe::parameter(parameter, sources)));
            parts.push(format!("A setting of `{owner}`."));
        }
        Kind::Size => parts.push(format!("`{}` is a size, first said here: `{}`.", declaration.name, line_of(analysis, declaration.span))),
        Kind::Constant => parts.push(describe::code(&line_of(analysis, declaration.span))),
    }
    parts.retain(|part| !part.is_empty());
    Some(parts.join("\n\n"))
}

fn word_of(analysis: &Analysis, span: Span, word: &Word) -> String {
    let name = analysis.checked.sources.text(span);
    match word {
        Word::Setting(row) => format!("`{name}`: {}", describe::setting(row)),
        Word::Choice(choice) => format!("`{name}`: {}", describe::choice(choice)),
        Word::Kind(kind) => {
            let settings = settings_of(kind).unwrap_or_default();
            let list = settings.iter().map(|row| format!("\n- `{}`: {}", row.name, row.about)).collect::<String>();
            format!("`{kind}`, a kind of field. Its settings:{list}")
        }
    }
}

/// The line that a name stands in, without its comment.
fn line_of(analysis: &Analysis, span: Span) -> String {
    let text = &analysis.checked.sources.file(span.file).text;
    let start = text[..span.start as usize].rfind(['\n', '\r']).map_or(0, |at| at + 1);
    let rest = &text[start..];
    let line = &rest[..rest.find(['\n', '\r']).unwrap_or(rest.len())];
    line.split("//").next().unwrap_or(line).trim().to_string()
}

fn head_of_model(analysis: &Analysis, name: Span) -> Option<String> {
    let files = std::iter::once(&analysis.checked.entry).chain(analysis.checked.imports.iter().map(|(_, file)| file));
    let model = files.flat_map(|file| &file.items).find_map(|item| match item {
        crate::syntax::ast::Item::Model(model) if model.name.span == name => Some(model),
        _ => None,
    })?;
    let head = Span { end: model.body.span.start, ..model.span };
    Some(analysis.checked.sources.text(head).trim_end().to_string())
}

/// The definition that a parameter belongs to.
pub fn owner_of(analysis: &Analysis, parameter: Span) -> Option<(&str, &crate::syntax::ast::Parameter)> {
    let definitions = analysis.definitions();
    let found = |parameters: &'_ [crate::syntax::ast::Parameter]| parameters.iter().position(|known| known.name.span == parameter);
    let layer = definitions.layers().find_map(|layer| {
        found(&layer.parameters).map(|at| (layer.name.name.as_str(), &layer.parameters[at]))
    });
    layer.or_else(|| {
        definitions.cells().find_map(|cell| found(&cell.settings).map(|at| (cell.name.name.as_str(), &cell.settings[at])))
    })
}
