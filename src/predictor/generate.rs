//! A text that goes on, one token after the other, as a language model says.

use std::collections::BTreeMap;

use super::Predictor;
use crate::data::{Tokens, UNK};
use crate::ir::Target;
use crate::lower::{LowerError, Mode, States, largest, to_rows};
use crate::random::Random;

/// Keeps these random numbers apart from those for other purposes.
const PURPOSE: u64 = u64::from_be_bytes(*b"generate");

/// A language model that has read a beginning and goes on from the states that left it in.
pub struct Generator<'p> {
    predictor: &'p Predictor,
    field: &'p str,
    states: States,
    /// Of every token of the vocabulary, to come next.
    scores: Vec<f32>,
    random: Random,
    /// What the scores are divided by; 0 takes the highest.
    temperature: f64,
}

impl<'p> Generator<'p> {
    /// Reads the beginning, at least one token. Nothing where the model is none of language, or its vocabulary has no token
    /// to write.
    pub fn new(
        predictor: &'p Predictor,
        beginning: &[u32],
        temperature: f64,
        seed: u64,
    ) -> Result<Option<Self>, LowerError> {
        let Target::Next(field) = &predictor.model.target else { return Ok(None) };
        if predictor.vocabularies.get(field).is_none_or(|vocabulary| vocabulary.len() <= UNK as usize + 1) {
            return Ok(None);
        }
        let (random, states) = (Random::new(seed, &[PURPOSE]), States::default());
        let mut generator = Self { predictor, field, states, scores: Vec::new(), random, temperature };
        generator.read(beginning)?;
        Ok(Some(generator))
    }

    /// The next token, which the one after it follows. Padding and the entry of unknown tokens are never drawn.
    pub fn token(&mut self) -> Result<u32, LowerError> {
        let first = UNK as usize + 1;
        let token = first + draw(&self.scores[first..], self.temperature, &mut self.random);
        self.read(&[token as u32])?;
        Ok(token as u32)
    }

    fn read(&mut self, tokens: &[u32]) -> Result<(), LowerError> {
        let texts = BTreeMap::from([(self.field.to_string(), Tokens::from_texts(&[tokens]))]);
        let network = &self.predictor.network;
        let scores = network.read_on(&[self.predictor.model.logits], &texts, Mode::Evaluate, &mut self.states)?;
        self.scores = to_rows(&scores[0])?.pop().unwrap_or_default();
        Ok(())
    }
}

/// An index with probability `softmax(scores / temperature)`.
fn draw(scores: &[f32], temperature: f64, random: &mut Random) -> usize {
    let likeliest = largest(scores);
    if temperature == 0.0 {
        return likeliest;
    }
    let top = f64::from(scores.get(likeliest).copied().unwrap_or(0.0));
    let weights: Vec<f64> = scores.iter().map(|score| ((f64::from(*score) - top) / temperature).exp()).collect();
    let mut left = random.uniform() * weights.iter().sum::<f64>();
    for (i, weight) in weights.iter().enumerate() {
        left -= weight;
        if left < 0.0 {
            return i;
        }
    }
    likeliest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_as_frequent_as_they_are_probable() {
        let (scores, mut random) = ([1.0f32, 3.0, 2.0], Random::new(1, &[]));
        for temperature in [0.5, 1.0, 2.0] {
            let mut counts = [0.0; 3];
            (0..20_000).for_each(|_| counts[draw(&scores, temperature, &mut random)] += 1.0);
            let total: f64 = scores.iter().map(|score| (f64::from(*score) / temperature).exp()).sum();
            for (count, score) in counts.iter().zip(scores) {
                let expected = (f64::from(score) / temperature).exp() / total;
                assert!((count / 20_000.0 - expected).abs() < 0.01, "{counts:?} at {temperature}");
            }
        }
        assert!((0..100).all(|_| draw(&scores, 0.0, &mut random) == 1));
        assert_eq!(draw(&[1e30, -1e30], 1e-30, &mut random), 0, "no overflow");
    }
}
