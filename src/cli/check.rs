//! `rnnc check`: findings about files, none of whose data is opened.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use super::{Failure, files, say, stdout_style};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::render::{self, Format};
use crate::source::Sources;

pub fn check(paths: &[PathBuf], format: Format) -> Result<ExitCode, Failure> {
    let mut out = std::io::stdout().lock();
    let (mut sources, mut diagnostics) = (Sources::default(), Vec::<Diagnostic>::new());
    let mut unreadable = false;
    for path in paths {
        match files::read(path) {
            Ok(text) => {
                let checked = files::checked(path, &text);
                let first = sources.append(checked.sources);
                diagnostics.extend(checked.diagnostics.into_iter().map(|diagnostic| diagnostic.moved(first)));
            }
            Err(failure) => {
                unreadable = true;
                say(failure.message);
            }
        }
    }
    write!(out, "{}", render::render(&diagnostics, &sources, format, stdout_style()))?;
    if format == Format::Human && !(unreadable && diagnostics.is_empty()) {
        let checked = if let [one] = paths { one.display().to_string() } else { format!("{} files", paths.len()) };
        writeln!(out, "{checked}: {}", render::summary(&diagnostics))?;
        if let Some(hint) = render::explain_hint(&diagnostics) {
            writeln!(out, "{hint}")?;
        }
    }
    let failed = unreadable || diagnostics.iter().any(Diagnostic::is_error);
    Ok(ExitCode::from(u8::from(failed)))
}
