//! What lies behind the figures of an evaluation: how sure a model is and how often that is right, how length matters, and
//! which answers it has wrong while it is sure of them.

use std::collections::BTreeMap;

use super::Predictor;
use super::evaluate::each_batch;
use crate::data::{Batch, Expected, IGNORED, Split};
use crate::ir::Target;
use crate::lower::{LowerError, largest, softmax, to_rows};

const BINS: usize = 10;
/// Mistakes that are kept.
const MISTAKES: usize = 20;
/// Stretches that lengths are parted into, at most.
const STRETCHES: usize = 12;
/// Pairs of numbers that are kept.
const PAIRS: usize = 2000;
/// Tokens of a language model that are looked at: its scores are many.
const TOKENS: u64 = 100_000;

/// What is seen of a model on one split.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Analysis {
    /// Answers that were looked at.
    pub answers: u64,
    /// By how sure the model is, in equal steps from 0 to 1; empty where answers are numbers.
    pub calibration: Vec<Bin>,
    /// By the number of tokens of an example, the shortest first; empty for language models.
    pub lengths: Vec<Stretch>,
    /// The surest first; of numbers the furthest off.
    pub mistakes: Vec<Mistake>,
    /// True and predicted numbers.
    pub numbers: Vec<(f32, f32)>,
}

/// Answers of which the model is about equally sure.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Bin {
    pub count: u64,
    pub right: u64,
    /// The sum of the probabilities of the answers.
    pub confidence: f64,
}

/// Examples of about the same length.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stretch {
    pub shortest: usize,
    pub longest: usize,
    pub answers: u64,
    /// The share of right answers, or the mean absolute error.
    pub figure: f64,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Mistake {
    /// Of the split.
    pub row: usize,
    /// Which of its tokens or nodes, from 0, where each has an answer.
    pub step: Option<usize>,
    pub expected: String,
    pub predicted: String,
    /// The probability of the answer, or how far off a number is.
    pub weight: f64,
}

impl Analysis {
    /// Expected calibration error (Naeini et al. 2015): how far the share of right answers is from the mean probability,
    /// on the mean of all answers.
    pub fn calibration_error(&self) -> f64 {
        let gap = |bin: &Bin| (bin.right as f64 - bin.confidence).abs();
        self.calibration.iter().map(gap).sum::<f64>() / self.answers.max(1) as f64
    }
}

/// Looks at every answer of a model on a split; of a language model at the first hundred thousand.
pub fn analyse(predictor: &Predictor, split: &Split) -> Result<Analysis, LowerError> {
    let target = &predictor.model.target;
    let mut analysis = Analysis::default();
    if target.choices().is_some() {
        analysis.calibration = vec![Bin::default(); BINS];
    }
    // Answers and the sum of their figures, by length.
    let mut lengths: BTreeMap<usize, (u64, f64)> = BTreeMap::new();
    each_batch(predictor, split, |batch, scores| {
        let rows = match target.choices() {
            Some(_) => to_rows(&softmax(scores)?)?,
            None => to_rows(scores)?,
        };
        let mut seen = |row: usize, figure: f64| {
            let (answers, sum) = lengths.entry(split.length(row)).or_default();
            (*answers, *sum) = (*answers + 1, *sum + figure);
        };
        match &batch.expected {
            Expected::Classes(classes) => analysis.classes(predictor, batch, &rows, classes, &mut seen),
            Expected::Numbers(numbers) => analysis.numbers(batch, &rows, numbers, &mut seen),
        }
        analysis.mistakes.sort_by(|a, b| b.weight.total_cmp(&a.weight).then((a.row, a.step).cmp(&(b.row, b.step))));
        analysis.mistakes.truncate(MISTAKES);
        Ok(!matches!(target, Target::Next(_)) || analysis.answers < TOKENS)
    })?;
    if !matches!(target, Target::Next(_)) {
        analysis.lengths = stretches(&lengths);
    }
    Ok(analysis)
}

