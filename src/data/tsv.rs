//! Tab-separated values: a header line, no quoting, no escapes; a `"` is an ordinary character.

use super::DataError;
use super::header::Header;
use super::lines::Lines;
use super::read::{Row, Source, empty};

pub(super) struct Tsv {
    lines: Lines,
    header: Header,
}

impl Tsv {
    pub fn new(mut lines: Lines, columns: &[String]) -> Result<Self, DataError> {
        let path = lines.path().to_owned();
        let first = lines.next()?.ok_or_else(|| empty(&path))?;
        let names: Vec<_> = first.split('\t').collect();
        let header = Header::find(&path, 1, &names, columns)?;
        Ok(Self { lines, header })
    }
}

impl Source for Tsv {
    fn next(&mut self) -> Result<Option<Row>, DataError> {
        let Some(line) = self.lines.next()? else { return Ok(None) };
        if line.is_empty() {
            return blank_to_the_end(&mut self.lines);
        }
        let values = self.header.pick(line.split('\t')).map_err(|message| {
            self.lines.error(message).help("a tab separates values; put a space in place of one inside a text")
        })?;
        Ok(Some(Row { line: self.lines.number(), values }))
    }

    fn lines(&self) -> &Lines {
        &self.lines
    }
}

/// After a blank line: nothing but blank lines may follow.
pub(super) fn blank_to_the_end(lines: &mut Lines) -> Result<Option<Row>, DataError> {
    let blank = lines.number();
    while let Some(line) = lines.next()? {
        if !line.trim().is_empty() {
            return Err(blank_between(lines.path(), blank));
        }
    }
    Ok(None)
}

pub(super) fn blank_between(path: &str, line: u64) -> DataError {
    DataError::new(path, line, "a blank line between rows")
}
