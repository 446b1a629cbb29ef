//! `exp`, the logistic sigmoid and `tanh` of one `f32`, without branches and without libm, so that a loop over a slice
//! becomes vector instructions.
//!
//! Error bounds, held by the tests over all of `f32`: `exp` 3e-7 relative (results below the smallest normal number
//! are 0), `sigmoid` 2e-7 absolute and 4e-7 relative, `tanh` 2e-7 absolute and 4e-7 relative. ±inf and NaN go where they should.

/// 1.5 · 2²³: adding it rounds to the nearest integer, which then stands in the low bits.
const ROUND: f32 = 12_582_912.0;
/// ln 2 in two parts; the first has few bits, so that its product with a small integer is exact.
const LN_2_HIGH: f32 = 0.693_359_4;
const LN_2_LOW: f32 = -2.121_944_4e-4;
/// Above this `exp` is infinite, below `-87.3` it is no normal number.
const LARGEST: f32 = 88.722_83;
const SMALLEST: f32 = -87.336_54;

/// `eˣ = 2ⁿ · eʳ` with `|r| ≤ ln 2 / 2`; the polynomial for `eʳ` is that of Cephes' `expf` (Moshier 1989).
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    let bounded = if x > LARGEST { LARGEST } else { x };
    let bounded = if bounded < SMALLEST { SMALLEST } else { bounded };
    let rounded = bounded * std::f32::consts::LOG2_E + ROUND;
    let n = rounded - ROUND;
    let r = bounded - n * LN_2_HIGH - n * LN_2_LOW;
    let mut p = 1.987_569_1e-4;
    for coefficient in [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 0.166_666_65, 0.5] {
        p = p * r + coefficient;
    }
    let p = p * (r * r) + r + 1.0;
    // n reaches 128 and 2¹²⁸ is no f32: two factors.
    let n = (rounded.to_bits() as i32).wrapping_sub(ROUND.to_bits() as i32);
    let y = p * power_of_two(n >> 1) * power_of_two(n.wrapping_sub(n >> 1));
    let y = if x > LARGEST { f32::INFINITY } else { y };
    if x < SMALLEST { 0.0 } else { y }
}

#[inline(always)]
fn power_of_two(n: i32) -> f32 {
    f32::from_bits((n.wrapping_add(127) as u32) << 23)
}

/// `1 / (1 + e⁻ˣ)`.
#[inline(always)]
pub fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// Near zero an odd polynomial (Cephes' `tanhf`, Moshier 1989), elsewhere `1 - 2 / (e²ˣ + 1)`.
#[inline(always)]
pub fn tanh(x: f32) -> f32 {
    let square = x * x;
    let mut p = -5.704_988_7e-3;
    for coefficient in [2.063_909e-2, -5.373_971_6e-2, 0.133_314_42, -0.333_332_8] {
        p = p * square + coefficient;
    }
    let near = x + x * square * p;
    let magnitude = x.abs();
    let far = (1.0 - 2.0 / (exp(2.0 * magnitude) + 1.0)).copysign(x);
    if magnitude < 0.625 { near } else { far }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every 3,001st `f32` of both signs, finite ones only.
    fn samples() -> impl Iterator<Item = f32> {
        (0..u32::MAX).step_by(3001).map(f32::from_bits).filter(|x| x.is_finite())
    }

    /// Largest absolute and relative error against `exact` where the exact result is a normal number.
    fn errors(f: impl Fn(f32) -> f32, exact: impl Fn(f64) -> f64) -> (f64, f64) {
        let dense = (-400_000..400_000).map(|i| i as f32 * 2.5e-4);
        samples().chain(dense).fold((0.0, 0.0), |(absolute, relative): (f64, f64), x| {
            let (y, expected) = (f64::from(f(x)), exact(f64::from(x)));
            if y.is_infinite() {
                assert!(expected >= f64::from(f32::MAX), "f({x}) = {y}, not {expected}");
                return (absolute, relative);
            }
            let error = (y - expected).abs();
            let normal = expected.abs() >= f64::from(f32::MIN_POSITIVE);
            (absolute.max(error), if normal { relative.max(error / expected.abs()) } else { relative })
        })
    }

    #[test]
    fn errors_stay_within_the_stated_bounds() {
        let (_, relative) = errors(exp, f64::exp);
        assert!(relative < 3e-7, "exp: {relative:e}");
        let (absolute, relative) = errors(sigmoid, |x| 1.0 / (1.0 + (-x).exp()));
        assert!(absolute < 2e-7 && relative < 4e-7, "sigmoid: {absolute:e} {relative:e}");
        let (absolute, relative) = errors(tanh, f64::tanh);
        assert!(absolute < 2e-7 && relative < 4e-7, "tanh: {absolute:e} {relative:e}");
    }

    #[test]
    fn the_ends_of_the_number_line() {
        assert_eq!(exp(f32::INFINITY), f32::INFINITY);
        assert_eq!(exp(f32::NEG_INFINITY), 0.0);
        assert_eq!((exp(0.0), exp(-200.0), exp(89.0)), (1.0, 0.0, f32::INFINITY));
        assert_eq!((sigmoid(f32::INFINITY), sigmoid(f32::NEG_INFINITY), sigmoid(-500.0)), (1.0, 0.0, 0.0));
        assert_eq!((tanh(f32::INFINITY), tanh(f32::NEG_INFINITY), tanh(1e30), tanh(0.0)), (1.0, -1.0, 1.0, 0.0));
        assert!(exp(f32::NAN).is_nan() && sigmoid(f32::NAN).is_nan() && tanh(f32::NAN).is_nan());
    }
}
