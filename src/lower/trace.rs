//! What the equations of a cell compute on their way through a text or up a tree, under their own names. It changes nothing.
//!
//! Only the reference path has every value of every step, so only there can they be seen; and only of cells as they are
//! written, before anything has left their loop.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use candle_core::{Result, Tensor};

use crate::ir::{Cell, NodeId};
use crate::kernels::with_values;

/// What one recurrence or one fold computed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Traced {
    pub values: Vec<NamedValue>,
    /// The first number that is none, in the order of reading.
    pub fault: Option<Fault>,
}

/// One name of the equations.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NamedValue {
    pub name: String,
    /// By row and step; in a tree by node, the row being 0. What is not computed there is not there: a leaf has no gate for
    /// children.
    pub places: BTreeMap<(usize, usize), Vec<f32>>,
}

/// Where a number became infinite, or none at all.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    pub row: usize,
    pub step: usize,
    /// What was computed there: a node of the cell.
    pub span: crate::source::Span,
    pub value: f32,
}

/// Where the scans and folds of a network put what they compute.
#[derive(Debug, Clone, Default)]
pub(super) struct Trace(Arc<Mutex<BTreeMap<NodeId, Traced>>>);

impl Trace {
    pub fn of(&self, node: NodeId) -> TracedNode {
        TracedNode { trace: self.clone(), node }
    }

    pub fn take(&self) -> BTreeMap<NodeId, Traced> {
        self.0.lock().map(|mut seen| std::mem::take(&mut *seen)).unwrap_or_default()
    }
}

/// One scan or fold that is traced.
#[derive(Debug, Clone)]
pub(super) struct TracedNode {
    trace: Trace,
    node: NodeId,
}

impl TracedNode {
    /// The values of a cell's nodes. Of the rows of each, `place` says which row and step they are, nothing for padding.
    pub fn values(
        &self,
        cell: &Cell,
        values: &[Tensor],
        place: impl Fn(NodeId, usize) -> Option<(usize, usize)>,
    ) -> Result<()> {
        let Ok(mut seen) = self.trace.0.lock() else { return Ok(()) };
        let traced = seen.entry(self.node).or_default();
        for (i, (node, value)) in cell.nodes.iter().zip(values).enumerate() {
            let names = || cell.names.iter().filter(|(_, id)| id.0 == i).map(|(name, _)| name);
            if names().next().is_none() && traced.fault.is_some() {
                continue;
            }
            with_values([value], |[numbers]| {
                // What all rows share is seen once.
                let rows = if node.ty.per_example { value.dims().first().copied().unwrap_or(1) } else { 1 };
                for (row, numbers) in numbers.chunks((numbers.len() / rows.max(1)).max(1)).enumerate() {
                    let Some((at, step)) = place(NodeId(i), row) else { continue };
                    let wrong = numbers.iter().find(|number| !number.is_finite());
                    if let (Some(value), None) = (wrong, &traced.fault) {
                        traced.fault = Some(Fault { row: at, step, span: node.span, value: *value });
                    }
                    for name in names() {
                        let known = traced.values.iter().position(|value| value.name == *name);
                        let known = known.unwrap_or_else(|| {
                            traced.values.push(NamedValue { name: name.clone(), places: BTreeMap::new() });
                            traced.values.len() - 1
                        });
                        traced.values[known].places.insert((at, step), numbers.to_vec());
                    }
                }
            })?;
        }
        Ok(())
    }
}
