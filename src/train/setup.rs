//! Everything a training starts from: data read, sizes known, weights at their initial values.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{TrainError, class_weights, initialize};
use crate::artifact::{DataFile, Role};
use crate::data::{Answers, Dataset, Order, vectors};
use crate::ir::{Graph, Parameter, Program, Sentences, Symbol, Train};
use crate::lower::{LowerError, Network};
use crate::predictor::{Predictor, Sizes, check_children};
use crate::random::Random;

pub struct Setup {
    pub program: Program,
    pub train: Train,
    /// The canonical source, for the artifact.
    pub source: String,
    /// Shared with the pass that reads it while everything else changes.
    pub dataset: Arc<Dataset>,
    pub predictor: Predictor,
    /// Where the paths of the file start from.
    pub directory: PathBuf,
    /// The files of word vectors that were read.
    pub vectors: Vec<DataFile>,
    /// The model whose weights it starts from, in place of random ones.
    pub started_from: Option<DataFile>,
    /// What was noticed on the way, one line each.
    pub notes: Vec<String>,
}

/// The stream of random numbers that initial weights come from.
const INITIAL_WEIGHTS: u64 = 0x1217;

impl Setup {
    /// Reads the data and sets up the model. `directory` is where the file stands.
    pub fn new(program: Program, source: String, directory: &Path) -> Result<Self, TrainError> {
        let resolve = |path: &str| directory.join(path);
        let data = program.data.clone().ok_or(TrainError::NoData)?;
        let model = program.model.clone().ok_or(TrainError::NoModel)?;
        let mut dataset = Dataset::load(&data, &model.target, &resolve)?;
        if let Some(share) = data.held_out {
            dataset.hold_out(share, program.train.seed)?;
        }
        for split in std::iter::once(&dataset.train).chain(&dataset.valid).chain(&dataset.test) {
            check_children(&model.graph, split)?;
        }
        let mut sizes = Sizes::of(&dataset.vocabularies, &model.target, dataset.labels.as_ref());
        let mut notes = describe(&dataset);
        for parameter in &model.graph.parameters {
            for symbol in parameter.shape.iter().flat_map(|dim| dim.symbols()) {
                if let Symbol::VectorSize(path) = symbol {
                    sizes.set(symbol, vectors::width(&resolve(path))?);
                }
            }
        }
        let (values, found) = weights(&model.graph, &sizes, &dataset, program.train.seed, &resolve)?;
        let (found, vectors): (Vec<String>, Vec<DataFile>) = found.into_iter().unzip();
        notes.extend(found);
        let class_weights = match (&program.train.class_weights, &dataset.labels) {
            (crate::ir::ClassWeights::None, _) | (_, None) => None,
            (weights, Some(labels)) => {
                let counts = dataset.train.answers.counts(labels);
                Some(class_weights(weights, &counts, labels.names()).map_err(TrainError::ClassWeights)?)
            }
        };
        let mut predictor =
            Predictor::new(&program, dataset.vocabularies.clone(), dataset.labels.clone(), sizes, values)?;
        predictor.loss.class_weights = class_weights;
        let train = program.train.clone();
        let (dataset, directory) = (Arc::new(dataset), directory.to_path_buf());
        Ok(Self { program, train, source, dataset, predictor, directory, vectors, started_from: None, notes })
    }

    /// The batches of one pass over the training data.
    pub fn steps_per_epoch(&self) -> usize {
        self.dataset.train.pass(self.train.batch_size, self.train.bptt.unwrap_or(1), Order::Sorted).len()
    }

    /// Begins again with other weights, and with the seed that is so many after the first. What was held out stays the same.
    pub fn restart(&mut self, restart: usize) -> Result<(), TrainError> {
        self.train.seed = self.program.train.seed.wrapping_add(restart as u64);
        let resolve = |path: &str| self.directory.join(path);
        let Predictor { model, sizes, .. } = &self.predictor;
        let (values, _) = weights(&model.graph, sizes, &self.dataset, self.train.seed, &resolve)?;
        Ok(self.predictor.network.set_values(&values)?)
    }
}

/// A file of word vectors: a line about it, and what it held.
type Found = (String, DataFile);

