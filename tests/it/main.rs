//! What a user sees: whole files in, diagnostics and numbers out. One module a subject.

mod check;
mod defects;
mod error_pages;
mod fuzz;
