//! What differs between two checked programs: the model, its parameters, the settings. Names that only the file sees
//! (of layers, of `let`) are no difference, nor is how a text is laid out.
//!
//! It prints nothing, and knows nothing of weights.

mod architecture;
mod parameters;
mod settings;

#[cfg(test)]
mod tests;

use crate::ir::Program;
use crate::source::{Sources, Span};

pub use architecture::same_graph;

/// A program with the texts its places are in.
#[derive(Clone, Copy)]
pub struct Side<'a> {
    pub program: &'a Program,
    pub sources: &'a Sources,
}

/// Something that one of two programs has and the other has not, or has otherwise.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// What it is about: a setting by its dotted name, a parameter by its own, a layer.
    pub what: String,
    pub before: Option<Place>,
    pub after: Option<Place>,
}

/// One of the two sides of a change.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// As the file says it, or as it takes effect.
    pub text: String,
    pub span: Span,
}

/// All that differs, in the order of the files.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Differences {
    pub architecture: Vec<Change>,
    pub parameters: Vec<Change>,
    pub settings: Vec<Change>,
}

impl Differences {
    pub fn between(before: Side, after: Side) -> Self {
        let models = (before.program.model.as_ref(), after.program.model.as_ref());
        let (architecture, parameters) = match models {
            (Some(a), Some(b)) if same_graph(a, b) => (Vec::new(), Vec::new()),
            (a, b) => (architecture::changes((a, before.sources), (b, after.sources)), parameters::changes(a, b)),
        };
        Self {
            architecture,
            parameters,
            settings: settings::changes(&before.program.settings, &after.program.settings),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.architecture.is_empty() && self.parameters.is_empty() && self.settings.is_empty()
    }
}

impl Change {
    /// In words: what it was, and what it is.
    pub fn sentence(&self) -> String {
        match (&self.before, &self.after) {
            (Some(before), Some(after)) => format!("`{}` was {} and is {}", self.what, before.text, after.text),
            (Some(before), None) => format!("`{}`, which was {}, is gone", self.what, before.text),
            (None, Some(after)) => format!("`{}` is new: {}", self.what, after.text),
            (None, None) => format!("`{}` differs", self.what),
        }
    }

    /// Where it is now, or where it was.
    pub fn span_after(&self) -> Option<Span> {
        self.after.as_ref().map(|place| place.span)
    }
}
