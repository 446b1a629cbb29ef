//! Names that nothing reads: `let`, `param`, settings and values of a definition, fields of the data.

use crate::diagnostic::{Diagnostic, code};
use crate::ir::{Data, FieldKind};
use crate::syntax::ast::{
    Block, Entry, Expr, ExprKind, File, Ident, Item, Parameter, Result, SettingsBlock, Statement, TypeExpr, TypeKind,
};

pub fn lint(file: &File, data: Option<&Data>, diagnostics: &mut Vec<Diagnostic>) {
    let mut anywhere = Uses::default();
    anywhere.file(file);
    for item in &file.items {
        match item {
            Item::Layer(layer) if !is_primitive(&layer.body) => {
                let mut uses = Uses::default();
                uses.block(&layer.body);
                uses.parameters(&layer.parameters);
                uses.types(layer.result.iter());
                parameters(&layer.parameters, &uses, diagnostics);
                names(&layer.body, diagnostics);
            }
            Item::Cell(cell) => {
                let mut uses = Uses::default();
                uses.block(&cell.body);
                uses.parameters(&cell.settings);
                uses.parameters(&cell.states);
                parameters(&cell.settings, &uses, diagnostics);
                states(&cell.states, &uses, diagnostics);
                names(&cell.body, diagnostics);
            }
            Item::Model(model) => {
                let mut uses = Uses::default();
                uses.block(&model.body);
                parameters(&model.parameters, &uses, diagnostics);
                names(&model.body, diagnostics);
                if let Some(data) = data {
                    fields(data, model, diagnostics);
                }
            }
            Item::Constant(constant) => {
                for name in &constant.names {
                    if !anywhere.has(name) {
                        unused(name, "constant", diagnostics);
                    }
                }
            }
            _ => {}
        }
    }
}

fn is_primitive(body: &Block) -> bool {
    matches!(&body.result, Some(Expr { kind: ExprKind::Name(name), .. }) if name.name == "primitive")
}

fn parameters(declared: &[Parameter], uses: &Uses, diagnostics: &mut Vec<Diagnostic>) {
    for parameter in declared {
        // `hidden_size: H` is used when `H` is.
        let dim = match parameter.ty.as_ref().map(|ty| &ty.kind) {
            Some(TypeKind::Name(dim)) if dim.name.starts_with(char::is_uppercase) => uses.count(dim) > 1,
            _ => false,
        };
        if !uses.has(&parameter.name) && !dim {
            unused(&parameter.name, "parameter", diagnostics);
        }
    }
}

fn states(declared: &[Parameter], uses: &Uses, diagnostics: &mut Vec<Diagnostic>) {
    for state in declared.iter().filter(|state| !uses.has(&state.name)) {
        unused(&state.name, "state", diagnostics);
    }
}

/// `let` and `param` of a body, and of the bodies in it.
fn names(block: &Block, diagnostics: &mut Vec<Diagnostic>) {
    let mut uses = Uses::default();
    uses.block(block);
    for statement in &block.statements {
        match statement {
            Statement::Let(binding) => {
                for name in binding.names.iter().filter(|name| !uses.has(name)) {
                    unused(name, "`let`", diagnostics);
                }
            }
            Statement::Param(param) if !uses.has(&param.name) => unused(&param.name, "`param`", diagnostics),
            _ => {}
        }
    }
}

fn fields(data: &Data, model: &crate::syntax::ast::Model, diagnostics: &mut Vec<Diagnostic>) {
    // A source's fields are what they are.
    for field in data.fields.iter().filter(|_| data.source.is_none()) {
        let read = match field.kind {
            FieldKind::Text(_) | FieldKind::Numbers { .. } => {
                model.parameters.iter().any(|p| p.name.name == field.name)
            }
            FieldKind::Class | FieldKind::Tags { .. } | FieldKind::Number => match &model.result {
                Some(Result::Field(label)) => label.name == field.name,
                Some(Result::Next { .. }) => false,
                _ => true,
            },
        };
        if !read {
            let message = format!("no model reads the field `{}`", field.name);
            diagnostics.push(
                Diagnostic::new(code::UNUSED, field.span, message)
                    .here("never read")
                    .help("remove it, or make it a parameter of the model"),
            );
        }
    }
}

