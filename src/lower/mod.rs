//! A bound graph as candle tensors: values, gradients, parameters in place. CPU, f32. The reference path.
//!
//! Everything is time-major: a value `[T, F]` of one example is a tensor `[T, B, F]`, `[F]` is `[B, F]`, `[T]` is
//! `[T, B]`, a scalar is `[B]`; a shared value has its own axes only. `[S, T, F]`, a sequence of sequences, is `[T, S, B, F]`:
//! for what works along `T` a batch of S·B sequences, some of them of length 0, and without `T` a sequence along `S`.
//!
//! **The invariant of padding**: rows past an example's length may hold anything finite, and no true row ever depends on
//! one. Operations along time read true steps only; all others treat rows one by one; gradients at padded rows are zero.
//! So an example's result does not depend on what it is batched with.
//!
//! This room checks no shapes for the user (the checker has) and owns no optimizer: it lends the parameters as slices.

mod batch;
mod error;
mod evaluate;
mod fold;
mod gradient;
mod loss;
mod memory;
mod scan;
mod states;
mod tape;
mod time;
mod trace;
mod watch;

#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use candle_core::{CpuStorage, Device, InplaceOp1, Layout, Tensor, Var};

/// What a network computes, for the functions of this room.
pub use candle_core::Tensor as Scores;
pub use error::LowerError;
pub use gradient::Gradient;
pub use loss::{Loss, cross_entropy, largest, predicted, softmax, to_rows, to_scalar, to_values, weighted_sum};
pub use memory::Memory;
pub use scan::Path;
pub use states::States;
pub use trace::{Fault, NamedValue, Traced};
pub use watch::{StateGradients, StepGradients};

use crate::data::Tokens;
use crate::ir::{CellId, Element, Graph, Node, NodeId, Op, ParameterId, Symbol};
use crate::kernels::lookup::{FoundRows, Lookup, lookup_rows};
use crate::kernels::product::{product, product_with_bias};
use crate::kernels::profile::charge;
use crate::kernels::time::Shift;
use crate::kernels::tree::{Family, Spread};
use crate::kernels::{apply, with_values};
use crate::passes::{absorb_biases, absorb_lookups, absorb_projections, bind, hoist, join_directions};
use crate::random::Random;
use batch::Batch;
use evaluate::Operand;
use fold::{Fold, TreeStep};
use scan::{Carried, Projection, Scan, Step, joined};
use trace::Trace;
use watch::Watch;

/// How a forward pass is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Dropout changes nothing, and nothing is kept for a backward pass.
    Evaluate,
    /// Dropout draws from the seed and the number of the training step.
    Train { seed: u64, step: u64 },
}

/// A graph with numbers: sizes bound, one variable a parameter.
pub struct Network {
    graph: Graph,
    /// For every node of the graph it was made from, the node here.
    nodes: Vec<NodeId>,
    /// One a cell of `graph`.
    steps: Vec<Arc<Step>>,
    /// Of the cells that are folded over trees.
    tree_steps: BTreeMap<CellId, Arc<TreeStep>>,
    parameters: Vec<Var>,
    /// The trained parameters that are read by lookups only, and what the lookups of the last pass bring back.
    tables: BTreeMap<ParameterId, FoundRows>,
    /// Of a network that is watched.
    watch: Option<Watch>,
    /// Of a network that is traced.
    trace: Option<Trace>,
    /// Whether softmaxes with a linear start are left out.
    linear: bool,
}

impl Network {
    /// `size` gives the value of every symbol that comes from data, `values` one row-major array a parameter.
    pub fn new(
        graph: &Graph,
        size: &dyn Fn(&Symbol) -> Option<usize>,
        values: Vec<Vec<f32>>,
    ) -> Result<Self, LowerError> {
        Self::with_path(graph, size, values, Path::Fused)
    }

