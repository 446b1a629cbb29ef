//! What a model is asked for: the right answers its result is compared with.

use super::{Dim, Symbol};

/// The `-> …` of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// One class an example, from this field: scores `[classes]`.
    Class(String),
    /// One class for every step of the field `of`: scores `[T, classes]`.
    Tags { field: String, of: String },
    /// One number an example, from this field: `[]`.
    Number(String),
    /// The token after each token of this text: scores `[T, vocabulary]`.
    Next(String),
}

impl Target {
    /// The field that the answers come from.
    pub fn field(&self) -> &str {
        match self {
            Self::Class(field) | Self::Tags { field, .. } | Self::Number(field) | Self::Next(field) => field,
        }
    }

    /// Among how many the answer is chosen; nothing where it is a number.
    pub fn choices(&self) -> Option<Dim> {
        match self {
            Self::Class(field) | Self::Tags { field, .. } => Some(Dim::symbol(Symbol::Classes(field.as_str().into()))),
            Self::Next(text) => Some(Dim::symbol(Symbol::Vocabulary(text.as_str().into()))),
            Self::Number(_) => None,
        }
    }

    /// Whether the classes are those of a field, with names.
    pub fn has_labels(&self) -> bool {
        matches!(self, Self::Class(_) | Self::Tags { .. })
    }
}
