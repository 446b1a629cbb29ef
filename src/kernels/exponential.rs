//! `exp`, the logistic sigmoid and `tanh` of a vector, without branches and without libm.
//!
//! Error bounds, held by the tests over all of `f32`: 2 units in the last place for `exp` (results below the smallest
//! normal number are 0), 3 for `sigmoid` and `tanh`. ±inf and NaN go where they should, except that a sigmoid below
//! the smallest normal number may be any number below that.

use pulp::Simd;

/// 1.5 · 2²³: adding it rounds to the nearest integer, which then stands in the low bits.
const ROUND: f32 = 12_582_912.0;
/// ln 2 in two parts; the first has few bits, so that its product with a small integer is exact.
const LN_2_HIGH: f32 = 0.693_359_4;
const LN_2_LOW: f32 = -2.121_944_4e-4;
/// Above this `exp` is infinite, below `SMALLEST` it is no normal number.
const LARGEST: f32 = 88.722_83;
const SMALLEST: f32 = -87.336_54;

/// `eˣ = 2ⁿ (1 + p)` with `|r| ≤ ln 2 / 2` and `p = eʳ - 1`: gives `p` and `n`, the latter in the low bits of a number.
/// The polynomial is that of Cephes' `expf` (Moshier 1989).
#[inline(always)]
fn reduce<S: Simd>(simd: S, x: S::f32s) -> (S::f32s, S::f32s) {
    let round = simd.splat_f32s(ROUND);
    let rounded = simd.mul_add_e_f32s(x, simd.splat_f32s(std::f32::consts::LOG2_E), round);
    let n = simd.sub_f32s(rounded, round);
    let r = simd.mul_add_e_f32s(n, simd.splat_f32s(-LN_2_HIGH), x);
    let r = simd.mul_add_e_f32s(n, simd.splat_f32s(-LN_2_LOW), r);
    let mut q = simd.splat_f32s(1.987_569_1e-4);
    for coefficient in [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 0.166_666_65, 0.5] {
        q = simd.mul_add_e_f32s(q, r, simd.splat_f32s(coefficient));
    }
    (simd.mul_add_e_f32s(q, simd.mul_f32s(r, r), r), rounded)
}

/// `2ⁿ` for `-126 ≤ n ≤ 127` in the low bits of `rounded`.
#[inline(always)]
fn power_of_two<S: Simd>(simd: S, rounded: S::f32s) -> S::f32s {
    let n = simd.transmute_u32s_f32s(rounded);
    let shifted = simd.wrapping_dyn_shl_u32s(n, simd.splat_u32s(23));
    simd.transmute_f32s_u32s(simd.add_u32s(shifted, simd.splat_u32s(127 << 23)))
}

/// `x` between the bounds; NaN stays.
#[inline(always)]
fn clamp<S: Simd>(simd: S, x: S::f32s, low: f32, high: f32) -> S::f32s {
    let (low, high) = (simd.splat_f32s(low), simd.splat_f32s(high));
    let x = simd.select_f32s(simd.less_than_f32s(x, low), low, x);
    simd.select_f32s(simd.greater_than_f32s(x, high), high, x)
}

/// `eˣ`.
#[inline(always)]
pub fn exp<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let bounded = clamp(simd, x, SMALLEST, LARGEST);
    let (p, rounded) = reduce(simd, bounded);
    // n reaches 128 and 2¹²⁸ is no f32: half of it, twice.
    let one = simd.splat_f32s(1.0);
    let below = power_of_two(simd, simd.sub_f32s(rounded, one));
    let large = simd.greater_than_f32s(bounded, one);
    let scale = simd.select_f32s(large, below, power_of_two(simd, rounded));
    let y = simd.mul_add_e_f32s(p, scale, scale);
    let y = simd.select_f32s(large, simd.add_f32s(y, y), y);
    let y = simd.select_f32s(simd.greater_than_f32s(x, simd.splat_f32s(LARGEST)), simd.splat_f32s(f32::INFINITY), y);
    simd.select_f32s(simd.less_than_f32s(x, simd.splat_f32s(SMALLEST)), simd.splat_f32s(0.0), y)
}

/// `1 / (1 + e⁻ˣ)`.
#[inline(always)]
pub fn sigmoid<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let one = simd.splat_f32s(1.0);
    let (p, rounded) = reduce(simd, clamp(simd, simd.neg_f32s(x), -87.0, 88.0));
    let scale = power_of_two(simd, rounded);
    let e = simd.mul_add_e_f32s(p, scale, scale);
    simd.div_f32s(one, simd.add_f32s(one, e))
}

/// `(e²ˣ - 1) / (e²ˣ + 1)`, with `e²ˣ - 1` computed as such: exact near zero.
#[inline(always)]
pub fn tanh<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let (p, rounded) = reduce(simd, clamp(simd, simd.add_f32s(x, x), -20.0, 20.0));
    let scale = power_of_two(simd, rounded);
    let minus = simd.mul_add_e_f32s(p, scale, simd.sub_f32s(scale, simd.splat_f32s(1.0)));
    simd.div_f32s(minus, simd.add_f32s(minus, simd.splat_f32s(2.0)))
}

