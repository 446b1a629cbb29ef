//! The parts of a training step that change weights: what `run` and `rnnc bench` share.

use std::collections::BTreeMap;

use super::{Optimizer, clip_factor, clip_values, global_norm};
use crate::data::Tokens;
use crate::ir::Clip;
use crate::lower::{Gradient, LowerError, Network};

/// Brings the table rows that these texts read up to date: before a pass reads them.
pub fn settle_rows(
    network: &mut Network,
    optimizer: &mut Optimizer,
    texts: &BTreeMap<String, Tokens>,
) -> Result<(), LowerError> {
    let read = network.rows(texts);
    network.for_each(|index, theta| {
        if let Some((_, rows)) = read.iter().find(|(table, _)| *table == index) {
            optimizer.settle(index, Some(rows), theta);
        }
    })
}

/// Brings every row of every table up to date: before anybody but a training step looks at the weights.
pub fn settle_all(network: &mut Network, optimizer: &mut Optimizer) -> Result<(), LowerError> {
    network.for_each(|index, theta| optimizer.settle(index, None, theta))?;
    optimizer.all_settled();
    Ok(())
}

/// The L2 norm of all gradients together.
pub fn norm(gradients: &[Option<Gradient>]) -> f64 {
    global_norm(gradients.iter().flatten().map(Gradient::values))
}

/// One step of the optimizer on gradients of this norm, clipped first; whether there was anything to clip.
pub fn update(
    network: &mut Network,
    optimizer: &mut Optimizer,
    gradients: &mut [Option<Gradient>],
    norm: f64,
    clip: Option<Clip>,
    learning_rate: f64,
) -> Result<bool, LowerError> {
    let (scale, clipped) = match clip {
        Some(Clip::Norm(max)) => (clip_factor(norm, max), norm > max),
        Some(Clip::Value(max)) => {
            let clipped = gradients.iter_mut().flatten().map(|gradient| clip_values(gradient.values_mut(), max));
            (1.0, clipped.fold(false, |any, one| any | one))
        }
        None => (1.0, false),
    };
    optimizer.begin_step(learning_rate);
    network.update(gradients, |index, theta, gradient| optimizer.update(index, scale, theta, gradient))?;
    Ok(clipped)
}
