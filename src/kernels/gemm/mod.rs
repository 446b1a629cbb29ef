//! Matrix products of `f32`: `C = A · B`, `C += A · B`, and `C = A · B` with a vector added to every row.
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

/// What a product is added to.
#[derive(Clone, Copy)]
pub enum Start<'a> {
    Zero,
    /// What stands in the result.
    Result,
    /// The same numbers for every row.
    Row(&'a [f32]),
}

/// `c = start + a · b`; `c` is row-major, `[a.rows, b.columns]`.
pub fn gemm(a: Matrix, b: Matrix, c: &mut [f32], start: Start) {
    assert!(a.columns == b.rows && c.len() == a.rows * b.columns, "matrices that do not fit");
    if let Start::Row(row) = start {
        assert_eq!(row.len(), b.columns, "a row of another width");
    }
    if c.is_empty() || a.columns == 0 {
        match start {
            Start::Zero => c.fill(0.0),
            Start::Result => {}
            Start::Row(row) => c.chunks_exact_mut(row.len().max(1)).for_each(|c| c.copy_from_slice(row)),
        }
        return;
    }
    let shared = a.rows * b.columns * a.columns >= SHARE && rayon::current_num_threads() > 1;
    if a.row_step != 1 || a.column_step == 1 {
        by_rows(a, b, c, start, shared)
    } else {
        by_columns(a, b, c, start, shared)
    }
}

/// All of `b` packed once, the rows shared.
fn by_rows(a: Matrix, b: Matrix, c: &mut [f32], start: Start, shared: bool) {
    let packed = Packed::new(b);
    let columns = b.columns;
    // Enough pieces that a late thread does not hold up the others.
    let rows = if shared { a.rows.div_ceil(rayon::current_num_threads() * 4).next_multiple_of(ROWS) } else { a.rows };
    let work = |(piece, c): (usize, &mut [f32])| {
        let first = piece * rows;
        let left = Left::Standing { data: &a.data[first * a.row_step..], row_step: a.row_step };
        arch().dispatch(Strips { left, rows: c.len() / columns, packed: &packed, c, columns, first: 0, start });
    };
    if shared {
        c.par_chunks_mut(rows * columns).enumerate().for_each(work);
    } else {
        c.chunks_mut(rows * columns).enumerate().for_each(work);
    }
}

/// The left side stands by columns and the sum is long: both sides are packed piece by piece along it. Threads share the
/// rows of the result.
fn by_columns(a: Matrix, b: Matrix, c: &mut [f32], start: Start, shared: bool) {
    let columns = b.columns;
    let pieces = if shared { rayon::current_num_threads() } else { 1 };
    let rows = a.rows.div_ceil(pieces).next_multiple_of(ROWS);
    let work = |(piece, c): (usize, &mut [f32])| {
        let count = c.len() / columns;
        let mut left = Vec::new();
        for from in (0..a.columns).step_by(TERMS) {
            let terms = TERMS.min(a.columns - from);
            pack_left(&a, piece * rows..piece * rows + count, from..from + terms, &mut left);
            let strips = |first: usize, width: usize, c: &mut [f32]| {
                let data = &b.data[from * b.row_step + first * b.column_step..];
                let packed = Packed::new(Matrix { data, rows: terms, columns: width, ..b });
                let tiles = Left::Packed(&left);
                let start = if from > 0 { Start::Result } else { start };
                arch().dispatch(Strips { left: tiles, rows: count, packed: &packed, c, columns, first, start });
            };
            let width = pack::panel_width().0;
            for first in (0..columns).step_by(width) {
                strips(first, width.min(columns - first), c);
            }
        }
    };
    if shared {
        c.par_chunks_mut(rows * columns).enumerate().for_each(work);
    } else {
        c.chunks_mut(rows * columns).enumerate().for_each(work);
    }
}

/// Rows of a matrix that stands by columns, a tile after the other: for every term the numbers of its rows.
fn pack_left(a: &Matrix, rows: std::ops::Range<usize>, terms: std::ops::Range<usize>, left: &mut Vec<f32>) {
    let count = terms.len();
    // Room for a tile that is not full, too; what an earlier piece left in it is never read into a result.
    left.resize((rows.len() / ROWS + 1) * ROWS * count, 0.0);
    for (i, term) in terms.enumerate() {
        let start = term * a.column_step + rows.start * a.row_step;
        let (tiles, rest) = a.data[start..start + rows.len()].as_chunks::<ROWS>();
        for (tile, from) in tiles.iter().enumerate() {
            let to = (tile * count + i) * ROWS;
            left[to..to + ROWS].copy_from_slice(from);
        }
        let to = (tiles.len() * count + i) * ROWS;
        left[to..to + rest.len()].copy_from_slice(rest);
    }
}

