//! A product with the rows of a table becomes the rows of a product: each token that occurs is multiplied once, however often
//! it occurs, and a padded place or a node without a word at no cost.

use crate::ir::{Graph, Op};

/// Where a product reads looked-up rows that nothing else reads, it becomes [`Op::ProductOfLookup`]. The lookup alone stays behind,
/// and nobody reads it.
pub fn absorb_lookups(graph: &mut Graph) {
    let mut uses = vec![0; graph.nodes.len()];
    graph.nodes.iter().flat_map(|node| &node.inputs).for_each(|input| uses[input.0] += 1);
    for i in 0..graph.nodes.len() {
        let node = &graph.nodes[i];
        let (Op::Product, [weight, x, bias @ ..]) = (&node.op, &node.inputs[..]) else { continue };
        let (matrix, lookup) = (&graph.node(*weight).ty, graph.node(*x));
        let plain = !matrix.per_example && matrix.rank() == 2 && lookup.op == Op::Lookup;
        if plain && uses[x.0] == 1 {
            let inputs = [&lookup.inputs[..], &[*weight], bias].concat();
            graph.nodes[i].op = Op::ProductOfLookup;
            graph.nodes[i].inputs = inputs;
        }
    }
}
