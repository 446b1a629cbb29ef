//! The trees of a batch, level by level: a node stands on the level above its highest child, and every leaf on the first.
//!
//! So a level needs only levels before it, all nodes of a level can be computed together, whichever trees they are of, and
//! whether a node is a leaf is decided by its level.

use std::ops::Range;

use crate::lower::LowerError;

/// The nodes of all trees, leaves first. A node is known by its place in this order.
#[derive(Debug, PartialEq)]
pub(in crate::lower) struct Forest {
    /// Where the node of every place stands among the rows of a `[N, B, …]` array.
    pub rows: Vec<usize>,
    /// The places of every level.
    pub levels: Vec<Range<usize>>,
    /// The places of all children, those of one node side by side and in their order.
    children: Vec<usize>,
    /// Of every place, where its children begin in `children`; one more than there are places.
    first: Vec<usize>,
}

impl Forest {
    /// `parents: [N, B]`: of every node the number of its parent, which is a smaller one; the root is node 0 and its own
    /// parent. What stands beyond an example's length is not looked at.
    pub fn new(parents: &[u32], lengths: &[usize]) -> Result<Self, LowerError> {
        let batch = lengths.len();
        let mut heights = vec![0; parents.len()];
        for (b, length) in lengths.iter().enumerate() {
            for n in (1..*length).rev() {
                let parent = parents[n * batch + b] as usize;
                if parent >= n {
                    return Err(LowerError::new(format!("node {n} of a tree stands before its parent {parent}")));
                }
                heights[parent * batch + b] = heights[parent * batch + b].max(heights[n * batch + b] + 1);
            }
        }
        let all = || lengths.iter().enumerate().flat_map(|(b, length)| (0..*length).map(move |n| n * batch + b));
        // A counting sort: nodes of one height stay in the order of their rows.
        let mut sizes = vec![0; all().map(|row| heights[row] + 1).max().unwrap_or(0)];
        all().for_each(|row| sizes[heights[row]] += 1);
        let mut start = 0;
        let levels: Vec<Range<usize>> = sizes
            .iter()
            .map(|size| {
                start += size;
                start - size..start
            })
            .collect();
        let mut next: Vec<usize> = levels.iter().map(|level| level.start).collect();
        let (mut rows, mut place) = (vec![0; start], vec![0; parents.len()]);
        let mut true_rows: Vec<usize> = all().collect();
        true_rows.sort_unstable();
        for row in &true_rows {
            let at = &mut next[heights[*row]];
            (rows[*at], place[*row]) = (*row, *at);
            *at += 1;
        }
        // Rows in ascending order are, within a tree, nodes in ascending order.
        let edges = || {
            true_rows.iter().filter(|row| **row >= batch).map(|row| {
                let parent = parents[*row] as usize * batch + row % batch;
                (place[parent], place[*row])
            })
        };
        let mut first = vec![0; rows.len() + 1];
        edges().for_each(|(parent, _)| first[parent + 1] += 1);
        (0..rows.len()).for_each(|i| first[i + 1] += first[i]);
        let (mut next, mut children) = (first.clone(), vec![0; first[rows.len()]]);
        edges().for_each(|(parent, child)| {
            children[next[parent]] = child;
            next[parent] += 1;
        });
        Ok(Self { rows, levels, children, first })
    }

    /// The places of the children of a node.
    pub fn children(&self, place: usize) -> &[usize] {
        &self.children[self.first[place]..self.first[place + 1]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_stand_above_their_children() {
        // (0 (1 2 3) 4) beside a tree of one node, whose padding says nothing.
        let parents = [0, 0, 0, 9, 1, 9, 1, 9, 0, 9];
        let forest = Forest::new(&parents, &[5, 1]).unwrap();
        assert_eq!(forest.rows, [1, 4, 6, 8, 2, 0]);
        assert_eq!(forest.levels, [0..4, 4..5, 5..6]);
        assert_eq!([0, 3, 4, 5].map(|place| forest.children(place).to_vec()), [vec![], vec![], vec![1, 2], vec![4, 3]]);
        assert!(Forest::new(&[0, 1], &[2]).is_err());
        assert!(Forest::new(&[], &[]).unwrap().levels.is_empty());
    }
}
