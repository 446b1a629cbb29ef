//! The values parameters start from, by PyTorch's `nn.init` formulas.
//!
//! The distributions are PyTorch's, the numbers are not: they come from [`Random`], so that the same seed
//! gives the same weights on every machine.

use rayon::prelude::*;

use crate::ir::{Dim, Initializer};
use crate::random::Random;

/// Draws a parameter of this shape, row-major. `size` gives the number a dim stands for.
///
/// In a matrix `[out, in]` fan-in is `in` and fan-out is `out`; any further axes count into both, as in PyTorch.
/// A vector has its length for both.
pub fn initialize(
    initializer: &Initializer,
    shape: &[usize],
    size: impl Fn(&Dim) -> usize,
    random: &mut Random,
) -> Vec<f32> {
    let count: usize = shape.iter().product();
    let fan_in =
        shape.get(1..).filter(|rest| !rest.is_empty()).map_or(count, |rest| rest.iter().product()).max(1) as f64;
    let fan_out = match shape {
        [rows, _, rest @ ..] => rows * rest.iter().product::<usize>(),
        _ => count,
    }
    .max(1) as f64;
    match initializer {
        Initializer::Zeros => vec![0.0; count],
        Initializer::Ones => vec![1.0; count],
        Initializer::Constant(value) => vec![*value as f32; count],
        Initializer::Uniform { low, high } => uniform(count, *low, *high, random),
        Initializer::UniformFan(dim) => symmetric(count, 1.0 / (size(dim).max(1) as f64).sqrt(), random),
        Initializer::Normal { mean, std } => normal(count, *mean, *std, random),
        // Glorot & Bengio 2010
        Initializer::XavierUniform => symmetric(count, (6.0 / (fan_in + fan_out)).sqrt(), random),
        Initializer::XavierNormal => normal(count, 0.0, (2.0 / (fan_in + fan_out)).sqrt(), random),
        // He et al. 2015; the gain of ReLU is sqrt(2)
        Initializer::KaimingUniform => symmetric(count, (6.0 / fan_in).sqrt(), random),
        Initializer::KaimingNormal => normal(count, 0.0, (2.0 / fan_in).sqrt(), random),
        Initializer::Orthogonal => orthogonal(shape, random),
        Initializer::Identity(scale) => identity(shape, *scale),
        Initializer::Block { blocks, index, value } => block(count, *blocks, *index, *value),
    }
}

fn uniform(count: usize, low: f64, high: f64, random: &mut Random) -> Vec<f32> {
    (0..count).map(|_| (low + (high - low) * random.uniform()) as f32).collect()
}

fn symmetric(count: usize, bound: f64, random: &mut Random) -> Vec<f32> {
    uniform(count, -bound, bound, random)
}

fn normal(count: usize, mean: f64, std: f64, random: &mut Random) -> Vec<f32> {
    (0..count).map(|_| (mean + std * random.normal()) as f32).collect()
}

/// The first axis against all others.
fn rows_and_columns(shape: &[usize]) -> (usize, usize) {
    match shape {
        [] => (1, 1),
        [rows, rest @ ..] => (*rows, rest.iter().product()),
    }
}

/// `scale` on the diagonal; where one axis is a multiple of the other (the gates of a recurrent weight, the children of a
/// node), on the diagonal of every square block.
fn identity(shape: &[usize], scale: f64) -> Vec<f32> {
    let (rows, columns) = rows_and_columns(shape);
    let mut values = vec![0.0; rows * columns];
    let blocks = |long: usize, short: usize| short > 0 && long.is_multiple_of(short);
    for row in 0..rows {
        for column in 0..columns {
            let on_diagonal = match (blocks(rows, columns), blocks(columns, rows)) {
                (true, _) => row % columns == column,
                (_, true) => row == column % rows,
                _ => row == column,
            };
            if on_diagonal {
                values[row * columns + column] = scale as f32;
            }
        }
    }
    values
}

fn block(count: usize, blocks: usize, index: usize, value: f64) -> Vec<f32> {
    let size = count / blocks.max(1);
    (0..count).map(|i| if size > 0 && i / size == index { value as f32 } else { 0.0 }).collect()
}

