//! What a model is asked for: the right answers its result is compared with.

use super::{Data, Dim, FieldKind, Grouping, Symbol};

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

    /// Which classes the labels of the data are, where that is not said by the labels themselves.
    pub fn grouping<'d>(&self, data: &'d Data) -> Option<&'d Grouping> {
        match &data.field(self.field())?.kind {
            FieldKind::Tags { grouping, .. } => Some(grouping),
            _ => None,
        }
    }

    /// Whether there is an answer for every node of a tree.
    pub fn is_of_trees(&self, data: &Data) -> bool {
        matches!(self, Self::Tags { of, .. } if data.is_tree(of))
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
