//! Figures of trainings side by side: by name, for people and for programs.

use crate::predictor::{Evaluation, percent};
use crate::report::Axis;

/// What an evaluation says in single numbers, in the order in which it is read.
const NAMES: [&str; 6] = ["loss", "accuracy", "root_accuracy", "macro_f1", "perplexity", "mean_absolute_error"];

/// Names and values.
pub type Figures = serde_json::Map<String, serde_json::Value>;

/// `valid_loss`, `valid_accuracy` … `test_loss` …, as far as there are such.
pub fn figures(valid: Option<&Evaluation>, test: Option<&Evaluation>) -> Figures {
    let metrics = serde_json::json!({ "valid": valid, "test": test });
    of_record(&metrics)
}

/// The same from the metrics in a model's record.
pub fn of_record(metrics: &serde_json::Value) -> Figures {
    let mut figures = Figures::new();
    for split in ["valid", "test"] {
        for name in NAMES {
            if let Some(value) = metrics[split][name].as_f64() {
                figures.insert(format!("{split}_{name}"), value.into());
            }
        }
    }
    figures
}

/// A figure as people read it: a share in per cent.
pub fn shown(name: &str, value: f64) -> String {
    match name {
        name if is_share(name) => percent(value),
        name if name.ends_with("mean_absolute_error") => format!("{value:.5}"),
        _ => format!("{value:.3}"),
    }
}

/// Mean and spread.
pub fn shown_spread(name: &str, mean: f64, deviation: f64) -> String {
    match is_share(name) {
        true => format!("{:.1} ± {:.1}%", 100.0 * mean, 100.0 * deviation),
        false => format!("{} ± {}", shown(name, mean), shown(name, deviation)),
    }
}

fn is_share(name: &str) -> bool {
    name.ends_with("accuracy") || name.ends_with("f1")
}

/// The axis that the values of a figure stand on.
pub fn axis(name: &str) -> Axis {
    Axis { percent: is_share(name), ..Axis::linear("") }
}

/// Mean and standard deviation of a sample; nothing of an empty one, and no deviation of a single value.
pub fn spread(values: &[f64]) -> Option<(f64, f64)> {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0).max(1.0);
    (!values.is_empty()).then(|| (mean, variance.sqrt()))
}

/// Rows below a header, as text: the first column to the left, all others to the right.
pub fn aligned(rows: &[Vec<String>]) -> String {
    let count = |cell: &String| cell.chars().count();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> =
        (0..columns).map(|i| rows.iter().filter_map(|row| row.get(i)).map(count).max().unwrap_or(0)).collect();
    let mut text = String::new();
    for row in rows {
        let cell = |(i, cell): (usize, &String)| match i {
            0 => format!("{cell:<0$}", widths[0]),
            _ => format!("  {cell:>0$}", widths[i]),
        };
        let line: String = row.iter().enumerate().map(cell).collect();
        text += line.trim_end();
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deviation_is_that_of_a_sample() {
        assert_eq!(spread(&[1.0, 3.0]), Some((2.0, 2.0f64.sqrt())));
        assert_eq!((spread(&[4.0]), spread(&[])), (Some((4.0, 0.0)), None));
        assert_eq!(shown_spread("test_accuracy", 0.912, 0.0123), "91.2 ± 1.2%");
    }

    #[test]
    fn columns_stand_below_their_names() {
        let rows = [["a", "loss"], ["mean ± sd", "0.1"]].map(|row| row.map(String::from).to_vec());
        assert_eq!(aligned(&rows), "a          loss\nmean ± sd   0.1\n");
    }
}
