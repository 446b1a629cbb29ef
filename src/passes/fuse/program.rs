//! What a fused recurrence runs: a list of stages a step, every operand with its place in memory.
//!
//! It holds plain numbers only. The kernel that runs it stands in `kernels::recurrence`.

use super::step::Weight;
use crate::ir::{BinaryOp, ParameterId, UnaryOp};

/// One cell, compiled.
#[derive(Debug, Clone)]
pub struct Program {
    /// Width of the input of a step.
    pub input: usize,
    /// Whether the backward step reads the input again.
    pub rereads_input: bool,
    /// Whether there is a gradient of the input.
    pub reaches_input: bool,
    /// Width of every state.
    pub states: Vec<usize>,
    /// Widths of the arrays over all steps and examples that hold what the backward step reads and leaves.
    pub tapes: Vec<usize>,
    /// So many of the tapes hold new states, and are written in every mode.
    pub state_tapes: usize,
    /// So many of the tapes are written by the forward step; the others by the backward step.
    pub forward_tapes: usize,
    /// The forward step where no gradient will be asked for.
    pub inference: StepProgram,
    pub forward: StepProgram,
    pub backward: StepProgram,
    /// Weight matrices in the form the stages read, by number.
    pub matrices: Vec<Matrix>,
    pub weight_gradients: Vec<WeightSum>,
    pub vector_gradients: Vec<(ParameterId, Operand)>,
}

/// A weight, or its transpose, to be packed before the steps begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Matrix {
    pub weight: Weight,
    pub transposed: bool,
}

/// The gradient of a weight: `Σ g xᵀ` over all steps and examples.
#[derive(Debug, Clone)]
pub struct WeightSum {
    pub weight: Weight,
    pub g: Operand,
    pub x: Operand,
}

#[derive(Debug, Clone, Default)]
pub struct StepProgram {
    pub stages: Vec<Stage>,
    /// Numbers of an example that live through a step.
    pub block: usize,
    /// Numbers of an example that live through one stage.
    pub local: usize,
}

impl StepProgram {
    /// Whether any operand stands in this array.
    pub fn reads(&self, array: Array) -> bool {
        let is_in = |operand: &Operand| matches!(operand.place, Place::Array { array: place, .. } if place == array);
        self.stages.iter().any(|stage| match stage {
            Stage::Product { from, start, .. } => is_in(from) || start.as_ref().is_some_and(is_in),
            Stage::Elementwise(instructions) => instructions.iter().any(|line| line.from.iter().any(is_in)),
        })
    }
}

#[derive(Debug, Clone)]
pub enum Stage {
    /// `to = start + matrix · from` for every example; the matrix by its number.
    Product { matrix: usize, from: Operand, start: Option<Operand>, to: Operand },
    /// Instructions that treat examples one by one, so that a few rows at a time go through all of them.
    Elementwise(Vec<Instruction>),
}

#[derive(Debug, Clone)]
pub struct Instruction {
    pub op: ElementOp,
    pub to: Operand,
    pub from: Vec<Operand>,
}

/// As in [`super::step::StepOp`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ElementOp {
    Copy,
    Unary(UnaryOp),
    Slope(UnaryOp),
    Binary(BinaryOp),
    MultiplyAdd,
    Sum,
    Max,
    MaxSlope,
    Softmax,
}

/// `start .. start + width` of a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Operand {
    pub place: Place,
    pub start: usize,
    pub width: usize,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Place {
    /// The row of this step, or of the step read before it: where there is none, the state that the scan starts from.
    Array {
        array: Array,
        before: bool,
    },
    /// The gradient of a new state as the step after this one left it, or as this one leaves it for the step before.
    Carried {
        state: usize,
        leaving: bool,
    },
    /// Lives through the step.
    Block,
    /// Lives through the stage.
    Local,
    Parameter(ParameterId),
    Constant(f32),
}

/// An array over all steps and examples, `[T, B, width]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Array {
    /// The scan's input.
    Input,
    /// The first state after every step: the scan's result.
    Result,
    /// The gradient of the result.
    Upstream,
    /// The gradient of the input.
    InputGradient,
    Tape(usize),
}

impl Array {
    /// The state whose values stand in it, if they do: the first is the result, the others are the first tapes.
    pub fn state(self) -> Option<usize> {
        match self {
            Array::Result => Some(0),
            Array::Tape(tape) => Some(tape + 1),
            _ => None,
        }
    }
}
