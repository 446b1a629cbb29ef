//! `rnnc sweep`: many trainings of one file with other settings, ranked. By random search, over a grid, or with the worse
//! ones stopped early (successive halving).

mod plan;
mod space;
mod table;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::training::{INTERRUPTED, Trainable};
use super::trial::{self, State, Trial};
use super::{Failure, SweepArguments, say, shell_word};
use crate::artifact::write_atomically;
use crate::diagnostic::render::printable;
use crate::ir::Metric;
use crate::train::Begin;
use plan::Plan;
use table::{Row, page, ranked, table};

/// Of so many trials one goes on.
const HALVING: usize = 3;

const PLAN: &str = "plan.json";
const ROWS: &str = "sweep.jsonl";

pub fn sweep(arguments: &SweepArguments) -> Result<ExitCode, Failure> {
    let path = &arguments.file;
    let stem = path.file_stem().unwrap_or_default();
    let out = arguments.out.clone().unwrap_or_else(|| Path::new("sweeps").join(stem));
    let plan = Plan::new(arguments)?;
    plan.check(path)?;
    let file = Trainable::new(path, &plan.text(0)?)?;
    let settings = file.settings();
    let (metric, epochs) = (settings.monitor, settings.epochs * settings.restarts.max(1));
    let rows = begin(&plan, &out, arguments)?;
    let mut sweep = Sweep { arguments, plan, out, metric, rows };
    say(format!("{} trials, ranked by {}; written to {}", sweep.plan.points.len(), metric.name(), sweep.out.display()));
    let finished = if arguments.halving { sweep.halve(epochs)? } else { sweep.search()? };
    sweep.end(finished)
}

/// The trials that are known from before. A folder holds one sweep only.
fn begin(plan: &Plan, out: &Path, arguments: &SweepArguments) -> Result<BTreeMap<usize, Row>, Failure> {
    let shown = out.display();
    if out.is_file() {
        return Err(Failure::input(format!("{shown}: this is a file, not a folder; name another with --out")));
    }
    let file = out.join(PLAN);
    let known = match std::fs::read_to_string(&file) {
        Ok(text) => Some(serde_json::from_str::<Plan>(&text).map_err(|_| {
            Failure::input(format!("{}: this is no plan of a sweep; --overwrite begins again", file.display()))
        })),
        Err(_) => None,
    };
    if !arguments.overwrite
        && let Some(known) = known
    {
        if !arguments.resume {
            return Err(Failure::input(format!(
                "{shown}: a sweep is here already; add --resume to go on with it, or --overwrite to replace it"
            )));
        }
        if let Some(part) = plan.differs(&known?) {
            return Err(Failure::input(format!(
                "{shown}: the sweep here was started otherwise: {part} changed; undo that, or --overwrite to begin again"
            )));
        }
        let text = std::fs::read_to_string(out.join(ROWS)).unwrap_or_default();
        let rows = text.lines().map_while(|line| serde_json::from_str::<Row>(line).ok());
        return Ok(rows
            .filter(|row| (1..=plan.points.len()).contains(&row.trial))
            .map(|row| (row.trial, row))
            .collect());
    }
    if arguments.resume {
        return Err(Failure::input(format!("{shown}: there is no sweep here to go on with; leave out --resume")));
    }
    let failed = |error: std::io::Error| {
        Failure::input(format!("cannot make the folder {shown}: {}", super::files::reason(&error)))
    };
    std::fs::create_dir_all(out).map_err(failed)?;
    // Rows of a sweep before are not this one's; its trainings are replaced one by one.
    write_atomically(&out.join(ROWS), b"").map_err(Failure::input)?;
    write_atomically(&file, format!("{}\n", serde_json::json!(plan)).as_bytes()).map_err(Failure::input)?;
    Ok(BTreeMap::new())
}

struct Sweep<'a> {
    arguments: &'a SweepArguments,
    plan: Plan,
    out: PathBuf,
    metric: Metric,
    /// By trial, from 1.
    rows: BTreeMap<usize, Row>,
}

