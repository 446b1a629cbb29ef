//! Findings that stop nothing: one a file. Each reads the tree alone; those that need shapes stand beside the rule they belong to.

mod unused;

use crate::diagnostic::Diagnostic;
use crate::ir::Data;
use crate::syntax::ast::File;

/// Runs every lint. `complete` tells whether the whole text could be read: what is missing may hold the use.
pub fn lint(file: &File, data: Option<&Data>, complete: bool, diagnostics: &mut Vec<Diagnostic>) {
    if complete {
        unused::lint(file, data, diagnostics);
    }
}
