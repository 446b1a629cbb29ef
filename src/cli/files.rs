//! Reading `.rnn` files and what they import.

use std::io::{Read, Write};
use std::path::{Component, Path, PathBuf};

use super::{Failure, say, stderr_style};
use crate::check::{self, Checked, LoadError, Loaded, Loader};
use crate::data::near;
use crate::diagnostic::render::{self, Format};
use crate::diagnostic::{Diagnostic, code};
use crate::source::{FileId, Sources, Span};

/// A `.rnn` file larger than this is something else.
const MAX_SOURCE: u64 = 16 << 20;

/// The text of a file; `-` is standard input.
pub fn read(path: &Path) -> Result<String, Failure> {
    let shown = path.display();
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        std::io::stdin()
            .take(MAX_SOURCE + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| Failure::input(format!("cannot read standard input: {error}")))?;
    } else {
        open(path)?
            .take(MAX_SOURCE + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| Failure::input(cannot_read(path, &error)))?;
    }
    if bytes.len() as u64 > MAX_SOURCE {
        return Err(Failure::input(format!("{shown} is larger than 16 MiB, which no .rnn file is")));
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let line = 1 + error.as_bytes()[..valid].iter().filter(|byte| **byte == b'\n').count();
        Failure::input(format!("{shown}:{line}: not UTF-8 text (byte {} of the file); is it a .rnn file?", valid + 1))
    })
}

/// A file for reading, and no folder.
pub fn open(path: &Path) -> Result<std::fs::File, Failure> {
    let file = std::fs::File::open(path).map_err(|error| Failure::input(cannot_read(path, &error)))?;
    if file.metadata().is_ok_and(|data| data.is_dir()) {
        return Err(Failure::input(format!("{} is a folder; name a file in it", path.display())));
    }
    Ok(file)
}

fn cannot_read(path: &Path, error: &std::io::Error) -> String {
    let mut message = format!("cannot read {}: {}", path.display(), reason(error));
    if error.kind() == std::io::ErrorKind::NotFound
        && let Some(near) = near(path)
    {
        message.push_str(&format!("; did you mean {}?", near.display()));
    }
    message
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

/// Checks a file with what it imports from disk.
pub fn checked(path: &Path, text: &str) -> Checked {
    let mut loader = Disk { root: project_root(path) };
    check::check(&path.display().to_string(), text, &mut loader)
}

/// Checks a file that a command wants to use: findings go to stderr, errors end the command.
pub fn program(path: &Path, text: &str) -> Result<(crate::ir::Program, Checked), Failure> {
    sound(path, checked(path, text))
}

/// The same, with every recurrence of the model read by another cell.
pub fn program_with_cell(path: &Path, text: &str, cell: &str) -> Result<(crate::ir::Program, Checked), Failure> {
    let mut loader = Disk { root: project_root(path) };
    sound(path, check::check_with_cell(&path.display().to_string(), text, &mut loader, cell))
}

fn sound(path: &Path, mut checked: Checked) -> Result<(crate::ir::Program, Checked), Failure> {
    report(&checked.sources, &checked.diagnostics);
    match checked.program.take() {
        Some(program) => Ok((program, checked)),
        None => {
            say(format!("{}: {}", path.display(), render::summary(&checked.diagnostics)));
            if let Some(hint) = render::explain_hint(&checked.diagnostics) {
                say(hint);
            }
            Err(Failure::silent())
        }
    }
}

/// Ends a command that needs a part which the file does not have.
pub fn lacks(checked: &Checked, message: &str, help: &str) -> Failure {
    let start = Span::new(FileId::default(), 0, 0);
    findings(&checked.sources, &[Diagnostic::new(code::NO_MODEL, start, message).help(help)])
}

/// Ends a command with what it found in a file.
pub fn findings(sources: &Sources, found: &[Diagnostic]) -> Failure {
    report(sources, found);
    if let Some(hint) = render::explain_hint(found) {
        say(hint);
    }
    Failure::silent()
}

/// Findings about a file, on stderr.
pub fn report(sources: &Sources, found: &[Diagnostic]) {
    if !found.is_empty() {
        // Nobody may be reading.
        let report = render::render(found, sources, Format::Human, stderr_style());
        let _ = write!(std::io::stderr(), "{report}");
    }
}

/// The nearest folder above the file with a `.git`, or else the file's own.
fn project_root(path: &Path) -> PathBuf {
    let own = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let own = own.canonicalize().unwrap_or_else(|_| own.to_path_buf());
    own.ancestors().find(|folder| folder.join(".git").exists()).unwrap_or(&own).to_path_buf()
}

struct Disk {
    root: PathBuf,
}

impl Loader for Disk {
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
        let real = resolved.map_err(|error| LoadError::Missing(reason(&error)))?;
        let text = read(&real)
            .map_err(|failure| LoadError::Missing(failure.message.trim_start_matches("error: ").to_string()))?;
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
