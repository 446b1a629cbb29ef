//! The header line of TSV and CSV: which columns there are, and where those we want stand.

use super::DataError;
use super::error::{counted, listed, quoted};
use crate::diagnostic::suggest::nearest;
use crate::ir::Format;

/// The columns that the first line of a file names, for a format that names some: those of a header, or the keys of an object.
pub fn columns(first: &str, format: Format) -> Vec<String> {
    match format {
        Format::Tsv => first.split('\t').map(str::to_string).collect(),
        Format::Csv => super::csv::header(first),
        Format::JsonLines => serde_json::from_str::<serde_json::Map<_, _>>(first)
            .map(|object| object.into_iter().map(|(key, _)| key).collect())
            .unwrap_or_default(),
        _ => Vec::new(),
    }
}

/// The wanted columns of a file, found in its header.
pub(super) struct Header {
    /// For each wanted column its place in a row.
    places: Vec<usize>,
    /// The number of values that every row must have.
    width: usize,
}

impl Header {
    /// Errors: a wanted column that is missing or stands twice.
    pub fn find(path: &str, line: u64, found: &[&str], wanted: &[String]) -> Result<Self, DataError> {
        let place = |column: &String| {
            let mut places = (0..found.len()).filter(|&i| found[i] == column);
            match (places.next(), places.next()) {
                (Some(place), None) => Ok(place),
                (Some(_), Some(_)) => {
                    Err(DataError::new(path, line, format!("the column {} stands twice in the header", quoted(column))))
                }
                (None, _) => Err(missing(path, line, column, found)),
            }
        };
        Ok(Self { places: wanted.iter().map(place).collect::<Result<_, _>>()?, width: found.len() })
    }

    /// The wanted values of a row, or what is wrong with a row that has too few or too many.
    pub fn pick<'a>(&self, row: impl Iterator<Item = &'a str>) -> Result<Vec<String>, String> {
        let mut values = vec![String::new(); self.places.len()];
        let mut count = 0;
        for value in row {
            for (slot, _) in values.iter_mut().zip(&self.places).filter(|(_, place)| **place == count) {
                value.clone_into(slot);
            }
            count += 1;
        }
        if count == self.width {
            Ok(values)
        } else {
            Err(format!("{} where the header has {}", counted(count, "value"), counted(self.width, "column")))
        }
    }
}

/// A column that is not there, with those that are.
pub(super) fn missing(path: &str, line: impl Into<Option<u64>>, column: &str, found: &[&str]) -> DataError {
    let message = format!("no column {}; there is {}", quoted(column), listed(found.iter().copied()));
    DataError::new(path, line, message).help(match nearest(column, found.iter().copied()) {
        Some(near) => format!("did you mean {}?", quoted(near)),
        None => "a field reads the column of its own name unless `column = \"…\"` names another".to_owned(),
    })
}
