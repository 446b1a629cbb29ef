//! Random numbers of our own: the same seed gives the same bits on every machine.
//!
//! A generator is keyed by the seed and by what it is for (epoch, step, node …), so that no part of the program
//! can disturb the numbers of another and training can go on from any point without a saved generator.

/// xoshiro256++ (Blackman & Vigna 2019), its state filled by SplitMix64 from the key.
#[derive(Debug, Clone)]
pub struct Random {
    state: [u64; 4],
}

impl Random {
    /// The generator of one purpose. Different keys give independent streams.
    pub fn new(seed: u64, key: &[u64]) -> Self {
        let mut hash = split_mix(seed ^ 0x9e37_79b9_7f4a_7c15);
        for part in key {
            hash = split_mix(hash ^ part.wrapping_mul(0xd134_2543_de82_ef95).wrapping_add(1));
        }
        let mut state = [0; 4];
        for word in &mut state {
            hash = hash.wrapping_add(0x9e37_79b9_7f4a_7c15);
            *word = split_mix(hash);
        }
        Self { state }
    }

    pub fn next_u64(&mut self) -> u64 {
        let [a, b, c, d] = &mut self.state;
        let result = a.wrapping_add(*d).rotate_left(23).wrapping_add(*a);
        let shifted = *b << 17;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= shifted;
        *d = d.rotate_left(45);
        result
    }

    /// Uniform in `[0, 1)`.
    pub fn uniform(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Standard normal, by the polar method (Marsaglia & Bray 1964).
    pub fn normal(&mut self) -> f64 {
        loop {
            let (u, v) = (2.0 * self.uniform() - 1.0, 2.0 * self.uniform() - 1.0);
            let s = u * u + v * v;
            if s > 0.0 && s < 1.0 {
                return u * (-2.0 * s.ln() / s).sqrt();
            }
        }
    }

    /// Uniform in `0..n` (Lemire 2019, without rejection: the bias is below 2⁻³² for any `n` that fits a data set).
    pub fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.next_u64()) * n as u128) >> 64) as usize
    }

    /// Fisher–Yates.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }
}

fn split_mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn streams_repeat_and_differ_by_key() {
        let draw = |seed, key: &[u64]| Random::new(seed, key).next_u64();
        assert_eq!(draw(1, &[2, 3]), draw(1, &[2, 3]));
        let all = [draw(1, &[]), draw(2, &[]), draw(1, &[0]), draw(1, &[1]), draw(1, &[0, 1]), draw(1, &[1, 0])];
        let distinct: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
    }

    #[test]
    fn moments_are_those_of_the_distribution() {
        let mut random = Random::new(7, &[]);
        let n = 200_000;
        let (mut mean, mut square, mut uniform) = (0.0, 0.0, 0.0);
        for _ in 0..n {
            let z = random.normal();
            mean += z / f64::from(n);
            square += z * z / f64::from(n);
            uniform += random.uniform() / f64::from(n);
        }
        assert!(mean.abs() < 0.01 && (square - 1.0).abs() < 0.02 && (uniform - 0.5).abs() < 0.005);
    }

    #[test]
    fn a_shuffle_is_a_permutation() {
        let mut items: Vec<_> = (0..1000).collect();
        Random::new(3, &[]).shuffle(&mut items);
        assert_ne!(items, (0..1000).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..1000).collect::<Vec<_>>());
    }
}
