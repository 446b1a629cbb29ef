//! `textDocument/completion`: what can be written at a place, the likeliest first.

mod body;
mod parts;
mod paths;
mod settings;
mod types;

use gen_lsp_types::{
    CompletionItem, CompletionItemKind, CompletionItemTextEdit, CompletionList, Documentation, InsertTextFormat,
    MarkupContent, MarkupKind, TextEdit,
};

use super::analysis::Analysis;
use super::context::{self, Block, Context};
use super::files::Files;

/// One thing that can be written.
#[derive(Debug, Clone)]
pub struct Offer {
    pub label: String,
    pub kind: CompletionItemKind,
    /// Beside the label.
    pub detail: String,
    /// Markdown.
    pub docs: String,
    /// With `$0` and `${1:…}` where the cursor goes.
    pub insert: String,
    /// Lower ranks come first.
    pub rank: u8,
}

impl Offer {
    pub fn new(label: impl Into<String>, kind: CompletionItemKind) -> Self {
        let label = label.into();
        let insert = label.replace('$', "\\$");
        Self { insert, label, kind, detail: String::new(), docs: String::new(), rank: 5 }
    }

    pub fn detail(self, detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), ..self }
    }

    pub fn docs(self, docs: impl Into<String>) -> Self {
        Self { docs: docs.into(), ..self }
    }

    pub fn insert(self, insert: impl Into<String>) -> Self {
        Self { insert: insert.into(), ..self }
    }

    pub fn rank(self, rank: u8) -> Self {
        Self { rank, ..self }
    }
}

/// What is offered at a place. `snippets` says whether the client moves the cursor through what is inserted.
pub fn completion(analysis: &Analysis, files: &Files, offset: usize, snippets: bool) -> CompletionList {
    let context = context::at(analysis, offset);
    let (offers, word) = match () {
        () if context.silent => (Vec::new(), context.word),
        () if context.in_text => paths::texts(analysis, files, &context, offset),
        () => (offers(analysis, files, &context), context.word),
    };
    let range = analysis.range_of(word.0, word.1.max(offset));
    let items = offers.into_iter().map(|offer| {
        let (text, format) = match snippets {
            true if offer.insert.contains('$') => (offer.insert, Some(InsertTextFormat::Snippet)),
            true => (offer.insert, None),
            // What a layer has to be given, nobody can guess.
            false
                if matches!(offer.kind, CompletionItemKind::Function | CompletionItemKind::Class)
                    && offer.insert.contains('(') =>
            {
                (offer.label.clone(), None)
            }
            false => (plain(&offer.insert), None),
        };
        CompletionItem {
            sort_text: Some(format!("{}{}", offer.rank, offer.label)),
            label: offer.label,
            kind: Some(offer.kind),
            detail: Some(offer.detail).filter(|detail| !detail.is_empty()),
            documentation: Some(offer.docs)
                .filter(|docs| !docs.is_empty())
                .map(|value| Documentation::MarkupContent(MarkupContent { kind: MarkupKind::Markdown, value })),
            text_edit: Some(CompletionItemTextEdit::TextEdit(TextEdit { range, new_text: text })),
            insert_text_format: format,
            ..CompletionItem::default()
        }
    });
    CompletionList { is_incomplete: false, items: items.collect(), ..CompletionList::default() }
}

fn offers(analysis: &Analysis, files: &Files, context: &Context) -> Vec<Offer> {
    match &context.block {
        Block::File if context.begins => parts::parts(analysis),
        Block::File => Vec::new(),
        Block::Head => types::head(analysis, context),
        Block::Data => settings::data(analysis, files, context),
        Block::Train => settings::train(analysis, context),
        Block::Field(kind) => settings::field(analysis, kind, context),
        Block::Body => body::body(analysis, context),
    }
}

/// A snippet without its places: `${1:64}` is `64`.
fn plain(snippet: &str) -> String {
    let mut text = String::new();
    let mut rest = snippet;
    while let Some(at) = rest.find('$') {
        if rest[..at].ends_with('\\') {
            text.push_str(&rest[..at - 1]);
            text.push('$');
            rest = &rest[at + 1..];
            continue;
        }
        text.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        match rest.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
            Some((place, after)) => {
                text.push_str(place.split_once(':').map_or("", |(_, shown)| shown));
                rest = after;
            }
            None => rest = rest.trim_start_matches(|c: char| c.is_ascii_digit()),
        }
    }
    text + rest
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_snippet_is_a_text_without_its_places() {
        assert_eq!(super::plain("dense(${1:64})$0 \\$ ${2}"), "dense(64) $ ");
    }
}
