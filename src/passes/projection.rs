//! The product that feeds a recurrence becomes part of it.

use crate::ir::{CellId, Graph, Op};

/// Where the input of a scan is a product that nothing else reads, the scan reads the product's inputs instead: `(x,
/// weight)` or `(x, weight, bias)`. Its gates over all steps are then nobody's value but its own. `absorbs` says which cells can.
pub fn absorb_projections(graph: &mut Graph, absorbs: impl Fn(CellId) -> bool) {
    let mut uses = vec![0; graph.nodes.len()];
    graph.nodes.iter().flat_map(|node| &node.inputs).for_each(|input| uses[input.0] += 1);
    for i in 0..graph.nodes.len() {
        let node = &graph.nodes[i];
        let (Op::Scan { cell, .. }, [input]) = (&node.op, &node.inputs[..]) else { continue };
        let product = graph.node(*input);
        let (Op::Product, [weight, x, bias @ ..]) = (&product.op, &product.inputs[..]) else { continue };
        let (matrix, sequence) = (&graph.node(*weight).ty, &graph.node(*x).ty);
        let plain = !matrix.per_example && matrix.rank() == 2 && sequence.rank() == sequence.sequence_axes() + 1;
        if plain && uses[input.0] == 1 && absorbs(*cell) {
            let inputs = [&[*x, *weight], bias].concat();
            graph.nodes[i].inputs = inputs;
        }
    }
}