/// The left side of some rows.
#[derive(Clone, Copy)]
enum Left<'a> {
    /// Rows `row_step` apart, their terms side by side.
    Standing { data: &'a [f32], row_step: usize },
    /// As [`pack_left`] leaves it.
    Packed(&'a [f32]),
}

/// Some rows of the product on one thread: columns `first ..` of `c`.
struct Strips<'a> {
    left: Left<'a>,
    rows: usize,
    packed: &'a Packed,
    c: &'a mut [f32],
    /// Of a row of `c`.
    columns: usize,
    first: usize,
    start: Start<'a>,
}

impl WithSimd for Strips<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { left, rows: all, packed, c, columns, first, start } = self;
        let k = packed.k;
        assert!(c.len() >= all * columns && first + packed.columns <= columns);
        match left {
            Left::Standing { data, row_step } => assert!(all == 0 || (all - 1) * row_step + k <= data.len()),
            Left::Packed(data) => assert!(data.len() >= all.next_multiple_of(ROWS) * k),
        }
        let out = c.as_mut_ptr();
        for (offset, width, panel) in packed.panels() {
            for top in (0..all).step_by(ROWS) {
                let rows = ROWS.min(all - top);
                let mut from = [std::ptr::null(); ROWS];
                let mut to = [std::ptr::null_mut(); ROWS];
                for r in 0..rows {
                    from[r] = match left {
                        Left::Standing { data, row_step } => data.as_ptr().wrapping_add((top + r) * row_step),
                        Left::Packed(data) => data.as_ptr().wrapping_add(top * k + r),
                    };
                    to[r] = out.wrapping_add((top + r) * columns + first + offset);
                }
                let starts = match start {
                    Start::Row(row) => [row.as_ptr().wrapping_add(first + offset); ROWS],
                    Start::Zero | Start::Result => to.map(<*mut f32>::cast_const),
                };
                let tile = Tile {
                    k,
                    a: &from[..rows],
                    step: if let Left::Packed(_) = left { ROWS } else { 1 },
                    panel,
                    start: if let Start::Zero = start { &[] } else { &starts[..rows] },
                    out: &to[..rows],
                    columns: width,
                };
                // SAFETY: the asserts above hold all rows of both sides in their slices; the rows of `c` are apart, and
                // nobody else has it.
                unsafe { tile.run(simd) };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::simd::on_every_arch;

    fn wave(count: usize, phase: f32) -> Vec<f32> {
        (0..count).map(|i| (i as f32 * 0.37 + phase).sin()).collect()
    }

    #[test]
    fn products_of_all_odd_sizes_and_layouts_on_every_kind_of_instructions() {
        on_every_arch(|_| products());
    }

    fn products() {
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
                    gemm(left, right, &mut c, Start::Zero);
                    for (c, expected) in c.iter().zip(&expected) {
                        assert!((f64::from(*c) - expected).abs() < 1e-4, "{m}x{n}x{k}: {c} is not {expected}");
                    }
                    let before = c.clone();
                    gemm(left, right, &mut c, Start::Result);
                    for (c, before) in c.iter().zip(&before) {
                        assert!((c - 2.0 * before).abs() < 1e-4);
                    }
                    let row = wave(n, 2.0);
                    gemm(left, right, &mut c, Start::Row(&row));
                    for (i, (c, before)) in c.iter().zip(&before).enumerate() {
                        assert!((c - before - row[i % n]).abs() < 1e-4);
                    }
                }
            }
        }
    }

    #[test]
    fn an_element_does_not_depend_on_what_is_computed_beside_it() {
        let (a, b) = (wave(40 * 70, 0.0), wave(70 * 150, 1.0));
        let mut whole = vec![0.0; 40 * 150];
        gemm(Matrix::new(&a, 40, 70), Matrix::new(&b, 70, 150), &mut whole, Start::Zero);
        for row in [0, 5, 17, 39] {
            let mut one = vec![0.0; 150];
            gemm(Matrix::new(&a[row * 70..], 1, 70), Matrix::new(&b, 70, 150), &mut one, Start::Zero);
            assert_eq!(one, whole[row * 150..(row + 1) * 150]);
        }
    }
}
