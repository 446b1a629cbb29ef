//! The state of checking one program: the graph under construction and the stack of applications.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Diagnostic, code};
use crate::ir::{Call, CallId, Dim, Direction, Graph, Node, NodeId, Op, Parameter, ParameterId, Segment, Type};
use crate::source::{Sources, Span};
use crate::syntax::ast;

use super::definitions::Definitions;
use super::facts::Facts;
use super::value::{CellValue, Kind, Value};

/// Layer applications of one check. Layers that call each other twice could otherwise double without end.
const MAX_CALLS: usize = 20_000;
/// Definitions inside each other.
const MAX_DEPTH: usize = 24;
/// Expressions evaluated in one check: `repeat`s inside each other multiply.
const MAX_STEPS: usize = 300_000;
/// Expressions being evaluated inside each other, through all definitions: what the stack is sure to hold.
const MAX_EVALUATION_DEPTH: usize = 256;
/// The number of the graph that is the model itself.
pub const MODEL_GRAPH: usize = 0;
/// Findings kept; nobody reads more.
pub const MAX_FINDINGS: usize = 200;

pub struct Checker<'s> {
    pub sources: &'s Sources,
    pub definitions: &'s Definitions,
    pub diagnostics: Vec<Diagnostic>,
    /// The graph, or the cell whose equations are being read.
    pub nodes: Vec<Node>,
    pub parameters: Vec<Parameter>,
    pub cells: Vec<crate::ir::Cell>,
    pub calls: Vec<Call>,
    pub parameter_names: BTreeMap<String, ParameterId>,
    /// Definitions whose own check found errors: using one is not reported again.
    pub broken: BTreeSet<(String, bool)>,
    /// Why a node has the shape it has, where a layer's result says so.
    pub origins: BTreeMap<(usize, usize), Origin>,
    /// [`MODEL_GRAPH`] for the graph; each cell under construction has a number of its own, so that nodes are not mixed up.
    pub graph: usize,
    pub graphs: usize,
    pub frames: Vec<Frame>,
    /// Names that text which could not be parsed may define: not to know them is no further error.
    pub lost: BTreeSet<String>,
    /// Whether an imported file could not be read: a name that resembles no known one may be defined there.
    pub incomplete: bool,
    /// Named values of the files, which the library does not see.
    pub constants: BTreeMap<String, Binding>,
    /// Names of the data's class fields → their number of classes.
    pub class_fields: BTreeMap<String, Dim>,
    /// What stands in place of every cell that the model scans.
    pub replacement: Option<CellValue>,
    /// Names of the data's fields → the fields whose vocabularies they use.
    pub vocabularies: BTreeMap<String, String>,
    /// For editors.
    pub facts: Facts,
    /// Spent so far of [`MAX_CALLS`] and [`MAX_STEPS`].
    calls_made: usize,
    steps: usize,
    evaluation_depth: usize,
    limit_reported: bool,
}

/// Where a value came from, as a label: "`bilstm` gives [T, 2*H] with H = 128".
#[derive(Debug, Clone)]
pub struct Origin {
    pub span: Span,
    pub text: String,
}

/// One application of a definition: its names and where its parameters go.
#[derive(Debug, Default)]
pub struct Frame {
    /// Name of the definition, for messages.
    pub name: String,
    /// Whether names resolve in the library only.
    pub library: bool,
    /// Whether the definition is checked on its own, with settings that have no values.
    pub generic: bool,
    /// Prefix of its parameters; empty for the model.
    pub path: String,
    /// Name for the only layer in the `let` being evaluated.
    pub let_name: Option<String>,
    /// How often each name was used under this path.
    pub counts: BTreeMap<String, usize>,
    /// Turn of the `repeat` around, for `_l{turn}`.
    pub turn: usize,
    /// The sequence axis around an input that a layer of `[T, I]` reads sequence by sequence: of `[S, T, I]` it is `S`.
    pub outer: Option<Dim>,
    /// Which scans have taken the plain names.
    pub scans: BTreeSet<(usize, bool)>,
    /// Where it is applied; none for a model or a definition checked on its own.
    pub site: Option<Span>,
    pub call: Option<CallId>,
    /// Innermost last.
    pub scopes: Vec<BTreeMap<String, Binding>>,
    /// Declared by `param`, made when first used.
    pub pending: BTreeMap<String, Pending>,
    /// Inside a cell: `_l0_reverse` and the like.
    pub suffix: Option<String>,
    /// Sizes that a `where` declares divisible, while the definition is checked on its own: `H % 2 == 0`.
    pub multiples: BTreeMap<String, i64>,
    /// Whether these are the equations of a tree cell, and whether inside a sum over the children.
    pub tree: bool,
    pub each_child: bool,
    /// Width that a parameter without an initializer takes as its fan.
    pub fan: Option<Dim>,
}

