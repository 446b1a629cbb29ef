//! A recurrence compiled: from the equations of a cell to the stages a kernel runs at every step, forward and backward.
//!
//! [`read`] makes the equations a list of vector values, [`differentiate`] appends their derivative, [`simplify`] joins
//! sums with products, [`place`] gives every value a place in memory. What the backward step reads of the forward step is
//! kept where it is costly to compute (products, exponentials) and computed again where it is not.
//!
//! It rearranges no equation ([`super::rearrange`] has) and runs nothing.

mod differentiate;
mod place;
pub mod program;
mod read;
mod simplify;
pub mod step;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::ir::{BinaryOp, Cell, Graph, UnaryOp};
use differentiate::{Gradients, differentiate};
use place::{Task, place};
use program::{Array, Operand, Place, Program, WeightSum};
use step::{StepOp, ValueId, Values};

/// Compiles a bound cell whose parameters are those of `graph`.
///
/// # Errors
/// What in the cell has no fused form: it is computed step by step then.
pub fn fuse(cell: &Cell, graph: &Graph) -> Result<Program, String> {
    let read::Step { mut values, next } = read::read(cell, graph)?;
    simplify::simplify(&mut values, 0, &next);
    let forward = values.0.len();
    let gradients = differentiate(&mut values, &next);
    simplify::simplify(&mut values, forward, &roots(&gradients));
    let input = cell.input.as_constant().and_then(|width| usize::try_from(width).ok());
    Ok(Fusion { values, next, forward, gradients }.program(input.ok_or("the width of its input is not known")?))
}

/// The scanned cells of a model that have no fused form, and why, whatever its sizes will be.
pub fn unfused(graph: &Graph) -> Vec<(String, String)> {
    // A size decides nothing here, so any will do.
    let Ok(bound) = super::bind(graph, &|_| Some(2)) else { return Vec::new() };
    let hoisted = super::hoist(&bound).graph;
    let why = |cell: &Cell| Some((cell.name.clone(), fuse(cell, &hoisted).err()?));
    // A cell over trees is computed level by level, all nodes of one at once.
    let scanned = hoisted.cells.iter().filter(|cell| !cell.is_of_trees());
    let mut unfused: Vec<(String, String)> = scanned.filter_map(why).collect();
    unfused.dedup();
    unfused
}

/// Everything the backward step is for.
fn roots(gradients: &Gradients) -> Vec<ValueId> {
    let weights = gradients.weights.iter().flat_map(|weight| [weight.g, weight.x]);
    let vectors = gradients.vectors.iter().map(|(_, g)| *g);
    gradients
        .input
        .into_iter()
        .chain(gradients.states.iter().flatten().copied())
        .chain(weights)
        .chain(vectors)
        .collect()
}

struct Fusion {
    values: Values,
    /// The new states.
    next: Vec<ValueId>,
    /// Values below this belong to the forward step.
    forward: usize,
    gradients: Gradients,
}

impl Fusion {
    fn program(&self, input: usize) -> Program {
        let states: Vec<usize> = self.next.iter().map(|id| self.values.width(*id)).collect();
        let mut tapes: Vec<usize> = states[1..].to_vec();
        let state_tapes = tapes.len();
        let state_arrays: Vec<Array> =
            (0..states.len()).map(|state| if state == 0 { Array::Result } else { Array::Tape(state - 1) }).collect();
        let mut matrices = Vec::new();

        let new_states: Vec<(ValueId, Place)> = self
            .next
            .iter()
            .copied()
            .zip(state_arrays.iter().map(|array| Place::Array { array: *array, before: false }))
            .collect();
        let leaf = |id| self.leaf(id, &state_arrays);
        let task = |results, given| Task { values: &self.values, results, given };
        let inference = place(&task(&new_states, &leaf), &mut matrices);

        let mut saved: BTreeMap<ValueId, Array> = BTreeMap::new();
        for id in self.saved() {
            saved.insert(id, Array::Tape(tapes.len()));
            tapes.push(self.values.width(id));
        }
        let forward_tapes = tapes.len();
        let kept = saved.iter().map(|(id, array)| (*id, Place::Array { array: *array, before: false }));
        let results: Vec<(ValueId, Place)> = new_states.iter().copied().chain(kept).collect();
        let forward = place(&task(&results, &leaf), &mut matrices);

        // What forward left in memory, as backward finds it.
        let mut found: BTreeMap<ValueId, Array> = saved;
        found.extend(self.next.iter().copied().zip(state_arrays.iter().copied()));
        let given = |id: ValueId| {
            let found = found.get(&id).map(|array| Place::Array { array: *array, before: false });
            let found = found.map(|place| Operand { place, start: 0, width: self.values.width(id) });
            found.or_else(|| leaf(id))
        };
        let mut results: Vec<(ValueId, Place)> = Vec::new();
        if let Some(id) = self.gradients.input {
            results.push((id, Place::Array { array: Array::InputGradient, before: false }));
        }
        let mut lasting = Lasting { fusion: self, given: &given, results, tapes: &mut tapes };
        let weight_gradients = self.gradients.weights.iter().map(|weight| WeightSum {
            weight: weight.weight,
            g: lasting.operand(weight.g),
            x: lasting.operand(weight.x),
        });
        let weight_gradients = weight_gradients.collect();
        let vectors = self.gradients.vectors.iter().map(|(id, g)| (*id, lasting.operand(*g)));
        let vector_gradients = vectors.collect();
        let mut results = lasting.results;
        for (state, id) in self.gradients.states.iter().enumerate() {
            results.extend(id.map(|id| (id, Place::Carried { state, leaving: true })));
        }
        let backward = place(&task(&results, &given), &mut matrices);
        let is_input = |operand: &Operand| matches!(operand.place, Place::Array { array: Array::Input, .. });
        let factors: &Vec<WeightSum> = &weight_gradients;
        Program {
            input,
            rereads_input: backward.reads(Array::Input) || factors.iter().any(|sum| is_input(&sum.x)),
            reaches_input: self.gradients.input.is_some(),
            states,
            tapes,
            state_tapes,
            forward_tapes,
            inference,
            forward,
            backward,
            matrices,
            weight_gradients,
            vector_gradients,
        }
    }

