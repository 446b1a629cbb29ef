//! Sizes in the data against sizes in the file: vectors and embeddings, trees and their cells, stories and their memory, and
//! sizes that are computed from vocabulary and classes.

use super::Review;
use crate::data::Split;
use crate::diagnostic::{Diagnostic, code};
use crate::ir::{Graph, Node, Op, Parameter, Symbol};
use crate::predictor::Sizes;
use crate::source::Span;

pub fn check(review: &Review, graph: &Graph, sizes: &Sizes) -> Vec<Diagnostic> {
    // The first says it: others follow from it.
    let first = graph.parameters.iter().find_map(|parameter| nothing_left(graph, parameter, sizes));
    let mut found: Vec<Diagnostic> = first.into_iter().collect();
    found.extend(review.splits().flat_map(|(name, split)| children(review, graph, name, split)));
    found.extend(graph.nodes.iter().filter_map(|node| slots(review, node)));
    found
}

/// Vectors of another width than the embedding that they are to fill.
pub fn vector_width(graph: &Graph, parameter: &Parameter, shown: &str, width: usize) -> Option<Diagnostic> {
    let vectors = parameter.pretrained.as_ref()?;
    let wanted = parameter.shape.last()?.as_constant().filter(|wanted| *wanted != width as i64)?;
    let message = format!("the vectors of {shown} have {width} numbers, and the embedding has {wanted}");
    let diagnostic = Diagnostic::new(code::DATA_SIZE, place(graph, parameter), message);
    let diagnostic =
        diagnostic.here(format!("{wanted} numbers a word")).label(vectors.span, format!("{width} numbers a word"));
    Some(diagnostic.help(format!("write `embedding({width}, vectors = …)`, or leave the size out: the file says it")))
}

/// Where a parameter comes from in the user's file: the application that made it.
fn place(graph: &Graph, parameter: &Parameter) -> Span {
    parameter.call.map_or(parameter.span, |call| graph.calls[call.0].span)
}

/// A size that is computed from the data and leaves nothing.
fn nothing_left(graph: &Graph, parameter: &Parameter, sizes: &Sizes) -> Option<Diagnostic> {
    let size = |symbol: &Symbol| sizes.get(symbol);
    let is_known = |symbol: &Symbol| symbol.is_length() || sizes.get(symbol).is_some();
    let bad = |dim: &&crate::ir::Dim| {
        dim.as_constant().is_none() && dim.symbols().all(is_known) && dim.evaluate(&size).is_none_or(|n| n == 0)
    };
    let dim = parameter.shape.iter().find(bad)?;
    let given: Vec<String> =
        dim.symbols().filter_map(|symbol| Some(format!("{symbol} is {}", sizes.get(symbol)?))).collect();
    let message =
        format!("with this data `{}` has the size {dim}, which leaves nothing: {}", parameter.name, given.join(", "));
    let diagnostic =
        Diagnostic::new(code::DATA_SIZE, place(graph, parameter), message).here(format!("{dim} is not above 0"));
    Some(diagnostic.help("name a size that is there whatever the data is, as in `dense(64)`"))
}

/// A node with more children than the cell reads.
fn children(review: &Review, graph: &Graph, name: &str, split: &Split) -> Vec<Diagnostic> {
    let wide = split.widest.iter().filter_map(|(field, (children, line))| {
        let most = graph.most_children(field).filter(|most| children > most)?;
        let is_fold =
            |node: &&Node| matches!(node.op, Op::Fold { cell } if graph.cells[cell.0].children() == Some(most));
        let at = graph.nodes.iter().find(is_fold).map_or(review.place(name), |node| graph.site(node));
        let message = format!(
            "a node with {children} children at {}:{line}, and the model's cell reads {most}: `left` and `right`",
            split.path()
        );
        let diagnostic = Diagnostic::new(code::DATA_SIZE, at, message).here(format!("reads {most} children"));
        let diagnostic = diagnostic.label(review.place(name), format!("line {line} of this file: {children} children"));
        Some(diagnostic.help("`child_sum_tree_lstm` reads any number; or make the trees binary"))
    });
    wide.collect()
}

/// A sequence longer than the memory that its softmax says it has.
fn slots(review: &Review, node: &Node) -> Option<Diagnostic> {
    let Op::SoftmaxOfSlots { slots } = node.op else { return None };
    let (field, unit) = match node.ty.axes.first()?.as_symbol()? {
        Symbol::Sentences { field, .. } => (field, "sentences"),
        Symbol::Length { field, .. } => (field, "steps"),
        _ => return None,
    };
    let length = |split: &Split, row: usize| {
        let sentences = split.texts.get(&**field).and_then(|texts| texts.sentence_count(row));
        sentences.unwrap_or_else(|| split.steps(field, row))
    };
    let longest = |split: &'_ Split| (0..split.len()).map(|row| (length(split, row), row)).max();
    let (name, split, length, row) = review
        .splits()
        .filter_map(|(name, split)| longest(split).map(|(length, row)| (name, split, length, row)))
        .find(|(_, _, length, _)| *length > slots)?;
    let at = split.origins.get(row).map_or_else(|| split.path(), |origin| review.row(split, *origin));
    let message =
        format!("the `{field}` at {at} has {length} {unit}, and the memory of this softmax has {slots} slots");
    let diagnostic = Diagnostic::new(code::DATA_SIZE, node.span, message).here(format!("{slots} slots"));
    let limit = if unit == "sentences" { "memory_size" } else { "max_len" };
    let diagnostic = diagnostic.label(review.place(name), format!("{length} {unit}"));
    let diagnostic = diagnostic.label(review.setting(field, limit), format!("`{limit}` says how many are read"));
    Some(diagnostic.help(format!("write `{limit} = {slots}` in `data`, or `slots = {length}`")))
}
