//! The interpreter of [`crate::verify`] for the one field that these tests read.

use crate::ir::Graph;
use crate::verify::interpreter::{self, Row, Text, Values};

pub(super) use crate::verify::interpreter::Memory;

fn row(text: &[u32], parents: Vec<u32>) -> Row {
    Row::from([("text".to_owned(), Text { ids: text.to_vec(), parents, steps: text.len(), ..Text::default() })])
}

fn owned(values: Values) -> Vec<Vec<f64>> {
    values.into_iter().map(std::borrow::Cow::into_owned).collect()
}

/// The values of all nodes of `graph` for one text.
pub(super) fn interpret(graph: &Graph, parameters: &[Vec<f64>], text: &[u32]) -> Vec<Vec<f64>> {
    interpret_on(graph, parameters, text, &mut Memory::new())
}

/// The same for a piece of a longer text.
pub(super) fn interpret_on(graph: &Graph, parameters: &[Vec<f64>], text: &[u32], memory: &mut Memory) -> Vec<Vec<f64>> {
    // As trees they are heaps, which a text does not look at.
    let row = row(text, (0..text.len()).map(super::heap).collect());
    owned(interpreter::interpret_on(graph, parameters, &row, memory))
}

/// The values of all nodes of `graph` for one tree.
pub(super) fn interpret_tree(graph: &Graph, parameters: &[Vec<f64>], text: &[u32], parents: &[u32]) -> Vec<Vec<f64>> {
    owned(interpreter::interpret(graph, parameters, &row(text, parents.to_vec())))
}
