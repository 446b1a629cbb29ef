//! What can go wrong on the way to tensors: a size nobody gave, or our own mistake. The checker has proved the rest.

use std::fmt;

use crate::ir::Node;

#[derive(Debug)]
pub struct LowerError {
    message: String,
}

impl LowerError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }

    /// The same error with the node it happened at.
    pub(super) fn at(self, node: &Node) -> Self {
        let Node { op, span, ty, .. } = node;
        Self { message: format!("{} (at {op:?} -> {ty}, {span:?})", self.message) }
    }
}

impl fmt::Display for LowerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for LowerError {}

impl From<candle_core::Error> for LowerError {
    fn from(error: candle_core::Error) -> Self {
        Self::new(error.to_string())
    }
}

impl From<crate::passes::Unbound> for LowerError {
    fn from(error: crate::passes::Unbound) -> Self {
        Self::new(error.to_string())
    }
}
