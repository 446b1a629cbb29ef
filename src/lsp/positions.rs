//! Byte offsets ↔ positions as an editor counts them: lines, and units of the encoding that was agreed on.

use gen_lsp_types::{Position, Range};

/// What a column of a position counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    Utf8,
    /// What every editor knows.
    #[default]
    Utf16,
    Utf32,
}

impl Encoding {
    fn units(self, c: char) -> u32 {
        match self {
            Encoding::Utf8 => c.len_utf8() as u32,
            Encoding::Utf16 => c.len_utf16() as u32,
            Encoding::Utf32 => 1,
        }
    }
}

/// Where the lines of a text start. A line ends with LF, CR LF or CR.
#[derive(Debug, Clone)]
pub struct Lines {
    starts: Vec<usize>,
    encoding: Encoding,
}

impl Lines {
    pub fn new(text: &str, encoding: Encoding) -> Self {
        let bytes = text.as_bytes();
        let ends = |i: usize| bytes[i] == b'\n' || bytes[i] == b'\r' && bytes.get(i + 1) != Some(&b'\n');
        let starts = std::iter::once(0).chain((0..bytes.len()).filter(|i| ends(*i)).map(|i| i + 1)).collect();
        Self { starts, encoding }
    }

    /// The byte at a position. One beyond the end of a line is its end, one beyond the last line the end of the text.
    pub fn offset(&self, text: &str, position: Position) -> usize {
        let Some(&start) = self.starts.get(position.line as usize) else { return text.len() };
        let line = self.line(text, position.line as usize);
        let mut units = 0;
        for (at, c) in line.char_indices() {
            if units >= position.character {
                return start + at;
            }
            units += self.encoding.units(c);
        }
        start + line.len()
    }

    /// The position of a byte, moved back to the start of its character.
    pub fn position(&self, text: &str, offset: usize) -> Position {
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.starts.partition_point(|start| *start <= offset) - 1;
        let before = &text[self.starts[line]..offset];
        // Between CR and LF there is no position.
        let before = if text[offset..].starts_with('\n') { before.trim_end_matches('\r') } else { before };
        let character = before.chars().map(|c| self.encoding.units(c)).sum();
        Position { line: line as u32, character }
    }

    pub fn range(&self, text: &str, start: usize, end: usize) -> Range {
        Range { start: self.position(text, start), end: self.position(text, end) }
    }

    /// How many units a piece of text is wide.
    pub fn width(&self, text: &str) -> u32 {
        text.chars().map(|c| self.encoding.units(c)).sum()
    }

    /// A line without its end.
    fn line<'t>(&self, text: &'t str, line: usize) -> &'t str {
        let end = self.starts.get(line + 1).copied().unwrap_or(text.len());
        text[self.starts[line]..end].trim_end_matches(['\n', '\r'])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn columns_count_units() {
        let text = "é🚀x\r\ny";
        for (encoding, column) in [(Encoding::Utf8, 6), (Encoding::Utf16, 3), (Encoding::Utf32, 2)] {
            let lines = Lines::new(text, encoding);
            assert_eq!(lines.position(text, 6), Position { line: 0, character: column }, "{encoding:?}");
            assert_eq!(lines.offset(text, Position { line: 0, character: column }), 6, "{encoding:?}");
            assert_eq!(lines.offset(text, Position { line: 0, character: 99 }), 7);
            assert_eq!(lines.offset(text, Position { line: 1, character: 0 }), 9);
            assert_eq!(lines.offset(text, Position { line: 9, character: 9 }), text.len());
        }
    }

    proptest! {
        #[test]
        fn a_character_goes_to_its_position_and_back(text in "[ab\r\né🚀\u{301}]{0,30}") {
            for encoding in [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32] {
                let lines = Lines::new(&text, encoding);
                for (at, c) in text.char_indices().filter(|(_, c)| !matches!(c, '\r' | '\n')) {
                    prop_assert_eq!(lines.offset(&text, lines.position(&text, at)), at, "{:?}", c);
                }
            }
        }

        #[test]
        fn any_position_is_a_place_in_the_text(text in "[ab\r\né🚀]{0,20}", line in 0u32..9, character in 0u32..30) {
            for encoding in [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32] {
                let at = Lines::new(&text, encoding).offset(&text, Position { line, character });
                prop_assert!(text.is_char_boundary(at));
            }
        }
    }
}
