//! What a user sees: whole files in, diagnostics and numbers out. One module a subject.

mod check;
mod cross_entropy;
mod defects;
mod defects_padding;
mod docs;
mod error_pages;
mod experiment;
mod fuzz;
mod initial_values;
mod layer_tables;
mod layers;
mod long;
mod models;
mod network;
mod padding;
mod tidy;
