//! What a `train { … }` block says, defaults filled in.

use crate::source::Span;

#[derive(Debug, Clone, PartialEq)]
pub struct Train {
    pub optimizer: Optimizer,
    /// Rows of an embedding that a step does not read keep value and state, whatever the optimizer says.
    pub sparse: bool,
    /// Learning rate at step 0, before the schedule.
    pub learning_rate: f64,
    pub schedule: Schedule,
    /// Steps over which the learning rate rises linearly from 0 to its value, before the schedule takes over.
    pub warmup_steps: usize,
    pub batch_size: usize,
    /// A language model reads its text in pieces of so many steps, and keeps its states from one to the next: truncated
    /// backpropagation through time.
    pub bptt: Option<usize>,
    pub epochs: usize,
    pub clip: Option<Clip>,
    /// Stop after so many epochs without a better `monitor`.
    pub patience: Option<usize>,
    /// What decides the best epoch. Without validation data the training loss does.
    pub monitor: Metric,
    pub label_smoothing: f64,
    pub class_weights: ClassWeights,
    /// Trainings with seeds from `seed` on, of which the best is kept.
    pub restarts: usize,
    pub seed: u64,
    /// The block, or the whole file where there is none.
    pub span: Span,
    /// Where the file says the learning rate, for the message about a diverging loss.
    pub learning_rate_span: Option<Span>,
}

/// How gradients are limited.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Clip {
    /// All are scaled down where their global L2 norm exceeds this.
    Norm(f64),
    /// Each number is moved to where its size is at most this.
    Value(f64),
}

/// Update rules with PyTorch's definitions and defaults. `weight_decay` is L2 added to the gradient, but decoupled in AdamW.
#[derive(Debug, Clone, PartialEq)]
pub enum Optimizer {
    Sgd { momentum: f64, nesterov: bool, weight_decay: f64 },
    Adam { betas: (f64, f64), eps: f64, weight_decay: f64 },
    AdamW { betas: (f64, f64), eps: f64, weight_decay: f64 },
    Adagrad { eps: f64, weight_decay: f64 },
    Adadelta { rho: f64, eps: f64, weight_decay: f64 },
    RmsProp { alpha: f64, eps: f64, momentum: f64, weight_decay: f64 },
}

/// How the learning rate changes, with PyTorch's formulas. Epochs count from 0.
#[derive(Debug, Clone, PartialEq)]
pub enum Schedule {
    Constant,
    /// Times `gamma` every `step_size` epochs.
    Step {
        step_size: usize,
        gamma: f64,
    },
    /// Half a cosine from the learning rate down to `min_lr` over the whole training, step by step.
    Cosine {
        min_lr: f64,
    },
    /// Times `factor` after more than `patience` epochs without a better `monitor`, never below `min_lr`.
    Plateau {
        factor: f64,
        patience: usize,
        min_lr: f64,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    ValidLoss,
    ValidAccuracy,
    ValidMacroF1,
    /// Of trees: the accuracy at their roots alone.
    ValidRootAccuracy,
    TrainLoss,
}

impl Metric {
    pub const ALL: [Metric; 5] =
        [Metric::ValidLoss, Metric::ValidAccuracy, Metric::ValidMacroF1, Metric::ValidRootAccuracy, Metric::TrainLoss];

    /// As written in a file and in `metrics.jsonl`.
    pub fn name(self) -> &'static str {
        match self {
            Metric::ValidLoss => "valid_loss",
            Metric::ValidAccuracy => "valid_accuracy",
            Metric::ValidMacroF1 => "valid_macro_f1",
            Metric::ValidRootAccuracy => "valid_root_accuracy",
            Metric::TrainLoss => "train_loss",
        }
    }

    /// Whether it is a share, from 0 to 1.
    pub fn is_share(self) -> bool {
        !matches!(self, Metric::ValidLoss | Metric::TrainLoss)
    }

    /// Whether `value` is better than `best`.
    pub fn improves(self, value: f64, best: f64) -> bool {
        match self {
            Metric::ValidLoss | Metric::TrainLoss => value < best,
            Metric::ValidAccuracy | Metric::ValidMacroF1 | Metric::ValidRootAccuracy => value > best,
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub enum ClassWeights {
    /// Every class counts alike.
    None,
    /// `rows / (classes * rows of the class)`.
    Balanced,
    /// One weight a class, by label.
    Given(Vec<(String, f64)>),
}
