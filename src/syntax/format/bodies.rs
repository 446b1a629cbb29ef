//! What stands between braces → [`Doc`]: statements and settings.

use pest::iterators::Pair;

use super::doc::{Doc, Kind};
use super::expressions::spaced;
use super::writer::Writer;
use crate::syntax::Rule;

/// A statement or a setting, and how it follows what is before it.
struct Entry {
    doc: Doc,
    /// Whether it starts a line in the source.
    starts: bool,
    blank: bool,
}

impl<'t> Writer<'t> {
    /// `{ … }` of a model, layer, cell or `repeat`.
    pub fn block(&mut self, pair: Pair<'t, Rule>) -> Doc {
        self.braces(pair.into_inner().collect(), ";")
    }

    /// The parts of a pair from its opening to its closing brace. On one line if the author wrote it on one and it fits.
    pub fn braces(&mut self, parts: Vec<Pair<'t, Rule>>, separator: &'static str) -> Doc {
        let [open, inside, close] = parts.as_slice() else { return Doc::Close };
        let kept = self.breaks(open, close);
        let head = Doc::Concat(vec![self.token(open), Doc::Close]);
        let entries = self.entries(inside.clone());
        let notes = self.closing_notes(close);
        let close = self.token(close);
        if entries.is_empty() && notes.0.is_empty() {
            return Doc::Concat(vec![head, close]);
        }
        if !kept {
            let lines = std::iter::once(Doc::Line("")).chain(joined(entries, separator)).collect();
            return Doc::Concat(vec![head, Doc::Concat(lines).body(), Doc::Line(""), close]).group();
        }
        // Entries that share a line go on sharing it, if they fit.
        let (mut lines, mut line) = (Vec::new(), Vec::new());
        for entry in entries {
            if entry.starts && !line.is_empty() {
                lines.push(Doc::Concat(joined(std::mem::take(&mut line), separator)).group());
            }
            if line.is_empty() {
                lines.push(Doc::Hard { blank: entry.blank && !lines.is_empty() });
            }
            line.push(entry);
        }
        if !line.is_empty() {
            lines.push(Doc::Concat(joined(line, separator)).group());
        }
        if !notes.0.is_empty() {
            lines.push(Doc::Hard { blank: notes.1 && !lines.is_empty() });
            lines.extend(notes.0);
        }
        Doc::Concat(vec![head, Doc::Concat(lines).body(), Doc::Hard { blank: false }, close])
    }

    fn entries(&mut self, pair: Pair<'t, Rule>) -> Vec<Entry> {
        let (mut entries, mut documentation) = (Vec::new(), Vec::new());
        let mut first = None;
        for part in pair.into_inner().filter(|part| part.as_rule() != Rule::comma) {
            let (starts, blank) = first.take().unwrap_or_else(|| (self.starts_line(&part), self.follows_blank(&part)));
            match part.as_rule() {
                // Of a setting; a statement has its own.
                Rule::docs => {
                    documentation.push(self.documentation(part));
                    first = Some((true, blank));
                }
                _ => {
                    documentation.push(self.entry(part));
                    let doc = Doc::Concat(std::mem::take(&mut documentation));
                    entries.push(Entry { doc, starts, blank });
                }
            }
        }
        if !documentation.is_empty() {
            entries.push(Entry { doc: Doc::Concat(documentation), starts: true, blank: false });
        }
        entries
    }

    fn entry(&mut self, pair: Pair<'t, Rule>) -> Doc {
        match pair.as_rule() {
            Rule::statement | Rule::entry => {
                let parts = pair.into_inner().filter(|part| part.as_rule() != Rule::semicolon);
                Doc::Concat(parts.map(|part| self.entry(part)).collect())
            }
            Rule::docs => self.documentation(pair),
            Rule::setting => self.named(pair, Kind::Setting),
            Rule::update => self.named(pair, Kind::Update),
            Rule::field => self.field(pair),
            Rule::let_statement => self.binding(pair),
            Rule::param => self.param(pair),
            Rule::where_clause => self.condition(pair),
            _ => self.value(pair),
        }
    }

    /// `name = value`
    fn named(&mut self, pair: Pair<'t, Rule>, kind: Kind) -> Doc {
        let mut parts = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::assign => parts.extend([Doc::Cell(kind, 0), Doc::Space, self.token(&part), Doc::Space]),
                Rule::expr => parts.push(self.assigned(part)),
                _ => parts.push(self.token(&part)),
            }
        }
        Doc::Concat(parts)
    }

    /// `text : words { lowercase = true }`
    fn field(&mut self, pair: Pair<'t, Rule>) -> Doc {
        let (mut words, mut braces) = (Vec::new(), Vec::new());
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::open | Rule::settings | Rule::close => braces.push(part),
                Rule::colon => words.extend([Doc::Cell(Kind::Setting, 0), Doc::Space, self.token(&part), Doc::Space]),
                _ => words.push(self.token(&part)),
            }
        }
        if !braces.is_empty() {
            words.extend([Doc::Space, self.braces(braces, ",")]);
        }
        Doc::Concat(words)
    }

    /// `let left, right = value`. Only single names are aligned.
    pub fn binding(&mut self, pair: Pair<'t, Rule>) -> Doc {
        let several = pair.clone().into_inner().any(|part| part.as_rule() == Rule::comma);
        let mut parts = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::comma => parts.push(Doc::text(",")),
                Rule::assign => {
                    parts.extend((!several).then_some(Doc::Cell(Kind::Let, 0)));
                    parts.extend([Doc::Space, self.token(&part), Doc::Space]);
                }
                Rule::expr => parts.push(self.assigned(part)),
                Rule::semicolon => {}
                Rule::kw_let => parts.push(self.token(&part)),
                _ => parts.extend([Doc::Space, self.token(&part)]),
            }
        }
        Doc::Concat(parts)
    }

    /// `param weight : [H, I] = zeros`
    fn param(&mut self, pair: Pair<'t, Rule>) -> Doc {
        let mut parts = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::colon => parts.extend([Doc::Cell(Kind::Param, 0), Doc::Space, self.token(&part), Doc::Space]),
                Rule::assign => parts.extend([Doc::Cell(Kind::Param, 1), Doc::Space, self.token(&part), Doc::Space]),
                Rule::type_expr => parts.push(self.type_expr(part)),
                Rule::expr => parts.push(self.assigned(part)),
                Rule::kw_param => parts.extend([self.token(&part), Doc::Space]),
                _ => parts.push(self.token(&part)),
            }
        }
        Doc::Concat(parts)
    }

    /// `where H % 2 == 0 : "message"`
    fn condition(&mut self, pair: Pair<'t, Rule>) -> Doc {
        let (mut words, mut message) = (Vec::new(), Vec::new());
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::string => message.extend([Doc::Line(""), self.token(&part)]),
                Rule::expr => words.push(self.expression(part)),
                _ => words.push(self.token(&part)),
            }
        }
        Doc::Concat(vec![spaced(words), Doc::Concat(message)]).group().nest()
    }
}

/// Entries with what stands between them.
fn joined(entries: Vec<Entry>, separator: &'static str) -> Vec<Doc> {
    let mut parts = Vec::new();
    for entry in entries {
        if !parts.is_empty() {
            parts.push(Doc::Line(separator));
        }
        parts.push(entry.doc);
    }
    parts
}
