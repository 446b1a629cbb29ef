//! Optimizers: PyTorch's update rules on plain slices, one rule a file.
//!
//! Every rule reads and writes each slice once a step. Values are updated one by one, so the result does not depend on
//! how many threads share the work. The learning rate comes from outside, as does the clipping factor.

mod adadelta;
mod adagrad;
mod adam;
mod rmsprop;
mod rows;
mod sgd;

use std::collections::BTreeMap;
use std::fmt;

use crate::ir;
use crate::lower::Gradient;
use rows::{Idle, RowSteps, Table};

/// Slices longer than this are shared among threads.
const SHARE: usize = 1 << 15;

/// An update rule and what it remembers of every parameter.
#[derive(Debug)]
pub struct Optimizer {
    rule: Box<dyn Rule>,
    /// One a parameter, in the order of the sizes given to [`Optimizer::new`].
    slots: Vec<Slot>,
    steps: u64,
    /// Rows without a gradient keep their value and state, whatever the rule says.
    sparse: bool,
    /// Of the parameters that have had gradients of rows only.
    tables: BTreeMap<usize, RowSteps>,
    /// Learning rates of the steps since all rows were settled.
    learning_rates: Vec<f64>,
    /// The step at which somebody else's state was taken over, all rows settled; 0 where none was.
    restored: u64,
}

/// What a rule remembers of one parameter: as many buffers as it names, the others empty.
type Slot = [Vec<f32>; 2];

/// What is the same for all parameters in one step.
#[derive(Debug, Clone, Copy)]
struct Step {
    /// From 1.
    number: u64,
    learning_rate: f64,
    /// Multiplied into the gradient before anything else.
    scale: f32,
}

/// One optimizer's equations.
trait Rule: fmt::Debug + Send + Sync {
    /// PyTorch's names of its buffers. All start at zero.
    fn buffers(&self) -> &'static [&'static str];

    /// Whether a value whose gradient is zero keeps its value and its state.
    fn is_sparse(&self) -> bool;

    /// Whether a value that has never had a gradient stays where it is.
    fn rests(&self) -> bool;

    /// One step on values and their buffers.
    fn update(&self, step: Step, theta: &mut [f32], gradient: &[f32], state: [&mut [f32]; 2]);
}

impl Optimizer {
    /// An optimizer for parameters of these numbers of values. With `sparse` the rows of a table that a step does not read
    /// keep their value and state.
    pub fn new(optimizer: &ir::Optimizer, sparse: bool, sizes: &[usize]) -> Self {
        use ir::Optimizer::*;
        let rule: Box<dyn Rule> = match *optimizer {
            Sgd { momentum, nesterov, weight_decay } => Box::new(sgd::Sgd { momentum, nesterov, weight_decay }),
            Adam { betas, eps, weight_decay } => Box::new(adam::Adam { betas, eps, weight_decay, decoupled: false }),
            AdamW { betas, eps, weight_decay } => Box::new(adam::Adam { betas, eps, weight_decay, decoupled: true }),
            Adagrad { eps, weight_decay } => Box::new(adagrad::Adagrad { eps, weight_decay }),
            Adadelta { rho, eps, weight_decay } => Box::new(adadelta::Adadelta { rho, eps, weight_decay }),
            RmsProp { alpha, eps, momentum, weight_decay } => {
                Box::new(rmsprop::RmsProp { alpha, eps, momentum, weight_decay })
            }
        };
        let used = rule.buffers().len();
        let slot = |size: &usize| std::array::from_fn(|buffer| vec![0.0; if buffer < used { *size } else { 0 }]);
        let slots = sizes.iter().map(slot).collect();
        Self { rule, slots, steps: 0, sparse, tables: BTreeMap::new(), learning_rates: Vec::new(), restored: 0 }
    }

    /// Begins the next step, with this learning rate; then every parameter is updated once.
    pub fn begin_step(&mut self, learning_rate: f64) {
        self.steps += 1;
        self.learning_rates.push(learning_rate);
    }

    /// How many numbers are remembered of parameter `index`.
    pub fn remembered(&self, index: usize) -> usize {
        self.slots[index].iter().map(Vec::len).sum()
    }

    /// Steps begun so far.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Updates parameter `index` (its place in the sizes given to [`Optimizer::new`]).
    ///
    /// `scale` is multiplied into the gradient on the fly: the clipping factor, or 1. The rows of a gradient of rows have to
    /// be settled: see [`Self::settle`].
    pub fn update(&mut self, index: usize, scale: f32, theta: &mut [f32], gradient: &Gradient) {
        let step = self.step(scale);
        match gradient {
            Gradient::Whole(gradient) => {
                assert_eq!(theta.len(), gradient.len(), "a parameter and its gradient have the same size");
                update_shared(&*self.rule, step, theta, gradient, self.slots[index].each_mut().map(|b| &mut b[..]));
            }
            Gradient::Rows { rows, values } => {
                let width = values.len() / rows.len().max(1);
                for (row, gradient) in rows.iter().zip(values.chunks_exact(width.max(1))) {
                    let part = *row as usize * width..(*row as usize + 1) * width;
                    let state = self.slots[index].each_mut();
                    let state = state.map(|b| if b.is_empty() { &mut b[..] } else { &mut b[part.clone()] });
                    self.rule.update(step, &mut theta[part.clone()], gradient, state);
                }
                if self.waits() && width > 0 {
                    let new = || RowSteps::new(theta.len() / width, width, self.restored);
                    let table = self.tables.entry(index).or_insert_with(new);
                    table.moved(rows, step.number);
                }
            }
        }
    }

