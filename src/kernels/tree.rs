//! Rows copied to several places, and summed over them: between the nodes of trees and their children, and between a token and
//! its occurrences.
//!
//! Arrays are `[nodes, width]` and `[children, width]`; every child has its own row, and `parents` says which node it
//! belongs to. How nodes are ordered is not known here.

use std::sync::Arc;

use super::Kernel;

/// Which node every child belongs to.
#[derive(Clone)]
pub struct Family {
    /// One a child, below `nodes`.
    pub parents: Arc<[u32]>,
    pub nodes: usize,
}

impl Family {
    /// `[nodes, width] -> [children, width]`
    fn spread(&self, x: &[f32]) -> Vec<f32> {
        let width = x.len() / self.nodes.max(1);
        let mut result = Vec::with_capacity(self.parents.len() * width);
        self.parents.iter().for_each(|parent| result.extend_from_slice(&x[*parent as usize * width..][..width]));
        result
    }

    /// `[children, width] -> [nodes, width]`
    fn sum(&self, x: &[f32]) -> Vec<f32> {
        let width = x.len() / self.parents.len().max(1);
        let mut result = vec![0.0; self.nodes * width];
        for (parent, x) in self.parents.iter().zip(x.chunks_exact(width.max(1))) {
            let sums = &mut result[*parent as usize * width..][..width];
            sums.iter_mut().zip(x).for_each(|(sum, x)| *sum += x);
        }
        result
    }
}

/// The value of a node, for each of its children.
pub struct Spread(pub Family);

impl Kernel<1> for Spread {
    const NAME: &'static str = "spread";

    fn forward(&self, [x]: [&[f32]; 1]) -> Vec<f32> {
        self.0.spread(x)
    }

    fn backward(&self, _: [&[f32]; 1], _: &[f32], up: &[f32]) -> [Vec<f32>; 1] {
        [self.0.sum(up)]
    }
}

/// The sum over the children of every node. Every node has at least one.
pub struct SumChildren(pub Family);

impl Kernel<1> for SumChildren {
    const NAME: &'static str = "sum_children";

    fn forward(&self, [x]: [&[f32]; 1]) -> Vec<f32> {
        self.0.sum(x)
    }

    fn backward(&self, _: [&[f32]; 1], _: &[f32], up: &[f32]) -> [Vec<f32>; 1] {
        [self.0.spread(up)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_go_to_the_children_and_come_back_summed() {
        let family = Family { parents: [1, 0, 1].into(), nodes: 2 };
        let (spread, sum) = (Spread(family.clone()), SumChildren(family));
        let (nodes, children) = ([1., 2., 3., 4.], [1., 10., 2., 20., 3., 30.]);
        assert_eq!(spread.forward([&nodes]), [3., 4., 1., 2., 3., 4.]);
        assert_eq!(sum.forward([&children]), [2., 20., 4., 40.]);
        assert_eq!(spread.backward([&nodes], &[], &children), [sum.forward([&children])]);
        assert_eq!(sum.backward([&children], &[], &nodes), [spread.forward([&nodes])]);
    }
}
