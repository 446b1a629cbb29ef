//! Vector instructions: which the machine has, and loops over slices with them.
//!
//! AVX-512, AVX2 with FMA, or one number at a time, chosen when the program runs. Every number is computed by itself, in
//! the same way wherever it stands in a slice, so results do not depend on how work is cut.
//!
//! Whatever computes with vectors is `#[inline(always)]`, closures too: vector instructions can only be used inside the
//! function that [`pulp::Arch::dispatch`] calls, and what is not inlined into it costs a call for every instruction.

use std::sync::OnceLock;

use pulp::{Arch, Simd};

/// The best instructions this machine has.
pub fn arch() -> Arch {
    #[cfg(test)]
    if let Some(arch) = FORCED.get() {
        return arch;
    }
    static ARCH: OnceLock<Arch> = OnceLock::new();
    *ARCH.get_or_init(Arch::new)
}

/// This machine as far as the last bits of a result depend on it: the processor's family and its best instructions. The
/// number of threads is no part of it, since results do not depend on that.
pub fn kind() -> String {
    let instructions = match arch() {
        Arch::Scalar => "one number at a time",
        #[cfg(target_arch = "x86_64")]
        Arch::V3(_) => "AVX2",
        #[cfg(target_arch = "x86_64")]
        Arch::V4(_) => "AVX-512",
        _ => "vector instructions",
    };
    format!("{}, {instructions}", std::env::consts::ARCH)
}

#[cfg(test)]
thread_local! {
    static FORCED: std::cell::Cell<Option<Arch>> = const { std::cell::Cell::new(None) };
}

/// Runs `work` on this thread with each kind of instructions this machine has.
#[cfg(test)]
pub fn on_every_arch(work: impl Fn(Arch)) {
    let mut all = vec![Arch::Scalar];
    #[cfg(target_arch = "x86_64")]
    all.extend(pulp::x86::V3::try_new().map(Arch::V3));
    #[cfg(target_arch = "x86_64")]
    all.extend(pulp::x86::V4::try_new().map(Arch::V4));
    for arch in all {
        FORCED.set(Some(arch));
        work(arch);
    }
    FORCED.set(None);
}

/// `to[i] = f(a[i])`.
#[inline(always)]
pub fn map<S: Simd>(simd: S, to: &mut [f32], a: &[f32], f: impl Fn(S::f32s) -> S::f32s) {
    let ((to, to_rest), (a, a_rest)) = (S::as_mut_simd_f32s(to), S::as_simd_f32s(a));
    for (to, a) in to.iter_mut().zip(a) {
        *to = f(*a);
    }
    if !to_rest.is_empty() {
        simd.partial_store_f32s(to_rest, f(simd.partial_load_f32s(a_rest)));
    }
}

/// `to[i] = f(a[i], b[i])`.
#[inline(always)]
pub fn map2<S: Simd>(simd: S, to: &mut [f32], a: &[f32], b: &[f32], f: impl Fn(S::f32s, S::f32s) -> S::f32s) {
    let (to, to_rest) = S::as_mut_simd_f32s(to);
    let ((a, a_rest), (b, b_rest)) = (S::as_simd_f32s(a), S::as_simd_f32s(b));
    for ((to, a), b) in to.iter_mut().zip(a).zip(b) {
        *to = f(*a, *b);
    }
    if !to_rest.is_empty() {
        let (a, b) = (simd.partial_load_f32s(a_rest), simd.partial_load_f32s(b_rest));
        simd.partial_store_f32s(to_rest, f(a, b));
    }
}

/// `to[i] = f(a[i], b[i], c[i])`.
#[inline(always)]
pub fn map3<S: Simd>(
    simd: S,
    to: &mut [f32],
    [a, b, c]: [&[f32]; 3],
    f: impl Fn(S::f32s, S::f32s, S::f32s) -> S::f32s,
) {
    let (to, to_rest) = S::as_mut_simd_f32s(to);
    let ((a, a_rest), (b, b_rest)) = (S::as_simd_f32s(a), S::as_simd_f32s(b));
    let (c, c_rest) = S::as_simd_f32s(c);
    for (((to, a), b), c) in to.iter_mut().zip(a).zip(b).zip(c) {
        *to = f(*a, *b, *c);
    }
    if !to_rest.is_empty() {
        let (a, b) = (simd.partial_load_f32s(a_rest), simd.partial_load_f32s(b_rest));
        simd.partial_store_f32s(to_rest, f(a, b, simd.partial_load_f32s(c_rest)));
    }
}

/// `to[i] += a[i]`.
#[inline(always)]
pub fn add<S: Simd>(simd: S, to: &mut [f32], a: &[f32]) {
    let ((to, to_rest), (a, a_rest)) = (S::as_mut_simd_f32s(to), S::as_simd_f32s(a));
    for (to, a) in to.iter_mut().zip(a) {
        *to = simd.add_f32s(*to, *a);
    }
    for (to, a) in to_rest.iter_mut().zip(a_rest) {
        *to += a;
    }
}
