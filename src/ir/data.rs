//! What a `data { … }` block declares, defaults filled in. No file has been opened.

use super::{Synthetic, Target};
use crate::source::Span;

#[derive(Debug, Clone, PartialEq)]
pub struct Data {
    /// Files that are read one after the other, as are those of `valid` and `test`.
    pub train: Vec<Path>,
    pub valid: Vec<Path>,
    /// The share of the training rows that are held out for validation, where no file is named for it.
    pub held_out: Option<f64>,
    pub test: Vec<Path>,
    pub format: Format,
    /// Makes the rows, in place of files.
    pub source: Option<Synthetic>,
    pub fields: Vec<Field>,
    pub span: Span,
}

impl Data {
    /// Whether there are rows that choose the best epoch.
    pub fn has_valid(&self) -> bool {
        let of_files = !self.valid.is_empty() || self.held_out.is_some();
        self.source.as_ref().map_or(of_files, |source| source.valid_rows > 0)
    }

    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The text field of this name.
    pub fn text(&self, name: &str) -> Option<&Text> {
        match &self.field(name)?.kind {
            FieldKind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Whether a field holds trees.
    pub fn is_tree(&self, name: &str) -> bool {
        self.text(name).is_some_and(|text| text.kind == TextKind::Tree)
    }

    /// The text field whose vocabulary a text field uses: its own, or the one it names.
    pub fn vocabulary_of<'a>(&'a self, field: &'a str) -> &'a str {
        match self.field(field).map(|field| &field.kind) {
            Some(FieldKind::Text(Text { vocabulary: Some(owner), .. })) => owner,
            _ => field,
        }
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
    /// Numbered lines of stories, questions in between: the columns `story`, `question` and `answer`.
    Babi,
    /// The whole file is one text, without columns.
    Text,
    /// One tree a line, without a header.
    Ptb,
}

impl Format {
    /// The format of one file: what is declared, or else what its extension says. `.csv` is CSV, `.jsonl` and `.ndjson` are
    /// JSON Lines, `.ptb` and `.mrg` are trees, `.txt` is plain text to a language model; anything else is TSV.
    pub fn of(self, path: &std::path::Path, target: &Target) -> Self {
        if self != Self::Auto {
            return self;
        }
        let extension = path.extension().and_then(|extension| extension.to_str()).map(str::to_ascii_lowercase);
        match extension.as_deref() {
            Some("csv") => Self::Csv,
            Some("jsonl" | "ndjson") => Self::JsonLines,
            Some("ptb" | "mrg") => Self::Ptb,
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
    /// A label for every token of the text field `of`, separated by spaces; of a tree, the labels at its nodes.
    Tags {
        of: String,
        grouping: Grouping,
    },
    /// A number, to be predicted.
    Number,
    /// A sequence of vectors, to be read. Only a source has such a field.
    Numbers {
        width: usize,
    },
}

/// Which classes the labels of the data are.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Grouping {
    /// The name of a class and the labels it is made of.
    pub merge: Vec<(String, Vec<String>)>,
    /// Labels that stand for no class: what has one is neither learned from nor counted.
    pub ignore: Vec<String>,
}

impl Grouping {
    /// The class of a label; nothing where it is ignored.
    pub fn class<'l>(&'l self, label: &'l str) -> Option<&'l str> {
        if self.ignore.iter().any(|ignored| ignored == label) {
            return None;
        }
        let merged = self.merge.iter().find(|(_, labels)| labels.iter().any(|one| one == label));
        Some(merged.map_or(label, |(name, _)| name))
    }

    /// The labels that are spoken of.
    pub fn labels(&self) -> impl Iterator<Item = &str> {
        self.merge.iter().flat_map(|(_, labels)| labels).chain(&self.ignore).map(String::as_str)
    }
}

/// A text: a sequence of tokens, or of sentences of tokens.
#[derive(Debug, Clone, PartialEq)]
pub struct Text {
    pub kind: TextKind,
    pub lowercase: bool,
    /// Tokens seen less often in train are `<unk>`. At least 1.
    pub min_count: usize,
    /// Longer texts, or sentences of a text of sentences, are cut after so many tokens.
    pub max_len: Option<usize>,
    /// Only so many of the most frequent tokens get an entry, beside `<pad>` and `<unk>`.
    pub max_vocab: Option<usize>,
    /// Whether white space is made of tokens too, or only separates them.
    pub keep_spaces: bool,
    /// How a language model's texts are cut, where they are.
    pub windows: Option<Windows>,
    /// Whether punctuation marks are tokens.
    pub punctuation: bool,
    /// The text field whose vocabulary this one uses, where it has none of its own.
    pub vocabulary: Option<String>,
    /// How the text is cut into sentences, where it is a sequence of them.
    pub sentences: Option<Sentences>,
}

/// Pieces of a text that are examples by themselves: `window` tokens to read, with the token after each of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Windows {
    pub window: usize,
    /// From the start of one to that of the next, in training; at most `window`.
    pub stride: usize,
}

/// What the sentences of a text are, and how many of them are kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sentences {
    /// By Unicode segmentation (UAX 29); the first ones are kept.
    Document { max_sentences: Option<usize> },
    /// A line each; the most recent ones are kept. In training up to a share of `noise` of empty ones is put among them.
    Story { memory_size: Option<usize>, noise: f64 },
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
    /// An s-expression: the nodes of a tree, words at its leaves.
    Tree,
}
