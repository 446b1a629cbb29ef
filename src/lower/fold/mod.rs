//! A cell folded over trees: one operation of candle's tape for all nodes of all trees of a batch.
//!
//! The nodes are computed level by level ([`forest`]), each level as a whole: the equations of the cell run once over all
//! its rows, on candle's operations and on leaves of its own, and backward goes through the levels from the roots down. So
//! the depth of the tape does not grow with that of the trees. What the cell computes from its input alone has been
//! computed before, for all nodes at once ([`crate::passes::hoist`]).
//!
//! Rows beyond the nodes of a tree hold zeros and have no gradient.

mod forest;
mod level;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use candle_core::{CpuStorage, CustomOp2, Device, Layout, Result, Shape, Tensor, Var, bail};

use super::LowerError;
use super::scan::Step;
use super::scan::reference::{Seed, add};
use crate::ir::{Cell, ParameterId};
use crate::kernels::product::Factors;
use crate::kernels::profile::Charged;
use crate::kernels::{slice, with_values};
use crate::passes::leaves;
pub(super) use forest::Forest;
use level::Level;

/// A tree cell ready to run.
#[derive(Debug)]
pub(super) struct TreeStep {
    pub step: Arc<Step>,
    leaf: Cell,
    inner: Cell,
}

impl TreeStep {
    pub fn new(step: Arc<Step>) -> Self {
        let at = |place| leaves::at(place, &step.cell);
        Self { leaf: at(leaves::Place::Leaf), inner: at(leaves::Place::Inner), step }
    }
}

/// One application of a tree cell to a batch of trees.
pub(super) struct Fold {
    pub step: Arc<TreeStep>,
    pub forest: Arc<Forest>,
    /// Nodes of the largest tree, and trees.
    pub nodes: usize,
    pub batch: usize,
    /// Whether a gradient will be asked for.
    pub record: bool,
    /// Seed and key of dropout inside the cell, in training.
    pub random: Option<(u64, Vec<u64>)>,
}

impl Fold {
    /// `(input: [N, B, I], parameters: [P]) -> [N, B, H]`: the first state at every node.
    pub fn apply(self, input: &Tensor, parameters: &Tensor) -> Result<Tensor> {
        let record = self.record && (input.track_op() || parameters.track_op());
        let on_tape = OnTape { fold: Fold { record, ..self }, tape: Mutex::new(None) };
        input.contiguous()?.apply_op2(parameters, Charged::new(on_tape))
    }

    /// Computes all levels; gives the result and, when recording, what backward needs.
    fn run(&self, input: &[f32], parameters: &[f32]) -> std::result::Result<(Vec<f32>, Option<Tape>), LowerError> {
        let Step { input: width, states, .. } = &*self.step.step;
        let parameters =
            self.step.step.split(parameters).map(|(id, shape, values)| Ok((id, self.leaf(values.to_vec(), shape)?)));
        let parameters = parameters.collect::<Result<BTreeMap<_, _>>>()?;
        let factors =
            if self.record { parameters.keys().map(|id| (*id, Factors::default())).collect() } else { BTreeMap::new() };
        // The states of all nodes, place after place.
        let mut all: Vec<Vec<f32>> = states.iter().map(|width| vec![0.0; self.forest.rows.len() * width]).collect();
        let mut levels = Vec::new();
        for (i, places) in self.forest.levels.iter().enumerate() {
            let cell = if i == 0 { &self.step.leaf } else { &self.step.inner };
            let mut x = Vec::with_capacity(places.len() * width);
            places.clone().for_each(|place| x.extend_from_slice(&input[self.forest.rows[place] * width..][..*width]));
            let x = self.leaf(x, &[places.len(), *width])?;
            let level = Level::new(cell, &self.forest, places.clone());
            let read = level.read(&all, states, |values, shape| self.leaf(values, shape))?;
            let random = |node| {
                self.random.as_ref().map(|(seed, key)| {
                    crate::random::Random::new(*seed, &[key.as_slice(), &[i as u64, node as u64]].concat())
                })
            };
            let next = level.run(&x, &read, &parameters, &factors, states, random)?;
            for ((next, all), width) in next.iter().zip(&mut all).zip(states) {
                let rows = &mut all[places.start * width..places.end * width];
                with_values([next], |[next]| rows.copy_from_slice(next))?;
            }
            if self.record {
                levels.push(Record { level, x, read, next });
            }
        }
        let width = states[0];
        let mut result = vec![0.0; self.nodes * self.batch * width];
        for (row, state) in self.forest.rows.iter().zip(all[0].chunks_exact(width.max(1))) {
            result[row * width..][..width].copy_from_slice(state);
        }
        Ok((result, self.record.then_some(Tape { parameters, factors, levels })))
    }

    /// A value that the graph of a level starts from.
    fn leaf(&self, values: Vec<f32>, shape: &[usize]) -> Result<Tensor> {
        if self.record {
            Ok(Var::from_vec(values, shape, &Device::Cpu)?.into_inner())
        } else {
            Tensor::from_vec(values, shape, &Device::Cpu)
        }
    }

