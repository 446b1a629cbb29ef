//! The state of turning pairs into a tree: the file, and what was wrong.

use pest::Parser;
use pest::iterators::Pair;

use super::ast::{Expr, ExprKind, Ident};
use super::expected::{expectation, found, hint, list};
use super::{Grammar, Rule};
use crate::diagnostic::{Diagnostic, code};
use crate::source::{FileId, Span};

/// Expressions inside each other; a pipeline is as high as it has steps. Keeps every recursion over the tree shallow.
const MAX_HEIGHT: usize = 100;
/// Syntax errors of one file: nobody reads more, and explaining one takes time.
const MAX_ERRORS: usize = 100;

pub struct Builder<'t> {
    pub file: FileId,
    pub text: &'t str,
    pub diagnostics: Vec<Diagnostic>,
    /// Names that parts which could not be parsed may define.
    pub lost: Vec<String>,
    /// Of the expression built last.
    pub height: usize,
}

impl<'t> Builder<'t> {
    pub fn new(file: FileId, text: &'t str) -> Self {
        Self { file, text, diagnostics: Vec::new(), lost: Vec::new(), height: 0 }
    }

    /// Of a pair, without the white space a rule may have taken along.
    pub fn span(&self, pair: &Pair<'_, Rule>) -> Span {
        let text = pair.as_str();
        let start = pair.as_span().start() + (text.len() - text.trim_start().len());
        let end = start + text.trim().len();
        Span::new(self.file, start.min(pair.as_span().end()), end.max(start).min(self.text.len()))
    }

    pub fn ident(&self, pair: &Pair<'_, Rule>) -> Ident {
        let text = pair.as_str();
        let primed = text.ends_with('\'');
        Ident { name: text.trim_end_matches('\'').to_string(), primed, span: self.span(pair) }
    }

    pub fn broken(&self, span: Span) -> Expr {
        Expr { kind: ExprKind::Broken, span }
    }

    pub fn report(&mut self, diagnostic: Diagnostic) {
        if self.diagnostics.len() < MAX_ERRORS {
            self.diagnostics.push(diagnostic);
        }
    }

    /// Reports what a catch-all rule caught, by parsing it again with the rule that should have matched.
    pub fn explain(&mut self, rule: Rule, pair: &Pair<'_, Rule>) {
        if self.diagnostics.len() >= MAX_ERRORS {
            return;
        }
        let start = pair.as_span().start();
        let text = pair.as_str();
        self.lost.extend(defined_names(text));
        let Err(error) = Grammar::parse(rule, text) else {
            let span = self.span(pair);
            let diagnostic = Diagnostic::new(code::SYNTAX, span, "this does not belong here").here("not expected here");
            self.report(diagnostic.help("write one statement or setting a line"));
            return;
        };
        let expected = expectation(&error);
        // Where the caught text ends, what follows it in the file is what was found.
        let at = (start + expected.at).min(self.text.len());
        let (length, found) = found(self.text, at);
        let line_end = self.text[at..].find(['\n', '\r']).map_or(self.text.len(), |n| at + n);
        let span = if length > 0 {
            let skipped = self.text[at..].len() - self.text[at..].trim_start_matches([' ', '\t']).len();
            Span::new(self.file, at + skipped, (at + length).min(line_end))
        } else {
            // The end of a line: point at its last visible character.
            let before = self.text[..at].trim_end();
            let last = before.char_indices().next_back().map_or(0, |(i, _)| i);
            Span::new(self.file, last, before.len())
        };
        let closing = expected.words.iter().find(|word| matches!(**word, "`)`" | "`]`"));
        if length == 0
            && let Some(closing) = closing
            && let Some(open) = unclosed_bracket(&text[..expected.at.min(text.len())])
        {
            let open = Span::new(self.file, start + open, start + open + 1);
            let message = format!("a `{}` that is never closed", if *closing == "`)`" { "(" } else { "[" });
            let diagnostic = Diagnostic::new(code::UNCLOSED, open, message).here("opened here");
            let after = format!("expected {} after this", list(&expected.words));
            return self.report(diagnostic.label(span, after).help(format!("add the {closing}")));
        }
        let message = if expected.words.is_empty() {
            format!("did not expect {found} here")
        } else {
            format!("expected {}, found {found}", list(&expected.words))
        };
        let mut diagnostic = Diagnostic::new(code::SYNTAX, span, message).here(if length > 0 {
            "not expected here"
        } else {
            "something is missing after this"
        });
        diagnostic.help = hint(text, expected.at);
        self.report(diagnostic);
    }

    /// `kind` over parts of which the highest has this height, unless that is too high for the passes behind.
    pub fn expr(&mut self, kind: ExprKind, span: Span, parts: usize) -> Expr {
        self.height = parts + 1;
        if self.height <= MAX_HEIGHT {
            return Expr { kind, span };
        }
        self.height = 0;
        if !self.diagnostics.iter().any(|d| d.code == code::TOO_DEEP) {
            let message = format!("an expression of more than {MAX_HEIGHT} steps");
            let diagnostic = Diagnostic::new(code::TOO_DEEP, span, message).here("too long");
            self.report(diagnostic.help("name parts of it with `let`"));
        }
        self.broken(span)
    }
}

/// What a line that could not be parsed seems to give a name to.
fn defined_names(text: &str) -> Vec<String> {
    let head = text.split(['=', '(', '{', ':']).next().unwrap_or("");
    let words = head.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
    let keywords = ["let", "param", "layer", "cell", "model", "where", "use"];
    words.filter(|word| !keywords.contains(word)).take(8).map(str::to_string).collect()
}

/// The last bracket that is still open at the end of a text.
fn unclosed_bracket(text: &str) -> Option<usize> {
    let (mut open, mut quoted, mut escaped) = (Vec::new(), false, false);
    for (i, c) in text.char_indices() {
        match c {
            '"' if !escaped => quoted = !quoted,
            '(' | '[' if !quoted => open.push(i),
            ')' | ']' if !quoted => drop(open.pop()),
            _ => {}
        }
        escaped = quoted && c == '\\' && !escaped;
    }
    open.pop()
}

/// The text of a string literal, escapes resolved.
pub fn unescape(literal: &str) -> String {
    let inner = literal.trim().trim_start_matches('"');
    let inner = inner.strip_suffix('"').unwrap_or(inner);
    let mut text = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => text.push('\n'),
                Some('t') => text.push('\t'),
                Some(other) => text.push(other),
                None => {}
            },
            other => text.push(other),
        }
    }
    text
}
