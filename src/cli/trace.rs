//! `rnnc trace`: the gates and states of every recurrence on its way through one text, under the names of the equations.

mod steps;
mod table;

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use super::{Failure, Output, TraceArguments, attention, files, predict, say, stdout_style};
use crate::artifact::write_atomically;
use crate::check::{self, NoFiles};
use crate::diagnostic::render::printable;
use crate::predictor::{self, Attention, Blame, Predictor, TextTrace};
use crate::report::{Drawing, HeatMap, Page, heat_map};
use crate::source::Sources;
use crate::train::Setup;
use steps::labels;

/// A text with more tokens is a slip of the keyboard: nobody can look at so many steps.
const MOST_STEPS: usize = 2000;

pub fn trace(arguments: &TraceArguments) -> Result<ExitCode, Failure> {
    let ending = arguments.out.as_deref().and_then(|out| out.extension()?.to_str());
    if let Some(out) = arguments.out.as_deref().filter(|_| !matches!(ending, Some("svg" | "html"))) {
        return Err(Failure::usage(format!("--out {}: a heat map is an .svg or an .html file", out.display())));
    }
    let (predictor, sources) = subject(&arguments.model)?;
    let texts = predict::fields(&predictor, arguments.text.clone()).map_err(Failure::input)?;
    let row = predict::encode(&predictor, &texts).map_err(Failure::input)?;
    let longest = row.iter().map(|field| field.ids.len()).max().unwrap_or(0);
    if longest > MOST_STEPS {
        return Err(Failure::input(format!(
            "the text has {longest} tokens, more than the {MOST_STEPS} that are traced at once; give a shorter one"
        )));
    }
    let mut trace = predictor.trace(&row).map_err(Failure::input)?;
    trace.readings.retain(|reading| !reading.traced.values.is_empty());
    let attention = predictor.explain(&[row]).map_err(Failure::input)?.pop().unwrap_or_default();
    if trace.readings.is_empty() && attention.is_empty() && trace.blame.is_none() {
        let path = arguments.model.display();
        return Err(Failure::input(format!("the model of {path} has no recurrence and no attention to trace")));
    }
    let traced = Traced { predictor: &predictor, texts: &texts, trace: &trace, attention: &attention };
    if let Some(out) = &arguments.out {
        let file = if ending == Some("svg") {
            traced.drawing(arguments, &predictor.model.name).file()
        } else {
            traced.page(arguments)
        };
        write_atomically(out, file.as_bytes()).map_err(Failure::input)?;
        say(format!("heat map: {}", out.display()));
    }
    let mut out = std::io::stdout().lock();
    match arguments.output.format {
        Output::Human => {
            for line in traced.lines(stdout_style().width) {
                writeln!(out, "{}", printable(&line).replace('\n', " "))?;
            }
        }
        Output::Json => {
            let mut value = traced.json(arguments.units as usize);
            value["blame"] = trace.blame.as_ref().map(|blame| traced.blame_json(blame, &sources)).into();
            writeln!(out, "{value}")?;
        }
    }
    out.flush()?;
    let Some(blame) = &trace.blame else { return Ok(ExitCode::SUCCESS) };
    Err(Failure::input(traced.blame(blame, &sources)))
}

/// A trained model, or that of a file with the weights it would start from; with the text that its places point into.
fn subject(path: &Path) -> Result<(Predictor, Sources), Failure> {
    if path.extension().is_some_and(|extension| extension == "rnn") {
        let (program, checked) = files::program(path, &files::read(path)?)?;
        let directory = path.parent().unwrap_or(Path::new(""));
        let setup = Setup::new(program, checked.source, directory).map_err(Failure::input)?;
        return Ok((setup.predictor, checked.sources));
    }
    let (predictor, record) = predictor::load(path).map_err(Failure::input)?;
    let name = format!("{} (--source)", path.display());
    Ok((predictor, check::check(&name, &record.source, &mut NoFiles).sources))
}

