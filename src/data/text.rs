//! Plain text: the whole file is one row with one value.

use super::DataError;
use super::error::listed;
use super::lines::Lines;
use super::read::{Row, Source, empty};
use std::path::Path;

/// A file above this is not read at once.
const LARGEST: usize = 1 << 30;

/// The lines of a plain text. It may be one line as a whole.
pub(super) fn open(path: &Path) -> Result<Lines, DataError> {
    Lines::with_longest(path, LARGEST)
}

pub(super) struct Text {
    lines: Lines,
    read: bool,
}

impl Text {
    pub fn new(lines: Lines, columns: &[String]) -> Result<Self, DataError> {
        if columns.len() != 1 {
            let names = listed(columns.iter().map(String::as_str));
            let message = format!("a plain text has no columns, and {names} are asked for");
            return Err(DataError::new(lines.path(), None, message));
        }
        Ok(Self { lines, read: false })
    }
}

impl Source for Text {
    fn next(&mut self) -> Result<Option<Row>, DataError> {
        if std::mem::replace(&mut self.read, true) {
            return Ok(None);
        }
        let mut text = String::new();
        while let Some(line) = self.lines.next()? {
            text.push_str(line);
            if self.lines.has_ended() {
                text.push('\n');
            }
            if text.len() > LARGEST {
                let message = format!("a text larger than {} MiB", LARGEST >> 20);
                return Err(DataError::new(self.lines.path(), None, message).help("train on a part of it"));
            }
        }
        match self.lines.number() {
            0 => Err(empty(self.lines.path())),
            _ => Ok(Some(Row { line: 1, values: vec![text] })),
        }
    }

    fn lines(&self) -> &Lines {
        &self.lines
    }
}
