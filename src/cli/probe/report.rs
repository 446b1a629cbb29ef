//! What `rnnc probe` shows: the curves of every subject as one chart, or as JSON.

use serde_json::{Value, json};

use super::subject::Subject;
use crate::cli::{Failure, ProbeArguments};
use crate::probe::{Curve, Finding, Reading};
use crate::report::{Axis, Chart, Series};

pub struct Report {
    model: String,
    examples: usize,
    steps: usize,
    seed: u64,
    from_data: bool,
    /// With the cell that stands in place of the file's.
    curves: Vec<(Option<String>, Curve)>,
}

impl Report {
    pub fn new(arguments: &ProbeArguments, subjects: &[Subject]) -> Result<Self, Failure> {
        let named = |subject: &Subject| -> Vec<(Option<String>, Curve)> {
            let only = subject.curves.len() == 1;
            let name = |curve: &Curve| match (&subject.cell, only) {
                (None, _) => curve.name.clone(),
                (Some(cell), true) => cell.clone(),
                (Some(cell), false) => format!("{cell}: {}", curve.name),
            };
            let curve = |curve: &Curve| Curve { name: name(curve), ..curve.clone().cut(subject.examples.steps) };
            subject.curves.iter().map(|own| (subject.cell.clone(), curve(own))).collect()
        };
        let curves: Vec<_> = subjects.iter().flat_map(named).collect();
        let Some(first) = subjects.first().filter(|_| !curves.is_empty()) else {
            let path = arguments.file.display();
            return Err(Failure::input(format!("no answer of the model of {path} depends on a recurrent layer")));
        };
        Ok(Self {
            model: first.model.name.clone(),
            examples: first.examples.batch.indices.len(),
            steps: first.examples.steps,
            seed: first.seed,
            from_data: first.from_data,
            curves,
        })
    }

    pub fn chart(&self) -> Chart {
        let line = |(_, curve): &(Option<String>, Curve)| {
            let norms = curve.norms().iter().enumerate().rev();
            Series::line(&curve.name, norms.map(|(back, norm)| (-(back as f64), *norm)).collect())
        };
        let mut notes: Vec<String> = self.curves.iter().map(|(_, curve)| curve.sentence()).collect();
        let entered: Vec<String> =
            self.curves.iter().filter(|(_, curve)| curve.entered).map(|(_, c)| format!("`{}`", c.name)).collect();
        if !entered.is_empty() {
            let names = entered.join(", ");
            notes.push(format!(
                "what comes after {names} reads every step, so gradients enter all along, not only at 0"
            ));
        }
        let (count, examples) = (self.examples, if self.examples == 1 { "example" } else { "examples" });
        let kind = if self.from_data { "" } else { "made-up " };
        let steps = Axis::linear("steps, back from the end of the reading");
        Chart {
            caption: format!("‖∂loss/∂h‖ after every step, mean of {count} {kind}{examples}"),
            notes,
            ..Chart::new(
                format!("{}: gradients through time", self.model),
                steps,
                Axis::logarithmic(""),
                self.curves.iter().map(line).collect(),
            )
        }
    }

    pub fn json(&self) -> Value {
        let curve = |(cell, curve): &(Option<String>, Curve)| {
            let finding = Finding::of(curve.norms());
            let norms: serde_json::Map<String, Value> =
                curve.states.iter().map(|(name, norms)| (name.clone(), json!(norms))).collect();
            json!({
                "name": curve.name, "cell": cell, "backward": curve.reading == Reading::Backward,
                "entered": curve.entered, "finding": finding.word(),
                "step": finding.at().map(|(back, _)| -(back as i64)), "ratio": finding.at().map(|(_, left)| left),
                "norms": norms, "examples": curve.examples,
            })
        };
        json!({
            "model": self.model, "examples": self.examples, "steps": self.steps, "seed": self.seed,
            "made_up": !self.from_data, "curves": self.curves.iter().map(curve).collect::<Vec<_>>(),
        })
    }
}
