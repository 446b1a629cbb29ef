//! How gradients fare on their way back through time: the norm of ∂loss/∂h after every step of every recurrence.
//!
//! The loss is that of an example's last answer, dropout is off, the weights stay as they are. Charts are drawn elsewhere.

mod answers;
mod curve;
mod finding;

pub use answers::Reading;
pub use curve::{Curve, curves};
pub use finding::{Finding, THRESHOLD};