    /// The same, with a choice of how recurrences are computed.
    pub fn with_path(
        graph: &Graph,
        size: &dyn Fn(&Symbol) -> Option<usize>,
        values: Vec<Vec<f32>>,
        path: Path,
    ) -> Result<Self, LowerError> {
        let parameters = variables(graph, size, values)?;
        let mut hoisted = hoist(&bind(graph, size)?);
        absorb_biases(&mut hoisted.graph);
        let step = |cell| Step::new(cell, &hoisted.graph, path).map(Arc::new);
        let steps = hoisted.graph.cells.iter().map(step).collect::<Result<Vec<_>, _>>()?;
        absorb_projections(&mut hoisted.graph, |cell| steps[cell.0].is_fused());
        join_directions(&mut hoisted.graph, |cell| steps[cell.0].is_fused());
        absorb_lookups(&mut hoisted.graph);
        Ok(Self::assembled(hoisted.graph, hoisted.nodes, steps, parameters))
    }

    fn assembled(graph: Graph, nodes: Vec<NodeId>, steps: Vec<Arc<Step>>, parameters: Vec<Var>) -> Self {
        let of_trees = |(cell, step): (usize, &Arc<Step>)| {
            step.cell.is_of_trees().then(|| (CellId(cell), Arc::new(TreeStep::new(step.clone()))))
        };
        let tree_steps = steps.iter().enumerate().filter_map(of_trees).collect();
        let tables = tables(&graph);
        Self { graph, nodes, steps, tree_steps, parameters, tables, watch: None, trace: None, linear: false }
    }

    /// The same as [`Self::new`], by the reference and with every equation where it is written, for [`Self::trace`].
    pub fn traced(
        graph: &Graph,
        size: &dyn Fn(&Symbol) -> Option<usize>,
        values: Vec<Vec<f32>>,
    ) -> Result<Self, LowerError> {
        let parameters = variables(graph, size, values)?;
        let bound = bind(graph, size)?;
        let step = |cell| Step::new(cell, &bound, Path::Reference).map(Arc::new);
        let steps = bound.cells.iter().map(step).collect::<Result<Vec<_>, _>>()?;
        let nodes = (0..bound.nodes.len()).map(NodeId).collect();
        Ok(Self { trace: Some(Trace::default()), ..Self::assembled(bound, nodes, steps, parameters) })
    }

    /// The values of all nodes for a batch of texts, and what the cells computed on the way, by their scan or fold.
    pub fn trace(
        &self,
        texts: &BTreeMap<String, Tokens>,
    ) -> Result<(Vec<Tensor>, BTreeMap<NodeId, Traced>), LowerError> {
        let all: Vec<NodeId> = (0..self.nodes.len()).map(NodeId).collect();
        let values = self.forward(&all, texts, Mode::Evaluate)?;
        Ok((values, self.trace.as_ref().map(Trace::take).unwrap_or_default()))
    }

    /// The same as [`Self::new`], by the reference, for [`Self::state_gradients`].
    pub fn watched(
        graph: &Graph,
        size: &dyn Fn(&Symbol) -> Option<usize>,
        values: Vec<Vec<f32>>,
    ) -> Result<Self, LowerError> {
        let network = Self::with_path(graph, size, values, Path::Reference)?;
        Ok(Self { watch: Some(Watch::default()), ..network })
    }

    /// Whether a softmax of the model starts linear.
    pub fn has_linear_start(&self) -> bool {
        self.graph.nodes.iter().any(|node| node.op == Op::LinearStart)
    }

    /// Leaves the softmaxes with a linear start out, or puts them back.
    pub fn set_linear(&mut self, linear: bool) {
        self.linear = linear;
    }

    /// The shapes of the parameters once `size` is known, in the graph's order.
    pub fn shapes(graph: &Graph, size: &dyn Fn(&Symbol) -> Option<usize>) -> Result<Vec<Vec<usize>>, LowerError> {
        let shape = |parameter: &crate::ir::Parameter| {
            let sizes = parameter.shape.iter().map(|dim| {
                let unknown = || LowerError::new(format!("`{}`: the size `{dim}` is not known", parameter.name));
                dim.evaluate(&size).ok_or_else(unknown)
            });
            sizes.collect()
        };
        graph.parameters.iter().map(shape).collect()
    }

