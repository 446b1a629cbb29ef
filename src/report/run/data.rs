//! What the data of a training is: files, rows, classes, lengths, vocabularies.

use super::RunReport;
use crate::data::{Answers, IGNORED, Split};
use crate::predictor::{percent, thousands};
use crate::report::{Axis, Chart, Page, Series, Table};

/// Bars of a histogram.
const BARS: usize = 30;
/// Classes that are listed before the rest is folded away.
const CLASSES: usize = 30;

pub fn write(page: &mut Page, report: &RunReport) {
    page.section("Data");
    let mut files = Table::new(&["used for", "file", "SHA-256"], &["rows"]);
    for (name, split) in report.splits {
        for file in &split.files {
            files.row([name.to_string(), file.path.clone(), file.sha256.clone(), thousands(file.rows as u64)]);
        }
        if split.files.is_empty() {
            let rows = thousands(split.len() as u64);
            files.row([name.to_string(), "(rows held out of the training data)".into(), String::new(), rows]);
        }
    }
    page.table(&files);
    let mut splits = Table::new(&["used for"], &["rows", "tokens", "unknown tokens", "texts cut"]);
    for (name, split) in report.splits {
        let tokens: usize = (0..split.len()).map(|row| split.length(row)).sum();
        splits.row([
            name.to_string(),
            thousands(split.len() as u64),
            thousands(tokens as u64),
            format!("{:.2}%", 100.0 * split.unknown),
            thousands(split.truncated.values().sum::<usize>() as u64),
        ]);
    }
    page.table(&splits);
    for (field, vocabulary) in report.vocabularies {
        page.remark(&format!("The vocabulary of `{field}` has {} tokens.", thousands(vocabulary.len() as u64)));
    }
    classes(page, report);
    if !report.splits.iter().all(|(_, split)| split.continuous) {
        let charts: Vec<Chart> = report.splits.iter().filter_map(|(name, split)| lengths(name, split)).collect();
        page.charts(&charts);
    }
}

/// How often each class is an answer, in every split.
fn classes(page: &mut Page, report: &RunReport) {
    if report.labels.is_empty() {
        return;
    }
    let counts: Vec<Vec<u64>> = report.splits.iter().map(|(_, split)| counts(split, report.labels.len())).collect();
    let names: Vec<&str> = report.splits.iter().map(|(name, _)| *name).collect();
    let mut table = Table::new(&["class"], &names);
    for (class, label) in report.labels.iter().enumerate() {
        let cell = |counts: &Vec<u64>| {
            let all: u64 = counts.iter().sum();
            format!("{} ({})", thousands(counts[class]), percent(counts[class] as f64 / all.max(1) as f64))
        };
        table.row(std::iter::once(label.clone()).chain(counts.iter().map(cell)));
    }
    if report.labels.len() <= CLASSES {
        page.table(&table);
    } else {
        page.details(&format!("{} classes", report.labels.len()), |page| page.table(&table));
    }
}

fn counts(split: &Split, classes: usize) -> Vec<u64> {
    let answers = match &split.answers {
        Answers::Classes(classes) => classes.as_slice(),
        Answers::Tags(tags) => tags.ids(),
        Answers::Numbers(_) | Answers::Next(_) => &[],
    };
    let mut counts = vec![0; classes];
    for class in answers.iter().filter(|class| **class != IGNORED) {
        if let Some(count) = counts.get_mut(*class as usize) {
            *count += 1;
        }
    }
    counts
}

/// How many texts are how long.
fn lengths(name: &str, split: &Split) -> Option<Chart> {
    let lengths: Vec<usize> = (0..split.len()).map(|row| split.length(row)).collect();
    let (shortest, longest) = (lengths.iter().min()?, lengths.iter().max()?);
    let width = (longest - shortest + 1).div_ceil(BARS).max(1);
    let mut counts = vec![0u32; (longest - shortest) / width + 1];
    lengths.iter().for_each(|length| counts[(length - shortest) / width] += 1);
    let middle = |bar: usize| (shortest + bar * width) as f64 + (width - 1) as f64 / 2.0;
    let points = counts.iter().enumerate().map(|(bar, count)| (middle(bar), f64::from(*count))).collect();
    let title = format!("Lengths: {name}");
    let mut chart = Chart::new(title, Axis::linear("tokens"), Axis::linear(""), vec![Series::bars("", points)]);
    let bars = if width == 1 { String::new() } else { format!("; a bar is {width} lengths") };
    chart.caption = format!("texts by their number of tokens, {shortest} to {longest}{bars}");
    Some(chart)
}
