//! The head of a definition: types of parameters, the fields a model reads, what it gives.

use gen_lsp_types::CompletionItemKind;

use crate::check::{LABEL_KINDS, TEXT_KINDS};
use crate::syntax::ast::{Entry, Item};

use super::Offer;
use crate::lsp::analysis::Analysis;
use crate::lsp::context::Context;

pub fn head(analysis: &Analysis, context: &Context) -> Vec<Offer> {
    let text = analysis.text();
    let before = context.before.map_or("", |token| token.text(text));
    match before {
        ":" => types(),
        "->" => {
            let mut offers = labels(analysis);
            offers.push(
                Offer::new("next", CompletionItemKind::Keyword)
                    .detail("the token after each token")
                    .insert("next(${1:text})"),
            );
            offers.push(
                Offer::new("class", CompletionItemKind::Class).detail("one of C classes").insert("class[${1:C}]"),
            );
            offers
        }
        "(" | "," => texts(analysis),
        _ => Vec::new(),
    }
}

fn types() -> Vec<Offer> {
    let settings = [
        ("int", "a whole number"),
        ("float", "a number"),
        ("bool", "true or false"),
        ("string", "a text"),
        ("path", "a file"),
        ("cell", "a cell"),
        ("initializer", "how a parameter starts"),
    ];
    let settings = settings.map(|(word, detail)| Offer::new(word, CompletionItemKind::Class).detail(detail));
    let texts = TEXT_KINDS.map(|kind| {
        let axes = match kind {
            "document" | "story" => "S, T",
            "tree" => "N",
            _ => "T",
        };
        Offer::new(kind, CompletionItemKind::Class).detail("a text").insert(format!("{kind}[${{1:{axes}}}]"))
    });
    let shapes =
        [("[T, I]", "a sequence of vectors"), ("[.., I]", "vectors, whatever axes come before"), ("[I]", "a vector")];
    let shapes = shapes.map(|(shape, detail)| Offer::new(shape, CompletionItemKind::Struct).detail(detail));
    settings.into_iter().chain(texts).chain(shapes).collect()
}

/// The fields of the data, by whether they are labels.
fn fields(analysis: &Analysis, wanted: bool) -> Vec<Offer> {
    let blocks = analysis.checked.entry.items.iter().filter_map(|item| match item {
        Item::Data(block) => Some(block),
        _ => None,
    });
    let fields = blocks.flat_map(|block| &block.entries).filter_map(|entry| match entry {
        Entry::Field { name, kind, .. } => Some((name, kind)),
        Entry::Setting(_) => None,
    });
    fields
        .filter(|(_, kind)| LABEL_KINDS.contains(&kind.name.as_str()) == wanted)
        .map(|(name, kind)| Offer::new(&name.name, CompletionItemKind::Field).detail(&kind.name).rank(0))
        .collect()
}

fn labels(analysis: &Analysis) -> Vec<Offer> {
    fields(analysis, true)
}

fn texts(analysis: &Analysis) -> Vec<Offer> {
    fields(analysis, false)
}