    /// The values of `outputs` (nodes of the graph this was made from) for a batch of texts, one entry a text field.
    /// Only nodes that the outputs need are evaluated.
    pub fn forward(
        &self,
        outputs: &[NodeId],
        texts: &BTreeMap<String, Tokens>,
        mode: Mode,
    ) -> Result<Vec<Tensor>, LowerError> {
        self.run(outputs, texts, mode, None)
    }

    /// The same for a piece of longer texts, one an example: every recurrence starts from the state it was left in, every
    /// shift moves in the steps it still holds, and `states` is what they leave now. So pieces read one after the other
    /// give what the whole would, as long as nothing in the graph looks ahead.
    pub fn read_on(
        &self,
        outputs: &[NodeId],
        texts: &BTreeMap<String, Tokens>,
        mode: Mode,
        states: &mut States,
    ) -> Result<Vec<Tensor>, LowerError> {
        self.run(outputs, texts, mode, Some(states))
    }

    fn run(
        &self,
        outputs: &[NodeId],
        texts: &BTreeMap<String, Tokens>,
        mode: Mode,
        mut states: Option<&mut States>,
    ) -> Result<Vec<Tensor>, LowerError> {
        let unknown = || LowerError::new("an output is no node of this graph");
        let outputs = outputs.iter().map(|id| self.nodes.get(id.0).copied().ok_or_else(unknown));
        let outputs = outputs.collect::<Result<Vec<_>, _>>()?;
        let batch = Batch::new(texts)?;
        self.tables.values().for_each(FoundRows::clear);
        // How many later nodes still read a value: it is dropped after the last.
        let mut readers = vec![0; self.graph.nodes.len()];
        outputs.iter().for_each(|id| readers[id.0] += 1);
        for (i, node) in self.graph.nodes.iter().enumerate().rev() {
            if readers[i] > 0 {
                node.inputs.iter().for_each(|input| readers[input.0] += 1);
            }
        }
        let mut values: Vec<Option<Tensor>> = vec![None; self.graph.nodes.len()];
        for (i, node) in self.graph.nodes.iter().enumerate() {
            if readers[i] == 0 {
                continue;
            }
            let value = charge(node.call, || self.evaluate(NodeId(i), &values, &batch, mode, states.as_deref_mut()));
            let value = value.map_err(|error| error.at(node))?;
            if node.ty.element == Element::Number {
                batch.confirm(&value, &node.ty).map_err(|error| error.at(node))?;
            }
            values[i] = Some(value);
            for input in &node.inputs {
                readers[input.0] -= 1;
                if readers[input.0] == 0 {
                    values[input.0] = None;
                }
            }
        }
        outputs.iter().map(|id| values[id.0].clone().ok_or_else(unknown)).collect()
    }

