//! Pairs → bodies of models, layers and cells: their statements and their result.

use pest::iterators::Pair;

use super::Rule;
use super::ast::{self, Block, Let, Param, Statement};
use super::builder::{Builder, unescape};
use crate::diagnostic::{Diagnostic, code};

impl Builder<'_> {
    pub fn block(&mut self, pair: Pair<'_, Rule>) -> Block {
        let span = self.span(&pair);
        let mut block = Block { statements: Vec::new(), result: None, broken: false, span };
        let (mut open, mut height) = (span, 0);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::open => open = self.span(&part),
                Rule::unclosed => {
                    self.unclosed(open, "this body is never closed");
                    block.broken = true;
                }
                Rule::statements => {
                    for statement in part.into_inner() {
                        match statement.as_rule() {
                            Rule::statement => self.statement(statement, &mut block),
                            Rule::bad_statement => self.bad_statement(statement, &mut block),
                            _ => {}
                        }
                        height = height.max(self.height);
                    }
                }
                _ => {}
            }
        }
        self.height = height;
        block
    }

    fn bad_statement(&mut self, pair: Pair<'_, Rule>, block: &mut Block) {
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::bad_words => {
                    block.broken = true;
                    // A step that continues a line already reported is not reported again.
                    let continues = part.as_str().trim_start().starts_with("|>");
                    let reported = self.diagnostics.last().is_some_and(|d| d.primary.span.start >= block.span.start);
                    if !(continues && reported) {
                        self.explain(Rule::only_statement, &part);
                    }
                }
                Rule::docs => {
                    let diagnostic = Diagnostic::new(code::MISPLACED, self.span(&part), "a `///` text inside a body");
                    self.report(diagnostic.here("describes nothing").help("a comment inside a body starts with `//`"));
                }
                _ => {}
            }
        }
    }

    fn statement(&mut self, pair: Pair<'_, Rule>, block: &mut Block) {
        let mut docs = String::new();
        for part in pair.into_inner() {
            let span = self.span(&part);
            let statement = match part.as_rule() {
                Rule::docs => {
                    docs = self.docs(part);
                    continue;
                }
                Rule::let_statement => self.let_statement(part, std::mem::take(&mut docs)).map(Statement::Let),
                Rule::param => self.param(part, std::mem::take(&mut docs)),
                Rule::where_clause => {
                    let (mut condition, mut message) = (None, None);
                    for inner in part.into_inner() {
                        match inner.as_rule() {
                            Rule::expr => condition = Some(self.expression(inner)),
                            Rule::string => message = Some((unescape(inner.as_str()), self.span(&inner))),
                            _ => {}
                        }
                    }
                    condition.map(|condition| Statement::Where { condition, message, span })
                }
                Rule::update => {
                    let (mut name, mut value) = (None, None);
                    for inner in part.into_inner() {
                        match inner.as_rule() {
                            Rule::primed => name = Some(self.ident(&inner)),
                            Rule::expr => value = Some(self.expression(inner)),
                            _ => {}
                        }
                    }
                    name.zip(value).map(|(name, value)| Statement::Update { name, value, span })
                }
                Rule::expr => {
                    let mut expr = self.expression(part);
                    if let Some(earlier) = block.result.take() {
                        let first = first_step(&mut expr);
                        let message = "a second value in one body: only the last is its result";
                        let diagnostic = Diagnostic::new(code::MISPLACED, first.span, message)
                            .here("another value starts here")
                            .label(earlier.last_step(), "this value goes nowhere");
                        self.report(diagnostic.help("join the lines with `|>`, or name the first value with `let`"));
                        first.kind = ast::ExprKind::Broken;
                    }
                    block.result = Some(expr);
                    None
                }
                _ => None,
            };
            if let Some(statement) = statement {
                if let Some(early) = block.result.take() {
                    let diagnostic = Diagnostic::new(code::MISPLACED, early.span, "a value that nothing uses");
                    let diagnostic = diagnostic.here("other statements follow it, so it is not the result");
                    self.report(diagnostic.help("name it with `let`, or write it last"));
                }
                block.statements.push(statement);
            }
        }
    }

    pub fn let_statement(&mut self, pair: Pair<'_, Rule>, docs: String) -> Option<Let> {
        let span = self.span(&pair);
        let (mut names, mut value) = (Vec::new(), None);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::ident => names.push(self.ident(&part)),
                Rule::expr => value = Some(self.expression(part)),
                _ => {}
            }
        }
        Some(Let { docs, names, value: value?, span })
    }

    fn param(&mut self, pair: Pair<'_, Rule>, docs: String) -> Option<Statement> {
        let span = self.span(&pair);
        let (mut name, mut ty, mut initializer) = (None, None, None);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::ident => name = Some(self.ident(&part)),
                Rule::type_expr => ty = self.type_expr(part),
                Rule::expr => initializer = Some(self.expression(part)),
                _ => {}
            }
        }
        Some(Statement::Param(Param { docs, name: name?, ty: ty?, initializer, span }))
    }
}

/// Where a pipeline starts.
fn first_step(expr: &mut ast::Expr) -> &mut ast::Expr {
    match expr {
        ast::Expr { kind: ast::ExprKind::Pipe { left, .. }, .. } => first_step(left),
        expr => expr,
    }
}
