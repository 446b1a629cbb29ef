//! Random noise in time (Sukhbaatar et al. 2015): in training, empty sentences are put among those of a story, so that how long
//! ago something was said is learned as more or less, and not by the sentence.

use super::{Batch, Split};
use crate::ir::Sentences;
use crate::random::Random;

/// Keeps these random numbers apart from those for other purposes.
const PURPOSE: u64 = u64::from_be_bytes(*b"noise...");

impl Split {
    /// The given rows as training reads them: the same as [`Split::batch`], with noise where a story asks for it. It follows from
    /// the seed and the key of the batch.
    pub(super) fn batch_with_noise(&self, rows: &[usize], seed: u64, key: &[u64]) -> Batch {
        let mut random = Random::new(seed, &[&[PURPOSE], key].concat());
        self.batch_of(rows, |texts, row| {
            let mut sentences = texts.sentences(row)?;
            if let Some(Sentences::Story { memory_size, noise }) = texts.sentence_kind()
                && noise > 0.0
            {
                put_among(&mut sentences, memory_size.unwrap_or(usize::MAX), noise, &mut random);
            }
            Some(sentences)
        })
    }
}

/// Puts up to a share of `noise` of empty sentences anywhere among the others. Where they are more than `most` then, the oldest
/// are forgotten, but not the last that says anything.
fn put_among(sentences: &mut Vec<&[u32]>, most: usize, noise: f64, random: &mut Random) {
    let empty = random.below((sentences.len() as f64 * noise).ceil() as usize + 1);
    for _ in 0..empty {
        let place = random.below(sentences.len() + 1);
        sentences.insert(place, &[]);
    }
    let last = sentences.iter().rposition(|sentence| !sentence.is_empty()).unwrap_or_default();
    sentences.drain(..sentences.len().saturating_sub(most).min(last));
    sentences.truncate(most);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_keep_their_order_and_the_memory_its_size() {
        let story: Vec<Vec<u32>> = (1..=10).map(|word| vec![word]).collect();
        let mut lengths = [0; 3];
        for seed in 0..300 {
            for (said, most) in [(10, 50), (10, 10), (1, 1), (2, 1)] {
                let mut sentences: Vec<&[u32]> = story[..said].iter().map(Vec::as_slice).collect();
                put_among(&mut sentences, most, 0.2, &mut Random::new(seed, &[]));
                assert!(sentences.len() <= most);
                let kept: Vec<u32> = sentences.iter().copied().flatten().copied().collect();
                let from = said + 1 - kept.len();
                assert_eq!(kept, (from as u32..=said as u32).collect::<Vec<_>>(), "the most recent, in order");
                assert!(!kept.is_empty());
                if most == 50 {
                    assert_eq!(kept.len(), 10);
                    lengths[sentences.len() - 10] += 1;
                }
            }
        }
        assert!(lengths.iter().all(|count| (70..130).contains(count)), "none, one and two alike: {lengths:?}");
    }
}
