//! Operators and functions on numbers, sizes and settings; on values of the model they are steps of it.

use crate::diagnostic::{Diagnostic, code};
use crate::ir::{self, Dim, NodeId, Op, Symbol, Type};
use crate::source::Span;
use crate::syntax::ast::{Argument, BinaryOp, Ident, UnaryOp};

use super::checker::Checker;
use super::value::{Kind, Value};

impl Checker<'_> {
    pub fn unary(&mut self, op: UnaryOp, value: Value, span: Span) -> Value {
        match (op, value) {
            (UnaryOp::Negate, Value::Dim(dim)) => Value::Dim(dim.multiply(&Dim::constant(-1))),
            (UnaryOp::Negate, Value::Number(x)) => Value::Number(-x),
            (UnaryOp::Negate, Value::Tensor(node)) => self.elementwise(ir::UnaryOp::Negate, node, span),
            (UnaryOp::Not, Value::Bool(b)) => Value::Bool(!b),
            (_, value @ (Value::Abstract(_) | Value::Poison)) => value,
            (op, value) => {
                let what = if op == UnaryOp::Not { "`not` takes true or false" } else { "`-` takes a number" };
                self.report(
                    Diagnostic::new(code::WRONG_KIND, span, format!("{what}, not {}", value.describe()))
                        .here("wrong kind of value"),
                )
            }
        }
    }

    /// Arithmetic, comparison and logic on values of any kind.
    pub fn binary(
        &mut self,
        op: BinaryOp,
        op_span: Span,
        left: (Value, Span),
        right: (Value, Span),
        span: Span,
    ) -> Value {
        use Value::{Abstract, Bool, Poison, Tensor};
        let wrong = |checker: &mut Self, a: &Value, b: &Value| {
            let message = format!("`{}` does not work on {} and {}", op.symbol(), a.describe(), b.describe());
            checker.report(Diagnostic::new(code::WRONG_KIND, op_span, message).here("wrong kinds of values"))
        };
        match (left.0, right.0) {
            (Poison, _) | (_, Poison) => Poison,
            (Value::Layer(instance), _) | (_, Value::Layer(instance)) => {
                let message = format!("`{}` has no input here", instance.definition.name());
                self.report(
                    Diagnostic::new(code::ARGUMENTS, instance.span, message)
                        .here("a layer without its input")
                        .help(format!("give it one: `x |> {}(…)`", instance.definition.name())),
                )
            }
            (Tensor(a), Tensor(b)) => self.combine(op, op_span, (a, left.1), (b, right.1), span),
            (Tensor(a), b) if op.is_arithmetic() => match self.scalar(&b, right.1) {
                Some(b) => self.combine(op, op_span, (a, left.1), (b, right.1), span),
                None => wrong(self, &Tensor(a), &b),
            },
            (a, Tensor(b)) if op.is_arithmetic() => match self.scalar(&a, left.1) {
                Some(a) => self.combine(op, op_span, (a, left.1), (b, right.1), span),
                None => wrong(self, &a, &Tensor(b)),
            },
            (a, b) if matches!(op, BinaryOp::Equal | BinaryOp::NotEqual) => match equal(&a, &b) {
                Some(same) => Bool(same == (op == BinaryOp::Equal)),
                None => Abstract(Kind::Bool),
            },
            (Bool(a), Bool(b)) if op == BinaryOp::And => Bool(a && b),
            (Bool(a), Bool(b)) if op == BinaryOp::Or => Bool(a || b),
            (Bool(false), Abstract(_)) | (Abstract(_), Bool(false)) if op == BinaryOp::And => Bool(false),
            (Bool(true), Abstract(_)) | (Abstract(_), Bool(true)) if op == BinaryOp::Or => Bool(true),
            (Abstract(_), _) | (_, Abstract(_)) => Abstract(if op.is_arithmetic() { Kind::Float } else { Kind::Bool }),
            (Value::Dim(a), Value::Dim(b)) => self.dims(op, op_span, a, b, span),
            (a, b) => match (number(&a), number(&b)) {
                (Some(x), Some(y)) => numbers(op, x, y).unwrap_or_else(|| wrong(self, &a, &b)),
                _ => wrong(self, &a, &b),
            },
        }
    }

    fn dims(&mut self, op: BinaryOp, op_span: Span, a: Dim, b: Dim, span: Span) -> Value {
        if !fit_together(&a, &b) {
            let diagnostic = Diagnostic::new(code::TOO_LARGE, span, "a size of too many terms to be compared");
            return self.report(diagnostic.here("too long").help("a size is a sum of few products, as in `4*H + 1`"));
        }
        match op {
            BinaryOp::Add => Value::Dim(a.add(&b)),
            BinaryOp::Subtract => Value::Dim(a.subtract(&b)),
            BinaryOp::Multiply => Value::Dim(a.multiply(&b)),
            BinaryOp::Divide => {
                let Some(n) = b.as_constant().filter(|n| *n != 0) else { return self.undecided(span, &a, &b) };
                match (a.divide(n), a.as_constant()) {
                    (Some(exact), _) => Value::Dim(exact),
                    (None, Some(a)) => Value::Number(a as f64 / n as f64),
                    (None, None) => self.undecided(span, &a, &b),
                }
            }
            BinaryOp::Remainder => match (b.as_constant().filter(|n| *n > 0), a.as_constant()) {
                (Some(n), Some(a)) => Value::Dim(Dim::constant(a.rem_euclid(n))),
                (Some(n), None) if a.divide(n).is_some() => Value::Dim(Dim::constant(0)),
                _ => Value::Abstract(Kind::Int),
            },
            BinaryOp::Product | BinaryOp::And | BinaryOp::Or => {
                let message = format!("`{}` does not work on {a} and {b}", op.symbol());
                self.report(Diagnostic::new(code::WRONG_KIND, op_span, message).here("wrong kinds of values"))
            }
            _ => match (a.as_constant(), b.as_constant()) {
                (Some(a), Some(b)) => numbers(op, a as f64, b as f64).unwrap_or(Value::Poison),
                _ => Value::Abstract(Kind::Bool),
            },
        }
    }

    fn undecided(&mut self, span: Span, a: &Dim, b: &Dim) -> Value {
        let message = format!("whether {a} can be divided by {b} is not known");
        let help = format!("say so with `where {a} % {b} == 0`, or write the size as a multiple: `{b}*K`");
        self.report(Diagnostic::new(code::UNDECIDED, span, message).here("not certain to be a whole number").help(help))
    }

    /// A number as a node that combines with any shape.
    fn scalar(&mut self, value: &Value, span: Span) -> Option<NodeId> {
        let x = match value {
            Value::Abstract(Kind::Float | Kind::Int | Kind::Dim(_)) => 1.0,
            Value::Dim(dim) => match dim.as_constant() {
                Some(n) => n as f64,
                None if self.generic() => 1.0,
                None => {
                    let message = format!("the number {dim} is not known before the data is read");
                    self.report(Diagnostic::new(code::UNDECIDED, span, message).here("not a number yet"));
                    1.0
                }
            },
            Value::Number(x) => *x,
            _ => return None,
        };
        let ty = Type::shared(Vec::new());
        Some(self.push(Op::Constant(x), Vec::new(), ty, span))
    }

    /// `vocabulary(x)`, `width(path)`, and `sqrt` and the like of numbers.
    pub fn number_function(&mut self, callee: &Ident, arguments: &[Argument], span: Span) -> Option<Value> {
        let one = match arguments {
            [Argument { name: None, value }] => value,
            _ => return None,
        };
        match callee.name.as_str() {
            "vocabulary" => Some(match self.evaluate(one) {
                Value::Tensor(node) => match self.vocabulary_of(node) {
                    Some(dim) => Value::Dim(dim),
                    None => {
                        let (at, what) = self.describe(node, one.span);
                        self.report(
                            Diagnostic::new(code::WRONG_KIND, span, "only tokens have a vocabulary")
                                .here("not tokens")
                                .label(at, what),
                        )
                    }
                },
                _ => Value::Poison,
            }),
            "width" => Some(match self.evaluate(one) {
                Value::Text(path, _) => Value::Dim(Dim::symbol(Symbol::VectorSize(path.as_str().into()))),
                Value::None => Value::None,
                _ => Value::Poison,
            }),
            "sqrt" | "exp" | "log" | "abs" if !self.is_tensor(one) => match self.evaluate(one) {
                value if number(&value).is_some() => {
                    let x = number(&value)?;
                    Some(Value::Number(match callee.name.as_str() {
                        "sqrt" => x.sqrt(),
                        "exp" => x.exp(),
                        "log" => x.ln(),
                        _ => x.abs(),
                    }))
                }
                Value::Abstract(_) => Some(Value::Abstract(Kind::Float)),
                Value::Dim(_) if self.generic() => Some(Value::Abstract(Kind::Float)),
                Value::Poison => Some(Value::Poison),
                _ => None,
            },
            _ => None,
        }
    }
}

