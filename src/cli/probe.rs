//! `rnnc probe`: how gradients fare on their way back through time.

mod examples;
mod report;
mod subject;

use std::io::Write;
use std::process::ExitCode;

use super::{Failure, Output, ProbeArguments, files, overrides, say, stdout_style};
use crate::artifact::write_atomically;
use crate::report::{Chart, Size, chart_page, plot, terminal};
use report::Report;
use subject::Subject;

/// More cells in one chart cannot be told apart.
const MOST_CELLS: usize = 8;
/// Columns of a chart on a wide terminal.
const WIDEST: usize = 80;

pub fn probe(arguments: &ProbeArguments) -> Result<ExitCode, Failure> {
    let draw = match arguments.out.as_deref().map(|out| (out, out.extension().and_then(|e| e.to_str()))) {
        None => None,
        Some((out, Some("svg"))) => Some((out, (|chart| plot(chart, Size::Large).file()) as fn(&Chart) -> String)),
        Some((out, Some("html"))) => Some((out, chart_page as _)),
        Some((out, _)) => {
            return Err(Failure::usage(format!("--out {}: a chart is an .svg or an .html file", out.display())));
        }
    };
    let report = Report::new(arguments, &subjects(arguments)?)?;
    if let Some((out, draw)) = draw {
        write_atomically(out, draw(&report.chart()).as_bytes()).map_err(Failure::input)?;
        say(format!("chart: {}", out.display()));
    }
    let mut out = std::io::stdout().lock();
    match arguments.output.format {
        Output::Human => {
            let style = stdout_style();
            write!(out, "{}", terminal(&report.chart(), style.width.min(WIDEST), style.color))?;
        }
        Output::Json => writeln!(out, "{}", report.json())?,
    }
    Ok(ExitCode::SUCCESS)
}

/// One for every cell that is compared, all with the same examples.
fn subjects(arguments: &ProbeArguments) -> Result<Vec<Subject>, Failure> {
    let path = &arguments.file;
    if path.extension().is_some_and(|extension| extension == "safetensors") {
        if arguments.cell.is_some() || !arguments.settings.is_empty() {
            return Err(Failure::usage(format!(
                "{} is a trained model, and its weights belong to its own cell and settings; \
                 --cell and --set take the .rnn file (`rnnc inspect --source` prints it)",
                path.display()
            )));
        }
        return Ok(vec![Subject::trained(arguments)?]);
    }
    let text = overrides::apply(files::read(path)?, &arguments.settings)?;
    match &arguments.cell {
        None => Ok(vec![Subject::from_file(arguments, &text, None)?]),
        Some(list) => cells(list)?.into_iter().map(|cell| Subject::from_file(arguments, &text, Some(cell))).collect(),
    }
}

/// The cells of a list; commas inside parentheses belong to a cell's settings.
fn cells(list: &str) -> Result<Vec<&str>, Failure> {
    let (mut cells, mut start, mut depth) = (Vec::new(), 0, 0i32);
    for (at, character) in list.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                cells.push(list[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    cells.push(list[start..].trim());
    if cells.iter().any(|cell| cell.is_empty()) {
        return Err(Failure::usage(format!("--cell {list}: a cell is missing; write names with commas between")));
    }
    if cells.len() > MOST_CELLS {
        return Err(Failure::usage(format!("--cell {list}: one chart compares at most {MOST_CELLS} cells")));
    }
    Ok(cells)
}
