//! Inverted dropout (Srivastava et al. 2014).

use pulp::{Simd, WithSimd};

use super::Kernel;
use super::simd::arch;
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
        let key = random.next_u64();
        let dropped = (self.rate * 65536.0).round().clamp(0.0, 65536.0) as u32;
        let scale = if dropped < 65536 { 65536.0 / (65536 - dropped) as f32 } else { 0.0 };
        let mut result = vec![0.0; values.len()];
        arch().dispatch(Mask { key: [key as u32, (key >> 32) as u32], dropped, scale, values, result: &mut result });
        result
    }
}

/// Decisions by number: every one follows from the key and its place, so a loop of them becomes vector instructions.
struct Mask<'a> {
    key: [u32; 2],
    /// Of 65,536.
    dropped: u32,
    scale: f32,
    values: &'a [f32],
    result: &'a mut [f32],
}

impl WithSimd for Mask<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { key, dropped, scale, values, result } = self;
        for (i, (to, value)) in result.iter_mut().zip(values).enumerate() {
            let bits = mix(mix(i as u32 ^ key[0]).wrapping_add(key[1])) & 0xffff;
            *to = if bits >= dropped { value * scale } else { 0.0 };
        }
    }
}

/// A permutation of `u32` in which every bit of the result depends on every bit of the argument (lowbias32, Wellons 2018).
#[inline(always)]
fn mix(x: u32) -> u32 {
    let x = (x ^ (x >> 16)).wrapping_mul(0x7feb_352d);
    let x = (x ^ (x >> 15)).wrapping_mul(0x846c_a68b);
    x ^ (x >> 16)
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