    fn evaluate(
        &self,
        id: NodeId,
        values: &[Option<Tensor>],
        batch: &Batch,
        mode: Mode,
        mut states: Option<&mut States>,
    ) -> Result<Tensor, LowerError> {
        let node = self.graph.node(id);
        let operand = |input: &NodeId| {
            let tensor = values.get(input.0).and_then(Option::as_ref);
            let tensor = tensor.ok_or_else(|| LowerError::new("an input stands after its use"))?;
            Ok(Operand { node: self.graph.node(*input), tensor })
        };
        let inputs = node.inputs.iter().map(operand).collect::<Result<Vec<_>, LowerError>>()?;
        if let (Op::Shift { steps }, [x], Some(states)) = (&node.op, &inputs[..], states.as_deref_mut()) {
            return shift_on(*steps, x, id, batch, states);
        }
        match (&node.op, &inputs[..]) {
            (Op::Input(field), []) if node.ty.element == Element::Number => {
                let numbers = batch.text(field)?.numbers.clone();
                numbers.ok_or_else(|| LowerError::new(format!("no numbers were given for `{field}`")))
            }
            // The ids themselves are read where they are used.
            (Op::Input(_), []) => Ok(Tensor::zeros(0, candle_core::DType::F32, &Device::Cpu)?),
            (Op::Parameter(id), []) => Ok(self.parameter(*id, mode)),
            (Op::LinearStart, [scores, softmax]) => Ok(if self.linear { scores } else { softmax }.tensor.clone()),
            (Op::Lookup, [table, tokens]) => {
                let ids = self.tokens(table, tokens, batch)?;
                self.lookup(table, ids, batch.leading(&tokens.node.ty)?)
            }
            (Op::ProductOfLookup, [table, tokens, weight, bias @ ..]) => {
                let ids = self.tokens(table, tokens, batch)?;
                let mut distinct: Vec<u32> = ids.to_vec();
                distinct.sort_unstable();
                distinct.dedup();
                let place = |id: &u32| distinct.binary_search(id).unwrap_or(0) as u32;
                let places = Family { parents: ids.iter().map(place).collect(), nodes: distinct.len() };
                let rows = self.lookup(table, distinct.as_slice().into(), vec![distinct.len()])?;
                let products = match bias {
                    [bias] => product_with_bias(&rows, weight.tensor, &bias.tensor.flatten_all()?)?,
                    _ => product(&rows, weight.tensor)?,
                };
                Ok(apply(Spread(places), &products, batch.shape(&node.ty)?)?)
            }
            (Op::Scan { cell, reverse }, [input, ..]) => {
                let (scan, parameters) = self.scan(id, (*cell, *reverse), &inputs, batch, mode)?;
                let start = states.as_ref().map(|states| Arc::new(states.of(id)));
                let carried = start.map(|start| Carried { start, ..Carried::default() });
                let result = Scan { carried: carried.clone(), ..scan }.apply(input.tensor, &parameters)?;
                if let (Some(states), Some(last)) = (states, carried.and_then(|carried| carried.last.get().cloned())) {
                    states.set(id, last);
                }
                Ok(result.reshape(batch.shape(&node.ty)?)?)
            }
            (Op::ScanBothWays { forward, backward }, [input, rest @ ..]) if states.is_none() => {
                let (of_forward, of_backward) = rest.split_at(rest.len() / 2);
                let [of_forward, of_backward] = [of_forward, of_backward].map(|own| [&[*input], own].concat());
                let (forward, own) = self.scan(id, (*forward, false), &of_forward, batch, mode)?;
                let (backward, others) = self.scan(id, (*backward, true), &of_backward, batch, mode)?;
                Ok(forward.apply_both_ways(backward, input.tensor, [own, others])?.reshape(batch.shape(&node.ty)?)?)
            }
            (Op::Fold { cell }, [input]) => {
                let step = self.tree_steps.get(cell).cloned();
                let step = step.ok_or_else(|| LowerError::new("a fold needs a tree cell"))?;
                let parameters = joined(&step.step.flat(&[], |id| self.parameter(id, mode))?)?;
                let (random, record) = recording(id, mode);
                let forest = batch.forest(&input.node.ty)?;
                let nodes = batch.sequence(&input.node.ty)?.steps;
                let trace = self.trace.as_ref().map(|trace| trace.of(id));
                let fold = Fold { step, forest, nodes, batch: batch.size, record, random, trace };
                Ok(fold.apply(input.tensor, &parameters)?)
            }
            _ => match time::evaluate(node, &inputs, batch)? {
                Some(value) => Ok(value),
                None => evaluate::evaluate(node, &inputs, batch, random(node, id, mode), None),
            },
        }
    }

