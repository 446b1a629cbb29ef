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
use std::sync::Arc;

use candle_core::{Device, Result, Tensor, Var};

use super::LowerError;
use super::scan::Step;
use super::tape::{self, Recorded, add, seeded};
use super::trace::TracedNode;
use crate::ir::{Cell, ParameterId};
use crate::kernels::product::Factors;
use crate::kernels::with_values;
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
    /// Who is told of every value.
    pub trace: Option<TracedNode>,
}

impl Fold {
    /// `(input: [N, B, I], parameters: [P]) -> [N, B, H]`: the first state at every node.
    pub fn apply(self, input: &Tensor, parameters: &Tensor) -> Result<Tensor> {
        let record = self.record && (input.track_op() || parameters.track_op());
        tape::apply(Fold { record, ..self }, input, parameters)
    }

    /// A value that the graph of a level starts from.
    fn leaf(&self, values: Vec<f32>, shape: &[usize]) -> Result<Tensor> {
        if self.record {
            Ok(Var::from_vec(values, shape, &Device::Cpu)?.into_inner())
        } else {
            Tensor::from_vec(values, shape, &Device::Cpu)
        }
    }
}

impl Recorded for Fold {
    const NAME: &'static str = "fold";
    type Tape = Tape;

    fn shape(&self) -> (usize, usize, usize) {
        (self.nodes, self.batch, self.step.step.input)
    }

    fn total(&self) -> usize {
        self.step.step.total()
    }

    fn width(&self) -> usize {
        self.step.step.states[0]
    }

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
            let see = |values: &[Tensor]| match &self.trace {
                Some(trace) => level.show(trace, values, |place| {
                    let row = self.forest.rows[place];
                    (row % self.batch, row / self.batch)
                }),
                None => Ok(()),
            };
            let next = level.run(&x, &read, &parameters, &factors, states, random, see)?;
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

    fn back(&self, tape: Tape, upstream: &Tensor) -> Result<(Vec<f32>, Vec<f32>)> {
        let Step { input: width, states, .. } = &*self.step.step;
        let mut d_input = vec![0.0; self.nodes * self.batch * width];
        let mut d_parameters = vec![0.0; self.step.step.total()];
        // Of the states of all nodes: what the parents and, for the first state, the result bring.
        let mut d_states: Vec<Vec<f32>> =
            states.iter().map(|width| vec![0.0; self.forest.rows.len() * width]).collect();
        with_values([upstream], |[upstream]| {
            for (row, d_state) in self.forest.rows.iter().zip(d_states[0].chunks_exact_mut(states[0].max(1))) {
                d_state.copy_from_slice(&upstream[row * states[0]..][..states[0]]);
            }
        })?;
        for Record { level, x, read, next } in tape.levels.into_iter().rev() {
            let on_tape = next.iter().zip(&d_states).zip(states).filter(|((next, _), _)| next.track_op());
            let seeds = on_tape.map(|((next, d_state), width)| {
                let up = d_state[level.places.start * width..level.places.end * width].to_vec();
                Ok((next, Tensor::from_vec(up, next.shape(), &Device::Cpu)?))
            });
            let Some(loss) = seeded(seeds)? else { continue };
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
pub(super) struct Tape {
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
