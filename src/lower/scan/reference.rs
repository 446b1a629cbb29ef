//! The recurrence as its equations say it, on candle's operations: what the fused kernel is compared with, and what runs
//! the cells that have no fused form.
//!
//! Forward runs the cell's equations step by step on fresh leaves, so that every step has a small graph of its own.
//! Backward goes back through the steps and calls candle's backward on each: its depth does not grow with the number of
//! steps, and no step touches more than its own rows.

use std::collections::BTreeMap;
use std::sync::Arc;

use candle_core::{Device, Result, Tensor, Var};

use super::{Scan, Step};
use crate::ir::{Node, NodeId, Op, ParameterId, Type};
use crate::kernels::product::Factors;
use crate::kernels::time::Advance;
use crate::kernels::{apply2, with_values};
use crate::lower::LowerError;
use crate::lower::batch::Batch;
use crate::lower::evaluate::{Operand, align, evaluate};
use crate::lower::tape::{Recorded, add, seeded};
use crate::random::Random;

impl Step {
    /// The products with a parameter as it stands: the gradients of these weights are computed after the loop.
    fn products(&self) -> BTreeMap<NodeId, (ParameterId, Factors)> {
        let weight = |(i, node): (usize, &Node)| match (&node.op, node.inputs.first()) {
            (Op::Product, Some(weight)) => match self.cell.node(*weight).op {
                Op::Parameter(id) => Some((NodeId(i), (id, Factors::default()))),
                _ => None,
            },
            _ => None,
        };
        self.cell.nodes.iter().enumerate().filter_map(weight).collect()
    }

    /// The new states from those before and the input of one step. `see` is shown the values of all nodes.
    fn run(
        &self,
        x: &Tensor,
        states: &[Tensor],
        parameters: &BTreeMap<ParameterId, Tensor>,
        factors: &BTreeMap<NodeId, (ParameterId, Factors)>,
        random: impl Fn(usize) -> Option<Random>,
        see: impl FnOnce(&[Tensor]) -> Result<()>,
    ) -> std::result::Result<Vec<Tensor>, LowerError> {
        let batch = Batch::of_size(x.dims().first().copied().unwrap_or(1));
        let nodes = &self.cell.nodes;
        let mut values: Vec<Tensor> = Vec::with_capacity(nodes.len());
        for (i, node) in nodes.iter().enumerate() {
            let missing = || LowerError::new("a cell names something it does not have").at(node);
            let value = match &node.op {
                Op::StepInput => x.clone(),
                Op::State(n) => states.get(*n).cloned().ok_or_else(missing)?,
                Op::Parameter(id) => parameters.get(id).cloned().ok_or_else(missing)?,
                _ => {
                    let operand = |id: &NodeId| Operand { node: &nodes[id.0], tensor: &values[id.0] };
                    let inputs: Vec<_> = node.inputs.iter().map(operand).collect();
                    let factors = factors.get(&NodeId(i)).map(|(_, factors)| factors);
                    evaluate(node, &inputs, &batch, random(i), factors).map_err(|error| error.at(node))?
                }
            };
            batch.confirm(&value, &node.ty).map_err(|error| error.at(node))?;
            values.push(value);
        }
        see(&values)?;
        let next = self.cell.states.iter().zip(&self.states).map(|(state, width)| {
            let operand = Operand { node: self.cell.node(state.next), tensor: &values[state.next.0] };
            align(&operand, &Type::example(vec![state.size.clone()]), &[batch.size, *width])
        });
        next.collect()
    }
}

impl Scan {
    /// The steps in the order they are read.
    fn order(&self) -> Box<dyn DoubleEndedIterator<Item = usize>> {
        if self.reverse { Box::new((0..self.sequence.steps).rev()) } else { Box::new(0..self.sequence.steps) }
    }

    /// Which examples have a step `t`; nothing where all have.
    fn running(&self, t: usize) -> Option<Arc<[bool]>> {
        let running: Arc<[bool]> = self.sequence.lengths.iter().map(|length| t < *length).collect();
        running.contains(&false).then_some(running)
    }

    /// Shows the values of a step to whom they are traced for.
    fn see(&self, t: usize, values: &[Tensor]) -> Result<()> {
        let Some(trace) = &self.trace else { return Ok(()) };
        trace.values(&self.step.cell, values, |_, row| (t < self.sequence.lengths[row]).then_some((row, t)))
    }

    fn random(&self, t: usize, node: usize) -> Option<Random> {
        let (seed, key) = self.random.as_ref()?;
        Some(Random::new(*seed, &[key.as_slice(), &[t as u64, node as u64]].concat()))
    }
}

impl Recorded for Scan {
    const NAME: &'static str = "scan";
    type Tape = Tape;

    fn shape(&self) -> (usize, usize, usize) {
        (self.sequence.steps, self.batch(), self.step.input)
    }

    fn total(&self) -> usize {
        self.step.total()
    }

    fn width(&self) -> usize {
        self.step.states[0]
    }