    /// A reading of the first of `inputs`, from zero states, and its parameters; the other inputs are the weight (and bias)
    /// of a product that belongs to it.
    fn scan(
        &self,
        id: NodeId,
        (cell, reverse): (CellId, bool),
        inputs: &[Operand],
        batch: &Batch,
        mode: Mode,
    ) -> Result<(Scan, Vec<Tensor>), LowerError> {
        let [input, projection @ ..] = inputs else { return Err(LowerError::new("a scan needs an input")) };
        let step = self.steps[cell.0].clone();
        let projection: Vec<&Tensor> = projection.iter().map(|operand| operand.tensor).collect();
        let parameters = step.flat(&projection, |id| self.parameter(id, mode))?;
        let bias = projection.len() > 1;
        let projection = (!projection.is_empty()).then_some(Projection { bias });
        let (random, record) = recording(id, mode);
        let sequence = batch.sequence(&input.node.ty)?;
        let watch = self.watch.as_ref().map(|watch| watch.of(id));
        let trace = self.trace.as_ref().map(|trace| trace.of(id));
        Ok((Scan { step, sequence, projection, reverse, record, random, carried: None, watch, trace }, parameters))
    }

    /// A parameter as the graph sees it: on the tape only where a gradient is wanted.
    fn parameter(&self, id: ParameterId, mode: Mode) -> Tensor {
        let variable = &self.parameters[id.0];
        match mode {
            Mode::Train { .. } if self.graph.parameter(id).trainable => variable.as_tensor().clone(),
            _ => variable.as_detached_tensor(),
        }
    }

    /// The gradient of a scalar that the last training pass of this network led to, in the order of the parameters, nothing
    /// for those that are not trained. A trained parameter the loss does not depend on is an error naming it.
    pub fn gradients(&self, loss: &Tensor) -> Result<Vec<Option<Gradient>>, LowerError> {
        let gradients = loss.backward()?;
        let gradient = |(i, (variable, parameter)): (usize, (&Var, &crate::ir::Parameter))| {
            if !parameter.trainable {
                return Ok(None);
            }
            let absent = || LowerError::new(format!("the loss does not depend on the parameter `{}`", parameter.name));
            if let Some(found) = self.tables.get(&ParameterId(i)) {
                let (_, width) = variable.dims2()?;
                let (rows, values) = found.gradient(width)?.ok_or_else(absent)?;
                return Ok(Some(Gradient::Rows { rows, values }));
            }
            let gradient = gradients.get(variable).ok_or_else(absent)?;
            Ok(Some(Gradient::Whole(with_values([gradient], |[values]| values.to_vec())?)))
        };
        self.parameters.iter().zip(&self.graph.parameters).enumerate().map(gradient).collect()
    }

    /// How large the gradients of a scalar are with respect to the states of every scan, by the scan's node in the graph
    /// this was made from. The scalar comes from the last training pass of a [watched](Self::watched) network; a scan it
    /// does not depend on is left out.
    pub fn state_gradients(&self, loss: &Tensor) -> Result<BTreeMap<NodeId, StateGradients>, LowerError> {
        let watch = self.watch.as_ref().ok_or_else(|| LowerError::new("nobody watches this network"))?;
        watch.clear();
        loss.backward()?;
        let of = |(i, own): (usize, &NodeId)| Some((NodeId(i), watch.take(*own)?));
        Ok(self.nodes.iter().enumerate().filter_map(of).collect())
    }

    /// The rows that these texts read of every parameter whose gradient is one of rows: `(its place, rows in ascending
    /// order)`.
    pub fn rows(&self, texts: &BTreeMap<String, Tokens>) -> Vec<(usize, Vec<u32>)> {
        let rows = |table: &ParameterId| {
            let of_table = |node: &&Node| {
                let reads = |input: &NodeId| self.graph.node(*input).op == Op::Parameter(*table);
                is_lookup(&node.op) && node.inputs.first().is_some_and(reads)
            };
            let fields = self.graph.nodes.iter().filter(of_table).filter_map(|node| node.inputs.get(1));
            let tokens = fields.filter_map(|field| match &self.graph.node(*field).op {
                Op::Input(field) => texts.get(field),
                _ => None,
            });
            let mut rows: Vec<u32> = tokens.flat_map(|tokens| tokens.ids.iter().copied()).collect();
            rows.sort_unstable();
            rows.dedup();
            (table.0, rows)
        };
        self.tables.keys().map(rows).collect()
    }

