//! The typed graph between the checker and every back end: shapes proved, names resolved, spans kept.
//!
//! It knows neither pest nor candle. One [`Program`] is one checked `.rnn` file with its imports.

mod cell;
mod cost;
mod data;
mod dim;
mod graph;
mod parameter;
mod recurrences;
mod setting;
mod synthetic;
mod target;
mod train;

pub use cell::{Cell, State};
pub use cost::Cost;
pub use data::{Data, Field, FieldKind, Format, Grouping, Path, Sentences, Text, TextKind, Windows};
pub use dim::{Dim, Symbol};
pub use graph::{
    BinaryOp, Call, CallId, CellId, Direction, Element, Graph, Node, NodeId, Op, Reduction, Segment, Type, UnaryOp,
};
pub use parameter::{Initializer, Parameter, ParameterId, Pretrained};
pub use recurrences::recurrences;
pub use setting::Setting;
pub use synthetic::{Synthetic, Task};
pub use target::Target;
pub use train::{ClassWeights, Clip, Metric, Optimizer, Schedule, Train};

/// One checked experiment.
#[derive(Debug, Clone)]
pub struct Program {
    /// The language edition the file states, or the newest.
    pub edition: u32,
    /// Absent in a file that only declares layers, cells or a model with stated types.
    pub data: Option<Data>,
    pub model: Option<Model>,
    /// What `train { … }` says, defaults filled in.
    pub train: Train,
    /// What both blocks say, setting by setting, for whoever compares or records them.
    pub settings: Vec<Setting>,
}

/// The model of a file: its graph, from the fields it reads to what is compared with the target.
#[derive(Debug, Clone)]
pub struct Model {
    pub name: String,
    /// The `///` text above it.
    pub docs: String,
    /// The fields it reads, in parameter order.
    pub inputs: Vec<String>,
    /// What the result is compared with.
    pub target: Target,
    pub graph: Graph,
    /// The result, of the target's shape. Probabilities where the model ends in `softmax`.
    pub output: NodeId,
    /// The scores before the final softmax; the same as `output` where the model has none.
    pub logits: NodeId,
}

impl Model {
    /// How many numbers a step of a field has that is read as numbers; nothing where it is a text.
    pub fn width(&self, field: &str) -> Option<usize> {
        let input = |node: &&Node| matches!(&node.op, Op::Input(own) if own == field);
        let ty = &self.graph.nodes.iter().find(input)?.ty;
        let width = ty.last_axis().filter(|_| ty.element == Element::Number)?;
        width.as_constant().and_then(|width| usize::try_from(width).ok())
    }
}
