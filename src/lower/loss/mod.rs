//! What training minimises: the mean over all answers of a batch.

mod cross_entropy;
mod squared_error;

use candle_core::{Device, Tensor};

use super::LowerError;
use crate::data::{Expected, IGNORED};
use crate::kernels::features::Softmax;
use crate::kernels::{apply, with_values};

pub use cross_entropy::cross_entropy;
use squared_error::mean_squared_error;

/// The cross entropy of classes, the squared error of numbers.
#[derive(Debug, Clone, Default)]
pub struct Loss {
    /// What each class counts for; alike if absent.
    pub class_weights: Option<Vec<f32>>,
    /// The share of certainty given to all classes alike.
    pub label_smoothing: f64,
}

impl Loss {
    /// A scalar. `scores` has one row, its last axis, for every entry of `expected`; a number is a row by itself.
    pub fn mean(&self, scores: &Tensor, expected: &Expected) -> Result<Tensor, LowerError> {
        match expected {
            Expected::Classes(classes) => {
                cross_entropy(&matrix(scores)?, classes, self.class_weights.as_deref(), self.label_smoothing)
            }
            Expected::Numbers(numbers) => mean_squared_error(scores, numbers),
        }
    }

    /// The sum of a batch's weights: what its mean loss is a mean over.
    pub fn weight(&self, expected: &Expected) -> f64 {
        match (&self.class_weights, expected) {
            (Some(weights), Expected::Classes(classes)) => {
                let asked = classes.iter().filter(|class| **class != IGNORED);
                asked.map(|class| f64::from(weights[*class as usize])).sum()
            }
            _ => expected.count() as f64,
        }
    }
}

/// What a model says in place of every entry of `expected`: the class with the highest score, the first of equals, or the
/// number.
pub fn predicted(scores: &Tensor, expected: &Expected) -> Result<Expected, LowerError> {
    let width = scores.dims().last().copied().unwrap_or(1).max(1);
    Ok(with_values([scores], |[scores]| match expected {
        Expected::Classes(_) => {
            Expected::Classes(scores.chunks_exact(width).map(|scores| largest(scores) as u32).collect())
        }
        Expected::Numbers(_) => Expected::Numbers(scores.to_vec()),
    })?)
}

/// The index of the largest score, the first of equals.
pub fn largest(scores: &[f32]) -> usize {
    scores.iter().enumerate().fold(0, |best, (i, score)| if *score > scores[best] { i } else { best })
}

/// Rows of the last axis.
fn matrix(scores: &Tensor) -> Result<Tensor, LowerError> {
    let width = scores.dims().last().copied().unwrap_or(1).max(1);
    if scores.rank() == 2 { Ok(scores.clone()) } else { Ok(scores.reshape((scores.elem_count() / width, width))?) }
}

/// Probabilities: softmax over the last axis.
pub fn softmax(logits: &Tensor) -> Result<Tensor, LowerError> {
    let width = logits.dims().last().copied().unwrap_or(1);
    Ok(apply(Softmax { width }, logits, logits.shape())?)
}

/// The number in a scalar.
pub fn to_scalar(value: &Tensor) -> Result<f64, LowerError> {
    Ok(f64::from(value.to_scalar::<f32>()?))
}

/// All numbers, row-major.
pub fn to_values(values: &Tensor) -> Result<Vec<f32>, LowerError> {
    Ok(values.flatten_all()?.to_vec1()?)
}

/// The rows of the last axis, whatever stands before it; the numbers of a vector are rows by themselves. What the rooms
/// below see of a tensor.
pub fn to_rows(values: &Tensor) -> Result<Vec<Vec<f32>>, LowerError> {
    match values.rank() {
        0 | 1 => Ok(values.flatten_all()?.to_vec1()?.into_iter().map(|number| vec![number]).collect()),
        _ => Ok(matrix(values)?.to_vec2()?),
    }
}

/// The sum of all numbers of a tensor, each times one of `coefficients`: a scalar to go backward from.
pub fn weighted_sum(values: &Tensor, coefficients: Vec<f32>) -> Result<Tensor, LowerError> {
    let coefficients = Tensor::from_vec(coefficients, values.shape(), &Device::Cpu)?;
    Ok((values * coefficients)?.sum_all()?)
}
