//! Functions of one number, elementwise.

use pulp::{Simd, WithSimd};

use super::Kernel;
use super::elementwise::{self, Row};
use super::simd::arch;
use crate::ir::UnaryOp;
use crate::passes::fuse::step::slope_reads_argument;

/// One elementwise function with the derivatives PyTorch uses: 0 at the kink of `relu` and of `abs`.
pub struct Unary(pub UnaryOp);

impl Kernel<1> for Unary {
    const NAME: &'static str = "unary";

    fn forward(&self, [x]: [&[f32]; 1]) -> Vec<f32> {
        let mut y = vec![0.0; x.len()];
        arch().dispatch(Forward { op: self.0, x, y: &mut y });
        y
    }

    fn backward(&self, [x]: [&[f32]; 1], y: &[f32], up: &[f32]) -> [Vec<f32>; 1] {
        let read = if slope_reads_argument(self.0) { x } else { y };
        let mut dx = vec![0.0; x.len()];
        arch().dispatch(Backward { op: self.0, read, up, dx: &mut dx });
        [dx]
    }
}

struct Forward<'a> {
    op: UnaryOp,
    x: &'a [f32],
    y: &'a mut [f32],
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        elementwise::unary(simd, self.op, self.y, self.x);
    }
}

struct Backward<'a> {
    op: UnaryOp,
    read: &'a [f32],
    up: &'a [f32],
    dx: &'a mut [f32],
}

impl WithSimd for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        elementwise::slope(simd, self.op, self.dx, self.read, Row::Many(self.up));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinks_and_infinite_slopes_follow_pytorch_except_where_nothing_flows() {
        let gradient = |op, x: f32, g: f32| {
            let y = Unary(op).forward([&[x]]);
            Unary(op).backward([&[x]], &y, &[g])[0][0]
        };
        assert_eq!((gradient(UnaryOp::Relu, 0.0, 1.0), gradient(UnaryOp::Abs, 0.0, 1.0)), (0.0, 0.0));
        assert_eq!((gradient(UnaryOp::Abs, -2.0, 3.0), gradient(UnaryOp::Abs, 2.0, -3.0)), (-3.0, -3.0));
        assert_eq!((gradient(UnaryOp::Log, 0.0, 0.0), gradient(UnaryOp::Sqrt, 0.0, 0.0)), (0.0, 0.0));
        assert_eq!(gradient(UnaryOp::Sqrt, 0.0, 1.0), f32::INFINITY);
        assert!(Unary(UnaryOp::Relu).forward([&[f32::NAN]])[0].is_nan());
    }
}