    /// A value that is in memory before a step begins.
    fn leaf(&self, id: ValueId, state_arrays: &[Array]) -> Option<Operand> {
        let value = self.values.get(id);
        let place = match value.op {
            StepOp::Input => Place::Array { array: Array::Input, before: false },
            StepOp::Upstream => Place::Array { array: Array::Upstream, before: false },
            StepOp::State(state) => Place::Array { array: state_arrays[state], before: true },
            StepOp::Carried(state) => Place::Carried { state, leaving: false },
            StepOp::Parameter(id) => Place::Parameter(id),
            StepOp::Constant(value) => Place::Constant(value),
            _ => return None,
        };
        Some(Operand { place, start: 0, width: value.width })
    }

    /// The values of the forward step that are kept for the backward step.
    fn saved(&self) -> BTreeSet<ValueId> {
        let is_forward = |id: ValueId| id.0 < self.forward;
        // What backward reads.
        let mut seen = BTreeSet::new();
        let mut open = roots(&self.gradients);
        let mut read = BTreeSet::new();
        while let Some(id) = open.pop() {
            if is_forward(id) {
                read.insert(self.whole(id));
            } else if seen.insert(id) {
                open.extend(&self.values.get(id).inputs);
            }
        }
        let in_memory =
            |id: ValueId| self.leaf(id, &vec![Array::Result; self.next.len()]).is_some() || self.next.contains(&id);
        let factors: BTreeSet<ValueId> = self.gradients.weights.iter().map(|weight| self.whole(weight.x)).collect();
        let costly = |id: &ValueId| !in_memory(*id) && (factors.contains(id) || !is_cheap(&self.values.get(*id).op));
        let mut saved: BTreeSet<ValueId> = read.iter().copied().filter(costly).collect();
        // What is cheap is computed again where its inputs are in memory.
        let mut available = vec![false; self.forward];
        for i in 0..self.forward {
            let (id, value) = (ValueId(i), &self.values.0[i]);
            let again = is_cheap(&value.op) && value.inputs.iter().all(|input| available[input.0]);
            if !in_memory(id) && !again && read.contains(&id) {
                saved.insert(id);
            }
            available[i] = in_memory(id) || again || saved.contains(&id);
        }
        saved
    }

    /// The value a slice is of.
    fn whole(&self, mut id: ValueId) -> ValueId {
        while let StepOp::Narrow { .. } = self.values.get(id).op {
            id = self.values.get(id).inputs[0];
        }
        id
    }
}

/// Puts what is summed over all steps into arrays.
struct Lasting<'a> {
    fusion: &'a Fusion,
    given: &'a dyn Fn(ValueId) -> Option<Operand>,
    results: Vec<(ValueId, Place)>,
    tapes: &'a mut Vec<usize>,
}

impl Lasting<'_> {
    /// Where a value stands for all steps.
    fn operand(&mut self, id: ValueId) -> Operand {
        let values = &self.fusion.values;
        let (mut root, mut start) = (id, 0);
        while let StepOp::Narrow { start: more } = values.get(root).op {
            start += more;
            root = values.get(root).inputs[0];
        }
        let width = values.width(id);
        let lasting = |operand: &Operand| !matches!(operand.place, Place::Carried { .. });
        if let Some(operand) = (self.given)(root).filter(lasting) {
            return Operand { start: operand.start + start, width, ..operand };
        }
        let is_array = |place: &Place| matches!(place, Place::Array { .. });
        if let Some((_, place)) = self.results.iter().find(|(id, place)| *id == root && is_array(place)) {
            return Operand { place: *place, start, width };
        }
        let place = Place::Array { array: Array::Tape(self.tapes.len()), before: false };
        self.tapes.push(values.width(root));
        self.results.push((root, place));
        Operand { place, start, width }
    }
}

/// Whether computing a value again costs no more than reading it.
fn is_cheap(op: &StepOp) -> bool {
    match op {
        StepOp::Unary(op) => matches!(op, UnaryOp::Negate | UnaryOp::Relu | UnaryOp::Abs),
        StepOp::Binary(op) => *op != BinaryOp::Divide,
        StepOp::MultiplyAdd | StepOp::Narrow { .. } | StepOp::Concat => true,
        _ => false,
    }
}
