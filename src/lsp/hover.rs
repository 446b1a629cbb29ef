//! `textDocument/hover`: what the word under the cursor is, with its shape here and what it takes.

use gen_lsp_types::{Contents, Hover, MarkupContent, MarkupKind};

use crate::check::{Application, settings_of};
use crate::ir::{Cost, Dim};
use crate::source::Span;
use crate::syntax::ast::{Item, Parameter, TypeKind};

use super::analysis::{Analysis, ENTRY};
use super::definitions::Definition;
use super::names::{Declaration, Kind};
use super::settings::{self, Word};
use super::{code_lens, describe, tokens};

pub fn hover(analysis: &Analysis, offset: usize) -> Option<Hover> {
    let (span, text) = match analysis.names.at(ENTRY, offset) {
        Some((span, declaration)) => (span, declared(analysis, span, declaration)?),
        None => match settings::at(analysis, offset) {
            Some((span, word)) => (span, word_of(analysis, span, &word)),
            None => unread(analysis, offset)?,
        },
    };
    let contents = Contents::MarkupContent(MarkupContent { kind: MarkupKind::Markdown, value: text });
    Some(Hover { contents, range: Some(analysis.range(span)) })
}

/// A word that is in no tree, since its line is not finished: a layer or a cell of that name.
fn unread(analysis: &Analysis, offset: usize) -> Option<(Span, String)> {
    let token = analysis.token_at(offset).filter(|token| token.kind == tokens::Kind::Word)?;
    let definition = analysis.definitions().applied(token.text(analysis.text()))?;
    let parts = [describe::code(&definition.signature(&analysis.checked.sources)), definition.docs().to_string()];
    Some((Span::new(ENTRY, token.start, token.end), parts.join("\n\n")))
}

fn declared(analysis: &Analysis, said: Span, declaration: &Declaration) -> Option<String> {
    let sources = &analysis.checked.sources;
    let mut parts = Vec::new();
    match declaration.kind {
        Kind::Layer | Kind::Cell => {
            let definition = analysis.definitions().at(declaration.span)?;
            parts.push(describe::code(&definition.signature(sources)));
            if let Some(application) = analysis.checked.facts.applications.get(&said) {
                parts.push(describe::application(application, &spent(analysis, application)));
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
                parts.push(describe::application(application, &spent(analysis, application)));
            }
        }
        Kind::Setting => {
            let (owner, parameter) = owner_of(analysis, declaration.span)?;
            parts.push(describe::code(&describe::parameter(parameter, sources)));
            parts.push(format!("A setting of `{owner}`."));
        }
        Kind::Size => parts.push(size(analysis, declaration)),
        Kind::Constant => parts.push(describe::code(&line_of(analysis, declaration.span))),
    }
    parts.retain(|part| !part.is_empty());
    Some(parts.join("\n\n"))
}

/// What an application trains and costs.
fn spent(analysis: &Analysis, application: &Application) -> (Dim, Cost) {
    let model = analysis.checked.program.as_ref().and_then(|program| program.model.as_ref());
    analysis.checked.facts.spent(application, model.map(|model| &model.graph))
}

/// What a size is of, and which setting gives it.
fn size(analysis: &Analysis, declaration: &Declaration) -> String {
    let name = &declaration.name;
    let inside = |definition: &Definition<'_>| {
        let span = definition.span();
        span.file == declaration.span.file && span.start <= declaration.span.start && declaration.span.end <= span.end
    };
    let Some(owner) = analysis.definitions().own().find(inside) else { return format!("`{name}`, a size.") };
    let gives = |parameter: &&Parameter| matches!(parameter.ty.as_ref().map(|ty| &ty.kind), Some(TypeKind::Name(size)) if size.name == *name);
    let setting =
        owner.parameters().iter().find(gives).map(|parameter| format!(", given by `{}`", parameter.name.name));
    format!("`{name}`, a size of `{}`{}.", owner.name().name, setting.unwrap_or_default())
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
        Item::Model(model) if model.name.span == name => Some(model),
        _ => None,
    })?;
    let head = Span { end: model.body.span.start, ..model.span };
    Some(analysis.checked.sources.text(head).trim_end().to_string())
}

/// The definition that a parameter belongs to.
pub fn owner_of(analysis: &Analysis, parameter: Span) -> Option<(&str, &Parameter)> {
    let definitions = analysis.definitions();
    let found = |parameters: &[Parameter]| parameters.iter().position(|known| known.name.span == parameter);
    let layer = definitions
        .layers()
        .find_map(|layer| found(&layer.parameters).map(|at| (layer.name.name.as_str(), &layer.parameters[at])));
    layer.or_else(|| {
        definitions
            .cells()
            .find_map(|cell| found(&cell.settings).map(|at| (cell.name.name.as_str(), &cell.settings[at])))
    })
}
