//! Layers on their own: every definition is checked, used or not, with sizes and settings unknown.

use std::collections::BTreeMap;

use crate::syntax::ast::{BinaryOp, Block, Expr, ExprKind};

use crate::ir::Op;
use crate::syntax::ast::{self, Statement};

use super::arguments::is_value;
use super::checker::{Checker, Frame};
use super::definitions::Definition;
use super::value::Value;

impl Checker<'_> {
    /// Checks a definition by itself and remembers whether it is sound.
    pub fn check_definition(&mut self, definition: &Definition) {
        let errors = |checker: &Self| checker.diagnostics.iter().filter(|d| d.is_error()).count();
        let before = errors(self);
        match definition {
            Definition::Layer { .. } if definition.is_primitive() => {}
            Definition::Layer { ast, library } => self.check_layer(ast, *library),
            Definition::Cell { ast, library } => self.check_cell(ast, *library),
        }
        self.forget_graph();
        if errors(self) > before {
            self.broken.insert((definition.name().to_string(), definition.library()));
        }
    }

    fn check_layer(&mut self, layer: &ast::Layer, library: bool) {
        let frame = Frame {
            name: layer.name.name.clone(),
            library,
            generic: true,
            multiples: multiples(&layer.body),
            scopes: vec![BTreeMap::new()],
            ..Frame::default()
        };
        self.frames.push(frame);
        let mut leading = Vec::new();
        for (i, parameter) in layer.parameters.iter().filter(|p| is_value(p)).enumerate() {
            let Some(ty) = parameter.ty.as_ref().and_then(|ty| self.generic_type(ty)) else {
                self.bind(&parameter.name.name, Value::Poison, parameter.name.span);
                continue;
            };
            if i == 0 {
                leading = ty.axes.iter().take(1).cloned().collect();
            }
            let node = self.push(Op::Input(parameter.name.name.clone()), Vec::new(), ty, parameter.name.span);
            self.bind(&parameter.name.name, Value::Tensor(node), parameter.name.span);
        }
        self.declare_settings(&layer.parameters);
        for parameter in layer.parameters.iter().filter(|p| is_value(p)) {
            if let Some(default) = &parameter.default {
                let message = format!("`{}` is a value of the model and takes no default", parameter.name.name);
                let diagnostic =
                    crate::diagnostic::Diagnostic::new(crate::diagnostic::code::NO_EFFECT, default.span, message);
                self.report(diagnostic.here("has no effect").help("leave it out"));
            }
        }
        let result = self.block(&layer.body);
        self.check_result(layer, result, &leading);
        self.check_parameters(&layer.body);
        self.frames.pop();
    }

    /// What parameters start from. In a model one is made on its first use; a definition by itself makes all of them.
    pub fn check_parameters(&mut self, body: &Block) {
        for statement in &body.statements {
            if let Statement::Param(param) = statement
                && let Some(pending) = self.current().pending.get(&param.name.name).cloned()
            {
                self.parameter(param.name.name.clone(), &pending);
            }
        }
    }
}

/// The sizes that the conditions of a body declare divisible: `where H % 2 == 0`.
pub fn multiples(body: &Block) -> BTreeMap<String, i64> {
    let mut found = BTreeMap::new();
    for statement in &body.statements {
        if let Statement::Where { condition, .. } = statement {
            note_multiples(condition, &mut found);
        }
    }
    found
}

fn note_multiples(condition: &Expr, found: &mut BTreeMap<String, i64>) {
    let ExprKind::Binary { op, left, right, .. } = &condition.kind else { return };
    match (op, &left.kind, &right.kind) {
        (BinaryOp::And, ..) => {
            note_multiples(left, found);
            note_multiples(right, found);
        }
        (BinaryOp::Equal, ExprKind::Binary { op: BinaryOp::Remainder, left, right, .. }, ExprKind::Integer(0)) => {
            if let (ExprKind::Name(name), ExprKind::Integer(n @ 2..=4096)) = (&left.kind, &right.kind) {
                let known = found.entry(name.name.clone()).or_insert(1);
                *known = least_common_multiple(*known, *n).min(1 << 24);
            }
        }
        _ => {}
    }
}

fn least_common_multiple(a: i64, b: i64) -> i64 {
    let (mut x, mut y) = (a, b);
    while y != 0 {
        (x, y) = (y, x % y);
    }
    (a / x).saturating_mul(b)
}
