//! Cells over trees: which cells are such, and the words that only they know.
//!
//! `left(h)` and `right(h)` are the states of the two children, `sum_over_children(…)` sums an expression in which a state's
//! name means that of each child in turn, and `leaf` is 1 at a leaf and 0 elsewhere. A cell that uses one of them is a tree
//! cell. Reading it over a tree is [`super::scans`]' business.

use crate::diagnostic::{Diagnostic, code};
use crate::ir::{NodeId, Op, Type};
use crate::source::Span;
use crate::syntax::ast::{self, Argument, ExprKind, Ident, Statement};

use super::checker::Checker;
use super::lints::Uses;
use super::value::Value;

/// What makes a cell a tree cell.
const WORDS: [&str; 4] = ["left", "right", "sum_over_children", "leaf"];

impl Checker<'_> {
    /// Whether the equations of a cell speak of children.
    pub fn is_tree_cell(&self, cell: &ast::Cell, library: bool) -> bool {
        let mut uses = Uses::default();
        uses.block(&cell.body);
        let own = cell.settings.iter().chain(&cell.states).chain(&cell.input).map(|parameter| &parameter.name);
        let declared = cell.body.statements.iter().flat_map(|statement| match statement {
            Statement::Let(binding) => binding.names.iter().collect(),
            Statement::Param(param) => vec![&param.name],
            _ => Vec::new(),
        });
        let names: Vec<&str> = own.chain(declared).map(|name| name.name.as_str()).collect();
        let meant = |word: &&str| {
            uses.count_of(word) > 0 && !names.contains(word) && self.definitions.layer(word, library).is_none()
        };
        WORDS.iter().any(meant)
    }

    /// Whether a name stands for the word `leaf`, nothing of that name being defined.
    pub fn is_leaf(&self, ident: &Ident) -> bool {
        self.current().tree && ident.name == "leaf"
    }

    /// `leaf`
    pub fn leaf(&mut self, span: Span) -> Value {
        Value::Tensor(self.push(Op::Leaf, Vec::new(), Type::example(Vec::new()), span))
    }

    /// A state of a tree cell by its bare name.
    pub fn bare_state(&mut self, ident: &Ident) -> Value {
        let name = &ident.name;
        let message = format!("`{name}` is a state of each child here, and this is not said to be about one of them");
        self.report(
            Diagnostic::new(code::CHILDREN, ident.span, message)
                .here("of which child?")
                .help(format!("write `left({name})`, `right({name})` or `sum_over_children({name})`")),
        )
    }

    /// `left(h)`, `right(h)` or `sum_over_children(…)`; nothing where the callee is none of them.
    pub fn of_children(&mut self, callee: &Ident, arguments: &[Argument], span: Span) -> Option<Value> {
        let known = self.current().tree
            && self.lookup(&callee.name).is_none()
            && self.definitions.layer(&callee.name, self.current().library).is_none();
        let child = match callee.name.as_str() {
            "left" if known => Some(0),
            "right" if known => Some(1),
            "sum_over_children" if known => None,
            _ => return None,
        };
        let [Argument { name: None, value }] = arguments else {
            let message = format!("`{}` takes one argument, without a name", callee.name);
            let diagnostic = Diagnostic::new(code::ARGUMENTS, span, message).here("not one argument");
            return Some(self.report(diagnostic.help(format!("as in `{}(h)`", callee.name))));
        };
        if self.current().each_child {
            let message =
                format!("`{}` stands inside a `sum_over_children`, where a state's name is of one child", callee.name);
            let help = "give it a name before: `let sum = …`, and use that in the sum";
            return Some(self.report(Diagnostic::new(code::CHILDREN, span, message).here("not here").help(help)));
        }
        Some(match child {
            Some(child) => self.child(child, callee, value, span),
            None => self.sum_over_children(value, span),
        })
    }

    fn child(&mut self, child: usize, callee: &Ident, value: &ast::Expr, span: Span) -> Value {
        let bound = match &value.kind {
            ExprKind::Name(ident) if !ident.primed => self.lookup(&ident.name).map(|binding| binding.value.clone()),
            _ => None,
        };
        match bound {
            Some(Value::OfChildren { state, size }) => {
                Value::Tensor(self.push(Op::Child { state, child }, Vec::new(), Type::example(vec![size]), span))
            }
            Some(Value::Poison) => Value::Poison,
            _ => {
                let message = format!("`{}` takes the name of a state", callee.name);
                let help = format!("as in `{}(h)`; compute with the result: `tanh({0}(h))`", callee.name);
                self.report(Diagnostic::new(code::CHILDREN, value.span, message).here("not a state").help(help))
            }
        }
    }

    fn sum_over_children(&mut self, value: &ast::Expr, span: Span) -> Value {
        let states: Vec<(String, NodeId, Span)> = self.child_states();
        self.frame().each_child = true;
        let summed = self.within_scope(|checker| {
            states.iter().for_each(|(name, node, at)| checker.bind(name, Value::Tensor(*node), *at));
            checker.evaluate(value)
        });
        self.frame().each_child = false;
        match summed {
            Value::Tensor(node) => {
                let ty = Type { directions: None, per_example: true, ..self.ty(node).clone() };
                Value::Tensor(self.push(Op::SumChildren, vec![node], ty, span))
            }
            Value::Poison => Value::Poison,
            other => {
                let message =
                    format!("`sum_over_children` sums a value of the children, and this is {}", other.describe());
                self.report(
                    Diagnostic::new(code::CHILDREN, value.span, message)
                        .here("the same for every child")
                        .help("as in `sum_over_children(sigmoid(weight @ h) * c)`"),
                )
            }
        }
    }

    /// A node for every state of each child, with the state's name.
    fn child_states(&mut self) -> Vec<(String, NodeId, Span)> {
        let scopes = self.current().scopes.iter().flatten();
        let found: Vec<_> = scopes
            .filter_map(|(name, binding)| match &binding.value {
                Value::OfChildren { state, size } => Some((name.clone(), *state, size.clone(), binding.span)),
                _ => None,
            })
            .collect();
        let node = |(name, state, size, span): (String, usize, _, Span)| {
            (name, self.push(Op::EachChild(state), Vec::new(), Type::example(vec![size]), span), span)
        };
        found.into_iter().map(node).collect()
    }
}
