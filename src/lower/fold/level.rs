//! One level of a forest: the equations of a cell over all its nodes at once.
//!
//! What is computed from the states of each child has a row for every child, everything else a row for every node. Where
//! the two meet, the rows of the nodes are repeated for their children.

use std::collections::BTreeMap;
use std::ops::Range;

use candle_core::{Result, Tensor};

use super::Forest;
use crate::ir::{Cell, Node, NodeId, Op, ParameterId, Type};
use crate::kernels::apply;
use crate::kernels::product::Factors;
use crate::kernels::tree::{Family, Spread, SumChildren};
use crate::lower::LowerError;
use crate::lower::batch::Batch;
use crate::lower::evaluate::{Operand, align, evaluate};
use crate::lower::trace::TracedNode;
use crate::random::Random;

/// Which states of the children the equations read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum From {
    Child { state: usize, child: usize },
    Each(usize),
}

impl From {
    fn of(op: &Op) -> Option<Self> {
        match op {
            Op::Child { state, child } => Some(From::Child { state: *state, child: *child }),
            Op::EachChild(state) => Some(From::Each(*state)),
            _ => None,
        }
    }

    pub fn state(self) -> usize {
        match self {
            From::Child { state, .. } | From::Each(state) => state,
        }
    }
}

/// The states of the children, gathered: a row for every node, or for every child.
pub(super) type Read = BTreeMap<From, Tensor>;

pub(super) struct Level {
    cell: Cell,
    pub places: Range<usize>,
    /// The children of every node, by place.
    children: Vec<Vec<usize>>,
    family: Family,
    /// Whether a node of the cell has a row for every child.
    of_children: Vec<bool>,
}

impl Level {
    pub fn new(cell: &Cell, forest: &Forest, places: Range<usize>) -> Self {
        let children: Vec<Vec<usize>> = places.clone().map(|place| forest.children(place).to_vec()).collect();
        let parents = children.iter().zip(0..).flat_map(|(children, node)| children.iter().map(move |_| node));
        let family = Family { parents: parents.collect(), nodes: places.len() };
        let mut of_children = Vec::with_capacity(cell.nodes.len());
        for node in &cell.nodes {
            let inherits = node.op != Op::SumChildren && node.inputs.iter().any(|input| of_children[input.0]);
            of_children.push(matches!(node.op, Op::EachChild(_)) || inherits);
        }
        Self { cell: cell.clone(), places, children, family, of_children }
    }

