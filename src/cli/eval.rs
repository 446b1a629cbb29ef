//! `rnnc eval`: a trained model on labelled rows.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use std::io::Write;

use super::{Failure, Output, say};
use crate::artifact::{Record, Role};
use crate::data::Split;
use crate::predictor::{self, evaluate};
use crate::train::Origin;

pub fn eval(model: &Path, data: Option<&Path>, format: Output) -> Result<ExitCode, Failure> {
    let (predictor, record) = predictor::load(model).map_err(Failure::input)?;
    let path = match data {
        Some(path) => path.to_path_buf(),
        None => test_data(model, &record)?,
    };
    let split = Split::read(
        &path,
        &predictor.data,
        &predictor.model.target,
        &predictor.vocabularies,
        predictor.labels.as_ref(),
    )
    .map_err(Failure::input)?;
    predictor::check_children(&predictor.model.graph, &split).map_err(Failure::input)?;
    if data.is_none()
        && let Some(file) = record.data.iter().find(|file| file.role == Role::Test)
        && file.sha256 != split.sha256
    {
        say(format!("warning: {} has changed since the model was trained", path.display()));
    }
    let evaluation = evaluate(&predictor, &split).map_err(Failure::input)?;
    let mut out = std::io::stdout().lock();
    match format {
        Output::Human => writeln!(out, "{}\n{evaluation}", path.display())?,
        Output::Json => writeln!(out, "{}", serde_json::json!(evaluation))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Where the test data of a model is: as its source says it, from where it was trained, from here, or from beside it.
fn test_data(model: &Path, record: &Record) -> Result<PathBuf, Failure> {
    let Some(file) = record.data.iter().find(|file| file.role == Role::Test) else {
        return Err(Failure::input(format!(
            "{}: it was trained without test data; name some with --data FILE",
            model.display()
        )));
    };
    let origin = Origin::beside(model).map(|origin| origin.directory);
    let beside = model.parent().map(Path::to_path_buf);
    let folders = [origin, Some(PathBuf::new()), beside];
    let found = folders.into_iter().flatten().map(|folder| folder.join(&file.path)).find(|path| path.is_file());
    found.ok_or_else(|| {
        Failure::input(format!(
            "{}: its test data {:?} is not here; name it with --data FILE",
            model.display(),
            file.path
        ))
    })
}
