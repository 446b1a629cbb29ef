//! Applications: what comes before the parenthesis or behind `|>`, and what it means to give it something.

use std::sync::Arc;

use crate::diagnostic::{Diagnostic, code, suggest};
use crate::ir::{Call, CallId, NodeId};
use crate::source::Span;
use crate::syntax::ast::{Argument, Expr, ExprKind, Ident, Layer};

use super::arguments::{Applied, Arguments, is_value};
use super::checker::Checker;
use super::definitions::Definition;
use super::value::{Instance, Kind, Value};

/// What comes through `|>`.
#[derive(Clone, Copy)]
pub enum Piped {
    Nothing,
    /// Something already reported: the step is still looked at, without its input.
    Broken,
    Value(NodeId, Span),
}

/// What comes before the parenthesis, with everything an application needs to know of it.
struct Application<'a> {
    definition: Definition,
    arguments: &'a [Argument],
    piped: Piped,
    /// The prefix of its parameters, where an instance has fixed it.
    path: Option<String>,
    /// The name as written.
    callee: Span,
    span: Span,
}

impl Checker<'_> {
    /// `left |> right`
    pub fn pipe(&mut self, piped: Value, left: Span, right: &Expr) -> Value {
        let piped = match piped {
            Value::Tensor(node) => Piped::Value(node, left),
            Value::Poison => Piped::Broken,
            other => {
                let message = format!("`|>` passes a value of the model on, and this is {}", other.describe());
                self.report(Diagnostic::new(code::WRONG_KIND, left, message).here("not a value of the model"));
                Piped::Broken
            }
        };
        let again = || match piped {
            Piped::Value(node, _) => Value::Tensor(node),
            _ => Value::Poison,
        };
        match &right.kind {
            ExprKind::Name(ident) if !ident.primed => self.apply_named(ident, &[], piped, right.span),
            ExprKind::Call { callee, arguments } => self.apply_named(callee, arguments, piped, right.span),
            ExprKind::If { condition, then, otherwise } => match self.condition(condition) {
                Some(true) => self.pipe(again(), left, then),
                Some(false) => self.pipe(again(), left, otherwise),
                None => {
                    let first = self.pipe(again(), left, then);
                    self.pipe(again(), left, otherwise);
                    first
                }
            },
            ExprKind::Broken => Value::Poison,
            _ => {
                let message = "`|>` is followed by a layer";
                self.report(
                    Diagnostic::new(code::WRONG_KIND, right.span, message).here("not a layer").help(format!(
                        "as in `{} |> dense(64)`",
                        self.sources.text(left).lines().next().unwrap_or("x")
                    )),
                )
            }
        }
    }

    /// `callee(arguments)` in a place for a value.
    pub fn call(&mut self, callee: &Ident, arguments: &[Argument], span: Span) -> Value {
        if let Some(value) = self.number_function(callee, arguments, span) {
            return value;
        }
        if let Some(value) = self.of_children(callee, arguments, span) {
            return value;
        }
        self.apply_named(callee, arguments, Piped::Nothing, span)
    }

    fn apply_named(&mut self, callee: &Ident, arguments: &[Argument], piped: Piped, span: Span) -> Value {
        if let Some(binding) = self.lookup(&callee.name).cloned() {
            let layer = matches!(binding.value, Value::Layer(_) | Value::Choice(_) | Value::Abstract(Kind::Choice(_)));
            if layer || !self.is_defined(&callee.name) {
                self.note_name(callee.span, binding.span);
            }
            match binding.value {
                Value::Layer(instance) => {
                    let own = instance.arguments.clone();
                    let (mut arguments, mut piped) = (arguments.to_vec(), piped);
                    // `encoder(x)` is `x |> encoder`.
                    if matches!(piped, Piped::Nothing) && arguments.len() == 1 && self.is_tensor(&arguments[0].value) {
                        let argument = arguments.remove(0);
                        match self.evaluate(&argument.value) {
                            Value::Tensor(node) => piped = Piped::Value(node, argument.value.span),
                            _ => return Value::Poison,
                        }
                    }
                    if let Some(extra) = arguments.first() {
                        let message = format!("`{}` has its settings already", callee.name);
                        let diagnostic =
                            Diagnostic::new(code::ARGUMENTS, extra.value.span, message).here("one too many");
                        return self.report(diagnostic.label(instance.span, "they were given here"));
                    }
                    let definition = instance.definition.clone();
                    let path = Some(instance.path.clone());
                    return self.apply(Application {
                        definition,
                        arguments: &own,
                        piped,
                        path,
                        callee: callee.span,
                        span,
                    });
                }
                Value::Choice(name) => {
                    let Some(definition) = self.definitions.layer(&name, true) else { return Value::Poison };
                    return self.apply(Application {
                        definition,
                        arguments,
                        piped,
                        path: None,
                        callee: callee.span,
                        span,
                    });
                }
                Value::Abstract(Kind::Choice(names)) => {
                    let name = names.first().cloned().unwrap_or_default();
                    let Some(definition) = self.definitions.layer(&name, true) else { return Value::Poison };
                    return self.apply(Application {
                        definition,
                        arguments,
                        piped,
                        path: None,
                        callee: callee.span,
                        span,
                    });
                }
                Value::Poison if !self.is_defined(&callee.name) => return Value::Poison,
                other if !self.is_defined(&callee.name) => {
                    let message = format!("`{}` is {}, not a layer", callee.name, other.describe());
                    return self.report(
                        Diagnostic::new(code::WRONG_KIND, callee.span, message)
                            .here("not a layer")
                            .label(binding.span, "it was named here"),
                    );
                }
                _ => {}
            }
        }
        let library = self.current().library;
        if let Some(definition) = self.definitions.layer(&callee.name, library) {
            self.note_name(callee.span, definition.ident().span);
            return self.apply(Application { definition, arguments, piped, path: None, callee: callee.span, span });
        }
        if let Some(cell) = self.definitions.cell(&callee.name, library) {
            self.note_name(callee.span, cell.ident().span);
            return self.apply_cell(&cell, callee, arguments, piped, None, span);
        }
        self.unknown_layer(callee)
    }

    /// Whether a layer or a cell has this name.
    fn is_defined(&self, name: &str) -> bool {
        let library = self.current().library;
        self.definitions.layer(name, library).is_some() || self.definitions.cell(name, library).is_some()
    }

    fn unknown_layer(&mut self, callee: &Ident) -> Value {
        if self.lost.contains(&callee.name) {
            return Value::Poison;
        }
        let message = format!("there is no layer `{}`", callee.name);
        let mut diagnostic = Diagnostic::new(code::UNKNOWN_LAYER, callee.span, message).here("not defined");
        if callee.name == "split" {
            diagnostic = diagnostic
                .help("`split` gives several parts and stands in a `let` of several names: `let a, b = split(x)`");
        } else if let Some((ours, why)) = super::synonyms::layer(&callee.name) {
            diagnostic = diagnostic.help(format!("here it is `{ours}` ({why})")).fix(
                format!("write `{ours}`"),
                callee.span,
                ours,
            );
        } else if let Some(why) = super::synonyms::elsewhere(&callee.name) {
            diagnostic = diagnostic.help(why);
        } else {
            let scope: Vec<String> = self.current().scopes.iter().flat_map(|s| s.keys().cloned()).collect();
            let known = self
                .definitions
                .layer_names()
                .chain(self.definitions.cell_names())
                .chain(scope.iter().map(String::as_str));
            if let Some(near) = suggest::nearest(&callee.name, known) {
                diagnostic = diagnostic.help(format!("did you mean `{near}`?")).fix(
                    format!("write `{near}`"),
                    callee.span,
                    near,
                );
            } else if self.incomplete {
                return Value::Poison;
            } else {
                diagnostic = diagnostic.help("a layer of your own is `layer name(x: [T, I], size: H) -> [T, H] { … }`");
            }
        }
        self.report(diagnostic)
    }

    /// A cell used as a layer: `recurrent` of it, or `recursive` of a tree cell, which takes the settings the cell does not know.
    fn apply_cell(
        &mut self,
        cell: &Definition,
        callee: &Ident,
        arguments: &[Argument],
        piped: Piped,
        path: Option<String>,
        span: Span,
    ) -> Value {
        let Definition::Cell { ast, library } = cell else { return Value::Poison };
        let reader = if self.is_tree_cell(ast, *library) { "recursive" } else { "recurrent" };
        let own: Vec<&str> =
            ast.settings.iter().map(|p| p.name.name.as_str()).chain(super::cells::free_dims(ast)).collect();
        let (mut of_cell, mut of_layer) = (Vec::new(), Vec::new());
        for argument in arguments {
            match &argument.name {
                Some(name) if own.contains(&name.name.as_str()) => of_cell.push(argument.clone()),
                _ => of_layer.push(argument.clone()),
            }
        }
        let tensor_first = matches!(piped, Piped::Nothing)
            && of_layer.first().is_some_and(|a| a.name.is_none() && self.is_tensor(&a.value));
        let cell_argument = Argument {
            name: None,
            value: Expr { kind: ExprKind::Call { callee: callee.clone(), arguments: of_cell }, span: callee.span },
        };
        of_layer.insert(usize::from(tensor_first), cell_argument);
        let Some(definition) = self.definitions.layer(reader, true) else { return Value::Poison };
        let path = path.unwrap_or_else(|| match self.frame().let_name.take() {
            Some(name) => self.unique_path(&name),
            None => self.unique_path(&callee.name),
        });
        self.apply(Application { definition, arguments: &of_layer, piped, path: Some(path), callee: callee.span, span })
    }

    fn apply(&mut self, application: Application<'_>) -> Value {
        let Application { definition, arguments, piped, path, callee, span } = application;
        if !self.may_call(span) {
            return Value::Poison;
        }
        let layer = match &definition {
            Definition::Layer { ast, .. } => ast.clone(),
            Definition::Cell { .. } => {
                let ident = Ident { span: callee, ..definition.ident().clone() };
                return self.apply_cell(&definition, &ident, arguments, piped, path, span);
            }
        };
        let parameters = &layer.parameters;
        let applied = Applied { definition: &definition, parameters, arguments, piped, callee, span };
        let Some(matched) = self.arguments(&applied) else { return Value::Poison };
        let wanted = layer.parameters.iter().filter(|p| is_value(p)).count();
        if matched.values.is_empty() && wanted > 0 {
            // No input: a layer that waits for one. As the argument of something else it gets none, which is reported there.
            let path = path.unwrap_or_else(|| self.unique_path(&layer.name.name));
            return Value::Layer(Arc::new(Instance {
                definition: definition.clone(),
                arguments: arguments.to_vec(),
                path,
                span,
            }));
        }
        let inputs = matched.values.iter().map(|(node, _)| self.ty(*node).clone()).collect();
        self.note_application(callee, span, inputs);
        let result = if definition.is_primitive() {
            self.apply_primitive(&layer, matched, span)
        } else {
            self.elaborate(&definition, &layer, matched, path, callee, span)
        };
        self.note_result(callee, &result);
        result
    }

    /// In the body of the model itself a primitive is a step of its own, which `summary` lists.
    fn apply_primitive(&mut self, layer: &Layer, matched: Arguments, span: Span) -> Value {
        if self.current().call.is_some() || self.current().generic {
            return self.primitive(layer, matched, span);
        }
        let name = layer.name.name.clone();
        self.calls.push(Call { layer: name, path: String::new(), parent: None, span, result: None });
        let call = CallId(self.calls.len() - 1);
        self.frame().call = Some(call);
        let result = self.primitive(layer, matched, span);
        self.frame().call = None;
        if let Value::Tensor(node) = result {
            self.calls[call.0].result = Some(node);
        }
        result
    }
}