/// One text on its way through a model.
struct Traced<'t> {
    predictor: &'t Predictor,
    texts: &'t [String],
    trace: &'t TextTrace,
    attention: &'t [Attention],
}

impl Traced<'_> {
    /// The tables of all recurrences, then what attention looks at.
    fn lines(&self, width: usize) -> Vec<String> {
        let mut lines = Vec::new();
        for reading in &self.trace.readings {
            lines.extend(table::lines(reading, &labels(self.predictor, reading, self.texts), width));
            lines.push(String::new());
        }
        for attention in self.attention {
            lines.extend(attention::table(self.predictor, attention, self.texts));
            lines.push(String::new());
        }
        lines.pop();
        lines
    }

    fn json(&self, units: usize) -> serde_json::Value {
        let reading = |reading| table::json(reading, &labels(self.predictor, reading, self.texts), units);
        let attention = |attention| attention::json(self.predictor, attention, self.texts);
        serde_json::json!({
            "model": self.predictor.model.name,
            "recurrences": self.trace.readings.iter().map(reading).collect::<Vec<_>>(),
            "attention": self.attention.iter().map(attention).collect::<Vec<_>>(),
        })
    }

    fn drawing(&self, arguments: &TraceArguments, title: &str) -> Drawing {
        let units = arguments.units as usize;
        let group = |reading| table::group(reading, &labels(self.predictor, reading, self.texts), units);
        let mut groups: Vec<_> = self.trace.readings.iter().map(group).collect();
        groups.extend(self.attention.iter().map(|attention| steps::group(self.predictor, attention, self.texts)));
        heat_map(&HeatMap { title: title.into(), groups })
    }

    fn page(&self, arguments: &TraceArguments) -> String {
        let mut page = Page::new(format!("{}, step by step", self.predictor.model.name));
        page.paragraph(&self.texts.join("\n"));
        page.drawing(&self.drawing(arguments, ""));
        page.remark("Blue is above zero, orange below; the strength is a share of the largest value, written beside each panel.");
        if self.trace.readings.iter().any(|reading| table::width(reading) > arguments.units as usize) {
            page.remark(&format!("The first {} units of each value; `--units` shows more.", arguments.units));
        }
        page.finish()
    }

    fn blame(&self, blame: &Blame, sources: &Sources) -> String {
        let (start, file) = (sources.start(blame.span), sources.file(blame.span.file));
        let text = sources.text(blame.span);
        let line = file.text.lines().nth(start.line as usize - 1).unwrap_or_default().trim();
        let (at, value) = (self.place(blame), named(blame.value));
        match &blame.weight {
            Some(weight) => format!("the weight `{weight}` holds {value}, so the training that made it had diverged"),
            None => format!(
                "`{text}` is {value}{at}, and everything before it is a number\n  --> {}:{}:{}: {line}",
                file.path, start.line, start.column
            ),
        }
    }

    fn blame_json(&self, blame: &Blame, sources: &Sources) -> serde_json::Value {
        let start = sources.start(blame.span);
        let place = blame.place.map(|(reading, row, step)| {
            let reading = &self.trace.readings[reading];
            serde_json::json!({
                "recurrence": reading.name, "row": row, "step": step,
                "token": labels(self.predictor, reading, self.texts).of(row, step),
            })
        });
        serde_json::json!({
            "value": named(blame.value), "expression": sources.text(blame.span), "line": start.line,
            "column": start.column, "weight": blame.weight, "at": place,
        })
    }

    /// ` at step 3 (stamps) of lstm backward`
    fn place(&self, blame: &Blame) -> String {
        let Some((reading, row, step)) = blame.place else { return String::new() };
        let Some(reading) = self.trace.readings.get(reading) else { return String::new() };
        let label = labels(self.predictor, reading, self.texts).of(row, step);
        format!(" at step {} ({label}) of {}", step + 1, reading.name)
    }
}

fn named(value: f32) -> &'static str {
    match value {
        value if value.is_nan() => "not a number (NaN)",
        value if value > 0.0 => "infinite",
        _ => "minus infinite",
    }
}
