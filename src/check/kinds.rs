//! Settings: what one takes by its declared type, and what it was given, read as that.

use crate::diagnostic::{Diagnostic, code, suggest};
use crate::syntax::ast::{Argument, Expr, ExprKind, Ident, Parameter, TypeKind};

use super::cells::free_dims;
use super::checker::Checker;
use super::definitions::Definition;
use super::numbers::number;
use super::settings::unknown;
use super::value::{CellValue, Kind, Value};

/// A width beyond this fits no memory: one layer of it would have a million gigabytes.
const LARGEST_SIZE: i64 = 1 << 24;

impl Checker<'_> {
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
                return self.word(&parameter.name.name, words, ident);
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
            (Kind::Float, value) => number(value).is_some() || matches!(value, Value::Dim(_)),
            (Kind::Bool, Value::Bool(_)) | (Kind::Text | Kind::Path, Value::Text(..)) => true,
            (Kind::Cell, Value::Cell(_)) | (Kind::Initializer, Value::Initializer(_) | Value::Pretrained { .. }) => {
                true
            }
            (Kind::Choice(words), Value::Choice(word)) => words.contains(word),
            (Kind::Dim(_), Value::Dim(dim)) => {
                if let Some(n) = dim.as_constant().filter(|n| !(1..=LARGEST_SIZE).contains(n)) {
                    let bound = if n < 1 { "at least 1".to_string() } else { format!("at most {LARGEST_SIZE}") };
                    let message = format!("`{}` is a size of {bound}, and this is {n}", parameter.name.name);
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

    /// One of the words that a setting takes.
    fn word(&mut self, setting: &str, words: &[String], ident: &Ident) -> Value {
        if words.contains(&ident.name) {
            return Value::Choice(ident.name.clone());
        }
        let list = words.iter().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(", ");
        let message = format!("`{setting}` is one of {list}, not `{}`", ident.name);
        let mut diagnostic = Diagnostic::new(code::WRONG_KIND, ident.span, message).here("not one of them");
        if let Some(near) = suggest::nearest(&ident.name, words.iter().map(String::as_str)) {
            diagnostic =
                diagnostic.help(format!("did you mean `{near}`?")).fix(format!("write `{near}`"), ident.span, near);
        }
        self.report(diagnostic)
    }

    /// `concat` in `merge == concat`: beside a setting that takes words, a name that stands for nothing else is a word.
    pub fn compared_word(&mut self, setting: &Expr, value: &Value, other: &Expr) -> Option<Value> {
        let ExprKind::Name(ident) = &other.kind else { return None };
        if self.lookup(&ident.name).is_some() {
            return None;
        }
        match value {
            // The definition's own check knows the words.
            Value::Choice(_) => Some(Value::Choice(ident.name.clone())),
            Value::Abstract(Kind::Choice(words)) => {
                let setting = self.sources.text(setting.span).to_string();
                Some(self.word(&setting, words, ident))
            }
            _ => None,
        }
    }

    /// A cell where one is asked for: by its name, with or without settings, or a setting that holds one.
    pub fn cell_argument(&mut self, expr: &Expr) -> Value {
        let (ident, arguments): (&Ident, &[Argument]) = match &expr.kind {
            ExprKind::Name(ident) => (ident, &[]),
            ExprKind::Call { callee, arguments } => (callee, arguments),
            _ => return self.evaluate(expr),
        };
        if let Some(binding) = self.lookup(&ident.name)
            && matches!(binding.value, Value::Cell(_) | Value::Abstract(Kind::Cell) | Value::Poison)
        {
            let (value, span) = (binding.value.clone(), binding.span);
            self.note_name(ident.span, span);
            return value;
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
            } else if self.incomplete {
                return Value::Poison;
            }
            return self.report(diagnostic);
        };
        self.note_name(ident.span, definition.ident().span);
        let Definition::Cell { ast, .. } = &definition else { return Value::Poison };
        let ast = ast.clone();
        let dims: Vec<&str> = free_dims(&ast).collect();
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
                    return self.report(unknown(name, &names, &format!("the cell `{}`", ident.name)));
                }
            };
            settings.push((Ident { span: argument.value.span, ..name.clone() }, value));
        }
        Value::Cell(CellValue { definition, settings, span: expr.span })
    }
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
