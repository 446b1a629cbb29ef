//! The `.rnn` files of a project on disk: which folder it is, and how a file that another one imports is found and read.
//!
//! Reads are bounded, and no import leaves the project, so that checking a stranger's file is harmless.

use std::io::Read;
use std::path::{Component, Path, PathBuf};

use crate::check::{LoadError, Loaded, Loader};

/// A `.rnn` file larger than this is something else.
const MAX_SOURCE: u64 = 16 << 20;

/// The nearest folder above the file with a `.git`, or else the file's own.
pub fn root(path: &Path) -> PathBuf {
    let own = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let own = own.canonicalize().unwrap_or_else(|_| own.to_path_buf());
    own.ancestors().find(|folder| folder.join(".git").exists()).unwrap_or(&own).to_path_buf()
}

/// What is read, as the text of a `.rnn` file called `name`. The error is one line.
pub fn text(source: impl Read, name: &str) -> Result<String, String> {
    let mut bytes = Vec::new();
    source
        .take(MAX_SOURCE + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| format!("cannot read {name}: {}", reason(&error)))?;
    if bytes.len() as u64 > MAX_SOURCE {
        return Err(format!("{name} is larger than 16 MiB, which no .rnn file is"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let line = 1 + error.as_bytes()[..valid].iter().filter(|byte| **byte == b'\n').count();
        format!("{name}:{line}: not UTF-8 text (byte {} of the file); is it a .rnn file?", valid + 1)
    })
}

/// A file for reading, and no folder. The error is one line.
pub fn open(path: &Path) -> Result<std::fs::File, String> {
    let failed = |error: &std::io::Error| format!("cannot read {}: {}", path.display(), reason(error));
    let file = std::fs::File::open(path).map_err(|error| failed(&error))?;
    match file.metadata() {
        Ok(data) if data.is_dir() => Err(format!("{} is a folder; name a file in it", path.display())),
        Ok(data) if !data.is_file() => Err(format!("cannot read {}: not a file", path.display())),
        _ => Ok(file),
    }
}

/// What went wrong, without the operating system's number for it.
pub fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".into(),
        std::io::ErrorKind::PermissionDenied => "permission denied".into(),
        std::io::ErrorKind::NotADirectory => "a part of its path is a file".into(),
        _ => error.to_string().split(" (os error").next().unwrap_or_default().into(),
    }
}

/// Imports from disk, or from what an editor has open in place of it.
pub struct Disk<'o> {
    pub root: PathBuf,
    /// The text of a file that is open and not what the disk has.
    pub open: &'o dyn Fn(&Path) -> Option<String>,
    /// Every path that was asked for, whether or not it could be read.
    pub asked: Vec<PathBuf>,
}

impl<'o> Disk<'o> {
    pub fn new(entry: &Path, open: &'o dyn Fn(&Path) -> Option<String>) -> Self {
        Self { root: root(entry), open, asked: Vec::new() }
    }
}

impl Loader for Disk<'_> {
    fn load(&mut self, from: &str, path: &str) -> Result<Loaded, LoadError> {
        let outside = || LoadError::Outside(self.root.display().to_string());
        if Path::new(path).is_absolute() {
            return Err(outside());
        }
        let joined = Path::new(from).parent().unwrap_or(Path::new("")).join(path);
        // Whether a file outside exists is nobody's business: the names alone decide first.
        let lexical = lexical(&std::path::absolute(&joined).map_err(|e| LoadError::Missing(reason(&e)))?);
        let root = &self.root;
        let resolved = joined.canonicalize();
        let inside = match &resolved {
            Ok(real) => real.starts_with(root),
            Err(_) => lexical.starts_with(root) || lexical.starts_with(std::path::absolute(root).unwrap_or_default()),
        };
        if !inside {
            return Err(outside());
        }
        let real = resolved.as_ref().unwrap_or(&lexical).clone();
        self.asked.push(real.clone());
        let text = match ((self.open)(&real), resolved) {
            (Some(text), _) => text,
            (None, Err(error)) => return Err(LoadError::Missing(reason(&error))),
            (None, Ok(_)) => {
                open(&real).and_then(|file| text(file, &real.display().to_string())).map_err(LoadError::Missing)?
            }
        };
        let shown = joined.components().filter(|c| *c != Component::CurDir).collect::<PathBuf>();
        Ok(Loaded { identity: real.display().to_string(), path: shown.display().to_string(), text })
    }
}

/// `..` taken away by name.
fn lexical(path: &Path) -> PathBuf {
    let mut result = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => drop(result.pop()),
            Component::CurDir => {}
            other => result.push(other),
        }
    }
    result
}
