//! Right sides of matrix products in the order their panels are read.

use pulp::{Simd, WithSimd};

use super::Matrix;
use super::tile::vectors;
use crate::kernels::simd::arch;

/// A matrix cut into panels of columns; each holds its rows one after the other, the last vector filled up with zeros.
pub struct Packed {
    lines: Vec<Line>,
    /// Terms of a product: rows.
    pub k: usize,
    pub columns: usize,
    /// Columns of a panel that is not the last.
    pub width: usize,
    lanes: usize,
}

/// A cache line: vectors are read whole.
#[repr(C, align(64))]
#[derive(Clone, Copy)]
struct Line([f32; LINE]);
const LINE: usize = 16;

/// Columns of a panel, and of a vector, on this machine.
pub fn panel_width() -> (usize, usize) {
    struct Widths;
    impl WithSimd for Widths {
        type Output = (usize, usize);
        fn with_simd<S: Simd>(self, _: S) -> (usize, usize) {
            (vectors::<S>() * S::F32_LANES, S::F32_LANES)
        }
    }
    arch().dispatch(Widths)
}

impl Packed {
    pub fn new(matrix: Matrix) -> Self {
        let (width, lanes) = panel_width();
        let Matrix { rows: k, columns, .. } = matrix;
        let total = columns.next_multiple_of(lanes) * k;
        let lines = vec![Line([0.0; LINE]); total.div_ceil(LINE)];
        let mut packed = Self { lines, k, columns, width, lanes };
        for first in (0..columns).step_by(width) {
            let panel_columns = width.min(columns - first);
            let row = panel_columns.next_multiple_of(lanes);
            let panel = &mut packed.numbers_mut()[first * k..first * k + row * k];
            fill(panel, row, &matrix, first, panel_columns);
        }
        packed
    }

    fn numbers(&self) -> &[f32] {
        // SAFETY: a `Line` is sixteen numbers and nothing else.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.lines.len() * LINE) }
    }

    fn numbers_mut(&mut self) -> &mut [f32] {
        // SAFETY: a `Line` is sixteen numbers and nothing else.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.lines.len() * LINE) }
    }

    /// The panels: first column, number of columns, numbers.
    pub fn panels(&self) -> impl Iterator<Item = (usize, usize, &[f32])> {
        (0..self.columns).step_by(self.width).map(|first| {
            let columns = self.width.min(self.columns - first);
            let row = columns.next_multiple_of(self.lanes);
            (first, columns, &self.numbers()[first * self.k..first * self.k + row * self.k])
        })
    }
}

/// Copies `columns` columns from `first` on into rows of `row` numbers.
fn fill(panel: &mut [f32], row: usize, matrix: &Matrix, first: usize, columns: usize) {
    if matrix.column_step == 1 {
        for (i, to) in panel.chunks_exact_mut(row).enumerate() {
            let start = i * matrix.row_step + first;
            to[..columns].copy_from_slice(&matrix.data[start..start + columns]);
        }
        return;
    }
    for j in 0..columns {
        let start = (first + j) * matrix.column_step;
        for (i, to) in panel[j..].iter_mut().step_by(row).enumerate() {
            *to = matrix.data[start + i * matrix.row_step];
        }
    }
}