#[cfg(test)]
mod tests {
    use pulp::{Arch, WithSimd};

    use super::*;
    use crate::kernels::simd::{arch, map, on_every_arch};

    #[derive(Clone, Copy)]
    enum Function {
        Exp,
        Sigmoid,
        Tanh,
    }

    struct Run<'a>(Function, &'a [f32], &'a mut [f32]);

    impl WithSimd for Run<'_> {
        type Output = ();

        fn with_simd<S: Simd>(self, simd: S) {
            match self.0 {
                Function::Exp => map(
                    simd,
                    self.2,
                    self.1,
                    #[inline(always)]
                    |x| exp(simd, x),
                ),
                Function::Sigmoid => map(
                    simd,
                    self.2,
                    self.1,
                    #[inline(always)]
                    |x| sigmoid(simd, x),
                ),
                Function::Tanh => map(
                    simd,
                    self.2,
                    self.1,
                    #[inline(always)]
                    |x| tanh(simd, x),
                ),
            }
        }
    }

    fn run(arch: Arch, function: Function, x: &[f32]) -> Vec<f32> {
        let mut y = vec![0.0; x.len()];
        arch.dispatch(Run(function, x, &mut y));
        y
    }

    /// Every 3,001st `f32` of both signs, finite ones only, and the usual range densely.
    fn samples() -> Vec<f32> {
        let all = (0..u32::MAX).step_by(3001).map(f32::from_bits).filter(|x| x.is_finite());
        all.chain((-400_000..400_000).map(|i| i as f32 * 2.5e-4)).collect()
    }

    /// Largest error in units in the last place, where the exact result is a normal number.
    fn error(arch: Arch, function: Function, exact: impl Fn(f64) -> f64) -> f64 {
        let x = samples();
        let mut worst = 0.0f64;
        for (x, y) in x.iter().zip(run(arch, function, &x)) {
            let expected = exact(f64::from(*x));
            if y.is_infinite() {
                assert!(expected >= f64::from(f32::MAX), "f({x}) = {y}, not {expected}");
                continue;
            }
            if expected.abs() < f64::from(f32::MIN_POSITIVE) {
                assert!(y.abs() <= f32::MIN_POSITIVE, "f({x}) = {y}, not {expected}");
                continue;
            }
            let nearest = expected as f32;
            let unit = f64::from(f32::from_bits(nearest.abs().to_bits() + 1)) - f64::from(nearest.abs());
            worst = worst.max((f64::from(y) - expected).abs() / unit);
        }
        worst
    }

    #[test]
    fn errors_stay_within_the_stated_bounds() {
        on_every_arch(|arch| {
            let exp = error(arch, Function::Exp, f64::exp);
            let sigmoid = error(arch, Function::Sigmoid, |x| 1.0 / (1.0 + (-x).exp()));
            let tanh = error(arch, Function::Tanh, f64::tanh);
            println!("{arch:?}: exp {exp}, sigmoid {sigmoid}, tanh {tanh}");
            assert!(exp <= 2.0 && sigmoid <= 3.0 && tanh <= 3.0, "exp {exp}, sigmoid {sigmoid}, tanh {tanh}");
        });
    }

    #[test]
    fn the_ends_of_the_number_line() {
        on_every_arch(|arch| {
            let at = |function, x: f32| run(arch, function, &[x])[0];
            let [exp, sigmoid, tanh] = [Function::Exp, Function::Sigmoid, Function::Tanh];
            assert_eq!([f32::INFINITY, 89.0].map(|x| at(exp, x)), [f32::INFINITY; 2]);
            assert_eq!([f32::NEG_INFINITY, -200.0].map(|x| at(exp, x)), [0.0; 2]);
            assert_eq!([at(exp, 0.0), at(sigmoid, 0.0), at(tanh, 0.0)], [1.0, 0.5, 0.0]);
            assert_eq!([f32::INFINITY, 500.0].map(|x| at(sigmoid, x)), [1.0; 2]);
            assert!([f32::NEG_INFINITY, -500.0].iter().all(|x| at(sigmoid, *x) < f32::MIN_POSITIVE * 2.0));
            assert_eq!([f32::INFINITY, f32::NEG_INFINITY, 1e30].map(|x| at(tanh, x)), [1.0, -1.0, 1.0]);
            assert!([exp, sigmoid, tanh].iter().all(|function| at(*function, f32::NAN).is_nan()));
        });
    }

    #[test]
    fn a_number_is_the_same_wherever_it_stands() {
        let x: Vec<f32> = (0..70).map(|i| (i as f32 * 0.37).sin() * 9.0).collect();
        for function in [Function::Exp, Function::Sigmoid, Function::Tanh] {
            let whole = run(arch(), function, &x);
            for start in [1, 3, 16, 33] {
                assert_eq!(run(arch(), function, &x[start..]), whole[start..]);
            }
        }
    }
}
