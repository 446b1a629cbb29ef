//! The nesting limit, checked before anything recursive sees the text.

use crate::diagnostic::{Diagnostic, code};
use crate::source::{FileId, Span};

/// Brackets of any kind inside each other. The deepest file of the library has 5.
pub const MAX_NESTING: usize = 32;

/// Where the text nests deeper than [`MAX_NESTING`]. Strings and comments don't count.
pub fn too_deep(file: FileId, text: &str) -> Option<Diagnostic> {
    let bytes = text.as_bytes();
    let (mut depth, mut i) = (0usize, 0usize);
    while i < bytes.len() {
        match bytes[i] {
            b'/' if bytes.get(i + 1) == Some(&b'/') => {
                while i + 1 < bytes.len() && bytes[i + 1] != b'\n' {
                    i += 1;
                }
            }
            b'"' => {
                // A string ends with its line at the latest.
                while i + 1 < bytes.len() && bytes[i + 1] != b'\n' {
                    i += 1;
                    match bytes[i] {
                        b'"' => break,
                        b'\\' => i += 1,
                        _ => {}
                    }
                }
            }
            b'(' | b'[' | b'{' => {
                depth += 1;
                if depth > MAX_NESTING {
                    let message = format!("brackets are nested more than {MAX_NESTING} deep");
                    return Some(
                        Diagnostic::new(code::TOO_DEEP, Span::new(file, i, i + 1), message)
                            .here("one bracket too many")
                            .help("give parts of it a name with `let`, or make them a `layer`"),
                    );
                }
            }
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        i += 1;
    }
    None
}
