//! What a `data { … }` block declares, defaults filled in. No file has been opened.

use super::Target;
use crate::source::Span;

#[derive(Debug, Clone, PartialEq)]
pub struct Data {
    pub train: Option<Path>,
    pub valid: Option<Path>,
    pub test: Option<Path>,
    pub format: Format,
    pub fields: Vec<Field>,
    pub span: Span,
}

impl Data {
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

/// A data file as written: relative to the `.rnn` file that says so.
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    pub text: String,
    pub span: Span,
}

/// How rows are read. `Auto` goes by the file's extension: [`Format::of`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Auto,
    /// Tab-separated, first line a header, no quoting and no escapes.
    Tsv,
    /// RFC 4180 with a header.
    Csv,
    /// One JSON object a line.
    JsonLines,
    /// The whole file is one text, without columns.
    Text,
}

impl Format {
    /// The format of one file: what is declared, or else what its extension says. `.csv` is CSV, `.jsonl` and `.ndjson` are
    /// JSON Lines, `.txt` is plain text to a language model; anything else is TSV.
    pub fn of(self, path: &std::path::Path, target: &Target) -> Self {
        if self != Self::Auto {
            return self;
        }
        let extension = path.extension().and_then(|extension| extension.to_str()).map(str::to_ascii_lowercase);
        match extension.as_deref() {
            Some("csv") => Self::Csv,
            Some("jsonl" | "ndjson") => Self::JsonLines,
            Some("txt") if matches!(target, Target::Next(_)) => Self::Text,
            _ => Self::Tsv,
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    pub name: String,
    /// Name of the column; the field's own unless `column = "…"` says otherwise.
    pub column: String,
    pub kind: FieldKind,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub enum FieldKind {
    Text(Text),
    /// A label; the classes are those of the training data, sorted.
    Class,
    /// A label for every token of the text field `of`, separated by spaces.
    Tags {
        of: String,
    },
    /// A number, to be predicted.
    Number,
}

/// A text: a sequence of tokens.
#[derive(Debug, Clone, PartialEq)]
pub struct Text {
    pub kind: TextKind,
    pub lowercase: bool,
    /// Tokens seen less often in train are `<unk>`. At least 1.
    pub min_count: usize,
    /// Longer texts are cut after so many tokens.
    pub max_len: Option<usize>,
    /// Only so many of the most frequent tokens get an entry, beside `<pad>` and `<unk>`.
    pub max_vocab: Option<usize>,
    /// Whether white space is made of tokens too, or only separates them.
    pub keep_spaces: bool,
    /// How a language model's texts are cut, where they are.
    pub windows: Option<Windows>,
}

/// Pieces of a text that are examples by themselves: `window` tokens to read, with the token after each of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Windows {
    pub window: usize,
    /// From the start of one to that of the next, in training; at most `window`.
    pub stride: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextKind {
    /// Words and punctuation marks by Unicode segmentation (UAX 29); white space is dropped.
    Words,
    /// Characters (extended grapheme clusters) other than white space.
    Chars,
    /// Chinese words.
    Jieba,
    /// What stands between spaces: texts that are cut into tokens already.
    Tokens,
}
