//! Pairs → expressions.

use pest::iterators::{Pair, Pairs};

use super::Rule;
use super::ast::{Argument, BinaryOp, Expr, ExprKind, Repeat, UnaryOp};
use super::builder::{Builder, unescape};
use crate::diagnostic::{Diagnostic, code};

impl Builder<'_> {
    /// `expr`, `pipeline`, `stage` or anything below them.
    pub fn expression(&mut self, pair: Pair<'_, Rule>) -> Expr {
        let span = self.span(&pair);
        self.height = 0;
        match pair.as_rule() {
            Rule::expr | Rule::stage | Rule::primary => match pair.into_inner().next() {
                Some(inner) => self.expression(inner),
                None => self.broken(span),
            },
            Rule::group => match pair.into_inner().find(|p| p.as_rule() == Rule::expr) {
                Some(inner) => Expr { span, ..self.expression(inner) },
                None => self.broken(span),
            },
            Rule::pipeline => self.pipeline(pair),
            Rule::disjunction | Rule::conjunction | Rule::comparison | Rule::sum | Rule::product => self.chain(pair),
            Rule::unary => self.unary(pair),
            Rule::if_expr => self.conditional(pair),
            Rule::repeat => self.repeat(pair),
            Rule::number => self.number(&pair),
            Rule::string => Expr { kind: ExprKind::String(unescape(pair.as_str())), span },
            Rule::kw_true => Expr { kind: ExprKind::Bool(true), span },
            Rule::kw_false => Expr { kind: ExprKind::Bool(false), span },
            Rule::kw_none => Expr { kind: ExprKind::None, span },
            Rule::kw_auto => Expr { kind: ExprKind::Auto, span },
            Rule::ident | Rule::primed => Expr { kind: ExprKind::Name(self.ident(&pair)), span },
            Rule::call => self.call(pair),
            Rule::list => {
                let (mut items, mut height) = (Vec::new(), 0);
                for item in pair.into_inner().filter(|p| p.as_rule() == Rule::expr) {
                    items.push(self.expression(item));
                    height = height.max(self.height);
                }
                self.expr(ExprKind::List(items), span, height)
            }
            _ => self.broken(span),
        }
    }

    fn pipeline(&mut self, pair: Pair<'_, Rule>) -> Expr {
        let mut parts = pair.into_inner().filter(|p| p.as_rule() != Rule::pipe);
        let Some(first) = parts.next() else { unreachable!("a pipeline has a first part by its rule") };
        let mut left = self.expression(first);
        for part in parts {
            let height = self.height;
            let right = if part.as_rule() == Rule::bad_stage {
                self.explain(Rule::only_stage, &part);
                self.broken(self.span(&part))
            } else {
                self.expression(part)
            };
            let (span, height) = (left.span.to(right.span), height.max(self.height));
            left = self.expr(ExprKind::Pipe { left: Box::new(left), right: Box::new(right) }, span, height);
        }
        left
    }

    /// Left-associative operators of one level; a level without operators is its only operand.
    fn chain(&mut self, pair: Pair<'_, Rule>) -> Expr {
        let mut parts = pair.into_inner();
        let Some(first) = parts.next() else { unreachable!("an operator level has a first operand by its rule") };
        let mut left = self.expression(first);
        while let (Some(operator), Some(operand)) = (parts.next(), parts.next()) {
            let height = self.height;
            let op_span = self.span(&operator);
            let op = binary_op(operator.as_str().trim());
            let right = self.expression(operand);
            let (span, height) = (left.span.to(right.span), height.max(self.height));
            left =
                self.expr(ExprKind::Binary { op, op_span, left: Box::new(left), right: Box::new(right) }, span, height);
        }
        left
    }

    fn unary(&mut self, pair: Pair<'_, Rule>) -> Expr {
        let span = self.span(&pair);
        let mut parts: Vec<_> = pair.into_inner().collect();
        let Some(operand) = parts.pop() else { unreachable!("`unary` ends in a primary by its rule") };
        let mut expr = self.expression(operand);
        for prefix in parts.iter().rev() {
            let op = if prefix.as_rule() == Rule::negate { UnaryOp::Negate } else { UnaryOp::Not };
            // A literal keeps its sign: `-1` is a number, not an operation on one.
            expr = match (op, expr.kind) {
                (UnaryOp::Negate, ExprKind::Integer(n)) => Expr { kind: ExprKind::Integer(n.saturating_neg()), span },
                (UnaryOp::Negate, ExprKind::Float(x)) => Expr { kind: ExprKind::Float(-x), span },
                (op, kind) => {
                    let operand = Box::new(Expr { kind, span: expr.span });
                    self.expr(ExprKind::Unary { op, operand }, span, self.height)
                }
            };
        }
        expr
    }

    fn conditional(&mut self, pair: Pair<'_, Rule>) -> Expr {
        let span = self.span(&pair);
        let (mut conditions, mut otherwise, mut parts) = (Vec::new(), None, 0);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::condition => {
                    let mut inner =
                        part.into_inner().filter(|p| matches!(p.as_rule(), Rule::disjunction | Rule::pipeline));
                    if let (Some(test), Some(then)) = (inner.next(), inner.next()) {
                        let (test, height) = (self.expression(test), self.height);
                        conditions.push((test, self.expression(then)));
                        parts = parts.max(height).max(self.height);
                    }
                }
                Rule::pipeline => {
                    otherwise = Some(self.expression(part));
                    parts = parts.max(self.height);
                }
                _ => {}
            }
        }
        let mut expr = otherwise.unwrap_or_else(|| self.broken(span));
        self.height = parts;
        for (condition, then) in conditions.into_iter().rev() {
            let kind = ExprKind::If { condition: Box::new(condition), then: Box::new(then), otherwise: Box::new(expr) };
            expr = self.expr(kind, span, self.height);
        }
        expr
    }

    fn repeat(&mut self, pair: Pair<'_, Rule>) -> Expr {
        let span = self.span(&pair);
        let (mut names, mut bounds, mut start, mut body) = (Vec::new(), Vec::new(), None, None);
        let mut height = 0;
        for part in pair.into_inner() {
            self.height = 0;
            match part.as_rule() {
                Rule::ident => names.push(self.ident(&part)),
                Rule::sum => bounds.push(self.expression(part)),
                Rule::pipeline => start = Some(self.expression(part)),
                Rule::block => body = Some(self.block(part)),
                _ => {}
            }
            height = height.max(self.height);
        }
        let (Some(carried), Some(counter)) = (names.pop(), names.pop()) else { return self.broken(span) };
        let (Some(to), Some(from)) = (bounds.pop(), bounds.pop()) else { return self.broken(span) };
        let (Some(start), Some(body)) = (start, body) else { return self.broken(span) };
        let repeat = Repeat { counter, from, to, carried, start, body };
        self.expr(ExprKind::Repeat(Box::new(repeat)), span, height)
    }

    fn number(&mut self, pair: &Pair<'_, Rule>) -> Expr {
        let span = self.span(pair);
        let digits = pair.as_str().trim().replace('_', "");
        let integer = !digits.contains(['.', 'e', 'E']);
        let kind = if integer {
            digits.parse().map(ExprKind::Integer).ok()
        } else {
            digits.parse::<f64>().ok().filter(|x| x.is_finite()).map(ExprKind::Float)
        };
        match kind {
            Some(kind) => Expr { kind, span },
            None => {
                let shown = if digits.len() > 24 { format!("of {} digits", digits.len()) } else { digits };
                let diagnostic = Diagnostic::new(code::OUT_OF_RANGE, span, format!("the number {shown} is too large"));
                self.report(diagnostic.here("does not fit"));
                self.broken(span)
            }
        }
    }

    fn call(&mut self, pair: Pair<'_, Rule>) -> Expr {
        let span = self.span(&pair);
        let mut parts = pair.into_inner();
        let callee = parts.next().and_then(|p| p.into_inner().next());
        let (Some(callee), Some(arguments)) = (callee, parts.next()) else { return self.broken(span) };
        let callee = self.ident(&callee);
        let (arguments, height) = self.arguments(arguments.into_inner());
        self.expr(ExprKind::Call { callee, arguments }, span, height)
    }

    /// The arguments and the height of the highest.
    fn arguments(&mut self, pairs: Pairs<'_, Rule>) -> (Vec<Argument>, usize) {
        let (mut arguments, mut height) = (Vec::new(), 0);
        for pair in pairs.filter(|p| p.as_rule() == Rule::argument) {
            let mut name = None;
            for part in pair.into_inner() {
                match part.as_rule() {
                    Rule::argument_name => name = part.into_inner().next().map(|p| self.ident(&p)),
                    _ => {
                        arguments.push(Argument { name: name.take(), value: self.expression(part) });
                        height = height.max(self.height);
                    }
                }
            }
        }
        (arguments, height)
    }
}

fn binary_op(symbol: &str) -> BinaryOp {
    match symbol {
        "or" => BinaryOp::Or,
        "and" => BinaryOp::And,
        "==" => BinaryOp::Equal,
        "!=" => BinaryOp::NotEqual,
        "<" => BinaryOp::Less,
        "<=" => BinaryOp::LessEqual,
        ">" => BinaryOp::Greater,
        ">=" => BinaryOp::GreaterEqual,
        "+" => BinaryOp::Add,
        "-" => BinaryOp::Subtract,
        "*" => BinaryOp::Multiply,
        "/" => BinaryOp::Divide,
        "%" => BinaryOp::Remainder,
        _ => BinaryOp::Product,
    }
}
