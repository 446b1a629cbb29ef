//! Trained tensors: name, shape and how they start.

use super::{CallId, Dim};
use crate::source::Span;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ParameterId(pub usize);

#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Name in `model.safetensors`: `bilstm.weight_ih_l0_reverse`.
    pub name: String,
    pub shape: Vec<Dim>,
    pub initializer: Initializer,
    pub trainable: bool,
    /// Rows that come from a file of word vectors; the others start by `initializer`.
    pub pretrained: Option<Pretrained>,
    /// Its declaration.
    pub span: Span,
    pub call: Option<CallId>,
}

/// How a parameter starts. Fan-in is the last axis, fan-out the first. Names and formulas are PyTorch's `nn.init`.
#[derive(Debug, Clone, PartialEq)]
pub enum Initializer {
    Zeros,
    Ones,
    Constant(f64),
    /// `U(low, high)`.
    Uniform {
        low: f64,
        high: f64,
    },
    /// `U(-1/sqrt(dim), 1/sqrt(dim))`: PyTorch's default of a linear layer (`dim` its input) and of a recurrent one (`dim` its hidden size).
    UniformFan(Dim),
    /// `N(mean, std²)`.
    Normal {
        mean: f64,
        std: f64,
    },
    XavierUniform,
    XavierNormal,
    /// With ReLU gain, fan-in.
    KaimingUniform,
    KaimingNormal,
    /// Saxe et al. 2014; rows or columns are orthonormal, whichever are fewer.
    Orthogonal,
    /// This number on the diagonal.
    Identity(f64),
    /// Zeros, but `value` in the block `index` of `blocks` equal blocks of the first axis: the forget gate's bias.
    Block {
        blocks: usize,
        index: usize,
        value: f64,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub struct Pretrained {
    /// As written in the file, relative to it.
    pub path: String,
    /// The text field whose vocabulary the rows follow.
    pub field: String,
    /// Where the path is written.
    pub span: Span,
}
