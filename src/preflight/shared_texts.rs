//! Texts that stand in two splits: what is measured on them is memory.

use std::collections::HashMap;

use super::{Review, percent};
use crate::data::Split;
use crate::diagnostic::{Diagnostic, code};
use crate::predictor::thousands;

/// Shared texts are worth a word from this share of the smaller split on. Below, they move an accuracy by less than its own
/// standard error on any test set of a usual size, and official splits have a few (SST-2 two of 1,821).
const SHARED: f64 = 0.005;

pub fn check(review: &Review) -> Vec<Diagnostic> {
    let splits: Vec<_> = review.splits().collect();
    let pairs =
        splits.iter().enumerate().flat_map(|(i, later)| splits[..i].iter().map(move |earlier| (earlier, later)));
    pairs.filter_map(|(earlier, later)| shared(review, *earlier, *later)).collect()
}

fn shared(review: &Review, earlier: (&str, &Split), later: (&str, &Split)) -> Option<Diagnostic> {
    let known: HashMap<u64, usize> = earlier.1.origins.iter().enumerate().rev().map(|(i, at)| (at.text, i)).collect();
    let both: Vec<_> = later.1.origins.iter().filter_map(|at| Some((*known.get(&at.text)?, *at))).collect();
    let (count, all) = (both.len(), later.1.origins.len());
    let (first, second) = both.first().filter(|_| count as f64 >= SHARED * all as f64)?;
    let (then, now) = (review.row(earlier.1, earlier.1.origins[*first]), review.row(later.1, *second));
    let message = format!(
        "{} of the {} texts of `{}` ({}) {} in `{}` too",
        thousands(count as u64),
        thousands(all as u64),
        later.0,
        at_least_one_percent(count, all),
        if count == 1 { "stands" } else { "stand" },
        earlier.0
    );
    let diagnostic = Diagnostic::new(code::SHARED_TEXTS, review.place(later.0), message)
        .here(format!("as at {now}"))
        .label(review.place(earlier.0), format!("the same text as at {then}"));
    Some(diagnostic.help("what a model has learned by heart is no test of it: take them out of one of the two"))
}

fn at_least_one_percent(count: usize, all: usize) -> String {
    if 100 * count < all { "under 1%".into() } else { percent(count, all) }
}
