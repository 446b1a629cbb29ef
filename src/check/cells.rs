//! Cells: their states and equations, and each one checked on its own.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Diagnostic, code};
use crate::ir::{Node, NodeId, Op, State, Type, UnaryOp};
use crate::source::Span;
use crate::syntax::ast::{self, ExprKind, Statement, TypeKind};

use super::arguments::is_value;
use super::checker::{Checker, Frame};
use super::kinds::kind_of;
use super::value::{Kind, Value};

/// A value whose text is longer has no name.
const LONGEST_NAME: usize = 24;

/// Sizes of the states that the input does not fix, in order of appearance: `H`.
pub fn free_dims(cell: &ast::Cell) -> impl Iterator<Item = &str> {
    let names = |parameter: &'_ ast::Parameter| -> Vec<String> {
        match parameter.ty.as_ref().map(|ty| &ty.kind) {
            Some(TypeKind::Shape { dims, .. }) => dims.iter().flat_map(dim_names).collect(),
            _ => Vec::new(),
        }
    };
    let input: BTreeSet<String> = cell.input.iter().flat_map(names).collect();
    let mut seen = BTreeSet::new();
    cell.states.iter().flat_map(move |state| {
        let fresh: Vec<&str> = match state.ty.as_ref().map(|ty| &ty.kind) {
            Some(TypeKind::Shape { dims, .. }) => dims
                .iter()
                .filter_map(|dim| match &dim.kind {
                    ExprKind::Name(ident) => Some(ident.name.as_str()),
                    _ => None,
                })
                .filter(|name| !input.contains(*name) && seen.insert((*name).to_string()))
                .collect(),
            _ => Vec::new(),
        };
        fresh
    })
}

fn dim_names(expr: &ast::Expr) -> Vec<String> {
    match &expr.kind {
        ExprKind::Name(ident) => vec![ident.name.clone()],
        ExprKind::Binary { left, right, .. } => [dim_names(left), dim_names(right)].concat(),
        _ => Vec::new(),
    }
}

