//! The `train` block.

use crate::diagnostic::{Diagnostic, code};
use crate::ir::{ClassWeights, Clip, Data, Metric, Optimizer, Schedule, Train};
use crate::source::Span;
use crate::syntax::ast::{Entry, SettingsBlock};

use super::reader::Reader;
use super::settings::{Checked, Choice, Setting, Takes, Values};

const POSITIVE: Takes = Takes::Float { min: 0.0, open_min: true, max: f64::INFINITY, open_max: true };
const NOT_NEGATIVE: Takes = Takes::Float { min: 0.0, open_min: false, max: f64::INFINITY, open_max: true };
const SHARE: Takes = Takes::Float { min: 0.0, open_min: false, max: 1.0, open_max: true };

const DECAY: Setting =
    Setting { name: "weight_decay", takes: NOT_NEGATIVE, default: "0", about: "The L2 penalty (decoupled in adamw)." };
const DECAY_W: Setting =
    Setting { name: "weight_decay", takes: NOT_NEGATIVE, default: "0.01", about: "Decoupled weight decay." };
const BETAS: Setting =
    Setting { name: "betas", takes: Takes::Betas, default: "[0.9, 0.999]", about: "Decay of the two moving averages." };
const EPS: Setting = Setting { name: "eps", takes: POSITIVE, default: "1e-8", about: "Added to the denominator." };

const SPARSE: Setting = Setting {
    name: "sparse",
    takes: Takes::Bool,
    default: "false",
    about: "Rows of an embedding that a batch does not read stay as they are, instead of moving on by their averages, as in `torch.optim.SparseAdam`.",
};

const fn lr(default: &'static str) -> Setting {
    Setting { name: "lr", takes: POSITIVE, default, about: "The learning rate." }
}

pub const OPTIMIZERS: &[Choice] = &[
    Choice { name: "adam", settings: &[lr("0.001"), BETAS, EPS, DECAY, SPARSE], about: "Kingma & Ba 2015." },
    Choice { name: "adamw", settings: &[lr("0.001"), BETAS, EPS, DECAY_W, SPARSE], about: "Loshchilov & Hutter 2019." },
    Choice {
        name: "sgd",
        settings: &[
            lr("0.01"),
            Setting { name: "momentum", takes: SHARE, default: "0", about: "Decay of the velocity." },
            Setting { name: "nesterov", takes: Takes::Bool, default: "false", about: "Look ahead along the velocity." },
            DECAY,
            SPARSE,
        ],
        about: "Stochastic gradient descent.",
    },
    Choice {
        name: "adagrad",
        settings: &[lr("0.01"), Setting { default: "1e-10", ..EPS }, DECAY, SPARSE],
        about: "Duchi et al. 2011.",
    },
    Choice {
        name: "adadelta",
        settings: &[
            lr("1.0"),
            Setting { name: "rho", takes: SHARE, default: "0.9", about: "Decay of the averages." },
            Setting { default: "1e-6", ..EPS },
            DECAY,
            SPARSE,
        ],
        about: "Zeiler 2012.",
    },
    Choice {
        name: "rmsprop",
        settings: &[
            lr("0.01"),
            Setting { name: "alpha", takes: SHARE, default: "0.99", about: "Decay of the average." },
            EPS,
            Setting { name: "momentum", takes: SHARE, default: "0", about: "Decay of the velocity." },
            DECAY,
            SPARSE,
        ],
        about: "Hinton 2012.",
    },
];

