//! A use of a layer: its body, evaluated with the sizes and settings of that use.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, code};
use crate::ir::{Call, CallId, Dim};
use crate::source::Span;
use crate::syntax::ast::{ExprKind, Layer, Parameter, Statement, TypeKind};

use super::arguments::{Arguments, is_value};
use super::checker::{Checker, Frame, MODEL_GRAPH};
use super::definitions::Definition;
use super::kinds::kind_of;
use super::shapes::Input;
use super::value::{Kind, Value};

impl Checker<'_> {
    /// Evaluates the body of a layer with its parameters bound.
    pub fn elaborate(
        &mut self,
        definition: &Definition,
        layer: &Layer,
        matched: Arguments,
        path: Option<String>,
        callee: Span,
        span: Span,
    ) -> Value {
        if self.frames.iter().any(|frame| frame.name == layer.name.name && frame.library == definition.library()) {
            let message = format!("`{}` uses itself", layer.name.name);
            return self.report(
                Diagnostic::new(code::RECURSION, callee, message)
                    .here("used inside its own definition")
                    .help("repetition is written `repeat k in 0..n with y = x { … }`"),
            );
        }
        let path = path.unwrap_or_else(|| {
            if self.delegates() {
                return self.current().path.clone();
            }
            match self.frame().let_name.take() {
                Some(name) => self.unique_path(&name),
                None => self.unique_path(&layer.name.name),
            }
        });
        let parent = self.current().call;
        self.calls.push(Call {
            layer: self.sources.text(callee).to_string(),
            path: path.clone(),
            parent,
            span,
            result: None,
        });
        let call = CallId(self.calls.len() - 1);
        let frame = Frame {
            name: layer.name.name.clone(),
            library: definition.library(),
            path,
            site: Some(span),
            call: Some(call),
            scopes: vec![BTreeMap::new()],
            // A layer inside a cell has weights of its own in every layer and direction of a stack, as the cell has.
            suffix: self.current().suffix.clone(),
            ..Frame::default()
        };
        let leading = matched.values.first().map(|(node, _)| self.ty(*node).axes.clone()).unwrap_or_default();
        self.frames.push(frame);
        let result = self.elaborate_inside(definition, layer, matched, &leading);
        let text = match &result {
            Value::Tensor(node) => self.result_text(layer, *node),
            _ => String::new(),
        };
        self.frames.pop();
        if let Value::Tensor(node) = result {
            // Inside a cell it is a value of the step, which is no node of the model.
            self.calls[call.0].result = (self.graph == MODEL_GRAPH).then_some(node);
            self.note_origin(node, span, text);
        }
        result
    }

    fn elaborate_inside(
        &mut self,
        definition: &Definition,
        layer: &Layer,
        matched: Arguments,
        leading: &[Dim],
    ) -> Value {
        let name = &layer.name.name;
        // Sizes that settings give come first, so that an input which disagrees is told of both.
        let given = |(p, v, _): &&(Parameter, Value, Span)| {
            matches!(kind_of(p), Some(Kind::Dim(_))) && !matches!(v, Value::None)
        };
        for (parameter, value, at) in matched.settings.iter().filter(given) {
            if let Some(Kind::Dim(dim)) = kind_of(parameter) {
                self.bind(&dim, value.clone(), *at);
            }
        }
        let patterns: Vec<&Parameter> = layer.parameters.iter().filter(|p| is_value(p)).collect();
        let mut fits = true;
        for (parameter, (node, at)) in patterns.iter().zip(&matched.values) {
            if let Some(ty) = &parameter.ty {
                let site = self.frame().site.take();
                let input = Input { node: *node, at: *at, site: site.unwrap_or(*at) };
                fits &= self.match_pattern(ty, &input, &parameter.name.name, name);
                self.frame().site = site;
            }
            self.bind(&parameter.name.name, Value::Tensor(*node), *at);
        }
        // A default may speak of what is given, and of defaults that are plain values.
        let order = |(p, v, _): &(Parameter, Value, Span)| match (v, p.default.as_ref().map(|d| &d.kind)) {
            (Value::None, Some(ExprKind::Call { .. } | ExprKind::Name(_) | ExprKind::Binary { .. })) => 2,
            (Value::None, Some(_)) => 1,
            _ => 0,
        };
        let mut settings = matched.settings;
        settings.sort_by_key(order);
        let broken = self.broken.contains(&(name.clone(), definition.library()));
        for (parameter, value, at) in settings {
            let value = match (value, &parameter.default) {
                (Value::None, Some(default)) => {
                    let found = self.diagnostics.len();
                    let value = self.typed(default, &parameter);
                    if broken {
                        self.diagnostics.truncate(found);
                    }
                    value
                }
                (value, _) => value,
            };
            if let Some(Kind::Dim(dim)) = kind_of(&parameter) {
                if matches!(value, Value::None) {
                    fits = false;
                    self.missing(name, &parameter);
                }
                self.bind(&dim, value.clone(), at);
            }
            self.bind(&parameter.name.name, value, at);
        }
        if !fits {
            return Value::Poison;
        }
        let rest = leading.len().saturating_sub(
            match layer.parameters.iter().find(|p| is_value(p)).and_then(|p| p.ty.as_ref()).map(|t| &t.kind) {
                Some(TypeKind::Shape { dims, .. }) => dims.len(),
                _ => leading.len(),
            },
        );
        let leading = &leading[..rest];
        if broken {
            return self.promised(layer, leading);
        }
        let result = self.block(&layer.body);
        match self.check_result(layer, result, leading) {
            // What is wrong inside is reported; what comes behind is checked with what the layer promises.
            Value::Poison => self.promised(layer, leading),
            result => result,
        }
    }

    /// A size that neither the use nor a default gives.
    fn missing(&mut self, layer: &str, parameter: &Parameter) {
        let site = self.frame().site.take();
        let message = format!("`{layer}` needs `{}`", parameter.name.name);
        let diagnostic = Diagnostic::new(code::MISSING_SETTING, site.unwrap_or(parameter.span), message);
        self.report(
            diagnostic
                .here("not given here")
                .label(parameter.span, "declared here")
                .help(format!("as in `{layer}(128)`")),
        );
        self.frame().site = site;
    }

    /// Whether the definition being evaluated does nothing but apply one other: that one takes its name.
    fn delegates(&self) -> bool {
        let frame = self.current();
        if frame.site.is_none() || frame.let_name.is_some() {
            return false;
        }
        let Some(Definition::Layer { ast, .. }) = self.definitions.layer(&frame.name, frame.library) else {
            return false;
        };
        let only_conditions = ast.body.statements.iter().all(|s| matches!(s, Statement::Where { .. }));
        only_conditions && matches!(ast.body.result.as_ref().map(|e| &e.kind), Some(ExprKind::Call { .. }))
    }
}
