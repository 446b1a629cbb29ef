//! What the recurrences of a graph are called, for people.

use std::collections::BTreeMap;

use super::{Graph, NodeId, Op};

/// Every scan and every fold: `lstm`; `lstm l1` in a stack; `bilstm backward` where there are two directions.
pub fn recurrences(graph: &Graph) -> BTreeMap<NodeId, String> {
    let reading = |(i, node): (usize, &super::Node)| {
        let (other, backward) = match node.op {
            Op::Scan { reverse, .. } => ("scan", reverse),
            Op::Fold { .. } => ("fold", false),
            _ => return None,
        };
        Some((NodeId(i), node.call.map_or(other, |call| graph.calls[call.0].path.as_str()), backward))
    };
    let all: Vec<(NodeId, &str, bool)> = graph.nodes.iter().enumerate().filter_map(reading).collect();
    let name = |(at, (id, path, backward)): (usize, &(NodeId, &str, bool))| {
        let alike = |(_, other, own): &&(NodeId, &str, bool)| other == path && own == backward;
        let layer = all[..at].iter().filter(alike).count();
        let mut name = path.to_string();
        if all.iter().filter(alike).count() > 1 {
            name += &format!(" l{layer}");
        }
        if all.iter().any(|(_, other, own)| other == path && own != backward) {
            name += if *backward { " backward" } else { " forward" };
        }
        (*id, name)
    };
    all.iter().enumerate().map(name).collect()
}
