//! Operations along the sequence axis, within every example's true length.
//!
//! Arrays are `[steps, batch, width]`. No kernel here reads a padded position, and none gives a gradient to one, so what
//! stands there can be anything. An example of length 0 reduces to zeros.

use std::sync::Arc;

use super::unary::Unary;
use super::{Kernel, features};
use crate::ir::{Reduction, UnaryOp};

/// Where the true values of a padded sequence are.
#[derive(Clone)]
pub struct Sequence {
    /// Padded number of steps.
    pub steps: usize,
    /// Numbers of true steps, one an example, none above `steps`.
    pub lengths: Arc<[usize]>,
    /// Features of a step; 1 for `[T]`.
    pub width: usize,
}

impl Sequence {
    fn row(&self, step: usize, example: usize) -> std::ops::Range<usize> {
        let start = (step * self.lengths.len() + example) * self.width;
        start..start + self.width
    }

    pub(super) fn padded_len(&self) -> usize {
        self.steps * self.lengths.len() * self.width
    }

    /// All true rows, in the order they are stored: `(step, example, its range)`.
    pub(super) fn true_rows(&self) -> impl Iterator<Item = (usize, usize, std::ops::Range<usize>)> {
        let examples =
            move |step| self.lengths.iter().enumerate().map(move |(example, length)| (step, example, *length));
        (0..self.steps)
            .flat_map(examples)
            .filter(|(step, _, length)| step < length)
            .map(|(step, example, _)| (step, example, self.row(step, example)))
    }
}

/// Output `t` is input `t - by`; zeros move in, also where the input would be beyond the true length.
pub struct Shift {
    pub sequence: Sequence,
    pub by: i64,
    /// `[by, B, F]`: the steps that stood before the first and move in instead of zeros; empty where there are none. They
    /// are constants: no gradient is theirs.
    pub before: Vec<f32>,
}

impl Shift {
    /// Calls `copy(from, to)` for every row that moves.
    fn moves(&self, mut copy: impl FnMut(std::ops::Range<usize>, std::ops::Range<usize>)) {
        for (step, example, to) in self.sequence.true_rows() {
            let source = usize::try_from((step as i64).saturating_sub(self.by)).ok();
            if let Some(source) = source.filter(|source| *source < self.sequence.lengths[example]) {
                copy(self.sequence.row(source, example), to);
            }
        }
    }

    /// The last `by` steps of every example, with those before the first where it has fewer: what moves into the next
    /// piece of a text. `[by, B, F]`; nothing where steps move the other way.
    pub fn last(&self, x: &[f32]) -> Vec<f32> {
        let Sequence { lengths, width, .. } = &self.sequence;
        let by = usize::try_from(self.by).unwrap_or(0);
        let mut last = vec![0.0; by * lengths.len() * width];
        for step in 0..by {
            for (example, length) in lengths.iter().enumerate() {
                let to = self.sequence.row(step, example);
                match (length + step).checked_sub(by) {
                    Some(source) => last[to].copy_from_slice(&x[self.sequence.row(source, example)]),
                    None if self.before.is_empty() => {}
                    None => last[to].copy_from_slice(&self.before[self.sequence.row(length + step, example)]),
                }
            }
        }
        last
    }
}

impl Kernel<1> for Shift {
    const NAME: &'static str = "shift";

    fn forward(&self, [x]: [&[f32]; 1]) -> Vec<f32> {
        let mut result = vec![0.0; x.len()];
        self.moves(|from, to| result[to].copy_from_slice(&x[from]));
        let by = usize::try_from(self.by).unwrap_or(0);
        if !self.before.is_empty() {
            for (_, _, row) in self.sequence.true_rows().take_while(|(step, _, _)| *step < by) {
                result[row.clone()].copy_from_slice(&self.before[row]);
            }
        }
        result
    }

    fn backward(&self, [x]: [&[f32]; 1], _: &[f32], up: &[f32]) -> [Vec<f32>; 1] {
        let mut gradient = vec![0.0; x.len()];
        self.moves(|from, to| gradient[from].copy_from_slice(&up[to]));
        [gradient]
    }
}

