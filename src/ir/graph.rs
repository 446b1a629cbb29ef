//! Nodes, their operations and their types.
//!
//! A graph describes one example; the batch is implicit. Nodes stand in evaluation order: inputs come before uses.

use std::fmt;

use super::{Cell, Dim, Parameter, ParameterId, Symbol};
use crate::source::Span;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub usize);
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CellId(pub usize);
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallId(pub usize);

#[derive(Debug, Clone, Default)]
pub struct Graph {
    pub nodes: Vec<Node>,
    pub parameters: Vec<Parameter>,
    pub cells: Vec<Cell>,
    /// Which layer application made which node; `summary` lists those without a parent.
    pub calls: Vec<Call>,
}

impl Graph {
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }

    pub fn parameter(&self, id: ParameterId) -> &Parameter {
        &self.parameters[id.0]
    }

    /// How many children of a node of this tree field the cells read that are folded over it; nothing where all are read.
    pub fn most_children(&self, field: &str) -> Option<usize> {
        let of_field = |node: &&Node| match node.ty.axes.first().and_then(Dim::as_symbol) {
            Some(Symbol::Nodes { field: of, .. }) => &**of == field,
            _ => false,
        };
        let most = |node: &Node| if let Op::Fold { cell } = node.op { self.cells[cell.0].children() } else { None };
        self.nodes.iter().filter(of_field).filter_map(most).min()
    }

    /// The application in the model's body that a layer's application belongs to.
    pub fn outermost(&self, call: CallId) -> CallId {
        std::iter::successors(Some(call), |call| self.calls[call.0].parent).last().unwrap_or(call)
    }

    /// Where the model's body makes a node: the application it belongs to there, and not a place inside of a layer.
    pub fn site(&self, node: &Node) -> Span {
        node.call.map_or(node.span, |call| self.calls[self.outermost(call).0].span)
    }

    pub fn push(&mut self, node: Node) -> NodeId {
        self.nodes.push(node);
        NodeId(self.nodes.len() - 1)
    }
}

/// One value of the model.
#[derive(Debug, Clone)]
pub struct Node {
    pub op: Op,
    pub inputs: Vec<NodeId>,
    pub ty: Type,
    /// The expression that made it.
    pub span: Span,
    pub call: Option<CallId>,
}

/// One application of a layer: `bilstm(128)`.
#[derive(Debug, Clone)]
pub struct Call {
    /// The layer's name in the file.
    pub layer: String,
    /// Dotted path, the prefix of its parameters: `bilstm`, `recurrent_conv.left`.
    pub path: String,
    pub parent: Option<CallId>,
    pub span: Span,
    pub result: Option<NodeId>,
}

/// What an element is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Element {
    Number,
    /// An index into the vocabulary of a text field.
    Token,
}

/// Shape and meaning of a value of one example.
#[derive(Debug, Clone, PartialEq)]
pub struct Type {
    pub element: Element,
    /// Sizes from the outermost axis. Sequence axes (see [`Dim::is_length`]) come first: `[T, F]`, or `[S, T, F]` for a sequence
    /// of sequences. What works along time works on the innermost of them.
    pub axes: Vec<Dim>,
    /// Whether it differs from example to example; a parameter does not.
    pub per_example: bool,
    /// How the features of a sequence were read, where that is known; `final` needs it.
    pub directions: Option<Vec<Segment>>,
}

impl Type {
    /// A value of one example.
    pub fn example(axes: Vec<Dim>) -> Self {
        Self { element: Element::Number, axes, per_example: true, directions: None }
    }

    /// A value all examples share.
    pub fn shared(axes: Vec<Dim>) -> Self {
        Self { per_example: false, ..Self::example(axes) }
    }

    pub fn rank(&self) -> usize {
        self.axes.len()
    }

    pub fn is_sequence(&self) -> bool {
        self.sequence_axes() > 0
    }

    /// How many of its axes, the first ones, are sequences.
    pub fn sequence_axes(&self) -> usize {
        self.axes.iter().take_while(|axis| axis.is_length()).count()
    }

    /// Whether it has one number a step.
    pub fn is_numbers(&self) -> bool {
        self.is_sequence() && self.sequence_axes() == self.rank()
    }

    /// The axes of one step: without the innermost sequence axis.
    pub fn step_axes(&self) -> Vec<Dim> {
        let time = self.sequence_axes().checked_sub(1);
        self.axes.iter().enumerate().filter(|(i, _)| Some(*i) != time).map(|(_, axis)| axis.clone()).collect()
    }

    /// Whether the first axis are the nodes of a tree.
    pub fn is_tree(&self) -> bool {
        self.axes.first().and_then(Dim::as_symbol).is_some_and(Symbol::is_nodes)
    }

    pub fn last_axis(&self) -> Option<&Dim> {
        self.axes.last()
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let axes: Vec<String> = self.axes.iter().map(Dim::to_string).collect();
        match self.element {
            Element::Number => write!(f, "[{}]", axes.join(", ")),
            Element::Token => write!(f, "tokens[{}]", axes.join(", ")),
        }
    }
}

