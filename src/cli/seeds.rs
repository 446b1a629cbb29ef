//! `rnnc train --seeds`: the same training from several seeds, and how far they lie apart.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use serde_json::json;

use super::figures::{aligned, shown, shown_spread, spread};
use super::training::INTERRUPTED;
use super::trial::{self, Standing, State, Trial};
use super::{Failure, overrides, say};
use crate::artifact::write_atomically;
use crate::diagnostic::render::printable;
use crate::train::Begin;

/// What is wanted.
pub struct Wanted<'w> {
    pub path: &'w Path,
    /// With all settings of the command.
    pub text: &'w str,
    pub out: &'w Path,
    /// The seed of the file.
    pub first: u64,
    pub seeds: u32,
    pub begin: Begin,
    pub quiet: bool,
    /// To go on after an interruption.
    pub again: String,
}

/// Trains once from each of so many seeds, the file's and those after it, each into its own folder.
pub fn train(wanted: &Wanted) -> Result<ExitCode, Failure> {
    let Wanted { path, text, out, first, seeds, begin, again, quiet } = wanted;
    let mut rows: Vec<(u64, Standing)> = Vec::new();
    for i in 0..*seeds {
        let seed = first.wrapping_add(u64::from(i));
        let own = overrides::apply(text.to_string(), &[format!("train.seed={seed}")])?;
        let folder = out.join(format!("seed-{seed}"));
        let trial = Trial {
            name: (!quiet).then(|| format!("seed {seed}")),
            path,
            text: &own,
            out: &folder,
            begin: *begin,
            epochs: None,
            findings: i == 0 && !quiet,
        };
        let Some(standing) = trial::train(&trial) else {
            say(format!("stopped at seed {seed}; everything is written to {}", out.display()));
            say(format!("to go on: {again}"));
            return Ok(ExitCode::from(INTERRUPTED));
        };
        if standing.state == State::Failed {
            return Err(Failure::input(standing.error.unwrap_or_default()));
        }
        if !quiet {
            say(format!("seed {seed} ({} of {seeds})  {}", i + 1, line(&standing)));
        }
        rows.push((seed, standing));
    }
    let (table, summary) = summary(&rows, out);
    let file = out.join("seeds.json");
    write_atomically(&file, format!("{summary}\n").as_bytes()).map_err(Failure::input)?;
    write!(std::io::stdout().lock(), "{}", printable(&format!("{table}models     {}\n", out.display())))?;
    let any = rows.iter().any(|(_, standing)| standing.state == State::Done);
    Ok(ExitCode::from(u8::from(!any)))
}

fn line(standing: &Standing) -> String {
    match (&standing.error, standing.best) {
        (Some(error), _) => error.clone(),
        (None, Some((epoch, _))) => format!("best epoch {epoch} of {}  {:.1}s", standing.epochs, standing.seconds),
        (None, None) => format!("{} epochs", standing.epochs),
    }
}

/// The table for people and the object for programs.
fn summary(rows: &[(u64, Standing)], out: &Path) -> (String, serde_json::Value) {
    let names: Vec<&String> =
        rows.iter().max_by_key(|(_, s)| s.figures.len()).map_or(Vec::new(), |(_, s)| s.figures.keys().collect());
    let value = |standing: &Standing, name: &str| standing.figures.get(name).and_then(serde_json::Value::as_f64);
    let mut table =
        vec![[vec!["seed".to_string()], names.iter().map(|name| name.replace('_', " ")).collect()].concat()];
    for (seed, standing) in rows {
        let figure = |name: &&String| value(standing, name).map_or("diverged".to_string(), |value| shown(name, value));
        table.push([vec![seed.to_string()], names.iter().map(figure).collect()].concat());
    }
    let spreads = names.iter().map(|name| {
        let values: Vec<f64> = rows.iter().filter_map(|(_, standing)| value(standing, name)).collect();
        (*name, spread(&values))
    });
    let spreads: Vec<_> = spreads.collect();
    let mean = |(name, spread): &(&String, Option<(f64, f64)>)| {
        spread.map_or(String::new(), |(mean, deviation)| shown_spread(name, mean, deviation))
    };
    table.push([vec!["mean ± sd".to_string()], spreads.iter().map(mean).collect()].concat());
    let object = |pick: fn((f64, f64)) -> f64| -> serde_json::Map<String, serde_json::Value> {
        spreads.iter().filter_map(|(name, spread)| Some((name.to_string(), json!(pick((*spread)?))))).collect()
    };
    let of_seed = |(seed, standing): &(u64, Standing)| {
        json!({
            "seed": seed, "run": out.join(format!("seed-{seed}")), "state": standing.state, "epochs": standing.epochs,
            "best_epoch": standing.best.map(|(epoch, _)| epoch), "figures": standing.figures,
            "seconds": standing.seconds, "error": standing.error,
        })
    };
    let summary = json!({
        "seeds": rows.iter().map(of_seed).collect::<Vec<_>>(),
        "mean": object(|(mean, _)| mean), "standard_deviation": object(|(_, deviation)| deviation),
    });
    (aligned(&table), summary)
}
