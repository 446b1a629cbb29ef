//! Functions of one number, elementwise.

use super::{Kernel, exponential};
use crate::ir::UnaryOp;

/// One elementwise function with the derivatives PyTorch uses: 0 at the kink of `relu` and of `abs`.
pub struct Unary(pub UnaryOp);

impl Kernel<1> for Unary {
    const NAME: &'static str = "unary";

    fn forward(&self, [x]: [&[f32]; 1]) -> Vec<f32> {
        // One loop a function: a match inside the loop would keep it scalar.
        match self.0 {
            UnaryOp::Negate => map(x, |x| -x),
            UnaryOp::Tanh => map(x, exponential::tanh),
            UnaryOp::Sigmoid => map(x, exponential::sigmoid),
            UnaryOp::Relu => map(x, |x| if x < 0.0 { 0.0 } else { x }),
            UnaryOp::Exp => map(x, exponential::exp),
            UnaryOp::Log => map(x, f32::ln),
            UnaryOp::Sqrt => map(x, f32::sqrt),
            UnaryOp::Abs => map(x, f32::abs),
        }
    }

    fn backward(&self, [x]: [&[f32]; 1], y: &[f32], up: &[f32]) -> [Vec<f32>; 1] {
        [match self.0 {
            UnaryOp::Negate => map(up, |g| -g),
            UnaryOp::Tanh => zip(y, up, |y, g| g * (1.0 - y * y)),
            UnaryOp::Sigmoid => zip(y, up, |y, g| g * y * (1.0 - y)),
            UnaryOp::Relu => zip(x, up, |x, g| if x > 0.0 { g } else { 0.0 }),
            UnaryOp::Exp => zip(y, up, |y, g| if g == 0.0 { 0.0 } else { g * y }),
            UnaryOp::Log => zip(x, up, |x, g| if g == 0.0 { 0.0 } else { g / x }),
            UnaryOp::Sqrt => zip(y, up, |y, g| if g == 0.0 { 0.0 } else { 0.5 * g / y }),
            UnaryOp::Abs => zip(x, up, |x, g| if x == 0.0 { 0.0 } else { g * x.signum() }),
        }]
    }
}

fn map(x: &[f32], f: impl Fn(f32) -> f32) -> Vec<f32> {
    x.iter().map(|x| f(*x)).collect()
}

fn zip(x: &[f32], up: &[f32], f: impl Fn(f32, f32) -> f32) -> Vec<f32> {
    x.iter().zip(up).map(|(x, g)| f(*x, *g)).collect()
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
