//! Batches that come from no data: what `rnnc bench` times and `rnnc probe` falls back to.

use std::collections::BTreeMap;

use crate::data::{Expected, PAD, Tokens};
use crate::ir::{Model, Node, Op, Symbol, Target, Type};
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
            let tokens = Tokens::made_up(batch, steps, vocabulary, random);
            match input_type(model, field) {
                Some(ty) if ty.is_tree() => as_trees(tokens),
                Some(ty) if ty.sequence_axes() == 2 => as_documents(&tokens),
                _ => tokens,
            }
        }
    };
    model.inputs.iter().map(|field| (field.clone(), input(field))).collect()
}

fn input_type<'a>(model: &'a Model, field: &str) -> Option<&'a Type> {
    let reads = |node: &&Node| matches!(&node.op, Op::Input(input) if input == field);
    model.graph.nodes.iter().find(reads).map(|node| &node.ty)
}

/// Tokens in a sentence, but for the last of a text.
pub const SENTENCE: usize = 10;

/// The steps as sentences of one length, but for the last.
fn as_documents(tokens: &Tokens) -> Tokens {
    let batch = tokens.lengths.len();
    let texts: Vec<Vec<u32>> =
        (0..batch).map(|row| tokens.ids.iter().skip(row).step_by(batch).copied().collect()).collect();
    Tokens::from_documents(&texts.iter().map(|text| text.chunks(SENTENCE).collect::<Vec<_>>()).collect::<Vec<_>>())
}

/// The steps as the nodes of trees, as even as they can be: words stay at the leaves.
fn as_trees(tokens: Tokens) -> Tokens {
    let (batch, steps) = (tokens.lengths.len().max(1), tokens.steps);
    // As in a heap, the children of node n are the nodes 2n + 1 and 2n + 2.
    let word = |(i, id): (usize, &u32)| if 2 * (i / batch) + 1 < steps { PAD } else { *id };
    let ids = tokens.ids.iter().enumerate().map(word).collect();
    let parents = (0..tokens.ids.len()).map(|i| ((i / batch).saturating_sub(1) / 2) as u32).collect();
    Tokens { ids, parents, ..tokens }
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
