//! What a text that is read in pieces carries from one piece to the next: the states of its recurrences, and the steps that
//! its shifts still hold. They are values: no gradient goes back through them.

use std::collections::BTreeMap;

use crate::ir::NodeId;

/// The memory of a network between two pieces of the same texts; empty at their start, where every state is zero.
///
/// By node of the network's graph one array a state, `[B, H]` of a recurrence, `[steps, B, F]` of a shift.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct States(BTreeMap<NodeId, Vec<Vec<f32>>>);

impl States {
    pub(super) fn of(&self, node: NodeId) -> Vec<Vec<f32>> {
        self.0.get(&node).cloned().unwrap_or_default()
    }

    pub(super) fn set(&mut self, node: NodeId, states: Vec<Vec<f32>>) {
        self.0.insert(node, states);
    }

    /// Every array with a name of its own: what a checkpoint keeps.
    pub fn arrays(&self) -> impl Iterator<Item = (String, &[f32])> {
        self.0.iter().flat_map(|(NodeId(node), states)| {
            states.iter().enumerate().map(move |(i, values)| (format!("{node}.{i}"), values.as_slice()))
        })
    }

    /// The states whose arrays were called so; `None` where a name is none of [`Self::arrays`].
    pub fn from_arrays(arrays: impl IntoIterator<Item = (String, Vec<f32>)>) -> Option<Self> {
        let mut numbered: BTreeMap<(usize, usize), Vec<f32>> = BTreeMap::new();
        for (name, values) in arrays {
            let (node, state) = name.split_once('.')?;
            numbered.insert((node.parse().ok()?, state.parse().ok()?), values);
        }
        let mut states = Self::default();
        for ((node, _), values) in numbered {
            states.0.entry(NodeId(node)).or_default().push(values);
        }
        Some(states)
    }
}
