//! Rewritings of the graph that every back end can use: IR in, IR out, no tensors.

mod bind;
#[cfg(test)]
pub(crate) mod builder;
pub mod fuse;
mod hoist;
mod rearrange;

pub use bind::{Unbound, bind};
pub use fuse::fuse;
pub use hoist::{Hoisted, hoist};
pub use rearrange::rearrange;