pub const SCHEDULES: &[Choice] = &[
    Choice { name: "constant", settings: &[], about: "The learning rate stays." },
    Choice {
        name: "step",
        settings: &[
            Setting { name: "step_size", takes: Takes::Int { min: 1 }, default: "1", about: "Epochs between drops." },
            Setting {
                name: "gamma",
                takes: Takes::Float { min: 0.0, open_min: true, max: 1.0, open_max: false },
                default: "0.1",
                about: "The factor of a drop.",
            },
        ],
        about: "Times gamma every step_size epochs.",
    },
    Choice {
        name: "cosine",
        settings: &[Setting { name: "min_lr", takes: NOT_NEGATIVE, default: "0", about: "Where it ends." }],
        about: "Half a cosine over the whole training.",
    },
    Choice {
        name: "plateau",
        settings: &[
            Setting {
                name: "factor",
                takes: Takes::Float { min: 0.0, open_min: true, max: 1.0, open_max: true },
                default: "0.1",
                about: "The factor of a drop.",
            },
            Setting {
                name: "patience",
                takes: Takes::Int { min: 0 },
                default: "10",
                about: "Epochs without a better value before a drop.",
            },
            Setting { name: "min_lr", takes: NOT_NEGATIVE, default: "0", about: "Never below this." },
        ],
        about: "A drop when the monitored metric stops improving.",
    },
];

pub const TRAIN: &[Setting] = &[
    Setting {
        name: "optimizer",
        takes: Takes::Call(OPTIMIZERS),
        default: "adam(lr = 0.001)",
        about: "How gradients change the weights.",
    },
    Setting {
        name: "schedule",
        takes: Takes::Call(SCHEDULES),
        default: "constant",
        about: "How the learning rate changes.",
    },
    Setting {
        name: "warmup_steps",
        takes: Takes::Int { min: 0 },
        default: "0",
        about: "Steps over which the learning rate rises from zero.",
    },
    Setting {
        name: "batch_size",
        takes: Takes::Int { min: 1 },
        default: "32",
        about: "Examples a step; with `bptt`, the parts of the text that are read side by side.",
    },
    Setting {
        name: "bptt",
        takes: Takes::Int { min: 1 },
        default: "",
        about: "Steps a language model reads its text on at a time: truncated backpropagation through time.",
    },
    Setting {
        name: "epochs",
        takes: Takes::Int { min: 1 },
        default: "10",
        about: "Passes over the training data at most.",
    },
    Setting { name: "clip_norm", takes: POSITIVE, default: "", about: "The largest global norm of the gradients." },
    Setting {
        name: "clip_value",
        takes: POSITIVE,
        default: "",
        about: "The largest size of a number in the gradients.",
    },
    Setting {
        name: "patience",
        takes: Takes::Int { min: 1 },
        default: "",
        about: "Stop after so many epochs without a better value of `monitor`.",
    },
    Setting {
        name: "monitor",
        takes: Takes::Word(&["valid_loss", "valid_accuracy", "valid_macro_f1", "valid_root_accuracy", "train_loss"]),
        default: "valid_loss",
        about: "What decides the best epoch.",
    },
    Setting {
        name: "label_smoothing",
        takes: SHARE,
        default: "0",
        about: "The share of certainty given to all classes alike.",
    },
    Setting {
        name: "class_weights",
        takes: Takes::ClassWeights,
        default: "none",
        about: "How much each class counts in the loss.",
    },
    Setting {
        name: "restarts",
        takes: Takes::Int { min: 1 },
        default: "1",
        about: "Trainings from different weights, with the seeds from `seed` on; the one with the best `monitor` is kept.",
    },
    Setting { name: "seed", takes: Takes::Int { min: 0 }, default: "1", about: "Where the random numbers start." },
];

