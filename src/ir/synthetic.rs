//! Rows that are made rather than read: tasks that only a long memory solves.

use std::fmt;

use super::{FieldKind, Grouping, Text, TextKind};
use crate::source::Span;

/// The `source` of a data block.
#[derive(Debug, Clone, PartialEq)]
pub struct Synthetic {
    pub task: Task,
    /// To learn from; at least 1.
    pub rows: usize,
    /// To choose the best epoch by; none if 0.
    pub valid_rows: usize,
    /// For the final figures; none if 0.
    pub test_rows: usize,
    pub seed: u64,
    pub span: Span,
}

/// What is asked in every row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// The sum of the two marked numbers of a sequence, one in each half (Hochreiter & Schmidhuber 1997, as in Le et al. 2015).
    /// At least 2 steps.
    Adding { length: usize },
    /// The first tokens of a sequence once more at its end, after a delay (Hochreiter & Schmidhuber 1997, as in Arjovsky et
    /// al. 2016).
    Copy { symbols: usize, length: usize, delay: usize },
}

impl Task {
    /// Steps of every row.
    pub fn steps(self) -> usize {
        match self {
            Self::Adding { length } => length,
            Self::Copy { length, delay, .. } => delay.saturating_add(length.saturating_mul(2)),
        }
    }

    /// The fields that it declares: what is read, and what is asked for.
    pub fn fields(self) -> [(&'static str, FieldKind); 2] {
        match self {
            Self::Adding { .. } => [("input", FieldKind::Numbers { width: 2 }), ("sum", FieldKind::Number)],
            Self::Copy { .. } => {
                let text = Text {
                    kind: TextKind::Tokens,
                    lowercase: false,
                    min_count: 1,
                    max_len: None,
                    max_vocab: None,
                    keep_spaces: false,
                    punctuation: true,
                    sentences: None,
                    vocabulary: None,
                    windows: None,
                };
                [
                    ("text", FieldKind::Text(text)),
                    ("copied", FieldKind::Tags { of: "text".into(), grouping: Grouping::default() }),
                ]
            }
        }
    }
}

/// As a file writes it, with every default.
impl fmt::Display for Synthetic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rows, valid_rows, test_rows, seed, .. } = self;
        match self.task {
            Task::Adding { length } => write!(f, "adding(length = {length}")?,
            Task::Copy { symbols, length, delay } => {
                write!(f, "copy(symbols = {symbols}, length = {length}, delay = {delay}")?;
            }
        }
        write!(f, ", rows = {rows}, valid_rows = {valid_rows}, test_rows = {test_rows}, seed = {seed})")
    }
}
