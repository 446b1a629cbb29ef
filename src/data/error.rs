//! The one failure of this room: a file, a line and what is wrong there. It has no code and no span of a `.rnn` file.

use std::fmt;

/// What is wrong with a data file.
///
/// Shown as `path:line: message`, with the help on a second line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataError {
    pub path: String,
    /// Counted from 1; absent where the whole file is meant.
    pub line: Option<u64>,
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    pub about: About,
}

/// What an error is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    File,
    Row,
    /// The classes of the data, be it in one row or in all of them.
    Classes,
}

impl DataError {
    pub fn new(path: &str, line: impl Into<Option<u64>>, message: impl Into<String>) -> Self {
        let line = line.into();
        let about = if line.is_some() { About::Row } else { About::File };
        Self { path: path.to_owned(), line, message: message.into(), help: None, about }
    }

    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(super) fn about_classes(self) -> Self {
        Self { about: About::Classes, ..self }
    }
}

impl fmt::Display for DataError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}:", self.path)?;
        if let Some(line) = self.line {
            write!(f, "{line}:")?;
        }
        write!(f, " {}", self.message)?;
        match &self.help {
            Some(help) => write!(f, "\n  help: {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for DataError {}

/// A piece of a file in backticks, short enough for a message.
pub(super) fn quoted(text: &str) -> String {
    const LONGEST: usize = 40;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("`{}…`", &text[..end]),
        None => format!("`{text}`"),
    }
}

/// Names in backticks, at most ten of them.
pub(super) fn listed<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> String {
    const MOST: usize = 10;
    let more = names.len().saturating_sub(MOST);
    let list = names.take(MOST).map(quoted).collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{list} and {more} more") } else { list }
}

/// `1 value`, `2 values`.
pub(super) fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_its_place_first() {
        let error = DataError::new("a.tsv", 3, "no");
        assert_eq!(error.to_string(), "a.tsv:3: no");
        assert_eq!(DataError { line: None, ..error }.help("do").to_string(), "a.tsv: no\n  help: do");
    }

    #[test]
    fn long_names_and_long_lists_are_cut() {
        assert_eq!(quoted(&"é".repeat(50)), format!("`{}…`", "é".repeat(40)));
        let names: Vec<_> = (0..12).map(|i| i.to_string()).collect();
        let list = listed(names.iter().map(String::as_str));
        assert_eq!(list, "`0`, `1`, `2`, `3`, `4`, `5`, `6`, `7`, `8`, `9` and 2 more");
    }
}