/// Reads the block, or gives the defaults where there is none.
pub fn train(block: Option<&SettingsBlock>, data: Option<&Data>, whole: Span, reader: &mut Reader<'_>) -> Train {
    let values = match block {
        Some(block) => {
            for entry in &block.entries {
                if let Entry::Field { name, span, .. } = entry {
                    let message = format!("`{}` declares a field, and fields belong to `data`", name.name);
                    reader.diagnostics.push(
                        Diagnostic::new(code::MISPLACED, *span, message)
                            .here("a field")
                            .help(format!("a setting is written `{} = …`", name.name)),
                    );
                }
            }
            let settings = block.entries.iter().filter_map(|entry| match entry {
                Entry::Setting(setting) => Some((&setting.name, &setting.value)),
                Entry::Field { .. } => None,
            });
            reader.settings(TRAIN, settings, "`train`")
        }
        None => Values::default(),
    };
    let at = block.map_or(whole, |block| block.keyword);
    reader.take_effect("train", TRAIN, &values, at);
    let none = Values::default();
    let (optimizer_name, o) = match values.get("optimizer") {
        Some(Checked::Call(choice, values)) => (choice.name, values),
        _ => ("adam", &none),
    };
    let has_valid = data.is_none_or(Data::has_valid);
    let monitor = match values.get("monitor") {
        Some(Checked::Word(word)) => Metric::ALL.into_iter().find(|m| m.name() == *word).unwrap_or(Metric::ValidLoss),
        _ if has_valid => Metric::ValidLoss,
        _ => Metric::TrainLoss,
    };
    let train = Train {
        optimizer: optimizer(optimizer_name, o),
        sparse: o.bool("sparse", false),
        learning_rate: o.float("lr", default_lr(optimizer_name)),
        schedule: schedule(&values),
        warmup_steps: values.int("warmup_steps", 0),
        batch_size: values.int("batch_size", 32),
        bptt: values.optional_int("bptt"),
        epochs: values.int("epochs", 10),
        clip: match (values.get("clip_norm"), values.get("clip_value")) {
            (Some(Checked::Float(norm)), _) => Some(Clip::Norm(*norm)),
            (_, Some(Checked::Float(value))) => Some(Clip::Value(*value)),
            _ => None,
        },
        patience: values.optional_int("patience"),
        monitor,
        label_smoothing: values.float("label_smoothing", 0.0),
        class_weights: match values.get("class_weights") {
            Some(Checked::Word(_)) => ClassWeights::Balanced,
            Some(Checked::Weights(weights)) => ClassWeights::Given(weights.clone()),
            _ => ClassWeights::None,
        },
        restarts: values.int("restarts", 1),
        seed: values.int("seed", 1) as u64,
        span: at,
        learning_rate_span: o.span("lr").or_else(|| values.span("optimizer")),
    };
    reader.correct("train.monitor", train.monitor.name());
    conflicts(&train, &values, o, has_valid, data, reader);
    train
}

fn default_lr(optimizer: &str) -> f64 {
    match optimizer {
        "sgd" | "adagrad" | "rmsprop" => 0.01,
        "adadelta" => 1.0,
        _ => 0.001,
    }
}

fn optimizer(name: &str, o: &Values) -> Optimizer {
    let weight_decay = o.float("weight_decay", if name == "adamw" { 0.01 } else { 0.0 });
    let betas = match o.get("betas") {
        Some(Checked::Pair(a, b)) => (*a, *b),
        _ => (0.9, 0.999),
    };
    match name {
        "adamw" => Optimizer::AdamW { betas, eps: o.float("eps", 1e-8), weight_decay },
        "sgd" => {
            Optimizer::Sgd { momentum: o.float("momentum", 0.0), nesterov: o.bool("nesterov", false), weight_decay }
        }
        "adagrad" => Optimizer::Adagrad { eps: o.float("eps", 1e-10), weight_decay },
        "adadelta" => Optimizer::Adadelta { rho: o.float("rho", 0.9), eps: o.float("eps", 1e-6), weight_decay },
        "rmsprop" => Optimizer::RmsProp {
            alpha: o.float("alpha", 0.99),
            eps: o.float("eps", 1e-8),
            momentum: o.float("momentum", 0.0),
            weight_decay,
        },
        _ => Optimizer::Adam { betas, eps: o.float("eps", 1e-8), weight_decay },
    }
}

fn schedule(values: &Values) -> Schedule {
    let Some(Checked::Call(choice, s)) = values.get("schedule") else { return Schedule::Constant };
    match choice.name {
        "step" => Schedule::Step { step_size: s.int("step_size", 1), gamma: s.float("gamma", 0.1) },
        "cosine" => Schedule::Cosine { min_lr: s.float("min_lr", 0.0) },
        "plateau" => Schedule::Plateau {
            factor: s.float("factor", 0.1),
            patience: s.int("patience", 10),
            min_lr: s.float("min_lr", 0.0),
        },
        _ => Schedule::Constant,
    }
}

