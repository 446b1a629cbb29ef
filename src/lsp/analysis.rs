//! One open text, checked: what every request answers from.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use gen_lsp_types::{Position, Range, Uri};

use crate::check::{self, Checked, LIBRARY_PREFIX};
use crate::ir::Type;
use crate::project::Disk;
use crate::source::{FileId, Span};

use super::definitions::Definitions;
use super::names::Names;
use super::positions::{Encoding, Lines};
use super::tokens::{self, Token};

/// The file that is asked about; the others are imported or the library's.
pub const ENTRY: FileId = FileId(0);

pub struct Analysis {
    /// As the editor knows the text.
    pub uri: Uri,
    /// Where the text is from; nothing for one that is not saved yet.
    pub path: Option<PathBuf>,
    pub checked: Checked,
    pub names: Names,
    pub tokens: Vec<Token>,
    /// The files that decide the result beside the text itself, whether or not they could be read.
    pub depends: Vec<PathBuf>,
    encoding: Encoding,
    lines: Vec<OnceCell<Lines>>,
}

impl Analysis {
    /// Checks a text; `open` has the texts that stand in place of the disk's.
    pub fn new(
        uri: Uri,
        path: Option<&Path>,
        text: &str,
        encoding: Encoding,
        open: &dyn Fn(&Path) -> Option<String>,
    ) -> Self {
        let (checked, depends) = check(path, text, open);
        let names = Names::of(&checked);
        let lines = checked.sources.iter().map(|_| OnceCell::new()).collect();
        let path = path.map(Path::to_path_buf);
        Self { uri, path, names, tokens: tokens::tokens(text), depends, encoding, lines, checked }
    }

    pub fn text(&self) -> &str {
        &self.checked.sources.file(ENTRY).text
    }

    pub fn definitions(&self) -> Definitions<'_> {
        Definitions::of(&self.checked)
    }

    pub fn lines(&self, file: FileId) -> &Lines {
        let text = &self.checked.sources.file(file).text;
        self.lines[file.0 as usize].get_or_init(|| Lines::new(text, self.encoding))
    }

    /// The byte of the text at a position.
    pub fn offset(&self, position: Position) -> usize {
        self.lines(ENTRY).offset(self.text(), position)
    }

    pub fn position(&self, offset: usize) -> Position {
        self.lines(ENTRY).position(self.text(), offset)
    }

    /// A span of any of the files.
    pub fn range(&self, span: Span) -> Range {
        let text = &self.checked.sources.file(span.file).text;
        self.lines(span.file).range(text, span.start as usize, span.end as usize)
    }

    pub fn range_of(&self, start: usize, end: usize) -> Range {
        self.range(Span::new(ENTRY, start, end))
    }

    /// The path of one of the files, or of the library file that it is.
    pub fn file(&self, file: FileId) -> Place<'_> {
        let path = &self.checked.sources.file(file).path;
        match path.strip_prefix(LIBRARY_PREFIX) {
            _ if file == ENTRY => Place::Here,
            Some(name) => Place::Library(name),
            None => Place::File(Path::new(path)),
        }
    }

    /// The token that holds a byte, or ends there.
    pub fn token_at(&self, offset: usize) -> Option<Token> {
        let next = self.tokens.partition_point(|token| token.start <= offset);
        self.tokens[..next].last().copied().filter(|token| token.end >= offset)
    }

    /// The type of the value that ends at a byte: of the longest expression that does.
    pub fn type_before(&self, offset: usize) -> Option<&Type> {
        let values = self.checked.facts.values.iter();
        let ends = values.filter(|(span, _)| span.file == ENTRY && span.end as usize == offset);
        ends.min_by_key(|(span, _)| span.start).map(|(_, ty)| ty)
    }
}

/// Where a file is.
pub enum Place<'a> {
    Here,
    Library(&'a str),
    File(&'a Path),
}

/// Checks a text with what it imports; gives the files that it asked for too.
pub fn check(path: Option<&Path>, text: &str, open: &dyn Fn(&Path) -> Option<String>) -> (Checked, Vec<PathBuf>) {
    match path {
        Some(path) => {
            let mut loader = Disk::new(path, open);
            let checked = check::check(&path.display().to_string(), text, &mut loader);
            (checked, loader.asked)
        }
        None => (check::check("untitled.rnn", text, &mut check::NoFiles), Vec::new()),
    }
}
