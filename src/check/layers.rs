//! Layers on their own: every definition is checked, used or not, with sizes and settings unknown.

use std::collections::BTreeMap;

use crate::ir::Op;
use crate::syntax::ast::{self, Statement};

use super::calls::is_value;
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
        // A `param` is made on first use of it in a model, so what it starts from is looked at here.
        for statement in &layer.body.statements {
            if let Statement::Param(param) = statement
                && let Some(initializer) = &param.initializer
            {
                self.initializer(initializer);
            }
        }
        self.frames.pop();
    }
}
