//! Scans and folds: a cell with the sizes and settings of one use, read over a sequence or over a tree.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, code};
use crate::ir::{Cell, CellId, Dim, Direction, NodeId, Op, Segment, State, Type};
use crate::source::Span;
use crate::syntax::ast;

use super::arguments::Arguments;
use super::cells::free_dims;
use super::checker::{Checker, Frame};
use super::definitions::Definition;
use super::kinds::kind_of;
use super::shapes::Input;
use super::value::{CellValue, Kind, Value};

/// What the equations of a cell call their values.
type Names = Vec<(String, NodeId)>;

impl CellValue {
    /// This cell where a model says `other`: it takes over the settings of one name and one type that it was not given.
    fn in_place_of(&self, other: &CellValue) -> CellValue {
        let (Definition::Cell { ast: own, .. }, Definition::Cell { ast: others, .. }) =
            (&self.definition, &other.definition)
        else {
            return self.clone();
        };
        let same = self.definition.name() == other.definition.name();
        let kind = |cell: &ast::Cell, name: &str| cell.settings.iter().find(|p| p.name.name == name).and_then(kind_of);
        let given = |name: &str| self.settings.iter().any(|(own, _)| own.name == name);
        let shared = |name: &str| kind(own, name).is_some_and(|own| kind(others, name) == Some(own));
        let taken = other.settings.iter().filter(|(name, _)| !given(&name.name) && (same || shared(&name.name)));
        let settings = self.settings.iter().chain(taken).cloned().collect();
        CellValue { settings, ..self.clone() }
    }
}

