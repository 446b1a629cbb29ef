//! The sum of the rows of a matrix: the gradient of what was added to every row.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::gemm::Matrix;
use super::simd::{add, arch};

/// Rows that are summed one after the other. The pieces are the same on any number of threads, and so are the bits.
const PIECE: usize = 256;

/// `Σ_i matrix[i, ·]`. The numbers of a row stand side by side.
pub fn column_sums(matrix: Matrix) -> Vec<f32> {
    let Matrix { data, rows, columns, row_step, .. } = matrix;
    if rows == 0 || columns == 0 {
        return vec![0.0; columns];
    }
    let sum = |piece: usize| {
        let mut sums = vec![0.0; columns];
        let first = piece * PIECE;
        let rows = PIECE.min(rows - first);
        arch().dispatch(Rows { data: &data[first * row_step..], rows, row_step, sums: &mut sums });
        sums
    };
    let pieces: Vec<Vec<f32>> = match rows.div_ceil(PIECE) {
        1 => vec![sum(0)],
        several => (0..several).into_par_iter().map(sum).collect(),
    };
    let mut pieces = pieces.into_iter();
    let first = pieces.next().unwrap_or_default();
    pieces.fold(first, |mut sums, piece| {
        sums.iter_mut().zip(piece).for_each(|(sum, x)| *sum += x);
        sums
    })
}

struct Rows<'a> {
    data: &'a [f32],
    rows: usize,
    row_step: usize,
    sums: &'a mut [f32],
}

impl WithSimd for Rows<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for row in 0..self.rows {
            add(simd, self.sums, &self.data[row * self.row_step..][..self.sums.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_any_number_and_step_are_summed() {
        for (rows, columns, step) in [(0, 3, 3), (1, 1, 1), (255, 17, 17), (256, 16, 40), (1000, 33, 35)] {
            let data: Vec<f32> = (0..rows * step + columns).map(|i| (i % 13) as f32).collect();
            let sums = column_sums(Matrix::with_rows(&data, rows, columns, step));
            let expected = |j: usize| (0..rows).map(|i| data[i * step + j]).sum::<f32>();
            assert_eq!(sums, (0..columns).map(expected).collect::<Vec<_>>());
        }
    }
}
