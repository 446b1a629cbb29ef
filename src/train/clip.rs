//! Clipping of gradients: by their global norm (Pascanu et al. 2013) as `torch.nn.utils.clip_grad_norm_`, and number by number
//! as `clip_grad_value_`.
//!
//! By norm nothing is scaled here: the optimizer multiplies the factor into the gradient while it reads it.

use rayon::prelude::*;

/// Gradients are summed in pieces of this size, in a fixed order: the same bits on any number of threads.
const PIECE: usize = 1 << 15;

/// The L2 norm of all gradients taken together, summed in `f64`. Infinite or NaN where a gradient is.
pub fn global_norm<'a>(gradients: impl IntoIterator<Item = &'a [f32]>) -> f64 {
    gradients.into_iter().map(sum_of_squares).sum::<f64>().sqrt()
}

/// What gradients of this norm are multiplied by: `max_norm / (norm + 1e-6)`, at most 1.
/// NaN where the norm is NaN, 0 where it is infinite; the caller decides what to do about those.
pub fn clip_factor(norm: f64, max_norm: f64) -> f32 {
    let factor = max_norm / (norm + 1e-6);
    // Not `min`, which would turn NaN into 1.
    if factor > 1.0 { 1.0 } else { factor as f32 }
}

/// Moves every number to between `-max` and `max`; whether one was outside.
pub fn clip_values(values: &mut [f32], max: f64) -> bool {
    let (max, mut outside) = (max as f32, false);
    for value in values {
        outside |= value.abs() > max;
        *value = value.clamp(-max, max);
    }
    outside
}

fn sum_of_squares(values: &[f32]) -> f64 {
    if values.len() <= PIECE {
        return piece(values);
    }
    let sums: Vec<f64> = values.par_chunks(PIECE).map(piece).collect();
    sums.iter().sum()
}

/// Eight running sums, which fit vector registers.
fn piece(values: &[f32]) -> f64 {
    let (chunks, rest) = values.as_chunks::<8>();
    let mut sums = [0.0f64; 8];
    for chunk in chunks {
        for (sum, value) in sums.iter_mut().zip(chunk) {
            *sum += f64::from(*value) * f64::from(*value);
        }
    }
    sums.iter().sum::<f64>() + rest.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    // a, b = torch.tensor([3.0, -4.0]).requires_grad_(), torch.tensor([12.0]).requires_grad_()
    // a.grad, b.grad = a.detach().clone(), b.detach().clone()
    // torch.nn.utils.clip_grad_norm_([a, b], 2.0), a.grad, b.grad
    // # (tensor(13.), tensor([ 0.4615, -0.6154]), tensor([1.8462]))
    #[test]
    fn the_factor_is_pytorchs() {
        let norm = global_norm([[3.0f32, -4.0].as_slice(), &[12.0]]);
        assert_eq!(norm, 13.0);
        let factor = clip_factor(norm, 2.0);
        assert!((factor * 3.0 - 0.4615).abs() < 1e-4 && (factor * 12.0 - 1.8462).abs() < 1e-4);
        assert_eq!(clip_factor(norm, 13.5), 1.0);
        assert_eq!(clip_factor(0.0, 1.0), 1.0);
        assert_eq!(global_norm([]), 0.0);
    }

    // a.grad = torch.tensor([3.0, -4.0, 0.5])
    // torch.nn.utils.clip_grad_value_([a], 2.0), a.grad
    // # tensor([ 2.0, -2.0, 0.5])
    #[test]
    fn numbers_are_moved_to_the_bound() {
        let mut values = [3.0, -4.0, 0.5];
        assert!(clip_values(&mut values, 2.0));
        assert_eq!(values, [2.0, -2.0, 0.5]);
        assert!(!clip_values(&mut values, 2.0));
    }

    #[test]
    fn a_large_gradient_is_summed_exactly() {
        let values = vec![0.5f32; 3 * PIECE + 13];
        assert_eq!(global_norm([values.as_slice()]), (0.25 * values.len() as f64).sqrt());
        // In `f32` this square would overflow.
        assert_eq!(global_norm([[1e30f32].as_slice()]), f64::from(1e30f32));
    }

    #[test]
    fn non_finite_norms_are_seen() {
        assert!(global_norm([[1.0f32, f32::NAN].as_slice()]).is_nan());
        assert_eq!(global_norm([[1.0f32, f32::NEG_INFINITY].as_slice()]), f64::INFINITY);
        assert!(clip_factor(f64::NAN, 1.0).is_nan());
        assert_eq!(clip_factor(f64::INFINITY, 1.0), 0.0);
    }
}
