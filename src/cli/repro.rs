//! `rnnc repro`: train again from a model's own record, and say whether the same comes out.

use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::training::{INTERRUPTED, Trainable};
use super::{Failure, ReproArguments, say};
use crate::artifact::{Record, TemporaryFolder};
use crate::data::sha256_of_file;
use crate::diagnostic::render::printable;
use crate::kernels::simd;
use crate::lower::LowerError;
use crate::predictor::{self, Predictor, thousands};
use crate::train::{Begin, Options, Origin, Outcome, Progress};

/// As a share of a tensor's largest weight: what other sums' last bits may grow to over a training.
const TOLERANCE: f32 = 1e-2;

pub fn repro(arguments: &ReproArguments) -> Result<ExitCode, Failure> {
    let path = &arguments.model;
    let (then, record) = predictor::load(path).map_err(Failure::input)?;
    if let Some(weights) = &record.started_from {
        return Err(Failure::input(format!(
            "{}: it started from the weights of {}, which its record does not hold; train it again with --weights",
            path.display(),
            weights.path
        )));
    }
    let directory = directory(path, arguments.data_dir.as_deref());
    let mut reasons = changed_data(&record, &directory)?;
    let versions = (record.rnnc_version.as_str(), env!("CARGO_PKG_VERSION"));
    if versions.0 != versions.1 {
        reasons.push(format!("it was trained by rnnc {}, and this is {}", versions.0, versions.1));
    }
    if let Some(cpu) = record.cpu.as_ref().filter(|cpu| **cpu != simd::kind()) {
        reasons.push(format!("it was trained on another kind of processor ({cpu}, this is {})", simd::kind()));
    }

    let temporary = TemporaryFolder::new()
        .map_err(|error| Failure::input(format!("cannot make a temporary folder ({error}); name one with --out")))?;
    let out = arguments.out.clone().unwrap_or_else(|| temporary.path().join("run"));
    // What the record's text names is looked for from here.
    let file = Trainable::new(&directory.join("model.rnn"), &record.source)?;
    let options = Options::new(&out, Begin::New);
    let setup = file.set_up(&options)?;
    setup.notes.iter().for_each(say);
    let mut progress = Progress::new(&setup);
    if let Outcome::Interrupted { epoch, step } = file.train(setup, &options, &mut progress)? {
        say(format!("stopped in epoch {epoch} after step {step}; nothing can be said yet"));
        return Ok(ExitCode::from(INTERRUPTED));
    }
    let (now, again) = predictor::load(&out.join("model.safetensors")).map_err(Failure::input)?;
    if record.trained_epochs != again.trained_epochs {
        let (then, now) = (record.trained_epochs, again.trained_epochs);
        reasons.push(format!("it was saved after {then} epochs, and training goes on for {now}"));
    }
    let far = furthest(&then, &now).map_err(Failure::input)?;
    let (verdict, code) = match &far {
        Some(far) if far.distance == 0.0 && then.vocabularies == now.vocabularies => {
            (format!("identical: {} weights, bit for bit\n", thousands(far.weights as u64)), ExitCode::SUCCESS)
        }
        Some(far) if far.distance <= TOLERANCE => (format!("within tolerance: {far}\n"), ExitCode::SUCCESS),
        Some(far) => (format!("different: {far}\n"), ExitCode::FAILURE),
        None => ("different: the weights have other shapes\n".to_string(), ExitCode::FAILURE),
    };
    let mut text = verdict;
    if far.is_none_or(|far| far.distance > 0.0) {
        if reasons.is_empty() {
            reasons.push("nothing in its record says why; please report it with the file".to_string());
        }
        reasons.iter().for_each(|reason| text += &format!("because     {reason}\n"));
    }
    if arguments.out.is_some() {
        text += &format!("model       {}\n", out.join("model.safetensors").display());
    }
    write!(std::io::stdout().lock(), "{}", printable(&text))?;
    Ok(code)
}

/// Where the paths of a model's record start from.
fn directory(model: &Path, given: Option<&Path>) -> PathBuf {
    let beside = model.parent().map(Path::to_path_buf).unwrap_or_default();
    given.map(Path::to_path_buf).or(Origin::beside(model).map(|origin| origin.directory)).unwrap_or(beside)
}

/// A sentence for every data file that holds something else by now.
///
/// # Errors
/// One is not there.
fn changed_data(record: &Record, directory: &Path) -> Result<Vec<String>, Failure> {
    let mut reasons = Vec::new();
    // Rows that were made stand in no file.
    let made = record.settings.get("data.source").is_some_and(|source| source != "none");
    for file in record.data.iter().filter(|_| !made) {
        let path = directory.join(&file.path);
        match sha256_of_file(&path) {
            Ok(hash) if hash == file.sha256 => {}
            Ok(_) => reasons.push(format!("{} has changed since it was trained", file.path)),
            // A record of an older version does not say that its rows are made.
            Err(_) if file.path.contains('(') => {}
            Err(error) => {
                let why = super::files::reason(&error);
                let help = "name the folder that its paths start from with --data-dir";
                return Err(Failure::input(format!("{}: {why}; {help}", path.display())));
            }
        }
    }
    Ok(reasons)
}

/// How far the weights of two models are apart.
pub struct Far {
    /// The largest difference, as a share of the largest weight of the tensor it is in.
    pub distance: f32,
    tensor: String,
    difference: f32,
    weights: usize,
}

impl fmt::Display for Far {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { distance, tensor, difference, .. } = self;
        write!(f, "the largest difference is {difference:.2e} in {tensor}, {:.2e} of its largest weight", distance)
    }
}

/// Compares weight by weight in the order of the models, whatever they are called; nothing where shapes differ.
pub fn furthest(a: &Predictor, b: &Predictor) -> Result<Option<Far>, LowerError> {
    let (values_a, values_b) = (a.network.values()?, b.network.values()?);
    let (a, b) = (predictor::tensors(a, &values_a)?, predictor::tensors(b, &values_b)?);
    let alike = |(a, b): (&predictor::Named, &predictor::Named)| a.1 == b.1;
    if a.len() != b.len() || !a.iter().zip(&b).all(alike) {
        return Ok(None);
    }
    let mut far = Far { distance: 0.0, tensor: String::new(), difference: 0.0, weights: 0 };
    for ((name, _, a), (_, _, b)) in a.iter().zip(&b) {
        let largest = a.iter().fold(f32::MIN_POSITIVE, |largest, x| largest.max(x.abs()));
        let difference = a.iter().zip(*b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        far.weights += a.len();
        if difference / largest > far.distance {
            (far.distance, far.tensor, far.difference) = (difference / largest, name.clone(), difference);
        }
    }
    Ok(Some(far))
}
