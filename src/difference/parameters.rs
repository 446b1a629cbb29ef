//! Parameters by name: those of one side only, and those of another shape.

use super::{Change, Place};
use crate::ir::{Graph, Model, Parameter, Type};

pub fn changes(before: Option<&Model>, after: Option<&Model>) -> Vec<Change> {
    let graph = |model: Option<&Model>| model.map_or(Graph::default(), |model| model.graph.clone());
    let (before, after) = (graph(before), graph(after));
    let mut changes = Vec::new();
    for parameter in &after.parameters {
        let old = before.parameters.iter().find(|old| old.name == parameter.name);
        if old.is_none_or(|old| old.shape != parameter.shape) {
            let before = old.map(|old| place(old, &before));
            changes.push(Change { what: parameter.name.clone(), before, after: Some(place(parameter, &after)) });
        }
    }
    for parameter in &before.parameters {
        if after.parameters.iter().all(|new| new.name != parameter.name) {
            changes.push(Change { what: parameter.name.clone(), before: Some(place(parameter, &before)), after: None });
        }
    }
    changes
}

/// Its shape, at the layer of the model that it belongs to.
fn place(parameter: &Parameter, graph: &Graph) -> Place {
    let span = parameter.call.map_or(parameter.span, |call| graph.calls[graph.outermost(call).0].span);
    Place { text: Type::shared(parameter.shape.clone()).to_string(), span }
}
