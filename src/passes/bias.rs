//! A shared vector that is added to a product becomes part of it.

use crate::ir::{BinaryOp, Graph, Op};

/// Where a node adds a shared vector to a product that nothing else reads, it becomes that product with the vector as a third
/// input. The product alone stays behind, and nobody reads it.
pub fn absorb_biases(graph: &mut Graph) {
    let mut uses = vec![0; graph.nodes.len()];
    graph.nodes.iter().flat_map(|node| &node.inputs).for_each(|input| uses[input.0] += 1);
    for i in 0..graph.nodes.len() {
        let node = &graph.nodes[i];
        let (Op::Binary(BinaryOp::Add), [a, b]) = (&node.op, &node.inputs[..]) else { continue };
        let joined = [(a, b), (b, a)].into_iter().find_map(|(product, bias)| {
            let (of, bias_ty) = (graph.node(*product), &graph.node(*bias).ty);
            let vector = !bias_ty.per_example && bias_ty.rank() == 1 && bias_ty.axes.last() == node.ty.axes.last();
            let [weight, x] = of.inputs[..] else { return None };
            let matrix = &graph.node(weight).ty;
            let plain =
                of.op == Op::Product && !matrix.per_example && matrix.rank() == 2 && graph.node(x).ty.per_example;
            (vector && plain && uses[product.0] == 1 && of.ty.axes == node.ty.axes).then(|| vec![weight, x, *bias])
        });
        if let Some(inputs) = joined {
            graph.nodes[i].op = Op::Product;
            graph.nodes[i].inputs = inputs;
        }
    }
}
