//! Repetition of an array along axes it lacks.

use super::Kernel;

/// Brings an array to `shape`. `source` is aligned with the last axes of `shape`; each of its sizes is that of `shape`
/// or 1, and a missing leading axis counts as 1. The backward sums over what was repeated.
pub struct Extend {
    source: Vec<usize>,
    shape: Vec<usize>,
}

impl Extend {
    /// `None` where the sizes do not fit.
    pub fn new(source: &[usize], shape: &[usize]) -> Option<Self> {
        let missing = shape.len().checked_sub(source.len())?;
        let source = [vec![1; missing], source.to_vec()].concat();
        let fits = source.iter().zip(shape).all(|(from, to)| from == to || *from == 1);
        fits.then(|| Self { source, shape: shape.to_vec() })
    }

    /// Calls `row` for every row of the result, in order, with where its source starts.
    fn rows(&self, mut row: impl FnMut(usize)) {
        let outer = self.shape.len().saturating_sub(1);
        let mut strides = vec![0; self.shape.len()];
        let mut stride = 1;
        for axis in (0..self.shape.len()).rev() {
            strides[axis] = if self.source[axis] == 1 { 0 } else { stride };
            stride *= self.source[axis];
        }
        let mut index = vec![0; outer];
        for _ in 0..self.shape[..outer].iter().product::<usize>() {
            row(index.iter().zip(&strides).map(|(i, stride)| i * stride).sum());
            for axis in (0..outer).rev() {
                index[axis] += 1;
                if index[axis] < self.shape[axis] {
                    break;
                }
                index[axis] = 0;
            }
        }
    }

    /// Sizes of the last axis: of the source, of the result.
    fn widths(&self) -> (usize, usize) {
        (self.source.last().copied().unwrap_or(1), self.shape.last().copied().unwrap_or(1))
    }
}

impl Kernel<1> for Extend {
    const NAME: &'static str = "extend";

    fn forward(&self, [x]: [&[f32]; 1]) -> Vec<f32> {
        let (narrow, wide) = self.widths();
        let mut result = Vec::with_capacity(self.shape.iter().product());
        self.rows(|start| {
            if narrow == wide {
                result.extend_from_slice(&x[start..start + wide]);
            } else {
                result.resize(result.len() + wide, x[start]);
            }
        });
        result
    }

    fn backward(&self, [x]: [&[f32]; 1], _: &[f32], up: &[f32]) -> [Vec<f32>; 1] {
        let (narrow, wide) = self.widths();
        let mut gradient = vec![0.0; x.len()];
        let mut rows = up.chunks_exact(wide.max(1));
        self.rows(|start| {
            let row = rows.next().unwrap_or_default();
            if narrow == wide {
                for (sum, g) in gradient[start..start + wide].iter_mut().zip(row) {
                    *sum += g;
                }
            } else {
                gradient[start] += row.iter().sum::<f32>();
            }
        });
        [gradient]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_repeated_forward_is_summed_backward() {
        let check = |source: &[usize], shape: &[usize], x: &[f32], y: &[f32], gradient: &[f32]| {
            let extend = Extend::new(source, shape).expect("it fits");
            assert_eq!(extend.forward([x]), y);
            let up: Vec<f32> = (1..=y.len()).map(|i| i as f32).collect();
            assert_eq!(extend.backward([x], y, &up), [gradient.to_vec()]);
        };
        check(&[2], &[2, 2], &[1., 2.], &[1., 2., 1., 2.], &[4., 6.]);
        check(&[2, 1], &[2, 2], &[1., 2.], &[1., 1., 2., 2.], &[3., 7.]);
        check(&[2, 1], &[2, 2, 2], &[1., 2.], &[1., 1., 2., 2., 1., 1., 2., 2.], &[14., 22.]);
        check(&[], &[3], &[5.], &[5., 5., 5.], &[6.]);
        check(&[], &[], &[5.], &[5.], &[1.]);
        assert!(Extend::new(&[3], &[2, 2]).is_none() && Extend::new(&[1, 1], &[1]).is_none());
    }
}
