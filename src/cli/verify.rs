//! `rnnc verify`: what a model computes, compared with itself, as a table.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use serde_json::json;

use super::{Failure, Output, files};
use crate::check::{self, NoFiles};
use crate::diagnostic::render::printable;
use crate::ir::{Model, Symbol};
use crate::predictor;
use crate::random::Random;
use crate::source::Sources;
use crate::train::initial_values;
use crate::verify::{self, Layer};

/// Sizes that data would decide; small, since nothing depends on them.
const VOCABULARY: usize = 11;
const CLASSES: usize = 3;
const VECTORS: usize = 5;

/// Weights of a file are moved by up to so much from where training starts: zeros would hide a gradient.
const MOVED: f64 = 0.1;

pub fn verify(path: &Path, format: Output) -> Result<ExitCode, Failure> {
    let (layers, sources) = if path.extension().is_some_and(|extension| extension == "safetensors") {
        let (predictor, record) = predictor::load(path).map_err(Failure::input)?;
        let sources = check::check(&path.display().to_string(), &record.source, &mut NoFiles).sources;
        let values = predictor.network.values().map_err(Failure::input)?;
        let size = |symbol: &Symbol| predictor.sizes.get(symbol);
        (verify::verify(&predictor.model, &size, values, record.seed), sources)
    } else {
        let (program, checked) = files::program(path, &files::read(path)?)?;
        let help = "write `model Name(text) -> label { … }`";
        let model = program.model.ok_or_else(|| files::lacks(&checked, "there is no `model` to verify", help))?;
        (of_file(&model, program.train.seed), checked.sources)
    };
    let layers = layers.map_err(Failure::input)?;
    let mut out = std::io::stdout().lock();
    match format {
        Output::Human => write!(out, "{}", printable(&table(&layers, &sources)))?,
        Output::Json => {
            for layer in &layers {
                writeln!(out, "{}", json_of(layer, &sources))?;
            }
        }
    }
    Ok(ExitCode::from(u8::from(!layers.iter().all(Layer::agrees))))
}

fn of_file(model: &Model, seed: u64) -> Result<Vec<Layer>, crate::lower::LowerError> {
    let size = |symbol: &Symbol| match symbol {
        Symbol::Vocabulary(_) => Some(VOCABULARY),
        Symbol::Classes(_) => Some(CLASSES),
        Symbol::VectorSize(_) => Some(VECTORS),
        _ => None,
    };
    let mut values = initial_values(&model.graph, &size, seed)?;
    let mut random = Random::new(seed, &[u64::from_be_bytes(*b"verified")]);
    values.iter_mut().flatten().for_each(|value| *value += (MOVED * (random.uniform() * 2.0 - 1.0)) as f32);
    verify::verify(model, &size, values, seed)
}

fn place(layer: &Layer, sources: &Sources) -> String {
    format!("{}:{}", sources.file(layer.span.file).path, sources.start(layer.span).line)
}

fn cells(layer: &Layer) -> String {
    let cell = |(name, why): &(String, Option<String>)| match why {
        None => format!("{name}, fused"),
        Some(why) => format!("{name}, not fused: {why}"),
    };
    layer.cells.iter().map(cell).collect::<Vec<_>>().join("; ")
}

fn table(layers: &[Layer], sources: &Sources) -> String {
    let name = layers.iter().map(|layer| layer.name.chars().count()).max().unwrap_or(0).max(5);
    let at = layers.iter().map(|layer| place(layer, sources).chars().count()).max().unwrap_or(0).max(5);
    let mut text = format!("{:name$}  {:at$}", "layer", "place");
    let headings = layers.first().map(|layer| layer.figures().map(|(what, ..)| what)).unwrap_or_default();
    headings.iter().for_each(|what| text += &format!("  {what:>10}"));
    text += "  cell\n";
    for layer in layers {
        text += &format!("{:name$}  {:at$}", layer.name, place(layer, sources));
        for (what, figure, limit) in layer.figures() {
            let width = what.len().max(10);
            let mark = if figure <= limit { ' ' } else { '!' };
            text += &format!(" {mark}{:>width$}", shown(figure));
        }
        text = format!("{text}  {}", cells(layer)).trim_end().to_string();
        text.push('\n');
    }
    let all = layers.iter().flat_map(|layer| layer.figures().map(|figure| (layer, figure)));
    let share = |figure: &(&str, f64, f64)| figure.1 / figure.2;
    let worst = all.max_by(|(_, a), (_, b)| share(a).total_cmp(&share(b)));
    if let Some((layer, (what, figure, limit))) = worst {
        let verdict = if figure <= limit { "all agree" } else { "this does not agree" };
        let place = place(layer, sources);
        text += &format!(
            "{verdict}; the worst are the {what} of `{}` ({place}): {}, where {limit:.0e} is allowed\n",
            layer.name,
            shown(figure)
        );
    }
    text
}

fn shown(figure: f64) -> String {
    if figure == 0.0 { "0".to_string() } else { format!("{figure:.1e}") }
}

fn json_of(layer: &Layer, sources: &Sources) -> serde_json::Value {
    let mut value = json!({
        "layer": layer.name,
        "path": sources.file(layer.span.file).path,
        "line": sources.start(layer.span).line,
        "agrees": layer.agrees(),
        "cells": layer.cells.iter().map(|(name, why)| json!({ "name": name, "unfused": why })).collect::<Vec<_>>(),
    });
    for (what, figure, limit) in layer.figures() {
        // JSON has no infinity.
        value[what.replace(' ', "_")] = json!({ "figure": figure.is_finite().then_some(figure), "limit": limit });
    }
    value
}