/// A run of neighbouring features that one reading direction made.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment {
    pub width: Dim,
    pub direction: Direction,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    Forward,
    Backward,
    /// Readings of different directions made one value: no step is the end of both.
    Both,
}

/// What a node computes. `F` is the last axis, `T` the innermost sequence axis; another may stand before it.
#[derive(Debug, Clone, PartialEq)]
pub enum Op {
    /// The tokens of a text field, `tokens[T]`, or the vectors of a field of numbers, `[T, F]`.
    Input(String),
    Parameter(ParameterId),
    Constant(f64),
    /// `(table: [V, E], tokens[T]) -> [T, E]`.
    Lookup,
    /// `(table: [V, E], tokens[T], weight: [O, E]) -> [T, O]`, or with a bias `[O]`: a product with looked-up rows, which the
    /// compiler makes of the two.
    ProductOfLookup,
    /// `weight @ x`: `([O, F], [.., F]) -> [.., O]`, or `([F], [.., F]) -> [..]`; with a third input `[O]`, the sum with that.
    Product,
    /// `(tensor: [K, A, B], a: [.., A], b: [.., B]) -> [.., K]`: `aᵀ tensor_k b` for every `k`.
    Bilinear,
    /// Elementwise; a scalar or a shared value may lack leading axes of the other.
    Binary(BinaryOp),
    Unary(UnaryOp),
    /// Over the last axis; over the true steps where that axis is the sequence.
    Softmax,
    /// `[T] -> [T]`: softmax over a memory of so many slots, of which those beyond the sequence are empty and score 0.
    SoftmaxOfSlots {
        slots: usize,
    },
    /// Inverted dropout: in training an element is zeroed with this probability, the rest scaled by `1 / (1 - rate)`.
    Dropout {
        rate: f64,
    },
    /// Joins the last axes.
    Concat,
    /// `start .. start + length` of the last axis.
    Narrow {
        start: Dim,
        length: Dim,
    },
    /// `[T, I] -> [T, H]`, or `([T, E], weight: [I, E], bias: [I]?) -> [T, H]` with a product before it: the first state of the cell after every step, from zero states; `reverse` reads from the last true step to the first.
    Scan {
        cell: CellId,
        reverse: bool,
    },
    /// `[N, I] -> [N, H]`: the first state of a tree cell at every node, children before their parents.
    Fold {
        cell: CellId,
    },
    /// Two scans of one sequence and the joint of their results, `[T, 2H]`: what the compiler makes of a bidirectional layer.
    /// Inputs as of a scan: `(x, those of the forward one but x, those of the backward one but x)`.
    ScanBothWays {
        forward: CellId,
        backward: CellId,
    },
    /// Moves a sequence by `steps` along time, zeros move in: output `t` is input `t - steps`.
    Shift {
        steps: i64,
    },
    /// The value at the last true step.
    Last,
    /// The value at the first step.
    First,
    /// Over the true steps of the sequence axis.
    ReduceTime(Reduction),
    /// Over the last axis; the axis goes.
    ReduceFeatures(Reduction),
    /// `(weights: [T], x: [T, F]) -> [F]`.
    WeightedSum,
    /// `[T, F] -> [T, F]`: every element times what its step and its feature say (Sukhbaatar et al. 2015).
    PositionEncoding,
    /// `(table: [N, F], x: [T, ..]) -> [T, F]`: for every step the row of its distance from the last true one.
    ByDistance,
    /// `(scores, their softmax)`: the softmax, and during a linear start the scores themselves.
    LinearStart,
    /// Inside a cell: the input of this step, `[I]`.
    StepInput,
    /// Inside a cell: state `n` before this step.
    State(usize),
    /// Inside a tree cell: a state of one child (0 is the left one); zeros where there is no such child.
    Child {
        state: usize,
        child: usize,
    },
    /// Inside a tree cell: state `n` of every child. What is computed from it has a value for every child, up to the sum.
    EachChild(usize),
    /// Inside a tree cell: the sum of a value over the children; zeros where there are none.
    SumChildren,
    /// Inside a tree cell: 1 at a leaf, 0 at a node with children.
    Leaf,
}

impl Op {
    /// The state that this reads, of the step before or of a child.
    pub fn state(&self) -> Option<usize> {
        match self {
            Op::State(state) | Op::Child { state, .. } | Op::EachChild(state) => Some(*state),
            _ => None,
        }
    }

    /// Whether a cell gets this from somewhere else than the input of its step: it cannot be computed before.
    pub fn is_recurrent(&self) -> bool {
        self.state().is_some() || *self == Op::Leaf
    }

    /// Whether only a tree cell has this.
    pub fn is_of_trees(&self) -> bool {
        matches!(self, Op::Child { .. } | Op::EachChild(_) | Op::SumChildren | Op::Leaf)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    Add,
    Subtract,
    Multiply,
    Divide,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UnaryOp {
    Negate,
    Tanh,
    Sigmoid,
    Relu,
    Exp,
    Log,
    Sqrt,
    Abs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reduction {
    Max,
    Mean,
    Sum,
}