    fn run(&self, input: &[f32], parameters: &[f32]) -> std::result::Result<(Vec<f32>, Option<Tape>), LowerError> {
        let leaf = |values: &[f32], shape: &[usize]| -> Result<Tensor> {
            if self.record {
                Ok(Var::from_slice(values, shape, &Device::Cpu)?.into_inner())
            } else {
                Tensor::from_slice(values, shape, &Device::Cpu)
            }
        };
        let (batch, width) = (self.batch(), self.step.input);
        let parameters = self.step.split(parameters).map(|(id, shape, values)| Ok((id, leaf(values, shape)?)));
        let parameters = parameters.collect::<Result<BTreeMap<_, _>>>()?;
        let factors = if self.record { self.step.products() } else { BTreeMap::new() };

        let start = |(i, width): (usize, &usize)| match self.start().get(i) {
            Some(values) => Tensor::from_slice(values, (batch, *width), &Device::Cpu),
            None => Tensor::zeros((batch, *width), candle_core::DType::F32, &Device::Cpu),
        };
        let mut states = self.step.states.iter().enumerate().map(start).collect::<Result<Vec<_>>>()?;
        let row = batch * self.step.states[0];
        let mut result = vec![0.0; self.sequence.steps * row];
        let mut steps = Vec::new();
        for t in self.order() {
            let x = leaf(&input[t * batch * width..(t + 1) * batch * width], &[batch, width])?;
            if self.record {
                // The state before becomes a leaf: the step's graph ends here.
                for state in &mut states {
                    *state = with_values([state], |[values]| leaf(values, state.dims()))??;
                }
            }
            let random = |node| self.random(t, node);
            let mut next = self.step.run(&x, &states, &parameters, &factors, random, |values| self.see(t, values))?;
            if let Some(running) = self.running(t) {
                for (next, state) in next.iter_mut().zip(&states) {
                    *next = apply2(Advance { running: running.clone() }, next, state, state.shape())?;
                }
            }
            with_values([&next[0]], |[h]| result[t * row..(t + 1) * row].copy_from_slice(h))?;
            if self.record {
                steps.push(Record { t, x, states, next: next.clone() });
            }
            states = next;
        }
        let values = |state: &Tensor| with_values([state], |[values]| values.to_vec());
        let last = states.iter().map(values).collect::<Result<Vec<_>>>()?;
        self.leave(|| last);
        Ok((result, self.record.then_some(Tape { parameters, factors, steps })))
    }

    fn back(&self, tape: Tape, upstream: &Tensor) -> Result<(Vec<f32>, Vec<f32>)> {
        let (batch, width) = (self.batch(), self.step.input);
        let mut d_input = vec![0.0; self.sequence.steps * batch * width];
        let mut d_parameters = vec![0.0; self.step.total()];
        // Gradients of the states after the step at hand.
        let mut d_states: Vec<Option<Tensor>> = vec![None; self.step.states.len()];
        if let Some(watch) = &self.watch {
            watch.begin(&self.sequence.lengths);
        }
        for Record { t, x, states, next } in tape.steps.into_iter().rev() {
            let out = upstream.get(t)?;
            d_states[0] = Some(match &d_states[0] {
                Some(later) => later.add(&out)?,
                None => out.clone(),
            });
            if let Some(watch) = &self.watch {
                watch.step(t, &d_states, &out)?;
            }
            let seeds = next.iter().zip(&mut d_states).filter_map(|(next, upstream)| {
                let upstream = upstream.take().filter(|_| next.track_op())?;
                Some(Ok((next, upstream)))
            });
            let Some(loss) = seeded(seeds)? else { continue };
            let gradients = loss.backward()?;
            if let Some(gradient) = gradients.get(&x) {
                let rows = &mut d_input[t * batch * width..(t + 1) * batch * width];
                with_values([gradient], |[gradient]| rows.copy_from_slice(gradient))?;
            }
            for (upstream, state) in d_states.iter_mut().zip(&states) {
                *upstream = gradients.get(state).map(Tensor::detach);
            }
            for (id, parameter) in &tape.parameters {
                if let Some(gradient) = gradients.get(parameter) {
                    add(&mut d_parameters[self.step.range(*id)], gradient)?;
                }
            }
        }
        for (weight, factors) in tape.factors.values() {
            if let Some(gradient) = factors.gradient()? {
                add(&mut d_parameters[self.step.range(*weight)], &gradient)?;
            }
        }
        Ok((d_input, d_parameters))
    }
}

/// What forward leaves for backward.
pub struct Tape {
    /// The leaves all steps share.
    parameters: BTreeMap<ParameterId, Tensor>,
    /// Of every product's weight.
    factors: BTreeMap<NodeId, (ParameterId, Factors)>,
    /// In the order they ran.
    steps: Vec<Record>,
}

struct Record {
    t: usize,
    x: Tensor,
    /// The leaves: states before the step.
    states: Vec<Tensor>,
    /// The graph of the step hangs on these.
    next: Vec<Tensor>,
}
