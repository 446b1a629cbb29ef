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
mod tests {
    use super::super::examples::examples;
    use super::*;
    use crate::diagnostic::code;
    use crate::source::{SourceFile, Span};

    const PLAIN: Style = Style { color: false, unicode: true, width: 80 };

    #[test]
    fn a_report_shows_every_site() {
        let (sources, diagnostics) = examples();
        insta::assert_snapshot!(render(&diagnostics, &sources, PLAIN), @r##"
        error[E0302]: `bilstm` has no setting `hiden_size`
           ╭─[models/textrnn.rnn:4:17]
         3 │   |> embedding(128)
         4 │   |> bilstm(64, hiden_size = 2)
           ·                 ─────┬────
           ·                      ╰── not a setting of `bilstm`
         5 │   |> final
           ╰────
          help: did you mean `hidden_size`? The settings are `hidden_size`,
                `num_layers`, `dropout` and `reverse`; every one of them has a page in
                the guide

        error[E0505]: the model gives 64 scores, `class[C]` has C classes
           ╭─[models/textrnn.rnn:7:6]
         5 │   |> final
         6 │   |> dense(64) |> relu
           ·      ────┬────
           ·          ╰── 64 comes from here
         7 │   |> softmax
           ·      ───┬───
           ·         ╰── 64 scores
         8 │ }
           ╰────
           ╭─[models/textrnn.rnn:1:34]
         1 │ model TextRNN(text: words[T]) -> class[C] {
           ·                                  ────┬───
           ·                                      ╰── C classes wanted here
         2 │   text
           ╰────
          help: end with `|> dense(C) |> softmax`

        error[E0501]: `peephole` adds sizes 128 and H
           ╭─[models/textrnn.rnn:3:6]
         2 │   text
         3 │   |> embedding(128)
           ·      ───────┬──────
           ·             ╰── x is [T, 128]
         4 │   |> bilstm(64, hiden_size = 2)
           ╰────
           ╭─[cells.rnn:2:18]
         1 │ /// A cell.
         2 │ cell peephole(x: [I]; h: [H]) {
           ·                  ─┬─
           ·                   ╰── I is declared here
         3 │   h' = tanh(x + h)
           ·             ──┬──
           ·               ╰── I = 128 here, H is free
         4 │ }
           ╰────
          help: write `weight @ x + h`

        error[E0102]: `train {` is never closed
           ╭─[unclosed.rnn:5:1]
         1 │ train {
           ·       ┬
           ·       ╰── opened here
         2 │   epochs = 10
           ·             ┬
           ·             ╰── the file ends here
         3 │
           ╰────
          help: add `}`

        error[E0601]: there is no model in this file
           ╭─[empty.rnn:1:1]
         1 │
           · ┬
           · ╰── nothing here
           ╰────

        error[E0101]: expected the end of the line, found `列`
           ╭─[中文.rnn:2:16]
         1 │ data {
         2 │   标题 = "é.tsv" 列 // 🚀
           ·   ──┬─           ─┬
           ·     │             ╰── unexpected
           ·     ╰── after this setting
         3 │ }
           ╰────

        error[E0401]: `lr` is a number, `fast` is a name
           ╭─[tabs.rnn:2:7]
         1 │ train {
         2 │     lr  = fast
           ·     ─┬    ──┬─
           ·      │      ╰── a name
           ·      ╰── wants a number
         3 │ }
           ╰────

        warning[W0703]: a seed is not negative
           ╭─[crlf.rnn:2:10]
         1 │ train {
         2 │   seed = -1
           ·          ─┬
           ·           ╰── negative
         3 │ }
           ╰────
        "##);
    }

    #[test]
    fn ascii_and_color() {
        let (sources, diagnostics) = examples();
        let draw = |color, unicode| render(&diagnostics[..1], &sources, Style { color, unicode, width: 80 });
        insta::assert_snapshot!(draw(false, false), @r##"
        error[E0302]: `bilstm` has no setting `hiden_size`
           ,-[models/textrnn.rnn:4:17]
         3 |   |> embedding(128)
         4 |   |> bilstm(64, hiden_size = 2)
           :                 ^^^^^|^^^^
           :                      `-- not a setting of `bilstm`
         5 |   |> final
           `----
          help: did you mean `hidden_size`? The settings are `hidden_size`,
                `num_layers`, `dropout` and `reverse`; every one of them has a page in
                the guide
        "##);
        let plain = draw(false, true);
        let mut colored = draw(true, true);
        assert!(colored.starts_with("\u{1b}[1;31merror[E0302]\u{1b}[0m"), "{colored:?}");
        while let Some(start) = colored.find('\u{1b}') {
            let end = start + colored[start..].find('m').unwrap() + 1;
            colored.replace_range(start..end, "");
        }
        assert_eq!(colored, plain);
    }

    /// One source, labels as byte ranges, the first of them primary.
    fn draw(text: &str, labels: &[(usize, usize, &str)]) -> String {
        let mut sources = Sources::default();
        let file = sources.add(SourceFile::new("a.rnn", text));
        let span = |start, end| Span::new(file, start, end);
        let (start, end, message) = labels[0];
        let diagnostic = Diagnostic::new(code::SYNTAX, span(start, end), "m").here(message);
        let diagnostic =
            labels[1..].iter().fold(diagnostic, |d, (start, end, message)| d.label(span(*start, *end), *message));
        render(&[diagnostic], &sources, PLAIN)
    }

    #[test]
    fn a_report_stays_on_one_screen() {
        let long: String = (0..500).map(|i| format!("line {i}\n")).collect();
        insta::assert_snapshot!(draw(&long, &[(0, long.len(), "all of it"), (3000, 3004, "far away")]), @r##"
        error[E0101]: m
           ╭─[a.rnn:1:1]
         1 │ line 0
           · ───┬──
           ·    ╰── all of it
         2 │ line 1
           ╰────
             ╭─[a.rnn:346:6]
         345 │ line 344
         346 │ line 345
             ·      ─┬─
             ·       ╰── far away
         347 │ line 346
             ╰────
        "##);
        let wide = format!("{}here\n", " ".repeat(100_000));
        insta::assert_snapshot!(draw(&wide, &[(100_000, 100_004, "far right")]), @r##"
        error[E0101]: m
          at a.rnn:1:100001: far right
        "##);
    }

    #[test]
    fn a_file_cannot_speak_to_the_terminal() {
        let report = draw("seed = \u{1b}[2J1\u{202e}2\rx\n", &[(7, 12, "bad \u{1b}]0;title\u{7}")]);
        insta::assert_snapshot!(report, @r##"
        error[E0101]: m
           ╭─[a.rnn:1:8]
         1 │ seed = ?[2J1�2?x
           ·        ──┬──
           ·          ╰── bad ?]0;title?
           ╰────
        "##);
    }

    #[test]
    fn places_that_are_hard_to_mark() {
        // The end of a line, before a line feed and before CRLF; white space alone; the middle of a character;
        // two labels at one place.
        insta::assert_snapshot!(draw("ab\ncd\n", &[(2, 2, "end of line")]), @r##"
        error[E0101]: m
           ╭─[a.rnn:1:3]
         1 │ ab
           ·   ▲
           ·   ╰── end of line
         2 │ cd
           ╰────
        "##);
        insta::assert_snapshot!(draw("ab\r\ncd\r\n", &[(2, 2, "end of line")]), @r##"
        error[E0101]: m
           ╭─[a.rnn:1:3]
         1 │ ab
           ·   ▲
           ·   ╰── end of line
         2 │ cd
           ╰────
        "##);
        insta::assert_snapshot!(draw("ab\r\ncd\r\n", &[(2, 4, "the line end")]), @r##"
        error[E0101]: m
           ╭─[a.rnn:1:3]
         1 │ ab
           ·   ┬
           ·   ╰── the line end
         2 │ cd
           ╰────
        "##);
        insta::assert_snapshot!(draw("  \n\t\n", &[(4, 4, "only space")]), @r##"
        error[E0101]: m
           ╭─[a.rnn:2:2]
         1 │
           · ┬
           · ╰── only space
           ╰────
        "##);
        insta::assert_snapshot!(draw("中中\n", &[(1, 4, "inside")]), @r##"
        error[E0101]: m
           ╭─[a.rnn:1:1]
         1 │ 中中
           · ─┬
           ·  ╰── inside
           ╰────
        "##);
        insta::assert_snapshot!(draw("ab cd\n", &[(0, 2, "one"), (0, 2, "two")]), @r##"
        error[E0101]: m
           ╭─[a.rnn:1:1]
         1 │ ab cd
           · ─┬
           ·  ╰── one; two
           ╰────
        "##);
        insta::assert_snapshot!(draw("a {\n b\n}\n", &[(2, 8, "this block"), (5, 6, "this line")]), @r##"
        error[E0101]: m
           ╭─[a.rnn:1:3]
         1 │ ╭─▶ a {
         2 │ │    b
           · │    ┬
           · │    ╰── this line
         3 │ ├─▶ }
           · ╰──── this block
           ╰────
        "##);
    }
}
