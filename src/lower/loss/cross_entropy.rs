//! The loss of a model that chooses a class.

use candle_core::Tensor;

use super::super::LowerError;
use crate::data::IGNORED;
use crate::kernels::{Kernel, apply};

/// `torch.nn.functional.cross_entropy(logits, labels, weight, reduction="mean", label_smoothing)`: a scalar.
///
/// `logits: [B, C]`, one label below `C` a row, or [`IGNORED`] (`ignore_index`) for a row that does not count; with class
/// weights the mean is weighted by those of the labels. Without a row that counts it is zero.
pub fn cross_entropy(
    logits: &Tensor,
    labels: &[u32],
    class_weights: Option<&[f32]>,
    label_smoothing: f64,
) -> Result<Tensor, LowerError> {
    let (batch, classes) = logits.dims2()?;
    if labels.len() != batch || labels.iter().any(|label| *label != IGNORED && *label as usize >= classes) {
        let count = labels.len();
        return Err(LowerError::new(format!("{count} labels do not fit {batch} examples of {classes} classes")));
    }
    let weights = class_weights.map_or(vec![1.0; classes], <[f32]>::to_vec);
    if weights.len() != classes {
        return Err(LowerError::new(format!("{} class weights for {classes} classes", weights.len())));
    }
    Ok(apply(CrossEntropy { labels: labels.to_vec(), weights, smoothing: label_smoothing }, logits, ())?)
}

/// Log-softmax and the sum of it in one pass over each row, in f64.
struct CrossEntropy {
    labels: Vec<u32>,
    /// One a class.
    weights: Vec<f32>,
    smoothing: f64,
}

impl CrossEntropy {
    /// How much the loss of a row counts `-log p` of every class.
    fn targets(&self, label: u32) -> impl Iterator<Item = f64> {
        let even = self.smoothing / self.weights.len() as f64;
        self.weights.iter().enumerate().map(move |(class, weight)| {
            let target = if class == label as usize { 1.0 - self.smoothing + even } else { even };
            target * f64::from(*weight)
        })
    }

    fn total_weight(&self) -> f64 {
        let counted = self.labels.iter().filter(|label| **label != IGNORED);
        let sum: f64 = counted.map(|label| f64::from(self.weights[*label as usize])).sum();
        if sum == 0.0 && self.labels.iter().all(|label| *label == IGNORED) { 1.0 } else { sum }
    }

    fn rows<'a>(&'a self, logits: &'a [f32]) -> impl Iterator<Item = (u32, &'a [f32])> {
        self.labels.iter().copied().zip(logits.chunks_exact(self.weights.len().max(1)))
    }
}

/// `log(sum(exp(row)))`, safe for large scores.
fn log_sum_exp(row: &[f32]) -> f64 {
    let largest = f64::from(row.iter().copied().fold(f32::NEG_INFINITY, f32::max));
    largest + row.iter().map(|x| (f64::from(*x) - largest).exp()).sum::<f64>().ln()
}

impl Kernel<1> for CrossEntropy {
    const NAME: &'static str = "cross_entropy";

    fn forward(&self, [logits]: [&[f32]; 1]) -> Vec<f32> {
        let row_loss = |(label, row): (u32, &[f32])| {
            if label == IGNORED {
                return 0.0;
            }
            let log_sum = log_sum_exp(row);
            // A class without weight adds nothing, even where its probability is 0.
            let loss = |(target, x): (f64, &f32)| if target == 0.0 { 0.0 } else { target * (log_sum - f64::from(*x)) };
            self.targets(label).zip(row).map(loss).sum::<f64>()
        };
        vec![(self.rows(logits).map(row_loss).sum::<f64>() / self.total_weight()) as f32]
    }

    fn backward(&self, [logits]: [&[f32]; 1], _: &[f32], up: &[f32]) -> [Vec<f32>; 1] {
        let scale = up.iter().copied().map(f64::from).sum::<f64>() / self.total_weight();
        let mut gradient = Vec::with_capacity(logits.len());
        for (label, row) in self.rows(logits) {
            if label == IGNORED {
                gradient.resize(gradient.len() + row.len(), 0.0);
                continue;
            }
            let log_sum = log_sum_exp(row);
            let mass: f64 = self.targets(label).sum();
            let slope = |(target, x): (f64, &f32)| scale * (mass * (f64::from(*x) - log_sum).exp() - target);
            gradient.extend(self.targets(label).zip(row).map(|pair| slope(pair) as f32));
        }
        [gradient]
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Var};

