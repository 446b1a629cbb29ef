//! What a model is worth: classes, confusions, calibration, lengths, and its surest mistakes.

use super::{Examined, RunReport, figures};
use crate::data::Said;
use crate::predictor::{Analysis, ClassMetrics, Figures, percent, thousands};
use crate::report::{Axis, Chart, Heat, Page, Series, Table, heat, number};

/// A larger matrix is no longer something to look at; the pairs that are confused most often say it then.
const MATRIX: usize = 40;
/// Classes that are listed before the rest is folded away.
const CLASSES: usize = 40;
/// Pairs of classes that are listed.
const PAIRS: usize = 15;

pub fn write(page: &mut Page, report: &RunReport) {
    let (name, evaluation) = match (&report.examined, report.results.first()) {
        (Some(examined), _) => (examined.name, examined.evaluation),
        (None, Some((name, evaluation))) => (*name, *evaluation),
        (None, None) => return,
    };
    page.section(&format!("Answers: {name}"));
    page.remark(&format!("Everything in this part is about the {name} data: {}", figures(evaluation)));
    if let Figures::Classes { classes, confusion, labels, .. } = &evaluation.figures {
        per_class(page, classes);
        confusions(page, confusion, labels);
    }
    if let Some(examined) = &report.examined {
        page.charts(
            &[calibration(examined.analysis), pairs(examined.analysis), lengths(examined)]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>(),
        );
        mistakes(page, examined);
    }
}

fn per_class(page: &mut Page, classes: &[ClassMetrics]) {
    let mut table = Table::new(&["class"], &["precision", "recall", "F1", "examples"]);
    for class in classes {
        let [precision, recall, f1] = [class.precision, class.recall, class.f1].map(percent);
        table.row([class.label.clone(), precision, recall, f1, thousands(class.support)]);
    }
    if classes.len() <= CLASSES {
        page.heading("Classes");
        page.table(&table);
        return;
    }
    let mut worst: Vec<&ClassMetrics> = classes.iter().filter(|class| class.support > 0).collect();
    worst.sort_by(|a, b| a.f1.total_cmp(&b.f1).then(b.support.cmp(&a.support)));
    page.heading("Classes with the lowest F1");
    let mut few = Table::new(&["class"], &["precision", "recall", "F1", "examples"]);
    for class in worst.iter().take(PAIRS) {
        let [precision, recall, f1] = [class.precision, class.recall, class.f1].map(percent);
        few.row([class.label.clone(), precision, recall, f1, thousands(class.support)]);
    }
    page.table(&few);
    page.details(&format!("All {} classes", classes.len()), |page| page.table(&table));
}

fn confusions(page: &mut Page, confusion: &[Vec<u64>], labels: &[String]) {
    page.heading("Confusion");
    if labels.len() <= MATRIX {
        page.remark("Rows are the true classes, columns the predicted ones. The colour is the share of the row.");
        // Shares of a row, so that a rare class is seen as well as a frequent one.
        let share = |row: &Vec<u64>| {
            let all = row.iter().sum::<u64>().max(1) as f64;
            row.iter().map(|count| *count as f64 / all).collect::<Vec<_>>()
        };
        let texts =
            |row: &Vec<u64>| row.iter().map(|count| if *count == 0 { "·".into() } else { count.to_string() }).collect();
        page.drawing(&heat(&Heat {
            title: String::new(),
            rows: labels.to_vec(),
            columns: labels.to_vec(),
            values: confusion.iter().map(share).collect(),
            texts: Some(confusion.iter().map(texts).collect()),
            full: Some(1.0),
        }));
    }
    let wrong = |(class, row): (usize, &Vec<u64>)| {
        row.iter()
            .enumerate()
            .filter(move |(other, count)| *other != class && **count > 0)
            .map(move |(other, count)| (class, other, *count))
            .collect::<Vec<_>>()
    };
    let mut pairs: Vec<(usize, usize, u64)> = confusion.iter().enumerate().flat_map(wrong).collect();
    pairs.sort_by_key(|(class, other, count)| (std::cmp::Reverse(*count), *class, *other));
    if pairs.is_empty() {
        return page.remark("No answer is wrong.");
    }
    if labels.len() > 2 {
        let mut table = Table::new(&["true class", "taken for"], &["how often", "of the class"]);
        for (class, other, count) in pairs.iter().take(PAIRS) {
            let all = confusion[*class].iter().sum::<u64>().max(1);
            let share = percent(*count as f64 / all as f64);
            table.row([labels[*class].clone(), labels[*other].clone(), thousands(*count), share]);
        }
        page.table(&table);
    }
}

