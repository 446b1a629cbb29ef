//! Texts that are read only in part.

use super::{Review, percent};
use crate::diagnostic::{Diagnostic, code};
use crate::ir::Sentences;
use crate::predictor::thousands;

/// Cut texts are worth a word where they are more than every twentieth: that many a limit cuts by oversight, and not as
/// the few longest.
const MANY: f64 = 0.05;

pub fn check(review: &Review) -> Vec<Diagnostic> {
    let train = &review.dataset.train;
    let many = |count: usize| count as f64 > MANY * train.len() as f64;
    train.truncated.iter().filter(|(_, count)| many(**count)).map(|(field, count)| cut(review, field, *count)).collect()
}

fn cut(review: &Review, field: &str, count: usize) -> Diagnostic {
    let train = &review.dataset.train;
    let settings = match train.texts.get(field).and_then(|texts| texts.sentence_kind()) {
        None => &["max_len"][..],
        Some(Sentences::Document { .. }) => &["max_sentences", "max_len"],
        Some(Sentences::Story { .. }) => &["memory_size", "max_len"],
    };
    let given = |name: &&&str| {
        let name = format!("data.{field}.{name}");
        review.program.settings.iter().any(|setting| setting.name == name && setting.value != "none")
    };
    let given: Vec<&str> = settings.iter().filter(given).copied().collect();
    let by = given.iter().map(|setting| format!("`{setting}`")).collect::<Vec<_>>().join(" or ");
    let (part, whole) = (thousands(count as u64), thousands(train.len() as u64));
    let message =
        format!("{part} of the {whole} training texts of `{field}` ({}) are cut by {by}", percent(count, train.len()));
    let at = review.setting(field, given.first().copied().unwrap_or_default());
    let diagnostic = Diagnostic::new(code::CUT_TEXTS, at, message).here("read no further than this");
    diagnostic.help("what is cut is neither learned from nor predicted with: raise it if the end of a text matters")
}
