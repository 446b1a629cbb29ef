//! The tables of settings in `data` and `train`: what a row says, and what is read by it.
//!
//! A setting exists when it stands in a table; nothing else is accepted anywhere.

use crate::diagnostic::{Diagnostic, code, suggest};
use crate::source::Span;
use crate::syntax::ast::Ident;

use super::synonyms;

/// One setting: its name, what it takes, and what it is for.
#[derive(Debug)]
pub struct Setting {
    pub name: &'static str,
    pub takes: Takes,
    /// As it would be written; empty where leaving it out means something of its own.
    pub default: &'static str,
    pub about: &'static str,
}

/// What a setting takes. Bounds are inclusive unless said otherwise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Takes {
    Int {
        min: i64,
    },
    /// `open` bounds are not themselves allowed.
    Float {
        min: f64,
        open_min: bool,
        max: f64,
        open_max: bool,
    },
    Bool,
    Path,
    /// One file or a list of files.
    Files,
    /// The same, or a share of the training rows.
    FilesOrShare,
    Text,
    /// The name of something the file declares.
    Name,
    Word(&'static [&'static str]),
    /// Two numbers in `[0, 1)`.
    Betas,
    /// Labels: `["2", "x"]`.
    Labels,
    /// Classes, each with the labels it is made of: `[["negative", "0", "1"], …]`.
    Groups,
    /// `none`, `balanced` or `{ label = weight }` written as calls of `weights(...)`.
    ClassWeights,
    Call(&'static [Choice]),
}

/// One alternative of a setting that takes a call: `adam(lr = 1e-3)`.
#[derive(Debug, PartialEq)]
pub struct Choice {
    pub name: &'static str,
    pub settings: &'static [Setting],
    pub about: &'static str,
}

impl PartialEq for Setting {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Takes {
    /// Every value it takes, as a page of the reference says it.
    pub fn range(&self) -> String {
        let list = |words: Vec<&str>| words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
        match self {
            Takes::Int { min } => format!("a whole number from {min}"),
            Takes::Float { min, open_min, max, open_max } => {
                let low = format!("a number {} {min}", if *open_min { "above" } else { "from" });
                let high = format!(" {} {max}", if *open_max { "to below" } else { "to" });
                if max.is_finite() { low + &high } else { low }
            }
            Takes::Bool => "`true`, `false`".into(),
            Takes::Path => "a file".into(),
            Takes::Files => "a file, or a list of files".into(),
            Takes::FilesOrShare => "a file, a list of files, or a share above 0 and below 1".into(),
            Takes::Text => "a text".into(),
            Takes::Name => "a name".into(),
            Takes::Word(words) => list(words.to_vec()),
            Takes::Betas => "two numbers from 0 to below 1".into(),
            Takes::Labels => "a list of labels".into(),
            Takes::Groups => "a list of `[\"class\", \"label\", …]`".into(),
            Takes::ClassWeights => "`balanced`, or a list of `[\"label\", weight]`".into(),
            Takes::Call(choices) => list(choices.iter().map(|choice| choice.name).collect()),
        }
    }

