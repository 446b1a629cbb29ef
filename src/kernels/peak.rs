//! What the machine can do: the rate of its fastest large product, which other rates are measured against.

use std::time::Instant;

use candle_core::{Device, Result, Tensor};

/// Rows and columns of the matrices: far larger than the caches next to a core, and a fraction of a second.
const SIZE: usize = 1024;
/// The best of so many: a slower one was disturbed.
const RUNS: usize = 8;

/// Multiplications and additions a second, in units of 10⁹, of a product of two large `f32` matrices on all threads.
pub fn gflops() -> Result<f64> {
    let matrix = |shift: usize| {
        let values = (0..SIZE * SIZE).map(|i| ((i + shift) % 17) as f32 - 8.0).collect();
        Tensor::from_vec(values, (SIZE, SIZE), &Device::Cpu)
    };
    let (a, b) = (matrix(0)?, matrix(5)?);
    let mut best = f64::INFINITY;
    for _ in 0..RUNS {
        let started = Instant::now();
        std::hint::black_box(a.matmul(&b)?);
        best = best.min(started.elapsed().as_secs_f64());
    }
    Ok(2.0 * (SIZE as f64).powi(3) / best / 1e9)
}
