//! Rows of a data file, streamed, whatever its format. The formats themselves are one file each.

use super::error::quoted;
use super::{DataError, babi, csv, json_lines, lines::Lines, ptb, text, tsv};
use crate::ir::{Format, Target};
use std::path::Path;

/// The wanted values of one row, none of them empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Where the row starts, from 1.
    pub line: u64,
    /// In the order of the columns asked for.
    pub values: Vec<String>,
}

/// A format that is being read.
pub(super) trait Source {
    /// The next row, or `None` at the end of the file.
    fn next(&mut self) -> Result<Option<Row>, DataError>;

    fn lines(&self) -> &Lines;
}

/// The iterator that [`rows`] returns. It ends after its first error.
pub struct Rows {
    source: Box<dyn Source>,
    columns: Vec<String>,
    count: usize,
    ended: bool,
    /// Whether the file is one text.
    whole: bool,
}

/// Opens a file and reads its header; the `target` of the model decides what `.txt` means. Byte order marks, CRLF and blank lines at the end are accepted.
///
/// Errors, here or at their row: a file that cannot be opened, an empty file, a header without rows, a missing or
/// doubled column, a row with too few or too many values, an empty value, a blank line between rows, bytes that are
/// not UTF-8, a NUL, bad JSON, a line above 16 MiB.
pub fn rows(path: &Path, format: Format, target: &Target, columns: &[&str]) -> Result<Rows, DataError> {
    let format = format.of(path, target);
    let lines = if format == Format::Text { text::open(path)? } else { Lines::open(path)? };
    rows_of(lines, format, columns)
}

/// The same of standard input, for a format that no file's name decides.
pub fn rows_of_input(format: Format, columns: &[&str]) -> Result<Rows, DataError> {
    rows_of(Lines::new("standard input".into(), Box::new(std::io::stdin())), format, columns)
}

fn rows_of(lines: Lines, format: Format, columns: &[&str]) -> Result<Rows, DataError> {
    let columns: Vec<String> = columns.iter().map(ToString::to_string).collect();
    let source: Box<dyn Source> = match format {
        Format::Csv => Box::new(csv::Csv::new(lines, &columns)?),
        Format::JsonLines => Box::new(json_lines::JsonLines::new(lines, &columns)),
        Format::Text => Box::new(text::Text::new(lines, &columns)?),
        Format::Ptb => Box::new(ptb::Ptb::new(lines, &columns)?),
        Format::Babi => Box::new(babi::Babi::new(lines, &columns)?),
        Format::Tsv | Format::Auto => Box::new(tsv::Tsv::new(lines, &columns)?),
    };
    Ok(Rows { source, columns, count: 0, ended: false, whole: format == Format::Text })
}

impl Rows {
    /// SHA-256 of the file's bytes, in hexadecimal, once the iterator has ended without an error.
    pub fn sha256(&self) -> String {
        self.source.lines().sha256()
    }

    fn advance(&mut self) -> Result<Option<Row>, DataError> {
        let path = self.source.lines().path().to_owned();
        let Some(row) = self.source.next()? else {
            return match (self.count, self.source.lines().number()) {
                (0, 0) => Err(empty(&path)),
                (0, _) => Err(DataError::new(&path, None, "the file has no rows")),
                _ => Ok(None),
            };
        };
        self.count += 1;
        match row.values.iter().position(|value| value.trim().is_empty()) {
            Some(_) if self.whole => Err(DataError::new(&path, None, "the text is empty")),
            Some(at) => Err(DataError::new(&path, row.line, format!("the {} is empty", quoted(&self.columns[at])))),
            None => Ok(Some(row)),
        }
    }
}

impl Iterator for Rows {
    type Item = Result<Row, DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let row = self.advance().transpose();
        self.ended = !matches!(row, Some(Ok(_)));
        row
    }
}

