//! What a model is worth: confusion counts and the figures drawn from them, by scikit-learn's definitions.
//!
//! How they are printed is in `table.rs`, as the `Display` of [`Evaluation`].

use serde::{Deserialize, Serialize};

/// How often each class was taken for each: row the true class, column the predicted one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confusion {
    counts: Vec<Vec<u64>>,
}

/// One evaluation of a model on one set of examples; what `eval --format json` prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Mean loss an answer.
    pub loss: f64,
    #[serde(flatten)]
    pub figures: Figures,
}

/// What there is to say besides the loss, by what the model is asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Figures {
    /// One of some classes.
    Classes {
        /// Share of answers whose class is predicted, 0 to 1.
        accuracy: f64,
        /// Mean of the classes' F1, each class counting alike.
        macro_f1: f64,
        /// Of trees: the accuracy at their roots alone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        root_accuracy: Option<f64>,
        classes: Vec<ClassMetrics>,
        /// Row the true class, column the predicted one, in the order of `labels`.
        confusion: Vec<Vec<u64>>,
        labels: Vec<String>,
    },
    /// The next token.
    Tokens {
        accuracy: f64,
        /// `exp(loss)`.
        perplexity: f64,
        tokens: u64,
    },
    /// A number.
    Numbers { mean_absolute_error: f64, examples: u64 },
}

/// Figures of one class, 0 to 1; 0 where undefined.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassMetrics {
    pub label: String,
    /// Of the examples predicted to be in the class, the share that is.
    pub precision: f64,
    /// Of the examples in the class, the share predicted to be.
    pub recall: f64,
    /// Harmonic mean of both.
    pub f1: f64,
    /// Examples in the class.
    pub support: u64,
}

impl Confusion {
    pub fn new(classes: usize) -> Self {
        Self { counts: vec![vec![0; classes]; classes] }
    }

    /// Counts one example. Both are class indices, below the number of classes.
    pub fn add(&mut self, target: usize, predicted: usize) {
        self.counts[target][predicted] += 1;
    }

    pub fn counts(&self) -> &[Vec<u64>] {
        &self.counts
    }

    /// Examples counted.
    pub fn total(&self) -> u64 {
        self.counts.iter().flatten().sum()
    }

    /// Share of examples on the diagonal; 0 without examples.
    pub fn accuracy(&self) -> f64 {
        ratio((0..self.counts.len()).map(|class| self.counts[class][class]).sum(), self.total())
    }

    /// Mean F1 over all classes, those without examples included (`f1_score(average="macro", zero_division=0)`).
    pub fn macro_f1(&self) -> f64 {
        let classes = self.counts.len();
        (0..classes).map(|class| self.f1(class)).sum::<f64>() / classes.max(1) as f64
    }

    pub fn precision(&self, class: usize) -> f64 {
        ratio(self.counts[class][class], self.predicted(class))
    }

    pub fn recall(&self, class: usize) -> f64 {
        ratio(self.counts[class][class], self.support(class))
    }

    pub fn f1(&self, class: usize) -> f64 {
        ratio(2 * self.counts[class][class], self.support(class) + self.predicted(class))
    }

    /// Examples in the class.
    pub fn support(&self, class: usize) -> u64 {
        self.counts[class].iter().sum()
    }

    fn predicted(&self, class: usize) -> u64 {
        self.counts.iter().map(|row| row[class]).sum()
    }
}

fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

impl Evaluation {
    /// `labels` are the names of the classes, in their order.
    pub fn new(loss: f64, confusion: &Confusion, labels: &[String]) -> Self {
        let class = |(class, label): (usize, &String)| ClassMetrics {
            label: label.clone(),
            precision: confusion.precision(class),
            recall: confusion.recall(class),
            f1: confusion.f1(class),
            support: confusion.support(class),
        };
        Self {
            loss,
            figures: Figures::Classes {
                accuracy: confusion.accuracy(),
                macro_f1: confusion.macro_f1(),
                root_accuracy: None,
                classes: labels.iter().enumerate().map(class).collect(),
                confusion: confusion.counts.clone(),
                labels: labels.to_vec(),
            },
        }
    }

    /// Share of answers that are right, where answers are right or wrong.
    pub fn accuracy(&self) -> Option<f64> {
        match self.figures {
            Figures::Classes { accuracy, .. } | Figures::Tokens { accuracy, .. } => Some(accuracy),
            Figures::Numbers { .. } => None,
        }
    }

