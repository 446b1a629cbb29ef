//! `rnnc train --dry-run`: one batch, and what a training will take, line by line of the model. Nothing is written.

use std::fmt::Write;

use crate::data::Tokens;
use crate::ir::{CallId, Graph, Node, Parameter, Symbol, Type};
use crate::predictor::{Sizes, thousands};
use crate::source::{Sources, Span};
use crate::train::{Rehearsal, Setup, TrainError, rehearse};

/// What the program itself has in memory: code, stacks of threads, packed matrices, the dictionaries of the standard library.
const PROGRAM: usize = 21 << 20;

/// A step of training, described.
pub fn dry_run(sources: &Sources, setup: &mut Setup) -> Result<String, TrainError> {
    let rehearsal = rehearse(setup)?;
    let (model, sizes) = (&setup.predictor.model, &setup.predictor.sizes);
    let rows = rows(&model.graph, sizes, sources, &rehearsal);
    let mut text = table(&rows);
    let (rows, tokens) = (rehearsal.batch.indices.len(), rehearsal.batch.texts.values().map(tokens).sum::<usize>());
    let rows = match setup.dataset.train.continuous {
        true => format!("{} parts of the text", thousands(rows as u64)),
        false => {
            format!("the {} longest of {} rows", thousands(rows as u64), thousands(setup.dataset.train.len() as u64))
        }
    };
    let _ = write!(
        text,
        "\none step on {rows}, {} tokens: loss {:.3}, norm of the gradients {:.3}\n",
        thousands(tokens as u64),
        rehearsal.loss,
        rehearsal.norm
    );
    text += "flops are those of its forward pass; memory is weights, gradients, optimizer and what backward reads\n";
    text += &peak(&rehearsal);
    text += "nothing was written\n";
    Ok(text)
}

/// A line of the table: a layer of the model's body, or what stands outside of any.
struct Row {
    line: Option<u32>,
    layer: String,
    shape: String,
    parameters: usize,
    flops: usize,
    memory: usize,
}

fn rows(graph: &Graph, sizes: &Sizes, sources: &Sources, rehearsal: &Rehearsal) -> Vec<Row> {
    let line = |span: Span| Some(sources.start(span).line);
    let outermost = |call: Option<CallId>| call.map(|call| graph.outermost(call));
    let row = |account: Option<CallId>| {
        let call = account.map(|call| &graph.calls[call.0]);
        let own = |parameter: &Parameter| outermost(parameter.call) == account;
        let nodes = graph.nodes.iter().filter(|node| outermost(node.call) == account);
        let parameters = graph.parameters.iter().zip(&rehearsal.parameters).filter(|(parameter, _)| own(parameter));
        let (mut count, mut memory) = (0, 0);
        for (_, taken) in parameters {
            count += taken.weights / size_of::<f32>();
            memory += taken.weights + taken.gradients + taken.optimizer;
        }
        let kept = rehearsal.memory.kept.iter().filter(|(call, _)| outermost(**call) == account);
        Row {
            line: call.and_then(|call| line(call.span)),
            layer: call.map_or_else(|| "(operators)".into(), |call| call.layer.clone()),
            shape: call.and_then(|call| call.result).map_or(String::new(), |node| shape(&graph.node(node).ty, sizes)),
            parameters: count,
            flops: nodes.map(|node| flops(graph, node, sizes, rehearsal)).sum(),
            memory: memory + kept.map(|(_, bytes)| bytes).sum::<usize>(),
        }
    };
    let calls = (0..graph.calls.len()).map(CallId).filter(|call| graph.calls[call.0].parent.is_none());
    let mut rows: Vec<Row> = calls.map(|call| row(Some(call))).collect();
    rows.extend(Some(row(None)).filter(|row| row.flops + row.memory + row.parameters > 0));
    rows
}

/// A shape with the sizes that are known as numbers.
fn shape(ty: &Type, sizes: &Sizes) -> String {
    let known = |dim: &crate::ir::Dim| {
        dim.evaluate(&|symbol| sizes.get(symbol)).map_or_else(|| dim.clone(), crate::ir::Dim::from)
    };
    Type { axes: ty.axes.iter().map(known).collect(), ..ty.clone() }.to_string()
}

