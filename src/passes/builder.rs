//! Graphs by hand, for tests: types are inferred, parameters get small random values.

use crate::ir::{
    Cell, CellId, Dim, Element, Graph, Initializer, Node, NodeId, Op, Parameter, ParameterId, Symbol, Type,
};
use crate::random::Random;
use crate::source::Span;

/// A graph under construction over one text field, `text`.
pub(crate) struct Builder {
    pub graph: Graph,
    /// The axes of the text: its tokens, or sentences of tokens.
    text: Vec<Dim>,
    /// Of the parameters, row-major.
    pub values: Vec<Vec<f32>>,
    random: Random,
}

/// The length of the text.
pub(crate) fn time() -> Dim {
    Dim::symbol(Symbol::Length { field: "text".into(), name: "T".into() })
}

pub(crate) fn narrow(start: usize, length: usize) -> Op {
    Op::Narrow { start: start.into(), length: length.into() }
}

/// The cell under construction inside [`Builder::cell`].
pub(crate) struct CellBuilder<'a> {
    builder: &'a mut Builder,
    nodes: Vec<Node>,
}

impl Builder {
    pub fn new(seed: u64) -> Self {
        let random = Random::new(seed, &[]);
        Self { graph: Graph::default(), text: vec![time()], values: Vec::new(), random }
    }

    /// The same over texts of sentences.
    pub fn of_documents(seed: u64) -> Self {
        let sentences = Symbol::Sentences { field: "text".into(), name: "S".into() };
        Self { text: vec![Dim::symbol(sentences), time()], ..Self::new(seed) }
    }

    fn declare(&mut self, shape: &[usize]) -> ParameterId {
        let id = ParameterId(self.values.len());
        let values = (0..shape.iter().product()).map(|_| self.random.uniform() as f32 - 0.5).collect();
        self.values.push(values);
        self.graph.parameters.push(Parameter {
            name: format!("p{}", id.0),
            shape: shape.iter().copied().map(Dim::from).collect(),
            initializer: Initializer::Zeros,
            trainable: true,
            pretrained: None,
            span: Span::default(),
            call: None,
        });
        id
    }

    pub fn parameter(&mut self, shape: &[usize]) -> NodeId {
        let id = self.declare(shape);
        self.node(Op::Parameter(id), &[])
    }

    pub fn constant(&mut self, value: f64) -> NodeId {
        self.node(Op::Constant(value), &[])
    }

    pub fn node(&mut self, op: Op, inputs: &[NodeId]) -> NodeId {
        let node = node(op, inputs, &self.graph.nodes, &self.graph);
        self.graph.push(node)
    }

    /// `[T, width]`: the text's tokens in a table of its own.
    pub fn embedding(&mut self, vocabulary: usize, width: usize) -> NodeId {
        let table = self.parameter(&[vocabulary, width]);
        let ty = Type { element: Element::Token, ..Type::example(self.text.clone()) };
        let text = self.graph.push(Node {
            op: Op::Input("text".into()),
            inputs: Vec::new(),
            ty,
            span: Span::default(),
            call: None,
        });
        self.node(Op::Lookup, &[table, text])
    }

    /// `weight @ x + bias`.
    pub fn dense(&mut self, x: NodeId, outputs: usize) -> NodeId {
        let width = self.width(x);
        let (weight, bias) = (self.parameter(&[outputs, width]), self.parameter(&[outputs]));
        let product = self.node(Op::Product, &[weight, x]);
        self.node(Op::Binary(crate::ir::BinaryOp::Add), &[product, bias])
    }

    /// Size of the last axis.
    pub fn width(&self, id: NodeId) -> usize {
        let last = self.graph.node(id).ty.last_axis().and_then(Dim::as_constant);
        last.and_then(|size| size.try_into().ok()).expect("tests use numbers")
    }

    /// A cell over an input of width `input` with states of the given widths; `equations` gives their new values.
    pub fn cell(
        &mut self,
        input: usize,
        states: &[usize],
        equations: impl FnOnce(&mut CellBuilder) -> Vec<NodeId>,
    ) -> CellId {
        let mut cell = CellBuilder { builder: self, nodes: Vec::new() };
        cell.push(Op::StepInput, Type::example(vec![input.into()]));
        for (i, width) in states.iter().enumerate() {
            cell.push(Op::State(i), Type::example(vec![(*width).into()]));
        }
        let next = equations(&mut cell);
        let nodes = cell.nodes;
        let state = |(i, (width, next)): (usize, (&usize, NodeId))| crate::ir::State {
            name: format!("s{i}"),
            size: (*width).into(),
            next,
        };
        let states = states.iter().zip(next).enumerate().map(state).collect();
        let cell =
            Cell { name: "cell".into(), span: Span::default(), input: input.into(), states, nodes, names: Vec::new() };
        self.graph.cells.push(cell);
        CellId(self.graph.cells.len() - 1)
    }

