//! What a user sees, tested from outside.

mod layer_tables;
mod layers;
mod network;
mod padding;
