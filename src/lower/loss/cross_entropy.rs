//! The loss of a model that chooses a class.

use candle_core::Tensor;

use super::super::LowerError;
use crate::data::IGNORED;
use crate::kernels::features::{Softmax, log_sum_exp};
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

/// The mean of `-log softmax`.
struct CrossEntropy {
    labels: Vec<u32>,
    /// One a class.
    weights: Vec<f32>,
    smoothing: f64,
}

impl CrossEntropy {
    /// How much the loss of a row counts `-log p` of a class, besides that of its label: what smoothing gives it.
    fn even(&self, class: usize) -> f64 {
        self.smoothing / self.weights.len() as f64 * f64::from(self.weights[class])
    }

    /// How much it counts that of its label, besides.
    fn own(&self, label: u32) -> f64 {
        (1.0 - self.smoothing) * f64::from(self.weights[label as usize])
    }

    fn total_weight(&self) -> f64 {
        let counted = self.labels.iter().filter(|label| **label != IGNORED);
        let sum: f64 = counted.map(|label| f64::from(self.weights[*label as usize])).sum();
        if sum == 0.0 && self.labels.iter().all(|label| *label == IGNORED) { 1.0 } else { sum }
    }

    /// The loss of a row.
    fn row(&self, label: u32, row: &[f32]) -> f64 {
        let log_sum = log_sum_exp(row);
        // A class without weight adds nothing, even where its probability is 0.
        let loss = |weight: f64, x: f32| if weight == 0.0 { 0.0 } else { weight * (log_sum - f64::from(x)) };
        let own = loss(self.own(label), row[label as usize]);
        match self.smoothing > 0.0 {
            true => own + row.iter().enumerate().map(|(class, x)| loss(self.even(class), *x)).sum::<f64>(),
            false => own,
        }
    }
}

impl Kernel<1> for CrossEntropy {
    const NAME: &'static str = "cross_entropy";

    fn forward(&self, [logits]: [&[f32]; 1]) -> Vec<f32> {
        let rows = self.labels.iter().zip(logits.chunks_exact(self.weights.len().max(1)));
        let losses = rows.filter(|(label, _)| **label != IGNORED).map(|(label, row)| self.row(*label, row));
        vec![(losses.sum::<f64>() / self.total_weight()) as f32]
    }

    fn backward(&self, [logits]: [&[f32]; 1], _: &[f32], up: &[f32]) -> [Vec<f32>; 1] {
        let classes = self.weights.len().max(1);
        let scale = up.iter().copied().map(f64::from).sum::<f64>() / self.total_weight();
        let smoothed: f64 =
            if self.smoothing > 0.0 { (0..self.weights.len()).map(|class| self.even(class)).sum() } else { 0.0 };
        let mut gradient = Softmax { width: classes }.forward([logits]);
        for (label, row) in self.labels.iter().zip(gradient.chunks_exact_mut(classes)) {
            if *label == IGNORED {
                row.fill(0.0);
                continue;
            }
            let mass = (scale * (smoothed + self.own(*label))) as f32;
            row.iter_mut().for_each(|p| *p *= mass);
            row[*label as usize] -= (scale * self.own(*label)) as f32;
            if self.smoothing > 0.0 {
                row.iter_mut().enumerate().for_each(|(class, g)| *g -= (scale * self.even(class)) as f32);
            }
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
