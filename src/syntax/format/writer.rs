//! The state of turning pairs into a [`Doc`], and what every rule has in common: tokens with their comments, and lists.

use pest::iterators::Pair;

use super::comments::{self, Comments};
use super::doc::Doc;
use crate::syntax::Rule;

pub struct Writer<'t> {
    text: &'t str,
    comments: Comments,
}

impl<'t> Writer<'t> {
    pub fn new(text: &'t str, file: &Pair<'t, Rule>) -> Self {
        let mut tokens = Vec::new();
        collect(file.clone(), &mut tokens);
        Self { text, comments: Comments::new(text, &tokens) }
    }

    /// A token with its comments.
    pub fn token(&mut self, pair: &Pair<'t, Rule>) -> Doc {
        let start = pair.as_span().start();
        let mut parts = self.notes(start);
        if !parts.is_empty() && comments::follows_blank(self.text, start) {
            parts.push(Doc::Blank);
        }
        parts.push(Doc::text(leaf(pair).unwrap_or_default()));
        parts.extend(self.comments.take_trailing(start).into_iter().map(Doc::Comment));
        if parts.len() == 1 { parts.remove(0) } else { Doc::Concat(parts) }
    }

    /// The comments on lines of their own before a token.
    pub fn notes(&mut self, start: usize) -> Vec<Doc> {
        let notes = self.comments.take_leading(start).into_iter().enumerate();
        let blank = |i: usize, at: usize| i > 0 && comments::follows_blank(self.text, at);
        notes.map(|(i, note)| Doc::Note { blank: blank(i, note.at), text: note.text }).collect()
    }

    /// Whether a line of the source starts with this pair or with comments before it.
    pub fn starts_line(&self, pair: &Pair<'t, Rule>) -> bool {
        comments::starts_line(self.text, self.comments.first(start(pair)))
    }

    /// Whether an empty line stands before a pair and the comments before it.
    pub fn follows_blank(&self, pair: &Pair<'t, Rule>) -> bool {
        comments::follows_blank(self.text, self.comments.first(start(pair)))
    }

    /// Whether an empty line stands anywhere between a pair and what is before it.
    pub fn follows_any_blank(&self, pair: &Pair<'t, Rule>) -> bool {
        self.comments.any_blank(self.text, start(pair))
    }

    /// `///` lines, each with its line end.
    pub fn documentation(&mut self, pair: Pair<'t, Rule>) -> Doc {
        let lines = pair.into_inner().flat_map(|line| {
            let blank = comments::precedes_blank(self.text, line.as_span().end());
            [self.token(&line), Doc::Hard { blank }]
        });
        Doc::Concat(lines.collect())
    }

    /// Whether the author ended a line between two offsets.
    pub fn breaks(&self, open: &Pair<'t, Rule>, close: &Pair<'t, Rule>) -> bool {
        self.text[start(open)..start(close)].contains('\n')
    }

    /// Items between brackets, as many on a line as fit. Each item comes with its separator.
    pub fn list(&mut self, open: Doc, items: Vec<(Doc, &'static str)>, close: Doc) -> Doc {
        let last = items.len().saturating_sub(1);
        let items = items.into_iter().enumerate().map(|(i, (item, separator))| match i == last {
            true => item,
            false => Doc::Concat(vec![item, Doc::text(separator)]),
        });
        Doc::Concat(vec![open, Doc::Fill(items.collect()).align(), close])
    }

    /// The parts of a pair that are items of a list, with commas between them.
    pub fn items(
        &mut self,
        pair: Pair<'t, Rule>,
        item: impl Fn(&mut Self, Pair<'t, Rule>) -> Doc,
    ) -> Vec<(Doc, &'static str)> {
        let parts = pair.into_inner().filter(|part| part.as_rule() != Rule::comma);
        parts.map(|part| (item(self, part), ",")).collect()
    }
}

/// The offset of the first token of a pair.
pub fn start(pair: &Pair<'_, Rule>) -> usize {
    let mut pair = pair.clone();
    while let Some(first) = pair.clone().into_inner().find(|part| part.as_rule() != Rule::comma) {
        pair = first;
    }
    pair.as_span().start()
}

/// The words of a token; nothing for what has parts or is empty.
pub fn leaf<'t>(pair: &Pair<'t, Rule>) -> Option<&'t str> {
    match pair.as_rule() {
        Rule::entries | Rule::settings | Rule::statements | Rule::EOI => None,
        // Looks ahead, so it takes along the white space behind it.
        Rule::bar => Some("|"),
        _ if pair.clone().into_inner().next().is_some() => None,
        _ => Some(pair.as_str().trim()),
    }
}

/// The offsets of all tokens but commas and semicolons, and of the end.
fn collect(pair: Pair<'_, Rule>, tokens: &mut Vec<usize>) {
    if matches!(pair.as_rule(), Rule::comma | Rule::semicolon) {
        return;
    }
    if pair.as_rule() == Rule::EOI || leaf(&pair).is_some() {
        tokens.push(pair.as_span().start());
    }
    pair.into_inner().for_each(|part| collect(part, tokens));
}
