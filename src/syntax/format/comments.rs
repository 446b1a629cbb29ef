//! Where comments stand: after a token on its line, or on lines of their own before one.
//!
//! Commas and semicolons are no tokens here, so that a comment after one belongs to what it separates.

use std::collections::HashMap;

/// A comment on a line of its own.
#[derive(Debug, Clone)]
pub struct Note {
    pub text: String,
    /// The offset in the source.
    pub at: usize,
}

/// The comments of a text by the offset of the token they belong to.
#[derive(Debug, Default)]
pub struct Comments {
    leading: HashMap<usize, Vec<Note>>,
    trailing: HashMap<usize, Vec<String>>,
}

impl Comments {
    /// `tokens` are the offsets of all tokens, in order; the last is the end of the text.
    pub fn new(text: &str, tokens: &[usize]) -> Self {
        let mut comments = Self::default();
        for (at, comment) in all(text) {
            let next = tokens.partition_point(|token| *token <= at);
            match next.checked_sub(1) {
                Some(before) if !starts_line(text, at) => {
                    comments.trailing.entry(tokens[before]).or_default().push(comment.to_string());
                }
                _ => {
                    let token = tokens.get(next).copied().unwrap_or(text.len());
                    comments.leading.entry(token).or_default().push(Note { text: comment.to_string(), at });
                }
            }
        }
        comments
    }

    /// The offset of the first thing that stands before a token, or of the token.
    pub fn first(&self, token: usize) -> usize {
        self.leading.get(&token).and_then(|notes| notes.first()).map_or(token, |note| note.at)
    }

    /// Whether an empty line stands before a token or before any of its comments.
    pub fn any_blank(&self, text: &str, token: usize) -> bool {
        let notes = self.leading.get(&token).into_iter().flatten();
        notes.map(|note| note.at).chain([token]).any(|at| follows_blank(text, at))
    }

    /// The comments before a token, once.
    pub fn take_leading(&mut self, token: usize) -> Vec<Note> {
        self.leading.remove(&token).unwrap_or_default()
    }

    /// The comments after a token, once.
    pub fn take_trailing(&mut self, token: usize) -> Vec<String> {
        self.trailing.remove(&token).unwrap_or_default()
    }
}

/// Every comment of a text that has no syntax errors, with its offset. Lines end in `\n`.
pub fn all(text: &str) -> Vec<(usize, &str)> {
    let bytes = text.as_bytes();
    let (mut found, mut i) = (Vec::new(), 0);
    while i < bytes.len() {
        if bytes[i..].starts_with(b"//") {
            let end = text[i..].find('\n').map_or(text.len(), |n| i + n);
            let line = &text[i..end];
            let documentation = line.starts_with("///") && !line.starts_with("////");
            if !documentation {
                found.push((i, line.trim_end()));
            }
            i = end;
        } else if bytes[i] == b'"' {
            i += 1;
            while i < bytes.len() && bytes[i] != b'"' {
                i += if bytes[i] == b'\\' { 2 } else { 1 };
            }
            i += 1;
        } else {
            i += 1;
        }
    }
    found
}

/// Whether nothing but white space stands before `at` on its line.
pub fn starts_line(text: &str, at: usize) -> bool {
    before(text, at).is_some_and(is_blank)
}

/// Whether the line before that of `at` is empty. `at` starts its own line.
pub fn follows_blank(text: &str, at: usize) -> bool {
    let Some(line) = before(text, at) else { return false };
    let start = at - line.len();
    start > 0 && is_blank(line) && before(text, start - 1).is_some_and(is_blank)
}

/// Whether an empty line, and after it more than a closing brace, stands below the line that ends at `end`.
pub fn precedes_blank(text: &str, end: usize) -> bool {
    let rest = text.get(end..).unwrap_or_default();
    let below = rest.strip_prefix('\n').and_then(|below| below.split_once('\n'));
    below.is_some_and(|(line, rest)| is_blank(line) && !rest.trim_start().starts_with('}'))
}

/// The part of a line before `at`.
fn before(text: &str, at: usize) -> Option<&str> {
    let head = text.get(..at)?;
    Some(&head[head.rfind('\n').map_or(0, |n| n + 1)..])
}

fn is_blank(line: &str) -> bool {
    line.trim_matches([' ', '\t', '\u{feff}']).is_empty()
}