    /// The ids of a field's tokens, all of which the table has.
    fn tokens(&self, table: &Operand, tokens: &Operand, batch: &Batch) -> Result<Arc<[u32]>, LowerError> {
        let Op::Input(field) = &tokens.node.op else {
            return Err(LowerError::new("a lookup reads the tokens of a field"));
        };
        let text = batch.text(field)?;
        let (rows, _) = table.tensor.dims2()?;
        if let Some(id) = text.ids.iter().find(|id| **id as usize >= rows) {
            return Err(LowerError::new(format!("`{field}` holds the token {id}, but the table has {rows} rows")));
        }
        Ok(text.ids.clone())
    }

    /// The rows of a table, `[.., E]` with the leading axes that are given.
    fn lookup(&self, table: &Operand, ids: Arc<[u32]>, leading: Vec<usize>) -> Result<Tensor, LowerError> {
        let (_, width) = table.tensor.dims2()?;
        let shape = [leading, vec![width]].concat();
        let lookup = Lookup { ids, width };
        let found = match table.node.op {
            Op::Parameter(id) if table.tensor.is_variable() => self.tables.get(&id),
            _ => None,
        };
        match found {
            Some(found) => Ok(lookup_rows(lookup, table.tensor, shape, found)?),
            None => Ok(apply(lookup, table.tensor, shape)?),
        }
    }

    /// The parameters' values, row-major, in the graph's order.
    pub fn values(&self) -> Result<Vec<Vec<f32>>, LowerError> {
        let values = |variable: &Var| Ok(with_values([variable], |[values]| values.to_vec())?);
        self.parameters.iter().map(values).collect()
    }

    /// Replaces all values, given as by [`Self::values`].
    pub fn set_values(&mut self, values: &[Vec<f32>]) -> Result<(), LowerError> {
        let fits = |(variable, values): (&Var, &Vec<f32>)| variable.elem_count() == values.len();
        if values.len() != self.parameters.len() || !self.parameters.iter().zip(values).all(fits) {
            return Err(LowerError::new("the new values do not fit the parameters"));
        }
        let mut values = values.iter();
        self.for_each(|_, theta| values.next().into_iter().for_each(|new| theta.copy_from_slice(new)))
    }

    /// Calls `step(index, values, gradient)` for every parameter that has a gradient, in order, to change its values in
    /// place. No loss from before an update can go backward after it.
    pub fn update(
        &mut self,
        gradients: &[Option<Gradient>],
        mut step: impl FnMut(usize, &mut [f32], &Gradient),
    ) -> Result<(), LowerError> {
        self.for_each(|i, theta| {
            if let Some(gradient) = gradients.get(i).and_then(Option::as_ref) {
                step(i, theta, gradient);
            }
        })
    }

    /// Calls `change(index, values)` for every parameter, in order, to change its values in place.
    pub fn for_each(&mut self, mut change: impl FnMut(usize, &mut [f32])) -> Result<(), LowerError> {
        for (i, variable) in self.parameters.iter().enumerate() {
            variable.inplace_op1(&InPlace(RefCell::new(|values: &mut [f32]| change(i, values))))?;
        }
        Ok(())
    }
}

