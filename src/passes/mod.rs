//! Rewritings of the graph that every back end can use: IR in, IR out, no tensors.

mod bias;
mod bind;
#[cfg(test)]
pub(crate) mod builder;
mod directions;
pub mod fuse;
mod hoist;
pub mod leaves;
mod lookup;
mod projection;
mod rearrange;

pub use bias::absorb_biases;
pub use bind::{Unbound, bind};
pub use directions::join_directions;
pub use fuse::fuse;
pub use hoist::{Hoisted, hoist};
pub use lookup::absorb_lookups;
pub use projection::absorb_projections;
pub use rearrange::rearrange;
