//! A trained model from its artifact, and its weights on the way into one.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use super::{Predictor, Sizes, golden};
use crate::artifact::{self, ArtifactError, Record, Tensor};
use crate::check::{self, NoFiles};
use crate::data::{Labels, Vocabulary};
use crate::ir::{FieldKind, Graph};
use crate::lower::{LowerError, Network};

/// Why an artifact could not be used: one line that names the file.
#[derive(Debug)]
pub struct LoadError(String);

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for LoadError {}

impl From<ArtifactError> for LoadError {
    fn from(error: ArtifactError) -> Self {
        Self(error.to_string())
    }
}

/// Reads a trained model. Its source is checked, every weight compared with it, and the golden rows are computed again: a
/// file that was tampered with is an error.
pub fn load(path: &Path) -> Result<(Predictor, Record), LoadError> {
    let (record, tensors) = artifact::read::<Record>(path)?;
    let damaged =
        |why: String| LoadError(format!("{}: {why}; the file is damaged or was made by hand", path.display()));
    let checked = check::check("model.rnn", &record.source, &mut NoFiles);
    let Some(program) = checked.program else {
        let first = checked.diagnostics.iter().find(|d| d.is_error()).map_or("", |d| &d.message);
        return Err(damaged(format!("the source in it is not sound: {first}")));
    };
    let Some(model) = &program.model else { return Err(damaged("the source in it has no model".into())) };
    let Some(data) = &program.data else { return Err(damaged("the source in it has no data block".into())) };
    let vocabularies = record
        .vocabularies
        .iter()
        .map(|(field, tokens)| Ok((field.clone(), Vocabulary::try_from(tokens.clone())?)))
        .collect::<Result<BTreeMap<_, _>, String>>()
        .map_err(|why| damaged(format!("a vocabulary in it is not sound: {why}")))?;
    let labels = match model.target.has_labels() {
        true => Some(
            Labels::try_from(record.labels.clone())
                .map_err(|why| damaged(format!("its labels are not sound: {why}")))?,
        ),
        false => None,
    };
    let is_text = |field: &&String| {
        let kind = data.field(field).map(|field| &field.kind);
        !matches!(kind, Some(FieldKind::Numbers { .. }))
    };
    let unknown = |field: &&String| !vocabularies.contains_key(data.vocabulary_of(field));
    if let Some(field) = model.inputs.iter().filter(is_text).find(unknown) {
        return Err(damaged(format!("it has no vocabulary for `{field}`")));
    }
    // Sizes follow from vocabulary and labels; only the width of word vectors must be believed, and its weights show it.
    let mut sizes = Sizes(record.sizes.clone());
    sizes.0.extend(Sizes::of(&vocabularies, &model.target, labels.as_ref()).0);
    let values = values(&model.graph, &sizes, tensors).map_err(damaged)?;
    let classes = labels.as_ref().map_or(0, Labels::len);
    let weighs = |weights: &Vec<f32>| weights.len() == classes && weights.iter().all(|w| w.is_finite() && *w >= 0.0);
    if !record.class_weights.as_ref().is_none_or(weighs) {
        return Err(damaged("its class weights do not fit its labels".into()));
    }
    let mut predictor =
        Predictor::new(&program, vocabularies, labels, sizes, values).map_err(|e| damaged(e.to_string()))?;
    predictor.loss.class_weights = record.class_weights.clone();
    golden::check(&predictor, &record).map_err(|why| LoadError(format!("{}: {why}", path.display())))?;
    Ok((predictor, record))
}

/// The weights in the graph's order, each with the shape the source gives it.
fn values(graph: &Graph, sizes: &Sizes, tensors: Vec<Tensor>) -> Result<Vec<Vec<f32>>, String> {
    let shapes = Network::shapes(graph, &|symbol| sizes.get(symbol)).map_err(|e| e.to_string())?;
    let mut by_name: BTreeMap<String, Tensor> = tensors.into_iter().map(|t| (t.name.clone(), t)).collect();
    let mut values = Vec::new();
    for (parameter, shape) in graph.parameters.iter().zip(shapes) {
        let tensor = by_name.remove(&parameter.name).ok_or_else(|| format!("it has no tensor `{}`", parameter.name))?;
        if tensor.shape != shape {
            return Err(format!(
                "`{}` has the shape {:?}, but its source says {shape:?}",
                parameter.name, tensor.shape
            ));
        }
        values.push(tensor.values);
    }
    match by_name.keys().next() {
        Some(extra) => Err(format!("its source has no parameter `{extra}`")),
        None => Ok(values),
    }
}

/// A tensor as an artifact takes it: name, shape, values.
pub type Named<'v> = (String, Vec<usize>, &'v [f32]);

/// The weights, named.
pub fn tensors<'v>(predictor: &Predictor, values: &'v [Vec<f32>]) -> Result<Vec<Named<'v>>, LowerError> {
    let graph = &predictor.model.graph;
    let shapes = Network::shapes(graph, &|symbol| predictor.sizes.get(symbol))?;
    let named = graph.parameters.iter().zip(shapes).zip(values);
    Ok(named.map(|((parameter, shape), values)| (parameter.name.clone(), shape, values.as_slice())).collect())
}
