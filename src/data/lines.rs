//! The lines of a text file, checked and hashed on the way. What a line means is for the formats to say.

use super::DataError;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::path::Path;

/// A longer line (or CSV record) is no row of a data set: an error, before it eats the memory.
pub(super) const LONGEST: usize = 16 << 20;

/// A reader of lines: UTF-8 without NUL, the byte order mark and the line ends (LF or CRLF) taken off.
pub(super) struct Lines {
    path: String,
    reader: BufReader<Box<dyn Read>>,
    hash: Sha256,
    number: u64,
    buffer: Vec<u8>,
    longest: usize,
}

impl Lines {
    pub fn open(path: &Path) -> Result<Self, DataError> {
        Self::with_longest(path, LONGEST)
    }

    /// The same, where a line longer than so many bytes is an error.
    pub fn with_longest(path: &Path, longest: usize) -> Result<Self, DataError> {
        let name = path.display().to_string();
        let failed = |error: &std::io::Error| match error.kind() {
            ErrorKind::NotFound => missing(path, &name),
            _ => DataError::new(&name, None, format!("cannot be read: {error}")),
        };
        let file = File::open(path).map_err(|error| failed(&error))?;
        if file.metadata().map_err(|error| failed(&error))?.is_dir() {
            return Err(DataError::new(&name, None, "this is a directory, not a file"));
        }
        Ok(Self { longest, ..Self::new(name, Box::new(file)) })
    }

    /// The lines of what is no file, or opened already, with the name it has in messages.
    pub fn new(name: String, source: Box<dyn Read>) -> Self {
        let reader = BufReader::with_capacity(1 << 16, source);
        Self { path: name, reader, hash: Sha256::new(), number: 0, buffer: Vec::new(), longest: LONGEST }
    }

    /// The next line, or `None` at the end of the file.
    pub fn next(&mut self) -> Result<Option<&str>, DataError> {
        self.buffer.clear();
        let mut limited = self.reader.by_ref().take(self.longest as u64 + 1);
        let read = limited.read_until(b'\n', &mut self.buffer);
        let length = read.map_err(|error| self.error(format!("cannot be read: {error}")))?;
        if length == 0 {
            return Ok(None);
        }
        self.number += 1;
        if length > self.longest {
            return Err(self.too_long(self.number));
        }
        self.hash.update(&self.buffer);
        if let Some(at) = self.buffer.iter().position(|&byte| byte == 0) {
            return Err(self.error(format!("a NUL byte (byte {} of the line)", at + 1)).help("is this a text file?"));
        }
        match std::str::from_utf8(&self.buffer) {
            Ok(text) => {
                let text = text.strip_suffix('\n').unwrap_or(text);
                let text = text.strip_suffix('\r').unwrap_or(text);
                Ok(Some(if self.number == 1 { text.strip_prefix('\u{feff}').unwrap_or(text) } else { text }))
            }
            Err(error) => Err(self
                .error(format!("not valid UTF-8 (byte {} of the line)", error.valid_up_to() + 1))
                .help("save the file as UTF-8")),
        }
    }

    /// Whether the line read last ended as lines do, or with the file.
    pub fn has_ended(&self) -> bool {
        self.buffer.ends_with(b"\n")
    }

    pub fn path(&self) -> &str {
        &self.path
    }

    /// The number of the line read last, from 1.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// An error at the line read last.
    pub fn error(&self, message: impl Into<String>) -> DataError {
        DataError::new(&self.path, (self.number > 0).then_some(self.number), message)
    }

    pub fn too_long(&self, line: u64) -> DataError {
        DataError::new(&self.path, line, format!("a line longer than {} MiB", self.longest >> 20))
    }

    /// SHA-256, in hexadecimal, of the bytes read so far: of the whole file once [`Lines::next`] has said `None`.
    pub fn sha256(&self) -> String {
        hexadecimal(self.hash.clone())
    }
}

/// A file that is not there, with the one that may be meant.
fn missing(path: &Path, name: &str) -> DataError {
    let error = DataError::new(name, None, "there is no such file");
    match super::near(path) {
        Some(near) => error.help(format!("did you mean `{}`?", near.display())),
        None => error,
    }
}

/// SHA-256 of pieces of data that stand in no file, in hexadecimal.
pub(super) fn sha256<const N: usize>(pieces: impl Iterator<Item = [u8; N]>) -> String {
    sha256_of(pieces)
}

/// The same for pieces of any length.
pub(super) fn sha256_of(pieces: impl Iterator<Item = impl AsRef<[u8]>>) -> String {
    let mut hash = Sha256::new();
    pieces.for_each(|piece| hash.update(piece));
    hexadecimal(hash)
}

/// SHA-256 of the bytes of a file, in hexadecimal.
pub fn sha256_of_file(path: &Path) -> std::io::Result<String> {
    let (mut file, mut hash, mut block) = (File::open(path)?, Sha256::new(), vec![0; 1 << 16]);
    loop {
        match file.read(&mut block)? {
            0 => return Ok(hexadecimal(hash)),
            read => hash.update(&block[..read]),
        }
    }
}

fn hexadecimal(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