impl Checker<'_> {
    /// The cell of `expression`, where it is one, in place of every cell that is scanned from here on.
    pub fn replace_cells(&mut self, expression: &ast::Expr) {
        self.frames.push(Frame { name: "--cell".into(), scopes: vec![BTreeMap::new()], ..Frame::default() });
        match self.cell_argument(expression) {
            Value::Cell(cell) => self.replacement = Some(cell),
            Value::Poison => {}
            other => {
                let message = format!("this is {}, not a cell", other.describe());
                let diagnostic = Diagnostic::new(code::WRONG_KIND, expression.span, message).here("not a cell");
                self.report(diagnostic.help("as in `--cell lstm`, or `--cell 'rnn(nonlinearity = relu)'`"));
            }
        }
        self.frames.pop();
    }

    /// `scan(x, cell, hidden_size, reverse)`, or `fold(x, cell, hidden_size)`.
    pub fn scan(&mut self, fold: bool, x: NodeId, x_span: Span, arguments: &Arguments, span: Span) -> Value {
        let setting = |wanted: &str| {
            arguments.settings.iter().find(|(p, _, _)| p.name.name == wanted).map(|(_, v, s)| (v.clone(), *s))
        };
        let (size, size_span) = setting("hidden_size").unwrap_or((Value::Poison, span));
        let Value::Dim(size) = size else { return Value::Poison };
        let reverse = match setting("reverse") {
            Some((Value::Bool(reverse), _)) => reverse,
            _ => false,
        };
        let cell = match setting("cell") {
            Some((Value::Cell(cell), _)) => cell,
            Some((Value::Abstract(_), _)) => return self.abstract_scan(x, size, span),
            _ => return Value::Poison,
        };
        let cell = match &self.replacement {
            Some(other) if !fold => other.in_place_of(&cell),
            _ => cell,
        };
        if !self.may_call(span) {
            return Value::Poison;
        }
        if self.broken.contains(&(cell.definition.name().to_string(), cell.definition.library())) {
            return self.abstract_scan(x, size, span);
        }
        if let Definition::Cell { ast, library } = &cell.definition
            && self.is_tree_cell(ast, *library) != fold
        {
            return self.wrong_cell(fold, &cell);
        }
        let ty = self.ty(x).clone();
        let width = ty.last_axis().cloned().unwrap_or_default();
        let turn = self.current().turn;
        // PyTorch's names; a second scan of the same turn and direction goes under the cell's name.
        let plain = self.frame().scans.insert((turn, reverse)) && !(fold && self.current().path.is_empty());
        let path = if plain { self.current().path.clone() } else { self.unique_path(cell.definition.name()) };
        let suffix = match (fold, reverse) {
            (true, _) => String::new(),
            (false, false) => format!("_l{turn}"),
            (false, true) => format!("_l{turn}_reverse"),
        };
        let Some(cell) = self.instantiate(&cell, &width, x_span, (size.clone(), size_span), path, suffix, span) else {
            return Value::Poison;
        };
        let output = cell.states[0].size.clone();
        self.cells.push(cell);
        let cell = CellId(self.cells.len() - 1);
        let mut axes = ty.axes.clone();
        axes.pop();
        axes.push(output.clone());
        if fold {
            return Value::Tensor(self.push(Op::Fold { cell }, vec![x], Type::example(axes), span));
        }
        let direction = if reverse { Direction::Backward } else { Direction::Forward };
        let directions = Some(vec![Segment { width: output, direction }]);
        let op = Op::Scan { cell, reverse };
        Value::Tensor(self.push(op, vec![x], Type { directions, ..Type::example(axes) }, span))
    }

    /// A cell with its sizes known: its equations as nodes.
    #[allow(clippy::too_many_arguments)]
    fn instantiate(
        &mut self,
        value: &CellValue,
        width: &Dim,
        x_span: Span,
        size: (Dim, Span),
        path: String,
        suffix: String,
        span: Span,
    ) -> Option<Cell> {
        let Definition::Cell { ast: cell, library } = &value.definition else { return None };
        let frame = Frame {
            name: cell.name.name.clone(),
            library: *library,
            path,
            site: Some(span),
            call: self.current().call,
            scopes: vec![BTreeMap::new()],
            suffix: Some(suffix),
            ..Frame::default()
        };
        let inside = |checker: &mut Self| checker.instantiate_inside(value, cell, width, x_span, size, span);
        let (result, nodes) = self.in_graph_of_its_own(frame, inside);
        let (states, names) = result?;
        let input = width.clone();
        Some(Cell { name: cell.name.name.clone(), span: cell.span, input, states, nodes, names })
    }

    fn instantiate_inside(
        &mut self,
        value: &CellValue,
        cell: &ast::Cell,
        width: &Dim,
        x_span: Span,
        size: (Dim, Span),
        span: Span,
    ) -> Option<(Vec<State>, Names)> {
        let given: BTreeMap<&str, (&Value, Span)> =
            value.settings.iter().map(|(name, value)| (name.name.as_str(), (value, name.span))).collect();
        let names: Vec<String> = free_dims(cell).map(str::to_string).collect();
        for (i, name) in names.iter().enumerate() {
            match given.get(name.as_str()) {
                Some((dim, at)) => self.bind(name, (*dim).clone(), *at),
                None if i == 0 => self.bind(name, Value::Dim(size.0.clone()), size.1),
                None => {
                    let message = format!("the cell `{}` needs the size `{name}`", cell.name.name);
                    self.report(
                        Diagnostic::new(code::MISSING_SETTING, value.span, message)
                            .here("not given here")
                            .help(format!("write `{}({name} = 64)`", cell.name.name)),
                    );
                    return None;
                }
            }
        }
        // The input, matched with the declared width.
        let input = cell.input.as_ref()?;
        let x = self.push(Op::StepInput, Vec::new(), Type::example(vec![width.clone()]), x_span);
        if let Some(ty) = &input.ty
            && !self.match_pattern(ty, &Input { node: x, at: x_span, site: span }, &input.name.name, &cell.name.name)
        {
            return None;
        }
        self.bind(&input.name.name, Value::Tensor(x), input.name.span);
        for parameter in &cell.settings {
            let (value, at) = match given.get(parameter.name.name.as_str()) {
                Some((Value::None, _)) | None => match &parameter.default {
                    Some(default) => (self.typed(default, parameter), parameter.span),
                    None => {
                        let message = format!("the cell `{}` needs `{}`", cell.name.name, parameter.name.name);
                        self.report(
                            Diagnostic::new(code::MISSING_SETTING, value.span, message)
                                .here("not given here")
                                .label(parameter.span, "declared here"),
                        );
                        return None;
                    }
                },
                Some((value, at)) => ((*value).clone(), *at),
            };
            if let Some(Kind::Dim(dim)) = kind_of(parameter) {
                self.bind(&dim, value.clone(), at);
            }
            self.bind(&parameter.name.name, value, at);
        }
        let states = self.states(cell)?;
        let names = self.names_of_values(cell);
        Some((states, names))
    }

    /// A tree cell where a sequence is read, or the reverse.
    fn wrong_cell(&mut self, fold: bool, cell: &CellValue) -> Value {
        let name = cell.definition.name();
        let (message, help) = match fold {
            true => (
                format!("`fold` goes up a tree, and `{name}` reads a sequence: it has a step before, and no children"),
                "in a tree cell states are those of children: `left(h)`, `right(h)` or `sum_over_children(h)`"
                    .to_string(),
            ),
            false => (
                format!("`{name}` is a cell over trees: a step of a sequence has no children"),
                format!("over a `tree` field say `fold({name}, 128)`"),
            ),
        };
        self.report(
            Diagnostic::new(code::TREE_CELL, cell.span, message)
                .here("not for this")
                .label(cell.definition.ident().span, "defined here")
                .help(help),
        )
    }

    /// The result of a scan whose cell is not known or broken.
    fn abstract_scan(&mut self, x: NodeId, size: Dim, span: Span) -> Value {
        let mut axes = self.ty(x).axes.clone();
        if let Some(last) = axes.last_mut() {
            *last = size;
        }
        self.placeholder(Type::example(axes), span)
    }
}
