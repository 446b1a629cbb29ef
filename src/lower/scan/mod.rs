//! The recurrence: one operation of candle's tape for all steps of a cell.
//!
//! A cell that has a fused form runs as such ([`fused`]); every cell can run as its equations say ([`mod@reference`]).
//!
//! A finished example (`t >= length`) keeps out of the way; read in reverse it starts at its own last true step from zero
//! states. Rows past the end of an example hold something finite, of no influence on a true step.

mod both_ways;
mod fused;
mod reference;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use candle_core::{Device, Result, Tensor, bail};

use super::LowerError;
use super::batch::size;
use super::tape;
use super::trace::TracedNode;
use super::watch::WatchedScan;
use crate::ir::{Cell, Graph, Op, ParameterId};
use crate::kernels::profile::Charged;
use crate::kernels::time::Sequence;
use crate::passes::fuse;
use crate::passes::fuse::program::Program;

/// How recurrences are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Path {
    /// By compiled kernels where a cell has a fused form.
    #[default]
    Fused,
    /// Step by step on candle's operations.
    Reference,
}

/// A cell ready to run: sizes known, its parameters in a row.
#[derive(Debug)]
pub(super) struct Step {
    pub cell: Cell,
    /// Width of the input of a step.
    pub input: usize,
    /// Width of every state.
    pub states: Vec<usize>,
    /// The parameters the equations use, in the order they stand in the scan's second argument, with their shapes.
    parameters: BTreeMap<ParameterId, Vec<usize>>,
    /// The fused form, or why there is none.
    program: std::result::Result<Program, String>,
}

impl Step {
    /// `cell` belongs to `graph`; both are bound.
    pub fn new(cell: &Cell, graph: &Graph, path: Path) -> std::result::Result<Self, LowerError> {
        let mut parameters = BTreeMap::new();
        for node in &cell.nodes {
            if let Op::Parameter(id) = node.op {
                let shape = graph.parameter(id).shape.iter().map(size).collect::<std::result::Result<_, _>>()?;
                parameters.insert(id, shape);
            }
        }
        let states = cell.states.iter().map(|state| size(&state.size)).collect::<std::result::Result<Vec<_>, _>>()?;
        if states.is_empty() {
            return Err(LowerError::new(format!("the cell `{}` has no state", cell.name)));
        }
        let program = match path {
            Path::Fused => fuse(cell, graph),
            Path::Reference => Err("the reference was asked for".into()),
        };
        Ok(Self { cell: cell.clone(), input: size(&cell.input)?, states, parameters, program })
    }

    /// Whether this runs as a compiled kernel.
    pub fn is_fused(&self) -> bool {
        self.program.is_ok()
    }

    /// The parameters the scan needs, each flattened: first those of the projection, then those of the cell in the order of
    /// [`Self::split`].
    pub fn flat(&self, projection: &[&Tensor], parameter: impl Fn(ParameterId) -> Tensor) -> Result<Vec<Tensor>> {
        let own = self.parameters.keys().map(|id| parameter(*id).flatten_all());
        projection.iter().map(|tensor| tensor.flatten_all()).chain(own).collect()
    }

    /// The joined parameters one by one, with their shapes.
    pub fn split<'a>(&'a self, joined: &'a [f32]) -> impl Iterator<Item = (ParameterId, &'a [usize], &'a [f32])> {
        let mut rest = joined;
        self.parameters.iter().map(move |(id, shape)| {
            let (values, after) = rest.split_at(shape.iter().product());
            rest = after;
            (*id, shape.as_slice(), values)
        })
    }

    /// Where a parameter stands among the joined ones.
    pub fn range(&self, id: ParameterId) -> Range<usize> {
        let count = |shape: &Vec<usize>| shape.iter().product::<usize>();
        let start = self.parameters.range(..id).map(|(_, shape)| count(shape)).sum();
        start..start + self.parameters.get(&id).map_or(0, count)
    }

    /// How many numbers of every row are kept for the backward pass, and how many that pass adds for a while.
    pub fn kept(&self) -> (usize, usize) {
        match &self.program {
            Ok(program) => {
                let (forward, backward) = program.tapes.split_at(program.forward_tapes);
                let input = if program.rereads_input { self.input } else { 0 };
                (forward.iter().sum::<usize>() + input, backward.iter().sum::<usize>() + self.input)
            }
            // Every value of every step, each on a tape of its own.
            Err(_) => {
                let own = self.cell.nodes.iter().filter(|node| !matches!(node.op, Op::Parameter(_) | Op::Constant(_)));
                let width =
                    |node: &crate::ir::Node| node.ty.axes.iter().map(|axis| size(axis).unwrap_or(0)).product::<usize>();
                (own.map(width).sum(), self.input)
            }
        }
    }

    /// How many numbers all parameters are.
    pub fn total(&self) -> usize {
        self.parameters.values().map(|shape| shape.iter().product::<usize>()).sum()
    }
}

