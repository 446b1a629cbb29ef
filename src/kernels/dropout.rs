//! Inverted dropout (Srivastava et al. 2014).

use super::Kernel;
use crate::random::Random;

/// Zeroes elements with probability `rate` and scales the rest by `1 / (1 - rate)`.
///
/// The mask is never stored: backward draws it again from the same generator. A decision takes 16 random bits, so the
/// rate is rounded to a multiple of 2⁻¹⁶ and the scale is that of the rounded rate.
pub struct Dropout {
    pub rate: f64,
    pub random: Random,
}

impl Dropout {
    fn mask(&self, values: &[f32]) -> Vec<f32> {
        let mut random = self.random.clone();
        let dropped = (self.rate * 65536.0).round().clamp(0.0, 65536.0) as u32;
        let scale = if dropped < 65536 { 65536.0 / (65536 - dropped) as f32 } else { 0.0 };
        let mut result = Vec::with_capacity(values.len());
        for four in values.chunks(4) {
            let bits = random.next_u64();
            let keep = |i: usize| ((bits >> (16 * i)) & 0xffff) as u32 >= dropped;
            result.extend(four.iter().enumerate().map(|(i, value)| if keep(i) { value * scale } else { 0.0 }));
        }
        result
    }
}

impl Kernel<1> for Dropout {
    const NAME: &'static str = "dropout";

    fn forward(&self, [x]: [&[f32]; 1]) -> Vec<f32> {
        self.mask(x)
    }

    fn backward(&self, _: [&[f32]; 1], _: &[f32], up: &[f32]) -> [Vec<f32>; 1] {
        [self.mask(up)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_of_zeros_is_the_rate_and_the_mean_is_kept() {
        for rate in [0.0, 0.1, 0.5, 0.9] {
            let dropout = Dropout { rate, random: Random::new(1, &[2]) };
            let result = dropout.forward([&vec![1.0; 100_001]]);
            let zeros = result.iter().filter(|v| **v == 0.0).count() as f64 / 100_001.0;
            let mean = result.iter().map(|v| f64::from(*v)).sum::<f64>() / 100_001.0;
            assert!((zeros - rate).abs() < 0.005 && (mean - 1.0).abs() < 0.02, "{rate}: {zeros} {mean}");
        }
        assert_eq!(Dropout { rate: 1.0, random: Random::new(1, &[]) }.forward([&[3.0; 9]]), [0.0; 9]);
    }

    #[test]
    fn backward_uses_the_same_mask() {
        let dropout = Dropout { rate: 0.5, random: Random::new(4, &[]) };
        let ones = vec![1.0; 37];
        let result = dropout.forward([&ones]);
        assert_eq!(dropout.backward([&ones], &result, &ones), [result]);
    }
}
