//! `rnnc summary`: the layers of a model with shapes, parameters and arithmetic, or their drawing.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use super::{Failure, SummaryFormat, files};
use crate::check::{self, NoFiles};
use crate::ir::{Cost, Dim, Graph, Model, Type};
use crate::passes::fuse::unfused;
use crate::predictor::{self, Sizes, thousands};
use crate::report::figure;
use crate::source::Sources;

pub fn summary(path: &Path, format: SummaryFormat) -> Result<ExitCode, Failure> {
    let (model, sizes, sources) = if path.extension().is_some_and(|e| e == "safetensors") {
        let (predictor, record) = predictor::load(path).map_err(Failure::input)?;
        // The places in the model are places in this text.
        let sources = check::check("model.rnn", &record.source, &mut NoFiles).sources;
        (predictor.model, predictor.sizes, sources)
    } else {
        let text = files::read(path)?;
        let (program, checked) = files::program(path, &text)?;
        let help = "write `model Name(text) -> label { … }`";
        let model = program.model.ok_or_else(|| files::lacks(&checked, "there is no `model` to summarise", help))?;
        (model, Sizes::default(), checked.sources)
    };
    let rows = rows(&model, &sizes);
    let mut out = std::io::stdout().lock();
    match format {
        SummaryFormat::Human => write!(out, "{}", table(&model, &rows, &sizes))?,
        SummaryFormat::Svg => write!(out, "{}", drawing(&model, &sources, &sizes))?,
        SummaryFormat::Json => writeln!(out, "{}", json(&model, &rows, &sizes))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn drawing(model: &Model, sources: &Sources, sizes: &Sizes) -> String {
    figure(model, &|span| sources.text(span).to_string(), &|symbol| sizes.get(symbol)).file()
}

pub struct Row {
    pub layer: String,
    /// The prefix of its parameters.
    pub path: String,
    pub shape: String,
    parameters: Dim,
    cost: Cost,
}

/// One row a step of the model's body, in order; then one for what stands outside of any layer, where that costs anything.
pub fn rows(model: &Model, sizes: &Sizes) -> Vec<Row> {
    let graph = &model.graph;
    let mut rows: Vec<Row> = Vec::new();
    let mut row_of = vec![None; graph.calls.len()];
    for (i, call) in graph.calls.iter().enumerate().filter(|(_, call)| call.parent.is_none()) {
        row_of[i] = Some(rows.len());
        let shape = call.result.map(|node| shape(&graph.node(node).ty, sizes)).unwrap_or_default();
        rows.push(Row {
            layer: call.layer.clone(),
            path: call.path.clone(),
            shape,
            parameters: Dim::default(),
            cost: Cost::default(),
        });
    }
    for parameter in &graph.parameters {
        if let Some(row) = parameter.call.and_then(|call| row_of[graph.outermost(call).0]) {
            rows[row].parameters = rows[row].parameters.add(&size(&parameter.shape));
        }
    }
    // What stands in the body itself, outside any layer.
    let mut own = Cost::default();
    for node in &graph.nodes {
        let cost = graph.cost(node);
        match node.call.and_then(|call| row_of[graph.outermost(call).0]) {
            Some(row) => rows[row].cost = rows[row].cost.add(&cost),
            None => own = own.add(&cost),
        }
    }
    if own != Cost::default() {
        rows.push(Row {
            layer: "(operators)".into(),
            path: String::new(),
            shape: String::new(),
            parameters: Dim::default(),
            cost: own,
        });
    }
    rows
}

fn size(shape: &[Dim]) -> Dim {
    shape.iter().fold(Dim::constant(1), |n, axis| n.multiply(axis))
}

fn total(graph: &Graph) -> Dim {
    graph.parameters.iter().fold(Dim::default(), |sum, parameter| sum.add(&size(&parameter.shape)))
}

fn total_cost(rows: &[Row]) -> Cost {
    rows.iter().fold(Cost::default(), |sum, row| sum.add(&row.cost))
}

/// A shape with the sizes that are known as numbers.
fn shape(ty: &Type, sizes: &Sizes) -> String {
    let known = |dim: &Dim| dim.evaluate(&|symbol| sizes.get(symbol)).map_or_else(|| dim.clone(), Dim::from);
    Type { axes: ty.axes.iter().map(known).collect(), ..ty.clone() }.to_string()
}

/// A number with its thousands apart, or a formula where a size is not known yet.
fn shown(dim: &Dim, sizes: &Sizes) -> String {
    match dim.evaluate(&|symbol| sizes.get(symbol)) {
        Some(n) => thousands(n as u64),
        None => dim.to_string(),
    }
}

fn table(model: &Model, rows: &[Row], sizes: &Sizes) -> String {
    let cost = total_cost(rows);
    // Most models read no sentences.
    let sentences = cost.per_sentence != Dim::default();
    let line = |layer: &str, shape: String, parameters: String, cost: Option<&Cost>| {
        let of = |amount: fn(&Cost) -> &Dim| cost.map(amount).map_or(String::new(), |dim| cell(dim, sizes));
        let mut line = vec![layer.to_string(), shape, parameters, of(|cost| &cost.per_token)];
        line.extend(sentences.then(|| of(|cost| &cost.per_sentence)));
        line.push(of(|cost| &cost.per_text));
        line
    };
    let mut head = vec!["layer", "shape", "parameters", "flops/token"];
    head.extend(sentences.then_some("flops/sentence"));
    head.push("flops/text");
    let head = head.into_iter().map(str::to_string).collect();
    let inputs = model.inputs.iter().map(|input| {
        let node = model.graph.nodes.iter().find(|node| node.op == crate::ir::Op::Input(input.clone()));
        line(input, node.map(|n| n.ty.to_string()).unwrap_or_default(), String::new(), None)
    });
    let body =
        rows.iter().map(|row| line(&row.layer, row.shape.clone(), cell(&row.parameters, sizes), Some(&row.cost)));
    let last = line("total", String::new(), shown(&total(&model.graph), sizes), Some(&cost));
    let lines: Vec<Vec<String>> =
        std::iter::once(head).chain(inputs).chain(body).chain(std::iter::once(last)).collect();
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..lines[0].len()).map(width).collect();
    let mut text = format!("{}\n", model.name);
    for (i, line) in lines.iter().enumerate() {
        // Names and shapes to the left, numbers to the right.
        let aligned = |(column, value): (usize, &String)| match column {
            0 | 1 => format!("{value:<0$}", widths[column]),
            _ => format!("{value:>0$}", widths[column]),
        };
        let row = line.iter().enumerate().map(aligned).collect::<Vec<_>>().join("  ");
        if i == 1 || i + 1 == lines.len() {
            text.push_str(&"-".repeat(widths.iter().sum::<usize>() + 2 * (widths.len() - 1)));
            text.push('\n');
        }
        text.push_str(row.trim_end());
        text.push('\n');
    }
    for (cell, why) in unfused(&model.graph) {
        text.push_str(&format!("note: the cell `{cell}` runs equation by equation, which is slower: {why}\n"));
    }
    text
}

/// The same, but nothing where there is nothing.
fn cell(dim: &Dim, sizes: &Sizes) -> String {
    if *dim == Dim::default() { String::new() } else { shown(dim, sizes) }
}

fn json(model: &Model, rows: &[Row], sizes: &Sizes) -> serde_json::Value {
    let value = |dim: &Dim| match dim.evaluate(&|symbol| sizes.get(symbol)) {
        Some(n) => serde_json::json!(n),
        None => serde_json::json!(dim.to_string()),
    };
    let cost = total_cost(rows);
    // Most models read no sentences.
    let sentences = cost.per_sentence != Dim::default();
    let with_sentences = |mut object: serde_json::Value, cost: &Cost| {
        if sentences {
            object["flops_per_sentence"] = value(&cost.per_sentence);
        }
        object
    };
    let layer = |row: &Row| {
        let object = serde_json::json!({
            "layer": row.layer, "path": row.path, "shape": row.shape, "parameters": value(&row.parameters),
            "flops_per_token": value(&row.cost.per_token), "flops_per_text": value(&row.cost.per_text),
        });
        with_sentences(object, &row.cost)
    };
    let layers: Vec<_> = rows.iter().map(layer).collect();
    let unfused: Vec<_> =
        unfused(&model.graph).into_iter().map(|(cell, why)| serde_json::json!({ "cell": cell, "why": why })).collect();
    let object = serde_json::json!({
        "model": model.name, "layers": layers, "parameters": value(&total(&model.graph)),
        "flops_per_token": value(&cost.per_token), "flops_per_text": value(&cost.per_text), "unfused": unfused,
    });
    with_sentences(object, &cost)
}
