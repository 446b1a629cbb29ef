//! What can be wrong with an artifact, each in one line with the path and what to do.

use crate::diagnostic::render::printable;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// A file that could not be read or written.
#[derive(Debug)]
pub struct ArtifactError {
    pub path: PathBuf,
    pub problem: Problem,
}

/// Why not.
#[derive(Debug)]
#[non_exhaustive]
pub enum Problem {
    NotFound,
    /// A folder, a device, a pipe.
    NotAFile {
        folder: bool,
    },
    Unreadable(io::Error),
    Empty,
    TooLarge {
        bytes: u64,
    },
    NotSafetensors(String),
    /// The header speaks of more bytes than there are.
    Truncated,
    /// The header contradicts itself or the file.
    Damaged(String),
    /// Well-formed, but without the metadata that this kind of file has.
    NoRecord {
        kind: &'static str,
        key: &'static str,
    },
    /// The metadata is there and is not what it should be.
    Record {
        kind: &'static str,
        reason: String,
    },
    /// Written by a program that knows more than this one. An edition of 0 is one that is not stated.
    Newer {
        schema: u64,
        edition: u64,
        version: Option<String>,
    },
    /// A tensor that rnnc would not have written.
    Tensor {
        name: String,
        reason: String,
    },
    OutOfMemory,
    /// Nothing was written: the contents could not be read back.
    Refused(String),
    /// Writing failed; what stood at the path before still stands there.
    Unwritable(io::Error),
}

impl Problem {
    pub(super) fn at(self, path: &Path) -> ArtifactError {
        ArtifactError { path: path.to_path_buf(), problem: self }
    }

    pub(super) fn tensor(name: &str, reason: impl Into<String>) -> Self {
        Problem::Tensor { name: name.to_string(), reason: reason.into() }
    }
}

impl std::error::Error for ArtifactError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.problem {
            Problem::Unreadable(error) | Problem::Unwritable(error) => Some(error),
            _ => None,
        }
    }
}

impl fmt::Display for ArtifactError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let line = format!("{}: {}", self.path.display(), self.problem);
        f.write_str(&printable(&line).replace('\n', " "))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        const AGAIN: &str = "copy it again or train again";
        match self {
            Problem::NotFound => write!(f, "there is no such file; `rnnc train` writes one"),
            Problem::NotAFile { folder: true } => write!(f, "this is a folder; name the file in it"),
            Problem::NotAFile { folder: false } => write!(f, "this is not a regular file; name another"),
            Problem::Unreadable(error) => write!(f, "cannot be read: {}", plain(error)),
            Problem::Empty => write!(f, "the file is empty; {AGAIN}"),
            Problem::TooLarge { bytes } => {
                write!(f, "the file has {bytes} bytes, more than the {} that rnnc reads", super::MAX_FILE)
            }
            Problem::NotSafetensors(reason) => write!(f, "this is not a safetensors file ({})", short(reason)),
            Problem::Truncated => write!(f, "the file is cut short; {AGAIN}"),
            Problem::Damaged(reason) => write!(f, "the file is damaged: {}; {AGAIN}", short(reason)),
            Problem::NoRecord { kind, key } => {
                write!(
                    f,
                    "this is a safetensors file but no {kind} that rnnc wrote (its metadata has no `{key}` record)"
                )
            }
            Problem::Record { kind, reason } => write!(f, "its {kind} record is damaged: {}; {AGAIN}", short(reason)),
            Problem::Newer { schema, edition, version } => {
                let by = version.as_ref().map(|version| format!(" by rnnc {}", short(version))).unwrap_or_default();
                let edition = if *edition == 0 { String::new() } else { format!(", edition {edition}") };
                write!(f, "it was written{by} in a newer form (schema {schema}{edition}); update rnnc to use it")
            }
            Problem::Tensor { name, reason } => write!(f, "the tensor `{}` {}", short(name), short(reason)),
            Problem::OutOfMemory => write!(f, "there is not enough memory to read it"),
            Problem::Refused(reason) => write!(f, "not written: {}", short(reason)),
            Problem::Unwritable(error) => write!(f, "cannot be written: {}", plain(error)),
        }
    }
}

/// Text out of a file, at a length fit for a message.
fn short(text: &str) -> String {
    const MAX: usize = 120;
    match text.char_indices().nth(MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_string(),
    }
}

/// The system's words, without the number, and what to do where that is plain.
fn plain(error: &io::Error) -> String {
    let words = match error.kind() {
        io::ErrorKind::PermissionDenied => "permission denied; check who may use the file and its folder",
        io::ErrorKind::NotFound => "its folder does not exist; create it first",
        io::ErrorKind::NotADirectory => "a part of its path is a file, not a folder",
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "the disk is full; free some space",
        io::ErrorKind::FileTooLarge => "it would be larger than a file may be here; raise the limit (ulimit -f)",
        io::ErrorKind::ReadOnlyFilesystem => "the disk is read-only; choose another folder",
        _ => return error.to_string().split(" (os error").next().unwrap_or_default().to_string(),
    };
    words.to_string()
}