impl Sweep<'_> {
    /// Every trial from start to finish. `false` where the process was interrupted.
    fn search(&mut self) -> Result<bool, Failure> {
        for trial in 0..self.plan.points.len() {
            if !self.train(trial, None)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// All for a few epochs, the best third of them for three times as many, and so on; each goes on where it was.
    fn halve(&mut self, epochs: usize) -> Result<bool, Failure> {
        let mut rung = 0;
        while HALVING.pow(rung + 1) <= epochs.min(self.plan.points.len()) {
            rung += 1;
        }
        let mut trials: Vec<usize> = (0..self.plan.points.len()).collect();
        loop {
            let budget = (rung > 0).then(|| epochs.div_ceil(HALVING.pow(rung)));
            for trial in &trials {
                if !self.train(*trial, budget)? {
                    return Ok(false);
                }
            }
            if rung == 0 {
                return Ok(true);
            }
            rung -= 1;
            let rows: Vec<Row> = trials.iter().filter_map(|trial| self.rows.get(&(trial + 1)).cloned()).collect();
            let better = ranked(&rows, self.metric).into_iter();
            let better = better.filter(|row| matches!(row.state, State::Done | State::Stopped));
            trials = better.take(trials.len().div_ceil(HALVING)).map(|row| row.trial - 1).collect();
            trials.sort_unstable();
        }
    }

    /// Trains a trial up to so many epochs, if it is not there yet. `false` where the process was interrupted.
    fn train(&mut self, trial: usize, epochs: Option<usize>) -> Result<bool, Failure> {
        let known = self.rows.get(&(trial + 1));
        if known.is_some_and(|row| row.state != State::Stopped || epochs.is_some_and(|enough| row.epochs >= enough)) {
            return Ok(true);
        }
        let out = self.out.join(format!("{:03}", trial + 1));
        let text = self.plan.text(trial)?;
        let name = format!("trial {} of {}", trial + 1, self.plan.points.len());
        say(format!("{name}  {}", self.plan.settings(trial).join("  ")));
        // What a sweep before this one left in the folder is no beginning of this trial.
        let begin = if known.is_some() || self.arguments.resume { Begin::Resume } else { Begin::Overwrite };
        let path = &self.arguments.file;
        let training = Trial {
            name: Some(name.clone()),
            path,
            text: &text,
            out: &out,
            begin,
            epochs,
            findings: self.rows.is_empty(),
        };
        let Some(standing) = trial::train(&training) else {
            return Ok(false);
        };
        let row = Row::new(&self.plan, trial, standing);
        say(format!("{name}  {}", row.line(self.metric)));
        self.rows.insert(trial + 1, row);
        self.write()?;
        Ok(true)
    }

    fn write(&self) -> Result<(), Failure> {
        let lines: String = self.rows.values().map(|row| format!("{}\n", serde_json::json!(row))).collect();
        write_atomically(&self.out.join(ROWS), lines.as_bytes()).map_err(Failure::input)
    }

    fn end(&self, finished: bool) -> Result<ExitCode, Failure> {
        let rows: Vec<Row> = self.rows.values().cloned().collect();
        let html = self.out.join("sweep.html");
        let file = page(&self.plan, &rows, self.metric, &self.arguments.file);
        write_atomically(&html, file.as_bytes()).map_err(Failure::input)?;
        let mut text = table(&self.plan, &rows, self.metric);
        let best = ranked(&rows, self.metric).into_iter().find(|row| row.value.is_some() && row.error.is_none());
        if let Some(best) = best {
            let model = self.out.join(format!("{:03}", best.trial)).join("model.safetensors");
            text += &format!("best   {}\n", model.display());
        }
        text += &format!("page   {}\n", html.display());
        write!(std::io::stdout().lock(), "{}", printable(&text))?;
        if !finished {
            say(format!("to go on: {}", self.again()));
            return Ok(ExitCode::from(INTERRUPTED));
        }
        Ok(ExitCode::from(u8::from(best.is_none())))
    }

    /// The command that goes on with this sweep.
    fn again(&self) -> String {
        let SweepArguments { file, settings, trials, seed, halving, grid, out, .. } = self.arguments;
        let mut command = format!("rnnc sweep {}", shell_word(&file.display().to_string()));
        settings.iter().for_each(|setting| command += &format!(" --set {}", shell_word(setting)));
        command += &if *grid { " --grid".into() } else { format!(" --trials {trials} --seed {seed}") };
        if *halving {
            command += " --halving";
        }
        if let Some(out) = out {
            command += &format!(" --out {}", shell_word(&out.display().to_string()));
        }
        command + " --resume"
    }
}