    pub fn describe(&self) -> String {
        match self {
            Takes::Int { .. } => "a whole number".into(),
            Takes::Float { .. } => "a number".into(),
            Takes::Bool => "true or false".into(),
            Takes::Path => "a file name in double quotes".into(),
            Takes::Files => "a file name in double quotes, or a list of some".into(),
            Takes::FilesOrShare => "a file name in double quotes, a list of some, or a share such as 0.1".into(),
            Takes::Text => "a text in double quotes".into(),
            Takes::Name => "a name".into(),
            Takes::Word(words) => {
                format!("one of {}", words.iter().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(", "))
            }
            Takes::Betas => "two numbers, as in [0.9, 0.999]".into(),
            Takes::Labels => "labels, as in [\"0\", \"1\"]".into(),
            Takes::Groups => "classes with their labels, as in [[\"negative\", \"0\", \"1\"]]".into(),
            Takes::ClassWeights => "`balanced` or pairs of label and weight".into(),
            Takes::Call(choices) => {
                format!("one of {}", choices.iter().map(|c| format!("`{}`", c.name)).collect::<Vec<_>>().join(", "))
            }
        }
    }
}

/// A checked value.
#[derive(Debug, Clone)]
pub enum Checked {
    Int(i64),
    Float(f64),
    Bool(bool),
    Text(String, Span),
    Files(Vec<(String, Span)>),
    Word(&'static str),
    Pair(f64, f64),
    Weights(Vec<(String, f64)>),
    Labels(Vec<String>),
    Groups(Vec<(String, Vec<String>)>),
    Call(&'static Choice, Values),
    /// `none`: the setting is off.
    None,
}

/// Settings by name, with where they were given.
#[derive(Debug, Clone, Default)]
pub struct Values(pub Vec<(&'static str, Checked, Span)>);

impl Values {
    pub fn get(&self, name: &str) -> Option<&Checked> {
        self.0.iter().find(|(n, _, _)| *n == name).map(|(_, v, _)| v)
    }

    pub fn span(&self, name: &str) -> Option<Span> {
        self.0.iter().find(|(n, _, _)| *n == name).map(|(_, _, s)| *s)
    }

    pub fn float(&self, name: &str, default: f64) -> f64 {
        match self.get(name) {
            Some(Checked::Float(x)) => *x,
            Some(Checked::Int(n)) => *n as f64,
            _ => default,
        }
    }

    pub fn int(&self, name: &str, default: usize) -> usize {
        match self.get(name) {
            Some(Checked::Int(n)) => usize::try_from(*n).unwrap_or(default),
            _ => default,
        }
    }

    /// A whole number, or nothing where it is absent or `none`.
    pub fn optional_int(&self, name: &str) -> Option<usize> {
        match self.get(name) {
            Some(Checked::Int(n)) => usize::try_from(*n).ok(),
            _ => None,
        }
    }

    pub fn bool(&self, name: &str, default: bool) -> bool {
        match self.get(name) {
            Some(Checked::Bool(b)) => *b,
            _ => default,
        }
    }

    /// The files of a setting; none where it is absent or `none`.
    pub fn files(&self, name: &str) -> Vec<(String, Span)> {
        match self.get(name) {
            Some(Checked::Files(files)) => files.clone(),
            _ => Vec::new(),
        }
    }

    pub fn text(&self, name: &str) -> Option<(String, Span)> {
        match self.get(name) {
            Some(Checked::Text(text, span)) => Some((text.clone(), *span)),
            _ => None,
        }
    }
}

/// A setting that is not in the table: the nearest that is, or another framework's word answered with ours.
pub fn unknown(ident: &Ident, known: &[&str], owner: &str) -> Diagnostic {
    let diagnostic =
        Diagnostic::new(code::UNKNOWN_SETTING, ident.span, format!("{owner} has no setting `{}`", ident.name))
            .here("no such setting");
    if let Some((ours, why)) = synonyms::setting(&ident.name).iter().find(|(ours, _)| known.contains(ours)) {
        return diagnostic.help(format!("here it is `{ours}` ({why})")).fix(
            format!("write `{ours}`"),
            ident.span,
            *ours,
        );
    }
    if let Some(why) = synonyms::needless(&ident.name) {
        return diagnostic.help(why);
    }
    if let Some(near) = suggest::nearest(&ident.name, known.iter().copied()) {
        return diagnostic.help(format!("did you mean `{near}`?")).fix(format!("write `{near}`"), ident.span, near);
    }
    if known.is_empty() {
        return diagnostic.help("it takes none");
    }
    diagnostic.help(format!("it has {}", known.iter().map(|k| format!("`{k}`")).collect::<Vec<_>>().join(", ")))
}

/// What a setting of another framework is called here.
pub fn synonym(word: &str) -> Option<&'static str> {
    synonyms::setting(word).first().map(|(ours, _)| *ours)
}
