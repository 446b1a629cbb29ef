//! The second half of a bilinear form: `Σ_i a_i p_ki` for every `k`, where `p` is the tensor times `b`.

use super::Kernel;

/// `(p: [rows, K, A], a: [rows, A]) -> [rows, K]`.
pub struct Contract {
    pub a: usize,
    pub k: usize,
}

impl Contract {
    /// Every row of `a` with the rows of `p` it meets.
    fn rows<'x>(&self, p: &'x [f32], a: &'x [f32]) -> impl Iterator<Item = (&'x [f32], &'x [f32])> {
        p.chunks_exact((self.a * self.k).max(1)).zip(a.chunks_exact(self.a.max(1)))
    }
}

impl Kernel<2> for Contract {
    const NAME: &'static str = "contract";

    fn forward(&self, [p, a]: [&[f32]; 2]) -> Vec<f32> {
        let mut result = Vec::with_capacity(p.len() / self.a.max(1));
        for (p, a) in self.rows(p, a) {
            result.extend(p.chunks_exact(self.a).map(|p| p.iter().zip(a).map(|(p, a)| p * a).sum::<f32>()));
        }
        result
    }

    fn backward(&self, [p, a]: [&[f32]; 2], _: &[f32], up: &[f32]) -> [Vec<f32>; 2] {
        let (mut dp, mut da) = (Vec::with_capacity(p.len()), Vec::with_capacity(a.len()));
        for ((p, a), up) in self.rows(p, a).zip(up.chunks_exact(self.k.max(1))) {
            let mut sums = vec![0.0; self.a];
            for (p, g) in p.chunks_exact(self.a).zip(up) {
                dp.extend(a.iter().map(|a| g * a));
                sums.iter_mut().zip(p).for_each(|(sum, p)| *sum += g * p);
            }
            da.extend(sums);
        }
        [dp, da]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_k_is_an_inner_product() {
        let contract = Contract { a: 2, k: 3 };
        let (p, a) = ([1., 2., 3., 4., 5., 6.], [10., 1.]);
        assert_eq!(contract.forward([&p, &a]), [12., 34., 56.]);
        let [dp, da] = contract.backward([&p, &a], &[], &[1., 0., 2.]);
        assert_eq!((dp, da), (vec![10., 1., 0., 0., 20., 2.], vec![11., 14.]));
    }
}
