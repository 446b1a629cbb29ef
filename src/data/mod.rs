//! Data files → token ids in batches.
//!
//! Opens only the files it is given, streams them once, keeps ids and never the texts. It knows nothing of tensors.

mod answers;
mod babi;
mod batch;
mod csv;
mod dataset;
mod error;
mod header;
mod json_lines;
mod labels;
mod lines;
mod near;
mod noise;
mod pass;
mod ptb;
pub mod read;
mod recall;
mod series;
mod split;
mod streams;
pub mod synthetic;
mod text;
mod tokenize;
pub mod tree;
mod tsv;
pub mod vectors;
mod vocabulary;

pub use answers::{Answers, Expected, IGNORED};
pub use batch::{Batch, Order, Sentences, Tokens, batches};
pub use dataset::Dataset;
pub use error::{About, DataError};
pub use header::columns;
pub use labels::Labels;
pub use lines::sha256_of_file;
pub use near::near;
pub use pass::Pass;
pub use recall::Said;
pub use series::Series;
pub use split::{File, Origin, Split, Texts};
pub use streams::Streams;
pub use tokenize::Tokenizer;
pub use vectors::Vectors;
pub use vocabulary::{PAD, UNK, Vocabulary};
