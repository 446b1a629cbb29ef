//! How much of what is read has a pretrained vector.

use std::fmt;

use super::Review;
use crate::data::{PAD, UNK, Vectors};
use crate::diagnostic::{Diagnostic, code};
use crate::ir::Pretrained;

/// Vectors are worth a word where so much of the text lacks one: more than what punctuation and names make of it. (GloVe
/// without punctuation knows 71 % of the words of MR.)
const LOW: f64 = 0.6;

/// Missing tokens in a message.
const EXAMPLES: usize = 5;

/// What a file of word vectors has for a vocabulary.
#[derive(Debug, Clone)]
pub struct Coverage {
    pub file: Pretrained,
    /// The share of the training tokens that have one, `0..=1`; those without an entry in the vocabulary do not count.
    pub share: f64,
    /// The most frequent tokens that have none.
    pub missing: Vec<String>,
    /// Entries of the vocabulary that have one, and all that could.
    found: usize,
    wanted: usize,
}

impl Coverage {
    /// `ids` are the training texts, `tokens` the entries of their vocabulary.
    pub fn new(file: &Pretrained, found: &Vectors, ids: &[u32], tokens: &[String]) -> Self {
        let (mut all, mut covered) = (0_usize, 0_usize);
        for id in ids.iter().filter(|id| **id != PAD && **id != UNK) {
            all += 1;
            covered += usize::from(found.rows.contains_key(id));
        }
        // A vocabulary stands in the order of how often its tokens occur.
        let missing = (UNK + 1..).zip(tokens.iter().skip(UNK as usize + 1));
        let missing = missing.filter(|(id, _)| !found.rows.contains_key(id)).map(|(_, token)| token.clone());
        Self {
            file: file.clone(),
            share: covered as f64 / all.max(1) as f64,
            missing: missing.take(EXAMPLES).collect(),
            found: found.found(),
            wanted: found.wanted,
        }
    }

    /// Whether so few have a vector that it is a finding.
    pub fn is_low(&self) -> bool {
        self.share < LOW && !self.missing.is_empty()
    }
}

/// As a line about a file that knows enough.
impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, found, wanted, .. } = self;
        let share = 100.0 * *found as f64 / (*wanted).max(1) as f64;
        write!(f, "{}: vectors for {found} of {wanted} tokens ({share:.1}%)", file.path)
    }
}

pub fn check(review: &Review, coverage: &Coverage) -> Option<Diagnostic> {
    if !coverage.is_low() {
        return None;
    }
    let Pretrained { path, field, span } = &coverage.file;
    let message = format!("{path} has vectors for only {:.0}% of the words of `{field}`", 100.0 * coverage.share);
    let missing: Vec<String> = coverage.missing.iter().map(|token| format!("`{token}`")).collect();
    let field_at = review.data.field(field).map_or(review.data.span, |field| field.span);
    let diagnostic = Diagnostic::new(code::VECTOR_COVERAGE, *span, message)
        .here(format!("lacks {}", missing.join(", ")))
        .label(field_at, "cut into these words");
    Some(diagnostic.help(match review.data.text(field).is_some_and(|text| !text.lowercase) {
        true => "the others start at random: are the vectors of lower-case words? Then write `lowercase = true`",
        false => "the others start at random: were the vectors made for this language and this kind of words?",
    }))
}