    use super::*;

    /// ```python
    /// import torch, torch.nn.functional as F
    /// x = (torch.sin(0.7 * torch.arange(12, dtype=torch.float64)) * 3).float().view(3, 4).requires_grad_()
    /// for weight in [None, torch.tensor([0.5, 1.0, 2.0, 0.25])]:
    ///     for eps in [0.0, 0.1]:
    ///         x.grad = None
    ///         loss = F.cross_entropy(x, torch.tensor([2, 0, 3]), weight=weight, label_smoothing=eps); loss.backward()
    ///         print(loss.item(), x.grad[0].tolist())
    /// ```
    #[test]
    fn cross_entropy_is_that_of_pytorch() {
        let weights = [0.5, 1.0, 2.0, 0.25];
        type Case<'a> = (Option<&'a [f32]>, f64, f32, [f32; 4]);
        let cases: [Case; 4] = [
            (None, 0.0, 0.421161, [0.008239, 0.05691, -0.174926, 0.109777]),
            (None, 0.1, 0.610678, [-9.5e-05, 0.048577, -0.149926, 0.101444]),
            (Some(&weights), 0.0, 0.602866, [0.017975, 0.124168, -0.381656, 0.239513]),
            (Some(&weights), 0.1, 0.769368, [0.012475, 0.10848, -0.345472, 0.224516]),
        ];
        let values: Vec<f32> = (0..12).map(|i| 3.0 * (0.7 * f64::from(i)).sin() as f32).collect();
        let logits = Var::from_vec(values, (3, 4), &Device::Cpu).unwrap();
        for (weights, smoothing, expected, expected_gradient) in cases {
            let loss = cross_entropy(&logits, &[2, 0, 3], weights, smoothing).unwrap();
            assert!((loss.to_scalar::<f32>().unwrap() - expected).abs() < 1e-5);
            let gradient = loss.backward().unwrap().get(&logits).unwrap().get(0).unwrap().to_vec1::<f32>().unwrap();
            for (gradient, expected) in gradient.iter().zip(expected_gradient) {
                assert!((gradient - expected).abs() < 1e-5, "{gradient} is not {expected}");
            }
        }
    }

    /// A row that is ignored is as if it were not there.
    #[test]
    fn ignored_rows_count_for_nothing() {
        let rows = [[0.5f32, -1.0, 2.0], [3.0, 0.0, -3.0], [0.1, 0.2, 0.3]];
        let (all, two) = (Var::new(&rows, &Device::Cpu).unwrap(), Var::new(&[rows[0], rows[2]], &Device::Cpu).unwrap());
        let loss = cross_entropy(&all, &[2, IGNORED, 0], None, 0.1).unwrap();
        let expected = cross_entropy(&two, &[2, 0], None, 0.1).unwrap();
        assert_eq!(loss.to_scalar::<f32>().unwrap(), expected.to_scalar::<f32>().unwrap());
        let gradient = |loss: &Tensor, of: &Var| loss.backward().unwrap().get(of).unwrap().to_vec2::<f32>().unwrap();
        let (seen, wanted) = (gradient(&loss, &all), gradient(&expected, &two));
        assert_eq!(seen, [wanted[0].clone(), vec![0.0; 3], wanted[1].clone()]);
        let nothing = cross_entropy(&all, &[IGNORED; 3], None, 0.0).unwrap();
        assert_eq!(nothing.to_scalar::<f32>().unwrap(), 0.0);
    }

    #[test]
    fn certain_and_wrong_is_finite_and_misfits_are_errors() {
        let logits = Tensor::new(&[[1e4f32, -1e4]], &Device::Cpu).unwrap();
        assert_eq!(cross_entropy(&logits, &[1], None, 0.0).unwrap().to_scalar::<f32>().unwrap(), 2e4);
        assert!(cross_entropy(&logits, &[2], None, 0.0).is_err());
        assert!(cross_entropy(&logits, &[0, 1], None, 0.0).is_err());
        assert!(cross_entropy(&logits, &[0], Some(&[1.0]), 0.0).is_err());
    }
}
