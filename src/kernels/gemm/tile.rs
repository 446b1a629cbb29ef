//! The innermost loop of every matrix product: a few rows times a panel of columns, all sums in registers.
//!
//! A sum runs over `k` in order and starts from what it is added to, one fused multiply-add a term (where the machine has
//! it). So a result is the same bits wherever it stands in a tile, and however the work around is cut.

use pulp::{Simd, WithSimd};

/// Rows of a tile.
pub const ROWS: usize = 6;

/// Vectors of a panel: as many as `ROWS` sums of each fit the registers.
pub const fn vectors<S: Simd>() -> usize {
    if S::REGISTER_COUNT >= 32 { 4 } else { 2 }
}

/// `out[r] = start[r] + Σ_k a[r][k] · panel[k]` for some rows.
#[derive(Clone, Copy)]
pub struct Tile<'a> {
    /// Number of terms.
    pub k: usize,
    /// Where every row of the left side begins; its terms are `step` apart.
    pub a: &'a [*const f32],
    pub step: usize,
    /// `k` times as many vectors as the columns need, the last filled up with zeros.
    pub panel: &'a [f32],
    /// What is added to; zeros if empty. May be `out` itself.
    pub start: &'a [*const f32],
    pub out: &'a [*mut f32],
    /// Columns that are written.
    pub columns: usize,
}

impl Tile<'_> {
    /// Computes at most [`ROWS`] rows.
    ///
    /// # Safety
    /// `a[r]` is valid for reads at `0, step, … (k - 1) * step`; `start[r]` for reads and `out[r]` for writes of `columns`
    /// numbers; no two `out` rows overlap, nor does one overlap `a`, `panel` or another row's `start`.
    #[inline(always)]
    pub unsafe fn run<S: Simd>(self, simd: S) {
        let lanes = S::F32_LANES;
        let count = self.columns.div_ceil(lanes);
        assert!(self.panel.len() >= self.k * count * lanes && self.out.len() == self.a.len());
        assert!(self.start.is_empty() || self.start.len() == self.a.len());
        match (self.a.len(), count) {
            (1, 1) => simd.vectorize(Sized::<1, 1>(self)),
            (2, 1) => simd.vectorize(Sized::<2, 1>(self)),
            (3, 1) => simd.vectorize(Sized::<3, 1>(self)),
            (4, 1) => simd.vectorize(Sized::<4, 1>(self)),
            (5, 1) => simd.vectorize(Sized::<5, 1>(self)),
            (6, 1) => simd.vectorize(Sized::<6, 1>(self)),
            (1, 2) => simd.vectorize(Sized::<1, 2>(self)),
            (2, 2) => simd.vectorize(Sized::<2, 2>(self)),
            (3, 2) => simd.vectorize(Sized::<3, 2>(self)),
            (4, 2) => simd.vectorize(Sized::<4, 2>(self)),
            (5, 2) => simd.vectorize(Sized::<5, 2>(self)),
            (6, 2) => simd.vectorize(Sized::<6, 2>(self)),
            (1, 3) => simd.vectorize(Sized::<1, 3>(self)),
            (2, 3) => simd.vectorize(Sized::<2, 3>(self)),
            (3, 3) => simd.vectorize(Sized::<3, 3>(self)),
            (4, 3) => simd.vectorize(Sized::<4, 3>(self)),
            (5, 3) => simd.vectorize(Sized::<5, 3>(self)),
            (6, 3) => simd.vectorize(Sized::<6, 3>(self)),
            (1, 4) => simd.vectorize(Sized::<1, 4>(self)),
            (2, 4) => simd.vectorize(Sized::<2, 4>(self)),
            (3, 4) => simd.vectorize(Sized::<3, 4>(self)),
            (4, 4) => simd.vectorize(Sized::<4, 4>(self)),
            (5, 4) => simd.vectorize(Sized::<5, 4>(self)),
            (6, 4) => simd.vectorize(Sized::<6, 4>(self)),
            (rows, count) => unreachable!("a tile of {rows} rows and {count} vectors"),
        }
    }
}

/// A tile of `R` rows and `V` vectors. Made by [`Tile::run`] only, under its conditions.
struct Sized<'a, const R: usize, const V: usize>(Tile<'a>);

impl<const R: usize, const V: usize> WithSimd for Sized<'_, R, V> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Tile { k, a, step, panel, start, out, columns } = self.0;
        let lanes = S::F32_LANES;
        let whole = columns == V * lanes;
        let mut rows = [std::ptr::null::<f32>(); R];
        rows.copy_from_slice(a);
        let mut sums = [[simd.splat_f32s(0.0); V]; R];
        // SAFETY: the caller of `Tile::run` vouches for `start` and its `columns` numbers.
        unsafe {
            if !start.is_empty() {
                for (r, sums) in sums.iter_mut().enumerate() {
                    for (v, sum) in sums.iter_mut().enumerate() {
                        *sum = if whole {
                            start[r].add(v * lanes).cast::<S::f32s>().read_unaligned()
                        } else {
                            let len = lanes.min(columns - v * lanes);
                            simd.partial_load_f32s(std::slice::from_raw_parts(start[r].add(v * lanes), len))
                        };
                    }
                }
            }
        }
        let panel = panel.as_ptr();
        for i in 0..k {
            // SAFETY: `run` has checked that the panel holds `k * V` vectors, its caller vouches for the rows of `a`.
            unsafe {
                let mut b = [simd.splat_f32s(0.0); V];
                for (v, b) in b.iter_mut().enumerate() {
                    *b = panel.add((i * V + v) * lanes).cast::<S::f32s>().read_unaligned();
                }
                for (row, sums) in rows.iter().zip(&mut sums) {
                    let x = simd.splat_f32s(*row.add(i * step));
                    for (sum, b) in sums.iter_mut().zip(&b) {
                        *sum = simd.mul_add_e_f32s(x, *b, *sum);
                    }
                }
            }
        }
        // SAFETY: the caller of `Tile::run` vouches for `out` and its `columns` numbers.
        unsafe {
            for (r, sums) in sums.iter().enumerate() {
                for (v, sum) in sums.iter().enumerate() {
                    if whole {
                        out[r].add(v * lanes).cast::<S::f32s>().write_unaligned(*sum);
                    } else {
                        let len = lanes.min(columns - v * lanes);
                        simd.partial_store_f32s(std::slice::from_raw_parts_mut(out[r].add(v * lanes), len), *sum);
                    }
                }
            }
        }
    }
}
