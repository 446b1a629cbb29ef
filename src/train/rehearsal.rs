//! One step as training makes it, on the batch that asks for the most, and what it takes. Nothing is written.

use super::step::{norm, settle_rows, update};
use super::{Optimizer, Setup, TrainError};
use crate::data::{Batch, Order};
use crate::ir::Op;
use crate::lower::{Memory, Mode, to_scalar};

/// What one step took. Memory is in bytes.
pub struct Rehearsal {
    /// The longest rows.
    pub batch: Batch,
    /// Before the step.
    pub loss: f64,
    /// The norm of all gradients, before any clipping.
    pub norm: f64,
    /// Of every parameter, in the model's order: its weights, their gradients and what the optimizer remembers of them.
    pub parameters: Vec<Parameter>,
    pub memory: Memory,
    /// What the allocator and the kernels keep for the next step, beside what this one needs.
    pub reserve: usize,
    /// Everything that was read.
    pub data: usize,
}

/// Bytes that a parameter takes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Parameter {
    pub weights: usize,
    pub gradients: usize,
    pub optimizer: usize,
}

/// Forward, backward and update on the longest rows.
pub fn rehearse(setup: &mut Setup) -> Result<Rehearsal, TrainError> {
    let train = &setup.train;
    let pass = setup.dataset.train.pass(train.batch_size, train.bptt.unwrap_or(1), Order::Sorted);
    let batch = pass.batch(0);
    let (network, model) = (&mut setup.predictor.network, &setup.predictor.model);
    let sizes: Vec<usize> = network.values()?.iter().map(Vec::len).collect();
    let mut optimizer = Optimizer::new(&train.optimizer, train.sparse, &sizes);
    settle_rows(network, &mut optimizer, &batch.texts)?;
    let mode = Mode::Train { seed: train.seed, step: 0 };
    let logits = network.forward(&[model.logits], &batch.texts, mode)?;
    let mean = setup.predictor.loss.mean(&logits[0], &batch.expected)?;
    let loss = to_scalar(&mean)?;
    let mut gradients = network.gradients(&mean)?;
    let norm = norm(&gradients);
    drop((logits, mean));
    let number = size_of::<f32>();
    let parameters = sizes.iter().zip(&gradients).enumerate().map(|(i, (size, gradient))| Parameter {
        weights: number * size,
        gradients: number * gradient.as_ref().map_or(0, |gradient| gradient.values().len()),
        optimizer: number * optimizer.remembered(i),
    });
    let parameters = parameters.collect();
    update(network, &mut optimizer, &mut gradients, norm, train.clip, train.learning_rate)?;
    let memory = network.memory(model.logits, &batch.texts)?;
    let reserve = reserve(setup, memory.activations() + memory.passing);
    Ok(Rehearsal { loss, norm, parameters, memory, reserve, data: setup.dataset.bytes(), batch })
}

/// Freed memory stays in the process (see [`crate::kernels::memory`]), and arrays of recurrences in a pool. Steps of many
/// lengths leave pieces of many sizes, which grow with what a step needs, and less and less of it: measured on twelve
/// trainings with two threads, from 1 to 190 MiB a step.
fn reserve(setup: &Setup, step: usize) -> usize {
    const MIB: f64 = 1_048_576.0;
    let recurrent = setup.predictor.model.graph.nodes.iter().any(|node| matches!(node.op, Op::Scan { .. }));
    let train = &setup.dataset.train;
    let lengths = || (0..train.len()).map(|row| train.length(row));
    let (longest, all) = (lengths().max().unwrap_or(0), lengths().sum::<usize>());
    let varied = !train.continuous && all * 10 < 9 * longest * train.len();
    let step = step as f64 / MIB;
    let reserve = match (recurrent, varied) {
        (true, true) => 150.0 * step / (step + 2.5),
        (true, false) => 60.0 * step / (step + 2.5),
        (false, _) => 5.0 + 2.0 * step,
    };
    (reserve * MIB) as usize
}

impl Rehearsal {
    /// The sum over all parameters.
    pub fn total(&self, of: fn(&Parameter) -> usize) -> usize {
        self.parameters.iter().map(of).sum()
    }
}
