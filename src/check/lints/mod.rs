//! Findings that stop nothing: one a file. Each reads the tree alone; those that need shapes stand beside the rule they belong to.

mod unused;

use crate::diagnostic::Diagnostic;
use crate::ir::Data;
use crate::syntax::ast::File;

pub(super) use unused::Uses;

/// Runs every lint on a file of a program without errors: what is wrong may hide the use of a name.
pub fn lint(file: &File, data: Option<&Data>, diagnostics: &mut Vec<Diagnostic>) {
    unused::lint(file, data, diagnostics);
}
