//! Every expression of a tree, outermost first.

use crate::syntax::ast::{Block, Expr, ExprKind, Statement};

/// Shows every expression of a body to `visit`.
pub fn block(block: &Block, visit: &mut dyn FnMut(&Expr)) {
    block.statements.iter().for_each(|inner| statement(inner, visit));
    block.result.iter().for_each(|result| expr(result, visit));
}

pub fn statement(statement: &Statement, visit: &mut dyn FnMut(&Expr)) {
    match statement {
        Statement::Let(binding) => expr(&binding.value, visit),
        Statement::Param(param) => param.initializer.iter().for_each(|value| expr(value, visit)),
        Statement::Update { value, .. } => expr(value, visit),
        Statement::Where { condition, .. } => expr(condition, visit),
    }
}

pub fn expr(whole: &Expr, visit: &mut dyn FnMut(&Expr)) {
    visit(whole);
    match &whole.kind {
        ExprKind::Call { arguments, .. } => arguments.iter().for_each(|argument| expr(&argument.value, visit)),
        ExprKind::List(items) => items.iter().for_each(|item| expr(item, visit)),
        ExprKind::Unary { operand, .. } => expr(operand, visit),
        ExprKind::Binary { left, right, .. } | ExprKind::Pipe { left, right } => {
            expr(left, visit);
            expr(right, visit);
        }
        ExprKind::If { condition, then, otherwise } => {
            [condition, then, otherwise].into_iter().for_each(|part| expr(part, visit));
        }
        ExprKind::Repeat(repeat) => {
            [&repeat.from, &repeat.to, &repeat.start].into_iter().for_each(|part| expr(part, visit));
            block(&repeat.body, visit);
        }
        _ => {}
    }
}
