//! A product with the rows of a table becomes the rows of a product: each token that occurs is multiplied once, however often
//! it occurs, and a padded place or a node without a word at no cost.

use crate::ir::{Graph, Op};

/// Where a product reads looked-up rows, it becomes [`Op::ProductOfLookup`]. The lookup stays behind, for whoever else reads it.
pub fn absorb_lookups(graph: &mut Graph) {
    for i in 0..graph.nodes.len() {
        let node = &graph.nodes[i];
        let (Op::Product, [weight, x, bias @ ..]) = (&node.op, &node.inputs[..]) else { continue };
        let (matrix, lookup) = (&graph.node(*weight).ty, graph.node(*x));
        let plain = !matrix.per_example && matrix.rank() == 2 && lookup.op == Op::Lookup;
        if plain {
            let inputs = [&lookup.inputs[..], &[*weight], bias].concat();
            graph.nodes[i].op = Op::ProductOfLookup;
            graph.nodes[i].inputs = inputs;
        }
    }
}