/// A name that starts with `_` is meant to be unused.
fn unused(name: &Ident, what: &str, diagnostics: &mut Vec<Diagnostic>) {
    if name.name.starts_with('_') {
        return;
    }
    let message = format!("`{}` is never used", name.name);
    let help = format!("remove it, or call it `_{}`", name.name);
    diagnostics.push(
        Diagnostic::new(code::UNUSED, name.span, message).here(format!("this {what} reaches no result")).help(help),
    );
}

/// Every name read somewhere, with how often.
#[derive(Default)]
pub struct Uses(std::collections::BTreeMap<String, usize>);

impl Uses {
    /// How often a name is read.
    pub fn count_of(&self, name: &str) -> usize {
        self.0.get(name).copied().unwrap_or(0)
    }

    fn has(&self, name: &Ident) -> bool {
        self.count(name) > 0
    }

    fn count(&self, name: &Ident) -> usize {
        self.count_of(&name.name)
    }

    fn note(&mut self, name: &Ident) {
        *self.0.entry(name.name.clone()).or_default() += 1;
    }

    fn file(&mut self, file: &File) {
        for item in &file.items {
            match item {
                Item::Data(block) | Item::Train(block) => self.settings(block),
                Item::Model(model) => self.block(&model.body),
                Item::Layer(layer) => {
                    self.parameters(&layer.parameters);
                    self.types(layer.result.iter());
                    self.block(&layer.body);
                }
                Item::Cell(cell) => {
                    self.parameters(&cell.states);
                    self.parameters(&cell.settings);
                    self.block(&cell.body);
                }
                Item::Edition { value, .. } => self.expr(value),
                Item::Constant(_) | Item::Use { .. } => {}
            }
        }
    }

    fn settings(&mut self, block: &SettingsBlock) {
        for entry in &block.entries {
            match entry {
                Entry::Setting(setting) => self.expr(&setting.value),
                Entry::Field { settings, .. } => settings.iter().for_each(|setting| self.expr(&setting.value)),
            }
        }
    }

    fn parameters(&mut self, parameters: &[Parameter]) {
        self.types(parameters.iter().filter_map(|p| p.ty.as_ref()));
        parameters.iter().filter_map(|p| p.default.as_ref()).for_each(|default| self.expr(default));
    }

    fn types<'a>(&mut self, types: impl Iterator<Item = &'a TypeExpr>) {
        for ty in types {
            match &ty.kind {
                TypeKind::Shape { dims, .. } | TypeKind::Of { dims, .. } => dims.iter().for_each(|dim| self.expr(dim)),
                TypeKind::Name(name) => self.note(name),
                TypeKind::Choice(_) => {}
            }
        }
    }

    pub fn block(&mut self, block: &Block) {
        for statement in &block.statements {
            match statement {
                Statement::Let(binding) => self.expr(&binding.value),
                Statement::Param(param) => {
                    self.types(std::iter::once(&param.ty));
                    param.initializer.iter().for_each(|expr| self.expr(expr));
                }
                Statement::Update { value, .. } => self.expr(value),
                Statement::Where { condition, .. } => self.expr(condition),
            }
        }
        block.result.iter().for_each(|expr| self.expr(expr));
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Name(name) => self.note(name),
            ExprKind::Call { callee, arguments } => {
                self.note(callee);
                arguments.iter().for_each(|argument| self.expr(&argument.value));
            }
            ExprKind::List(items) => items.iter().for_each(|item| self.expr(item)),
            ExprKind::Unary { operand, .. } => self.expr(operand),
            ExprKind::Binary { left, right, .. } | ExprKind::Pipe { left, right } => {
                self.expr(left);
                self.expr(right);
            }
            ExprKind::If { condition, then, otherwise } => {
                [condition, then, otherwise].into_iter().for_each(|e| self.expr(e))
            }
            ExprKind::Repeat(repeat) => {
                [&repeat.from, &repeat.to, &repeat.start].into_iter().for_each(|e| self.expr(e));
                self.block(&repeat.body);
            }
            _ => {}
        }
    }
}
