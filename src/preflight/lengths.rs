//! Recipes that do not suit texts as long as these: what [`crate::check::recipe`] says where the file itself limits their length,
//! said of the length they have.

use super::Review;
use crate::check::recipe;
use crate::diagnostic::Diagnostic;
use crate::ir::{Data, Graph};

pub fn check(review: &Review, graph: &Graph) -> Vec<Diagnostic> {
    let train = &review.dataset.train;
    // The mean: a recipe has to suit most texts, and not the longest.
    let mean = |field: &str| (0..train.len()).map(|row| train.steps(field, row)).sum::<usize>() / train.len();
    // A limit in the file was looked at when it was checked.
    let measured =
        |data: &Data, field: &str| recipe::limit(data, &review.program.train, field).is_none().then(|| mean(field));
    recipe::lint(graph, &review.program.train, &|field| measured(review.data, field))
}
