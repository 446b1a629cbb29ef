//! What a training step keeps in memory, by the layer that it belongs to: reckoned, not measured.

use std::collections::BTreeMap;

use super::batch::Batch;
use super::scan::Step;
use super::{LowerError, Network};
use crate::data::Tokens;
use crate::ir::{CallId, NodeId, Op};

/// Bytes of a number.
const NUMBER: usize = size_of::<f32>();

/// The memory of one step, in bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Memory {
    /// By layer, what forward leaves for the backward pass.
    pub kept: BTreeMap<Option<CallId>, usize>,
    /// The most that the backward pass needs at any time beside that.
    pub passing: usize,
}

impl Memory {
    /// All that forward leaves for the backward pass.
    pub fn activations(&self) -> usize {
        self.kept.values().sum()
    }
}

impl Network {
    /// The memory of a training step on these texts, up to `output` (a node of the graph that this was made from).
    pub fn memory(&self, output: NodeId, texts: &BTreeMap<String, Tokens>) -> Result<Memory, LowerError> {
        let unknown = || LowerError::new("an output is no node of this graph");
        let output = self.nodes.get(output.0).copied().ok_or_else(unknown)?;
        let batch = Batch::new(texts)?;
        let mut needed = vec![false; self.graph.nodes.len()];
        needed[output.0] = true;
        let mut memory = Memory::default();
        for (i, node) in self.graph.nodes.iter().enumerate().rev() {
            if !needed[i] {
                continue;
            }
            node.inputs.iter().for_each(|input| needed[input.0] = true);
            let count = |id: NodeId| -> Result<usize, LowerError> {
                let node = self.graph.node(id);
                match node.op {
                    // What stands there anyway, or is passed on as it is.
                    Op::Input(_) | Op::Parameter(_) | Op::LinearStart => Ok(0),
                    _ => Ok(batch.shape(&node.ty)?.iter().product()),
                }
            };
            let own = count(NodeId(i))?;
            let inputs = node.inputs.iter().map(|input| count(*input)).sum::<Result<usize, _>>()?;
            let (kept, passing) = self.inside(&node.op, node.inputs.first().copied(), &batch)?;
            *memory.kept.entry(node.call).or_default() += NUMBER * (own + kept);
            // The gradient of the value comes in, those of the inputs go out.
            memory.passing = memory.passing.max(NUMBER * (own + inputs + passing));
        }
        Ok(memory)
    }

    /// What an operation keeps beside its result, and what its backward pass needs meanwhile.
    fn inside(&self, op: &Op, input: Option<NodeId>, batch: &Batch) -> Result<(usize, usize), LowerError> {
        let rows = |input: NodeId| -> Result<usize, LowerError> {
            Ok(batch.leading(&self.graph.node(input).ty)?.iter().product())
        };
        let cells: &[_] = match op {
            Op::Scan { cell, .. } | Op::Fold { cell } => &[*cell],
            Op::ScanBothWays { forward, backward } => &[*forward, *backward],
            _ => return Ok((0, 0)),
        };
        let rows = input.map_or(Ok(0), rows)?;
        let steps: Vec<&Step> = cells.iter().map(|cell| &*self.steps[cell.0]).collect();
        let (mut kept, mut passing) = (0, 0);
        for step in &steps {
            let (of_forward, of_backward) = step.kept();
            // Two readings keep their results one by one, beside the two joined.
            let result = if steps.len() > 1 { step.states[0] } else { 0 };
            kept += rows * (of_forward + result);
            passing += rows * of_backward;
        }
        Ok((kept, passing))
    }
}
