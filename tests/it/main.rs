//! What a user sees, tested from outside.

mod docs;
mod tidy;