    pub fn macro_f1(&self) -> Option<f64> {
        if let Figures::Classes { macro_f1, .. } = self.figures { Some(macro_f1) } else { None }
    }

    pub fn root_accuracy(&self) -> Option<f64> {
        if let Figures::Classes { root_accuracy, .. } = self.figures { root_accuracy } else { None }
    }

    /// The same with what was seen at the roots of trees: how many answers, and how many of them right.
    pub fn with_roots(mut self, (correct, count): (u64, u64)) -> Self {
        if let Figures::Classes { root_accuracy, .. } = &mut self.figures {
            *root_accuracy = Some(ratio(correct, count));
        }
        self
    }

    pub fn perplexity(&self) -> Option<f64> {
        if let Figures::Tokens { perplexity, .. } = self.figures { Some(perplexity) } else { None }
    }

    pub fn mean_absolute_error(&self) -> Option<f64> {
        if let Figures::Numbers { mean_absolute_error, .. } = self.figures { Some(mean_absolute_error) } else { None }
    }

    /// The figures in one line.
    pub fn line(&self) -> String {
        let loss = self.loss;
        match &self.figures {
            Figures::Classes { accuracy, macro_f1, root_accuracy, .. } => {
                let root = root_accuracy.map_or(String::new(), |root| format!("  at the root {:.2}%", 100.0 * root));
                format!("loss {loss:.3}  accuracy {:.2}%{root}  macro F1 {:.2}%", 100.0 * accuracy, 100.0 * macro_f1)
            }
            Figures::Tokens { accuracy, perplexity, .. } => {
                format!("loss {loss:.3}  perplexity {perplexity:.2}  accuracy {:.2}%", 100.0 * accuracy)
            }
            Figures::Numbers { mean_absolute_error, .. } => {
                format!("loss {loss:.6}  mean absolute error {mean_absolute_error:.4}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn confusion(pairs: &[(usize, usize)], classes: usize) -> Confusion {
        let mut confusion = Confusion::new(classes);
        pairs.iter().for_each(|(target, predicted)| confusion.add(*target, *predicted));
        confusion
    }

    /// The example of scikit-learn's `classification_report` documentation:
    /// `y_true = [0, 1, 2, 2, 2]`, `y_pred = [0, 0, 2, 2, 1]`.
    #[test]
    fn figures_are_scikit_learns() {
        let seen = confusion(&[(0, 0), (1, 0), (2, 2), (2, 2), (2, 1)], 3);
        let round = |value: f64| (value * 100.0).round() / 100.0;
        let figures = |class| [seen.precision(class), seen.recall(class), seen.f1(class)].map(round);
        assert_eq!(figures(0), [0.5, 1.0, 0.67]);
        assert_eq!(figures(1), [0.0, 0.0, 0.0]);
        assert_eq!(figures(2), [1.0, 0.67, 0.8]);
        assert_eq!((0..3).map(|class| seen.support(class)).collect::<Vec<_>>(), [1, 1, 3]);
        assert_eq!((seen.accuracy(), round(seen.macro_f1())), (0.6, 0.49));
    }

    #[test]
    fn a_class_nobody_has_counts_as_zero() {
        let seen = confusion(&[(0, 0), (0, 0)], 2);
        assert_eq!((seen.accuracy(), seen.macro_f1()), (1.0, 0.5));
        let nothing = Confusion::new(2);
        assert_eq!((nothing.accuracy(), nothing.macro_f1()), (0.0, 0.0));
    }

    #[test]
    fn json_has_the_public_names() {
        let labels = ["no".to_string(), "yes".to_string()];
        let evaluation = Evaluation::new(0.25, &confusion(&[(0, 0), (1, 1)], 2), &labels);
        let json = serde_json::to_string(&evaluation).unwrap();
        assert_eq!(
            json,
            r#"{"loss":0.25,"accuracy":1.0,"macro_f1":1.0,"classes":[{"label":"no","precision":1.0,"recall":1.0,"f1":1.0,"support":1},{"label":"yes","precision":1.0,"recall":1.0,"f1":1.0,"support":1}],"confusion":[[1,0],[0,1]],"labels":["no","yes"]}"#
        );
        assert_eq!(serde_json::from_str::<Evaluation>(&json).unwrap(), evaluation);
    }
}