#[derive(Debug, Clone)]
pub struct Binding {
    pub value: Value,
    pub span: Span,
}

/// A `param` that nothing has used yet.
#[derive(Debug, Clone)]
pub struct Pending {
    pub declaration: ast::Param,
    pub shape: Vec<Dim>,
}

impl<'s> Checker<'s> {
    pub fn new(sources: &'s Sources, definitions: &'s Definitions) -> Self {
        Self {
            sources,
            definitions,
            diagnostics: Vec::new(),
            nodes: Vec::new(),
            parameters: Vec::new(),
            cells: Vec::new(),
            calls: Vec::new(),
            parameter_names: BTreeMap::new(),
            broken: BTreeSet::new(),
            origins: BTreeMap::new(),
            graph: MODEL_GRAPH,
            graphs: 0,
            frames: Vec::new(),
            lost: BTreeSet::new(),
            incomplete: false,
            constants: BTreeMap::new(),
            class_fields: BTreeMap::new(),
            replacement: None,
            vocabularies: BTreeMap::new(),
            facts: Facts::default(),
            calls_made: 0,
            steps: 0,
            evaluation_depth: 0,
            limit_reported: false,
        }
    }

    /// Clears what a definition's own check built: it belongs to no model.
    pub fn forget_graph(&mut self) {
        let graph = self.take_graph();
        self.facts.graphs.push(graph);
        self.parameter_names.clear();
        self.origins.clear();
    }

    /// The graph as far as it has been built.
    pub fn take_graph(&mut self) -> Graph {
        Graph {
            nodes: std::mem::take(&mut self.nodes),
            parameters: std::mem::take(&mut self.parameters),
            cells: std::mem::take(&mut self.cells),
            calls: std::mem::take(&mut self.calls),
        }
    }

    pub fn frame(&mut self) -> &mut Frame {
        self.frames.last_mut().expect("something is being evaluated, so there is a frame")
    }

    pub fn current(&self) -> &Frame {
        self.frames.last().expect("something is being evaluated, so there is a frame")
    }

    /// Whether names without values are about: a definition checked on its own.
    pub fn generic(&self) -> bool {
        self.frames.iter().any(|frame| frame.generic)
    }

    pub fn ty(&self, node: NodeId) -> &Type {
        &self.nodes[node.0].ty
    }

    pub fn push(&mut self, op: Op, inputs: Vec<NodeId>, ty: Type, span: Span) -> NodeId {
        let call = self.frames.last().and_then(|frame| frame.call);
        self.nodes.push(Node { op, inputs, ty, span, call });
        NodeId(self.nodes.len() - 1)
    }

    /// Reports a finding and poisons the value that would have been.
    ///
    /// Inside a definition that is sound by itself, the use is what is wrong: the finding moves to the line
    /// that applies it, with the line inside as a label.
    pub fn report(&mut self, mut diagnostic: Diagnostic) -> Value {
        let site = self.frames.iter().find_map(|frame| frame.site);
        if let Some(site) = site
            && self.frames.first().is_none_or(|frame| frame.site.is_none())
        {
            let name =
                self.frames.iter().find(|frame| frame.site.is_some()).map(|f| f.name.clone()).unwrap_or_default();
            let inside = diagnostic.primary.clone();
            if inside.span != site && !self.within(inside.span, site) {
                let text = if inside.message.is_empty() {
                    format!("inside `{name}`")
                } else {
                    format!("inside `{name}`: {}", inside.message)
                };
                diagnostic.primary =
                    crate::diagnostic::Label { span: site, message: format!("in this use of `{name}`") };
                diagnostic.labels.insert(0, crate::diagnostic::Label { span: inside.span, message: text });
            }
        }
        // How the library is written is no concern of the user's file.
        if !self.is_library(diagnostic.primary.span) {
            diagnostic.labels.retain(|label| !self.is_library(label.span));
        }
        let enough = self.diagnostics.len() >= MAX_FINDINGS;
        let stays = !enough || diagnostic.is_error() && !self.diagnostics.iter().any(Diagnostic::is_error);
        if stays && !self.diagnostics.contains(&diagnostic) {
            self.diagnostics.push(diagnostic);
        }
        Value::Poison
    }

    fn is_library(&self, span: Span) -> bool {
        self.sources.file(span.file).path.starts_with(super::imports::LIBRARY_PREFIX)
    }

