//! Source text: files with a line index, and the spans that point into them.
//!
//! Nothing here reads a file; texts are handed in by `cli` (and later `lsp`).

mod span;

pub use span::{FileId, Position, Span};

/// One `.rnn` text: its display path and where its lines start.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// The path as the user would write it; `<stdlib>/name.rnn` for the embedded library.
    pub path: String,
    pub text: String,
    line_starts: Vec<u32>,
}

impl SourceFile {
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        let text = text.into();
        let line_starts = std::iter::once(0)
            .chain(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i as u32 + 1))
            .collect();
        Self { path: path.into(), text, line_starts }
    }

    /// The 1-based line and column (in characters) of a byte offset, clamped to the text.
    pub fn position(&self, byte: u32) -> Position {
        let mut byte = (byte as usize).min(self.text.len());
        while !self.text.is_char_boundary(byte) {
            byte -= 1;
        }
        let line = self.line_starts.partition_point(|start| *start as usize <= byte) - 1;
        let start = self.line_starts[line] as usize;
        let column = self.text[start..byte].chars().filter(|c| *c != '\u{feff}').count();
        Position { line: line as u32 + 1, column: column as u32 + 1, byte: byte as u32 }
    }
}

/// All texts of one compilation; a [`FileId`] is an index into it.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    files: Vec<SourceFile>,
}

impl Sources {
    pub fn add(&mut self, file: SourceFile) -> FileId {
        self.files.push(file);
        FileId(self.files.len() as u32 - 1)
    }

    /// Takes the files of another compilation along; their ids grow by the returned number.
    pub fn append(&mut self, other: Sources) -> u32 {
        let first = self.files.len() as u32;
        self.files.extend(other.files);
        first
    }

    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    pub fn iter(&self) -> impl Iterator<Item = (FileId, &SourceFile)> {
        self.files.iter().enumerate().map(|(i, f)| (FileId(i as u32), f))
    }

    /// The text a span covers; empty where the span lies outside its file.
    pub fn text(&self, span: Span) -> &str {
        self.file(span.file).text.get(span.start as usize..span.end as usize).unwrap_or("")
    }

    pub fn start(&self, span: Span) -> Position {
        self.file(span.file).position(span.start)
    }

    pub fn end(&self, span: Span) -> Position {
        self.file(span.file).position(span.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters_and_start_at_one() {
        let file = SourceFile::new("a.rnn", "x\né y\r\nz");
        let at = |b| (file.position(b).line, file.position(b).column);
        assert_eq!(at(0), (1, 1));
        assert_eq!(at(2), (2, 1));
        assert_eq!(at(4), (2, 2));
        assert_eq!(at(8), (3, 1));
        assert_eq!(at(999), (3, 2));
    }
}