fn calibration(analysis: &Analysis) -> Option<Chart> {
    let bins = analysis.calibration.len();
    if bins == 0 || analysis.answers == 0 {
        return None;
    }
    let filled = analysis.calibration.iter().enumerate().filter(|(_, bin)| bin.count > 0);
    let bars =
        filled.clone().map(|(i, bin)| ((i as f64 + 0.5) / bins as f64, bin.right as f64 / bin.count as f64)).collect();
    let answers: Vec<(f64, f64)> =
        filled.map(|(i, bin)| ((i as f64 + 0.5) / bins as f64, bin.count as f64 / analysis.answers as f64)).collect();
    let series = vec![
        Series::bars("share of right answers", bars),
        Series::line("if the model were as right as it is sure", vec![(0.0, 0.0), (1.0, 1.0)]),
        Series::dots("share of all answers", answers),
    ];
    let mut chart = Chart::new("Calibration", Axis::shares("probability of the answer"), Axis::shares(""), series);
    let error = percent(analysis.calibration_error());
    chart.caption = format!("expected calibration error {error}, {} answers", thousands(analysis.answers));
    Some(chart)
}

/// Of numbers: the predicted by the true one.
fn pairs(analysis: &Analysis) -> Option<Chart> {
    let points: Vec<(f64, f64)> = analysis.numbers.iter().map(|(x, y)| (f64::from(*x), f64::from(*y))).collect();
    let ends =
        points.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), (x, _)| (low.min(*x), high.max(*x)));
    if points.is_empty() {
        return None;
    }
    let line = Series::line("where both are the same", vec![(ends.0, ends.0), (ends.1, ends.1)]);
    let series = vec![Series::dots("predicted", points), line];
    Some(Chart::new("Predicted by true number", Axis::linear("true"), Axis::linear(""), series))
}

fn lengths(examined: &Examined) -> Option<Chart> {
    let lengths = &examined.analysis.lengths;
    // One length says nothing about lengths.
    if lengths.len() < 2 {
        return None;
    }
    let points = lengths.iter().map(|s| ((s.shortest + s.longest) as f64 / 2.0, s.figure)).collect();
    let (title, y) = match examined.evaluation.figures {
        Figures::Numbers { .. } => ("Mean absolute error by length", Axis::linear("").holding(0.0, 0.0)),
        _ => ("Accuracy by length", Axis::shares("")),
    };
    let mut chart = Chart::new(title, Axis::linear("tokens of the text"), y, vec![Series::line("", points)]);
    let fewest = lengths.iter().map(|stretch| stretch.answers).min().unwrap_or(0);
    chart.caption = format!("{} groups of {} answers and more", lengths.len(), thousands(fewest));
    Some(chart)
}

fn mistakes(page: &mut Page, examined: &Examined) {
    let mistakes = &examined.analysis.mistakes;
    if mistakes.is_empty() {
        return;
    }
    let numbers = matches!(examined.evaluation.figures, Figures::Numbers { .. });
    page.heading(if numbers { "The numbers that are furthest off" } else { "The surest mistakes" });
    // Numbers are no texts.
    let texts = !examined.texts.values().all(Vec::is_empty);
    if texts && examined.from_ids {
        page.remark("The texts are shown as the model reads them: their rows are not in a file as they are here.");
    }
    let columns = if texts { &["true", "predicted", "text"][..] } else { &["true", "predicted"] };
    let mut table = Table::new(columns, &[if numbers { "off by" } else { "probability" }]);
    for mistake in mistakes {
        let text = examined.texts.get(&mistake.row).map_or(String::new(), in_one);
        let text = match mistake.step {
            Some(step) => format!("at {}: {text}", step + 1),
            None => text,
        };
        let weight = if numbers { number(mistake.weight) } else { percent(mistake.weight) };
        let mut row = vec![mistake.expected.clone(), mistake.predicted.clone()];
        row.extend(texts.then_some(text));
        row.push(weight);
        table.row(row);
    }
    page.table(&table);
}

/// Several fields each with its name.
fn in_one(said: &Said) -> String {
    match said.as_slice() {
        [(_, text)] => text.clone(),
        fields => fields.iter().map(|(field, text)| format!("{field}: {text}")).collect::<Vec<_>>().join("\n"),
    }
}
