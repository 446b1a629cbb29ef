//! Declared shapes against real ones: patterns bind names, everything else must be equal.

use crate::diagnostic::{Code, Diagnostic, code};
use crate::ir::{Dim, Element, NodeId, Symbol, Type};
use crate::source::Span;
use crate::syntax::ast::{BinaryOp, Expr, ExprKind, TypeExpr, TypeKind};

use super::checker::Checker;
use super::texts;
use super::value::Value;

/// A value on its way into a parameter.
pub struct Input {
    pub node: NodeId,
    /// Where the value is written.
    pub at: Span,
    /// The application that takes it.
    pub site: Span,
}

impl Checker<'_> {
    /// Matches an argument with its declared type. Unbound names of the pattern are bound in the current frame;
    /// `name` is the parameter, `layer` the definition. Returns whether it fits.
    pub fn match_pattern(&mut self, pattern: &TypeExpr, input: &Input, name: &str, layer: &str) -> bool {
        let ty = self.ty(input.node).clone();
        let (dims, tokens) = match &pattern.kind {
            TypeKind::Shape { dims, .. } => (dims, false),
            TypeKind::Of { dims, .. } => (dims, true),
            _ => return true,
        };
        if tokens != (ty.element == Element::Token) {
            let wanted = self.sources.text(pattern.span).to_string();
            let message = format!("`{layer}` takes {wanted}, but gets {ty}");
            let help = if tokens {
                "tokens are what a text field of `data` gives; they come before `embedding`"
            } else {
                "turn tokens into vectors first: `text |> embedding(128)`"
            };
            let diagnostic = self.misfit(code::RANK, message, input, format!("`{layer}` reads this"));
            self.report(diagnostic.label(pattern.span, "declared here").help(help));
            return false;
        }
        match reading(pattern, &ty) {
            None => {
                self.report_rank(pattern, input, layer);
                return false;
            }
            Some(Reading::EachSequence) if !self.read_each(&ty.axes[0], input, layer) => return false,
            Some(_) => {}
        }
        let skipped = ty.rank() - dims.len();
        let mut fits = true;
        for (pattern_dim, actual) in dims.iter().zip(&ty.axes[skipped..]) {
            fits &= self.match_dim(pattern_dim, actual, input, name, layer);
        }
        fits
    }

    /// Remembers the sequence axis around what a layer reads sequence by sequence: its result has that axis again. Two such
    /// inputs need the same one.
    fn read_each(&mut self, outer: &Dim, input: &Input, layer: &str) -> bool {
        match self.frame().outer.replace(outer.clone()) {
            Some(earlier) if earlier != *outer => {
                let message = format!(
                    "`{layer}` reads each sequence for itself, and one input has {earlier} of them, this one {outer}"
                );
                let diagnostic = self.misfit(code::SHAPE_CLASH, message, input, format!("{outer} sequences"));
                self.report(diagnostic.help("reduce one of them to a vector first"));
                false
            }
            _ => true,
        }
    }

    /// A finding about an input that does not fit: where it is taken, and where it came from.
    fn misfit(&self, code: Code, message: String, input: &Input, here: String) -> Diagnostic {
        let primary = if self.within(input.at, input.site) { input.at } else { input.site };
        let (from, what) = self.describe(input.node, input.at);
        let diagnostic = Diagnostic::new(code, primary, message);
        if from == primary { diagnostic.here(what) } else { diagnostic.here(here).label(from, what) }
    }

    fn report_rank(&mut self, pattern: &TypeExpr, input: &Input, layer: &str) {
        let ty = self.ty(input.node).clone();
        let wanted = self.sources.text(pattern.span).to_string();
        let axes = if let TypeKind::Shape { dims, .. } = &pattern.kind { dims.len() } else { 0 };
        let wants_sequence = axes == 2 || axes == 3;
        let not_sequence = wants_sequence && ty.sequence_axes() + 1 < axes;
        let (code, message) = if not_sequence && ty.is_sequence() {
            let message = format!("`{layer}` reads sequences of sequences {wanted}, but gets {ty}");
            (code::NOT_A_SEQUENCE, message)
        } else if not_sequence {
            let message = format!("`{layer}` reads a sequence {wanted}, but gets {ty}, which has no time axis");
            (code::NOT_A_SEQUENCE, message)
        } else {
            (code::RANK, format!("`{layer}` takes {wanted}, but gets {ty}"))
        };
        let mut diagnostic = self.misfit(code, message, input, format!("`{layer}` takes {wanted}"));
        diagnostic = diagnostic.label(pattern.span, format!("`{layer}` declares {wanted} here"));
        if not_sequence {
            diagnostic = diagnostic
                .help("apply it before the step that took the time axis away (`final`, `last`, `max_over_time` …)");
        } else if ty.last_axis().and_then(Dim::as_constant) == Some(1) {
            diagnostic = diagnostic.help("an axis of size 1 is still an axis; `query @ x` with a `param query : [I]` gives one number without it");
        } else if ty.is_sequence() && !wants_sequence && !wanted.contains('T') {
            diagnostic = diagnostic.help("reduce the sequence to one vector first: `final`, `last`, `max_over_time`, `mean_over_time` or `attention`");
        }
        self.report(diagnostic);
    }

    fn match_dim(&mut self, pattern: &Expr, actual: &Dim, input: &Input, name: &str, layer: &str) -> bool {
        if let ExprKind::Name(ident) = &pattern.kind
            && self.lookup(&ident.name).is_none()
        {
            self.bind(&ident.name, Value::Dim(actual.clone()), input.at);
            return true;
        }
        // An affine term of one unbound name binds it.
        if let Some((unbound, factor, offset)) = self.affine(pattern) {
            let rest = actual.subtract(&offset);
            return match rest.divide(factor) {
                Some(value) if value.as_constant().is_none_or(|n| n >= 1) => {
                    self.bind(&unbound, Value::Dim(value), input.at);
                    true
                }
                _ => {
                    let text = self.sources.text(pattern.span).to_string();
                    let code = if rest.as_constant().is_some() { code::SHAPE_CLASH } else { code::UNDECIDED };
                    let message = format!("`{layer}` takes {text} features, and no {unbound} makes that {actual}");
                    let diagnostic = self.misfit(code, message, input, format!("`{name}` of `{layer}`"));
                    self.report(diagnostic.label(pattern.span, "declared here"));
                    false
                }
            };
        }
        let Some((expected, bound_at)) = self.dim_of(pattern) else { return true };
        if expected == *actual {
            return true;
        }
        let text = self.sources.text(pattern.span).to_string();
        let equation = if text == expected.to_string() { text } else { format!("{text} = {expected}") };
        let message = format!("`{layer}` needs {equation} here, but gets {actual}");
        let mut diagnostic = self.misfit(code::SHAPE_CLASH, message, input, format!("`{name}` of `{layer}`"));
        if let Some(bound_at) = bound_at {
            diagnostic = diagnostic.label(bound_at, format!("{equation} comes from here"));
        }
        self.report(diagnostic.label(pattern.span, "declared here"));
        false
    }

    /// `a*N + b` of one unbound name `N`: the name, `a` and `b`.
    fn affine(&self, expr: &Expr) -> Option<(String, i64, Dim)> {
        match &expr.kind {
            ExprKind::Name(ident) if self.lookup(&ident.name).is_none() => {
                Some((ident.name.clone(), 1, Dim::constant(0)))
            }
            ExprKind::Binary { op, left, right, .. } => match op {
                BinaryOp::Multiply => {
                    let (constant, other) = match (&left.kind, &right.kind) {
                        (ExprKind::Integer(n), _) => (*n, right),
                        (_, ExprKind::Integer(n)) => (*n, left),
                        _ => return None,
                    };
                    let (name, factor, offset) = self.affine(other)?;
                    Some((name, factor.checked_mul(constant)?, offset.multiply(&Dim::constant(constant))))
                }
                BinaryOp::Add | BinaryOp::Subtract => {
                    let sign = if *op == BinaryOp::Add { 1 } else { -1 };
                    if let Some((name, factor, offset)) = self.affine(left) {
                        let added = self.known_dim(right)?.multiply(&Dim::constant(sign));
                        return Some((name, factor, offset.add(&added)));
                    }
                    let (name, factor, offset) = self.affine(right)?;
                    let offset = self.known_dim(left)?.add(&offset.multiply(&Dim::constant(sign)));
                    Some((name, factor.checked_mul(sign)?, offset))
                }
                _ => None,
            },
            _ => None,
        }
    }

    fn known_dim(&self, expr: &Expr) -> Option<Dim> {
        match &expr.kind {
            ExprKind::Integer(n) => Some(Dim::constant(*n)),
            ExprKind::Name(ident) => match &self.lookup(&ident.name)?.value {
                Value::Dim(dim) => Some(dim.clone()),
                _ => None,
            },
            ExprKind::Binary { op, left, right, .. } => {
                let (left, right) = (self.known_dim(left)?, self.known_dim(right)?);
                match op {
                    _ if !super::numbers::fit_together(&left, &right) => None,
                    BinaryOp::Add => Some(left.add(&right)),
                    BinaryOp::Subtract => Some(left.subtract(&right)),
                    BinaryOp::Multiply => Some(left.multiply(&right)),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The size an expression stands for, and where its first name was bound. Reports what is no size.
    pub fn dim_of(&mut self, expr: &Expr) -> Option<(Dim, Option<Span>)> {
        let bound_at = self.first_binding(expr);
        let value = self.evaluate(expr);
        match value {
            Value::Dim(dim) => {
                if dim.as_constant().is_some_and(|n| n < 1) {
                    let message = format!("a size must be at least 1, and this is {dim}");
                    self.report(Diagnostic::new(code::OUT_OF_RANGE, expr.span, message).here("not a size"));
                    return None;
                }
                Some((dim, bound_at))
            }
            Value::Poison | Value::Abstract(_) => None,
            other => {
                let message = format!("expected a size, found {}", other.describe());
                self.report(Diagnostic::new(code::WRONG_KIND, expr.span, message).here("not a size"));
                None
            }
        }
    }

    fn first_binding(&self, expr: &Expr) -> Option<Span> {
        match &expr.kind {
            ExprKind::Name(ident) => self.lookup(&ident.name).map(|binding| binding.span),
            ExprKind::Binary { left, right, .. } => self.first_binding(left).or_else(|| self.first_binding(right)),
            _ => None,
        }
    }

    /// The axes a declared result stands for in this use: read sequence by sequence, it is a sequence of results.
    pub fn result_axes(&mut self, ty: &TypeExpr, leading: &[Dim]) -> Option<Vec<Dim>> {
        let rest = matches!(&ty.kind, TypeKind::Shape { rest: true, .. });
        let outer = self.current().outer.clone().filter(|_| !rest);
        Some(outer.into_iter().chain(self.declared_axes(ty, leading)?).collect())
    }

    /// The axes a declared type stands for, all its names being bound. `..` stands for `leading`.
    pub fn declared_axes(&mut self, ty: &TypeExpr, leading: &[Dim]) -> Option<Vec<Dim>> {
        let (rest, dims) = match &ty.kind {
            TypeKind::Shape { rest, dims } => (*rest, dims),
            TypeKind::Of { dims, .. } => (false, dims),
            _ => return None,
        };
        let mut axes = if rest { leading.to_vec() } else { Vec::new() };
        for dim in dims {
            axes.push(self.dim_of(dim)?.0);
        }
        Some(axes)
    }

    /// The type of a value parameter while its definition is checked on its own: every new name is a size by itself.
    pub fn generic_type(&mut self, ty: &TypeExpr) -> Option<Type> {
        let (rest, dims, token) = match &ty.kind {
            TypeKind::Shape { rest, dims } => (*rest, dims, false),
            TypeKind::Of { name, dims } if texts::KINDS.contains(&name.name.as_str()) => (false, dims, true),
            TypeKind::Of { name, .. } => {
                self.unknown_type(name.span, &name.name);
                return None;
            }
            _ => return None,
        };
        // `[S, T, I]` is a sequence of sequences.
        let nested = dims.len() == 3 && is_time(&dims[1]);
        for (axis, dim) in dims.iter().enumerate() {
            let sequence =
                !rest && (token || axis == 0 && (dims.len() == 2 || nested || is_time(dim)) || axis == 1 && nested);
            self.declare_names(dim, sequence);
        }
        let mut axes = if rest { vec![Dim::symbol(Symbol::Declared("..".into()))] } else { Vec::new() };
        for dim in dims {
            axes.push(self.dim_of(dim)?.0);
        }
        let element = if token { Element::Token } else { Element::Number };
        Some(Type { element, ..Type::example(axes) })
    }

    /// Gives every unbound name of a size a symbol of its own.
    pub fn declare_names(&mut self, dim: &Expr, sequence: bool) {
        match &dim.kind {
            ExprKind::Name(ident) if self.lookup(&ident.name).is_none() => {
                let size = if sequence {
                    let name: std::sync::Arc<str> = ident.name.as_str().into();
                    Dim::symbol(Symbol::Length { field: name.clone(), name })
                } else {
                    self.declared_size(&ident.name)
                };
                self.bind(&ident.name, Value::Dim(size), ident.span);
            }
            ExprKind::Binary { left, right, .. } => {
                self.declare_names(left, false);
                self.declare_names(right, false);
            }
            _ => {}
        }
    }

    /// A size that is not known while its definition is checked on its own. One that a `where` declares divisible by n
    /// is n times a size that is not known, so that dividing it is exact.
    pub fn declared_size(&self, name: &str) -> Dim {
        match self.current().multiples.get(name) {
            Some(n) => {
                let part = Dim::symbol(Symbol::Declared(format!("({name}/{n})").as_str().into()));
                part.multiply(&Dim::constant(*n))
            }
            None => Dim::symbol(Symbol::Declared(name.into())),
        }
    }

    pub fn unknown_type(&mut self, span: Span, name: &str) {
        let known = ["int", "float", "bool", "string", "path", "cell", "initializer"];
        let known = known.into_iter().chain(texts::KINDS).chain(["class"]);
        let usual = match name {
            "integer" | "i64" | "usize" => Some("int"),
            "double" | "real" | "number" | "f32" | "f64" | "rate" => Some("float"),
            "boolean" | "flag" => Some("bool"),
            "str" | "text" | "String" => Some("string"),
            "file" | "filename" => Some("path"),
            "init" => Some("initializer"),
            _ => None,
        };
        let near = usual.or_else(|| crate::diagnostic::suggest::nearest(name, known));
        let mut diagnostic =
            Diagnostic::new(code::UNKNOWN_NAME, span, format!("there is no type `{name}`")).here("not a type");
        diagnostic = match near {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(format!("write `{near}`"), span, near),
            None => diagnostic.help("sizes start with a capital: `hidden_size: H`; settings are int, float, bool, string, path, cell or initializer"),
        };
        self.report(diagnostic);
    }
}

/// How a layer reads a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    Whole,
    /// A layer of `[T, I]` reads each sequence of `[S, T, I]` for itself.
    EachSequence,
}

/// How a value fits a declared type, its sizes aside; nothing where it does not.
pub fn reading(pattern: &TypeExpr, ty: &Type) -> Option<Reading> {
    let (rest, dims, tokens) = match &pattern.kind {
        TypeKind::Shape { rest, dims } => (*rest, dims, false),
        TypeKind::Of { dims, .. } => (false, dims, true),
        _ => return None,
    };
    if tokens != (ty.element == Element::Token) {
        return None;
    }
    let reads_sequence = tokens || !rest && (dims.len() == 2 || dims.first().is_some_and(is_time));
    let nested = reads_sequence && ty.sequence_axes() == 2 && ty.rank() == dims.len() + 1;
    let fits = if rest { ty.rank() >= dims.len() } else { ty.rank() == dims.len() + usize::from(nested) };
    // A pattern of two axes starts with the sequence, one of three with two of them.
    let sequences = if rest || tokens { 0 } else { dims.len().saturating_sub(1) };
    let timeless =
        sequences > 0 && (ty.is_numbers() || is_time(&dims[sequences - 1]) && ty.sequence_axes() < sequences);
    let reading = if nested { Reading::EachSequence } else { Reading::Whole };
    (fits && !timeless).then_some(reading)
}

/// Whether a declared axis is meant as time: the field writes T.
fn is_time(dim: &Expr) -> bool {
    matches!(&dim.kind, ExprKind::Name(ident) if ident.name.starts_with('T'))
}