/// Settings that need each other. A setting without effect is an error, not a silence.
fn conflicts(
    train: &Train,
    values: &Values,
    optimizer: &Values,
    has_valid: bool,
    data: Option<&Data>,
    reader: &mut Reader<'_>,
) {
    let data_span = data.map(|data| data.span);
    if let (Optimizer::Sgd { momentum: 0.0, nesterov: true, .. }, Some(span)) =
        (&train.optimizer, optimizer.span("nesterov"))
    {
        let diagnostic =
            Diagnostic::new(code::NO_EFFECT, span, "`nesterov` has no effect without `momentum`").here("has no effect");
        reader.diagnostics.push(diagnostic.help("write `sgd(momentum = 0.9, nesterov = true)`"));
    }
    if let (Some(Clip::Norm(_)), Some(Checked::Float(_)), Some(span)) =
        (train.clip, values.get("clip_value"), values.span("clip_value"))
    {
        let message = "gradients are clipped by `clip_norm` or by `clip_value`, not by both";
        let mut diagnostic = Diagnostic::new(code::NO_EFFECT, span, message).here("has no effect");
        if let Some(norm) = values.span("clip_norm") {
            diagnostic = diagnostic.label(norm, "by their norm here");
        }
        reader.diagnostics.push(diagnostic.help("keep one of the two"));
    }
    if let (true, Some(span)) = (train.sparse && is_sparse(&train.optimizer), optimizer.span("sparse")) {
        let message =
            "`sparse` has no effect here: without momentum and weight decay, rows that are not read stay anyway";
        reader
            .diagnostics
            .push(Diagnostic::new(code::NO_EFFECT, span, message).here("has no effect").help("leave it out"));
    }
    if let (Some(span), false) = (values.span("monitor"), has_valid)
        && train.monitor != Metric::TrainLoss
    {
        let message = format!("`monitor = {}` needs validation data", train.monitor.name());
        let mut diagnostic = Diagnostic::new(code::NO_EFFECT, span, message).here("never measured");
        if let Some(data) = data_span {
            diagnostic = diagnostic.label(data, "no `valid` here");
        }
        reader
            .diagnostics
            .push(diagnostic.help("add `valid = \"valid.tsv\"` to `data`, or write `monitor = train_loss`"));
    }
    if let (Some(span), Some(_), false) = (values.span("patience"), train.patience, has_valid) {
        let mut diagnostic = Diagnostic::new(
            code::PATIENCE_WITHOUT_VALID,
            span,
            "`patience` without validation data watches the training loss",
        )
        .here("stops by the training loss");
        if let Some(data) = data_span {
            diagnostic = diagnostic.label(data, "no `valid` here");
        }
        reader
            .diagnostics
            .push(diagnostic.help("the training loss rarely stops falling: add `valid = \"valid.tsv\"` to `data`"));
    }
    let min_lr = match train.schedule {
        Schedule::Cosine { min_lr } | Schedule::Plateau { min_lr, .. } => min_lr,
        _ => 0.0,
    };
    if min_lr > train.learning_rate
        && let Some(span) = values.span("schedule")
    {
        let message = format!("`min_lr` {min_lr} is above the learning rate {}", train.learning_rate);
        let mut diagnostic = Diagnostic::new(code::OUT_OF_RANGE, span, message).here("ends above where it starts");
        if let Some(lr) = train.learning_rate_span {
            diagnostic = diagnostic.label(lr, "the learning rate");
        }
        reader.diagnostics.push(diagnostic.help("make it smaller than `lr`"));
    }
}

/// Whether a value without a gradient stays where it is.
fn is_sparse(optimizer: &Optimizer) -> bool {
    match optimizer {
        Optimizer::Sgd { momentum, weight_decay, .. } => *momentum == 0.0 && *weight_decay == 0.0,
        Optimizer::Adagrad { weight_decay, .. } => *weight_decay == 0.0,
        _ => false,
    }
}
