//! The arithmetic of a training step and which row of the table each part of it stands in.

use super::Load;
use crate::cli::summary;
use crate::ir::{CallId, Graph, Model, Op};
use crate::predictor::Sizes;

/// The rows of `rnnc summary`, with the arithmetic of a training step.
pub struct Work {
    pub rows: Vec<Row>,
    /// For every application of a layer its row.
    row_of_call: Vec<usize>,
    /// The row of what stands outside of any layer.
    operators: Option<usize>,
}

pub struct Row {
    pub layer: String,
    pub path: String,
    pub shape: String,
    /// Operations of the forward pass, up to the loss.
    pub forward: usize,
    /// Twice that for what is trained: one part for each factor of a product.
    pub backward: usize,
}

impl Work {
    pub fn of(model: &Model, load: &Load) -> Self {
        let graph = &model.graph;
        let rows = summary::rows(model, &Sizes::default()).into_iter();
        let rows = rows.map(|row| Row { layer: row.layer, path: row.path, shape: row.shape, forward: 0, backward: 0 });
        let outermost: Vec<usize> = (0..graph.calls.len()).filter(|i| graph.calls[*i].parent.is_none()).collect();
        let row = |call| outermost.iter().position(|own| CallId(*own) == graph.outermost(CallId(call)));
        let mut work = Self {
            row_of_call: (0..graph.calls.len()).filter_map(row).collect(),
            operators: (rows.len() > outermost.len()).then_some(outermost.len()),
            rows: rows.collect(),
        };
        let size = |symbol: &_| load.size(symbol);
        let (needed, trained) = (needed(model), trained(graph));
        for (i, node) in graph.nodes.iter().enumerate().filter(|(i, _)| needed[*i]) {
            let cost = graph.cost(node);
            let per_text = cost.per_token.evaluate(&size).unwrap_or(0).saturating_mul(load.len)
                + cost.per_sentence.evaluate(&size).unwrap_or(0).saturating_mul(load.sentences())
                + cost.per_text.evaluate(&size).unwrap_or(0);
            let forward = per_text.saturating_mul(load.batch);
            if let Some(row) = work.row(node.call) {
                work.rows[row].forward += forward;
                work.rows[row].backward += if trained[i] { 2 * forward } else { 0 };
            }
        }
        work
    }

    /// The row of a layer's application, or of what stands outside of any.
    pub fn row(&self, call: Option<CallId>) -> Option<usize> {
        call.map_or(self.operators, |call| self.row_of_call.get(call.0).copied())
    }
}

/// The nodes that a training step evaluates.
fn needed(model: &Model) -> Vec<bool> {
    let mut needed = vec![false; model.graph.nodes.len()];
    needed[model.logits.0] = true;
    for (i, node) in model.graph.nodes.iter().enumerate().rev() {
        if needed[i] {
            node.inputs.iter().for_each(|input| needed[input.0] = true);
        }
    }
    needed
}

/// The nodes that something trained leads to: gradients flow through these.
fn trained(graph: &Graph) -> Vec<bool> {
    let parameter = |op: &Op| matches!(op, Op::Parameter(id) if graph.parameter(*id).trainable);
    let mut trained: Vec<bool> = Vec::with_capacity(graph.nodes.len());
    for node in &graph.nodes {
        let own = match &node.op {
            Op::Scan { cell, .. } | Op::Fold { cell } => {
                graph.cells[cell.0].nodes.iter().any(|node| parameter(&node.op))
            }
            op => parameter(op),
        };
        trained.push(own || node.inputs.iter().any(|input| trained[input.0]));
    }
    trained
}