/// A matrix drawn uniformly from those with orthonormal rows, or columns where these are fewer (Saxe et al. 2014):
/// the Q of a normal matrix whose R has a positive diagonal, as `nn.init.orthogonal_` has it.
fn orthogonal(shape: &[usize], random: &mut Random) -> Vec<f32> {
    let (rows, columns) = rows_and_columns(shape);
    let (few, many) = (rows.min(columns), rows.max(columns));
    let vectors = orthonormal(few, many, random);
    if rows <= columns {
        return vectors.iter().map(|value| *value as f32).collect();
    }
    (0..rows)
        .flat_map(|row| (0..columns).map(move |column| (row, column)))
        .map(|(r, c)| vectors[c * many + r] as f32)
        .collect()
}

/// `count` orthonormal vectors of `length >= count` components, one after the other: modified Gram–Schmidt.
///
/// Its loss of orthogonality grows with how much of a vector the earlier ones cancel; where they leave less than a
/// thousandth, the vector goes through once more, which keeps the result far below `f32` precision.
fn orthonormal(count: usize, length: usize, random: &mut Random) -> Vec<f64> {
    let mut vectors: Vec<f64> = (0..count * length).map(|_| random.normal()).collect();
    let mut original: Vec<f64> = vectors.chunks(length.max(1)).map(norm).collect();
    for (i, original) in original.iter_mut().enumerate() {
        let (done, rest) = vectors.split_at_mut(i * length);
        let (current, later) = rest.split_at_mut(length);
        while norm(current) <= 1e-3 * *original {
            if norm(current) <= 1e-12 * *original {
                current.fill_with(|| random.normal());
            }
            *original = norm(current);
            done.chunks(length).for_each(|unit| remove(unit, current));
        }
        let scale = 1.0 / norm(current);
        current.iter_mut().for_each(|value| *value *= scale);
        let current = &*current;
        later.par_chunks_mut(length).with_min_len(16).for_each(|vector| remove(current, vector));
    }
    vectors
}

/// Takes the part along `unit` out of `vector`.
fn remove(unit: &[f64], vector: &mut [f64]) {
    let along = dot(unit, vector);
    vector.iter_mut().zip(unit).for_each(|(value, u)| *value -= along * u);
}

fn norm(vector: &[f64]) -> f64 {
    dot(vector, vector).sqrt()
}

