//! Everything a training starts from: data read, sizes known, weights at their initial values.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{TrainError, class_weights, initialize};
use crate::artifact::{DataFile, Role};
use crate::data::{Answers, DataError, Dataset, Order, vectors};
use crate::diagnostic::Diagnostic;
use crate::ir::{ClassWeights, Graph, Parameter, Program, Symbol, Train};
use crate::lower::{LowerError, Network};
use crate::predictor::{Predictor, Sizes};
use crate::preflight::{self, Coverage};
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
    /// What there is to learn from, a line each.
    pub notes: Vec<String>,
    /// What the data and the program have against each other, as warnings.
    pub findings: Vec<Diagnostic>,
}

/// The stream of random numbers that initial weights come from.
const INITIAL_WEIGHTS: u64 = 0x1217;

impl Setup {
    /// Reads the data, looks at it together with the program, and sets up the model. `directory` is where the file stands.
    pub fn new(program: Program, source: String, directory: &Path) -> Result<Self, TrainError> {
        let resolve = |path: &str| directory.join(path);
        let data = program.data.clone().ok_or(TrainError::NoData)?;
        let model = program.model.clone().ok_or(TrainError::NoModel)?;
        let refused = |error: DataError| TrainError::Found(vec![preflight::data_error(&program, &error, &resolve)]);
        let mut dataset = Dataset::load(&data, &model.target, &resolve).map_err(refused)?;
        if let Some(share) = data.held_out {
            dataset.hold_out(share, program.train.seed).map_err(refused)?;
        }
        let mut sizes = Sizes::of(&dataset.vocabularies, &model.target, dataset.labels.as_ref());
        let mut found = Vec::new();
        for parameter in &model.graph.parameters {
            let Some(file) = &parameter.pretrained else { continue };
            let path = resolve(&file.path);
            let width = vectors::width(&path).map_err(refused)?;
            sizes.set(&Symbol::VectorSize(file.path.as_str().into()), width);
            found.extend(preflight::vector_width(&model.graph, parameter, &path.display().to_string(), width));
        }
        found.extend(preflight::misfits(&program, &dataset, &sizes));
        let class_weights = match (&program.train.class_weights, &dataset.labels) {
            (ClassWeights::None, _) | (_, None) => None,
            (weights, Some(labels)) => {
                let counts = dataset.train.answers.counts(labels);
                let weights = class_weights(weights, &counts, labels.names());
                weights.map_err(|why| found.push(preflight::class_weights(&program, &why))).ok()
            }
        };
        if !found.is_empty() {
            return Err(TrainError::Found(found));
        }
        let (values, vectors) = match weights(&model.graph, &sizes, &dataset, program.train.seed, &resolve) {
            Err(TrainError::Data(error)) => return Err(refused(error)),
            weights => weights?,
        };
        let (vectors, files): (Vec<Coverage>, Vec<DataFile>) = vectors.into_iter().unzip();
        let findings = preflight::warnings(&program, &dataset, &vectors);
        let mut notes = vec![describe(&dataset)];
        notes.extend(vectors.iter().filter(|vectors| !vectors.is_low()).map(Coverage::to_string));
        let mut predictor =
            Predictor::new(&program, dataset.vocabularies.clone(), dataset.labels.clone(), sizes, values)?;
        predictor.loss.class_weights = class_weights;
        let train = program.train.clone();
        let (dataset, directory) = (Arc::new(dataset), directory.to_path_buf());
        let vectors = files;
        Ok(Self { program, train, source, dataset, predictor, directory, vectors, started_from: None, notes, findings })
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

/// A file of word vectors, and what it had for the words of the data.
type Found = (Coverage, DataFile);

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
    let mut vectors = Vec::new();
    let shapes = Network::shapes(graph, &size)?;
    for ((parameter, shape), weights) in graph.parameters.iter().zip(&shapes).zip(&mut values) {
        vectors.extend(pretrained(parameter, shape, dataset, resolve, weights)?);
    }
    Ok((values, vectors))
}

/// What there is to learn from, in a line.
fn describe(dataset: &Dataset) -> String {
    let rows =
        |split: &Option<crate::data::Split>| split.as_ref().map_or("no".to_string(), |s| s.examples().to_string());
    let unit = if matches!(dataset.train.answers, Answers::Next(_)) { "tokens to predict" } else { "rows" };
    let vocabulary: Vec<String> =
        dataset.vocabularies.iter().map(|(field, v)| format!("{field}: {} tokens", v.len())).collect();
    let classes = dataset.labels.as_ref().map_or(String::new(), |labels| format!("; {} classes", labels.len()));
    let vocabulary =
        if vocabulary.is_empty() { String::new() } else { format!("; vocabulary of {}", vocabulary.join(", ")) };
    format!(
        "{} training, {} validation, {} test {unit}{classes}{vocabulary}",
        dataset.train.examples(),
        rows(&dataset.valid),
        rows(&dataset.test),
    )
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

/// Overwrites the rows that a file of word vectors knows.
fn pretrained(
    parameter: &Parameter,
    shape: &[usize],
    dataset: &Dataset,
    resolve: &dyn Fn(&str) -> PathBuf,
    weights: &mut [f32],
) -> Result<Option<Found>, TrainError> {
    let Some(file) = &parameter.pretrained else { return Ok(None) };
    let (Some(vocabulary), [_, width]) = (dataset.vocabularies.get(&file.field), shape) else { return Ok(None) };
    let found = vectors::read(&resolve(&file.path), vocabulary, Some(*width))?;
    for (id, vector) in &found.rows {
        let start = *id as usize * width;
        weights[start..start + width].copy_from_slice(vector);
    }
    let record =
        DataFile { role: Role::Vectors, path: file.path.clone(), sha256: found.sha256.clone(), rows: found.found() };
    let text = dataset.train.texts.get(&file.field);
    let coverage = Coverage::new(file, &found, text.map_or(&[], |text| text.ids()), vocabulary.tokens());
    Ok(Some((coverage, record)))
}
