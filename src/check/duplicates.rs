//! Names given twice in one definition. A body is read like the figure of a paper, where a name means one thing.
//!
//! Files and blocks look after their own names: `definitions.rs`, `settings.rs`, `data.rs`.

use std::collections::BTreeMap;

use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::ast::{Block, Expr, ExprKind, File, Ident, Item, Parameter, Statement};

use super::definitions::duplicate;

/// Reports every parameter, state, `param` and `let` whose name the same definition has given before.
pub fn names(file: &File, diagnostics: &mut Vec<Diagnostic>) {
    for item in &file.items {
        let mut names = Names { given: BTreeMap::new(), diagnostics };
        match item {
            Item::Model(model) => names.definition(model.parameters.iter(), &model.body),
            Item::Layer(layer) => names.definition(layer.parameters.iter(), &layer.body),
            Item::Cell(cell) => {
                names.definition(cell.input.iter().chain(&cell.states).chain(&cell.settings), &cell.body)
            }
            _ => {}
        }
    }
}

struct Names<'d> {
    given: BTreeMap<String, Span>,
    diagnostics: &'d mut Vec<Diagnostic>,
}

impl Names<'_> {
    fn definition<'a>(&mut self, parameters: impl Iterator<Item = &'a Parameter>, body: &Block) {
        parameters.for_each(|parameter| self.give(&parameter.name));
        self.block(body);
    }

    fn give(&mut self, name: &Ident) {
        match self.given.get(&name.name) {
            Some(earlier) => self.diagnostics.push(duplicate(name, *earlier)),
            None => drop(self.given.insert(name.name.clone(), name.span)),
        }
    }

    fn block(&mut self, block: &Block) {
        for statement in &block.statements {
            match statement {
                Statement::Let(binding) => {
                    self.repeats(&binding.value);
                    binding.names.iter().for_each(|name| self.give(name));
                }
                Statement::Param(param) => self.give(&param.name),
                Statement::Update { .. } | Statement::Where { .. } => {}
            }
        }
        block.result.iter().for_each(|result| self.repeats(result));
    }

    /// The body of a `repeat` has names of its own, which may hide those around it.
    fn repeats(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Repeat(repeat) => {
                let mut inner = Names { given: BTreeMap::new(), diagnostics: self.diagnostics };
                inner.give(&repeat.counter);
                inner.give(&repeat.carried);
                inner.block(&repeat.body);
            }
            ExprKind::Pipe { left, .. } => self.repeats(left),
            _ => {}
        }
    }
}
