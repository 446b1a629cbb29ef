//! Sequences of vectors, one after the other: what a field of numbers holds.

/// All rows of one field.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Numbers of a step.
    width: usize,
    values: Vec<f32>,
    /// One more than there are rows, in values.
    offsets: Vec<usize>,
}

impl Series {
    pub fn new(width: usize) -> Self {
        Self { width: width.max(1), values: Vec::new(), offsets: vec![0] }
    }

    /// Adds a row: its steps one after the other.
    pub fn push(&mut self, row: impl IntoIterator<Item = f32>) {
        self.values.extend(row);
        self.offsets.push(self.values.len());
    }

    /// Some of the rows, in this order.
    pub(super) fn select(&self, rows: &[usize]) -> Self {
        let mut selected = Self::new(self.width);
        for row in rows {
            selected.push(self.get(*row).iter().copied());
        }
        selected
    }

    pub fn width(&self) -> usize {
        self.width
    }

    /// The steps of row `i`, one after the other.
    pub fn get(&self, i: usize) -> &[f32] {
        &self.values[self.offsets[i]..self.offsets[i + 1]]
    }

    /// How many steps row `i` has.
    pub fn steps(&self, i: usize) -> usize {
        self.get(i).len() / self.width
    }
}