    /// The gradients of input and joined parameters.
    fn back(&self, tape: Tape, upstream: &[f32]) -> Result<(Vec<f32>, Vec<f32>)> {
        let Step { input: width, states, .. } = &*self.step.step;
        let mut d_input = vec![0.0; self.nodes * self.batch * width];
        let mut d_parameters = vec![0.0; self.step.step.total()];
        // Of the states of all nodes: what the parents and, for the first state, the result bring.
        let mut d_states: Vec<Vec<f32>> =
            states.iter().map(|width| vec![0.0; self.forest.rows.len() * width]).collect();
        for (row, d_state) in self.forest.rows.iter().zip(d_states[0].chunks_exact_mut(states[0].max(1))) {
            d_state.copy_from_slice(&upstream[row * states[0]..][..states[0]]);
        }
        for Record { level, x, read, next } in tape.levels.into_iter().rev() {
            let mut loss: Option<Tensor> = None;
            for ((next, d_state), width) in
                next.iter().zip(&d_states).zip(states).filter(|((next, _), _)| next.track_op())
            {
                let up = d_state[level.places.start * width..level.places.end * width].to_vec();
                let seed = next.apply_op1(Seed { upstream: Tensor::from_vec(up, next.shape(), &Device::Cpu)? })?;
                loss = Some(match loss {
                    Some(loss) => loss.add(&seed)?,
                    None => seed,
                });
            }
            let Some(loss) = loss else { continue };
            let gradients = loss.backward()?;
            if let Some(gradient) = gradients.get(&x) {
                with_values([gradient], |[gradient]| {
                    for (place, gradient) in level.places.clone().zip(gradient.chunks_exact((*width).max(1))) {
                        d_input[self.forest.rows[place] * width..][..*width].copy_from_slice(gradient);
                    }
                })?;
            }
            for (from, tensor) in &read {
                if let Some(gradient) = gradients.get(tensor) {
                    let width = states[from.state()];
                    with_values([gradient], |[gradient]| {
                        level.give_back(*from, gradient, &mut d_states[from.state()], width)
                    })?;
                }
            }
            for (id, parameter) in &tape.parameters {
                if let Some(gradient) = gradients.get(parameter) {
                    add(&mut d_parameters[self.step.step.range(*id)], gradient)?;
                }
            }
        }
        for (id, factors) in &tape.factors {
            if let Some(gradient) = factors.gradient()? {
                add(&mut d_parameters[self.step.step.range(*id)], &gradient)?;
            }
        }
        Ok((d_input, d_parameters))
    }
}

/// What forward leaves for backward.
struct Tape {
    /// The leaves all levels share.
    parameters: BTreeMap<ParameterId, Tensor>,
    /// Of the products with each of them.
    factors: BTreeMap<ParameterId, Factors>,
    levels: Vec<Record>,
}

struct Record {
    level: Level,
    x: Tensor,
    /// The states of the children, as the level's equations read them.
    read: level::Read,
    /// The graph of the level hangs on these.
    next: Vec<Tensor>,
}

struct OnTape {
    fold: Fold,
    /// Set by forward, taken by backward, which can so run only once.
    tape: Mutex<Option<Tape>>,
}

impl CustomOp2 for OnTape {
    fn name(&self) -> &'static str {
        "fold"
    }

    fn cpu_fwd(&self, s1: &CpuStorage, l1: &Layout, s2: &CpuStorage, l2: &Layout) -> Result<(CpuStorage, Shape)> {
        let (fold, step) = (&self.fold, &self.fold.step.step);
        let shape = (fold.nodes, fold.batch, step.input);
        let total = step.total();
        if l1.shape().dims3()? != shape || l2.shape().dims1()? != total {
            bail!("a fold of {shape:?} with {total} parameters got {:?} and {:?}", l1.shape(), l2.shape());
        }
        let (result, tape) = fold.run(slice(s1, l1)?, slice(s2, l2)?).map_err(candle_core::Error::wrap)?;
        if let Ok(mut slot) = self.tape.lock() {
            *slot = tape;
        }
        Ok((CpuStorage::F32(result), (shape.0, shape.1, step.states[0]).into()))
    }

    fn bwd(
        &self,
        input: &Tensor,
        parameters: &Tensor,
        _: &Tensor,
        up: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let Some(tape) = self.tape.lock().ok().and_then(|mut slot| slot.take()) else {
            bail!("a fold goes backward once, and only if it was recorded");
        };
        let (d_input, d_parameters) = with_values([up], |[up]| self.fold.back(tape, up))??;
        let give =
            |values, of: &Tensor| of.track_op().then(|| Tensor::from_vec(values, of.shape(), &Device::Cpu)).transpose();
        Ok((give(d_input, input)?, give(d_parameters, parameters)?))
    }
}
