//! What the machine can do: the rate of its fastest large product, which other rates are measured against.

use std::hint::black_box;
use std::time::Instant;

use candle_core::{Device, Result, Tensor};

use super::gemm::{Matrix, Start, gemm};

/// Rows and columns of the matrices: far larger than the caches next to a core, and a fraction of a second.
const SIZE: usize = 1024;
/// The best of so many: a slower one was disturbed.
const RUNS: usize = 8;

/// Multiplications and additions a second, in units of 10⁹, of a product of two large `f32` matrices on all threads:
/// candle's or our own, whichever is faster.
pub fn gflops() -> Result<f64> {
    let values = |shift: usize| (0..SIZE * SIZE).map(|i| ((i + shift) % 17) as f32 - 8.0).collect::<Vec<_>>();
    let (a, b, mut c) = (values(0), values(5), vec![0.0; SIZE * SIZE]);
    let tensor = |values: &[f32]| Tensor::from_slice(values, (SIZE, SIZE), &Device::Cpu);
    let (left, right) = (tensor(&a)?, tensor(&b)?);
    let mut best = f64::INFINITY;
    for _ in 0..RUNS {
        let started = Instant::now();
        black_box(left.matmul(&right)?);
        let candle = started.elapsed().as_secs_f64();
        let started = Instant::now();
        gemm(Matrix::new(&a, SIZE, SIZE), Matrix::new(&b, SIZE, SIZE), black_box(&mut c), Start::Zero);
        best = best.min(candle).min(started.elapsed().as_secs_f64());
    }
    Ok(2.0 * (SIZE as f64).powi(3) / best / 1e9)
}