    pub fn scan(&mut self, cell: CellId, reverse: bool, input: NodeId) -> NodeId {
        self.node(Op::Scan { cell, reverse }, &[input])
    }
}

impl CellBuilder<'_> {
    fn push(&mut self, op: Op, ty: Type) -> NodeId {
        self.nodes.push(Node { op, inputs: Vec::new(), ty, span: Span::default(), call: None });
        NodeId(self.nodes.len() - 1)
    }

    pub fn x(&self) -> NodeId {
        NodeId(0)
    }

    pub fn state(&self, i: usize) -> NodeId {
        NodeId(1 + i)
    }

    pub fn parameter(&mut self, shape: &[usize]) -> NodeId {
        let id = self.builder.declare(shape);
        self.node(Op::Parameter(id), &[])
    }

    pub fn node(&mut self, op: Op, inputs: &[NodeId]) -> NodeId {
        self.nodes.push(node(op, inputs, &self.nodes, &self.builder.graph));
        NodeId(self.nodes.len() - 1)
    }

    /// `weight @ x + bias`, both new.
    pub fn dense(&mut self, x: NodeId, inputs: usize, outputs: usize) -> NodeId {
        let weight = self.parameter(&[outputs, inputs]);
        let bias = self.parameter(&[outputs]);
        let product = self.node(Op::Product, &[weight, x]);
        self.node(Op::Binary(crate::ir::BinaryOp::Add), &[product, bias])
    }
}

fn node(op: Op, inputs: &[NodeId], nodes: &[Node], graph: &Graph) -> Node {
    let types: Vec<&Type> = inputs.iter().map(|id| &nodes[id.0].ty).collect();
    let ty = infer(&op, &types, graph);
    Node { op, inputs: inputs.to_vec(), ty, span: Span::default(), call: None }
}

fn infer(op: &Op, inputs: &[&Type], graph: &Graph) -> Type {
    let with_last = |ty: &Type, last: Option<Dim>| {
        let mut ty = ty.clone();
        ty.axes.pop();
        ty.axes.extend(last);
        ty
    };
    match op {
        Op::Parameter(id) => Type::shared(graph.parameter(*id).shape.clone()),
        Op::Constant(_) => Type::shared(Vec::new()),
        Op::Lookup => Type::example([inputs[1].axes.clone(), vec![inputs[0].axes[1].clone()]].concat()),
        Op::Product if inputs[0].per_example => {
            with_last(inputs[usize::from(inputs[1].rank() > inputs[0].rank())], None)
        }
        Op::Product => with_last(inputs[1], (inputs[0].rank() == 2).then(|| inputs[0].axes[0].clone())),
        Op::Binary(_) => {
            let longer = inputs[usize::from(inputs[1].rank() > inputs[0].rank())];
            Type { per_example: inputs.iter().any(|ty| ty.per_example), ..longer.clone() }
        }
        Op::Concat => {
            let total = inputs.iter().filter_map(|ty| ty.last_axis()).fold(Dim::default(), |sum, dim| sum.add(dim));
            with_last(inputs[0], Some(total))
        }
        Op::Narrow { length, .. } => with_last(inputs[0], Some(length.clone())),
        Op::Scan { cell, .. } => with_last(inputs[0], Some(graph.cells[cell.0].states[0].size.clone())),
        Op::Fold { cell } => with_last(inputs[0], Some(graph.cells[cell.0].states[0].size.clone())),
        Op::Bilinear => with_last(inputs[1], Some(inputs[0].axes[0].clone())),
        Op::SumChildren => Type { per_example: true, ..inputs[0].clone() },
        Op::Last | Op::First | Op::ReduceTime(_) => Type::example(inputs[0].step_axes()),
        Op::ReduceFeatures(_) => with_last(inputs[0], None),
        Op::WeightedSum => Type::example(inputs[1].step_axes()),
        Op::PositionEncoding | Op::LinearStart => inputs[0].clone(),
        Op::ByDistance => with_last(inputs[1], inputs[0].axes.last().cloned()),
        Op::Unary(_) | Op::Softmax | Op::SoftmaxOfSlots { .. } | Op::Dropout { .. } | Op::Shift { .. } => {
            inputs[0].clone()
        }
        Op::Input(_) => unreachable!("made elsewhere"),
        Op::ScanBothWays { .. } | Op::ProductOfLookup => unreachable!("made by a pass"),
        Op::StepInput | Op::State(_) | Op::Child { .. } | Op::EachChild(_) | Op::Leaf => {
            unreachable!("made by the cell")
        }
    }
}