/// The value of one step of every example: its first, or its last true one. `[T, B, F] -> [B, F]`.
pub struct Pick {
    pub sequence: Sequence,
    pub last: bool,
}

impl Pick {
    /// The picked rows: `(example's range in the result, range in the sequence)`.
    fn rows(&self) -> impl Iterator<Item = (std::ops::Range<usize>, std::ops::Range<usize>)> {
        let Sequence { lengths, width, .. } = &self.sequence;
        lengths.iter().enumerate().filter(|(_, length)| **length > 0).map(move |(example, length)| {
            let step = if self.last { length - 1 } else { 0 };
            (example * width..(example + 1) * width, self.sequence.row(step, example))
        })
    }
}

impl Kernel<1> for Pick {
    const NAME: &'static str = "pick";

    fn forward(&self, [x]: [&[f32]; 1]) -> Vec<f32> {
        let mut result = vec![0.0; self.sequence.lengths.len() * self.sequence.width];
        self.rows().for_each(|(to, from)| result[to].copy_from_slice(&x[from]));
        result
    }

    fn backward(&self, [x]: [&[f32]; 1], _: &[f32], up: &[f32]) -> [Vec<f32>; 1] {
        let mut gradient = vec![0.0; x.len()];
        self.rows().for_each(|(from, to)| gradient[to].copy_from_slice(&up[from]));
        [gradient]
    }
}

/// `[T, B, F] -> [B, F]` over the true steps. Of several equal largest values the first is the maximum.
pub struct Reduce {
    pub sequence: Sequence,
    pub reduction: Reduction,
}

impl Reduce {
    /// What a step counts for in the mean of an example.
    fn share(&self, example: usize) -> f32 {
        match self.reduction {
            Reduction::Mean => 1.0 / self.sequence.lengths[example] as f32,
            Reduction::Sum | Reduction::Max => 1.0,
        }
    }

    /// For every example and feature with at least one step: `(place in the result, place of its maximum)`.
    fn maxima(&self, x: &[f32]) -> Vec<(usize, usize)> {
        let Sequence { lengths, width, .. } = &self.sequence;
        let mut places = Vec::with_capacity(lengths.len() * width);
        for (example, length) in lengths.iter().enumerate().filter(|(_, length)| **length > 0) {
            for feature in 0..*width {
                let at = |step| self.sequence.row(step, example).start + feature;
                let step = features::largest((0..*length).map(|step| x[at(step)]));
                places.push((example * width + feature, at(step)));
            }
        }
        places
    }
}

impl Kernel<1> for Reduce {
    const NAME: &'static str = "reduce_time";

    fn forward(&self, [x]: [&[f32]; 1]) -> Vec<f32> {
        let width = self.sequence.width;
        let mut result = vec![0.0; self.sequence.lengths.len() * width];
        if self.reduction == Reduction::Max {
            self.maxima(x).into_iter().for_each(|(to, from)| result[to] = x[from]);
            return result;
        }
        for (_, example, row) in self.sequence.true_rows() {
            for (sum, x) in result[example * width..][..width].iter_mut().zip(&x[row]) {
                *sum += x;
            }
        }
        if self.reduction == Reduction::Mean {
            for (example, row) in result.chunks_exact_mut(width.max(1)).enumerate() {
                let length = self.sequence.lengths[example].max(1) as f32;
                row.iter_mut().for_each(|sum| *sum /= length);
            }
        }
        result
    }

    fn backward(&self, [x]: [&[f32]; 1], _: &[f32], up: &[f32]) -> [Vec<f32>; 1] {
        let width = self.sequence.width;
        let mut gradient = vec![0.0; x.len()];
        if self.reduction == Reduction::Max {
            self.maxima(x).into_iter().for_each(|(from, to)| gradient[to] = up[from]);
            return [gradient];
        }
        for (_, example, row) in self.sequence.true_rows() {
            let share = self.share(example);
            for (gradient, g) in gradient[row].iter_mut().zip(&up[example * width..][..width]) {
                *gradient = share * g;
            }
        }
        [gradient]
    }
}

