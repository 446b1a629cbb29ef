//! Expressions → values: names, choices, repetition.

use std::sync::Arc;

use crate::diagnostic::{Diagnostic, code, suggest};
use crate::ir::Dim;
use crate::source::Span;
use crate::syntax::ast::{BinaryOp, Expr, ExprKind, Ident, Repeat};

use super::checker::{Binding, Checker};
use super::value::{Instance, Kind, Value};

/// Turns a `repeat` may take.
const MAX_TURNS: i64 = 100;

impl Checker<'_> {
    pub fn evaluate(&mut self, expr: &Expr) -> Value {
        let value = self.counted(expr.span, |checker| checker.evaluate_inside(expr));
        self.note_value(expr.span, &value);
        value
    }

    fn evaluate_inside(&mut self, expr: &Expr) -> Value {
        match &expr.kind {
            ExprKind::Integer(n) => Value::Dim(Dim::constant(*n)),
            ExprKind::Float(x) => Value::Number(*x),
            ExprKind::String(text) => Value::Text(text.clone(), expr.span),
            ExprKind::Bool(b) => Value::Bool(*b),
            ExprKind::None => Value::None,
            ExprKind::Auto => self.report(
                Diagnostic::new(code::WRONG_KIND, expr.span, "nothing here can be `auto`")
                    .here("not a value here")
                    .help("leave the setting out for its default"),
            ),
            ExprKind::Name(ident) => self.name(ident),
            ExprKind::Call { callee, arguments } => self.call(callee, arguments, expr.span),
            ExprKind::List(_) => self.report(
                Diagnostic::new(code::WRONG_KIND, expr.span, "a list has no place here")
                    .here("not a value of a model")
                    .help("to join features, write `concat(a, b)`"),
            ),
            ExprKind::Unary { op, operand } => {
                let value = self.evaluate(operand);
                self.unary(*op, value, expr.span)
            }
            ExprKind::Binary { op, op_span, left, right } => {
                let a = self.evaluate(left);
                let word = match op {
                    BinaryOp::Equal | BinaryOp::NotEqual => self.compared_word(left, &a, right),
                    _ => None,
                };
                let b = word.unwrap_or_else(|| self.evaluate(right));
                self.binary(*op, *op_span, (a, left.span), (b, right.span), expr.span)
            }
            ExprKind::Pipe { left, right } => {
                let piped = self.evaluate(left);
                let value = self.pipe(piped, left.last_step(), right);
                self.note_value(right.span, &value);
                value
            }
            ExprKind::If { condition, then, otherwise } => self.conditional(condition, then, otherwise),
            ExprKind::Repeat(repeat) => self.repeat(repeat, expr.span),
            ExprKind::Broken => Value::Poison,
        }
    }

    /// Whether an expression is a value of the model, judged without evaluating it.
    pub fn is_tensor(&self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Name(ident) => {
                let key = if ident.primed { format!("{}'", ident.name) } else { ident.name.clone() };
                match self.lookup(&key) {
                    Some(binding) => {
                        matches!(binding.value, Value::Tensor(_) | Value::OfChildren { .. } | Value::Poison)
                    }
                    None => self.is_leaf(ident) || self.current().pending.contains_key(&ident.name),
                }
            }
            ExprKind::Pipe { .. } | ExprKind::Repeat(_) | ExprKind::Broken => true,
            ExprKind::Call { callee, arguments } => {
                let own = callee.name == "split";
                own || arguments.iter().any(|argument| argument.name.is_none() && self.is_tensor(&argument.value))
            }
            ExprKind::Binary { op, left, right, .. } => {
                op.is_arithmetic() && (self.is_tensor(left) || self.is_tensor(right))
            }
            ExprKind::Unary { operand, .. } => self.is_tensor(operand),
            ExprKind::If { then, otherwise, .. } => self.is_tensor(then) || self.is_tensor(otherwise),
            _ => false,
        }
    }

    pub fn name(&mut self, ident: &Ident) -> Value {
        if ident.primed {
            let key = format!("{}'", ident.name);
            return match self.lookup(&key) {
                Some(Binding { value, span }) => {
                    let (value, span) = (value.clone(), *span);
                    self.note_name(ident.span, span);
                    value
                }
                None => {
                    let message = format!("`{key}` is used before it is set");
                    self.report(
                        Diagnostic::new(code::UNKNOWN_NAME, ident.span, message)
                            .here("not set yet")
                            .help(format!("write the equation `{key} = …` above this one")),
                    )
                }
            };
        }
        if let Some(Binding { value, span }) = self.lookup(&ident.name).cloned() {
            self.note_name(ident.span, span);
            return match value {
                Value::OfChildren { .. } => self.bare_state(ident),
                value => value,
            };
        }
        if self.is_leaf(ident) {
            return self.leaf(ident.span);
        }
        if let Some(pending) = self.current().pending.get(&ident.name) {
            self.note_name(ident.span, pending.declaration.name.span);
            return self.use_parameter(&ident.name, ident.span);
        }
        if let Some(classes) = self.class_fields.get(&ident.name) {
            return Value::Dim(classes.clone());
        }
        let library = self.current().library;
        if let Some(definition) =
            self.definitions.layer(&ident.name, library).or_else(|| self.definitions.cell(&ident.name, library))
        {
            // A bare name in a place for a value: a layer that waits for its input.
            self.note_name(ident.span, definition.ident().span);
            let path = self.unique_path(&ident.name);
            return Value::Layer(Arc::new(Instance { definition, arguments: Vec::new(), path, span: ident.span }));
        }
        self.unknown_name(ident)
    }

    fn unknown_name(&mut self, ident: &Ident) -> Value {
        if self.lost.contains(&ident.name) {
            return Value::Poison;
        }
        let frame = self.current();
        let mut known: Vec<String> =
            frame.scopes.iter().flat_map(|scope| scope.keys().cloned()).filter(|name| !name.ends_with('\'')).collect();
        known.extend(self.constants.keys().cloned());
        known.extend(frame.pending.keys().cloned());
        known.extend(self.class_fields.keys().cloned());
        known.extend(self.definitions.layer_names().map(str::to_string));
        self.count_steps(known.len());
        let mut diagnostic =
            Diagnostic::new(code::UNKNOWN_NAME, ident.span, format!("`{}` is not defined", ident.name))
                .here("not defined");
        if let Some(near) = suggest::nearest(&ident.name, known.iter().map(String::as_str)) {
            diagnostic =
                diagnostic.help(format!("did you mean `{near}`?")).fix(format!("write `{near}`"), ident.span, near);
        } else if let Some((ours, why)) = super::synonyms::layer(&ident.name) {
            diagnostic = diagnostic.help(format!("here it is `{ours}` ({why})")).fix(
                format!("write `{ours}`"),
                ident.span,
                ours,
            );
        } else if self.incomplete {
            return Value::Poison;
        }
        self.report(diagnostic)
    }

    fn conditional(&mut self, condition: &Expr, then: &Expr, otherwise: &Expr) -> Value {
        match self.condition(condition) {
            Some(true) => self.evaluate(then),
            Some(false) => self.evaluate(otherwise),
            None => {
                // Which way it goes is not known here: both must be sound.
                let (a, b) = (self.evaluate(then), self.evaluate(otherwise));
                match (&a, &b) {
                    (Value::Tensor(x), Value::Tensor(y)) if self.ty(*x).axes != self.ty(*y).axes => Value::Poison,
                    (Value::None, _) => b,
                    _ => a,
                }
            }
        }
    }

    fn repeat(&mut self, repeat: &Repeat, span: Span) -> Value {
        let (from, to) = (self.evaluate(&repeat.from), self.evaluate(&repeat.to));
        let mut carried = self.evaluate(&repeat.start);
        let bound = |value: &Value| match value {
            Value::Dim(dim) => dim.as_constant(),
            _ => None,
        };
        let turns: Vec<Value> = match (bound(&from), bound(&to)) {
            (Some(from), Some(to)) if to.saturating_sub(from) > MAX_TURNS => {
                let message =
                    format!("{} turns are more than the {MAX_TURNS} a `repeat` may take", to.saturating_sub(from));
                return self.report(Diagnostic::new(code::OUT_OF_RANGE, repeat.to.span, message).here("too many"));
            }
            (Some(from), Some(to)) => (from..to).map(|k| Value::Dim(Dim::constant(k))).collect(),
            // Two turns show whether a turn fits the next.
            _ if matches!(from, Value::Abstract(_) | Value::Dim(_)) && matches!(to, Value::Abstract(_)) => {
                vec![Value::Abstract(Kind::Int); 2]
            }
            _ if matches!(from, Value::Poison) || matches!(to, Value::Poison) => return Value::Poison,
            _ => {
                return self.report(
                    Diagnostic::new(
                        code::WRONG_KIND,
                        repeat.from.span.to(repeat.to.span),
                        "a `repeat` counts from one whole number to another",
                    )
                    .here("not a range of whole numbers"),
                );
            }
        };
        let before = self.frame().turn;
        for (turn, counter) in turns.into_iter().enumerate() {
            self.frame().turn = turn;
            carried = self.within_scope(|checker| {
                checker.bind(&repeat.counter.name, counter, repeat.counter.span);
                checker.bind(&repeat.carried.name, carried, repeat.carried.span);
                checker.block(&repeat.body)
            });
            if matches!(carried, Value::None) {
                self.frame().turn = before;
                return self.report(
                    Diagnostic::new(code::WRONG_KIND, span, "the body of this `repeat` has no result")
                        .here("ends without a value")
                        .help("end the body with the value that the next turn starts from"),
                );
            }
        }
        self.frame().turn = before;
        carried
    }
}
