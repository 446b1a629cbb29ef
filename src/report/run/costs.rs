//! What a training took: time, speed and memory.

use super::RunReport;
use crate::predictor::thousands;
use crate::report::Page;
use crate::train::EpochRecord;

pub fn write(page: &mut Page, report: &RunReport) {
    let history = report.history;
    let sum = |figure: fn(&EpochRecord) -> f64| history.iter().map(figure).sum::<f64>();
    let (training, validation) = (sum(|record| record.seconds), sum(|record| record.valid_seconds.unwrap_or(0.0)));
    let mut facts = vec![("training".to_string(), duration(training))];
    if validation > 0.0 {
        facts.push(("validation".into(), duration(validation)));
    }
    let epochs = history.len().max(1) as f64;
    facts.push(("an epoch".into(), format!("{} on the mean", duration((training + validation) / epochs))));
    let steps: usize = history.iter().map(|record| record.steps).sum();
    facts.push(("steps".into(), thousands(steps as u64)));
    let median = |figure: fn(&EpochRecord) -> f64| {
        let mut all: Vec<f64> = history.iter().map(figure).collect();
        all.sort_by(f64::total_cmp);
        thousands(all.get(all.len() / 2).copied().unwrap_or(0.0) as u64)
    };
    facts.push(("tokens a second".into(), median(|record| record.tokens_per_second)));
    facts.push(("examples a second".into(), median(|record| record.examples_per_second)));
    if let Some(bytes) = history.iter().filter_map(|record| record.peak_memory).max() {
        facts.push(("peak memory".into(), format!("{} MiB, with the data and the program", thousands(bytes >> 20))));
    }
    page.facts(&facts);
    page.remark("Speeds are those of the median epoch. `metrics.jsonl` has the figures of every epoch.");
}

/// `0.42 s`, `42 s`, `3 min 5 s`, `2 h 10 min`.
pub fn duration(seconds: f64) -> String {
    if seconds < 10.0 {
        return format!("{seconds:.2} s");
    }
    let seconds = seconds.round() as u64;
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}
