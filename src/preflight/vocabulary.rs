//! Vocabularies that the data cannot teach: with hardly a token that occurs twice, or with none at all.

use super::{Review, percent};
use crate::data::UNK;
use crate::diagnostic::{Diagnostic, code};
use crate::predictor::thousands;

/// Tokens seen once are worth a word from this share of a vocabulary on. In ordinary text they are 35 to 60 % of it, the more
/// the smaller the data is (measured on eleven sets of 5,000 to 40,000 texts).
const ONCE: f64 = 0.65;

/// A vocabulary below this size costs nothing and needs no thinning out.
const SMALL: usize = 100;

pub fn check(review: &Review) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (field, vocabulary) in &review.dataset.vocabularies {
        let tokens = vocabulary.len() - (UNK as usize + 1);
        let once = review.dataset.once.get(field).copied().unwrap_or(0);
        if tokens == 0 {
            let message =
                format!("no token of `{field}` occurs often enough for the vocabulary, so all its texts read alike");
            let at = review.setting(field, "min_count");
            let diagnostic =
                Diagnostic::new(code::EMPTY_VOCABULARY, at, message).here("more often than any token occurs");
            found.push(diagnostic.help("lower `min_count`"));
        } else if tokens >= SMALL && once as f64 >= ONCE * tokens as f64 {
            let (part, whole) = (thousands(once as u64), thousands(tokens as u64));
            let message = format!(
                "{part} of the {whole} tokens of `{field}` ({}) occur once in the training texts",
                percent(once, tokens)
            );
            let at = review.setting(field, "min_count");
            let diagnostic =
                Diagnostic::new(code::RARE_TOKENS, at, message).here("each has a vector that one text teaches");
            found.push(diagnostic.help(
                "`min_count = 2` reads them as `<unk>`, so that the model learns what to make of words it does not know",
            ));
        }
    }
    found
}
