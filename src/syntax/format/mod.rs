//! The one style of `.rnn` files: text in, text out. Changes white space, commas at line ends and nothing else.
//!
//! Pairs become a [`doc::Doc`], which knows where a line may break; [`print`] lays it out in lines of at most
//! [`print::WIDTH`] columns; [`align`] pads what stands under each other. Where the author broke a pipeline, a block or a row of
//! settings is kept, because it says what belongs together; inside brackets lines are filled anew. Comments belong to tokens
//! ([`comments`]), so they move with them.

mod align;
mod bodies;
mod comments;
mod doc;
mod expressions;
mod items;
mod meaning;
mod print;
#[cfg(test)]
mod tests;
mod writer;

use pest::Parser;

use super::{Grammar, Rule};
use crate::source::FileId;

/// The text in the one style; nothing where it has syntax errors. Line ends stay those of the first line.
pub fn format(text: &str) -> Option<String> {
    let (_, errors) = super::parse(FileId(0), text);
    if !errors.is_empty() {
        return None;
    }
    let windows = text.find('\n').is_some_and(|at| text[..at].ends_with('\r'));
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let formatted = lay_out(&text)?;
    // A mistake in this room must not cost anybody a file: what would say something else stays as it is.
    let same = meaning::same(&text, &formatted);
    debug_assert!(same, "another meaning\n--- of\n{text}\n--- became\n{formatted}");
    let formatted = if same { formatted } else { text };
    Some(if windows { formatted.replace('\n', "\r\n") } else { formatted })
}

/// The same, of a text without errors whose lines end in `\n`, and without a second look at the result.
fn lay_out(text: &str) -> Option<String> {
    let file = Grammar::parse(Rule::file, text).ok()?.next()?;
    let mut writer = writer::Writer::new(text, &file);
    let doc = writer.file(file);
    Some(align::text(&print::lines(&doc)))
}
