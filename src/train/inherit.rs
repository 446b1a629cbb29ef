//! Weights of another model to start from: what fits by name and shape is taken over, rows of tokens and classes by the
//! token and the class.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Setup, TrainError};
use crate::artifact::{self, DataFile, Record, Role, Tensor};
use crate::data::sha256_of_file;
use crate::diagnostic::{Diagnostic, code, suggest};
use crate::ir::{Graph, Parameter, ParameterId, Symbol};
use crate::lower::Network;
use crate::source::Span;

/// Starts from the weights of the model at `path`. Says in a line each what was taken and what was left.
///
/// # Errors
/// [`TrainError::Misfit`] with every parameter that finds no weights, and every weight that finds no parameter; with
/// `partial` only where nothing fits at all.
pub fn inherit(setup: &mut Setup, path: &Path, partial: bool) -> Result<Vec<String>, TrainError> {
    if setup.train.restarts > 1 {
        let why = "restarts draw other weights each, and --weights gives the same to all; set train.restarts=1";
        return Err(TrainError::Folder(why.to_string()));
    }
    let (record, tensors) = artifact::read::<Record>(path)?;
    let other = Other { tensors: tensors.into_iter().map(|t| (t.name.clone(), t)).collect(), record, path };
    let graph = setup.predictor.model.graph.clone();
    let shapes = Network::shapes(&graph, &|symbol| setup.predictor.sizes.get(symbol))?;
    let mut values = setup.predictor.network.values()?;
    let (mut misfits, mut notes, mut taken) = (Vec::new(), Vec::new(), 0);
    for (i, ((parameter, shape), values)) in graph.parameters.iter().zip(&shapes).zip(&mut values).enumerate() {
        match other.give(setup, parameter, shape, values) {
            Ok(None) => taken += 1,
            Ok(Some((found, rows))) => {
                taken += 1;
                notes.push(format!("{}: {found} of {rows} rows are known to {}", parameter.name, path.display()));
            }
            Err(why) => misfits.push(misfit(&graph, ParameterId(i), path, why)),
        }
    }
    let unknown: Vec<&String> =
        other.tensors.keys().filter(|name| graph.parameters.iter().all(|p| p.name != **name)).collect();
    let whole = graph.node(setup.predictor.model.output).span;
    for name in &unknown {
        let shown = path.display();
        let message = format!("{shown} has the weights `{name}`, and no layer of this file has");
        misfits.push(Diagnostic::new(code::WEIGHTS, whole, message).here("this model").help(HELP));
    }
    if taken == 0 || (!misfits.is_empty() && !partial) {
        return Err(TrainError::Misfit(misfits));
    }
    setup.predictor.network.set_values(&values)?;
    let left = misfits.iter().map(|misfit| format!("left: {}", misfit.message));
    let said = format!("{taken} of {} parameters start from {}", graph.parameters.len(), path.display());
    let sha256 = sha256_of_file(path).map_err(|error| TrainError::Folder(format!("{}: {error}", path.display())))?;
    setup.started_from = Some(DataFile { role: Role::Weights, path: path.display().to_string(), sha256, rows: taken });
    Ok(std::iter::once(said).chain(notes).chain(left).collect())
}

const HELP: &str = "change the layer back, or add --partial to take what fits and start the rest as the file says";

/// The model whose weights are taken.
struct Other<'p> {
    tensors: BTreeMap<String, Tensor>,
    record: Record,
    path: &'p Path,
}

impl Other<'_> {
    /// Puts its weights into those of a parameter; says, where rows are matched by what they stand for, how many of how
    /// many were found. Otherwise why they do not fit.
    fn give(
        &self,
        setup: &Setup,
        parameter: &Parameter,
        shape: &[usize],
        values: &mut [f32],
    ) -> Result<Option<(usize, usize)>, String> {
        let Some(tensor) = self.tensors.get(&parameter.name) else {
            let near = suggest::nearest(&parameter.name, self.tensors.keys().map(String::as_str));
            let near = near.map_or(String::new(), |near| format!(" (it has `{near}`)"));
            return Err(format!("{} has no weights `{}`{near}", self.path.display(), parameter.name));
        };
        let clash = || {
            let (path, name) = (self.path.display(), &parameter.name);
            format!("the weights `{name}` of {path} have the shape {:?}, and this file says {shape:?}", tensor.shape)
        };
        let rows =
            parameter.shape.first().and_then(|axis| axis.as_symbol()).and_then(|symbol| self.rows(setup, symbol));
        let Some((new, old)) = rows else {
            if tensor.shape != shape {
                return Err(clash());
            }
            values.copy_from_slice(&tensor.values);
            return Ok(None);
        };
        if tensor.shape.get(1..) != shape.get(1..) || tensor.shape.first() != Some(&old.len()) {
            return Err(clash());
        }
        let width: usize = shape[1..].iter().product();
        let place: BTreeMap<&String, usize> = old.iter().enumerate().map(|(i, name)| (name, i)).collect();
        let mut found = 0;
        for (name, row) in new.iter().zip(values.chunks_exact_mut(width.max(1))) {
            if let Some(from) = place.get(name) {
                row.copy_from_slice(&tensor.values[from * width..][..width]);
                found += 1;
            }
        }
        Ok((found < new.len()).then_some((found, new.len())))
    }

    /// What the rows of an axis stand for: here, and in the other model.
    fn rows(&self, setup: &Setup, symbol: &Symbol) -> Option<(Vec<String>, Vec<String>)> {
        match symbol {
            Symbol::Vocabulary(field) => {
                let new = setup.dataset.vocabularies.get(&**field)?.tokens().to_vec();
                Some((new, self.record.vocabularies.get(&**field)?.clone()))
            }
            Symbol::Classes(_) => Some((setup.dataset.labels.as_ref()?.names().to_vec(), self.record.labels.clone())),
            _ => None,
        }
    }
}

fn misfit(graph: &Graph, id: ParameterId, path: &Path, why: String) -> Diagnostic {
    let parameter = graph.parameter(id);
    let span: Span = parameter.call.map_or(parameter.span, |call| graph.calls[graph.outermost(call).0].span);
    let diagnostic = Diagnostic::new(code::WEIGHTS, span, why).here("this layer");
    diagnostic.help(format!("{HELP}; `rnnc inspect {}` shows its weights", path.display()))
}
