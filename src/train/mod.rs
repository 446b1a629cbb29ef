//! Training: from a checked program to a folder with a trained model.
//!
//! [`Setup`] reads the data and draws the initial weights, [`run()`] trains, once or with restarts, and [`Watch`] is told. The numeric pieces work on plain
//! slices and numbers: what a parameter starts from ([`initialize()`]), how a step changes it ([`Optimizer`],
//! [`LearningRate`], [`clip`]), when to stop ([`Best`]). Only [`progress`], which is such a watcher,
//! writes to the terminal.

mod checkpoint;
pub mod class_weights;
pub mod clip;
mod error;
mod first_steps;
mod folder;
pub mod inherit;
pub mod initialize;
mod linear_start;
mod memory;
pub mod monitor;
pub mod optimizer;
pub mod progress;
mod record;
mod rehearsal;
pub mod resume;
mod run;
pub mod schedule;
mod setup;
mod sparkline;
pub mod step;
pub mod tensorboard;
mod training;
mod watch;

pub use crate::predictor::Evaluation;
pub use checkpoint::Counted;
pub use class_weights::class_weights;
pub use clip::{clip_factor, clip_values, global_norm};
pub use error::TrainError;
pub use first_steps::FirstSteps;
pub use folder::{RunFolder, standing};
pub use initialize::initialize;
pub use monitor::{Best, BestState, Verdict};
pub use optimizer::Optimizer;
pub use progress::Progress;
pub use record::{EpochRecord, Origin};
pub use rehearsal::{Rehearsal, rehearse};
pub use run::{Begin, Options, Outcome, run};
pub use schedule::{LearningRate, PlateauState};
pub use setup::{Setup, initial_values};
pub use tensorboard::TensorBoard;
pub use watch::{Epoch, Watch};
