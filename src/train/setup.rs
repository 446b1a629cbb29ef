//! Everything a training starts from: data read, sizes known, weights at their initial values.

use std::path::{Path, PathBuf};

use super::{TrainError, class_weights, initialize};
use crate::data::{Answers, Dataset, Order, vectors};
use crate::ir::{Graph, Parameter, Program, Symbol, Train};
use crate::lower::{LowerError, Network};
use crate::predictor::{Predictor, Sizes, check_children};
use crate::random::Random;

pub struct Setup {
    pub program: Program,
    pub train: Train,
    /// The canonical source, for the artifact.
    pub source: String,
    pub dataset: Dataset,
    pub predictor: Predictor,
    /// Where the paths of the file start from.
    pub directory: PathBuf,
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
        let dataset = Dataset::load(&data, &model.target, &resolve)?;
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
        let size = |symbol: &Symbol| sizes.get(symbol);
        let mut values = initial_values(&model.graph, &size, program.train.seed)?;
        let shapes = Network::shapes(&model.graph, &size)?;
        for ((parameter, shape), weights) in model.graph.parameters.iter().zip(&shapes).zip(&mut values) {
            notes.extend(pretrained(parameter, shape, &dataset, &resolve, weights)?);
        }
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
        Ok(Self { program, train, source, dataset, predictor, directory: directory.to_path_buf(), notes })
    }

    /// The batches of one pass over the training data.
    pub fn steps_per_epoch(&self) -> usize {
        self.dataset.train.pass(self.train.batch_size, self.train.bptt.unwrap_or(1), Order::Sorted).len()
    }
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
        1 => notes.push("1 training text was cut by max_len".into()),
        n => notes.push(format!("{n} training texts were cut by max_len")),
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
) -> Result<Option<String>, TrainError> {
    let Some(rows) = &parameter.pretrained else { return Ok(None) };
    let (Some(vocabulary), [_, width]) = (dataset.vocabularies.get(&rows.field), shape) else { return Ok(None) };
    let found = vectors::read(&resolve(&rows.path), vocabulary, Some(*width))?;
    for (id, vector) in &found.rows {
        let start = *id as usize * width;
        weights[start..start + width].copy_from_slice(vector);
    }
    Ok(Some(format!(
        "{}: vectors for {} of {} tokens ({:.1}%)",
        rows.path,
        found.found(),
        found.wanted,
        100.0 * found.coverage()
    )))
}