/// Softmax of `[T]` over the true steps; zero at padded ones.
pub struct Softmax {
    pub sequence: Sequence,
    /// With empty ones up to this number, each with a score of 0 and none in the result.
    pub slots: usize,
}

impl Softmax {
    /// How many empty steps an example of this length has.
    fn empty(&self, length: usize) -> usize {
        self.slots.saturating_sub(length)
    }
}

impl Kernel<1> for Softmax {
    const NAME: &'static str = "softmax_time";

    fn forward(&self, [x]: [&[f32]; 1]) -> Vec<f32> {
        let lengths = &self.sequence.lengths;
        let least = |length: &usize| if self.empty(*length) > 0 { 0.0 } else { f32::NEG_INFINITY };
        let mut largest: Vec<f32> = lengths.iter().map(least).collect();
        let mut result = vec![0.0; x.len()];
        for (_, example, row) in self.sequence.true_rows() {
            largest[example] = largest[example].max(x[row.start]);
        }
        for (_, example, row) in self.sequence.true_rows() {
            result[row.start] = x[row.start] - largest[example];
        }
        let powers = Unary(UnaryOp::Exp).forward([&result]);
        let of_empty = |(length, largest): (&usize, &f32)| match self.empty(*length) {
            0 => 0.0,
            empty => empty as f32 * (-largest).exp(),
        };
        let mut total: Vec<f32> = lengths.iter().zip(&largest).map(of_empty).collect();
        for (_, example, row) in self.sequence.true_rows() {
            result[row.start] = powers[row.start];
            total[example] += powers[row.start];
        }
        for (_, example, row) in self.sequence.true_rows() {
            result[row.start] /= total[example];
        }
        result
    }

    fn backward(&self, _: [&[f32]; 1], y: &[f32], up: &[f32]) -> [Vec<f32>; 1] {
        let mut inner = vec![0.0; self.sequence.lengths.len()];
        let mut gradient = vec![0.0; y.len()];
        for (_, example, row) in self.sequence.true_rows() {
            inner[example] += y[row.start] * up[row.start];
        }
        for (_, example, row) in self.sequence.true_rows() {
            gradient[row.start] = y[row.start] * (up[row.start] - inner[example]);
        }
        [gradient]
    }
}

/// `(weights: [T, B], x: [T, B, F]) -> [B, F]`: the sum over the true steps of `weight * x`.
pub struct WeightedSum {
    pub sequence: Sequence,
}

impl Kernel<2> for WeightedSum {
    const NAME: &'static str = "weighted_sum";

    fn forward(&self, [weights, x]: [&[f32]; 2]) -> Vec<f32> {
        let Sequence { lengths, width, .. } = &self.sequence;
        let mut result = vec![0.0; lengths.len() * width];
        for (step, example, row) in self.sequence.true_rows() {
            let weight = weights[step * lengths.len() + example];
            for (sum, x) in result[example * width..][..*width].iter_mut().zip(&x[row]) {
                *sum += weight * x;
            }
        }
        result
    }

    fn backward(&self, [weights, x]: [&[f32]; 2], _: &[f32], up: &[f32]) -> [Vec<f32>; 2] {
        let Sequence { lengths, width, .. } = &self.sequence;
        let (mut dw, mut dx) = (vec![0.0; weights.len()], vec![0.0; self.sequence.padded_len()]);
        for (step, example, row) in self.sequence.true_rows() {
            let at = step * lengths.len() + example;
            let up = &up[example * width..][..*width];
            dw[at] = x[row.clone()].iter().zip(up).map(|(x, g)| x * g).sum();
            for (dx, g) in dx[row].iter_mut().zip(up) {
                *dx = weights[at] * g;
            }
        }
        [dw, dx]
    }
}

/// `(next, previous)`: rows of examples that are still running take the new value, the others keep theirs.
pub struct Advance {
    pub running: Arc<[bool]>,
}

