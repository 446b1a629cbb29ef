//! The cells of `stdlib/trees.rnn` against PyTorch's numbers, node by node there and level by level here.

use crate::layers::{Written, is_pytorch};
use crate::tree_tables::CASES;

/// The trees of the tables, by their number of nodes: `(0 1 (2 3 4))`, `(0 1 2)` and a leaf.
fn binary(nodes: usize) -> Vec<u32> {
    [0, 0, 0, 2, 2][..nodes].to_vec()
}

/// The same with three children at a root: `(0 1 2 (3 4))`.
fn wide(nodes: usize) -> Vec<u32> {
    [0, 0, 0, 0, 3][..nodes].to_vec()
}

#[test]
fn results_and_gradients_are_those_of_pytorch() {
    assert_eq!(CASES.len(), 4);
    for case in CASES {
        let size = if case.name.ends_with("lstm") { 3 } else { 4 };
        let cell = case.name.to_owned();
        let written = Written {
            definitions: String::new(),
            stages: format!("{cell}({size})"),
            sequence: true,
            trees: Some(if cell.starts_with("child_sum") { wide } else { binary }),
            name: Box::new(move |name| format!("{cell}.{name}")),
        };
        is_pytorch(case, &written);
    }
}
