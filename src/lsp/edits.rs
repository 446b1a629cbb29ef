//! Incremental sync: edits of a text as an editor sends them.

use gen_lsp_types::TextDocumentContentChangeEvent as Change;

use super::positions::{Encoding, Lines};

/// Applies the changes in order; each speaks of the text that the one before left.
pub fn apply(text: &mut String, changes: Vec<Change>, encoding: Encoding) {
    for change in changes {
        match change {
            Change::TextDocumentContentChangePartial(part) => {
                let lines = Lines::new(text, encoding);
                let start = lines.offset(text, part.range.start);
                let end = lines.offset(text, part.range.end).max(start);
                text.replace_range(start..end, &part.text);
            }
            Change::TextDocumentContentChangeWholeDocument(whole) => *text = whole.text,
        }
    }
}
