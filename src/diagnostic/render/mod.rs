//! One renderer a file: the same diagnostics for people, editors, scripts and code hosts.
//!
//! A renderer turns values into text. It prints nothing, reads no file and keeps the order it is given.
//! Any span may be handed in: one outside its file, or in no file at all, is shown at the nearest place that exists.

mod github;
mod human;
mod json;
mod printable;
mod sarif;
mod short;

#[cfg(test)]
mod examples;

use super::{Diagnostic, Severity};
use crate::source::{Position, Sources, Span};
use std::fmt;
use std::str::FromStr;

pub use printable::printable;

/// What `--format` of `rnnc check` chooses from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// Snippets with every site marked, for a terminal.
    #[default]
    Human,
    /// One line each: `path:line:col: error[E0301]: message`.
    Short,
    /// One JSON object a line.
    Json,
    /// Workflow commands that annotate a pull request on GitHub.
    Github,
    /// One SARIF 2.1.0 document.
    Sarif,
}

impl Format {
    pub const ALL: [Format; 5] = [Format::Human, Format::Short, Format::Json, Format::Github, Format::Sarif];

    /// The word on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Format::Human => "human",
            Format::Short => "short",
            Format::Json => "json",
            Format::Github => "github",
            Format::Sarif => "sarif",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        Format::ALL.into_iter().find(|format| format.name() == word).ok_or_else(|| {
            let names: Vec<_> = Format::ALL.iter().map(|format| format.name()).collect();
            format!("`{}` is no format; choose one of {}", printable(word), names.join(", "))
        })
    }
}

/// How [`Format::Human`] draws; the other formats ignore it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// ANSI colours. Without them the text holds no escape byte.
    pub color: bool,
    /// Box-drawing characters; otherwise the drawing itself is ASCII.
    pub unicode: bool,
    /// Columns at which help text wraps. Snippets keep the width of their lines.
    pub width: usize,
}

impl Default for Style {
    /// A plain file: no colour, Unicode, 100 columns.
    fn default() -> Self {
        Self { color: false, unicode: true, width: 100 }
    }
}

/// All diagnostics in one format, each line ended by a line feed. Empty for none, except that SARIF is always a document.
pub fn render(diagnostics: &[Diagnostic], sources: &Sources, format: Format, style: Style) -> String {
    match format {
        Format::Human => human::render(diagnostics, sources, style),
        Format::Short => short::render(diagnostics, sources),
        Format::Json => json::render(diagnostics, sources),
        Format::Github => github::render(diagnostics, sources),
        Format::Sarif => sarif::render(diagnostics, sources),
    }
}

/// The line under a run: `2 errors, 1 warning`.
pub fn summary(diagnostics: &[Diagnostic]) -> String {
    let count = |severity: Severity| {
        let count = diagnostics.iter().filter(|diagnostic| diagnostic.severity() == severity).count();
        let plural = if count == 1 { "" } else { "s" };
        (count > 0).then(|| format!("{count} {}{plural}", severity.word()))
    };
    let counts: Vec<_> = [Severity::Error, Severity::Warning].into_iter().filter_map(count).collect();
    if counts.is_empty() { "no problems".to_string() } else { counts.join(", ") }
}

/// Where to read more, said once after all reports: the first code with the command, the other codes named.
pub fn explain_hint(diagnostics: &[Diagnostic]) -> Option<String> {
    let mut codes: Vec<&str> = Vec::new();
    for diagnostic in diagnostics {
        if !codes.contains(&diagnostic.code.id) {
            codes.push(diagnostic.code.id);
        }
    }
    let (first, others) = codes.split_first()?;
    let others = if others.is_empty() { String::new() } else { format!(" (also {})", others.join(", ")) };
    Some(format!("more about it: `rnnc explain {first}`{others}"))
}

/// A span as people name it.
struct Place<'a> {
    path: &'a str,
    start: Position,
    end: Position,
}

impl<'a> Place<'a> {
    fn of(span: Span, sources: &'a Sources) -> Self {
        match sources.iter().nth(span.file.0 as usize) {
            Some((_, file)) => Place {
                path: &file.path,
                start: file.position(span.start),
                end: file.position(span.end.max(span.start)),
            },
            None => {
                let start = Position { line: 1, column: 1, byte: 0 };
                Place { path: "<unknown>", start, end: start }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::code;
    use crate::source::{FileId, SourceFile};
    use proptest::prelude::*;

    #[test]
    fn a_format_is_its_name() {
        for format in Format::ALL {
            assert_eq!(format.name().parse(), Ok(format));
        }
        assert_eq!(
            "xml".parse::<Format>(),
            Err("`xml` is no format; choose one of human, short, json, github, sarif".to_string())
        );
    }

    #[test]
    fn the_summary_counts_and_the_hint_names_each_code_once() {
        let at = |code| Diagnostic::new(code, Span::default(), "m");
        let all = [at(code::RANK), at(code::UNUSED), at(code::RANK), at(code::SYNTAX)];
        assert_eq!(summary(&all), "3 errors, 1 warning");
        assert_eq!(summary(&all[..1]), "1 error");
        assert_eq!(summary(&all[1..2]), "1 warning");
        assert_eq!(summary(&[]), "no problems");
        assert_eq!(explain_hint(&all).unwrap(), "more about it: `rnnc explain E0502` (also W0701, E0101)");
        assert_eq!(explain_hint(&all[..1]).unwrap(), "more about it: `rnnc explain E0502`");
        assert_eq!(explain_hint(&[]), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        /// Whatever the spans and texts are, every renderer returns, and only colours make escape bytes.
        #[test]
        fn no_span_and_no_text_makes_a_renderer_panic(
            texts in prop::collection::vec("[ab \t\r\n\u{feff}\u{1b}é中\u{202e}👩\u{200d}🚀]{0,40}", 0..3),
            spans in prop::collection::vec((0u32..4, 0u32..80, 0u32..80, any::<bool>()), 1..6),
            message in "[a \r\n\u{1b}%:,é]{0,12}",
            width in 0usize..130,
            unicode in any::<bool>(),
        ) {
            let mut sources = Sources::default();
            for (i, text) in texts.iter().enumerate() {
                sources.add(SourceFile::new(format!("{i} {message}.rnn"), text.clone()));
            }
            let mut spans = spans.into_iter().map(|(file, start, end, wild)| {
                Span { file: FileId(file), start, end: if wild { u32::MAX - end } else { end } }
            });
            let first = spans.next().expect("at least one span");
            let mut diagnostic = Diagnostic::new(code::SHAPE_CLASH, first, message.clone()).here(message.clone());
            for span in spans {
                diagnostic = diagnostic.label(span, message.clone()).fix(message.clone(), span, message.clone());
            }
            let diagnostics = [diagnostic.clone(), diagnostic.help(message)];
            for format in Format::ALL {
                let plain = render(&diagnostics, &sources, format, Style { color: false, unicode, width });
                prop_assert!(!plain.contains('\u{1b}'), "{format}: {plain:?}");
                render(&diagnostics, &sources, format, Style { color: true, unicode, width });
            }
        }
    }
}
