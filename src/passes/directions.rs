//! The two readings of a bidirectional layer become one operation.

use crate::ir::{CellId, Graph, NodeId, Op};

/// Where a node joins a forward and a backward scan of the same values, and nothing else reads these scans, it scans both ways
/// itself: `(x, what belongs to the forward scan, what belongs to the backward scan)`. Both readings can then run side by
/// side. `joins` says which cells can. The scans stay behind, and nobody reads them.
pub fn join_directions(graph: &mut Graph, joins: impl Fn(CellId) -> bool) {
    let mut uses = vec![0; graph.nodes.len()];
    graph.nodes.iter().flat_map(|node| &node.inputs).for_each(|input| uses[input.0] += 1);
    let scan = |graph: &Graph, id: NodeId, wanted: bool| match graph.node(id).op {
        Op::Scan { cell, reverse } if reverse == wanted && uses[id.0] == 1 && joins(cell) => Some(cell),
        _ => None,
    };
    for i in 0..graph.nodes.len() {
        let (Op::Concat, &[a, b]) = (&graph.nodes[i].op, &graph.nodes[i].inputs[..]) else { continue };
        let (Some(forward), Some(backward)) = (scan(graph, a, false), scan(graph, b, true)) else { continue };
        let (a, b) = (&graph.node(a).inputs, &graph.node(b).inputs);
        let ty = &graph.node(a[0]).ty;
        let plain = ty.rank() == ty.sequence_axes() + 1;
        if plain && a[0] == b[0] && a.len() == b.len() {
            let inputs = [&a[..], &b[1..]].concat();
            graph.nodes[i].op = Op::ScanBothWays { forward, backward };
            graph.nodes[i].inputs = inputs;
        }
    }
}