impl Analysis {
    fn classes(
        &mut self,
        predictor: &Predictor,
        batch: &Batch,
        rows: &[Vec<f32>],
        classes: &[u32],
        seen: &mut dyn FnMut(usize, f64),
    ) {
        let examples = batch.indices.len().max(1);
        let steps = !matches!(predictor.model.target, Target::Class(_));
        for (i, (probabilities, class)) in rows.iter().zip(classes).enumerate().filter(|(_, (_, c))| **c != IGNORED) {
            let predicted = largest(probabilities);
            let confidence = f64::from(probabilities.get(predicted).copied().unwrap_or(0.0));
            let right = predicted == *class as usize;
            self.answers += 1;
            let bin = &mut self.calibration[((confidence * BINS as f64) as usize).min(BINS - 1)];
            *bin = Bin {
                count: bin.count + 1,
                right: bin.right + u64::from(right),
                confidence: bin.confidence + confidence,
            };
            // Answers of a batch are time-major, like its tokens.
            let (Some(row), Some(labels)) = (batch.indices.get(i % examples), &predictor.labels) else { continue };
            seen(*row, f64::from(u8::from(right)));
            if !right {
                let name = |class: u32| labels.name(class).unwrap_or_default().to_string();
                self.mistakes.push(Mistake {
                    row: *row,
                    step: steps.then_some(i / examples),
                    expected: name(*class),
                    predicted: name(predicted as u32),
                    weight: confidence,
                });
            }
        }
    }

    fn numbers(&mut self, batch: &Batch, rows: &[Vec<f32>], numbers: &[f32], seen: &mut dyn FnMut(usize, f64)) {
        for ((row, scores), number) in batch.indices.iter().zip(rows).zip(numbers) {
            let predicted = scores.first().copied().unwrap_or(0.0);
            let error = (f64::from(predicted) - f64::from(*number)).abs();
            self.answers += 1;
            if self.numbers.len() < PAIRS {
                self.numbers.push((*number, predicted));
            }
            seen(*row, error);
            let (expected, predicted) = (format!("{number:.5}"), format!("{predicted:.5}"));
            self.mistakes.push(Mistake { row: *row, step: None, expected, predicted, weight: error });
        }
    }
}

/// Neighbouring lengths together, so that every stretch has about as many answers.
fn stretches(lengths: &BTreeMap<usize, (u64, f64)>) -> Vec<Stretch> {
    let all: u64 = lengths.values().map(|(answers, _)| answers).sum();
    let enough = all.div_ceil(STRETCHES as u64).max(1);
    let mut stretches: Vec<Stretch> = Vec::new();
    for (length, (answers, sum)) in lengths {
        match stretches.last_mut().filter(|last| last.answers < enough) {
            Some(last) => {
                last.longest = *length;
                last.answers += answers;
                last.figure += sum;
            }
            None => stretches.push(Stretch { shortest: *length, longest: *length, answers: *answers, figure: *sum }),
        }
    }
    stretches.iter_mut().for_each(|stretch| stretch.figure /= stretch.answers.max(1) as f64);
    stretches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_hold_every_length_once() {
        let lengths = (1..=100).map(|length| (length, (2, if length > 50 { 2.0 } else { 0.0 }))).collect();
        let stretches = stretches(&lengths);
        assert!(stretches.len() <= STRETCHES && stretches.len() > STRETCHES / 2, "{stretches:?}");
        assert_eq!(stretches.iter().map(|stretch| stretch.answers).sum::<u64>(), 200);
        assert_eq!((stretches[0].shortest, stretches[0].figure), (1, 0.0));
        assert!(stretches.windows(2).all(|pair| pair[0].longest + 1 == pair[1].shortest));
        assert_eq!(stretches.last().map(|last| (last.longest, last.figure)), Some((100, 1.0)));
    }

    #[test]
    fn the_calibration_error_is_the_gap_of_all_answers() {
        let bin = |count, right, confidence| Bin { count, right, confidence };
        let calibration = vec![bin(10, 5, 5.0), bin(10, 7, 9.0)];
        assert_eq!(Analysis { answers: 20, calibration, ..Analysis::default() }.calibration_error(), 0.1);
    }
}