/// One application of a cell to a batch of sequences.
pub(super) struct Scan {
    pub step: Arc<Step>,
    /// Of the input.
    pub sequence: Sequence,
    /// Where the input is still to be multiplied with a weight. Fused cells only.
    pub projection: Option<Projection>,
    pub reverse: bool,
    /// Whether a gradient will be asked for.
    pub record: bool,
    /// Seed and key of dropout inside the cell, in training.
    pub random: Option<(u64, Vec<u64>)>,
    /// Where this is a piece of longer texts.
    pub carried: Option<Carried>,
    /// Who is told of the states' gradients. The reference alone tells.
    pub watch: Option<WatchedScan>,
    /// Who is told of every value. The reference alone tells.
    pub trace: Option<TracedNode>,
}

/// The states that go from one piece of a text to the next, `[B, H]` each: constants, through which no gradient goes.
#[derive(Clone, Default)]
pub(super) struct Carried {
    /// Those before the first step; none at the start of a text, where they are zeros.
    pub start: Arc<Vec<Vec<f32>>>,
    /// Those after the last true step, once the scan has run.
    pub last: Arc<OnceLock<Vec<Vec<f32>>>>,
}

/// Flat parameters in a row.
pub(super) fn joined(parameters: &[Tensor]) -> Result<Tensor> {
    if parameters.is_empty() {
        Tensor::from_vec(Vec::<f32>::new(), 0, &Device::Cpu)
    } else {
        Tensor::cat(parameters, 0)
    }
}

/// A product that belongs to the scan: `weight @ x`, or `weight @ x + bias`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Projection {
    pub bias: bool,
}

impl Scan {
    /// `(input: [T, B, G], parameters as of [`Step::flat`]) -> [T, B, H]`: the first state after every step. Axes
    /// between `T` and the features of the input are one batch.
    pub fn apply(self, input: &Tensor, parameters: &[Tensor]) -> Result<Tensor> {
        let parameters = joined(parameters)?;
        let start = self.start();
        let fits = |(values, width): (&Vec<f32>, &usize)| values.len() == self.batch() * width;
        let sizes = start.len() == self.step.states.len() && start.iter().zip(&self.step.states).all(fits);
        if self.carried.is_some() && self.reverse || !start.is_empty() && !sizes {
            bail!("the states that a text is read on from do not fit this recurrence");
        }
        let record = self.record && (input.track_op() || parameters.track_op());
        let scan = Scan { record, ..self };
        let input = scan.flat(input)?;
        match scan.step.program {
            Ok(_) => input.apply_op2(&parameters, Charged::new(fused::Fused::new(scan))),
            Err(_) => tape::apply(scan, &input, &parameters),
        }
    }

    /// The same for two scans of one input that both have a fused form, with their results joined: `[T, B, H + H']`. The
    /// parameters are those of `self` and those of `backward`.
    pub fn apply_both_ways(self, backward: Scan, input: &Tensor, [own, others]: [Vec<Tensor>; 2]) -> Result<Tensor> {
        let split = own.iter().map(Tensor::elem_count).sum();
        let parameters = joined(&[own, others].concat())?;
        let record = self.record && (input.track_op() || parameters.track_op());
        let input = self.flat(input)?;
        let [forward, backward] = [self, backward].map(|scan| fused::Fused::new(Scan { record, ..scan }));
        let both = both_ways::BothWays::new(forward, backward, split);
        input.apply_op2(&parameters, Charged::new(both))
    }

    /// The input as `[T, B, G]`: axes between `T` and the features are one batch.
    fn flat(&self, input: &Tensor) -> Result<Tensor> {
        let input = input.contiguous()?;
        match input.dims() {
            [_, _, _] => Ok(input),
            [.., width] => input.reshape((self.sequence.steps, self.batch(), *width)),
            [] => bail!("a recurrence reads a sequence"),
        }
    }

    fn batch(&self) -> usize {
        self.sequence.lengths.len()
    }

    /// The states before the first step; none where they are zeros.
    fn start(&self) -> &[Vec<f32>] {
        self.carried.as_ref().map_or(&[], |carried| carried.start.as_slice())
    }

    /// Leaves the states after the last step, where somebody reads on from them.
    fn leave(&self, last: impl FnOnce() -> Vec<Vec<f32>>) {
        if let Some(carried) = &self.carried {
            carried.last.get_or_init(last);
        }
    }
}
