//! `rnnc fmt`: files in the one style. A file that is in it already is not touched, and one with syntax errors is left alone.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use similar::{ChangeTag, TextDiff};

use super::{Failure, files, say, stderr_style, stdout_style};
use crate::artifact::write_atomically;
use crate::diagnostic::render::{self, Format, printable};
use crate::source::{SourceFile, Sources};
use crate::syntax;

pub fn fmt(paths: &[PathBuf], check: bool) -> Result<ExitCode, Failure> {
    let mut out = std::io::stdout().lock();
    let (mut unformatted, mut failed) = (0, false);
    let (paths, refused) = expand(paths);
    for failure in refused {
        failed = true;
        say(failure.message);
    }
    for path in &paths {
        let done = files::read(path).and_then(|text| {
            let formatted = formatted(path, &text)?;
            if check && text != formatted {
                unformatted += 1;
                write!(out, "{}", diff(path, &text, &formatted, stdout_style().color))?;
            } else if !check && path == Path::new("-") {
                write!(out, "{formatted}")?;
            } else if text != formatted {
                write(path, &formatted)?;
                say(format!("{}: formatted", path.display()));
            }
            Ok(())
        });
        match done {
            Ok(()) => {}
            // Nobody reads what is printed any more.
            Err(failure) if failure.code == 0 => return Err(failure),
            Err(failure) => {
                failed = true;
                say(failure.message);
            }
        }
    }
    if unformatted > 0 {
        let files = if paths.len() == 1 { "file" } else { "files" };
        let count = paths.len();
        say(format!(
            "not formatted: {unformatted} of {count} {files}; `rnnc fmt` without --check writes what is shown"
        ));
    }
    Ok(ExitCode::from(u8::from(failed || unformatted > 0)))
}

/// The files that are meant: of a folder, every `.rnn` file in it and below. Hidden folders and links in it are left out.
fn expand(paths: &[PathBuf]) -> (Vec<PathBuf>, Vec<Failure>) {
    let (mut files, mut refused) = (Vec::new(), Vec::new());
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let before = files.len();
        if let Err(failure) = collect(path, &mut files) {
            refused.push(failure);
        } else if files.len() == before {
            refused.push(Failure::input(format!("there is no .rnn file in {}", path.display())));
        }
    }
    (files, refused)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let cannot = |error| Failure::input(format!("cannot read {}: {}", folder.display(), files::reason(&error)));
    let mut entries = std::fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(cannot)?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let (kind, path) = (entry.file_type().map_err(cannot)?, entry.path());
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        if kind.is_dir() && !hidden {
            collect(&path, files)?;
        } else if kind.is_file() && path.extension().is_some_and(|extension| extension == "rnn") {
            files.push(path);
        }
    }
    Ok(())
}

/// The text in the one style. Syntax errors go to stderr.
fn formatted(path: &Path, text: &str) -> Result<String, Failure> {
    if let Some(formatted) = syntax::format::format(text) {
        return Ok(formatted);
    }
    let mut sources = Sources::default();
    let file = sources.add(SourceFile::new(path.display().to_string(), text));
    let (_, errors) = syntax::parse(file, text);
    // Nobody may be reading.
    let _ = write!(std::io::stderr(), "{}", render::render(&errors, &sources, Format::Human, stderr_style()));
    Err(Failure::input(format!("{} has syntax errors and is left as it is", path.display())))
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    if std::fs::metadata(path).is_ok_and(|data| data.permissions().readonly()) {
        return Err(Failure::input(format!("{} is read-only", path.display())));
    }
    write_atomically(path, text.as_bytes()).map_err(Failure::input)
}

/// What would change, as `diff -u` shows it.
fn diff(path: &Path, old: &str, new: &str, color: bool) -> String {
    let diff = TextDiff::from_lines(old, new);
    let mut shown = format!("--- {0}\n+++ {0}\n", printable(&path.display().to_string()));
    for hunk in diff.unified_diff().context_radius(3).iter_hunks() {
        shown.push_str(&format!("{}\n", hunk.header()));
        for change in hunk.iter_changes() {
            let (sign, paint) = match change.tag() {
                ChangeTag::Delete => ('-', "\x1b[31m"),
                ChangeTag::Insert => ('+', "\x1b[32m"),
                ChangeTag::Equal => (' ', ""),
            };
            // A line end of Windows is no control character to the reader.
            let line = printable(change.value().trim_end_matches(['\n', '\r'])).to_string();
            let (paint, reset) = if color && !paint.is_empty() { (paint, "\x1b[0m") } else { ("", "") };
            shown.push_str(&format!("{paint}{sign}{line}{reset}\n"));
            if change.missing_newline() {
                shown.push_str("\\ No newline at end of file\n");
            }
        }
    }
    shown
}
