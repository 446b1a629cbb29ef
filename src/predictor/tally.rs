//! Counting how often a model is right, or how far it is off.

use super::{Confusion, Evaluation, Figures};
use crate::data::{Expected, IGNORED, Labels};
use crate::ir::Target;

/// What has been seen so far of a split.
pub enum Tally {
    Classes {
        confusion: Confusion,
        labels: Vec<String>,
        /// Of trees: how many answers at their roots are right, and how many there are.
        roots: Option<(u64, u64)>,
    },
    Tokens {
        correct: u64,
        count: u64,
    },
    Numbers {
        absolute: f64,
        count: u64,
    },
}

impl Tally {
    /// `trees` says whether the answers are about the nodes of trees.
    pub fn new(target: &Target, labels: Option<&Labels>, trees: bool) -> Self {
        match target {
            Target::Class(_) | Target::Tags { .. } => {
                let labels = labels.map_or(Vec::new(), |labels| labels.names().to_vec());
                Self::Classes { confusion: Confusion::new(labels.len()), labels, roots: trees.then_some((0, 0)) }
            }
            Target::Next(_) => Self::Tokens { correct: 0, count: 0 },
            Target::Number(_) => Self::Numbers { absolute: 0.0, count: 0 },
        }
    }

    /// Counts a batch of so many examples.
    pub fn add(&mut self, predicted: &Expected, expected: &Expected, examples: usize) {
        match (self, predicted, expected) {
            (Self::Classes { confusion, roots, .. }, Expected::Classes(predicted), Expected::Classes(classes)) => {
                if let Some((correct, count)) = roots {
                    // The root is the first node of a tree, and rows are ordered by nodes first.
                    let asked = predicted.iter().zip(classes).take(examples).filter(|(_, class)| **class != IGNORED);
                    *count += asked.clone().count() as u64;
                    *correct += asked.filter(|(predicted, class)| predicted == class).count() as u64;
                }
                for (predicted, class) in predicted.iter().zip(classes).filter(|(_, class)| **class != IGNORED) {
                    confusion.add(*class as usize, *predicted as usize);
                }
            }
            (Self::Tokens { correct, count }, predicted, expected) => {
                *correct += right(predicted, expected) as u64;
                *count += expected.count() as u64;
            }
            (Self::Numbers { absolute, count }, Expected::Numbers(predicted), Expected::Numbers(numbers)) => {
                let differences = predicted.iter().zip(numbers).map(|(p, e)| f64::from(*p) - f64::from(*e));
                *absolute += differences.map(f64::abs).sum::<f64>();
                *count += numbers.len() as u64;
            }
            _ => {}
        }
    }

    /// The figures, with the mean loss.
    pub fn evaluation(self, loss: f64) -> Evaluation {
        let share = |part: f64, whole: u64| if whole == 0 { 0.0 } else { part / whole as f64 };
        match self {
            Self::Classes { confusion, labels, roots } => {
                let evaluation = Evaluation::new(loss, &confusion, &labels);
                match roots {
                    Some(roots) => evaluation.with_roots(roots),
                    None => evaluation,
                }
            }
            Self::Tokens { correct, count } => {
                let figures =
                    Figures::Tokens { accuracy: share(correct as f64, count), perplexity: loss.exp(), tokens: count };
                Evaluation { loss, figures }
            }
            Self::Numbers { absolute, count } => {
                let figures = Figures::Numbers { mean_absolute_error: share(absolute, count), examples: count };
                Evaluation { loss, figures }
            }
        }
    }
}

/// How many answers a model has right; none where they are numbers.
pub fn right(predicted: &Expected, expected: &Expected) -> usize {
    match (predicted, expected) {
        // No model says `IGNORED`.
        (Expected::Classes(predicted), Expected::Classes(classes)) => {
            predicted.iter().zip(classes).filter(|(predicted, class)| predicted == class).count()
        }
        _ => 0,
    }
}
