//! Pictures of models, as text: SVG that stands by itself in a page, light or dark.
//!
//! It knows the graph, not what computes it, and opens no file.

mod figure;

pub use figure::figure;
