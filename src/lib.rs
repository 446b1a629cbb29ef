//! `rnnc`: a compiler and runtime for `.rnn` files, recurrent models of text.
//!
//! A file passes through these rooms, each importing only from rooms above it:
//!
//! 1. [`source`]: texts and spans; [`diagnostic`]: findings and how they are shown
//! 2. `syntax`: text → AST, never failing
//! 3. [`ir`]: the typed graph
//! 4. `check`: AST → IR; names, settings, shapes, lints
//! 5. `data`: files → token ids in batches
//! 6. `kernels`, `lower`: IR → candle
//! 7. `artifact`: `model.safetensors` with its record
//! 8. `train`: loop, optimizers, schedules, metrics
//! 9. `cli`: one file a command

pub mod artifact;
pub mod check;
pub mod classifier;
pub mod cli;
pub mod data;
pub mod diagnostic;
pub mod ir;
pub mod kernels;
pub mod lower;
pub mod passes;
pub mod random;
pub mod source;
pub mod syntax;
pub mod train;
