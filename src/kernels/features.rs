//! Operations along the last axis: softmax, reductions, slices.

use pulp::{Simd, WithSimd};

use super::simd::arch;
use super::{Kernel, elementwise};
use crate::ir::Reduction;

/// Softmax of every row of `width` numbers.
pub struct Softmax {
    pub width: usize,
}

impl Kernel<1> for Softmax {
    const NAME: &'static str = "softmax";

    fn forward(&self, [x]: [&[f32]; 1]) -> Vec<f32> {
        let mut y = vec![0.0; x.len()];
        arch().dispatch(SoftmaxRows { width: self.width.max(1), x, y: &mut y });
        y
    }

    fn backward(&self, _: [&[f32]; 1], y: &[f32], up: &[f32]) -> [Vec<f32>; 1] {
        let mut gradient = Vec::with_capacity(y.len());
        for (y, up) in y.chunks_exact(self.width.max(1)).zip(up.chunks_exact(self.width.max(1))) {
            let inner: f32 = y.iter().zip(up).map(|(y, g)| y * g).sum();
            gradient.extend(y.iter().zip(up).map(|(y, g)| y * (g - inner)));
        }
        [gradient]
    }
}

struct SoftmaxRows<'a> {
    width: usize,
    x: &'a [f32],
    y: &'a mut [f32],
}

impl WithSimd for SoftmaxRows<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for (y, x) in self.y.chunks_exact_mut(self.width).zip(self.x.chunks_exact(self.width)) {
            elementwise::softmax(simd, y, x);
        }
    }
}

/// `log(sum(exp(row)))`, safe for large scores.
pub fn log_sum_exp(row: &[f32]) -> f64 {
    arch().dispatch(LogSumExp { row })
}

struct LogSumExp<'a> {
    row: &'a [f32],
}

impl WithSimd for LogSumExp<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        elementwise::log_sum_exp(simd, self.row)
    }
}

/// `[rows, width] -> [rows]`. Of several equal largest values the first is the maximum.
pub struct Reduce {
    pub reduction: Reduction,
    pub width: usize,
}

impl Kernel<1> for Reduce {
    const NAME: &'static str = "reduce";

    fn forward(&self, [x]: [&[f32]; 1]) -> Vec<f32> {
        let rows = x.chunks_exact(self.width.max(1));
        match self.reduction {
            Reduction::Sum => rows.map(|row| row.iter().sum()).collect(),
            Reduction::Mean => rows.map(|row| row.iter().sum::<f32>() / self.width as f32).collect(),
            Reduction::Max => rows.map(|row| row[largest(row.iter().copied())]).collect(),
        }
    }

    fn backward(&self, [x]: [&[f32]; 1], _: &[f32], up: &[f32]) -> [Vec<f32>; 1] {
        let mut gradient = vec![0.0; x.len()];
        let rows = gradient.chunks_exact_mut(self.width.max(1)).zip(x.chunks_exact(self.width.max(1)));
        for ((gradient, x), g) in rows.zip(up) {
            match self.reduction {
                Reduction::Sum => gradient.fill(*g),
                Reduction::Mean => gradient.fill(g / self.width as f32),
                Reduction::Max => gradient[largest(x.iter().copied())] = *g,
            }
        }
        [gradient]
    }
}

/// Where the first of the largest values stands; a NaN counts as largest, as in PyTorch. 0 for no values.
pub fn largest(values: impl Iterator<Item = f32>) -> usize {
    let mut best = (0, f32::NEG_INFINITY);
    for (i, value) in values.enumerate() {
        if i == 0 || value > best.1 || (value.is_nan() && !best.1.is_nan()) {
            best = (i, value);
        }
    }
    best.0
}

/// `start .. start + length` of every row of `width` numbers.
pub struct Narrow {
    pub width: usize,
    pub start: usize,
    pub length: usize,
}

impl Kernel<1> for Narrow {
    const NAME: &'static str = "narrow";

    fn forward(&self, [x]: [&[f32]; 1]) -> Vec<f32> {
        let rows = x.chunks_exact(self.width.max(1));
        let mut result = Vec::with_capacity(rows.len() * self.length);
        rows.for_each(|row| result.extend_from_slice(&row[self.start..self.start + self.length]));
        result
    }

    fn backward(&self, [x]: [&[f32]; 1], _: &[f32], up: &[f32]) -> [Vec<f32>; 1] {
        let mut gradient = vec![0.0; x.len()];
        let rows = gradient.chunks_exact_mut(self.width.max(1));
        for (row, up) in rows.zip(up.chunks_exact(self.length.max(1))) {
            row[self.start..self.start + self.length].copy_from_slice(up);
        }
        [gradient]
    }
}

/// Joins the rows of two arrays, of `widths` numbers each.
pub struct Concat {
    pub widths: [usize; 2],
}

impl Concat {
    /// The two arrays that joined are this.
    pub fn split(&self, joined: &[f32]) -> [Vec<f32>; 2] {
        let [left, right] = self.widths;
        let rows = joined.len() / (left + right).max(1);
        let (mut a, mut b) = (Vec::with_capacity(rows * left), Vec::with_capacity(rows * right));
        for row in joined.chunks_exact((left + right).max(1)) {
            a.extend_from_slice(&row[..left]);
            b.extend_from_slice(&row[left..]);
        }
        [a, b]
    }
}

impl Kernel<2> for Concat {
    const NAME: &'static str = "concat";

    fn forward(&self, [a, b]: [&[f32]; 2]) -> Vec<f32> {
        let [left, right] = self.widths;
        let mut result = Vec::with_capacity(a.len() + b.len());
        for (a, b) in a.chunks_exact(left.max(1)).zip(b.chunks_exact(right.max(1))) {
            result.extend_from_slice(a);
            result.extend_from_slice(b);
        }
        result
    }

    fn backward(&self, _: [&[f32]; 2], _: &[f32], up: &[f32]) -> [Vec<f32>; 2] {
        self.split(up)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joined_rows_come_apart_again() {
        let concat = Concat { widths: [2, 1] };
        let joined = concat.forward([&[1., 2., 3., 4.], &[5., 6.]]);
        assert_eq!(joined, [1., 2., 5., 3., 4., 6.]);
        assert_eq!(concat.backward([&[0.; 4], &[0.; 2]], &joined, &joined), [vec![1., 2., 3., 4.], vec![5., 6.]]);
    }

    #[test]
    fn of_equal_maxima_the_first_gets_the_gradient() {
        let max = Reduce { reduction: Reduction::Max, width: 3 };
        let x = [1.0, 1.0, 0.0, -2.0, -1.0, -1.0];
        assert_eq!(max.forward([&x]), [1.0, -1.0]);
        assert_eq!(max.backward([&x], &[], &[5.0, 7.0]), [vec![5.0, 0.0, 0.0, 0.0, 7.0, 0.0]]);
        assert_eq!(largest([1.0, f32::NAN, 2.0].into_iter()), 1);
    }

    #[test]
    fn softmax_of_huge_scores_is_finite() {
        assert_eq!(Softmax { width: 2 }.forward([&[1e30, -1e30]]), [1.0, 0.0]);
    }
}
