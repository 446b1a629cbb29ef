//! Which points a sweep tries: drawn from a seed, or all of a grid; each one checked before the first is trained.

use std::collections::BTreeSet;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::space::Dimension;
use crate::cli::overrides;
use crate::cli::{Failure, SweepArguments, files, say};
use crate::diagnostic::render::{self, Format};
use crate::random::Random;

/// Keeps these random numbers apart from those for other purposes.
const PURPOSE: u64 = u64::from_be_bytes(*b"sweeping");
/// More trials than that are a slip of the keyboard.
const MOST_TRIALS: usize = 10_000;
/// Draws of points that were there before, after which no other is looked for.
const MOST_REPEATS: u64 = 1000;

/// All that decides which trainings a sweep makes. It stands in the sweep's folder, and a sweep goes on with its own only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The file's text, with the settings that are the same everywhere.
    pub source: String,
    pub halving: bool,
    /// The settings that are varied.
    pub keys: Vec<String>,
    /// By trial, a value a key.
    pub points: Vec<Vec<String>>,
}

impl Plan {
    pub fn new(arguments: &SweepArguments) -> Result<Self, Failure> {
        let (mut fixed, mut dimensions): (Vec<String>, Vec<Dimension>) = (Vec::new(), Vec::new());
        for setting in &arguments.settings {
            match Dimension::parse(setting).map_err(|why| Failure::usage(format!("--set {setting}: {why}")))? {
                Some(twice) if dimensions.iter().any(|own| own.key == twice.key) => {
                    return Err(Failure::usage(format!("--set {setting}: {} is varied twice", twice.key)));
                }
                Some(dimension) => dimensions.push(dimension),
                None => fixed.push(setting.clone()),
            }
        }
        if dimensions.is_empty() {
            return Err(Failure::usage(
                "there is nothing to vary; write --set 'hidden=64|128', --set 'train.optimizer.lr=log(1e-4, 1e-2)' or the like",
            ));
        }
        let source = overrides::apply(files::read(&arguments.file)?, &fixed)?;
        let points = if arguments.grid { grid(&dimensions)? } else { drawn(&dimensions, arguments) };
        let keys = dimensions.into_iter().map(|dimension| dimension.key).collect();
        Ok(Self { source, halving: arguments.halving, keys, points })
    }

    /// The `KEY=VALUE`s of a trial.
    pub fn settings(&self, trial: usize) -> Vec<String> {
        self.keys.iter().zip(&self.points[trial]).map(|(key, value)| format!("{key}={value}")).collect()
    }

    /// The text of a trial.
    pub fn text(&self, trial: usize) -> Result<String, Failure> {
        overrides::apply(self.source.clone(), &self.settings(trial))
    }

    /// That every point is a sound file. Errors name the first that is not.
    pub fn check(&self, path: &Path) -> Result<(), Failure> {
        for trial in 0..self.points.len() {
            let named = || {
                format!(
                    "trial {} with {} is not sound, so nothing was trained",
                    trial + 1,
                    self.settings(trial).join(", ")
                )
            };
            let checked = files::checked(path, &self.text(trial)?);
            if checked.program.is_none() {
                let style = crate::cli::stderr_style();
                let report = render::render(&checked.diagnostics, &checked.sources, Format::Human, style);
                let _ = std::io::Write::write_all(&mut std::io::stderr(), report.as_bytes());
                say(named());
                return Err(Failure::silent());
            }
        }
        Ok(())
    }

    /// What of another plan is otherwise; nothing where they are one.
    pub fn differs(&self, other: &Self) -> Option<&'static str> {
        let parts = [
            ("the file or a setting that is the same everywhere", self.source == other.source),
            ("--halving", self.halving == other.halving),
            ("the settings that are varied", self.keys == other.keys),
            ("the trials", self.points == other.points),
        ];
        parts.into_iter().find(|(_, same)| !same).map(|(part, _)| part)
    }
}

/// Points from a seed, each once. More trials of the same sweep begin with the same ones.
fn drawn(dimensions: &[Dimension], arguments: &SweepArguments) -> Vec<Vec<String>> {
    let all = dimensions.iter().try_fold(1usize, |all, dimension| all.checked_mul(dimension.count()?));
    let wanted = all.unwrap_or(usize::MAX).min(arguments.trials as usize);
    let (mut points, mut known, mut repeats) = (Vec::new(), BTreeSet::new(), 0);
    let mut draw = 0;
    while points.len() < wanted && repeats < MOST_REPEATS * wanted as u64 {
        let value = |(i, dimension): (usize, &Dimension)| {
            dimension.draw(&mut Random::new(arguments.seed, &[PURPOSE, draw, i as u64]))
        };
        let point: Vec<String> = dimensions.iter().enumerate().map(value).collect();
        if known.insert(point.clone()) {
            points.push(point);
        } else {
            repeats += 1;
        }
        draw += 1;
    }
    if points.len() < arguments.trials as usize {
        say(format!("every value is tried with every other: {} trials", points.len()));
    }
    points
}

/// Every choice with every other.
fn grid(dimensions: &[Dimension]) -> Result<Vec<Vec<String>>, Failure> {
    let mut points = vec![Vec::new()];
    for dimension in dimensions {
        let Some(count) = dimension.count() else {
            return Err(Failure::usage(format!(
                "--grid tries every value, and {} has no end of them; write choices, as in {}=1e-3|3e-3",
                dimension.key, dimension.key
            )));
        };
        if points.len().saturating_mul(count) > MOST_TRIALS {
            return Err(Failure::usage(format!("--grid: more than {MOST_TRIALS} trials; leave some values out")));
        }
        let extended = |point: &Vec<String>| -> Vec<Vec<String>> {
            (0..count).map(|n| [point.as_slice(), &[dimension.nth(n)]].concat()).collect()
        };
        points = points.iter().flat_map(extended).collect();
    }
    Ok(points)
}
