//! Classes without rows where they are to be measured, and classes so uneven that the metric does not see the small ones.

use super::{Review, percent, place};
use crate::data::{Answers, Labels, Split};
use crate::diagnostic::{Diagnostic, code};
use crate::ir::{ClassWeights, Metric};
use crate::predictor::thousands;
use crate::source::Span;

/// A class is missed where its share of the training rows would make this many rows of the split: of a class with fewer, a
/// fair draw may well leave none.
const EXPECTED: f64 = 1.0;

/// Above this share of one class, a model that always answers it looks good by accuracy.
const UNEVEN: f64 = 0.8;

/// Above this one, the accuracy that is printed means little even where something else is monitored.
const VERY_UNEVEN: f64 = 0.9;

/// Names in a message.
const NAMED: usize = 5;

pub fn check(review: &Review) -> Vec<Diagnostic> {
    let (Some(labels), Some(model)) = (&review.dataset.labels, &review.program.model) else { return Vec::new() };
    let field = model.target.field();
    let at = review.data.field(field).map_or(review.data.span, |field| field.span);
    let mut found: Vec<Diagnostic> =
        review.splits().skip(1).filter_map(|(name, split)| missing(review, labels, at, name, split)).collect();
    // A split without a class is uneven too, which need not be said.
    if found.is_empty() {
        found.extend(uneven(review, labels, at));
    }
    found
}

/// What an answer is counted by.
fn unit(split: &Split) -> &'static str {
    if matches!(split.answers, Answers::Classes(_)) { "row" } else { "label" }
}

fn missing(review: &Review, labels: &Labels, at: Span, name: &str, split: &Split) -> Option<Diagnostic> {
    let (train, here) = (review.dataset.train.answers.counts(labels), split.answers.counts(labels));
    let (all, own) = (train.iter().sum::<u64>(), here.iter().sum::<u64>());
    let is_missed = |class: &usize| here[*class] == 0 && train[*class] as f64 * own as f64 >= EXPECTED * all as f64;
    let missed: Vec<usize> = (0..labels.len()).filter(is_missed).collect();
    let unit = unit(split);
    let message = match missed.as_slice() {
        [] => return None,
        [one] => format!("`{name}` has no {unit} of the class `{}`", labels.names()[*one]),
        many => {
            let names = many.iter().take(NAMED).map(|class| format!("`{}`", labels.names()[*class]));
            let more = if many.len() > NAMED { ", …" } else { "" };
            let names = names.collect::<Vec<_>>().join(", ");
            format!("`{name}` has no {unit} of {} of the {} classes: {names}{more}", many.len(), labels.len())
        }
    };
    let rows: u64 = missed.iter().map(|class| train[*class]).sum();
    let diagnostic = Diagnostic::new(code::CLASS_WITHOUT_ROWS, review.place(name), message)
        .here(format!("none of its {} {unit}s", thousands(own)))
        .label(review.place("train"), format!("{} of {} {unit}s", thousands(rows), thousands(all)))
        .label(at, format!("{} classes", labels.len()));
    Some(
        diagnostic
            .help("its figures say nothing about what is not in it: draw the rows of all splits from the same ones"),
    )
}

fn uneven(review: &Review, labels: &Labels, at: Span) -> Option<Diagnostic> {
    let train = &review.program.train;
    // Rows that were made are as the task has them.
    if review.data.source.is_some() {
        return None;
    }
    let (name, split) = review.splits().find(|(name, _)| *name == "valid").or_else(|| review.splits().next())?;
    let counts = split.answers.counts(labels);
    let all = counts.iter().sum::<u64>();
    let (class, most) = counts.iter().enumerate().max_by_key(|(_, count)| **count)?;
    let share = *most as f64 / all.max(1) as f64;
    let by_accuracy = train.monitor == Metric::ValidAccuracy;
    let by_all_classes = train.monitor == Metric::ValidMacroF1 || train.class_weights != ClassWeights::None;
    if share < if by_accuracy { UNEVEN } else { VERY_UNEVEN } || (by_all_classes && !by_accuracy) {
        return None;
    }
    let (label, share) = (&labels.names()[class], percent(*most as usize, all as usize));
    let message =
        format!("{share} of the {}s of `{name}` are `{label}`: accuracy does not see the other classes", unit(split));
    let monitor = place(review.program, "train.monitor").filter(|_| by_accuracy);
    let here = if by_accuracy { "chooses the best epoch by accuracy" } else { "one class is nearly all of it" };
    let mut diagnostic = Diagnostic::new(code::IMBALANCE, monitor.unwrap_or(at), message).here(here);
    diagnostic =
        diagnostic.label(review.place(name), format!("{} of {} are `{label}`", thousands(*most), thousands(all)));
    let help = "a model that always answers it is as good: write `monitor = valid_macro_f1`";
    diagnostic = match train.class_weights {
        ClassWeights::None => {
            diagnostic.help(format!("{help}, and `class_weights = balanced` if the others should count as much"))
        }
        _ => diagnostic.help(help),
    };
    Some(match monitor {
        Some(span) => diagnostic.fix("write `valid_macro_f1`", span, "valid_macro_f1"),
        None => diagnostic,
    })
}
