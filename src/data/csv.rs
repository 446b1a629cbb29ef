//! Comma-separated values (RFC 4180) with a header: a value in double quotes may hold commas, doubled quotes and line ends.

use super::DataError;
use super::header::Header;
use super::lines::{LONGEST, Lines};
use super::read::{Row, Source, empty};
use super::tsv::blank_between;
use ::csv::{ErrorKind, Reader, ReaderBuilder, StringRecord, Terminator};
use std::io::{self, Read};

pub(super) struct Csv {
    reader: Reader<Feed>,
    record: StringRecord,
    header: Header,
    /// Where the last record ended.
    last: u64,
}

impl Csv {
    pub fn new(lines: Lines, columns: &[String]) -> Result<Self, DataError> {
        let path = lines.path().to_owned();
        let feed = Feed { lines, rest: Vec::new(), given: 0, since_record: 0, ended: false };
        // Rows are counted here and not by the crate: it would not say on which line a ragged one starts.
        let mut reader =
            ReaderBuilder::new().has_headers(false).flexible(true).terminator(Terminator::Any(b'\n')).from_reader(feed);
        let mut record = StringRecord::new();
        let line = advance(&mut reader, &mut record)?.ok_or_else(|| empty(&path))?;
        let names: Vec<_> = record.iter().collect();
        let header = Header::find(&path, line, &names, columns)?;
        let last = reader.get_ref().lines.number();
        Ok(Self { reader, record, header, last })
    }
}

/// The values of one line.
pub(super) fn header(line: &str) -> Vec<String> {
    let mut reader = ReaderBuilder::new().has_headers(false).from_reader(line.as_bytes());
    let record = reader.records().next().and_then(Result::ok);
    record.iter().flat_map(StringRecord::iter).map(str::to_string).collect()
}

impl Source for Csv {
    fn next(&mut self) -> Result<Option<Row>, DataError> {
        let Some(line) = advance(&mut self.reader, &mut self.record)? else { return Ok(None) };
        let lines = &self.reader.get_ref().lines;
        if line > self.last + 1 {
            return Err(blank_between(lines.path(), self.last + 1));
        }
        self.last = lines.number();
        let values = self.header.pick(self.record.iter()).map_err(|message| {
            DataError::new(lines.path(), line, message).help("a value with a comma in it stands in double quotes")
        })?;
        Ok(Some(Row { line, values }))
    }

    fn lines(&self) -> &Lines {
        &self.reader.get_ref().lines
    }
}

/// Reads the next record and says on which line it starts.
fn advance(reader: &mut Reader<Feed>, record: &mut StringRecord) -> Result<Option<u64>, DataError> {
    reader.get_mut().since_record = 0;
    let found = reader.read_record(record).map_err(|error| {
        let message = error.to_string();
        let ours = match error.into_kind() {
            ErrorKind::Io(error) => error.into_inner().and_then(|inner| inner.downcast::<DataError>().ok()),
            _ => None,
        };
        ours.map_or_else(|| reader.get_ref().lines.error(message), |error| *error)
    })?;
    if !found {
        return Ok(None);
    }
    let Feed { lines, ended, .. } = reader.get_ref();
    // The feed hands out a line at a time, so the record ends on the line read last.
    let breaks = record.iter().flat_map(str::bytes).filter(|&byte| byte == b'\n').count() as u64;
    if *ended {
        // Every line comes with its end, so only an open quote can make a record last until the end of the file.
        let start = (lines.number() + 1).saturating_sub(breaks);
        return Err(DataError::new(lines.path(), start, "a `\"` opens a value and is never closed")
            .help("inside a quoted value write `\"\"` for a quote"));
    }
    Ok(Some(lines.number().saturating_sub(breaks)))
}

/// The checked lines of the file as bytes again, with LF line ends, one line a read.
struct Feed {
    lines: Lines,
    rest: Vec<u8>,
    /// How much of `rest` has been handed out.
    given: usize,
    since_record: usize,
    ended: bool,
}

impl Read for Feed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given == self.rest.len() {
            let Some(line) = self.lines.next().map_err(io::Error::other)? else {
                self.ended = true;
                return Ok(0);
            };
            self.rest.clear();
            self.rest.extend_from_slice(line.as_bytes());
            self.rest.push(b'\n');
            self.given = 0;
            self.since_record += self.rest.len();
            if self.since_record > LONGEST {
                return Err(io::Error::other(self.lines.too_long(self.lines.number())));
            }
        }
        let count = buffer.len().min(self.rest.len() - self.given);
        buffer[..count].copy_from_slice(&self.rest[self.given..self.given + count]);
        self.given += count;
        Ok(count)
    }
}
