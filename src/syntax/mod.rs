//! Text → AST. Never fails: every input gives a [`ast::File`] and all that is wrong with it.
//!
//! pest stays behind this door. The grammar is total (`grammar/rnn.pest`); what its catch-all rules caught is
//! parsed again strictly by [`explain`](self) to say what was expected.

pub mod ast;
mod bodies;
mod builder;
mod depth;
mod expected;
mod expressions;
pub mod format;
pub mod highlight;
mod items;

use pest::Parser;
use pest_derive::Parser;

use crate::diagnostic::{Diagnostic, code};
use crate::source::{FileId, Span};

#[derive(Parser)]
#[grammar = "../grammar/rnn.pest"]
struct Grammar;

/// The tree of a file and every syntax error in it, in order of place.
pub fn parse(file: FileId, text: &str) -> (ast::File, Vec<Diagnostic>) {
    if let Some(diagnostic) = depth::refuse(file, text) {
        return (ast::File::default(), vec![diagnostic]);
    }
    match Grammar::parse(Rule::file, text) {
        Ok(mut pairs) => {
            let mut builder = builder::Builder::new(file, text);
            let tree = pairs.next().map(|pair| builder.file(pair)).unwrap_or_default();
            builder.diagnostics.sort_by_key(|d| d.primary.span);
            (tree, builder.diagnostics)
        }
        // The grammar matches every text; this is here so that a mistake in it is a message and not a crash.
        Err(error) => {
            let at = match error.location {
                pest::error::InputLocation::Pos(at) | pest::error::InputLocation::Span((at, _)) => at,
            };
            let span = Span::new(file, at.min(text.len()), text.len().min(at + 1));
            (
                ast::File::default(),
                vec![Diagnostic::new(code::SYNTAX, span, "this text could not be read as a .rnn file")],
            )
        }
    }
}
