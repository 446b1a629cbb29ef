//! The functions of one and of two numbers over rows, with their slopes: what both the operations of the graph and the
//! steps of a fused recurrence are made of.
//!
//! Derivatives are PyTorch's: 0 at the kink of `relu` and of `abs`. A gradient of exactly zero stays zero where the slope
//! is infinite.

use pulp::Simd;

use super::exponential;
use super::simd::{map, map2, map3};
use crate::ir::{BinaryOp, UnaryOp};

/// A row of numbers, or one number for the whole row.
#[derive(Debug, Clone, Copy)]
pub enum Row<'a> {
    Many(&'a [f32]),
    One(f32),
}

#[inline(always)]
pub fn unary<S: Simd>(simd: S, op: UnaryOp, to: &mut [f32], x: &[f32]) {
    let zero = simd.splat_f32s(0.0);
    match op {
        UnaryOp::Negate => map(
            simd,
            to,
            x,
            #[inline(always)]
            |x| simd.neg_f32s(x),
        ),
        UnaryOp::Tanh => map(
            simd,
            to,
            x,
            #[inline(always)]
            |x| exponential::tanh(simd, x),
        ),
        UnaryOp::Sigmoid => map(
            simd,
            to,
            x,
            #[inline(always)]
            |x| exponential::sigmoid(simd, x),
        ),
        UnaryOp::Relu => map(
            simd,
            to,
            x,
            #[inline(always)]
            |x| simd.select_f32s(simd.less_than_f32s(x, zero), zero, x),
        ),
        UnaryOp::Exp => map(
            simd,
            to,
            x,
            #[inline(always)]
            |x| exponential::exp(simd, x),
        ),
        UnaryOp::Log => to.iter_mut().zip(x).for_each(|(to, x)| *to = x.ln()),
        UnaryOp::Sqrt => map(
            simd,
            to,
            x,
            #[inline(always)]
            |x| simd.sqrt_f32s(x),
        ),
        UnaryOp::Abs => map(
            simd,
            to,
            x,
            #[inline(always)]
            |x| simd.abs_f32s(x),
        ),
    }
}

/// `g` times the derivative, read off the argument `x` of `relu`, `log` and `abs`, off the result `y` of the others.
#[inline(always)]
pub fn slope<S: Simd>(simd: S, op: UnaryOp, to: &mut [f32], read: &[f32], g: Row) {
    let one = simd.splat_f32s(1.0);
    let zero = simd.splat_f32s(0.0);
    match op {
        UnaryOp::Negate => over(
            simd,
            to,
            read,
            g,
            #[inline(always)]
            |_, g| simd.neg_f32s(g),
        ),
        UnaryOp::Tanh => over(
            simd,
            to,
            read,
            g,
            #[inline(always)]
            |y, g| simd.mul_f32s(g, simd.negate_mul_add_e_f32s(y, y, one)),
        ),
        UnaryOp::Sigmoid => over(
            simd,
            to,
            read,
            g,
            #[inline(always)]
            |y, g| simd.mul_f32s(g, simd.negate_mul_add_e_f32s(y, y, y)),
        ),
        UnaryOp::Relu => over(
            simd,
            to,
            read,
            g,
            #[inline(always)]
            |x, g| simd.select_f32s(simd.greater_than_f32s(x, zero), g, zero),
        ),
        UnaryOp::Exp => over(
            simd,
            to,
            read,
            g,
            #[inline(always)]
            |y, g| or_zero(simd, g, simd.mul_f32s(g, y)),
        ),
        UnaryOp::Log => over(
            simd,
            to,
            read,
            g,
            #[inline(always)]
            |x, g| or_zero(simd, g, simd.div_f32s(g, x)),
        ),
        UnaryOp::Sqrt => over(
            simd,
            to,
            read,
            g,
            #[inline(always)]
            |y, g| or_zero(simd, g, simd.div_f32s(simd.mul_f32s(simd.splat_f32s(0.5), g), y)),
        ),
        UnaryOp::Abs => over(
            simd,
            to,
            read,
            g,
            #[inline(always)]
            |x, g| {
                let signed = simd.select_f32s(simd.less_than_f32s(x, zero), simd.neg_f32s(g), g);
                simd.select_f32s(simd.equal_f32s(x, zero), zero, signed)
            },
        ),
    }
}

/// `d`, or zero where the gradient `g` is.
#[inline(always)]
fn or_zero<S: Simd>(simd: S, g: S::f32s, d: S::f32s) -> S::f32s {
    let zero = simd.splat_f32s(0.0);
    simd.select_f32s(simd.equal_f32s(g, zero), zero, d)
}

#[inline(always)]
fn over<S: Simd>(simd: S, to: &mut [f32], x: &[f32], g: Row, f: impl Fn(S::f32s, S::f32s) -> S::f32s) {
    match g {
        Row::Many(g) => map2(simd, to, x, g, f),
        Row::One(g) => map(
            simd,
            to,
            x,
            #[inline(always)]
            |x| f(x, simd.splat_f32s(g)),
        ),
    }
}