impl Checker<'_> {
    /// The states and equations, everything they name being bound.
    pub fn states(&mut self, cell: &ast::Cell) -> Option<Vec<State>> {
        let mut sizes = Vec::new();
        let library = self.current().library;
        self.frame().tree = self.is_tree_cell(cell, library);
        for (i, state) in cell.states.iter().enumerate() {
            let ty = state.ty.as_ref()?;
            let axes = self.declared_axes(ty, &[])?;
            let [size] = axes.as_slice() else {
                let message = format!(
                    "a state has one axis, and `{}` is declared {}",
                    state.name.name,
                    self.sources.text(ty.span)
                );
                self.report(
                    Diagnostic::new(code::CELL_STATE, ty.span, message).here("not one axis").help("write `[H]`"),
                );
                return None;
            };
            let value = if self.current().tree {
                Value::OfChildren { state: i, size: size.clone() }
            } else {
                Value::Tensor(self.push(Op::State(i), Vec::new(), Type::example(axes.clone()), state.name.span))
            };
            self.bind(&state.name.name, value, state.name.span);
            sizes.push(size.clone());
        }
        self.frame().fan = sizes.first().cloned();
        let mut sound = true;
        let mut next: BTreeMap<&str, (NodeId, Span)> = BTreeMap::new();
        for statement in &cell.body.statements {
            let Statement::Update { name, value, .. } = statement else {
                if !self.statement(statement) {
                    return None;
                }
                continue;
            };
            let Some(index) = cell.states.iter().position(|state| state.name.name == name.name) else {
                let states: Vec<&str> = cell.states.iter().map(|s| s.name.name.as_str()).collect();
                let message = format!("`{}` has no state `{}`", cell.name.name, name.name);
                let list = states.iter().map(|s| format!("`{s}`")).collect::<Vec<_>>().join(", ");
                self.report(
                    Diagnostic::new(code::CELL_STATE, name.span, message)
                        .here("not a state")
                        .help(format!("its states are {list}; other values are named with `let`")),
                );
                sound = false;
                continue;
            };
            let result = self.evaluate(value);
            let key = format!("{}'", name.name);
            self.bind(&key, result.clone(), name.span);
            let node = match result {
                Value::Tensor(node) => node,
                Value::Poison => {
                    sound = false;
                    continue;
                }
                other => {
                    let message = format!("`{key}` must be a value of the model, and this is {}", other.describe());
                    self.report(
                        Diagnostic::new(code::CELL_STATE, value.span, message).here("not a value of the model"),
                    );
                    sound = false;
                    continue;
                }
            };
            if self.ty(node).axes != [sizes[index].clone()] {
                let (ty, state) = (self.ty(node).clone(), &cell.states[index]);
                let message = format!("the new `{}` is {ty}, but the state is [{}]", name.name, sizes[index]);
                self.report(
                    Diagnostic::new(code::CELL_STATE, value.span, message)
                        .here(format!("this is {ty}"))
                        .label(state.span, format!("declared [{}] here", sizes[index])),
                );
                sound = false;
            }
            if let Some((_, earlier)) = next.insert(&name.name, (node, name.span)) {
                let message = format!("`{key}` is set twice");
                self.report(
                    Diagnostic::new(code::DUPLICATE, name.span, message)
                        .here("set again here")
                        .label(earlier, "first set here"),
                );
                sound = false;
            }
        }
        if let Some(result) = &cell.body.result {
            self.report(
                Diagnostic::new(code::MISPLACED, result.span, "a cell has no result: its equations set new states")
                    .here("goes nowhere")
                    .help(format!("write `{}' = …`", cell.states.first().map_or("h", |s| s.name.name.as_str()))),
            );
            sound = false;
        }
        let mut states = Vec::new();
        for (state, size) in cell.states.iter().zip(sizes) {
            match next.get(state.name.name.as_str()) {
                Some((node, _)) => states.push(State { name: state.name.name.clone(), size, next: *node }),
                None if !sound || cell.body.broken => return None,
                None => {
                    let message = format!("`{}` never sets its state `{}`", cell.name.name, state.name.name);
                    let help = format!("add an equation `{}' = …`", state.name.name);
                    self.report(
                        Diagnostic::new(code::CELL_STATE, state.span, message)
                            .here("never set")
                            .label(cell.name.span, "in this cell")
                            .help(help),
                    );
                    sound = false;
                }
            }
        }
        sound.then_some(states)
    }

    /// What the equations of a cell call their values: the names of `let`, the new states, and functions of one value as
    /// they are written, which gates are.
    pub fn names_of_values(&self, cell: &ast::Cell) -> Vec<(String, NodeId)> {
        let named = cell.body.statements.iter().flat_map(|statement| match statement {
            Statement::Let(binding) => binding.names.iter().map(|name| name.name.clone()).collect(),
            Statement::Update { name, .. } => vec![format!("{}'", name.name)],
            _ => Vec::new(),
        });
        let mut names: Vec<(String, NodeId)> = named
            .filter_map(|name| match self.lookup(&name)?.value {
                Value::Tensor(node) => Some((name, node)),
                _ => None,
            })
            .collect();
        for (i, node) in self.nodes.iter().enumerate() {
            let inside = node.span.file == cell.span.file
                && (cell.span.start..cell.span.end).contains(&node.span.start)
                && matches!(node.op, Op::Unary(op) if op != UnaryOp::Negate);
            let text = self.sources.text(node.span);
            if inside && text.len() <= LONGEST_NAME && !text.contains('\n') && names.iter().all(|(_, own)| own.0 != i) {
                // A turn of `repeat` writes the same again.
                let before = names.iter().filter(|(name, _)| name.split(" #").next() == Some(text)).count();
                let turn = if before > 0 { format!(" #{}", before + 1) } else { String::new() };
                names.push((format!("{text}{turn}"), NodeId(i)));
            }
        }
        names.sort_by_key(|(_, node)| node.0);
        names
    }

    /// A cell on its own, its sizes and settings unknown.
    pub fn check_cell(&mut self, cell: &ast::Cell, library: bool) {
        let frame = Frame {
            name: cell.name.name.clone(),
            library,
            generic: true,
            scopes: vec![BTreeMap::new()],
            suffix: Some(String::new()),
            multiples: super::layers::multiples(&cell.body),
            ..Frame::default()
        };
        self.in_graph_of_its_own(frame, |checker| {
            let states = checker.check_cell_inside(cell);
            checker.check_parameters(&cell.body);
            if let Some(states) = states {
                checker.input_reaches_states(cell, &states);
            }
        });
    }

    /// Does `work` in a frame whose nodes are those of a cell, apart from the graph around it; gives them too.
    pub fn in_graph_of_its_own<R>(&mut self, frame: Frame, work: impl FnOnce(&mut Self) -> R) -> (R, Vec<Node>) {
        let outer = std::mem::take(&mut self.nodes);
        let graph = self.graph;
        self.graphs += 1;
        self.graph = self.graphs;
        self.frames.push(frame);
        let result = work(self);
        self.frames.pop();
        self.graph = graph;
        (result, std::mem::replace(&mut self.nodes, outer))
    }

    fn check_cell_inside(&mut self, cell: &ast::Cell) -> Option<Vec<State>> {
        let input = cell.input.as_ref()?;
        let Some(TypeKind::Shape { rest: false, dims }) = input.ty.as_ref().map(|ty| &ty.kind) else {
            let message = format!("the input of a cell is one step, `{}: [I]`", input.name.name);
            self.report(Diagnostic::new(code::WRONG_KIND, input.span, message).here("not the shape of a step"));
            return None;
        };
        for dim in dims.iter().chain(cell.states.iter().filter_map(|s| s.ty.as_ref()).flat_map(|ty| match &ty.kind {
            TypeKind::Shape { dims, .. } => dims.as_slice(),
            _ => &[],
        })) {
            self.declare_names(dim, false);
        }
        for state in &cell.states {
            if !is_value(state) {
                let message = format!("the state `{}` needs a shape", state.name.name);
                self.report(
                    Diagnostic::new(code::WRONG_KIND, state.span, message)
                        .here("no shape")
                        .help(format!("write `{}: [H]`", state.name.name)),
                );
                return None;
            }
            if let Some(default) = &state.default {
                self.report(
                    Diagnostic::new(code::NO_EFFECT, default.span, "a state starts at zero and takes no default")
                        .here("has no effect")
                        .help("leave it out"),
                );
            }
        }
        let axes = self.declared_axes(input.ty.as_ref()?, &[])?;
        if axes.len() != 1 {
            self.report(
                Diagnostic::new(code::CELL_STATE, input.span, "the input of a cell is one step, which has one axis")
                    .here("not one axis")
                    .help("write `[I]`"),
            );
            return None;
        }
        let x = self.push(Op::StepInput, Vec::new(), Type::example(axes), input.name.span);
        self.bind(&input.name.name, Value::Tensor(x), input.name.span);
        self.declare_settings(&cell.settings);
        self.states(cell)
    }

    /// Settings without values, for a definition on its own.
    pub fn declare_settings(&mut self, settings: &[ast::Parameter]) {
        for parameter in settings {
            let value = match kind_of(parameter) {
                Some(Kind::Dim(dim)) => {
                    if self.lookup(&dim).is_none() {
                        let size = self.declared_size(&dim);
                        self.bind(&dim, Value::Dim(size), parameter.name.span);
                    }
                    self.lookup(&dim).map_or(Value::Poison, |binding| binding.value.clone())
                }
                Some(Kind::Initializer) => Value::Initializer(crate::ir::Initializer::Zeros),
                Some(kind) => Self::abstract_value(&kind),
                None => match parameter.ty.as_ref().map(|ty| (&ty.kind, ty.span)) {
                    Some((TypeKind::Name(ident), span)) => {
                        self.unknown_type(span, &ident.name);
                        Value::Poison
                    }
                    Some(_) => continue,
                    None => {
                        let message = format!("`{}` has no type", parameter.name.name);
                        self.report(
                            Diagnostic::new(code::WRONG_KIND, parameter.span, message)
                                .here("no type")
                                .help("a value is `x: [T, I]`, a setting `hidden_size: H` or `rate: float`"),
                        );
                        Value::Poison
                    }
                },
            };
            self.bind(&parameter.name.name, value, parameter.name.span);
        }
        // Defaults may speak of any of them.
        for parameter in settings.iter().filter(|p| !is_value(p)) {
            if let Some(default) = &parameter.default {
                self.typed(default, parameter);
            }
        }
    }

    /// Warns where no state depends on the input.
    fn input_reaches_states(&mut self, cell: &ast::Cell, states: &[State]) {
        let mut reached = vec![false; self.nodes.len()];
        for (i, node) in self.nodes.iter().enumerate() {
            reached[i] = node.op == Op::StepInput || node.inputs.iter().any(|input| reached[input.0]);
        }
        if !states.iter().any(|state| reached[state.next.0]) {
            let input = cell.input.as_ref().map_or("x", |p| p.name.name.as_str());
            let message = format!("no state of `{}` depends on its input", cell.name.name);
            let at = cell.input.as_ref().map_or(cell.name.span, |p| p.span);
            self.report(
                Diagnostic::new(code::INPUT_UNUSED, at, message)
                    .here(format!("`{input}` reaches no state"))
                    .label(cell.name.span, "in this cell")
                    .help("use it in an equation: otherwise every text gives the same result"),
            );
        }
    }
}
