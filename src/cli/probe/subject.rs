//! What is probed: a model with weights, and the examples it reads.

use std::path::Path;

use super::examples::Examples;
use crate::artifact::Role;
use crate::cli::{Failure, ProbeArguments, eval, files, say};
use crate::data::synthetic::{self, Part};
use crate::ir::{Model, Op, Symbol};
use crate::predictor::{self, Predictor, Sizes};
use crate::probe::{Curve, curves};
use crate::train::{Setup, initial_values};

/// Sizes that data would decide, where there is none.
const VOCABULARY: usize = 1000;
const CLASSES: usize = 2;
const VECTORS: usize = 300;

pub struct Subject {
    /// The cell that reads in place of the file's own.
    pub cell: Option<String>,
    pub model: Model,
    pub examples: Examples,
    pub seed: u64,
    /// Whether the examples come from data.
    pub from_data: bool,
    pub curves: Vec<Curve>,
}

impl Subject {
    /// The model of a file with the weights that training would start from.
    pub fn from_file(arguments: &ProbeArguments, text: &str, cell: Option<&str>) -> Result<Self, Failure> {
        let path = &arguments.file;
        let (mut program, checked) = match cell {
            None => files::program(path, text)?,
            Some(cell) => files::program_with_cell(path, text, cell)?,
        };
        let seed = arguments.seed.unwrap_or(program.train.seed);
        program.train.seed = seed;
        let Some(model) = program.model.clone() else {
            return Err(Failure::input(format!("{} has no model to probe", path.display())));
        };
        recurrent(&model, path)?;
        let cell = cell.map(str::to_string);
        if program.data.is_some() {
            let directory = path.parent().unwrap_or(Path::new(""));
            let setup = Setup::new(program, checked.source, directory).map_err(Failure::input)?;
            let examples = Examples::of(&setup.dataset.train, &model, arguments)?;
            return Self::new(cell, &setup.predictor, examples, seed, true);
        }
        let size = |symbol: &Symbol| match symbol {
            Symbol::Vocabulary(_) => Some(VOCABULARY),
            Symbol::Classes(_) => Some(CLASSES),
            Symbol::VectorSize(_) => Some(VECTORS),
            Symbol::Length { .. } | Symbol::Sentences { .. } | Symbol::Nodes { .. } | Symbol::Declared(_) => None,
        };
        let values = initial_values(&model.graph, &size, seed).map_err(Failure::input)?;
        let examples = Examples::made_up(&model, &size, seed, arguments)?;
        let curves = curves(&model, &size, values, &examples.batch).map_err(Failure::input)?;
        Ok(Self { cell, model, examples, seed, from_data: false, curves })
    }

    /// A trained model on its training data, or on made-up texts where that is not here.
    pub fn trained(arguments: &ProbeArguments) -> Result<Self, Failure> {
        let path = &arguments.file;
        let (predictor, record) = predictor::load(path).map_err(Failure::input)?;
        recurrent(&predictor.model, path)?;
        let seed = arguments.seed.unwrap_or(record.seed);
        let split = match &predictor.data.source {
            Some(source) => synthetic::rows(source, &predictor.model.target, Part::Train),
            None => {
                let files = record.data.iter().filter(|file| file.role == Role::Train);
                let files: Option<Vec<_>> = files.map(|file| eval::find(path, &file.path)).collect();
                let files = files.filter(|files| !files.is_empty());
                files.map(|files| eval::read(&predictor, &files)).transpose()?
            }
        };
        if let Some(split) = split {
            let examples = Examples::of(&split, &predictor.model, arguments)?;
            return Self::new(None, &predictor, examples, seed, true);
        }
        say("its training data is not here; made-up texts are read instead");
        let size = |symbol: &Symbol| predictor.sizes.get(symbol);
        let examples = Examples::made_up(&predictor.model, &size, seed, arguments)?;
        Self::new(None, &predictor, examples, seed, false)
    }

    fn new(
        cell: Option<String>,
        predictor: &Predictor,
        examples: Examples,
        seed: u64,
        from_data: bool,
    ) -> Result<Self, Failure> {
        let Predictor { model, sizes, network, .. } = predictor;
        let size = |symbol: &Symbol| Sizes::get(sizes, symbol);
        let values = network.values().map_err(Failure::input)?;
        let curves = curves(model, &size, values, &examples.batch).map_err(Failure::input)?;
        Ok(Self { cell, model: model.clone(), examples, seed, from_data, curves })
    }
}

fn recurrent(model: &Model, path: &Path) -> Result<(), Failure> {
    if model.graph.nodes.iter().any(|node| matches!(node.op, Op::Scan { .. })) {
        return Ok(());
    }
    Err(Failure::input(format!("the model of {} has no recurrent layer to probe", path.display())))
}
