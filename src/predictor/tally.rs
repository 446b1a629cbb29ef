//! Counting how often a model is right, or how far it is off.

use super::{Confusion, Evaluation, Figures, largest};
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
    Tokens { correct: u64, count: u64 },
    Numbers { absolute: f64, count: u64 },
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

    /// Counts a batch of so many examples: one row of scores for each answer.
    pub fn add(&mut self, scores: &[Vec<f32>], expected: &Expected, examples: usize) {
        match (self, expected) {
            (Self::Classes { confusion, roots, .. }, Expected::Classes(classes)) => {
                if let Some((correct, count)) = roots {
                    // The root is the first node of a tree, and rows are ordered by nodes first.
                    let first = Expected::Classes(classes.iter().take(examples).copied().collect());
                    *correct += right(scores, &first) as u64;
                    *count += first.count() as u64;
                }
                for (scores, class) in scores.iter().zip(classes).filter(|(_, class)| **class != IGNORED) {
                    confusion.add(*class as usize, largest(scores));
                }
            }
            (Self::Tokens { correct, count }, expected @ Expected::Classes(_)) => {
                *correct += right(scores, expected) as u64;
                *count += expected.count() as u64;
            }
            (Self::Numbers { absolute, count }, Expected::Numbers(numbers)) => {
                let differences = scores.iter().zip(numbers).map(|(p, e)| f64::from(p[0]) - f64::from(*e));
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
pub fn right(scores: &[Vec<f32>], expected: &Expected) -> usize {
    match expected {
        Expected::Classes(classes) => {
            let asked = scores.iter().zip(classes).filter(|(_, class)| **class != IGNORED);
            asked.filter(|(scores, class)| largest(scores) == **class as usize).count()
        }
        Expected::Numbers(_) => 0,
    }
}
