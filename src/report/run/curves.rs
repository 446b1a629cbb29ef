//! The curves of a training, epoch by epoch.

use super::RunReport;
use crate::ir::Clip;
use crate::report::{Axis, Chart, Page, Series, number};
use crate::train::EpochRecord;

pub fn write(page: &mut Page, report: &RunReport) {
    let charts: Vec<Chart> =
        [loss(report), metric(report), rate(report), norms(report), clipped(report)].into_iter().flatten().collect();
    page.charts(&charts);
    if report.history.iter().any(|record| record.restart.is_some()) {
        page.remark("Epochs of all restarts stand one after the other.");
    }
}

/// The figures that epochs have, by their place in the history.
fn series(report: &RunReport, name: &str, figure: impl Fn(&EpochRecord) -> Option<f64>) -> Option<Series> {
    let points = report.history.iter().zip(1u32..);
    let points: Vec<(f64, f64)> = points.filter_map(|(record, at)| Some((f64::from(at), figure(record)?))).collect();
    (!points.is_empty()).then(|| Series::line(name, points))
}

/// A chart over the epochs with the best one marked; nothing without a series.
fn chart(report: &RunReport, title: &str, y: Axis, series: Vec<Option<Series>>) -> Option<Chart> {
    let series: Vec<Series> = series.into_iter().flatten().collect();
    if series.is_empty() {
        return None;
    }
    let mut chart = Chart::new(title, Axis::linear("epoch"), y, series);
    let best = report.history.iter().rposition(|record| record.best);
    chart.marks.extend(best.map(|place| (place as f64 + 1.0, "best".to_string())));
    Some(chart)
}

fn loss(report: &RunReport) -> Option<Chart> {
    let train = series(report, "training", |record| Some(record.train_loss));
    let valid = series(report, "validation", |record| record.valid_loss);
    chart(report, "Loss", Axis::linear(""), vec![train, valid])
}

/// How good the answers are, in the figure that suits them.
fn metric(report: &RunReport) -> Option<Chart> {
    let valid = |name: &str, figure: fn(&EpochRecord) -> Option<f64>| series(report, name, figure);
    if let Some(perplexity) = valid("validation", |record| record.valid_perplexity) {
        return chart(report, "Perplexity", Axis::linear(""), vec![Some(perplexity)]);
    }
    if let Some(error) = valid("validation", |record| record.valid_mean_absolute_error) {
        return chart(report, "Mean absolute error", Axis::linear(""), vec![Some(error)]);
    }
    let lines = vec![
        valid("training accuracy", |record| record.train_accuracy),
        valid("validation accuracy", |record| record.valid_accuracy),
        valid("validation accuracy at the root", |record| record.valid_root_accuracy),
        valid("validation macro F1", |record| record.valid_macro_f1),
    ];
    chart(report, "Accuracy", Axis { percent: true, ..Axis::linear("") }, lines)
}

fn rate(report: &RunReport) -> Option<Chart> {
    let rates = series(report, "", |record| Some(record.learning_rate));
    let (first, last) = (report.history.first()?.learning_rate, report.history.last()?.learning_rate);
    let caption = match first == last {
        true => format!("{first} in the first epoch and in the last"),
        false => format!("from {} in the first epoch to {} in the last", number(first), number(last)),
    };
    let chart = chart(report, "Learning rate", Axis::logarithmic(""), vec![rates])?;
    Some(Chart { caption, ..chart })
}

fn norms(report: &RunReport) -> Option<Chart> {
    let mean = series(report, "mean of the steps", |record| Some(record.gradient_norm));
    let largest = series(report, "largest", |record| Some(record.largest_gradient_norm));
    let limit = match report.train.clip {
        Some(Clip::Norm(limit)) => series(report, "clip_norm", |_| Some(limit)),
        _ => None,
    };
    let chart = chart(report, "Gradient norm", Axis::logarithmic(""), vec![mean, largest, limit])?;
    Some(Chart { caption: "of all weights together, before clipping".into(), ..chart })
}

fn clipped(report: &RunReport) -> Option<Chart> {
    let share = series(report, "", |record| record.clipped);
    chart(report, "Share of steps clipped", Axis::shares(""), vec![share])
}
