//! Sizes that come from data become numbers. Sequence lengths stay symbols: they differ from example to example.

use std::fmt;

use crate::ir::{Cell, Dim, Graph, Node, Op, Parameter, Symbol};

/// A size that cannot be known: its symbol has no value, or the number would be negative or absurd.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unbound {
    pub dim: Dim,
}

impl fmt::Display for Unbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the size `{}` is not known", self.dim)
    }
}

impl std::error::Error for Unbound {}

/// The graph with every size but the sequence lengths a constant.
pub fn bind(graph: &Graph, size: &dyn Fn(&Symbol) -> Option<usize>) -> Result<Graph, Unbound> {
    let dim = |dim: &Dim| match dim.is_length() {
        true => Ok(dim.clone()),
        false => dim.evaluate(&size).map(Dim::from).ok_or_else(|| Unbound { dim: dim.clone() }),
    };
    let dims = |dims: &[Dim]| dims.iter().map(dim).collect::<Result<Vec<_>, _>>();
    let nodes = |nodes: &[Node]| {
        let bound = nodes.iter().map(|node| {
            let mut node = node.clone();
            node.ty.axes = dims(&node.ty.axes)?;
            if let Op::Narrow { start, length } = &mut node.op {
                (*start, *length) = (dim(start)?, dim(length)?);
            }
            Ok(node)
        });
        bound.collect::<Result<Vec<_>, Unbound>>()
    };
    let parameter = |parameter: &Parameter| Ok(Parameter { shape: dims(&parameter.shape)?, ..parameter.clone() });
    let cell = |cell: &Cell| {
        let mut bound = Cell { input: dim(&cell.input)?, nodes: nodes(&cell.nodes)?, ..cell.clone() };
        for state in &mut bound.states {
            state.size = dim(&state.size)?;
        }
        Ok(bound)
    };
    Ok(Graph {
        nodes: nodes(&graph.nodes)?,
        parameters: graph.parameters.iter().map(parameter).collect::<Result<_, _>>()?,
        cells: graph.cells.iter().map(cell).collect::<Result<_, _>>()?,
        calls: graph.calls.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::passes::builder::{Builder, time};

    #[test]
    fn data_sizes_become_numbers_and_lengths_stay() {
        let vocabulary = Dim::symbol(Symbol::Vocabulary("text".into()));
        let mut b = Builder::new(1);
        let x = b.embedding(5, 4);
        b.graph.parameters[0].shape[0] = vocabulary.clone();
        let bound = bind(&b.graph, &|_| Some(9)).expect("everything has a value");
        assert_eq!(bound.parameters[0].shape, [Dim::from(9), Dim::from(4)]);
        assert_eq!(bound.node(x).ty.axes, [time(), Dim::from(4)]);
        assert_eq!(bind(&b.graph, &|_| None).unwrap_err(), Unbound { dim: vocabulary });
    }
}
