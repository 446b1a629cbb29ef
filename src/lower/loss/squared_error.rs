//! The loss of a model that predicts a number.

use candle_core::Tensor;

use super::super::LowerError;
use crate::kernels::{Kernel, apply};

/// `torch.nn.functional.mse_loss(predicted, expected)`: a scalar. `predicted: [B]`.
pub fn mean_squared_error(predicted: &Tensor, expected: &[f32]) -> Result<Tensor, LowerError> {
    if predicted.elem_count() != expected.len() || expected.is_empty() {
        let count = expected.len();
        return Err(LowerError::new(format!("{count} numbers do not fit the shape {:?}", predicted.dims())));
    }
    Ok(apply(SquaredError { expected: expected.to_vec() }, predicted, ())?)
}

struct SquaredError {
    expected: Vec<f32>,
}

impl SquaredError {
    fn differences<'a>(&'a self, predicted: &'a [f32]) -> impl Iterator<Item = f64> + 'a {
        predicted.iter().zip(&self.expected).map(|(p, e)| f64::from(*p) - f64::from(*e))
    }
}

impl Kernel<1> for SquaredError {
    const NAME: &'static str = "mean_squared_error";

    fn forward(&self, [predicted]: [&[f32]; 1]) -> Vec<f32> {
        let sum: f64 = self.differences(predicted).map(|difference| difference * difference).sum();
        vec![(sum / predicted.len() as f64) as f32]
    }

    fn backward(&self, [predicted]: [&[f32]; 1], _: &[f32], up: &[f32]) -> [Vec<f32>; 1] {
        let scale = 2.0 * up.iter().copied().map(f64::from).sum::<f64>() / predicted.len() as f64;
        [self.differences(predicted).map(|difference| (scale * difference) as f32).collect()]
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Var};

    use super::*;

    /// ```python
    /// import torch
    /// x = torch.tensor([1.0, -2.0, 0.5]).requires_grad_()
    /// loss = torch.nn.functional.mse_loss(x, torch.tensor([0.0, 1.0, 0.25])); loss.backward()
    /// print(loss.item(), x.grad.tolist())   # 3.3541667 [0.6666667, -2.0, 0.1666667]
    /// ```
    #[test]
    fn it_is_that_of_pytorch() {
        let predicted = Var::from_vec(vec![1.0f32, -2.0, 0.5], 3, &Device::Cpu).unwrap();
        let loss = mean_squared_error(&predicted, &[0.0, 1.0, 0.25]).unwrap();
        assert!((loss.to_scalar::<f32>().unwrap() - 3.354_166_7).abs() < 1e-6);
        let gradient = loss.backward().unwrap().get(&predicted).unwrap().to_vec1::<f32>().unwrap();
        for (gradient, expected) in gradient.iter().zip([0.666_666_7, -2.0, 0.166_666_7]) {
            assert!((gradient - expected).abs() < 1e-6, "{gradient} is not {expected}");
        }
        assert!(mean_squared_error(&predicted, &[1.0]).is_err());
    }
}
