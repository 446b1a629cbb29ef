//! What a user sees, tested from outside.

mod cross_entropy;
mod defects_padding;
mod docs;
mod experiment;
mod initial_values;
mod layer_tables;
mod layers;
mod long;
mod models;
mod network;
mod padding;
mod tidy;
