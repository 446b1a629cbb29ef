//! Arguments: what was written, matched with what is declared.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, code};
use crate::ir::NodeId;
use crate::source::Span;
use crate::syntax::ast::{Argument, Expr, ExprKind, Ident, Parameter, TypeKind};

use super::calls::Piped;
use super::checker::Checker;
use super::definitions::Definition;
use super::kinds::kind_of;
use super::settings::unknown;
use super::value::{Kind, Value};

/// Arguments of one application, matched with the parameters of its definition.
pub struct Arguments {
    /// In order of the value parameters; the first may have come through `|>`.
    pub values: Vec<(NodeId, Span)>,
    pub settings: Vec<(Parameter, Value, Span)>,
}

/// Whether a parameter is a value of the model rather than a setting.
pub fn is_value(parameter: &Parameter) -> bool {
    matches!(parameter.ty.as_ref().map(|ty| &ty.kind), Some(TypeKind::Shape { .. } | TypeKind::Of { .. }))
}

/// One application, as its arguments are matched.
pub struct Applied<'a> {
    pub definition: &'a Definition,
    pub parameters: &'a [Parameter],
    pub arguments: &'a [Argument],
    pub piped: Piped,
    pub callee: Span,
    pub span: Span,
}

/// The arguments by the parameter that each one goes to.
#[derive(Default)]
struct Placed<'a> {
    given: BTreeMap<usize, &'a Argument>,
    /// Those beyond the first of `concat`, which takes any number.
    more: Vec<&'a Argument>,
    /// Whether an input is among them; without one this is an instance.
    has_input: bool,
    /// Whether nothing was reported.
    sound: bool,
    /// A setting by a wrong name may be the one that is missing.
    misnamed: bool,
}

impl Checker<'_> {
    /// Matches what was written with what is declared. Reports; nothing where a required part is wrong.
    pub fn arguments(&mut self, applied: &Applied<'_>) -> Option<Arguments> {
        let mut placed = self.place(applied)?;
        let values = self.values(applied, &mut placed);
        let settings = self.settings(applied, &mut placed);
        if placed.has_input && placed.sound {
            let missing = |(index, parameter): &(usize, &Parameter)| is_value(parameter) && !values.contains_key(index);
            for (_, parameter) in applied.parameters.iter().enumerate().filter(missing) {
                let message = format!("`{}` needs `{}`", applied.definition.name(), parameter.name.name);
                self.report(
                    Diagnostic::new(code::ARGUMENTS, applied.callee, message)
                        .here("not given here")
                        .label(parameter.span, "declared here"),
                );
                placed.sound = false;
            }
        }
        placed.sound.then(|| Arguments { values: values.into_values().collect(), settings })
    }

    /// Which parameter each argument goes to: by its name, or the next free place.
    fn place<'a>(&mut self, applied: &Applied<'a>) -> Option<Placed<'a>> {
        let (name, parameters) = (applied.definition.name(), applied.parameters);
        let piped_into = applied.piped_into();
        let variadic = applied.definition.is_primitive() && name == "concat";
        let has_input = piped_into.is_some()
            || applied.arguments.iter().any(|a| match &a.name {
                None => self.is_tensor(&a.value),
                Some(name) => parameters.iter().any(|p| is_value(p) && p.name.name == name.name),
            });
        let sound = !matches!(applied.piped, Piped::Broken);
        let mut placed = Placed { has_input, sound, ..Placed::default() };
        // Without an input, positions count from the settings.
        let open: Vec<usize> = (0..parameters.len())
            .filter(|i| piped_into != Some(*i) && (has_input || !is_value(&parameters[*i])))
            .collect();
        let mut by_position = applied.arguments.iter().filter(|argument| argument.name.is_none());
        if !variadic && let Some(extra) = by_position.nth(open.len()) {
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
        for argument in applied.arguments {
            let index = match &argument.name {
                None if variadic => {
                    placed.more.push(argument);
                    continue;
                }
                None => match positions.next() {
                    Some(index) => *index,
                    None => break,
                },
                Some(ident) => match parameters.iter().position(|p| p.name.name == ident.name) {
                    Some(index) => index,
                    None => {
                        self.unknown_setting(ident, parameters, name);
                        (placed.sound, placed.misnamed) = (false, true);
                        continue;
                    }
                },
            };
            let parameter = &parameters[index].name.name;
            if let Some(earlier) = placed.given.insert(index, argument) {
                let message = format!("`{parameter}` is given twice");
                self.report(
                    Diagnostic::new(code::DUPLICATE, argument.value.span, message)
                        .here("given again here")
                        .label(earlier.value.span, "first given here"),
                );
                placed.sound = false;
            } else if piped_into == Some(index) {
                let message = format!("`{parameter}` already comes through `|>`");
                self.report(Diagnostic::new(code::ARGUMENTS, argument.value.span, message).here("given again here"));
                placed.sound = false;
            }
        }
        Some(placed)
    }

    /// The values of the model, by their place.
    fn values(&mut self, applied: &Applied<'_>, placed: &mut Placed<'_>) -> BTreeMap<usize, (NodeId, Span)> {
        let (name, parameters) = (applied.definition.name(), applied.parameters);
        let mut values = BTreeMap::new();
        if let (Some(index), Piped::Value(node, at)) = (applied.piped_into(), applied.piped) {
            values.insert(index, (node, at));
        }
        for (index, argument) in placed.given.iter().filter(|(index, _)| is_value(&parameters[**index])) {
            match self.tensor(&argument.value, &parameters[*index], name) {
                Some(value) => drop(values.insert(*index, value)),
                None => placed.sound = false,
            }
        }
        for argument in &placed.more {
            match self.tensor(&argument.value, &parameters[0], name) {
                Some(value) => drop(values.insert(values.len(), value)),
                None => placed.sound = false,
            }
        }
        values
    }

    /// The settings, given or left to their defaults (`none` here), in the order of their declaration.
    fn settings(&mut self, applied: &Applied<'_>, placed: &mut Placed<'_>) -> Vec<(Parameter, Value, Span)> {
        let mut settings = Vec::new();
        for (index, parameter) in applied.parameters.iter().enumerate().filter(|(_, p)| !is_value(p)) {
            let (value, at) = match placed.given.get(&index) {
                Some(argument) => (self.typed(&argument.value, parameter), self.given_at(&argument.value)),
                None if parameter.default.is_some() => (Value::None, parameter.span),
                None if !placed.has_input => (Value::None, applied.span),
                None if placed.misnamed => continue,
                None => {
                    let (layer, setting) = (applied.definition.name(), &parameter.name.name);
                    let size = matches!(kind_of(parameter), Some(Kind::Dim(_) | Kind::Int));
                    self.report(
                        Diagnostic::new(code::MISSING_SETTING, applied.callee, format!("`{layer}` needs `{setting}`"))
                            .here("not given here")
                            .label(parameter.span, "declared here")
                            .help(format!("as in `{layer}({})`", if size { "128" } else { "…" })),
                    );
                    placed.sound = false;
                    continue;
                }
            };
            settings.push((parameter.clone(), value, at));
        }
        settings
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
        self.report(unknown(ident, &settings, &format!("`{layer}`")));
    }
}

impl Applied<'_> {
    /// The parameter that `|>` gives.
    fn piped_into(&self) -> Option<usize> {
        self.parameters.iter().position(is_value).filter(|_| !matches!(self.piped, Piped::Nothing))
    }
}
