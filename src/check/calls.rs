//! Applications: finding what a name means, matching arguments with parameters, applying a layer to its input.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, code, suggest};
use crate::ir::{Call, CallId, Dim, NodeId, Type};
use crate::source::Span;
use crate::syntax::ast::{Argument, Expr, ExprKind, Ident, Parameter, TypeKind};

use super::checker::{Checker, Frame, join};
use super::definitions::Definition;
use super::value::{CellValue, Kind, Value};

/// Arguments of one application, matched with the parameters of its definition.
pub struct Arguments {
    /// In order of the value parameters; the first may have come through `|>`.
    pub values: Vec<(NodeId, Span)>,
    pub settings: Vec<(Parameter, Value, Span)>,
}

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
        self.apply_named(callee, arguments, Piped::Nothing, span)
    }

    /// `vocabulary(x)`, `width(path)`, and `sqrt` and the like of numbers.
    fn number_function(&mut self, callee: &Ident, arguments: &[Argument], span: Span) -> Option<Value> {
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
                Value::Text(path, _) => Value::Dim(Dim::symbol(crate::ir::Symbol::VectorSize(path.as_str().into()))),
                Value::None => Value::None,
                _ => Value::Poison,
            }),
            "sqrt" | "exp" | "log" | "abs" if !self.is_tensor(one) => match self.evaluate(one) {
                value if super::evaluate::number(&value).is_some() => {
                    let x = super::evaluate::number(&value)?;
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

    fn apply_named(&mut self, callee: &Ident, arguments: &[Argument], piped: Piped, span: Span) -> Value {
        if let Some(binding) = self.lookup(&callee.name).cloned() {
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
            return self.apply(Application { definition, arguments, piped, path: None, callee: callee.span, span });
        }
        if let Some(cell) = self.definitions.cell(&callee.name, library) {
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
            } else {
                diagnostic = diagnostic.help("a layer of your own is `layer name(x: [T, I], size: H) -> [T, H] { … }`");
            }
        }
        self.report(diagnostic)
    }

    /// A cell used as a layer: `recurrent` of it, which takes the settings the cell does not know.
    fn apply_cell(
        &mut self,
        cell: &Definition,
        callee: &Ident,
        arguments: &[Argument],
        piped: Piped,
        path: Option<String>,
        span: Span,
    ) -> Value {
        let Definition::Cell { ast, .. } = cell else { return Value::Poison };
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
        let Some(definition) = self.definitions.layer("recurrent", true) else { return Value::Poison };
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
        let Some(matched) = self.arguments(&layer.parameters, arguments, piped, &definition, callee, span) else {
            return Value::Poison;
        };
        let wanted = layer.parameters.iter().filter(|p| is_value(p)).count();
        if matched.values.is_empty() && wanted > 0 {
            // No input: a layer that waits for one. As the argument of something else it gets none, which is reported there.
            let path = path.unwrap_or_else(|| self.unique_path(&layer.name.name));
            return Value::Layer(std::sync::Arc::new(super::value::Instance {
                definition: definition.clone(),
                arguments: arguments.to_vec(),
                path,
                span,
            }));
        }
        if definition.is_primitive() {
            return self.apply_primitive(&layer, matched, span);
        }
        self.elaborate(&definition, &layer, matched, path, callee, span)
    }

    /// In the body of the model itself a primitive is a step of its own, which `summary` lists.
    fn apply_primitive(&mut self, layer: &crate::syntax::ast::Layer, matched: Arguments, span: Span) -> Value {
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

    /// Evaluates the body of a layer with its parameters bound.
    fn elaborate(
        &mut self,
        definition: &Definition,
        layer: &crate::syntax::ast::Layer,
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
            self.calls[call.0].result = Some(node);
            self.note_origin(node, span, text);
        }
        result
    }

    fn elaborate_inside(
        &mut self,
        definition: &Definition,
        layer: &crate::syntax::ast::Layer,
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
                let input = super::shapes::Input { node: *node, at: *at, site: site.unwrap_or(*at) };
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

    /// The declared result of a layer whose body gives none.
    fn promised(&mut self, layer: &crate::syntax::ast::Layer, leading: &[Dim]) -> Value {
        let found = self.diagnostics.len();
        let axes = layer.result.as_ref().and_then(|ty| self.declared_axes(ty, leading));
        self.diagnostics.truncate(found);
        axes.map_or(Value::Poison, |axes| self.placeholder(Type::example(axes), layer.span))
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

    /// A body's result against the declared type.
    pub fn check_result(&mut self, layer: &crate::syntax::ast::Layer, result: Value, leading: &[Dim]) -> Value {
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
        let Some(axes) = self.declared_axes(declared, leading) else { return Value::Poison };
        if self.ty(node).axes != axes {
            let ty = self.ty(node).to_string();
            let text = self.sources.text(declared.span).to_string();
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
    pub fn result_text(&self, layer: &crate::syntax::ast::Layer, node: NodeId) -> String {
        let name = &layer.name.name;
        let Some(declared) = &layer.result else { return format!("`{name}` gives {}", self.ty(node)) };
        let mut sizes = Vec::new();
        let dims = match &declared.kind {
            TypeKind::Shape { dims, .. } | TypeKind::Of { dims, .. } => dims.as_slice(),
            _ => &[],
        };
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
        format!("`{name}` gives {}{with}", self.sources.text(declared.span))
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
        let only_conditions =
            ast.body.statements.iter().all(|s| matches!(s, crate::syntax::ast::Statement::Where { .. }));
        only_conditions && matches!(ast.body.result.as_ref().map(|e| &e.kind), Some(ExprKind::Call { .. }))
    }

    /// Matches what was written with what is declared. Reports; nothing where a required part is wrong.
    fn arguments(
        &mut self,
        parameters: &[Parameter],
        arguments: &[Argument],
        piped: Piped,
        definition: &Definition,
        callee: Span,
        span: Span,
    ) -> Option<Arguments> {
        let name = definition.name().to_string();
        let mut given: BTreeMap<usize, &Argument> = BTreeMap::new();
        let mut values: BTreeMap<usize, (NodeId, Span)> = BTreeMap::new();
        let (mut sound, mut misnamed) = (true, false);
        let first_value = parameters.iter().position(is_value);
        let piped_into = first_value.filter(|_| !matches!(piped, Piped::Nothing));
        match (piped_into, piped) {
            (Some(index), Piped::Value(node, at)) => drop(values.insert(index, (node, at))),
            (_, Piped::Broken) => sound = false,
            _ => {}
        }
        let variadic = definition.is_primitive() && name == "concat";
        let mut more = Vec::new();
        // Without an input among the arguments this is an instance: positions count from the settings.
        let has_input = piped_into.is_some()
            || arguments.iter().any(|a| match &a.name {
                None => self.is_tensor(&a.value),
                Some(name) => parameters.iter().any(|p| is_value(p) && p.name.name == name.name),
            });
        let open: Vec<usize> = (0..parameters.len())
            .filter(|i| piped_into != Some(*i) && (has_input || !is_value(&parameters[*i])))
            .collect();
        let by_position = || arguments.iter().filter(|argument| argument.name.is_none());
        if !variadic && let Some(extra) = by_position().nth(open.len()) {
            let most = match open.len() {
                0 => "no arguments".to_string(),
                1 => "one argument".to_string(),
                most => format!("at most {most} arguments"),
            };
            let message = format!("`{name}` takes {most} here, and this is one more");
            self.report(Diagnostic::new(code::ARGUMENTS, extra.value.span, message).here("one too many"));
            return None;
        }
        let mut positions = open.iter();
        for argument in arguments {
            let index = match &argument.name {
                None if variadic => {
                    more.push(argument);
                    continue;
                }
                None => match positions.next() {
                    Some(index) => *index,
                    None => break,
                },
                Some(ident) => match parameters.iter().position(|p| p.name.name == ident.name) {
                    Some(index) => index,
                    None => {
                        self.unknown_setting(ident, parameters, &name);
                        (sound, misnamed) = (false, true);
                        continue;
                    }
                },
            };
            if let Some(earlier) = given.insert(index, argument) {
                let message = format!("`{}` is given twice", parameters[index].name.name);
                self.report(
                    Diagnostic::new(code::DUPLICATE, argument.value.span, message)
                        .here("given again here")
                        .label(earlier.value.span, "first given here"),
                );
                sound = false;
            } else if piped_into == Some(index) {
                let message = format!("`{}` already comes through `|>`", parameters[index].name.name);
                self.report(Diagnostic::new(code::ARGUMENTS, argument.value.span, message).here("given again here"));
                sound = false;
            }
        }
        for (index, argument) in &given {
            if is_value(&parameters[*index]) {
                match self.tensor(&argument.value, &parameters[*index], &name) {
                    Some(value) => drop(values.insert(*index, value)),
                    None => sound = false,
                }
            }
        }
        for argument in more {
            match self.tensor(&argument.value, &parameters[0], &name) {
                Some(value) => drop(values.insert(values.len(), value)),
                None => sound = false,
            }
        }
        let mut settings = Vec::new();
        for (index, parameter) in parameters.iter().enumerate().filter(|(_, p)| !is_value(p)) {
            let (value, at) = match given.get(&index) {
                Some(argument) => (self.typed(&argument.value, parameter), self.given_at(&argument.value)),
                None if parameter.default.is_some() => (Value::None, parameter.span),
                None if !has_input => (Value::None, span),
                // A setting by a wrong name may be the one that is missing.
                None if misnamed => continue,
                None => {
                    let message = format!("`{name}` needs `{}`", parameter.name.name);
                    let example = format!(
                        "as in `{name}({})`",
                        if matches!(kind_of(parameter), Some(Kind::Dim(_) | Kind::Int)) { "128" } else { "…" }
                    );
                    self.report(
                        Diagnostic::new(code::MISSING_SETTING, callee, message)
                            .here("not given here")
                            .label(parameter.span, "declared here")
                            .help(example),
                    );
                    sound = false;
                    continue;
                }
            };
            settings.push((parameter.clone(), value, at));
        }
        if has_input && sound {
            for (index, parameter) in parameters.iter().enumerate().filter(|(_, p)| is_value(p)) {
                if !values.contains_key(&index) {
                    let message = format!("`{name}` needs `{}`", parameter.name.name);
                    self.report(
                        Diagnostic::new(code::ARGUMENTS, callee, message)
                            .here("not given here")
                            .label(parameter.span, "declared here"),
                    );
                    sound = false;
                }
            }
        }
        sound.then(|| Arguments { values: values.into_values().collect(), settings })
    }

    /// Where a setting was given: the library passes settings on by name, and the user wrote them further out.
    fn given_at(&self, expr: &Expr) -> Span {
        match &expr.kind {
            ExprKind::Name(name) if self.current().library => {
                self.lookup(&name.name).map_or(expr.span, |binding| binding.span)
            }
            _ => expr.span,
        }
    }

    fn tensor(&mut self, expr: &Expr, parameter: &Parameter, layer: &str) -> Option<(NodeId, Span)> {
        match self.evaluate(expr) {
            Value::Tensor(node) => Some((node, expr.last_step())),
            Value::Poison => None,
            other => {
                let message = format!(
                    "`{}` of `{layer}` is a value of the model, and this is {}",
                    parameter.name.name,
                    other.describe()
                );
                let mut diagnostic = Diagnostic::new(code::WRONG_KIND, expr.span, message)
                    .here("not a value of the model")
                    .label(parameter.span, "declared here");
                if let Value::Layer(instance) = other {
                    diagnostic =
                        diagnostic.help(format!("give it an input: `x |> {}`", self.sources.text(instance.span)));
                }
                self.report(diagnostic);
                None
            }
        }
    }

    fn unknown_setting(&mut self, ident: &Ident, parameters: &[Parameter], layer: &str) {
        let settings: Vec<&str> = parameters.iter().filter(|p| !is_value(p)).map(|p| p.name.name.as_str()).collect();
        self.report(super::settings::unknown(ident, &settings, &format!("`{layer}`")));
    }

    /// A setting's value, read as its declared kind says.
    pub fn typed(&mut self, expr: &Expr, parameter: &Parameter) -> Value {
        let Some(kind) = kind_of(parameter) else {
            if let Some(ty) = &parameter.ty
                && let TypeKind::Name(ident) = &ty.kind
            {
                self.unknown_type(ident.span, &ident.name);
            }
            return Value::Poison;
        };
        let optional = matches!(parameter.default.as_ref().map(|d| &d.kind), Some(ExprKind::None));
        let value = match (&kind, &expr.kind) {
            (Kind::Cell, _) => self.cell_argument(expr),
            (Kind::Initializer, _) => self.initializer(expr),
            (Kind::Choice(words), ExprKind::Name(ident)) if self.lookup(&ident.name).is_none() => {
                if words.contains(&ident.name) {
                    return Value::Choice(ident.name.clone());
                }
                let list = words.iter().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(", ");
                let message = format!("`{}` is one of {list}, not `{}`", parameter.name.name, ident.name);
                let mut diagnostic = Diagnostic::new(code::WRONG_KIND, ident.span, message).here("not one of them");
                if let Some(near) = suggest::nearest(&ident.name, words.iter().map(String::as_str)) {
                    diagnostic = diagnostic.help(format!("did you mean `{near}`?")).fix(
                        format!("write `{near}`"),
                        ident.span,
                        near,
                    );
                }
                return self.report(diagnostic);
            }
            _ => self.evaluate(expr),
        };
        let fits = match (&kind, &value) {
            (_, Value::Poison) | (_, Value::Abstract(_)) => true,
            (_, Value::None) => {
                optional
                    || matches!(parameter.default.as_ref().map(|d| &d.kind), Some(ExprKind::Call { .. }))
                        && !matches!(expr.kind, ExprKind::None)
            }
            (Kind::Int, Value::Dim(dim)) => dim.as_constant().is_some() || self.generic(),
            (Kind::Float, value) => super::evaluate::number(value).is_some() || matches!(value, Value::Dim(_)),
            (Kind::Bool, Value::Bool(_)) | (Kind::Text | Kind::Path, Value::Text(..)) => true,
            (Kind::Cell, Value::Cell(_)) | (Kind::Initializer, Value::Initializer(_) | Value::Pretrained { .. }) => {
                true
            }
            (Kind::Choice(words), Value::Choice(word)) => words.contains(word),
            (Kind::Dim(_), Value::Dim(dim)) => {
                if dim.as_constant().is_some_and(|n| !(1..=1 << 24).contains(&n)) {
                    let message = format!("`{}` is a size of at least 1, and this is {dim}", parameter.name.name);
                    return self.report(
                        Diagnostic::new(code::OUT_OF_RANGE, expr.span, message)
                            .here("not a size")
                            .label(parameter.span, "declared here"),
                    );
                }
                true
            }
            _ => false,
        };
        if fits {
            return value;
        }
        let message = format!("`{}` takes {}, not {}", parameter.name.name, kind.article(), value.describe());
        self.report(
            Diagnostic::new(code::WRONG_KIND, expr.span, message)
                .here("wrong kind of value")
                .label(parameter.span, "declared here"),
        )
    }

    /// A cell where one is asked for: by its name, with or without settings, or a setting that holds one.
    fn cell_argument(&mut self, expr: &Expr) -> Value {
        let (ident, arguments): (&Ident, &[Argument]) = match &expr.kind {
            ExprKind::Name(ident) => (ident, &[]),
            ExprKind::Call { callee, arguments } => (callee, arguments),
            _ => return self.evaluate(expr),
        };
        if let Some(binding) = self.lookup(&ident.name)
            && matches!(binding.value, Value::Cell(_) | Value::Abstract(Kind::Cell) | Value::Poison)
        {
            return binding.value.clone();
        }
        let library = self.current().library;
        let Some(definition) = self.definitions.cell(&ident.name, library) else {
            if self.lost.contains(&ident.name) {
                return Value::Poison;
            }
            let message = format!("there is no cell `{}`", ident.name);
            let mut diagnostic = Diagnostic::new(code::UNKNOWN_LAYER, ident.span, message).here("not defined");
            if self.definitions.layer(&ident.name, library).is_some() {
                diagnostic = diagnostic
                    .here("a layer, not a cell")
                    .help("a cell is the equations of one step: `lstm`, `gru`, `rnn`, or one of your own");
            } else if let Some(near) = suggest::nearest(&ident.name, self.definitions.cell_names()) {
                diagnostic =
                    diagnostic.help(format!("did you mean `{near}`?")).fix(format!("write `{near}`"), ident.span, near);
            }
            return self.report(diagnostic);
        };
        let Definition::Cell { ast, .. } = &definition else { return Value::Poison };
        let ast = ast.clone();
        let dims: Vec<&str> = super::cells::free_dims(&ast).collect();
        let names: Vec<&str> = ast.settings.iter().map(|p| p.name.name.as_str()).chain(dims.iter().copied()).collect();
        let mut settings = Vec::new();
        for argument in arguments {
            let Some(name) = &argument.name else {
                let message = format!("settings of the cell `{}` are given by name", ident.name);
                let diagnostic = Diagnostic::new(code::ARGUMENTS, argument.value.span, message).here("no name");
                return self.report(diagnostic.help(format!(
                    "the size of its state is given to the layer that reads with it: `scan(x, {}, 128)`",
                    ident.name
                )));
            };
            let value = match ast.settings.iter().find(|p| p.name.name == name.name) {
                Some(parameter) => self.typed(&argument.value, parameter),
                None if dims.contains(&name.name.as_str()) => match self.dim_of(&argument.value) {
                    Some((dim, _)) => Value::Dim(dim),
                    None => Value::Poison,
                },
                None => {
                    return self.report(super::settings::unknown(name, &names, &format!("the cell `{}`", ident.name)));
                }
            };
            settings.push((Ident { span: argument.value.span, ..name.clone() }, value));
        }
        Value::Cell(CellValue { definition, settings, span: expr.span })
    }
}

/// Whether a parameter is a value of the model rather than a setting.
pub fn is_value(parameter: &Parameter) -> bool {
    matches!(parameter.ty.as_ref().map(|ty| &ty.kind), Some(TypeKind::Shape { .. } | TypeKind::Of { .. }))
}

/// What a setting takes, by its declared type.
pub fn kind_of(parameter: &Parameter) -> Option<Kind> {
    Some(match &parameter.ty.as_ref()?.kind {
        TypeKind::Choice(words) => Kind::Choice(words.iter().map(|w| w.name.clone()).collect()),
        TypeKind::Name(ident) => match ident.name.as_str() {
            "int" => Kind::Int,
            "float" => Kind::Float,
            "bool" => Kind::Bool,
            "string" => Kind::Text,
            "path" => Kind::Path,
            "cell" => Kind::Cell,
            "initializer" => Kind::Initializer,
            name if name.starts_with(char::is_uppercase) => Kind::Dim(name.to_string()),
            _ => return None,
        },
        _ => return None,
    })
}

/// The path of a parameter declared in a frame.
pub fn parameter_path(frame: &Frame, name: &str) -> String {
    let suffix = frame.suffix.as_deref().unwrap_or("");
    join(&frame.path, &format!("{name}{suffix}"))
}
