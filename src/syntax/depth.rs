//! The limits on a text, checked before anything recursive sees it.

use crate::diagnostic::{Diagnostic, code};
use crate::source::{FileId, Span};

/// Bytes of one file. The largest file of the library has 4,000.
pub const MAX_BYTES: usize = 256 * 1024;
/// Brackets of any kind inside each other. The deepest file of the library has 5.
pub const MAX_NESTING: usize = 32;

/// Why a text is not even parsed: it is larger than [`MAX_BYTES`] or nests deeper than [`MAX_NESTING`].
pub fn refuse(file: FileId, text: &str) -> Option<Diagnostic> {
    if text.len() > MAX_BYTES {
        let message = format!("a .rnn file has at most {} KiB, and this one has {}", MAX_BYTES >> 10, text.len() >> 10);
        let diagnostic = Diagnostic::new(code::TOO_LARGE, Span::new(file, 0, first_character(text)), message);
        return Some(diagnostic.here("too large to be a model").help("is this the file you meant?"));
    }
    too_deep(file, text)
}

fn first_character(text: &str) -> usize {
    text.chars().next().map_or(0, char::len_utf8)
}

/// Where the brackets nest too deeply. Those in texts and comments don't count, and a closing bracket of one kind does
/// not make up for an opening one of another: the grammar would not take it for its end.
fn too_deep(file: FileId, text: &str) -> Option<Diagnostic> {
    let bytes = text.as_bytes();
    let ends_line = |i: usize| bytes.get(i).is_none_or(|b| matches!(b, b'\n' | b'\r'));
    let mut open = [0usize; 3];
    let mut i = 0;
    while i < bytes.len() {
        match bytes[i] {
            b'/' if bytes.get(i + 1) == Some(&b'/') => {
                while !ends_line(i + 1) {
                    i += 1;
                }
            }
            b'"' => {
                // A text ends with its line at the latest.
                while !ends_line(i + 1) {
                    i += 1;
                    match bytes[i] {
                        b'"' => break,
                        b'\\' if !ends_line(i + 1) => i += 1,
                        _ => {}
                    }
                }
            }
            bracket @ (b'(' | b'[' | b'{') => {
                open[kind(bracket)] += 1;
                if open.iter().sum::<usize>() > MAX_NESTING {
                    let message = format!("brackets are nested more than {MAX_NESTING} deep");
                    return Some(
                        Diagnostic::new(code::TOO_DEEP, Span::new(file, i, i + 1), message)
                            .here("one bracket too many")
                            .help("give parts of it a name with `let`, or make them a `layer`"),
                    );
                }
            }
            bracket @ (b')' | b']' | b'}') => open[kind(bracket)] = open[kind(bracket)].saturating_sub(1),
            _ => {}
        }
        i += 1;
    }
    None
}

fn kind(bracket: u8) -> usize {
    match bracket {
        b'(' | b')' => 0,
        b'[' | b']' => 1,
        _ => 2,
    }
}
