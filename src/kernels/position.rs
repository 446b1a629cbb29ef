//! Where a step stands in its sequence, for models that read a set of steps and would not know their order. As in
//! [`super::time`], arrays are `[steps, batch, width]`, and no padded position is read or gets a gradient.

use super::Kernel;
use super::time::Sequence;

/// `[T, B, F] -> [T, B, F]`: element `k` of `F` of step `j` of `J`, both from 1, times `(1 - j/J) - (k/F) (1 - 2j/J)`.
pub struct Encode {
    pub sequence: Sequence,
}

impl Encode {
    fn scale(&self, x: &[f32]) -> Vec<f32> {
        let Sequence { lengths, width, .. } = &self.sequence;
        let mut result = vec![0.0; x.len()];
        for (step, example, row) in self.sequence.true_rows() {
            let place = (step + 1) as f32 / lengths[example] as f32;
            for (k, (to, x)) in result[row.clone()].iter_mut().zip(&x[row]).enumerate() {
                let feature = (k + 1) as f32 / *width as f32;
                *to = x * ((1.0 - place) - feature * (1.0 - 2.0 * place));
            }
        }
        result
    }
}

impl Kernel<1> for Encode {
    const NAME: &'static str = "position_encoding";

    fn forward(&self, [x]: [&[f32]; 1]) -> Vec<f32> {
        self.scale(x)
    }

    fn backward(&self, _: [&[f32]; 1], _: &[f32], up: &[f32]) -> [Vec<f32>; 1] {
        [self.scale(up)]
    }
}

/// `table: [N, F] -> [T, B, F]`: row `d` for the step that is `d` steps before the last true one, the last row for all that
/// are further away.
pub struct ByDistance {
    pub sequence: Sequence,
    /// `N`, at least 1.
    pub rows: usize,
}

impl ByDistance {
    /// `(range in the table, range in the sequence)` of every true step.
    fn places(&self) -> impl Iterator<Item = (std::ops::Range<usize>, std::ops::Range<usize>)> {
        let Sequence { lengths, width, .. } = &self.sequence;
        self.sequence.true_rows().map(move |(step, example, row)| {
            let distance = (lengths[example] - 1 - step).min(self.rows - 1);
            (distance * width..(distance + 1) * width, row)
        })
    }
}

impl Kernel<1> for ByDistance {
    const NAME: &'static str = "by_distance";

    fn forward(&self, [table]: [&[f32]; 1]) -> Vec<f32> {
        let mut result = vec![0.0; self.sequence.padded_len()];
        self.places().for_each(|(from, to)| result[to].copy_from_slice(&table[from]));
        result
    }

    fn backward(&self, [table]: [&[f32]; 1], _: &[f32], up: &[f32]) -> [Vec<f32>; 1] {
        let mut gradient = vec![0.0; table.len()];
        for (to, from) in self.places() {
            gradient[to].iter_mut().zip(&up[from]).for_each(|(sum, g)| *sum += g);
        }
        [gradient]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ragged() -> Sequence {
        Sequence { steps: 3, lengths: [3, 1].into(), width: 2 }
    }

    /// ```python
    /// import torch
    /// def encode(x):                       # [J, d]
    ///     J, d = x.shape
    ///     j, k = torch.arange(1, J + 1)[:, None] / J, torch.arange(1, d + 1)[None] / d
    ///     return x * ((1 - j) - k * (1 - 2 * j))
    /// print(encode(torch.ones(3, 2)), encode(torch.ones(1, 2)))
    /// ```
    #[test]
    fn position_encoding_is_that_of_the_paper() {
        let (y, nan) = (Encode { sequence: ragged() }.forward([&[1.0; 12]]), f32::NAN);
        let expected = [0.5, 1.0 / 3.0, 0.5, 1.0, 0.5, 2.0 / 3.0, 0.0, 0.0, 0.5, 1.0, 0.0, 0.0];
        assert!(y.iter().zip(expected).all(|(y, expected)| (y - expected).abs() < 1e-6), "{y:?}");
        let padded = [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, nan, nan, 1.0, 1.0, nan, nan];
        assert_eq!(Encode { sequence: ragged() }.forward([&padded]), y);
    }

    #[test]
    fn the_last_step_has_distance_0_and_far_ones_share_a_row() {
        let kernel = ByDistance { sequence: ragged(), rows: 2 };
        let table = [1.0, 2.0, 3.0, 4.0];
        assert_eq!(kernel.forward([&table]), [3.0, 4.0, 1.0, 2.0, 3.0, 4.0, 0.0, 0.0, 1.0, 2.0, 0.0, 0.0]);
        let [gradient] = kernel.backward([&table], &[], &[1.0; 12]);
        assert_eq!(gradient, [2.0, 2.0, 2.0, 2.0]);
    }
}
