//! Reading `.rnn` files and what they import.

use std::io::Write;
use std::path::Path;

use super::{Failure, say, stderr_style};
use crate::check::{self, Checked};
use crate::data::near;
use crate::diagnostic::render::{self, Format};
use crate::diagnostic::{Diagnostic, code};
use crate::project::{self, Disk};
use crate::source::{FileId, Sources, Span};

pub use crate::project::reason;

/// The text of a file; `-` is standard input.
pub fn read(path: &Path) -> Result<String, Failure> {
    let shown = path.display().to_string();
    let text = if path == Path::new("-") {
        project::text(std::io::stdin(), "standard input")
    } else {
        project::text(open(path)?, &shown)
    };
    text.map_err(Failure::input)
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

/// Checks a file with what it imports from disk.
pub fn checked(path: &Path, text: &str) -> Checked {
    let mut loader = Disk::new(path, &|_| None);
    check::check(&path.display().to_string(), text, &mut loader)
}

/// Checks a file that a command wants to use: findings go to stderr, errors end the command.
pub fn program(path: &Path, text: &str) -> Result<(crate::ir::Program, Checked), Failure> {
    sound(path, checked(path, text))
}

/// The same, with every recurrence of the model read by another cell.
pub fn program_with_cell(path: &Path, text: &str, cell: &str) -> Result<(crate::ir::Program, Checked), Failure> {
    let mut loader = Disk::new(path, &|_| None);
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