impl Advance {
    /// The first array's rows where the example is running, else the second's; a missing one counts as zeros.
    fn choose(&self, running: Option<&[f32]>, finished: Option<&[f32]>, len: usize) -> Vec<f32> {
        let width = len / self.running.len().max(1);
        let mut result = vec![0.0; len];
        for (example, row) in result.chunks_exact_mut(width.max(1)).enumerate() {
            if let Some(from) = if self.running[example] { running } else { finished } {
                row.copy_from_slice(&from[example * width..][..width]);
            }
        }
        result
    }
}

impl Kernel<2> for Advance {
    const NAME: &'static str = "advance";

    fn forward(&self, [next, previous]: [&[f32]; 2]) -> Vec<f32> {
        self.choose(Some(next), Some(previous), next.len())
    }

    fn backward(&self, _: [&[f32]; 2], _: &[f32], up: &[f32]) -> [Vec<f32>; 2] {
        [self.choose(Some(up), None, up.len()), self.choose(None, Some(up), up.len())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two examples of lengths 3 and 1, one feature, NaN in the padding.
    fn ragged() -> (Sequence, Vec<f32>) {
        let sequence = Sequence { steps: 3, lengths: [3, 1].into(), width: 1 };
        (sequence, vec![1.0, 5.0, 4.0, f32::NAN, 4.0, f32::NAN])
    }

    #[test]
    fn padding_is_never_read() {
        let (sequence, x) = ragged();
        let shift = |by| Shift { sequence: sequence.clone(), by, before: Vec::new() }.forward([&x]);
        assert_eq!(shift(1), [0.0, 0.0, 1.0, 0.0, 4.0, 0.0]);
        assert_eq!(shift(-1), [4.0, 0.0, 4.0, 0.0, 0.0, 0.0]);
        assert_eq!((shift(9), shift(i64::MIN)), (vec![0.0; 6], vec![0.0; 6]));
        let pick = |last| Pick { sequence: sequence.clone(), last }.forward([&x]);
        assert_eq!((pick(true), pick(false)), (vec![4.0, 5.0], vec![1.0, 5.0]));
        let reduce = |reduction| Reduce { sequence: sequence.clone(), reduction }.forward([&x]);
        assert_eq!(reduce(Reduction::Sum), [9.0, 5.0]);
        assert_eq!(reduce(Reduction::Mean), [3.0, 5.0]);
        assert_eq!(reduce(Reduction::Max), [4.0, 5.0]);
        let weights = [1.0, 2.0, 1.0, f32::NAN, -1.0, f32::NAN];
        assert_eq!(WeightedSum { sequence: sequence.clone() }.forward([&weights, &x]), [1.0, 10.0]);
        let probabilities = Softmax { sequence: sequence.clone(), slots: 0 }.forward([&x]);
        assert_eq!(probabilities[1], 1.0);
        assert!((probabilities[0] + probabilities[2] + probabilities[4] - 1.0).abs() < 1e-6);
        // Of two slots the second example has an empty one: e⁵ / (e⁵ + 1). The first has none.
        let slots = Softmax { sequence, slots: 2 }.forward([&x]);
        assert!((slots[1] - 0.993_307_1).abs() < 1e-6 && slots[0] == probabilities[0]);
    }

    #[test]
    fn of_equal_maxima_the_first_step_gets_the_gradient() {
        let (sequence, x) = ragged();
        let gradient = Reduce { sequence, reduction: Reduction::Max }.backward([&x], &[], &[1.0, 2.0]);
        assert_eq!(gradient, [vec![0.0, 2.0, 1.0, 0.0, 0.0, 0.0]]);
    }

    #[test]
    fn no_steps_reduce_to_zeros() {
        let sequence = Sequence { steps: 1, lengths: [0].into(), width: 1 };
        for reduction in [Reduction::Max, Reduction::Mean, Reduction::Sum] {
            assert_eq!(Reduce { sequence: sequence.clone(), reduction }.forward([&[7.0]]), [0.0]);
        }
        assert_eq!(Softmax { sequence: sequence.clone(), slots: 3 }.forward([&[7.0]]), [0.0]);
        assert_eq!(Pick { sequence, last: true }.forward([&[7.0]]), [0.0]);
    }
}