/// What the parameters start from, with each file of word vectors.
fn weights(
    graph: &Graph,
    sizes: &Sizes,
    dataset: &Dataset,
    seed: u64,
    resolve: &dyn Fn(&str) -> PathBuf,
) -> Result<(Vec<Vec<f32>>, Vec<Found>), TrainError> {
    let size = |symbol: &Symbol| sizes.get(symbol);
    let mut values = initial_values(graph, &size, seed)?;
    let mut notes = Vec::new();
    let shapes = Network::shapes(graph, &size)?;
    for ((parameter, shape), weights) in graph.parameters.iter().zip(&shapes).zip(&mut values) {
        notes.extend(pretrained(parameter, shape, dataset, resolve, weights)?);
    }
    Ok((values, notes))
}

fn describe(dataset: &Dataset) -> Vec<String> {
    let rows =
        |split: &Option<crate::data::Split>| split.as_ref().map_or("no".to_string(), |s| s.examples().to_string());
    let unit = if matches!(dataset.train.answers, Answers::Next(_)) { "tokens to predict" } else { "rows" };
    let vocabulary: Vec<String> =
        dataset.vocabularies.iter().map(|(field, v)| format!("{field}: {} tokens", v.len())).collect();
    let classes = dataset.labels.as_ref().map_or(String::new(), |labels| format!("; {} classes", labels.len()));
    let vocabulary =
        if vocabulary.is_empty() { String::new() } else { format!("; vocabulary of {}", vocabulary.join(", ")) };
    let mut notes = vec![format!(
        "{} training, {} validation, {} test {unit}{classes}{vocabulary}",
        dataset.train.examples(),
        rows(&dataset.valid),
        rows(&dataset.test),
    )];
    match dataset.train.truncated {
        0 => {}
        1 => notes.push(format!("1 training text was cut by {}", limits(dataset))),
        n => notes.push(format!("{n} training texts were cut by {}", limits(dataset))),
    }
    for (field, vocabulary) in &dataset.vocabularies {
        // The two that every vocabulary has.
        if vocabulary.len() == 2 {
            notes.push(format!(
                "warning: no token of `{field}` occurs often enough for the vocabulary, so all its texts read alike; lower min_count"
            ));
        }
    }
    notes
}

/// The settings that may have cut a text.
fn limits(dataset: &Dataset) -> &'static str {
    let kinds: Vec<Option<Sentences>> = dataset.train.texts.values().map(crate::data::Texts::sentence_kind).collect();
    match kinds.iter().flatten().next() {
        None => "max_len",
        Some(Sentences::Document { .. }) => "max_sentences or max_len",
        Some(Sentences::Story { .. }) => "memory_size or max_len",
    }
}

/// Every parameter by its initializer, its random numbers keyed by its name, so that one more layer changes no other.
pub fn initial_values(
    graph: &Graph,
    size: &dyn Fn(&Symbol) -> Option<usize>,
    seed: u64,
) -> Result<Vec<Vec<f32>>, LowerError> {
    let number = |dim: &crate::ir::Dim| dim.evaluate(&size).unwrap_or(1);
    let draw = |(parameter, shape): (&Parameter, Vec<usize>)| {
        let key: Vec<u64> = std::iter::once(INITIAL_WEIGHTS).chain(parameter.name.bytes().map(u64::from)).collect();
        initialize(&parameter.initializer, &shape, number, &mut Random::new(seed, &key))
    };
    Ok(graph.parameters.iter().zip(Network::shapes(graph, size)?).map(draw).collect())
}

/// Overwrites the rows that a file of word vectors knows; says how many.
fn pretrained(
    parameter: &Parameter,
    shape: &[usize],
    dataset: &Dataset,
    resolve: &dyn Fn(&str) -> PathBuf,
    weights: &mut [f32],
) -> Result<Option<Found>, TrainError> {
    let Some(rows) = &parameter.pretrained else { return Ok(None) };
    let (Some(vocabulary), [_, width]) = (dataset.vocabularies.get(&rows.field), shape) else { return Ok(None) };
    let found = vectors::read(&resolve(&rows.path), vocabulary, Some(*width))?;
    for (id, vector) in &found.rows {
        let start = *id as usize * width;
        weights[start..start + width].copy_from_slice(vector);
    }
    let note = format!(
        "{}: vectors for {} of {} tokens ({:.1}%)",
        rows.path,
        found.found(),
        found.wanted,
        100.0 * found.coverage()
    );
    let file =
        DataFile { role: Role::Vectors, path: rows.path.clone(), sha256: found.sha256.clone(), rows: found.found() };
    Ok(Some((note, file)))
}
