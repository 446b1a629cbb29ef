//! The derivative of a step, written as further values: reverse mode over the equations.

use std::collections::BTreeMap;

use super::step::{StepOp, Value, ValueId, Values, Weight, slope_reads_argument};
use crate::ir::{BinaryOp, ParameterId, UnaryOp};

/// What the backward step gives.
pub struct Gradients {
    /// Of the step's input, where it is read.
    pub input: Option<ValueId>,
    /// Of every state before the step, where it is read.
    pub states: Vec<Option<ValueId>>,
    /// The two sides of every weight gradient, which is `Σ g xᵀ` over all steps and examples.
    pub weights: Vec<WeightGradient>,
    /// Gradients of parameter vectors, to be summed over all steps and examples.
    pub vectors: Vec<(ParameterId, ValueId)>,
}

pub struct WeightGradient {
    pub weight: Weight,
    pub g: ValueId,
    pub x: ValueId,
}

/// Appends the backward step to `values`, which hold the forward step with the new states `next`.
pub fn differentiate(values: &mut Values, next: &[ValueId]) -> Gradients {
    let forward: Vec<Value> = values.0.clone();
    let mut reverse = Reverse { adjoints: vec![Adjoint::default(); forward.len()], values };
    for (state, id) in next.iter().enumerate() {
        let width = forward[id.0].width;
        let carried = reverse.values.push(StepOp::Carried(state), &[], width);
        reverse.add(*id, carried);
        if state == 0 {
            let upstream = reverse.values.push(StepOp::Upstream, &[], width);
            reverse.add(*id, upstream);
        }
    }
    let mut gradients =
        Gradients { input: None, states: vec![None; next.len()], weights: Vec::new(), vectors: Vec::new() };
    let mut vectors: BTreeMap<ParameterId, ValueId> = BTreeMap::new();
    for (i, value) in forward.iter().enumerate().rev() {
        let Some(g) = reverse.adjoint(ValueId(i), value.width) else { continue };
        match &value.op {
            StepOp::Input => gradients.input = Some(reverse.merge(gradients.input, g)),
            StepOp::State(state) => gradients.states[*state] = Some(reverse.merge(gradients.states[*state], g)),
            StepOp::Parameter(id) => {
                let sum = reverse.merge(vectors.get(id).copied(), g);
                vectors.insert(*id, sum);
            }
            StepOp::Product { weight, transposed: false } => {
                let x = value.inputs[0];
                gradients.weights.push(WeightGradient { weight: *weight, g, x });
                if let Some(start) = value.inputs.get(1) {
                    reverse.add(*start, g);
                }
                let op = StepOp::Product { weight: *weight, transposed: true };
                let dx = reverse.values.push(op, &[g], weight.inputs);
                reverse.add(x, dx);
            }
            _ => reverse.local(ValueId(i), value, g),
        }
    }
    gradients.vectors = vectors.into_iter().collect();
    gradients
}

/// What has come together for a value so far.
#[derive(Debug, Clone, Default)]
struct Adjoint {
    whole: Option<ValueId>,
    /// Gradients of parts of the value: `(start, gradient)`.
    parts: Vec<(usize, ValueId)>,
}

struct Reverse<'a> {
    values: &'a mut Values,
    adjoints: Vec<Adjoint>,
}

