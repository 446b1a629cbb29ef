//! `textDocument/documentLink`: the files that a text names, where they are there.

use std::path::Path;

use gen_lsp_types::DocumentLink;

use crate::source::Span;
use crate::syntax::ast::{Argument, ExprKind, Item, TypeKind};

use super::analysis::{Analysis, ENTRY};
use super::{uri, walk};

pub fn document_links(analysis: &Analysis) -> Vec<DocumentLink> {
    let Some(folder) = analysis.path.as_deref().and_then(Path::parent) else { return Vec::new() };
    let link = |(path, span): (String, Span)| {
        let target = folder.join(&path);
        let there = !path.is_empty() && target.is_file();
        // Without the quotes.
        let inside = Span { start: span.start + 1, end: span.end.saturating_sub(1).max(span.start + 1), ..span };
        there.then(|| DocumentLink {
            range: analysis.range(inside),
            target: Some(uri::of_path(&target)),
            ..DocumentLink::default()
        })
    };
    let mut links: Vec<DocumentLink> = named(analysis).into_iter().filter_map(link).collect();
    links.sort_by_key(|link| (link.range.start.line, link.range.start.character));
    links
}

/// Paths as written, each with its place.
pub fn named(analysis: &Analysis) -> Vec<(String, Span)> {
    let mut found = Vec::new();
    for item in &analysis.checked.entry.items {
        if let Item::Use { path, path_span, .. } = item {
            found.push((path.clone(), *path_span));
        }
        if let Item::Model(model) = item {
            walk::block(&model.body, &mut |expr| {
                if let ExprKind::Call { arguments, .. } = &expr.kind {
                    found.extend(arguments.iter().filter_map(|argument| of_parameter(analysis, argument)));
                }
            });
        }
    }
    if let Some(data) = &analysis.checked.data {
        let paths = data.train.iter().chain(&data.valid).chain(&data.test);
        found.extend(paths.map(|path| (path.text.clone(), path.span)));
    }
    found.retain(|(_, span)| span.file == ENTRY);
    found
}

/// A text given to a setting that takes a file.
fn of_parameter(analysis: &Analysis, argument: &Argument) -> Option<(String, Span)> {
    let ExprKind::String(text) = &argument.value.kind else { return None };
    let names = &analysis.names;
    let declared = match &argument.name {
        Some(name) => names.uses.get(&name.span),
        None => names.arguments.get(&argument.value.span),
    };
    let (_, parameter) = super::hover::owner_of(analysis, *declared?)?;
    let path = matches!(&parameter.ty.as_ref()?.kind, TypeKind::Name(kind) if kind.name == "path");
    path.then(|| (text.clone(), argument.value.span))
}
