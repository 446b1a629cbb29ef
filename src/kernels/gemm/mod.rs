//! Matrix products of `f32`: `C = A · B` and `C += A · B`.
//!
//! The right side is packed into panels, the left side is read where it stands. Threads share rows, or panels where the sum
//! is long; every element is one sum in order, so the result does not depend on their number.

mod pack;
mod tile;

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::simd::arch;
pub use pack::Packed;
pub use tile::{ROWS, Tile};

/// A matrix in memory: element `(i, j)` at `i * row_step + j * column_step`. One of the steps is 1, or the rows are one.
#[derive(Clone, Copy)]
pub struct Matrix<'a> {
    pub data: &'a [f32],
    pub rows: usize,
    pub columns: usize,
    pub row_step: usize,
    pub column_step: usize,
}

impl<'a> Matrix<'a> {
    /// Row after row.
    pub fn new(data: &'a [f32], rows: usize, columns: usize) -> Self {
        Self::with_rows(data, rows, columns, columns)
    }

    /// Rows `row_step` apart.
    pub fn with_rows(data: &'a [f32], rows: usize, columns: usize, row_step: usize) -> Self {
        let matrix = Self { data, rows, columns, row_step, column_step: 1 };
        assert!(rows == 0 || columns == 0 || (rows - 1) * row_step + columns <= data.len(), "a matrix beyond its data");
        matrix
    }

    pub fn transposed(self) -> Self {
        Self { rows: self.columns, columns: self.rows, row_step: self.column_step, column_step: self.row_step, ..self }
    }
}

/// Products with fewer multiplications are not worth waking a second thread.
const SHARE: usize = 1 << 19;
/// Terms of a long sum that are packed at a time.
const TERMS: usize = 256;

/// `c = a · b`, or `c += a · b`; `c` is row-major, `[a.rows, b.columns]`.
pub fn gemm(a: Matrix, b: Matrix, c: &mut [f32], add: bool) {
    assert!(a.columns == b.rows && c.len() == a.rows * b.columns, "matrices that do not fit");
    if c.is_empty() || a.columns == 0 {
        if !add {
            c.fill(0.0);
        }
        return;
    }
    let shared = a.rows * b.columns * a.columns >= SHARE && rayon::current_num_threads() > 1;
    if a.column_step == 1 { by_rows(a, b, c, add, shared) } else { by_panels(a, b, c, add, shared) }
}

/// All of `b` packed once, the rows shared.
fn by_rows(a: Matrix, b: Matrix, c: &mut [f32], add: bool, shared: bool) {
    let packed = Packed::new(b);
    let columns = b.columns;
    // Enough pieces that a late thread does not hold up the others.
    let rows = if shared { a.rows.div_ceil(rayon::current_num_threads() * 4).next_multiple_of(ROWS) } else { a.rows };
    let work = |(piece, c): (usize, &mut [f32])| {
        let first = piece * rows;
        let a = Matrix { data: &a.data[first * a.row_step..], rows: c.len() / columns, ..a };
        arch().dispatch(Strips { a, packed: &packed, c, columns, first: 0, add });
    };
    if shared {
        c.par_chunks_mut(rows * columns).enumerate().for_each(work);
    } else {
        c.chunks_mut(rows * columns).enumerate().for_each(work);
    }
}

/// The panels shared, each packed piece by piece along the sum.
fn by_panels(a: Matrix, b: Matrix, c: &mut [f32], add: bool, shared: bool) {
    let columns = b.columns;
    // Rows of the result, in pieces: every thread goes through all panels of its rows.
    let pieces = if shared { rayon::current_num_threads() * 2 } else { 1 };
    let rows = a.rows.div_ceil(pieces).next_multiple_of(ROWS);
    let width = pack::panel_width().0;
    let work = |(piece, c): (usize, &mut [f32])| {
        let (top, count) = (piece * rows, c.len() / columns);
        for first in (0..columns).step_by(width) {
            for from in (0..a.columns).step_by(TERMS) {
                let terms = TERMS.min(a.columns - from);
                let part = Matrix {
                    data: &b.data[from * b.row_step + first * b.column_step..],
                    rows: terms,
                    columns: width.min(columns - first),
                    ..b
                };
                let packed = Packed::new(part);
                let a = Matrix {
                    data: &a.data[top * a.row_step + from * a.column_step..],
                    rows: count,
                    columns: terms,
                    ..a
                };
                arch().dispatch(Strips { a, packed: &packed, c, columns, first, add: add || from > 0 });
            }
        }
    };
    if shared {
        c.par_chunks_mut(rows * columns).enumerate().for_each(work);
    } else {
        c.chunks_mut(rows * columns).enumerate().for_each(work);
    }
}

