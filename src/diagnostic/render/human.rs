//! Reports for people: the message, the source with every site marked, and what to write. The only user of miette.
//!
//! miette draws the snippets; the header is ours. What it does not do well is done before it sees anything:
//! places are numbered by [`Place`] (miette counts bytes), labels at the end of a file or in an empty file are moved to
//! a character that can be marked, labels over many lines are cut to their first, and a line too long to read is named
//! instead of drawn, so that one report stays on one screen.

use super::printable::{one_line, printable};
use super::{Place, Style};
use crate::diagnostic::{Diagnostic, Label, Severity};
use crate::source::{FileId, Sources};
use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan,
    SpanContents,
};
use std::fmt;
use std::ops::Range;

/// A label over more lines than this is drawn on its first line only.
const MAX_LINES: usize = 6;

/// A snippet of more bytes than this is named, not drawn.
const MAX_SNIPPET: usize = 4_000;

pub(super) fn render(diagnostics: &[Diagnostic], sources: &Sources, style: Style) -> String {
    let reports: Vec<_> = diagnostics.iter().map(|diagnostic| report(diagnostic, sources, style)).collect();
    reports.join("\n")
}

fn report(diagnostic: &Diagnostic, sources: &Sources, style: Style) -> String {
    let mut text = header(diagnostic, style);
    let handler = handler(style);
    for snippet in snippets(diagnostic, sources) {
        text += &drawing(&handler, &snippet);
        if let Some((place, message)) = &snippet.undrawn {
            text += &format!("  at {place}{}{message}\n", if message.is_empty() { "" } else { ": " });
        }
    }
    let help = diagnostic.help.as_ref().or(diagnostic.fixes.first().map(|fix| &fix.title));
    if let Some(help) = help {
        let help = Snippet { help: Some(printable(help).into_owned()), ..Snippet::default() };
        text += &drawing(&handler, &help);
    }
    text
}

/// `error[E0501]: message`
fn header(diagnostic: &Diagnostic, style: Style) -> String {
    let severity = diagnostic.severity();
    let (kind, message) = (format!("{}[{}]", severity.word(), diagnostic.code.id), one_line(&diagnostic.message));
    let color = match severity {
        Severity::Error => 31,
        Severity::Warning => 33,
    };
    if style.color {
        format!("\u{1b}[1;{color}m{kind}\u{1b}[0m\u{1b}[1m: {message}\u{1b}[0m\n")
    } else {
        format!("{kind}: {message}\n")
    }
}

fn handler(style: Style) -> GraphicalReportHandler {
    let theme = match (style.unicode, style.color) {
        (true, true) => GraphicalTheme::unicode(),
        (true, false) => GraphicalTheme::unicode_nocolor(),
        (false, true) => GraphicalTheme::ascii(),
        (false, false) => GraphicalTheme::none(),
    };
    GraphicalReportHandler::new_themed(theme)
        .with_urls(false)
        .without_primary_span_start()
        .without_syntax_highlighting()
        .with_width(style.width.clamp(40, 200))
}

/// miette's drawing without the line it starts with: its place for a message, which is empty here.
fn drawing(handler: &GraphicalReportHandler, snippet: &Snippet) -> String {
    let mut text = String::new();
    handler.render_report(&mut text, snippet).expect("writing to a string does not fail");
    text.lines().skip(1).map(|line| format!("{}\n", line.trim_end())).collect()
}

/// The labels of one diagnostic: a snippet for those whose lines touch, the one with the primary label first.
fn snippets(diagnostic: &Diagnostic, sources: &Sources) -> Vec<Snippet> {
    let mut snippets: Vec<Snippet> = Vec::new();
    for (i, label) in std::iter::once(&diagnostic.primary).chain(&diagnostic.labels).enumerate() {
        let mut snippet = Snippet::new(label, i == 0, sources);
        match snippets.iter_mut().find(|other| other.touches(&snippet)) {
            Some(other) => other.absorb(&mut snippet),
            None => snippets.push(snippet),
        }
    }
    snippets.iter_mut().for_each(Snippet::untangle);
    snippets
}

/// One source with its labels, as miette wants to see it: a nameless diagnostic.
#[derive(Debug, Default)]
struct Snippet {
    file: FileId,
    /// The file's text, made printable, without its byte order mark; one space where there is nothing to see.
    text: String,
    /// The bytes of the text that are drawn.
    lines: Range<usize>,
    labels: Vec<LabeledSpan>,
    /// For each label the place the user is told: that of the label before it was made drawable.
    places: Vec<String>,
    /// A label that cannot be drawn: place and message.
    undrawn: Option<(String, String)>,
    help: Option<String>,
}

impl Snippet {
    fn new(label: &Label, primary: bool, sources: &Sources) -> Self {
        let Place { path, start, end } = Place::of(label.span, sources);
        let file = label.span.file;
        let text = sources.iter().nth(file.0 as usize).map_or("", |(_, file)| &file.text);
        // Bytes are counted from behind the byte order mark.
        let without_mark = text.strip_prefix('\u{feff}').unwrap_or(text);
        let from_mark = |byte: u32| (byte as usize).saturating_sub(text.len() - without_mark.len());
        let text = if without_mark.trim().is_empty() { " ".to_string() } else { drawable(without_mark) };

        let mut snippet = Snippet { file, text, ..Self::default() };
        let range = snippet.visible(from_mark(start.byte)..from_mark(end.byte));
        snippet.lines = snippet.lines_around(&range, 1, 1);
        let place = format!("{}:{}:{}", one_line(path), start.line, start.column);
        let message = one_line(&label.message);
        if snippet.lines.len() > MAX_SNIPPET {
            snippet.undrawn = Some((place, message));
            return snippet;
        }
        let message = (!message.is_empty()).then_some(message);
        snippet.labels.push(match primary {
            true => LabeledSpan::new_primary_with_span(message, (range.start, range.len())),
            false => LabeledSpan::new_with_span(message, (range.start, range.len())),
        });
        snippet.places.push(place);
        snippet
    }

