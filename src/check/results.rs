//! What a definition gives: its body's result against the type it declares.

use crate::diagnostic::{Diagnostic, code};
use crate::ir::{Dim, NodeId, Type};
use crate::syntax::ast::{Expr, ExprKind, Layer, TypeExpr, TypeKind};

use super::checker::Checker;
use super::kinds::kind_of;
use super::value::{Kind, Value};

impl Checker<'_> {
    /// A body's result against the declared type.
    pub fn check_result(&mut self, layer: &Layer, result: Value, leading: &[Dim]) -> Value {
        let name = &layer.name.name;
        let at = layer.body.result.as_ref().map_or(layer.name.span, |e| e.last_step());
        let node = match result {
            Value::Tensor(node) => node,
            Value::Poison => return Value::Poison,
            Value::None => {
                let message = format!("`{name}` has no result");
                return self.report(
                    Diagnostic::new(code::DECLARED_SHAPE, layer.name.span, message)
                        .here("its body ends without a value")
                        .help("end the body with the value it gives"),
                );
            }
            other => {
                let message = format!("`{name}` gives {}, not a value of the model", other.describe());
                return self
                    .report(Diagnostic::new(code::DECLARED_SHAPE, at, message).here("not a value of the model"));
            }
        };
        let Some(declared) = &layer.result else { return Value::Tensor(node) };
        let Some(axes) = self.result_axes(declared, leading) else { return Value::Poison };
        if self.ty(node).axes != axes {
            let ty = self.ty(node).to_string();
            let text = self.declared_text(declared);
            let shown = Type::example(axes.clone()).to_string();
            let promise = if text == shown { text } else { format!("{text} = {shown}") };
            let (span, what) = self.describe(node, at);
            let mut diagnostic =
                Diagnostic::new(code::DECLARED_SHAPE, at, format!("`{name}` promises {promise} but gives {ty}"))
                    .here(what.clone());
            if span != at {
                diagnostic = diagnostic.here("the result").label(span, what);
            }
            self.report(diagnostic.label(declared.span, "promised here"));
            return self.placeholder(Type::example(axes), at);
        }
        Value::Tensor(node)
    }

    /// "`bilstm` gives [T, 2*H], where `hidden_size` is H = 128".
    pub fn result_text(&mut self, layer: &Layer, node: NodeId) -> String {
        let name = &layer.name.name;
        let Some(declared) = &layer.result else { return format!("`{name}` gives {}", self.ty(node)) };
        let mut sizes = Vec::new();
        let dims = dims(declared);
        for setting in &layer.parameters {
            if let Some(Kind::Dim(dim)) = kind_of(setting)
                && dims.iter().any(|expr| self.sources.text(expr.span).contains(&dim))
            {
                let size = match self.lookup(&dim).map(|binding| &binding.value) {
                    Some(Value::Dim(size)) if size.to_string() != dim => format!(" = {size}"),
                    _ => String::new(),
                };
                sizes.push(format!("`{}` is {dim}{size}", setting.name.name));
            }
        }
        let with = if sizes.is_empty() { String::new() } else { format!(", where {}", sizes.join(", ")) };
        format!("`{name}` gives {}{with}", self.declared_text(declared))
    }

    /// A declared type as this use reads it: of a size that depends on settings, the side that they choose.
    fn declared_text(&mut self, declared: &TypeExpr) -> String {
        let mut text = self.sources.text(declared.span).to_string();
        for dim in dims(declared) {
            let mut chosen = dim;
            while let ExprKind::If { condition, then, otherwise } = &chosen.kind {
                match self.condition(condition) {
                    Some(true) => chosen = then,
                    Some(false) => chosen = otherwise,
                    None => break,
                }
            }
            text = text.replacen(self.sources.text(dim.span).trim(), self.sources.text(chosen.span).trim(), 1);
        }
        text
    }

    /// The declared result of a layer whose body gives none.
    pub fn promised(&mut self, layer: &Layer, leading: &[Dim]) -> Value {
        let found = self.diagnostics.len();
        let axes = layer.result.as_ref().and_then(|ty| self.result_axes(ty, leading));
        self.diagnostics.truncate(found);
        axes.map_or(Value::Poison, |axes| self.placeholder(Type::example(axes), layer.span))
    }
}

/// The sizes of a declared shape.
fn dims(declared: &TypeExpr) -> &[Expr] {
    match &declared.kind {
        TypeKind::Shape { dims, .. } | TypeKind::Of { dims, .. } => dims,
        _ => &[],
    }
}
