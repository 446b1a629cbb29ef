//! Rewritings of the graph that every back end can use: IR in, IR out, no tensors.

mod bind;
#[cfg(test)]
pub(crate) mod builder;
mod hoist;

pub use bind::{Unbound, bind};
pub use hoist::{Hoisted, hoist};
