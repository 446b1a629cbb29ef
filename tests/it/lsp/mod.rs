//! What an editor does: open a text, edit it, ask about a place. Once with a server in this process, once with the real program.

pub mod client;
pub mod editor;

use serde_json::{Value, json};

/// The place of the cursor in a text of a test.
pub const CURSOR: char = '▮';

/// A text without its cursor, and the position of that in UTF-16.
pub fn cursor(text: &str) -> (String, Value) {
    let at = text.find(CURSOR).unwrap_or(0);
    let before = &text[..at];
    let line = before.matches('\n').count();
    let column = before.rsplit('\n').next().unwrap_or("").encode_utf16().count();
    (text.replace(CURSOR, ""), json!({ "line": line, "character": column }))
}

/// The byte of a position in UTF-16.
pub fn offset(text: &str, position: &Value) -> usize {
    let line = position["line"].as_u64().expect("a line") as usize;
    let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let mut units = position["character"].as_u64().expect("a column") as usize;
    let mut at = start;
    for c in text[start..].chars() {
        if units == 0 {
            break;
        }
        units = units.saturating_sub(c.len_utf16());
        at += c.len_utf8();
    }
    at
}

/// What a range covers.
pub fn covered<'t>(text: &'t str, range: &Value) -> &'t str {
    &text[offset(text, &range["start"])..offset(text, &range["end"])]
}

/// A text after edits that all speak of it.
pub fn edited(text: &str, edits: &[Value]) -> String {
    let mut edits: Vec<(usize, usize, &str)> = edits
        .iter()
        .map(|edit| {
            let range = &edit["range"];
            let new = edit["newText"].as_str().expect("a text");
            (offset(text, &range["start"]), offset(text, &range["end"]), new)
        })
        .collect();
    edits.sort();
    let mut result = text.to_string();
    for (start, end, new) in edits.into_iter().rev() {
        result.replace_range(start..end, new);
    }
    result
}
