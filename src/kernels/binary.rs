//! Arithmetic of two arrays of one shape. What needs extension goes through [`super::extend`] first.

use super::Kernel;
use crate::ir::BinaryOp;

/// One elementwise operation.
pub struct Binary(pub BinaryOp);

impl Kernel<2> for Binary {
    const NAME: &'static str = "binary";

    fn forward(&self, [a, b]: [&[f32]; 2]) -> Vec<f32> {
        match self.0 {
            BinaryOp::Add => zip(a, b, |a, b| a + b),
            BinaryOp::Subtract => zip(a, b, |a, b| a - b),
            BinaryOp::Multiply => zip(a, b, |a, b| a * b),
            BinaryOp::Divide => zip(a, b, |a, b| a / b),
        }
    }

    fn backward(&self, [a, b]: [&[f32]; 2], result: &[f32], up: &[f32]) -> [Vec<f32>; 2] {
        let times = |x: f32, g: f32| if g == 0.0 { 0.0 } else { x * g };
        match self.0 {
            BinaryOp::Add => [up.to_vec(), up.to_vec()],
            BinaryOp::Subtract => [up.to_vec(), up.iter().map(|g| -g).collect()],
            BinaryOp::Multiply => [zip(b, up, times), zip(a, up, times)],
            BinaryOp::Divide => {
                let da = zip(b, up, |b, g| if g == 0.0 { 0.0 } else { g / b });
                let db = zip(result, &da, |result, da| if da == 0.0 { 0.0 } else { -da * result });
                [da, db]
            }
        }
    }
}

fn zip(a: &[f32], b: &[f32], f: impl Fn(f32, f32) -> f32) -> Vec<f32> {
    a.iter().zip(b).map(|(a, b)| f(*a, *b)).collect()
}