pub(super) fn empty(path: &str) -> DataError {
    DataError::new(path, None, "the file is empty")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::lines::LONGEST;

    /// The rows of a file with this name and content; an error with the folder taken out of its path.
    fn read(name: &str, content: &[u8]) -> Result<Vec<Row>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        let rows = rows(&path, Format::Auto, &label(), &["text", "label"]).and_then(Iterator::collect);
        rows.map_err(|error| error.to_string().replace(&format!("{}/", folder.path().display()), ""))
    }

    fn label() -> Target {
        Target::Class("label".to_owned())
    }

    fn row(line: u64, text: &str, label: &str) -> Row {
        Row { line, values: vec![text.to_owned(), label.to_owned()] }
    }

    #[test]
    fn every_format_gives_the_same_rows() {
        let expected = Ok(vec![row(2, "say \"hi\"", "1"), row(3, "好, ja", "true")]);
        for (name, content) in [
            ("a.tsv", "label\tid\ttext\n1\tx\tsay \"hi\"\ntrue\ty\t好, ja\n"),
            ("a.txt", "\u{feff}text\tlabel\r\nsay \"hi\"\t1\r\n好, ja\ttrue\r\n\r\n\r\n"),
            ("a.CSV", "text,label\n\"say \"\"hi\"\"\",1\n\"好, ja\",true"),
            ("b.csv", "\u{feff}label,id,text\r\n1,,\"say \"\"hi\"\"\"\r\ntrue,,\"好, ja\"\r\n\r\n"),
        ] {
            assert_eq!(read(name, content.as_bytes()), expected, "{name}");
        }
        let json = concat!(
            "\u{feff}{\"text\": \"say \\\"hi\\\"\", \"label\": 1, \"meta\": {\"text\": [null]}}\r\n",
            "{\"label\": true, \"text\": \"\\u597d, ja\"}\r\n\r\n"
        );
        let json_rows = Ok(vec![row(1, "say \"hi\"", "1"), row(2, "好, ja", "true")]);
        assert_eq!(read("a.jsonl", json.as_bytes()), json_rows);
        assert_eq!(read("a.ndjson", json.as_bytes()), json_rows);
    }

    #[test]
    fn a_plain_text_is_one_row() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.TXT");
        let next = Target::Next("text".to_owned());
        let read = |content: &str, columns: &[&str]| {
            std::fs::write(&path, content).unwrap();
            let rows: Result<Vec<Row>, _> = rows(&path, Format::Auto, &next, columns).and_then(Iterator::collect);
            rows.map_err(|error| error.message)
        };
        let text = |text: &str| Ok(vec![Row { line: 1, values: vec![text.to_owned()] }]);
        assert_eq!(read("\u{feff}To be\r\n\r\nor not\n", &["text"]), text("To be\n\nor not\n"));
        assert_eq!(read("one line", &["text"]), text("one line"));
        assert_eq!(read("", &["text"]).unwrap_err(), "the file is empty");
        assert_eq!(read(" \n\n", &["text"]).unwrap_err(), "the text is empty");
        let error = read("a", &["text", "label"]).unwrap_err();
        assert_eq!(error, "a plain text has no columns, and `text`, `label` are asked for");
    }

    #[test]
    fn a_csv_row_starts_where_its_first_line_does() {
        let content = "text,label\n\"one\n\ntwo\",a\nthree,b\n\"four\nfive\",c\n";
        let expected = vec![row(2, "one\n\ntwo", "a"), row(5, "three", "b"), row(6, "four\nfive", "c")];
        assert_eq!(read("a.csv", content.as_bytes()), Ok(expected.clone()));
        assert_eq!(read("a.csv", content.replace('\n', "\r\n").as_bytes()), Ok(expected));
    }

    #[test]
    fn every_bad_file_is_said_to_be_so_at_its_line() {
        let tab = "a tab separates values; put a space in place of one inside a text";
        let comma = "a value with a comma in it stands in double quotes";
        let own = "a field reads the column of its own name unless `column = \"…\"` names another";
        let deep = format!("{{\"text\": {}", "[".repeat(1000));
        for (name, content, expected) in [
            ("a.tsv", "", "a.tsv: the file is empty".into()),
            ("a.csv", "", "a.csv: the file is empty".into()),
            ("a.jsonl", "", "a.jsonl: the file is empty".into()),
            ("a.tsv", "text\tlabel\n", "a.tsv: the file has no rows".into()),
            ("a.csv", "text,label\n\n", "a.csv: the file has no rows".into()),
            ("a.jsonl", "\n\n", "a.jsonl: the file has no rows".into()),
            (
                "a.tsv",
                "text\tlabels\nx\ty\n",
                "a.tsv:1: no column `label`; there is `text`, `labels`\n  help: did you mean `labels`?".into(),
            ),
            ("a.csv", "text\tlabel\n", format!("a.csv:1: no column `text`; there is `text\tlabel`\n  help: {own}")),
            (
                "a.jsonl",
                "{\"text\": \"x\", \"label\": 1}\n{\"text\": \"x\", \"gold\": 1}",
                format!("a.jsonl:2: no column `label`; there is `text`, `gold`\n  help: {own}"),
            ),
            ("a.tsv", "text\tlabel\ttext\n", "a.tsv:1: the column `text` stands twice in the header".into()),
            ("a.csv", "text,label,label\n", "a.csv:1: the column `label` stands twice in the header".into()),
            (
                "a.jsonl",
                "{\"text\": \"x\", \"text\": \"y\", \"label\": 1}",
                "a.jsonl:1: not one JSON object: the key `text` stands twice at byte 25".into(),
            ),
            (
                "a.tsv",
                "text\tlabel\nx\ty\nx y\n",
                format!("a.tsv:3: 1 value where the header has 2 columns\n  help: {tab}"),
            ),
            (
                "a.tsv",
                "text\tlabel\nx\ty\tz\n",
                format!("a.tsv:2: 3 values where the header has 2 columns\n  help: {tab}"),
            ),
            (
                "a.csv",
                "text,label\n\"x\ny\",z\nwell, yes,1\n",
                format!("a.csv:4: 3 values where the header has 2 columns\n  help: {comma}"),
            ),
            (
                "a.csv",
                "text,label\nx,1\n\"y,1\nz,1\n",
                "a.csv:3: a `\"` opens a value and is never closed\n  help: inside a quoted value write `\"\"` for a quote"
                    .into(),
            ),
            ("a.tsv", "text\tlabel\nx\t1\n \t1\n", "a.tsv:3: the `text` is empty".into()),
            ("a.csv", "text,label\nx,\n", "a.csv:2: the `label` is empty".into()),
            ("a.jsonl", "{\"text\": \"\", \"label\": 1}", "a.jsonl:1: the `text` is empty".into()),
            ("a.tsv", "text\tlabel\nx\t1\n\n\ny\t1\n", "a.tsv:3: a blank line between rows".into()),
            ("a.csv", "text,label\nx,1\n\n\ny,1\n", "a.csv:3: a blank line between rows".into()),
            (
                "a.jsonl",
                "{\"text\": \"x\", \"label\": 1}\n\n{\"text\": \"x\", \"label\": 1}\n",
                "a.jsonl:2: a blank line between rows".into(),
            ),
            (
                "a.tsv",
                "text\tlabel\nx\0y\t1\n",
                "a.tsv:2: a NUL byte (byte 2 of the line)\n  help: is this a text file?".into(),
            ),
            (
                "a.csv",
                "text,label\n\"x\n\0y\",1\n",
                "a.csv:3: a NUL byte (byte 1 of the line)\n  help: is this a text file?".into(),
            ),
            (
                "a.jsonl",
                "{\"text\": \"x\", \"label\": 1}\n{\"text\": \"x",
                "a.jsonl:2: not one JSON object: EOF while parsing a string at byte 11".into(),
            ),
            (
                "a.jsonl",
                "[1]",
                "a.jsonl:1: not one JSON object: invalid type: sequence, expected an object at byte 0".into(),
            ),
            (
                "a.jsonl",
                "{\"text\": \"x\", \"label\": 1} {}",
                "a.jsonl:1: not one JSON object: trailing characters at byte 27".into(),
            ),
            ("a.jsonl", &deep, "a.jsonl:1: not one JSON object: recursion limit exceeded at byte 136".into()),
            ("a.jsonl", "{\"text\": null, \"label\": 1}", "a.jsonl:1: the `text` is null, not a string".into()),
            ("a.jsonl", "{\"text\": [1], \"label\": 1}", "a.jsonl:1: the `text` is an array, not a string".into()),
        ] {
            assert_eq!(read(name, content.as_bytes()), Err(expected), "{name}: {content:?}");
        }
        let utf8 = |name, line| {
            Err(format!("{name}:{line}: not valid UTF-8 (byte 3 of the line)\n  help: save the file as UTF-8"))
        };
        assert_eq!(read("a.tsv", b"text\tlabel\nx\xc3\xa9\t1\nxy\xe9\t1\n"), utf8("a.tsv", 3));
        assert_eq!(read("a.csv", b"text,label\nxy\xe9,1\n"), utf8("a.csv", 2));
        assert_eq!(read("a.jsonl", b"{\"\xff\": 1}"), utf8("a.jsonl", 1));
    }

    #[test]
    fn what_is_no_file_is_said_to_be_so() {
        let folder = tempfile::tempdir().unwrap();
        let message = |path: &Path| rows(path, Format::Auto, &label(), &[]).map(drop).unwrap_err().message;
        assert_eq!(message(folder.path()), "this is a directory, not a file");
        assert_eq!(message(&folder.path().join("a.tsv")), "there is no such file");
    }

    #[test]
    fn an_endless_line_is_an_error_and_not_the_end_of_the_memory() {
        let mut content = b"text,label\n\"".to_vec();
        content.resize(LONGEST + 20, b'x');
        assert_eq!(read("a.csv", &content), Err("a.csv:2: a line longer than 16 MiB".to_owned()));
        content[11..].chunks_exact_mut(1000).for_each(|line| line[999] = b'\n');
        let line = 2 + LONGEST / 1000;
        assert_eq!(read("a.csv", &content), Err(format!("a.csv:{line}: a line longer than 16 MiB")));
    }

    #[test]
    fn the_hash_is_that_of_the_whole_file() {
        let folder = tempfile::tempdir().unwrap();
        // printf 'text,label\r\na,b\r\n\r\n' | sha256sum
        let expected = "ee4d581ab1fc06c6afa148639419c65c293819ff9d224bbb4b1579665dabd384";
        for name in ["a.csv", "a.tsv"] {
            let path = folder.path().join(name);
            std::fs::write(&path, "text,label\r\na,b\r\n\r\n").unwrap();
            let column = if name == "a.csv" { "text" } else { "text,label" };
            let mut rows = rows(&path, Format::Auto, &label(), &[column]).unwrap();
            assert!(rows.by_ref().all(|row| row.is_ok()));
            assert_eq!(rows.sha256(), expected, "{name}");
        }
    }
}
