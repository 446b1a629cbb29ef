//! Training: the numeric pieces, each on plain slices and numbers.
//!
//! What a parameter starts from ([`initialize()`]), how a step changes it ([`Optimizer`], [`LearningRate`], [`clip`]),
//! what a result is worth ([`Evaluation`]), when to stop ([`Best`]) and what is shown meanwhile ([`Progress`]).
//! None of them knows tensors, files or the graph; only [`progress`] writes, and only to the terminal.

mod checkpoint;
pub mod class_weights;
pub mod clip;
mod error;
pub mod initialize;
pub mod metrics;
pub mod monitor;
pub mod optimizer;
pub mod progress;
mod record;
mod run;
pub mod schedule;
mod setup;
mod table;

pub use class_weights::class_weights;
pub use clip::{clip_factor, global_norm};
pub use error::TrainError;
pub use initialize::initialize;
pub use metrics::{ClassMetrics, Confusion, Evaluation};
pub use monitor::{Best, BestState, Verdict};
pub use optimizer::Optimizer;
pub use progress::{EpochLine, Progress};
pub use record::{EpochRecord, Origin};
pub use run::{Outcome, run};
pub use schedule::{LearningRate, PlateauState};
pub use setup::Setup;