#[inline(always)]
pub fn binary<S: Simd>(simd: S, op: BinaryOp, to: &mut [f32], a: Row, b: Row) {
    match op {
        BinaryOp::Add => both(
            simd,
            to,
            a,
            b,
            #[inline(always)]
            |a, b| simd.add_f32s(a, b),
        ),
        BinaryOp::Subtract => both(
            simd,
            to,
            a,
            b,
            #[inline(always)]
            |a, b| simd.sub_f32s(a, b),
        ),
        BinaryOp::Multiply => both(
            simd,
            to,
            a,
            b,
            #[inline(always)]
            |a, b| simd.mul_f32s(a, b),
        ),
        BinaryOp::Divide => both(
            simd,
            to,
            a,
            b,
            #[inline(always)]
            |a, b| simd.div_f32s(a, b),
        ),
    }
}

#[inline(always)]
fn both<S: Simd>(simd: S, to: &mut [f32], a: Row, b: Row, f: impl Fn(S::f32s, S::f32s) -> S::f32s) {
    match (a, b) {
        (Row::Many(a), Row::Many(b)) => map2(simd, to, a, b, f),
        (Row::Many(a), Row::One(b)) => map(
            simd,
            to,
            a,
            #[inline(always)]
            |a| f(a, simd.splat_f32s(b)),
        ),
        (Row::One(a), Row::Many(b)) => map(
            simd,
            to,
            b,
            #[inline(always)]
            |b| f(simd.splat_f32s(a), b),
        ),
        (Row::One(a), Row::One(b)) => {
            let mut one = [0.0];
            map2(simd, &mut one, &[a], &[b], f);
            to.fill(one[0]);
        }
    }
}

/// `a * b + c`.
#[inline(always)]
pub fn multiply_add<S: Simd>(simd: S, to: &mut [f32], a: Row, b: Row, c: Row) {
    match (a, b, c) {
        (Row::Many(a), Row::Many(b), Row::Many(c)) => {
            map3(
                simd,
                to,
                [a, b, c],
                #[inline(always)]
                |a, b, c| simd.mul_add_e_f32s(a, b, c),
            );
        }
        (Row::Many(a), Row::One(b), Row::Many(c)) | (Row::One(b), Row::Many(a), Row::Many(c)) => {
            let b = simd.splat_f32s(b);
            map2(
                simd,
                to,
                a,
                c,
                #[inline(always)]
                |a, c| simd.mul_add_e_f32s(a, b, c),
            );
        }
        (Row::Many(a), Row::Many(b), Row::One(c)) => {
            let c = simd.splat_f32s(c);
            map2(
                simd,
                to,
                a,
                b,
                #[inline(always)]
                |a, b| simd.mul_add_e_f32s(a, b, c),
            );
        }
        (Row::Many(a), Row::One(b), Row::One(c)) | (Row::One(b), Row::Many(a), Row::One(c)) => {
            let (b, c) = (simd.splat_f32s(b), simd.splat_f32s(c));
            map(
                simd,
                to,
                a,
                #[inline(always)]
                |a| simd.mul_add_e_f32s(a, b, c),
            );
        }
        (Row::One(a), Row::One(b), Row::Many(c)) => {
            let (a, b) = (simd.splat_f32s(a), simd.splat_f32s(b));
            map(
                simd,
                to,
                c,
                #[inline(always)]
                |c| simd.mul_add_e_f32s(a, b, c),
            );
        }
        (Row::One(a), Row::One(b), Row::One(c)) => {
            let mut one = [0.0];
            map3(
                simd,
                &mut one,
                [&[a], &[b], &[c]],
                #[inline(always)]
                |a, b, c| simd.mul_add_e_f32s(a, b, c),
            );
            to.fill(one[0]);
        }
    }
}

/// The sum, in an order that depends on the number of terms only.
#[inline(always)]
pub fn sum<S: Simd>(simd: S, x: &[f32]) -> f32 {
    let (x, rest) = S::as_simd_f32s(x);
    let mut sums = simd.splat_f32s(0.0);
    for x in x {
        sums = simd.add_f32s(sums, *x);
    }
    simd.reduce_sum_f32s(sums) + rest.iter().sum::<f32>()
}

/// `log(sum(exp(x)))`, safe for large numbers.
#[inline(always)]
pub fn log_sum_exp<S: Simd>(simd: S, x: &[f32]) -> f64 {
    let largest = x.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let (lanes, rest) = S::as_simd_f32s(x);
    let (mut sums, shift) = (simd.splat_f32s(0.0), simd.splat_f32s(largest));
    for x in lanes {
        sums = simd.add_f32s(sums, exponential::exp(simd, simd.sub_f32s(*x, shift)));
    }
    let rest: f32 = rest.iter().map(|x| (x - largest).exp()).sum();
    f64::from(largest) + f64::from(simd.reduce_sum_f32s(sums) + rest).ln()
}

/// Probabilities of a row of scores.
#[inline(always)]
pub fn softmax<S: Simd>(simd: S, to: &mut [f32], x: &[f32]) {
    let largest = simd.splat_f32s(x.iter().copied().fold(f32::NEG_INFINITY, f32::max));
    map(
        simd,
        to,
        x,
        #[inline(always)]
        |x| exponential::exp(simd, simd.sub_f32s(x, largest)),
    );
    let scale = 1.0 / sum(simd, to);
    to.iter_mut().for_each(|y| *y *= scale);
}
