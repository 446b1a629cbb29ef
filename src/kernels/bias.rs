//! Addition of one vector to every row.

use super::Kernel;
use super::column_sums::column_sums;
use super::gemm::Matrix;

/// `(x: [rows, width], bias: [width]) -> [rows, width]`. Its backward sums rows, one pass over the gradient.
pub struct Bias;

impl Kernel<2> for Bias {
    const NAME: &'static str = "bias";

    fn forward(&self, [x, bias]: [&[f32]; 2]) -> Vec<f32> {
        let mut result = Vec::with_capacity(x.len());
        for row in x.chunks_exact(bias.len().max(1)) {
            result.extend(row.iter().zip(bias).map(|(x, b)| x + b));
        }
        result
    }

    fn backward(&self, [_, bias]: [&[f32]; 2], _: &[f32], up: &[f32]) -> [Vec<f32>; 2] {
        let sum = column_sums(Matrix::new(up, up.len() / bias.len().max(1), bias.len()));
        [up.to_vec(), sum]
    }
}