/// One variable a parameter.
fn variables(
    graph: &Graph,
    size: &dyn Fn(&Symbol) -> Option<usize>,
    values: Vec<Vec<f32>>,
) -> Result<Vec<Var>, LowerError> {
    let shapes = Network::shapes(graph, size)?;
    if shapes.len() != values.len() {
        return Err(LowerError::new(format!("{} parameters but values for {}", shapes.len(), values.len())));
    }
    let variables = shapes.iter().zip(values).zip(&graph.parameters).map(|((shape, values), parameter)| {
        let (expected, given) = (shape.iter().product::<usize>(), values.len());
        if expected != given {
            return Err(LowerError::new(format!("`{}` has {expected} values, not {given}", parameter.name)));
        }
        Ok(Var::from_vec(values, shape.as_slice(), &Device::Cpu)?)
    });
    variables.collect()
}

/// A shift of a piece of longer texts: what it held of the piece before moves in, and it holds the end of this one.
fn shift_on(by: i64, x: &Operand, id: NodeId, batch: &Batch, states: &mut States) -> Result<Tensor, LowerError> {
    let sequence = batch.sequence(&x.node.ty)?;
    let before = states.of(id).pop().unwrap_or_default();
    let held = usize::try_from(by).unwrap_or(0) * batch.size * sequence.width;
    if !before.is_empty() && before.len() != held {
        return Err(LowerError::new("the steps that a text is read on from do not fit this shift"));
    }
    let shift = Shift { sequence, by, before };
    if held > 0 {
        states.set(id, vec![with_values([x.tensor], |[x]| shift.last(x))?]);
    }
    Ok(apply(shift, x.tensor, x.tensor.shape())?)
}

/// Where dropout inside the cell of a node starts from, and whether a backward pass will follow.
fn recording(id: NodeId, mode: Mode) -> (Option<(u64, Vec<u64>)>, bool) {
    match mode {
        Mode::Train { seed, step } => (Some((seed, vec![step, id.0 as u64])), true),
        Mode::Evaluate => (None, false),
    }
}

/// The generator of a dropout node in this training step.
fn random(node: &Node, id: NodeId, mode: Mode) -> Option<Random> {
    match (&node.op, mode) {
        (Op::Dropout { .. }, Mode::Train { seed, step }) => Some(Random::new(seed, &[step, id.0 as u64])),
        _ => None,
    }
}

/// Whether the first input is a table of which some rows are read.
fn is_lookup(op: &Op) -> bool {
    matches!(op, Op::Lookup | Op::ProductOfLookup)
}

/// The trained parameters that are read by lookups only.
fn tables(graph: &Graph) -> BTreeMap<ParameterId, FoundRows> {
    let is_table = |id: &ParameterId| {
        let mut uses =
            graph.nodes.iter().flat_map(|node| node.inputs.iter().enumerate().map(move |input| (node, input)));
        let in_cell = |node: &Node| node.op == Op::Parameter(*id);
        let in_cells = graph.cells.iter().any(|cell| cell.nodes.iter().any(in_cell));
        let by_lookup = uses.all(|(node, (place, input))| {
            graph.node(*input).op != Op::Parameter(*id) || (is_lookup(&node.op) && place == 0)
        });
        let parameter = graph.parameter(*id);
        parameter.trainable && parameter.shape.len() == 2 && by_lookup && !in_cells
    };
    let is_read = |id: &ParameterId| graph.nodes.iter().any(|node| node.op == Op::Parameter(*id));
    let ids = (0..graph.parameters.len()).map(ParameterId);
    ids.filter(|id| is_read(id) && is_table(id)).map(|id| (id, FoundRows::default())).collect()
}

/// A change of a tensor's values where they stand.
struct InPlace<F>(RefCell<F>);

impl<F: FnMut(&mut [f32])> InplaceOp1 for InPlace<F> {
    fn name(&self) -> &'static str {
        "in_place"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> candle_core::Result<()> {
        match (storage, layout.contiguous_offsets()) {
            (CpuStorage::F32(values), Some((start, end))) => (self.0.borrow_mut())(&mut values[start..end]),
            _ => candle_core::bail!("a parameter is a contiguous array of f32"),
        }
        Ok(())
    }
}