    pub fn within(&self, inner: Span, outer: Span) -> bool {
        inner.file == outer.file && inner.start >= outer.start && inner.end <= outer.end
    }

    /// Whether another application may begin; reports once when a limit is passed.
    pub fn may_call(&mut self, span: Span) -> bool {
        self.calls_made += 1;
        if self.frames.len() > MAX_DEPTH {
            let message = format!("layers use each other more than {MAX_DEPTH} deep");
            return self.beyond(code::TOO_DEEP, span, message);
        }
        if self.calls_made > MAX_CALLS {
            return self.beyond(code::TOO_LARGE, span, format!("more than {MAX_CALLS} applications of layers"));
        }
        true
    }

    /// Evaluates one expression more, unless a limit is passed.
    pub fn counted(&mut self, span: Span, work: impl FnOnce(&mut Self) -> Value) -> Value {
        if self.steps > MAX_STEPS {
            self.beyond(code::TOO_LARGE, span, format!("more than {MAX_STEPS} steps of evaluation"));
            return Value::Poison;
        }
        if self.evaluation_depth > MAX_EVALUATION_DEPTH {
            let message = format!("expressions use each other more than {MAX_EVALUATION_DEPTH} deep");
            self.beyond(code::TOO_DEEP, span, message);
            return Value::Poison;
        }
        self.steps += 1;
        self.evaluation_depth += 1;
        let value = work(self);
        self.evaluation_depth -= 1;
        value
    }

    /// Work that grows with the number of names in sight counts too.
    pub fn count_steps(&mut self, steps: usize) {
        self.steps = self.steps.saturating_add(steps);
    }

    fn beyond(&mut self, code: crate::diagnostic::Code, span: Span, message: String) -> bool {
        if !std::mem::replace(&mut self.limit_reported, true) {
            self.report(Diagnostic::new(code, span, message).here("too many by here").help("make the model smaller"));
        }
        false
    }

    pub fn bind(&mut self, name: &str, value: Value, span: Span) {
        self.note_value(span, &value);
        let scope = self.frame().scopes.last_mut().expect("a frame has a scope");
        scope.insert(name.to_string(), Binding { value, span });
    }

    pub fn lookup(&self, name: &str) -> Option<&Binding> {
        let frame = self.current();
        let constants = (!frame.library).then_some(&self.constants);
        frame.scopes.iter().rev().chain(constants).find_map(|scope| scope.get(name))
    }

    pub fn within_scope<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        self.frame().scopes.push(BTreeMap::new());
        let result = work(self);
        self.frame().scopes.pop();
        result
    }

    /// A name under this frame's path that no earlier call took: `dense`, `dense_2`, …
    pub fn unique_path(&mut self, name: &str) -> String {
        let frame = self.frame();
        let count = frame.counts.entry(name.to_string()).or_insert(0);
        *count += 1;
        let own = if *count == 1 { name.to_string() } else { format!("{name}_{count}") };
        join(&frame.path, &own)
    }

    /// What a value of unknown content looks like where `kind` is wanted.
    pub fn abstract_value(kind: &Kind) -> Value {
        Value::Abstract(kind.clone())
    }

    /// A type for a value of a definition's own check or after an error: a node nobody evaluates. What is done with
    /// it later is not complained about.
    pub fn placeholder(&mut self, mut ty: Type, span: Span) -> Value {
        if ty.is_sequence() && ty.rank() == ty.sequence_axes() + 1 {
            let width = ty.last_axis().cloned().unwrap_or_default();
            ty.directions = Some(vec![Segment { width, direction: Direction::Forward }]);
        }
        Value::Tensor(self.push(Op::Constant(0.0), Vec::new(), ty, span))
    }

    pub fn note_origin(&mut self, node: NodeId, span: Span, text: String) {
        self.origins.insert((self.graph, node.0), Origin { span, text });
    }

    /// A label for one side of a clash: the value's place, its shape, and why it has it.
    pub fn describe(&self, node: NodeId, used: Span) -> (Span, String) {
        let ty = self.ty(node);
        let mut maker = node;
        loop {
            if let Some(origin) = self.origins.get(&(self.graph, maker.0)) {
                return (origin.span, format!("this is {ty}: {}", origin.text));
            }
            // What keeps a shape did not make it.
            let made = &self.nodes[maker.0];
            match made.inputs.as_slice() {
                [input] if self.ty(*input).axes == ty.axes => maker = *input,
                _ => return (used, format!("this is {ty}")),
            }
        }
    }
}

pub fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_string() } else { format!("{path}.{name}") }
}
