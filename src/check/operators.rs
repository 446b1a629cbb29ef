//! Operators between values of the model: `+ - * /` on equal shapes, `@` on equal last axes.

use crate::diagnostic::{Diagnostic, code};
use crate::ir::{BinaryOp, Direction, Element, NodeId, Op, Segment, Type};
use crate::source::Span;
use crate::syntax::ast;

use super::checker::Checker;
use super::value::Value;

impl Checker<'_> {
    /// `+ - * / @` of two values of the model.
    pub fn combine(
        &mut self,
        op: ast::BinaryOp,
        op_span: Span,
        (a, a_span): (NodeId, Span),
        (b, b_span): (NodeId, Span),
        span: Span,
    ) -> Value {
        let binary = match op {
            ast::BinaryOp::Add => BinaryOp::Add,
            ast::BinaryOp::Subtract => BinaryOp::Subtract,
            ast::BinaryOp::Multiply => BinaryOp::Multiply,
            ast::BinaryOp::Divide => BinaryOp::Divide,
            ast::BinaryOp::Product => return self.product(op_span, (a, a_span), (b, b_span), span),
            other => {
                let message = format!("`{}` does not work on values of the model", other.symbol());
                return self.report(
                    Diagnostic::new(code::WRONG_KIND, op_span, message).here("known only when the model runs"),
                );
            }
        };
        let (left, right) = (self.ty(a).clone(), self.ty(b).clone());
        for (ty, at, node) in [(&left, a_span, a), (&right, b_span, b)] {
            if ty.element == Element::Token {
                let (span, what) = self.describe(node, at);
                let message = format!("`{}` works on numbers, not on tokens", op.symbol());
                return self.report(
                    Diagnostic::new(code::WRONG_KIND, op_span, message)
                        .here("not numbers")
                        .label(span, what)
                        .help("turn tokens into vectors first: `text |> embedding(128)`"),
                );
            }
        }
        let Some(mut ty) = extend(&left, &right) else {
            let (a_at, a_text) = self.describe(a, a_span);
            let (b_at, b_text) = self.describe(b, b_span);
            let message = format!("`{}` needs two values of one shape, and gets {left} and {right}", op.symbol());
            let mut diagnostic = Diagnostic::new(code::SHAPE_CLASH, op_span, message)
                .here("these do not fit")
                .label(a_at, a_text)
                .label(b_at, b_text);
            for (ty, at, node_at) in [(&left, a_span, a_at), (&right, b_span, b_at)] {
                if at != node_at {
                    diagnostic = diagnostic.label(at, format!("{ty} here"));
                }
            }
            if left.rank() != right.rank() {
                diagnostic = diagnostic.help("only a parameter or a single number is repeated over missing axes");
            }
            return self.report(diagnostic);
        };
        ty.directions = directions(&left, &right);
        Value::Tensor(self.push(Op::Binary(binary), vec![a, b], ty, span))
    }

    /// `weight @ x`: the last axis of `weight` with the last axis of `x`. A weight is a parameter, or a vector of the example.
    fn product(
        &mut self,
        op_span: Span,
        (a, a_span): (NodeId, Span),
        (b, b_span): (NodeId, Span),
        span: Span,
    ) -> Value {
        let (weight, x) = (self.ty(a).clone(), self.ty(b).clone());
        let of_example = weight.per_example && (weight.rank() != 1 || weight.is_sequence() || !x.per_example);
        if of_example || !(1..=2).contains(&weight.rank()) || x.rank() == 0 || x.element == Element::Token {
            let (a_at, a_text) = self.describe(a, a_span);
            let (b_at, b_text) = self.describe(b, b_span);
            let message = format!(
                "`@` multiplies a parameter [O, I] or a vector [I] with a value [.., I], and gets {weight} and {x}"
            );
            let diagnostic =
                Diagnostic::new(code::RANK, op_span, message).here("the matrix or vector stands on the left");
            return self.report(diagnostic.label(a_at, a_text).label(b_at, b_text));
        }
        if weight.last_axis() != x.last_axis() {
            let (a_at, a_text) = self.describe(a, a_span);
            let (b_at, b_text) = self.describe(b, b_span);
            let (have, want) =
                (x.last_axis().cloned().unwrap_or_default(), weight.last_axis().cloned().unwrap_or_default());
            let message = format!("`@` needs equal last axes, and these are {want} and {have}");
            let mut diagnostic = Diagnostic::new(code::SHAPE_CLASH, op_span, message)
                .here("these do not fit")
                .label(a_at, a_text)
                .label(b_at, b_text);
            if a_at != a_span {
                diagnostic = diagnostic.label(a_span, format!("{weight} here"));
            }
            if b_at != b_span {
                diagnostic = diagnostic.label(b_span, format!("{x} here"));
            }
            return self.report(diagnostic);
        }
        let mut axes = x.axes[..x.rank() - 1].to_vec();
        axes.extend(weight.axes[..weight.rank() - 1].iter().cloned());
        Value::Tensor(self.push(Op::Product, vec![a, b], Type { axes, directions: None, ..x }, span))
    }
}

/// How the features of an elementwise result were read: as those of its two values. What all examples share has no say.
fn directions(left: &Type, right: &Type) -> Option<Vec<Segment>> {
    match (left.per_example, right.per_example) {
        (false, _) => right.directions.clone(),
        (_, false) => left.directions.clone(),
        _ => {
            let (left_read, right_read) = (left.directions.clone()?, right.directions.clone()?);
            let both = || Segment { width: left.last_axis().cloned().unwrap_or_default(), direction: Direction::Both };
            Some(if left_read == right_read { left_read } else { vec![both()] })
        }
    }
}

/// The type of an elementwise result: equal shapes, or one that all examples share (or is a single number) and
/// that lacks leading axes of the other.
fn extend(left: &Type, right: &Type) -> Option<Type> {
    let fits = |small: &Type, large: &Type| {
        let scalar = small.axes.is_empty();
        let suffix = !small.per_example && large.axes.ends_with(&small.axes);
        scalar || suffix
    };
    let per_example = left.per_example || right.per_example;
    if left.axes == right.axes {
        let directions = if left.per_example { left.directions.clone() } else { right.directions.clone() };
        return Some(Type { per_example, directions, ..left.clone() });
    }
    if fits(right, left) {
        return Some(Type { per_example, ..left.clone() });
    }
    if fits(left, right) {
        return Some(Type { per_example, ..right.clone() });
    }
    None
}
