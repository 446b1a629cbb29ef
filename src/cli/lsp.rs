//! `rnnc lsp`: the language server, on standard input and output.

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::process::ExitCode;

use super::{Failure, say};
use crate::lsp;

pub fn lsp() -> Result<ExitCode, Failure> {
    if io::stdin().is_terminal() {
        say("rnnc lsp speaks the Language Server Protocol on standard input and output; an editor starts it");
    }
    let done = lsp::serve(io::BufReader::new(io::stdin()), &mut io::stdout().lock(), cache());
    match done {
        Ok(shut_down) => Ok(ExitCode::from(u8::from(!shut_down))),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            Err(Failure::input(format!("standard input does not speak the Language Server Protocol: {error}")))
        }
        Err(error) => Err(Failure::from(error)),
    }
}

/// The user's folder for what can be made again.
fn cache() -> Option<PathBuf> {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let own = variable("XDG_CACHE_HOME").or_else(|| variable("LOCALAPPDATA"));
    let folder = own.or_else(|| Some(variable("HOME")?.join(".cache"))).filter(|folder| folder.is_absolute())?;
    Some(folder.join("rnnc").join(env!("CARGO_PKG_VERSION")))
}
