//! How parameters start: the initializers by name, and the parameter that a declaration makes.

use crate::diagnostic::{Diagnostic, code, suggest};
use crate::ir::{Dim, Initializer, Op, Parameter, Pretrained, Type};
use crate::syntax::ast::{Argument, Expr, ExprKind, Ident};

use super::checker::{Checker, Pending};
use super::numbers::number;
use super::value::{Kind, Value};

pub const NAMES: [&str; 14] = [
    "zeros",
    "ones",
    "constant",
    "uniform",
    "uniform_fan",
    "normal",
    "xavier_uniform",
    "xavier_normal",
    "kaiming_uniform",
    "kaiming_normal",
    "orthogonal",
    "identity",
    "block",
    "pretrained",
];

impl Checker<'_> {
    /// The parameter that a `param` declares.
    pub fn parameter(&mut self, name: String, pending: &Pending) -> Option<Parameter> {
        let fan =
            self.current().fan.clone().or_else(|| pending.shape.last().cloned()).unwrap_or_else(|| Dim::constant(1));
        let (initializer, pretrained, trainable) = match &pending.declaration.initializer {
            None => (Initializer::UniformFan(fan), None, true),
            Some(expr) => match self.initializer(expr) {
                Value::Initializer(initializer) => (initializer, None, true),
                Value::Pretrained { rows, otherwise, trainable } => (otherwise, Some(rows), trainable),
                Value::Abstract(_) => (Initializer::Zeros, None, true),
                Value::Poison => return None,
                other => {
                    let message = format!("a parameter starts by an initializer, not by {}", other.describe());
                    self.report(
                        Diagnostic::new(code::WRONG_KIND, expr.span, message)
                            .here("not an initializer")
                            .help("as in `= xavier_uniform` or `= constant(0.5)`"),
                    );
                    return None;
                }
            },
        };
        if let Initializer::Block { blocks, .. } = initializer
            && pending.shape.first().and_then(|rows| rows.divide(blocks as i64)).is_none()
        {
            let (name, shape) = (&pending.declaration.name.name, Type::shared(pending.shape.clone()));
            let message = format!("`{name}` {shape} cannot be cut into {blocks} equal blocks");
            let at = pending.declaration.initializer.as_ref().map_or(pending.declaration.span, |e| e.span);
            self.report(
                Diagnostic::new(code::SHAPE_CLASH, at, message)
                    .here(format!("{blocks} blocks of the first axis"))
                    .label(pending.declaration.ty.span, format!("{shape}")),
            );
            return None;
        }
        let matrix = match initializer {
            Initializer::Identity(_) => Some("identity"),
            Initializer::Orthogonal => Some("orthogonal"),
            _ => None,
        };
        if let Some(word) = matrix.filter(|_| pending.shape.len() != 2) {
            let message = format!(
                "`{word}` is for matrices, and `{}` has {} axes",
                pending.declaration.name.name,
                pending.shape.len()
            );
            self.report(Diagnostic::new(code::RANK, pending.declaration.span, message).here("not a matrix"));
            return None;
        }
        let (span, call) = (pending.declaration.span, self.current().call);
        Some(Parameter { name, shape: pending.shape.clone(), initializer, trainable, pretrained, span, call })
    }

    /// An initializer where one is asked for.
    pub fn initializer(&mut self, expr: &Expr) -> Value {
        let (ident, arguments): (&Ident, &[Argument]) = match &expr.kind {
            ExprKind::Name(ident) => (ident, &[]),
            ExprKind::Call { callee, arguments } => (callee, arguments),
            ExprKind::If { condition, then, otherwise } => {
                return match self.condition(condition) {
                    Some(true) => self.initializer(then),
                    Some(false) => self.initializer(otherwise),
                    None => {
                        self.initializer(then);
                        self.initializer(otherwise)
                    }
                };
            }
            _ => return self.evaluate(expr),
        };
        if let Some(binding) = self.lookup(&ident.name) {
            return binding.value.clone();
        }
        if !NAMES.contains(&ident.name.as_str()) {
            let message = format!("there is no initializer `{}`", ident.name);
            let mut diagnostic = Diagnostic::new(code::UNKNOWN_NAME, ident.span, message).here("not an initializer");
            let usual = match ident.name.as_str() {
                "glorot_uniform" | "xavier" | "glorot" => Some("xavier_uniform"),
                "glorot_normal" => Some("xavier_normal"),
                "he_uniform" | "kaiming" | "he" => Some("kaiming_uniform"),
                "he_normal" => Some("kaiming_normal"),
                "eye" => Some("identity"),
                "randn" | "gaussian" => Some("normal"),
                word => suggest::nearest(word, NAMES),
            };
            diagnostic = match usual {
                Some(near) => {
                    diagnostic.help(format!("here it is `{near}`")).fix(format!("write `{near}`"), ident.span, near)
                }
                None => diagnostic.help(format!("there are {}", NAMES[..13].join(", "))),
            };
            return self.report(diagnostic);
        }
        if ident.name == "pretrained" {
            return self.pretrained(arguments, expr);
        }
        let mut numbers = Vec::new();
        let mut dims = Vec::new();
        for argument in arguments {
            if let Some(name) = &argument.name {
                let message = format!("the numbers of `{}` have no names", ident.name);
                return self.report(
                    Diagnostic::new(code::ARGUMENTS, name.span, message)
                        .here("no name here")
                        .help(format!("write {}", usage(&ident.name))),
                );
            }
            let value = self.evaluate(&argument.value);
            match (&value, number(&value)) {
                (Value::Poison, _) => return Value::Poison,
                (_, Some(x)) => numbers.push(x),
                (Value::Abstract(Kind::Float | Kind::Int), _) => numbers.push(1.0),
                (Value::Dim(_), None) => numbers.push(0.0),
                _ => {
                    let message = format!("`{}` takes numbers, not {}", ident.name, value.describe());
                    return self
                        .report(Diagnostic::new(code::WRONG_KIND, argument.value.span, message).here("not a number"));
                }
            }
            if let Value::Dim(dim) = value {
                dims.push(dim);
            }
        }
        let initializer = match (ident.name.as_str(), numbers.as_slice()) {
            ("zeros", []) => Initializer::Zeros,
            ("ones", []) => Initializer::Ones,
            ("constant", [x]) => Initializer::Constant(*x),
            ("uniform", [a]) if *a >= 0.0 => Initializer::Uniform { low: -a, high: *a },
            ("uniform", [low, high]) if low <= high => Initializer::Uniform { low: *low, high: *high },
            ("uniform_fan", [_]) if dims.len() == 1 => Initializer::UniformFan(dims.remove(0)),
            ("normal", [std]) if *std >= 0.0 => Initializer::Normal { mean: 0.0, std: *std },
            ("normal", [mean, std]) if *std >= 0.0 => Initializer::Normal { mean: *mean, std: *std },
            ("xavier_uniform", []) => Initializer::XavierUniform,
            ("xavier_normal", []) => Initializer::XavierNormal,
            ("kaiming_uniform", []) => Initializer::KaimingUniform,
            ("kaiming_normal", []) => Initializer::KaimingNormal,
            ("orthogonal", []) => Initializer::Orthogonal,
            ("identity", []) => Initializer::Identity(1.0),
            ("identity", [scale]) => Initializer::Identity(*scale),
            ("block", [blocks, index, value]) if *blocks >= 1.0 && *index >= 0.0 && index < blocks => {
                Initializer::Block { blocks: *blocks as usize, index: *index as usize, value: *value }
            }
            (name, _) => {
                let message = format!("`{name}` does not take these numbers");
                return self.report(
                    Diagnostic::new(code::ARGUMENTS, expr.span, message)
                        .here("not its arguments")
                        .help(format!("write {}", usage(name))),
                );
            }
        };
        Value::Initializer(initializer)
    }

    /// `pretrained(path, tokens, freeze, otherwise)`: rows of a table from a file of word vectors.
    fn pretrained(&mut self, arguments: &[Argument], expr: &Expr) -> Value {
        let [path, tokens, freeze, otherwise] = arguments else {
            let help = "write pretrained(path, tokens, freeze, otherwise)";
            return self.report(
                Diagnostic::new(code::ARGUMENTS, expr.span, "`pretrained` takes four arguments")
                    .here("not its arguments")
                    .help(help),
            );
        };
        let values = (
            self.evaluate(&path.value),
            self.evaluate(&tokens.value),
            self.evaluate(&freeze.value),
            self.initializer(&otherwise.value),
        );
        match values {
            (Value::Text(path, span), Value::Tensor(node), Value::Bool(freeze), Value::Initializer(otherwise)) => {
                match self.nodes[node.0].op.clone() {
                    Op::Input(field) => {
                        let field = self.vocabularies.get(&field).cloned().unwrap_or(field);
                        Value::Pretrained { rows: Pretrained { path, field, span }, otherwise, trainable: !freeze }
                    }
                    _ if self.generic() => Value::Initializer(otherwise),
                    _ => self.report(
                        Diagnostic::new(
                            code::WRONG_KIND,
                            tokens.value.span,
                            "pretrained vectors go with the tokens of a text field",
                        )
                        .here("not a text field"),
                    ),
                }
            }
            (Value::Abstract(_) | Value::Text(..), _, _, Value::Initializer(otherwise)) => {
                Value::Initializer(otherwise)
            }
            _ => Value::Poison,
        }
    }
}

/// How an initializer is written.
fn usage(name: &str) -> &str {
    match name {
        "constant" => "constant(value)",
        "uniform" => "uniform(bound) or uniform(low, high)",
        "uniform_fan" => "uniform_fan(size)",
        "normal" => "normal(std) or normal(mean, std)",
        "block" => "block(blocks, index, value)",
        name => name,
    }
}