/// Four partial sums, so that one addition need not wait for the one before.
fn dot(left: &[f64], right: &[f64]) -> f64 {
    let (left, left_rest) = left.as_chunks::<4>();
    let (right, right_rest) = right.as_chunks::<4>();
    let mut sums = [0.0; 4];
    for (a, b) in left.iter().zip(right) {
        sums[0] += a[0] * b[0];
        sums[1] += a[1] * b[1];
        sums[2] += a[2] * b[2];
        sums[3] += a[3] * b[3];
    }
    let rest: f64 = left_rest.iter().zip(right_rest).map(|(a, b)| a * b).sum();
    (sums[0] + sums[2]) + (sums[1] + sums[3]) + rest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn draw(initializer: Initializer, shape: &[usize], seed: u64) -> Vec<f32> {
        initialize(&initializer, shape, |dim| dim.evaluate(&|_| None).unwrap(), &mut Random::new(seed, &[]))
    }

    /// Mean, standard deviation and largest absolute value.
    fn moments(values: &[f32]) -> (f64, f64, f64) {
        let n = values.len() as f64;
        let mean = values.iter().map(|v| f64::from(*v)).sum::<f64>() / n;
        let variance = values.iter().map(|v| (f64::from(*v) - mean).powi(2)).sum::<f64>() / n;
        (mean, variance.sqrt(), values.iter().fold(0.0, |max, v| max.max(f64::from(v.abs()))))
    }

    /// The largest distance of the Gram matrix of the fewer side from the identity.
    fn distance_from_orthonormal(values: &[f32], rows: usize, columns: usize) -> f64 {
        let few = rows.min(columns);
        let at = |vector: usize, i: usize| {
            f64::from(if rows <= columns { values[vector * columns + i] } else { values[i * columns + vector] })
        };
        let mut worst: f64 = 0.0;
        for i in 0..few {
            for j in 0..=i {
                let product: f64 = (0..rows.max(columns)).map(|k| at(i, k) * at(j, k)).sum();
                worst = worst.max((product - if i == j { 1.0 } else { 0.0 }).abs());
            }
        }
        worst
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        /// A uniform distribution over ±b fills its bounds and has a deviation of b / sqrt(3).
        #[test]
        fn uniform_ones_keep_their_bounds(rows in 40usize..120, columns in 40usize..120, seed: u64) {
            let (fan_in, fan_out) = (columns as f64, rows as f64);
            for (initializer, bound) in [
                (Initializer::Uniform { low: -0.25, high: 0.25 }, 0.25),
                (Initializer::UniformFan(Dim::from(columns)), 1.0 / fan_in.sqrt()),
                (Initializer::XavierUniform, (6.0 / (fan_in + fan_out)).sqrt()),
                (Initializer::KaimingUniform, 2f64.sqrt() * (3.0 / fan_in).sqrt()),
            ] {
                let (mean, std, max) = moments(&draw(initializer.clone(), &[rows, columns], seed));
                prop_assert!(max <= bound * 1.000001 && max > 0.97 * bound, "{initializer:?}: {max} of {bound}");
                prop_assert!(mean.abs() < 0.1 * bound, "{initializer:?}: mean {mean}");
                prop_assert!((std * 3f64.sqrt() / bound - 1.0).abs() < 0.08, "{initializer:?}: deviation {std}");
            }
        }

        #[test]
        fn normal_ones_have_their_moments(rows in 40usize..120, columns in 40usize..120, seed: u64) {
            let (fan_in, fan_out) = (columns as f64, rows as f64);
            for (initializer, mean, std) in [
                (Initializer::Normal { mean: 0.5, std: 0.1 }, 0.5, 0.1),
                (Initializer::XavierNormal, 0.0, (2.0 / (fan_in + fan_out)).sqrt()),
                (Initializer::KaimingNormal, 0.0, 2f64.sqrt() / fan_in.sqrt()),
            ] {
                let (m, s, _) = moments(&draw(initializer.clone(), &[rows, columns], seed));
                prop_assert!((m - mean).abs() < 0.15 * std, "{initializer:?}: mean {m}");
                prop_assert!((s / std - 1.0).abs() < 0.12, "{initializer:?}: deviation {s}");
            }
        }

        #[test]
        fn orthogonal_is_orthonormal(rows in 1usize..40, columns in 1usize..40, seed: u64) {
            let values = draw(Initializer::Orthogonal, &[rows, columns], seed);
            prop_assert!(distance_from_orthonormal(&values, rows, columns) < 1e-6);
        }
    }

    #[test]
    fn a_large_orthogonal_matrix_takes_no_time() {
        let started = std::time::Instant::now();
        let values = draw(Initializer::Orthogonal, &[2048, 512], 1);
        assert!(started.elapsed().as_secs_f64() < 5.0, "{:?}", started.elapsed());
        // Entries of a random orthonormal column of 2048 have a variance of 1/2048.
        assert!((moments(&values).1 * 2048f64.sqrt() - 1.0).abs() < 1e-3);
        let square = draw(Initializer::Orthogonal, &[128, 128], 2);
        assert!(distance_from_orthonormal(&square, 128, 128) < 1e-6);
    }

    #[test]
    fn orthogonal_signs_are_unbiased() {
        let positive = (0..400).filter(|seed| draw(Initializer::Orthogonal, &[2, 2], *seed)[3] > 0.0).count();
        assert!((140..260).contains(&positive), "{positive} of 400");
    }

    #[test]
    fn every_gate_gets_an_identity() {
        let values = draw(Initializer::Identity(1.0), &[4, 2], 0);
        assert_eq!(values, [1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0]);
        let children = draw(Initializer::Identity(0.5), &[2, 4], 0);
        assert_eq!(children, [0.5, 0.0, 0.5, 0.0, 0.0, 0.5, 0.0, 0.5]);
        assert_eq!(draw(Initializer::Identity(1.0), &[2, 3], 0), [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
        assert_eq!(draw(Initializer::Identity(1.0), &[3, 2], 0), [1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);
    }

    #[test]
    fn fixed_values() {
        assert_eq!(draw(Initializer::Zeros, &[2, 2], 0), [0.0; 4]);
        assert_eq!(draw(Initializer::Ones, &[3], 0), [1.0; 3]);
        assert_eq!(draw(Initializer::Constant(0.5), &[], 0), [0.5]);
        let forget = Initializer::Block { blocks: 4, index: 1, value: 1.0 };
        assert_eq!(draw(forget, &[8], 0), [0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
    }

    #[test]
    fn empty_shapes_are_empty() {
        for initializer in [Initializer::Orthogonal, Initializer::Identity(1.0), Initializer::XavierUniform] {
            assert!(draw(initializer.clone(), &[0, 3], 1).is_empty());
            assert!(draw(initializer, &[3, 0], 1).is_empty());
        }
    }
}
