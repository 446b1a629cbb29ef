//! A few short, ragged examples for any model, and where their true values stand in a batch.

use std::collections::BTreeMap;

use super::interpreter::{Row, Text};
use crate::data::{PAD, Tokens};
use crate::ir::{Dim, Element, Model, Node, Op, Symbol, Type};
use crate::random::Random;

/// The steps of every example: several, one, and in no order.
const STEPS: [usize; 4] = [4, 6, 1, 3];
/// Tokens of the sentences where a text is a sequence of them; the first ones of so many sentences as it has steps.
const SENTENCES: [usize; 6] = [3, 1, 4, 2, 1, 2];

/// Keeps these random numbers apart from those for other purposes.
const PURPOSE: u64 = u64::from_be_bytes(*b"verified");

/// The examples, field by field.
pub fn examples(model: &Model, size: &dyn Fn(&Symbol) -> Option<usize>, seed: u64) -> Vec<Row> {
    let mut random = Random::new(seed, &[PURPOSE]);
    let mut row = |steps: &usize| {
        let text = |field: &String| (field.clone(), text(model, size, field, *steps, &mut random));
        model.inputs.iter().map(text).collect()
    };
    STEPS.iter().map(&mut row).collect()
}

fn text(
    model: &Model,
    size: &dyn Fn(&Symbol) -> Option<usize>,
    field: &str,
    steps: usize,
    random: &mut Random,
) -> Text {
    if let Some(width) = model.width(field) {
        let numbers = (0..steps * width).map(|_| random.uniform() as f32).collect();
        return Text { numbers, steps, ..Text::default() };
    }
    let vocabulary = model_vocabulary(model, size, field);
    let mut id = || (1 + random.below(vocabulary - 1)) as u32;
    match input(model, field).map(|node| &node.ty) {
        Some(ty) if ty.is_tree() => {
            // As in a heap; words stand at the leaves.
            let parents: Vec<u32> = (0..steps).map(|n| (n.saturating_sub(1) / 2) as u32).collect();
            let ids = (0..steps).map(|n| if 2 * n + 1 < steps { PAD } else { id() }).collect();
            Text { ids, parents, steps, ..Text::default() }
        }
        Some(ty) if ty.sequence_axes() == 2 => {
            let sentences = SENTENCES[..steps].to_vec();
            let steps = sentences.iter().sum();
            Text { ids: (0..steps).map(|_| id()).collect(), sentences, steps, ..Text::default() }
        }
        _ => Text { ids: (0..steps).map(|_| id()).collect(), steps, ..Text::default() },
    }
}

/// The rows of the table that a field's tokens are looked up in: its vocabulary, which may be that of another.
fn model_vocabulary(model: &Model, size: &dyn Fn(&Symbol) -> Option<usize>, field: &str) -> usize {
    let reads = |id: &crate::ir::NodeId| matches!(&model.graph.node(*id).op, Op::Input(own) if own == field);
    let lookups =
        model.graph.nodes.iter().filter(|node| node.op == Op::Lookup && node.inputs.get(1).is_some_and(reads));
    let rows = |node: &Node| model.graph.node(node.inputs[0]).ty.axes.first().and_then(|axis| axis.evaluate(&size));
    lookups.filter_map(rows).min().unwrap_or(2).max(2)
}

fn input<'m>(model: &'m Model, field: &str) -> Option<&'m Node> {
    model.graph.nodes.iter().find(|node| matches!(&node.op, Op::Input(own) if own == field))
}

/// The examples as a batch.
pub fn batch(model: &Model, rows: &[Row]) -> BTreeMap<String, Tokens> {
    let column = |field: &String| {
        let texts: Vec<&Text> = rows.iter().filter_map(|row| row.get(field)).collect();
        let ids: Vec<&[u32]> = texts.iter().map(|text| text.ids.as_slice()).collect();
        let ty = input(model, field).map(|node| &node.ty);
        let tokens = match (model.width(field), ty) {
            (Some(width), Some(ty)) if ty.element == Element::Number => {
                Tokens::from_numbers(&texts.iter().map(|text| &text.numbers).collect::<Vec<_>>(), width)
            }
            (_, Some(ty)) if ty.is_tree() => {
                Tokens::from_trees(&ids, &texts.iter().map(|text| text.parents.as_slice()).collect::<Vec<_>>())
            }
            (_, Some(ty)) if ty.sequence_axes() == 2 => {
                Tokens::from_documents(&texts.iter().map(|text| sentences(text)).collect::<Vec<_>>())
            }
            _ => Tokens::from_texts(&ids),
        };
        (field.clone(), tokens)
    };
    model.inputs.iter().map(column).collect()
}

fn sentences(text: &Text) -> Vec<&[u32]> {
    let mut start = 0;
    let cut = |length: &usize| {
        start += length;
        &text.ids[start - length..start]
    };
    text.sentences.iter().map(cut).collect()
}

/// Where the true numbers of every example stand in a value of a batch of these examples, time-major.
pub fn places(ty: &Type, rows: &[Row]) -> Vec<Vec<usize>> {
    let features: usize = ty.axes[ty.sequence_axes()..].iter().filter_map(Dim::as_constant).product::<i64>() as usize;
    let axes: Vec<&Symbol> = ty.axes[..ty.sequence_axes()].iter().filter_map(Dim::as_symbol).collect();
    let field = |row: &Row, symbol: &Symbol| match symbol {
        Symbol::Length { field, .. } | Symbol::Nodes { field, .. } | Symbol::Sentences { field, .. } => {
            row.get(&**field).cloned().unwrap_or_default()
        }
        _ => Text::default(),
    };
    let batch = rows.len();
    let steps = |(b, row): (usize, &Row)| -> Vec<usize> {
        match axes.as_slice() {
            [] => vec![b],
            [only @ Symbol::Sentences { .. }] => (0..field(row, only).sentences.len()).map(|s| s * batch + b).collect(),
            [only] => (0..field(row, only).steps).map(|t| t * batch + b).collect(),
            [outer, ..] => {
                let most = rows.iter().map(|row| field(row, outer).sentences.len()).max().unwrap_or(0);
                let sentences = field(row, outer).sentences;
                let of = |(s, length): (usize, &usize)| {
                    (0..*length).map(move |t| (t * most + s) * batch + b).collect::<Vec<_>>()
                };
                sentences.iter().enumerate().flat_map(of).collect()
            }
        }
    };
    let all =
        |at: Vec<usize>| at.into_iter().flat_map(|place| (0..features).map(move |f| place * features + f)).collect();
    rows.iter().enumerate().map(steps).map(all).collect()
}