    /// The place that every row comes from; nothing where a node has no such child.
    fn sources(&self, from: From) -> Box<dyn Iterator<Item = Option<usize>> + '_> {
        match from {
            From::Child { child, .. } => Box::new(self.children.iter().map(move |all| all.get(child).copied())),
            From::Each(_) => Box::new(self.children.iter().flatten().copied().map(Some)),
        }
    }

    /// Gathers what the equations read of `all` states, which are `[places, width]` each.
    pub fn read(
        &self,
        all: &[Vec<f32>],
        widths: &[usize],
        leaf: impl Fn(Vec<f32>, &[usize]) -> Result<Tensor>,
    ) -> Result<Read> {
        let mut read = Read::new();
        for from in self.cell.nodes.iter().filter_map(|node| From::of(&node.op)) {
            if read.contains_key(&from) {
                continue;
            }
            let (width, states) = (widths[from.state()], &all[from.state()]);
            let mut values = Vec::new();
            for source in self.sources(from) {
                match source {
                    Some(place) => values.extend_from_slice(&states[place * width..][..width]),
                    None => values.resize(values.len() + width, 0.0),
                }
            }
            let rows = values.len() / width.max(1);
            read.insert(from, leaf(values, &[rows, width])?);
        }
        Ok(read)
    }

    /// Adds the gradient of what was read to those of the children's states.
    pub fn give_back(&self, from: From, gradient: &[f32], d_states: &mut [f32], width: usize) {
        for (source, gradient) in self.sources(from).zip(gradient.chunks_exact(width.max(1))) {
            if let Some(place) = source {
                d_states[place * width..][..width].iter_mut().zip(gradient).for_each(|(sum, g)| *sum += g);
            }
        }
    }

    /// Shows the values of all nodes of the cell; `row` says which tree and which node of it stands at a place. What is
    /// computed for every child is shown as the child's.
    pub fn show(&self, trace: &TracedNode, values: &[Tensor], row: impl Fn(usize) -> (usize, usize)) -> Result<()> {
        let children: Vec<usize> = self.children.iter().flatten().copied().collect();
        trace.values(&self.cell, values, |node, i| match self.of_children[node.0] {
            true => children.get(i).map(|place| row(*place)),
            false => Some(row(self.places.start + i)),
        })
    }

    /// The new states of all nodes of this level. `see` is shown the values of all nodes of the cell.
    #[allow(clippy::too_many_arguments)]
    pub fn run(
        &self,
        x: &Tensor,
        read: &Read,
        parameters: &BTreeMap<ParameterId, Tensor>,
        factors: &BTreeMap<ParameterId, Factors>,
        widths: &[usize],
        random: impl Fn(usize) -> Option<Random>,
        see: impl FnOnce(&[Tensor]) -> Result<()>,
    ) -> std::result::Result<Vec<Tensor>, LowerError> {
        let (nodes, children) = (Batch::of_size(self.places.len()), Batch::of_size(self.family.parents.len()));
        let mut values: Vec<Tensor> = Vec::with_capacity(self.cell.nodes.len());
        for (i, node) in self.cell.nodes.iter().enumerate() {
            let missing = || LowerError::new("a tree cell names something it does not have").at(node);
            let batch = if self.of_children[i] { &children } else { &nodes };
            let value = match &node.op {
                Op::StepInput => x.clone(),
                Op::Child { .. } | Op::EachChild(_) => {
                    From::of(&node.op).and_then(|from| read.get(&from)).cloned().ok_or_else(missing)?
                }
                Op::Parameter(id) => parameters.get(id).cloned().ok_or_else(missing)?,
                Op::SumChildren => {
                    let [input] = node.inputs[..] else { return Err(missing()) };
                    let each = self.for_children(input, &values[input.0])?;
                    let ty = Type { per_example: true, ..self.cell.node(input).ty.clone() };
                    let each =
                        align(&Operand { node: self.cell.node(input), tensor: &each }, &ty, &children.shape(&ty)?)?;
                    apply(SumChildren(self.family.clone()), &each, batch.shape(&node.ty)?)?
                }
                _ => {
                    let own = |id: &NodeId| match self.of_children[i] {
                        true => self.for_children(*id, &values[id.0]),
                        false => Ok(values[id.0].clone()),
                    };
                    let tensors = node.inputs.iter().map(own).collect::<Result<Vec<_>>>()?;
                    let operand = |(id, tensor)| Operand { node: self.cell.node(id), tensor };
                    let inputs: Vec<_> = node.inputs.iter().copied().zip(&tensors).map(operand).collect();
                    let factors = self.weight(node).and_then(|id| factors.get(&id));
                    evaluate(node, &inputs, batch, random(i), factors).map_err(|error| error.at(node))?
                }
            };
            batch.confirm(&value, &node.ty).map_err(|error| error.at(node))?;
            values.push(value);
        }
        see(&values)?;
        let next = self.cell.states.iter().zip(widths).map(|(state, width)| {
            let operand = Operand { node: self.cell.node(state.next), tensor: &values[state.next.0] };
            align(&operand, &Type::example(vec![state.size.clone()]), &[nodes.size, *width])
        });
        next.collect()
    }

    /// The parameter that a product multiplies with as it stands: its gradient is computed once, for all levels together.
    fn weight(&self, node: &Node) -> Option<ParameterId> {
        match (&node.op, node.inputs.first().map(|weight| &self.cell.node(*weight).op)) {
            (Op::Product, Some(Op::Parameter(id))) => Some(*id),
            _ => None,
        }
    }

    /// A value with a row for every child.
    fn for_children(&self, id: NodeId, value: &Tensor) -> Result<Tensor> {
        if self.of_children[id.0] || !self.cell.node(id).ty.per_example {
            return Ok(value.clone());
        }
        let shape = [&[self.family.parents.len()], &value.dims()[1..]].concat();
        apply(Spread(self.family.clone()), value, shape)
    }
}