/// Symbols in a size, counted with repetition.
const MAX_SYMBOLS: usize = 256;

/// Whether the sum and the product of two sizes stay small enough to work with.
pub fn fit_together(a: &Dim, b: &Dim) -> bool {
    (a.symbols().count() + 1) * (b.symbols().count() + 1) <= MAX_SYMBOLS
}

pub fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Dim(dim) => dim.as_constant().map(|n| n as f64),
        Value::Number(x) => Some(*x),
        _ => None,
    }
}

fn numbers(op: BinaryOp, x: f64, y: f64) -> Option<Value> {
    Some(match op {
        BinaryOp::Add => Value::Number(x + y),
        BinaryOp::Subtract => Value::Number(x - y),
        BinaryOp::Multiply => Value::Number(x * y),
        BinaryOp::Divide => Value::Number(x / y),
        BinaryOp::Less => Value::Bool(x < y),
        BinaryOp::LessEqual => Value::Bool(x <= y),
        BinaryOp::Greater => Value::Bool(x > y),
        BinaryOp::GreaterEqual => Value::Bool(x >= y),
        _ => return None,
    })
}

/// Whether two settings are the same; nothing where one is not known.
fn equal(a: &Value, b: &Value) -> Option<bool> {
    Some(match (a, b) {
        (Value::Abstract(_), _) | (_, Value::Abstract(_)) => return None,
        (Value::None, Value::None) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Text(a, _), Value::Text(b, _)) | (Value::Choice(a), Value::Choice(b)) => a == b,
        (Value::Dim(a), Value::Dim(b)) => match (a.as_constant(), b.as_constant()) {
            (Some(a), Some(b)) => a == b,
            _ if a == b => true,
            _ => return None,
        },
        (a, b) => matches!((number(a), number(b)), (Some(x), Some(y)) if x == y),
    })
}