impl Reverse<'_> {
    fn merge(&mut self, sum: Option<ValueId>, g: ValueId) -> ValueId {
        sum.map_or(g, |sum| self.values.binary(BinaryOp::Add, sum, g))
    }

    /// Adds `g` to the gradient of `of`; of one number that stood for many, it is their sum.
    fn add(&mut self, of: ValueId, g: ValueId) {
        if matches!(self.values.get(of).op, StepOp::Constant(_)) {
            return;
        }
        let g = if self.values.width(of) == 1 { self.values.sum(g) } else { g };
        self.adjoints[of.0].whole = Some(self.merge(self.adjoints[of.0].whole, g));
    }

    /// The whole gradient of a value: its parts joined, zeros between them.
    fn adjoint(&mut self, of: ValueId, width: usize) -> Option<ValueId> {
        let Adjoint { mut whole, mut parts } = std::mem::take(&mut self.adjoints[of.0]);
        parts.sort_by_key(|(start, _)| *start);
        // Overlapping parts are joined in several layers.
        while !parts.is_empty() {
            let (mut layer, mut later, mut at) = (Vec::new(), Vec::new(), 0);
            for (start, g) in parts {
                if start < at {
                    later.push((start, g));
                    continue;
                }
                self.zeros(start - at, &mut layer);
                layer.push(g);
                at = start + self.values.width(g);
            }
            self.zeros(width - at, &mut layer);
            let joined = match layer[..] {
                [only] => only,
                _ => self.values.push(StepOp::Concat, &layer, width),
            };
            whole = Some(self.merge(whole, joined));
            parts = later;
        }
        // One number for a whole vector: spread, so that a gradient always has its value's width.
        whole.map(|g| if self.values.width(g) < width { self.spread(g, width) } else { g })
    }

    fn zeros(&mut self, count: usize, layer: &mut Vec<ValueId>) {
        if count > 0 {
            layer.push(self.values.push(StepOp::Constant(0.0), &[], count));
        }
    }

    fn spread(&mut self, g: ValueId, width: usize) -> ValueId {
        let zeros = self.values.push(StepOp::Constant(0.0), &[], width);
        self.values.push(StepOp::Binary(BinaryOp::Add), &[g, zeros], width)
    }

    /// Passes the gradient `g` of a value on to its inputs.
    fn local(&mut self, id: ValueId, value: &Value, g: ValueId) {
        let input = |i: usize| value.inputs[i];
        match &value.op {
            StepOp::Unary(UnaryOp::Negate) => {
                let dx = self.values.unary(UnaryOp::Negate, g);
                self.add(input(0), dx);
            }
            StepOp::Unary(op) => {
                let read = if slope_reads_argument(*op) { input(0) } else { id };
                let dx = self.values.push(StepOp::Slope(*op), &[read, g], value.width);
                self.add(input(0), dx);
            }
            StepOp::Binary(op) => self.arithmetic(*op, id, input(0), input(1), g),
            StepOp::MultiplyAdd => {
                self.arithmetic(BinaryOp::Multiply, id, input(0), input(1), g);
                self.add(input(2), g);
            }
            StepOp::Sum => self.add(input(0), g),
            StepOp::Max => {
                let width = self.values.width(input(0));
                let dx = self.values.push(StepOp::MaxSlope, &[input(0), g], width);
                self.add(input(0), dx);
            }
            StepOp::Softmax => {
                let gy = self.values.binary(BinaryOp::Multiply, g, id);
                let mean = self.values.sum(gy);
                let centred = self.values.binary(BinaryOp::Subtract, g, mean);
                let dx = self.values.binary(BinaryOp::Multiply, id, centred);
                self.add(input(0), dx);
            }
            StepOp::Narrow { start } => self.adjoints[input(0).0].parts.push((*start, g)),
            StepOp::Concat => {
                let mut start = 0;
                for part in &value.inputs {
                    let width = self.values.width(*part);
                    let dx = self.values.push(StepOp::Narrow { start }, &[g], width);
                    self.add(*part, dx);
                    start += width;
                }
            }
            // The forward step has no other operations; leaves pass nothing on.
            _ => {}
        }
    }

    fn arithmetic(&mut self, op: BinaryOp, y: ValueId, a: ValueId, b: ValueId, g: ValueId) {
        match op {
            BinaryOp::Add => {
                self.add(a, g);
                self.add(b, g);
            }
            BinaryOp::Subtract => {
                self.add(a, g);
                if self.wanted(b) {
                    let minus = self.values.unary(UnaryOp::Negate, g);
                    self.add(b, minus);
                }
            }
            BinaryOp::Multiply => {
                for (of, other) in [(a, b), (b, a)] {
                    if self.wanted(of) {
                        let d = self.values.binary(BinaryOp::Multiply, g, other);
                        self.add(of, d);
                    }
                }
            }
            BinaryOp::Divide => {
                let da = self.values.binary(BinaryOp::Divide, g, b);
                if self.wanted(b) {
                    let share = self.values.binary(BinaryOp::Multiply, da, y);
                    let db = self.values.unary(UnaryOp::Negate, share);
                    self.add(b, db);
                }
                self.add(a, da);
            }
        }
    }

    fn wanted(&self, of: ValueId) -> bool {
        !matches!(self.values.get(of).op, StepOp::Constant(_))
    }
}
