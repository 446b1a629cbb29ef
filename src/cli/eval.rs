//! `rnnc eval`: a trained model on labelled rows.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use std::io::Write;

use super::{Failure, Output, report, say};
use crate::artifact::{DataFile, Record, Role, write_atomically};
use crate::data::Split;
use crate::data::synthetic::{self, Part};
use crate::predictor::{self, Predictor, evaluate};
use crate::train::Origin;

pub fn eval(model: &Path, data: Option<&Path>, report: Option<&Path>, format: Output) -> Result<ExitCode, Failure> {
    let (predictor, record) = predictor::load(model).map_err(Failure::input)?;
    let split = match (&predictor.data.source, data) {
        (Some(source), None) => {
            synthetic::rows(source, &predictor.model.target, Part::Test).ok_or_else(|| without_test_data(model))?
        }
        (Some(source), Some(path)) => {
            let (model, path) = (model.display(), path.display());
            return Err(Failure::input(format!(
                "{model}: its rows are made by {source}, and cannot be read from {path}; leave --data out"
            )));
        }
        (None, Some(path)) => read(&predictor, &[path.to_path_buf()])?,
        (None, None) => read(&predictor, &test_data(model, &record)?)?,
    };
    if data.is_none() {
        let then = record.data.iter().filter(|file| file.role == Role::Test);
        for (_, now) in then.zip(&split.files).filter(|(then, now)| then.sha256 != now.sha256) {
            say(format!("warning: {} has changed since the model was trained", now.path));
        }
    }
    let evaluation = evaluate(&predictor, &split).map_err(Failure::input)?;
    if let Some(path) = report {
        let page = report::of_evaluation(&predictor, &record.source, &split, &evaluation).map_err(Failure::input)?;
        write_atomically(path, page.as_bytes()).map_err(Failure::input)?;
        say(format!("report: {}", path.display()));
    }
    let mut out = std::io::stdout().lock();
    match format {
        Output::Human => writeln!(out, "{}\n{evaluation}", split.path())?,
        Output::Json => writeln!(out, "{}", serde_json::json!(evaluation))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The rows of files as a model reads them.
pub fn read(predictor: &Predictor, paths: &[PathBuf]) -> Result<Split, Failure> {
    let Predictor { data, model, vocabularies, labels, .. } = predictor;
    let split = Split::read(paths, data, &model.target, vocabularies, labels.as_ref()).map_err(Failure::input)?;
    predictor::check_children(&model.graph, &split).map_err(Failure::input)?;
    Ok(split)
}

fn without_test_data(model: &Path) -> Failure {
    let what = "it was trained without test data; name some with --data FILE";
    Failure::input(format!("{}: {what}", model.display()))
}

/// Where the test data of a model is.
fn test_data(model: &Path, record: &Record) -> Result<Vec<PathBuf>, Failure> {
    let files: Vec<&DataFile> = record.data.iter().filter(|file| file.role == Role::Test).collect();
    if files.is_empty() {
        return Err(without_test_data(model));
    }
    let found = |file: &&DataFile| {
        find(model, &file.path).ok_or_else(|| {
            Failure::input(format!(
                "{}: its test data {:?} is not here; name it with --data FILE",
                model.display(),
                file.path
            ))
        })
    };
    files.iter().map(found).collect()
}

/// A data file of a model: as its source says it, from where it was trained, from here, or from beside it.
pub fn find(model: &Path, path: &str) -> Option<PathBuf> {
    let origin = Origin::beside(model).map(|origin| origin.directory);
    let beside = model.parent().map(Path::to_path_buf);
    let folders = [origin, Some(PathBuf::new()), beside];
    folders.into_iter().flatten().map(|folder| folder.join(path)).find(|path| path.is_file())
}
