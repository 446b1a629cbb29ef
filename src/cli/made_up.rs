//! Batches that come from no data: what `rnnc bench` times and `rnnc probe` falls back to.

use std::collections::BTreeMap;

use crate::data::{Expected, Tokens};
use crate::ir::{Model, Symbol, Target};
use crate::random::Random;

/// Every field the model reads, at one length; a token as likely as any other, numbers uniform between 0 and 1.
pub fn inputs(
    model: &Model,
    size: &dyn Fn(&Symbol) -> Option<usize>,
    batch: usize,
    steps: usize,
    random: &mut Random,
) -> BTreeMap<String, Tokens> {
    let mut input = |field: &String| match model.width(field) {
        Some(width) => {
            let mut row = || (0..steps * width).map(|_| random.uniform() as f32).collect::<Vec<_>>();
            Tokens::from_numbers(&(0..batch).map(|_| row()).collect::<Vec<_>>(), width)
        }
        None => {
            // Beside the two reserved entries there is at least one.
            let vocabulary = size(&Symbol::Vocabulary(field.as_str().into())).unwrap_or(0).max(3);
            Tokens::made_up(batch, steps, vocabulary, random)
        }
    };
    model.inputs.iter().map(|field| (field.clone(), input(field))).collect()
}

/// An answer for every row of the scores, one as likely as any other.
pub fn expected(
    target: &Target,
    size: &dyn Fn(&Symbol) -> Option<usize>,
    batch: usize,
    steps: usize,
    random: &mut Random,
) -> Expected {
    let rows = match target {
        Target::Class(_) | Target::Number(_) => batch,
        Target::Tags { .. } | Target::Next(_) => steps * batch,
    };
    match target.choices().and_then(|choices| choices.evaluate(&size)) {
        Some(choices) => Expected::Classes((0..rows).map(|_| random.below(choices) as u32).collect()),
        None => Expected::Numbers((0..rows).map(|_| random.normal() as f32).collect()),
    }
}