/// The arithmetic of a node in the forward pass over the batch, its true tokens counted.
fn flops(graph: &Graph, node: &Node, sizes: &Sizes, rehearsal: &Rehearsal) -> usize {
    let types = std::iter::once(&node.ty).chain(node.inputs.iter().map(|input| &graph.node(*input).ty));
    let field = types.flat_map(|ty| &ty.axes).find_map(|axis| match axis.as_symbol()? {
        Symbol::Length { field, .. } | Symbol::Nodes { field, .. } | Symbol::Sentences { field, .. } => Some(field),
        _ => None,
    });
    let texts = field.and_then(|field| rehearsal.batch.texts.get(&**field));
    let (steps, sentences) = (texts.map_or(0, tokens), texts.map_or(0, sentences));
    let cost = graph.cost(node);
    let value = |dim: &crate::ir::Dim| dim.evaluate(&|symbol| sizes.get(symbol)).unwrap_or(0);
    value(&cost.per_token) * steps
        + value(&cost.per_sentence) * sentences
        + value(&cost.per_text) * rehearsal.batch.indices.len()
}

fn tokens(texts: &Tokens) -> usize {
    texts.lengths.iter().map(|length| *length as usize).sum()
}

fn sentences(texts: &Tokens) -> usize {
    texts.sentences.as_ref().map_or(0, |sentences| sentences.lengths.iter().map(|length| *length as usize).sum())
}

fn table(rows: &[Row]) -> String {
    let number = |number: usize| if number == 0 { String::new() } else { thousands(number as u64) };
    let bytes = |size: usize| if size == 0 { String::new() } else { bytes(size) };
    let sum = |of: fn(&Row) -> usize| rows.iter().map(of).sum::<usize>();
    let head = ["line", "layer", "shape", "parameters", "flops", "memory"].map(String::from);
    let body = rows.iter().map(|row| {
        let line = row.line.map_or(String::new(), |line| line.to_string());
        let figures = [number(row.parameters), number(row.flops), bytes(row.memory)];
        let [parameters, flops, memory] = figures;
        [line, row.layer.clone(), row.shape.clone(), parameters, flops, memory]
    });
    let totals = [number(sum(|row| row.parameters)), number(sum(|row| row.flops)), bytes(sum(|row| row.memory))];
    let [parameters, flops, memory] = totals;
    let total = [String::new(), "total".into(), String::new(), parameters, flops, memory];
    let lines: Vec<[String; 6]> = std::iter::once(head).chain(body).chain([total]).collect();
    let widths: [usize; 6] =
        std::array::from_fn(|column| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0));
    let mut text = String::new();
    for (i, line) in lines.iter().enumerate() {
        // Names and shapes to the left, numbers to the right.
        let aligned = line.iter().enumerate().map(|(column, value)| match column {
            1 | 2 => format!("{value:<0$}", widths[column]),
            _ => format!("{value:>0$}", widths[column]),
        });
        let row = aligned.collect::<Vec<_>>().join("  ");
        if i == 1 || i + 1 == lines.len() {
            text += &format!("{}\n", "-".repeat(widths.iter().sum::<usize>() + 2 * (widths.len() - 1)));
        }
        text += &format!("{}\n", row.trim_end());
    }
    text
}

/// The peak memory to expect, by what it is for.
fn peak(rehearsal: &Rehearsal) -> String {
    // A gradient stands twice for a moment: as the backward pass leaves it, and as the optimizer reads it.
    let gradients = 2 * rehearsal.total(|parameter| parameter.gradients);
    let parts = [
        ("program", PROGRAM),
        ("data", rehearsal.data),
        ("weights", rehearsal.total(|parameter| parameter.weights)),
        ("optimizer", rehearsal.total(|parameter| parameter.optimizer)),
        ("gradients", gradients),
        ("activations", rehearsal.memory.activations()),
        ("backward", rehearsal.memory.passing),
        ("reserve", rehearsal.reserve),
    ];
    let total = parts.iter().map(|(_, size)| size).sum::<usize>();
    let mut text = format!("peak memory to expect: about {}\n", bytes(total));
    for (name, size) in parts {
        text += &format!("  {name:<11}  {:>10}\n", bytes(size));
    }
    text
}

/// `3.4 MiB`
fn bytes(size: usize) -> String {
    match size {
        0..1_024 => format!("{size} B"),
        1_024..1_048_576 => format!("{:.1} KiB", size as f64 / 1024.0),
        1_048_576..1_073_741_824 => format!("{:.1} MiB", size as f64 / 1_048_576.0),
        _ => format!("{:.1} GiB", size as f64 / 1_073_741_824.0),
    }
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn bytes_as_a_person_reads_them() {
        let sizes = [0, 1023, 1024, 3 << 19, 5 << 30];
        assert_eq!(sizes.map(bytes), ["0 B", "1023 B", "1.0 KiB", "1.5 MiB", "5.0 GiB"]);
    }
}