    fn touches(&self, other: &Snippet) -> bool {
        let near = self.lines.start <= other.lines.end && other.lines.start <= self.lines.end;
        self.file == other.file && near && self.undrawn.is_none() && other.undrawn.is_none()
    }

    /// Takes the labels of a snippet that touches this one; what is said of one place is said in one label.
    fn absorb(&mut self, other: &mut Snippet) {
        self.lines = self.lines.start.min(other.lines.start)..self.lines.end.max(other.lines.end);
        for (label, place) in other.labels.drain(..).zip(other.places.drain(..)) {
            match self.labels.iter_mut().find(|known| known.inner() == label.inner()) {
                Some(known) => {
                    let messages: Vec<_> = known.label().into_iter().chain(label.label()).collect();
                    let message = messages.join("; ");
                    known.set_label((!message.is_empty()).then_some(message));
                }
                None => {
                    self.labels.push(label);
                    self.places.push(place);
                }
            }
        }
    }

    /// A label around another ends where that one starts, or starts where it ends: miette would mark the inner one
    /// beside its place.
    fn untangle(&mut self) {
        let ranges: Vec<_> = self.labels.iter().map(|label| label.offset()..label.offset() + label.len()).collect();
        for (label, outer) in self.labels.iter_mut().zip(&ranges) {
            let inside = |inner: &&Range<usize>| {
                *inner != outer && outer.start <= inner.start && inner.end <= outer.end && !inner.is_empty()
            };
            let one_line = !self.text[outer.clone()].contains('\n');
            let Some(inner) = ranges.iter().filter(inside).min_by_key(|inner| inner.start).filter(|_| one_line) else {
                continue;
            };
            let (start, rest) = match &self.text[outer.start..inner.start] {
                "" => (inner.end, &self.text[inner.end..outer.end]),
                before => (outer.start, before),
            };
            let start = start + rest.len() - rest.trim_start().len();
            let span = (start, rest.trim().len());
            let message = label.label().map(str::to_string);
            *label = match label.primary() {
                true => LabeledSpan::new_primary_with_span(message, span),
                false => LabeledSpan::new_with_span(message, span),
            };
        }
    }

    /// The range with something to see in it: not past the last visible character, not ending in white space, and
    /// not over more than [`MAX_LINES`].
    fn visible(&self, range: Range<usize>) -> Range<usize> {
        let end = self.text.trim_end().len();
        let last = self.text[..end].char_indices().next_back().map_or(0, |(start, _)| start);
        if range.start >= end {
            return last..end.max(1);
        }
        let marked = &self.text[range.start..range.end.min(end)];
        let first_line = marked.lines().next().unwrap_or("");
        let marked = if marked.lines().count() > MAX_LINES { first_line } else { marked };
        let length = if marked.trim().is_empty() { marked.len() } else { marked.trim_end().len() };
        range.start..range.start + length
    }

    /// The bytes of the lines a range lies on, with some lines before and after.
    fn lines_around(&self, range: &Range<usize>, before: usize, after: usize) -> Range<usize> {
        let text = self.text.as_bytes();
        let last = range.end.max(range.start + 1).min(text.len()).saturating_sub(1);
        let line_feed = |i: &usize| text[*i] == b'\n';
        let start = (0..range.start).rev().filter(line_feed).nth(before).map_or(0, |i| i + 1);
        let end = (last..text.len()).filter(line_feed).nth(after).map_or(text.len(), |i| i + 1);
        start..end
    }
}

/// The text as it can be drawn, byte for byte: no control characters, and carriage returns only before line feeds.
fn drawable(text: &str) -> String {
    let lines = text.split('\n').map(|line| match line.strip_suffix('\r') {
        Some(line) => format!("{}\r", printable(line)),
        None => printable(line).into_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

impl fmt::Display for Snippet {
    fn fmt(&self, _: &mut fmt::Formatter) -> fmt::Result {
        Ok(())
    }
}

impl std::error::Error for Snippet {}

impl miette::Diagnostic for Snippet {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as _)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(self)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        (!self.labels.is_empty()).then(|| Box::new(self.labels.iter().cloned()) as _)
    }
}

/// miette's own reading of a string is linear in the file, counts lines from its start where it should from the
/// span's, and columns in bytes.
impl SourceCode for Snippet {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let range = span.offset()..span.offset() + span.len();
        if self.text.get(range.clone()).is_none() {
            return Err(MietteError::OutOfBounds);
        }
        let lines = self.lines_around(&range, before, after);
        let data = &self.text[lines.clone()];
        let label = self.labels.iter().position(|label| label.inner() == span);
        let place = label.map(|label| self.places[label].clone()).unwrap_or_default();
        let line = self.text[..lines.start].matches('\n').count();
        let count = data.lines().count();
        let span = SourceSpan::from((lines.start, lines.len()));
        Ok(Box::new(MietteSpanContents::new_named(place, data.as_bytes(), span, line, 0, count)))
    }
}

#[cfg(test)]
mod tests;
