//! One recurrence as a table for people, as JSON, and as panels of a heat map.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::steps::Labels;
use crate::lower::NamedValue;
use crate::predictor::{Reading, Steps};
use crate::report::{Group, Panel};

/// Characters of a step's label in a table.
const LABEL: usize = 16;
/// Characters of a number, and of the space before it.
const NUMBER: usize = 6;
const SPACE: usize = 2;

/// Rows and steps in the order they are read.
fn places(reading: &Reading) -> Vec<(usize, usize)> {
    let places: BTreeSet<(usize, usize)> =
        reading.traced.values.iter().flat_map(|value| value.places.keys().copied()).collect();
    let mut places: Vec<(usize, usize)> = places.into_iter().collect();
    if reading.backward {
        places.sort_by_key(|(row, step)| (*row, std::cmp::Reverse(*step)));
    }
    places
}

/// Units of the widest value.
pub fn width(reading: &Reading) -> usize {
    let widths = reading.traced.values.iter().flat_map(|value| value.places.values().map(Vec::len));
    widths.max().unwrap_or(0)
}

/// A line a step, in the order of reading; the mean over the units of every value. Values that do not fit beside each other
/// stand below.
pub fn lines(reading: &Reading, labels: &Labels, columns: usize) -> Vec<String> {
    let what = if reading.steps == Steps::Nodes { "node" } else { "step" };
    let mut lines = vec![format!(
        "{}: the cell {}, {} units, their mean after every {what}",
        reading.name,
        reading.cell,
        width(reading)
    )];
    let places = places(reading);
    let shown = |value: &NamedValue| value.name.chars().count().max(NUMBER) + SPACE;
    let mut rest = reading.traced.values.as_slice();
    while !rest.is_empty() {
        let mut used = 5 + LABEL;
        let fits = |value: &&NamedValue| {
            used += shown(value);
            used <= columns
        };
        let (now, later) = rest.split_at(rest.iter().take_while(fits).count().max(1));
        rest = later;
        let heading: String = now.iter().map(|value| format!("{:>1$}", value.name, shown(value))).collect();
        lines.push(format!("{:1$}{heading}", "", 5 + LABEL));
        for (row, step) in &places {
            let number = |value: &NamedValue| {
                let number = value.places.get(&(*row, *step)).map_or("–".to_string(), |units| short(mean(units)));
                format!("{number:>0$}", shown(value))
            };
            let label: String = labels.of(*row, *step).chars().take(LABEL).collect();
            lines.push(format!("{:>4} {label:<LABEL$}{}", step + 1, now.iter().map(number).collect::<String>()));
        }
    }
    lines
}

fn mean(units: &[f32]) -> f32 {
    units.iter().sum::<f32>() / units.len().max(1) as f32
}

fn short(value: f32) -> String {
    match value {
        0.0 => "0".into(),
        value if !value.is_finite() => value.to_string(),
        value if value.abs() < 100.0 => format!("{value:.2}"),
        value => format!("{value:.0e}"),
    }
}

/// Every step with the mean, the least and the largest of each value, and its first `units`.
pub fn json(reading: &Reading, labels: &Labels, units: usize) -> Value {
    let value = |value: &NamedValue, place| {
        let all = value.places.get(&place)?;
        let least = all.iter().copied().fold(f32::INFINITY, f32::min);
        let largest = all.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let shown = &all[..all.len().min(units)];
        Some((value.name.clone(), json!({ "mean": mean(all), "min": least, "max": largest, "units": shown })))
    };
    let step = |place: &(usize, usize)| {
        let values: serde_json::Map<String, Value> =
            reading.traced.values.iter().filter_map(|named| value(named, *place)).collect();
        json!({ "row": place.0, "step": place.1, "token": labels.of(place.0, place.1), "values": values })
    };
    json!({
        "name": reading.name, "cell": reading.cell, "field": reading.field, "backward": reading.backward,
        "over": match reading.steps {
            Steps::Tokens => "tokens",
            Steps::Sentences => "sentences",
            Steps::TokensOfSentences => "tokens of sentences",
            Steps::Nodes => "nodes",
        },
        "units": width(reading), "steps": places(reading).iter().map(step).collect::<Vec<_>>(),
    })
}

/// A panel for every value, its columns in the order of the text.
pub fn group(reading: &Reading, labels: &Labels, units: usize) -> Group {
    let mut places = places(reading);
    places.sort_unstable();
    let panel = |value: &NamedValue| {
        let of = |place| value.places.get(place).map_or(Vec::new(), |all| all[..all.len().min(units)].to_vec());
        Panel { name: value.name.clone(), values: places.iter().map(of).collect() }
    };
    Group {
        name: format!("{} ({})", reading.name, reading.cell),
        steps: places.iter().map(|(row, step)| labels.of(*row, *step)).collect(),
        panels: reading.traced.values.iter().map(panel).collect(),
    }
}