    /// Brings rows of a table, which ascend, to where they would be if every step so far had updated them: before they are
    /// read. All rows where none are given.
    pub fn settle(&mut self, index: usize, rows: Option<&[u32]>, theta: &mut [f32]) {
        let Some(table) = self.tables.get_mut(&index) else { return };
        debug_assert_eq!(theta.len(), table.rows() * table.width());
        let all: Vec<u32>;
        let rows = match rows {
            Some(rows) => rows,
            None => {
                all = (0..table.rows() as u32).collect();
                &all
            }
        };
        let first = self.steps + 1 - self.learning_rates.len() as u64;
        let idle = Idle { first, learning_rates: &self.learning_rates };
        let state = self.slots[index].each_mut().map(|buffer| &mut buffer[..]);
        table.settle(&*self.rule, rows, self.steps, idle, Table { theta, state });
    }

    /// To be called after all rows of all tables are settled.
    pub fn all_settled(&mut self) {
        self.learning_rates.clear();
    }

    /// Whether rows without a gradient have steps to make up for.
    fn waits(&self) -> bool {
        !self.sparse && !self.rule.is_sparse()
    }

    fn step(&self, scale: f32) -> Step {
        let learning_rate = *self.learning_rates.last().expect("`begin_step` comes before the first update");
        Step { number: self.steps, learning_rate, scale }
    }

    /// Everything it remembers but the number of steps: PyTorch's buffer name and the parameter's index, `exp_avg.3`.
    pub fn state(&self) -> Vec<(String, &[f32])> {
        let name = |buffer: &str, index: usize| format!("{buffer}.{index}");
        let names = self.rule.buffers();
        self.slots
            .iter()
            .enumerate()
            .flat_map(|(index, slot)| {
                names.iter().zip(slot).map(move |(buffer, values)| (name(buffer, index), values.as_slice()))
            })
            .collect()
    }

    /// Takes over what [`Optimizer::steps`] and [`Optimizer::state`] gave.
    ///
    /// # Errors
    /// A sentence that names the buffer that is missing, has another size or is not one of this optimizer's;
    /// nothing is changed then.
    pub fn restore(&mut self, steps: u64, mut state: BTreeMap<String, Vec<f32>>) -> Result<(), String> {
        for (name, values) in self.state() {
            match state.get(&name) {
                None => return Err(format!("the optimizer's `{name}` is missing")),
                Some(found) if found.len() != values.len() => {
                    let (found, expected) = (found.len(), values.len());
                    return Err(format!("the optimizer's `{name}` has {found} values instead of {expected}"));
                }
                Some(_) => {}
            }
        }
        let names: Vec<String> = self.state().into_iter().map(|(name, _)| name).collect();
        if let Some(unknown) = state.keys().find(|name| !names.contains(name)) {
            return Err(format!("`{unknown}` does not belong to this optimizer"));
        }
        let used = self.rule.buffers().len();
        let buffers = self.slots.iter_mut().flat_map(|slot| &mut slot[..used]);
        for (name, buffer) in names.iter().zip(buffers) {
            if let Some(values) = state.remove(name) {
                *buffer = values;
            }
        }
        self.steps = steps;
        self.restored = steps;
        self.learning_rates.clear();
        self.tables.clear();
        Ok(())
    }
}

/// Halves the work until a piece is small enough for one thread.
fn update_shared(rule: &dyn Rule, step: Step, theta: &mut [f32], gradient: &[f32], state: [&mut [f32]; 2]) {
    if theta.len() <= SHARE {
        return rule.update(step, theta, gradient, state);
    }
    let middle = theta.len() / 2;
    let (theta_left, theta_right) = theta.split_at_mut(middle);
    let (gradient_left, gradient_right) = gradient.split_at(middle);
    // A buffer the rule does not use is empty.
    let [(first_left, first_right), (second_left, second_right)] =
        state.map(|buffer| buffer.split_at_mut(middle.min(buffer.len())));
    rayon::join(
        || update_shared(rule, step, theta_left, gradient_left, [first_left, second_left]),
        || update_shared(rule, step, theta_right, gradient_right, [first_right, second_right]),
    );
}

#[cfg(test)]
mod tests;
