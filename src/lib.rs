//! `rnnc`: a compiler and runtime for `.rnn` files, recurrent models of text.
//!
//! A file passes through these rooms, each importing only from rooms above it:
//!
//! 1. [`source`]: texts and spans; [`random`]: numbers by key; [`diagnostic`]: findings and how they are shown
//! 2. [`syntax`]: text → AST, never failing
//! 3. [`ir`]: the typed graph
//! 4. [`check`]: AST → IR; names, settings, shapes, lints
//!    [`difference`]: what differs between two programs
//! 5. [`passes`]: IR → IR; sizes bound, what needs no state moved out of the loop
//! 6. [`data`]: files → token ids in batches
//! 7. [`kernels`], [`lower`]: IR → candle
//!    [`verify`]: a model against itself
//! 8. [`artifact`]: `model.safetensors` with its record
//! 9. [`predictor`]: a trained model in memory: load, evaluate, predict
//! 10. [`preflight`]: data and program together, before the first step
//! 11. [`train`]: loop, optimizers, schedules, checkpoints
//! 12. [`report`]: pictures of models, charts; [`probe`]: gradients on their way back through time
//! 13. [`lsp`]: one file a request of an editor; [`cli`]: one file a command
//!
//! `ARCHITECTURE.md` says why; `tests/it/tidy.rs` holds the code to it.

pub mod artifact;
pub mod check;
pub mod cli;
pub mod data;
pub mod diagnostic;
pub mod difference;
pub mod ir;
pub mod kernels;
pub mod lower;
pub mod lsp;
pub mod passes;
pub mod predictor;
pub mod preflight;
pub mod probe;
pub mod project;
pub mod random;
pub mod report;
pub mod source;
pub mod syntax;
pub mod train;
pub mod verify;
