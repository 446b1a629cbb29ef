//! Pretrained word vectors in text form: word2vec's (a line `count width` first) and GloVe's (without).
//! It reads them; what an embedding does with them is said elsewhere.

use super::error::{counted, quoted};
use super::lines::Lines;
use super::read::empty;
use super::{DataError, Vocabulary};
use std::collections::BTreeMap;
use std::path::Path;

/// The vectors of those tokens of a vocabulary that the file has.
#[derive(Debug, Clone, PartialEq)]
pub struct Vectors {
    /// How many numbers a vector has.
    pub width: usize,
    /// By token id; never `<pad>` or `<unk>`.
    pub rows: BTreeMap<u32, Vec<f32>>,
    /// How many tokens could have been found: the entries of the vocabulary without the two reserved ones.
    pub wanted: usize,
    /// SHA-256 of the file's bytes, in hexadecimal.
    pub sha256: String,
}

impl Vectors {
    /// How many entries of the vocabulary have a vector.
    pub fn found(&self) -> usize {
        self.rows.len()
    }

    /// The fraction of the vocabulary's entries that have a vector, `0..=1`.
    pub fn coverage(&self) -> f64 {
        self.found() as f64 / self.wanted.max(1) as f64
    }
}

/// How many numbers the vectors of a file have, by its first line alone.
pub fn width(path: &Path) -> Result<usize, DataError> {
    let mut lines = Lines::open(path)?;
    first(&mut lines).map(|(width, _)| width)
}

/// Reads the vectors of the vocabulary's tokens, and skips all others. Of two vectors for a token the first counts.
///
/// Errors: those of opening and decoding, a width other than the expected one, a row with too few or too many numbers,
/// and, in a row that is kept, something that is not a finite number. The header's count is not relied on.
pub fn read(path: &Path, vocabulary: &Vocabulary, expected_width: Option<usize>) -> Result<Vectors, DataError> {
    let mut lines = Lines::open(path)?;
    let (width, mut row) = first(&mut lines)?;
    if let Some(expected) = expected_width.filter(|expected| *expected != width) {
        return Err(
            lines.error(format!("the vectors have {}, the embedding needs {expected}", counted(width, "number")))
        );
    }
    let mut rows = BTreeMap::new();
    loop {
        let line = match row.take() {
            Some(line) => line,
            None => match lines.next()? {
                Some(line) => line.to_owned(),
                None => break,
            },
        };
        if line.trim().is_empty() {
            super::tsv::blank_to_the_end(&mut lines)?;
            break;
        }
        let (token, numbers) = parts(&line);
        let found = numbers.clone().count();
        // Some GloVe files have tokens with spaces in them: none of ours, but nothing is wrong with the row.
        if found > width && numbers.clone().take(found - width).any(|part| part.parse::<f32>().is_err()) {
            continue;
        }
        if found != width {
            return Err(lines.error(format!("{} in a file of vectors of {width}", counted(found, "number"))));
        }
        let Some(id) = vocabulary.get(token) else { continue };
        let vector = numbers.map(|part| match part.parse::<f32>() {
            Ok(number) if number.is_finite() => Ok(number),
            Ok(_) => Err(lines.error(format!("{} is not a finite number", quoted(part)))),
            Err(_) => Err(lines.error(format!("{} is not a number", quoted(part)))),
        });
        let vector = vector.collect::<Result<Vec<_>, _>>()?;
        rows.entry(id).or_insert(vector);
    }
    Ok(Vectors { width, rows, wanted: vocabulary.len() - 2, sha256: lines.sha256() })
}

/// The width, and the first line again if it is no header.
fn first(lines: &mut Lines) -> Result<(usize, Option<String>), DataError> {
    let path = lines.path().to_owned();
    let line = lines.next()?.ok_or_else(|| empty(&path))?.to_owned();
    let (token, numbers) = parts(&line);
    let numbers: Vec<_> = numbers.collect();
    let header = match numbers.as_slice() {
        [width] if token.parse::<u64>().is_ok() => width.parse().ok(),
        _ => None,
    };
    match (header, numbers.len()) {
        (Some(0), _) => Err(lines.error("vectors without numbers")),
        (Some(width), _) => Ok((width, None)),
        (None, 0) => Err(lines
            .error("neither a header nor a vector")
            .help("a line is a token and its numbers, separated by single spaces")),
        (None, width) => Ok((width, Some(line))),
    }
}

/// A token and the rest; word2vec ends its lines with a space.
fn parts(line: &str) -> (&str, impl Iterator<Item = &str> + Clone) {
    let (token, rest) = line.split_once(' ').unwrap_or((line, ""));
    (token, rest.trim_end_matches(' ').split(' ').filter(|part| !part.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_file<T>(content: &str, run: impl FnOnce(&Path) -> Result<T, DataError>) -> Result<T, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("v.txt");
        std::fs::write(&path, content).unwrap();
        run(&path).map_err(|error| error.to_string().replace(&format!("{}/", folder.path().display()), ""))
    }

    fn load(content: &str, width: Option<usize>) -> Result<Vectors, String> {
        let tokens = ["<pad>", "<unk>", "cat", "dog", "5"].map(str::to_owned).to_vec();
        let vocabulary = Vocabulary::try_from(tokens).unwrap();
        with_file(content, |path| read(path, &vocabulary, width))
    }

    #[test]
    fn rows_of_the_vocabulary_are_kept_with_and_without_a_header() {
        let body = "the 9 9 \ncat 1 -2.5\n<unk> 7 7\n. . . 3 3\ncat 8 8\n5 1e-1 0\n\n";
        for content in [body.to_owned(), format!("100 2\n{body}"), format!("100 2\n{body}").replace('\n', "\r\n")] {
            let vectors = load(&content, Some(2)).unwrap();
            assert_eq!(vectors.rows, BTreeMap::from([(2, vec![1.0, -2.5]), (4, vec![0.1, 0.0])]));
            assert_eq!((vectors.width, vectors.found(), vectors.coverage()), (2, 2, 2.0 / 3.0));
            assert_eq!(with_file(&content, width), Ok(2));
        }
    }

    #[test]
    fn every_bad_file_is_said_to_be_so_at_its_line() {
        let separated = "help: a line is a token and its numbers, separated by single spaces";
        for (content, expected) in [
            ("", "v.txt: the file is empty".to_owned()),
            ("cat\t1\t2\n", format!("v.txt:1: neither a header nor a vector\n  {separated}")),
            ("3 0\ncat\n", "v.txt:1: vectors without numbers".into()),
            ("3 2\ncat 1 2\nowl 1\n", "v.txt:3: 1 number in a file of vectors of 2".into()),
            ("the 1 2\ncat 1 2 3\n", "v.txt:2: 3 numbers in a file of vectors of 2".into()),
            ("the 1 2\ncat 1 two\n", "v.txt:2: `two` is not a number".into()),
            ("the 1 2\ncat NaN 2\n", "v.txt:2: `NaN` is not a finite number".into()),
            ("cat 1 1e99\n", "v.txt:1: `1e99` is not a finite number".into()),
            ("the 1 2\n\ncat 1 2\n", "v.txt:2: a blank line between rows".into()),
        ] {
            assert_eq!(load(content, None), Err(expected), "{content:?}");
        }
        let expected = "v.txt:1: the vectors have 2 numbers, the embedding needs 128";
        assert_eq!(load("3 2\ncat 1 2\n", Some(128)), Err(expected.to_owned()));
    }
}