/// Some rows of the product on one thread: columns `first ..` of `c`.
struct Strips<'a> {
    a: Matrix<'a>,
    packed: &'a Packed,
    c: &'a mut [f32],
    /// Of a row of `c`.
    columns: usize,
    first: usize,
    add: bool,
}

impl WithSimd for Strips<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { a, packed, c, columns, first, add } = self;
        let k = packed.k;
        assert!(a.columns == k && c.len() >= a.rows * columns && first + packed.columns <= columns);
        assert!(a.rows == 0 || (a.rows - 1) * a.row_step + (k - 1) * a.column_step < a.data.len());
        let (left, out) = (a.data.as_ptr(), c.as_mut_ptr());
        for (offset, width, panel) in packed.panels() {
            for top in (0..a.rows).step_by(ROWS) {
                let rows = ROWS.min(a.rows - top);
                let mut from = [std::ptr::null(); ROWS];
                let mut to = [std::ptr::null_mut(); ROWS];
                for r in 0..rows {
                    from[r] = left.wrapping_add((top + r) * a.row_step);
                    to[r] = out.wrapping_add((top + r) * columns + first + offset);
                }
                let start = to.map(<*mut f32>::cast_const);
                let tile = Tile {
                    k,
                    a: &from[..rows],
                    step: a.column_step,
                    panel,
                    start: if add { &start[..rows] } else { &[] },
                    out: &to[..rows],
                    columns: width,
                };
                // SAFETY: the asserts above hold all rows of `a` and `c` in their slices; the rows of `c` are apart, and
                // nobody else has it.
                unsafe { tile.run(simd) };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(count: usize, phase: f32) -> Vec<f32> {
        (0..count).map(|i| (i as f32 * 0.37 + phase).sin()).collect()
    }

    #[test]
    fn products_of_all_odd_sizes_and_layouts() {
        for (m, n, k) in [(1, 1, 1), (7, 65, 3), (6, 64, 129), (13, 130, 17), (48, 31, 300), (5, 200, 600), (3, 5, 0)] {
            let (a, b) = (wave(m * k + 3, 0.0), wave(k * n + 5, 1.0));
            let mut expected = vec![0.0f64; m * n];
            for i in 0..m {
                for j in 0..n {
                    expected[i * n + j] = (0..k).map(|p| f64::from(a[i * k + p]) * f64::from(b[p * n + j])).sum();
                }
            }
            let left = Matrix::new(&a, m, k);
            let right = Matrix::new(&b, k, n);
            // The same matrices, stored by columns.
            let turn = |matrix: Matrix| {
                let at = |j: usize, i: usize| matrix.data[i * matrix.row_step + j];
                (0..matrix.columns).flat_map(|j| (0..matrix.rows).map(move |i| at(j, i))).collect::<Vec<f32>>()
            };
            let (a_turned, b_turned) = (turn(left), turn(right));
            let left_turned = Matrix::new(&a_turned, k, m).transposed();
            let right_turned = Matrix::new(&b_turned, n, k).transposed();
            for left in [left, left_turned] {
                for right in [right, right_turned] {
                    let mut c = vec![f32::NAN; m * n];
                    gemm(left, right, &mut c, false);
                    for (c, expected) in c.iter().zip(&expected) {
                        assert!((f64::from(*c) - expected).abs() < 1e-4, "{m}x{n}x{k}: {c} is not {expected}");
                    }
                    let before = c.clone();
                    gemm(left, right, &mut c, true);
                    for (c, before) in c.iter().zip(&before) {
                        assert!((c - 2.0 * before).abs() < 1e-4);
                    }
                }
            }
        }
    }

    #[test]
    fn an_element_does_not_depend_on_what_is_computed_beside_it() {
        let (a, b) = (wave(40 * 70, 0.0), wave(70 * 150, 1.0));
        let mut whole = vec![0.0; 40 * 150];
        gemm(Matrix::new(&a, 40, 70), Matrix::new(&b, 70, 150), &mut whole, false);
        for row in [0, 5, 17, 39] {
            let mut one = vec![0.0; 150];
            gemm(Matrix::new(&a[row * 70..], 1, 70), Matrix::new(&b, 70, 150), &mut one, false);
            assert_eq!(one, whole[row * 150..(row + 1) * 150]);
        }
    }
}
