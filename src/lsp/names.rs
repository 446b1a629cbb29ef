//! What every name of a file stands for, and which names can be said where.
//!
//! Found in the tree alone, so that it is there for a file with errors, and for branches that are not taken. A test compares
//! it with what the checker resolves.

use std::collections::BTreeMap;

use crate::check::settings::Takes;
use crate::check::{self, Checked};
use crate::source::Span;
use crate::syntax::ast::{
    Argument, BinaryOp, Block, Cell, Entry, Expr, ExprKind, File, Ident, Item, Layer, Model, Parameter, Result,
    Setting, SettingsBlock, Statement, TypeExpr, TypeKind,
};

use super::definitions::{Definition, Definitions, is_value};

/// What a declaration declares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Constant,
    Field,
    Model,
    Layer,
    Cell,
    /// A parameter that is a value of the model.
    Value,
    Setting,
    Size,
    State,
    Let,
    /// `param`
    Weight,
    /// What a `repeat` counts with, and what it carries on.
    Turn,
}

#[derive(Debug, Clone)]
pub struct Declaration {
    pub name: String,
    pub kind: Kind,
    pub span: Span,
}

/// A name that can be said in a part of a body.
#[derive(Debug, Clone)]
pub struct Scoped {
    pub place: Span,
    pub name: String,
    pub declaration: Span,
}

#[derive(Debug, Default)]
pub struct Names {
    /// By the place of their name.
    pub declarations: BTreeMap<Span, Declaration>,
    /// Every place that says a name → the declaration; declarations say their own.
    pub uses: BTreeMap<Span, Span>,
    /// Values given without a name → the parameter they are given to.
    pub arguments: BTreeMap<Span, Span>,
    pub scoped: Vec<Scoped>,
}

impl Names {
    /// The names of the entry and of what it imports; of the library only what can be spoken of from outside.
    pub fn of(checked: &Checked) -> Self {
        let definitions = Definitions::of(checked);
        let mut walk = Walk {
            definitions,
            names: Names::default(),
            constants: BTreeMap::new(),
            fields: BTreeMap::new(),
            locals: Vec::new(),
            in_model: false,
        };
        checked.library.iter().for_each(|file| walk.heads(file));
        let files = || std::iter::once(&checked.entry).chain(checked.imports.iter().map(|(_, file)| file));
        walk.constants(files());
        walk.fields(&checked.entry);
        files().for_each(|file| walk.file(file));
        walk.names
    }

    /// The name that is said at a place, with its declaration.
    pub fn at(&self, file: crate::source::FileId, offset: usize) -> Option<(Span, &Declaration)> {
        let start = Span::new(file, 0, 0);
        let end = Span::new(file, offset, usize::MAX);
        let (span, target) =
            self.uses.range(start..=end).next_back().filter(|(span, _)| span.end as usize >= offset)?;
        Some((*span, self.declarations.get(target)?))
    }

    /// Every place that says the name of a declaration.
    pub fn uses_of(&self, declaration: Span) -> impl Iterator<Item = Span> {
        self.uses.iter().filter(move |(_, target)| **target == declaration).map(|(span, _)| *span)
    }

    /// The names that can be said at a place, the innermost of each first.
    pub fn scope(&self, file: crate::source::FileId, offset: usize) -> Vec<&Scoped> {
        let inside = |scoped: &&Scoped| {
            let place = scoped.place;
            place.file == file && (place.start as usize..=place.end as usize).contains(&offset)
        };
        let mut found: Vec<&Scoped> = self.scoped.iter().filter(inside).collect();
        found.sort_by_key(|scoped| std::cmp::Reverse(scoped.place.start));
        let mut seen = std::collections::BTreeSet::new();
        found.retain(|scoped| seen.insert(&scoped.name));
        found
    }
}

/// A name of a body.
#[derive(Clone, Copy)]
struct Local {
    declaration: Span,
    /// Whether it is a value of the model, and whether it can be applied.
    tensor: bool,
    applicable: bool,
}

struct Walk<'a> {
    definitions: Definitions<'a>,
    names: Names,
    constants: BTreeMap<&'a str, Span>,
    fields: BTreeMap<&'a str, Span>,
    /// Innermost last.
    locals: Vec<BTreeMap<&'a str, Local>>,
    in_model: bool,
}

impl<'a> Walk<'a> {
    fn declare(&mut self, name: &Ident, kind: Kind) -> Span {
        let declaration = Declaration { name: name.name.clone(), kind, span: name.span };
        self.names.declarations.insert(name.span, declaration);
        self.names.uses.insert(name.span, name.span);
        name.span
    }

    fn says(&mut self, name: &Ident, declaration: Span) {
        self.names.uses.insert(name.span, declaration);
    }

    /// Makes a name known to a part of a body.
    fn local(&mut self, name: &'a Ident, declaration: Span, place: Span, tensor: bool, applicable: bool) {
        if let Some(scope) = self.locals.last_mut() {
            scope.insert(&name.name, Local { declaration, tensor, applicable });
        }
        self.names.scoped.push(Scoped { place, name: name.name.clone(), declaration });
    }

    fn find(&self, name: &str) -> Option<Local> {
        let constant = || self.constants.get(name).filter(|_| self.in_model);
        let constant = || constant().map(|span| Local { declaration: *span, tensor: false, applicable: false });
        self.locals.iter().rev().find_map(|scope| scope.get(name).copied()).or_else(constant)
    }

    /// A library file: its definitions with their parameters.
    fn heads(&mut self, file: &'a File) {
        for item in &file.items {
            match item {
                Item::Layer(layer) => {
                    self.declare(&layer.name, Kind::Layer);
                    for parameter in &layer.parameters {
                        self.declare_parameter(parameter);
                    }
                }
                Item::Cell(cell) => {
                    self.declare(&cell.name, Kind::Cell);
                    for state in &cell.states {
                        self.declare(&state.name, Kind::State);
                    }
                    for parameter in &cell.settings {
                        self.declare_parameter(parameter);
                    }
                }
                _ => {}
            }
        }
    }

    fn constants(&mut self, files: impl Iterator<Item = &'a File>) {
        for item in files.flat_map(|file| &file.items) {
            if let Item::Constant(constant) = item
                && let Some(name) = constant.names.first()
            {
                let span = self.declare(name, Kind::Constant);
                self.constants.entry(&name.name).or_insert(span);
            }
        }
    }

    fn fields(&mut self, entry: &'a File) {
        for item in &entry.items {
            let Item::Data(block) = item else { continue };
            for entry in &block.entries {
                if let Entry::Field { name, .. } = entry {
                    let span = self.declare(name, Kind::Field);
                    self.fields.entry(&name.name).or_insert(span);
                }
            }
        }
    }

    fn file(&mut self, file: &'a File) {
        for item in &file.items {
            self.locals = vec![BTreeMap::new()];
            match item {
                Item::Data(block) | Item::Train(block) => self.settings(block),
                Item::Model(model) => {
                    self.in_model = true;
                    self.model(model);
                    self.in_model = false;
                }
                Item::Layer(layer) => self.layer(layer),
                Item::Cell(cell) => self.cell(cell),
                _ => {}
            }
        }
    }

    fn settings(&mut self, block: &'a SettingsBlock) {
        for entry in &block.entries {
            match entry {
                Entry::Setting(setting) => self.setting_value(&setting.value),
                Entry::Field { kind, settings, .. } => {
                    let table = check::settings_of(&kind.name).unwrap_or_default();
                    for Setting { name, value } in settings {
                        let names_field = table.iter().any(|row| row.name == name.name && row.takes == Takes::Name);
                        match &value.kind {
                            ExprKind::Name(field) if names_field => {
                                if let Some(declaration) = self.fields.get(field.name.as_str()) {
                                    self.says(field, *declaration);
                                }
                            }
                            _ => self.setting_value(value),
                        }
                    }
                }
            }
        }
    }

    /// A value of a setting speaks of constants alone.
    fn setting_value(&mut self, value: &'a Expr) {
        let mut said = Vec::new();
        super::walk::expr(value, &mut |expr| {
            if let ExprKind::Name(name) = &expr.kind
                && let Some(declaration) = self.constants.get(name.name.as_str())
            {
                said.push((name.span, *declaration));
            }
        });
        self.names.uses.extend(said);
    }

    fn model(&mut self, model: &'a Model) {
        self.declare(&model.name, Kind::Model);
        for parameter in &model.parameters {
            let declaration = match self.fields.get(parameter.name.name.as_str()).copied() {
                Some(field) => {
                    self.says(&parameter.name, field);
                    field
                }
                None => self.declare(&parameter.name, Kind::Value),
            };
            self.local(&parameter.name, declaration, model.body.span, true, false);
            parameter.ty.iter().for_each(|ty| self.sizes(ty, model.span));
        }
        match &model.result {
            Some(Result::Field(name)) => {
                if let Some(field) = self.fields.get(name.name.as_str()).copied() {
                    self.says(name, field);
                }
            }
            Some(Result::Type(ty)) => self.sizes(ty, model.span),
            Some(Result::Next { text, .. }) => {
                if let Some(local) = self.find(&text.name) {
                    self.says(text, local.declaration);
                }
            }
            None => {}
        }
        self.block(&model.body);
    }

    fn layer(&mut self, layer: &'a Layer) {
        self.declare(&layer.name, Kind::Layer);
        for parameter in layer.parameters.iter().filter(|parameter| is_value(parameter)) {
            parameter.ty.iter().for_each(|ty| self.sizes(ty, layer.span));
        }
        self.parameters(&layer.parameters, layer.span);
        layer.result.iter().for_each(|ty| self.sizes(ty, layer.span));
        self.block(&layer.body);
    }

    fn cell(&mut self, cell: &'a Cell) {
        self.declare(&cell.name, Kind::Cell);
        for parameter in cell.input.iter().chain(&cell.states) {
            parameter.ty.iter().for_each(|ty| self.sizes(ty, cell.span));
        }
        if let Some(input) = &cell.input {
            let declaration = self.declare(&input.name, Kind::Value);
            self.local(&input.name, declaration, cell.span, true, false);
        }
        for state in &cell.states {
            let declaration = self.declare(&state.name, Kind::State);
            self.local(&state.name, declaration, cell.span, true, false);
        }
        self.parameters(&cell.settings, cell.span);
        self.block(&cell.body);
    }

    fn declare_parameter(&mut self, parameter: &Parameter) -> Span {
        self.declare(&parameter.name, if is_value(parameter) { Kind::Value } else { Kind::Setting })
    }

    /// Values and settings, then the defaults, which may speak of any of them.
    fn parameters(&mut self, parameters: &'a [Parameter], place: Span) {
        for parameter in parameters {
            let declaration = self.declare_parameter(parameter);
            let choice = matches!(parameter.ty.as_ref().map(|ty| &ty.kind), Some(TypeKind::Choice(_)));
            self.local(&parameter.name, declaration, place, is_value(parameter), choice);
            if let Some(TypeKind::Name(size)) = parameter.ty.as_ref().map(|ty| &ty.kind)
                && size.name.starts_with(char::is_uppercase)
            {
                self.size(size, place);
            }
        }
        for parameter in parameters {
            parameter.default.iter().for_each(|default| self.given(default, Some(parameter)));
        }
    }

    /// The sizes of a shape: the first mention of a name declares it.
    fn sizes(&mut self, ty: &'a TypeExpr, place: Span) {
        let (TypeKind::Shape { dims, .. } | TypeKind::Of { dims, .. }) = &ty.kind else { return };
        dims.iter().for_each(|dim| self.size_of(dim, place));
    }

    fn size_of(&mut self, dim: &'a Expr, place: Span) {
        match &dim.kind {
            ExprKind::Name(name) => self.size(name, place),
            ExprKind::Binary { left, right, .. } => {
                self.size_of(left, place);
                self.size_of(right, place);
            }
            _ => self.expr(dim),
        }
    }

    fn size(&mut self, name: &'a Ident, place: Span) {
        match self.find(&name.name) {
            Some(local) => self.says(name, local.declaration),
            None if self.fields.contains_key(name.name.as_str()) => {
                self.says(name, self.fields[name.name.as_str()]);
            }
            None => {
                let declaration = self.declare(name, Kind::Size);
                self.local(name, declaration, place, false, false);
            }
        }
    }

    fn block(&mut self, block: &'a Block) {
        for statement in &block.statements {
            match statement {
                Statement::Let(binding) => {
                    self.expr(&binding.value);
                    let tensor = self.is_tensor(&binding.value);
                    let applicable = !tensor && self.is_layer(&binding.value);
                    let place = Span { start: binding.span.end, ..block.span };
                    for name in &binding.names {
                        let declaration = self.declare(name, Kind::Let);
                        self.local(name, declaration, place, tensor, applicable);
                    }
                }
                Statement::Param(param) => {
                    if let TypeKind::Shape { dims, .. } | TypeKind::Of { dims, .. } = &param.ty.kind {
                        dims.iter().for_each(|dim| self.expr(dim));
                    }
                    param.initializer.iter().for_each(|value| self.initializer(value));
                    let declaration = self.declare(&param.name, Kind::Weight);
                    self.local(&param.name, declaration, Span { start: param.span.end, ..block.span }, true, false);
                }
                Statement::Update { name, value, .. } => {
                    self.expr(value);
                    if let Some(local) = self.find(&name.name) {
                        self.says(name, local.declaration);
                    }
                }
                Statement::Where { condition, .. } => self.expr(condition),
            }
        }
        block.result.iter().for_each(|result| self.expr(result));
    }

    fn expr(&mut self, expr: &'a Expr) {
        match &expr.kind {
            ExprKind::Name(name) => self.name(name),
            ExprKind::Call { callee, arguments } => self.apply(callee, arguments, false),
            ExprKind::Pipe { left, right } => {
                self.expr(left);
                self.stage(right);
            }
            ExprKind::List(items) => items.iter().for_each(|item| self.expr(item)),
            ExprKind::Unary { operand, .. } => self.expr(operand),
            ExprKind::Binary { op, left, right, .. } => {
                self.expr(left);
                // Beside a setting that takes words stands a word.
                let compares = matches!(op, BinaryOp::Equal | BinaryOp::NotEqual);
                match &right.kind {
                    ExprKind::Name(word) if compares && self.find(&word.name).is_none() => {}
                    _ => self.expr(right),
                }
            }
            ExprKind::If { condition, then, otherwise } => {
                [condition, then, otherwise].into_iter().for_each(|part| self.expr(part));
            }
            ExprKind::Repeat(repeat) => {
                [&repeat.from, &repeat.to, &repeat.start].into_iter().for_each(|part| self.expr(part));
                self.locals.push(BTreeMap::new());
                for (name, tensor) in [(&repeat.counter, false), (&repeat.carried, true)] {
                    let declaration = self.declare(name, Kind::Turn);
                    self.local(name, declaration, repeat.body.span, tensor, false);
                }
                self.block(&repeat.body);
                self.locals.pop();
            }
            _ => {}
        }
    }

    /// What stands behind `|>`.
    fn stage(&mut self, stage: &'a Expr) {
        match &stage.kind {
            ExprKind::Name(name) => self.apply(name, &[], true),
            ExprKind::Call { callee, arguments } => self.apply(callee, arguments, true),
            ExprKind::If { condition, then, otherwise } => {
                self.expr(condition);
                self.stage(then);
                self.stage(otherwise);
            }
            _ => self.expr(stage),
        }
    }

    fn name(&mut self, name: &Ident) {
        let definition = || self.definitions.applied(&name.name).map(|definition| definition.name().span);
        let field = || self.fields.get(name.name.as_str()).copied();
        let found = self.find(&name.name).map(|local| local.declaration).or_else(field).or_else(definition);
        if let Some(declaration) = found {
            self.says(name, declaration);
        }
    }

    fn apply(&mut self, callee: &'a Ident, arguments: &'a [Argument], piped: bool) {
        let definition = self.definitions.applied(&callee.name);
        let local = self.find(&callee.name).filter(|local| local.applicable || definition.is_none());
        let (Some(definition), None) = (definition, local) else {
            local.iter().for_each(|local| self.says(callee, local.declaration));
            return arguments.iter().for_each(|argument| self.expr(&argument.value));
        };
        self.says(callee, definition.name().span);
        let taken = self.definitions.taken(definition);
        let by_name = |name: &Ident| taken.iter().copied().find(|parameter| parameter.name.name == name.name);
        let piped_into = taken.iter().position(|parameter| is_value(parameter)).filter(|_| piped);
        let is_input = |argument: &Argument| match &argument.name {
            None => self.is_tensor(&argument.value),
            Some(name) => by_name(name).is_some_and(is_value),
        };
        // Without an input, positions count from the settings.
        let has_input = piped || arguments.iter().any(is_input);
        let open = taken.iter().enumerate();
        let open = open.filter(|(i, parameter)| piped_into != Some(*i) && (has_input || !is_value(parameter)));
        let mut open = open.map(|(_, parameter)| *parameter);
        let variadic = callee.name == "concat";
        for argument in arguments {
            let parameter = match &argument.name {
                Some(name) => by_name(name),
                None if variadic => None,
                None => open.next(),
            };
            if let Some(parameter) = parameter {
                match &argument.name {
                    Some(name) => self.says(name, parameter.name.span),
                    None => drop(self.names.arguments.insert(argument.value.span, parameter.name.span)),
                }
            }
            self.given(&argument.value, parameter);
        }
    }

    /// A value on its way into a parameter.
    fn given(&mut self, value: &'a Expr, parameter: Option<&Parameter>) {
        match parameter.and_then(|parameter| parameter.ty.as_ref()).map(|ty| &ty.kind) {
            Some(TypeKind::Name(kind)) if kind.name == "cell" => self.cell_given(value),
            Some(TypeKind::Name(kind)) if kind.name == "initializer" => self.initializer(value),
            Some(TypeKind::Choice(_)) => match &value.kind {
                ExprKind::Name(name) => {
                    if let Some(local) = self.find(&name.name) {
                        self.says(name, local.declaration);
                    }
                }
                _ => self.expr(value),
            },
            _ => self.expr(value),
        }
    }

    fn cell_given(&mut self, value: &'a Expr) {
        let (name, arguments): (&Ident, &[Argument]) = match &value.kind {
            ExprKind::Name(name) => (name, &[]),
            ExprKind::Call { callee, arguments } => (callee, arguments),
            _ => return self.expr(value),
        };
        let cell = self.definitions.cell(&name.name);
        if let Some(local) = self.find(&name.name).filter(|local| !local.tensor) {
            self.says(name, local.declaration);
        } else if let Some(cell) = cell {
            self.says(name, cell.name.span);
        }
        for argument in arguments {
            let setting = argument
                .name
                .as_ref()
                .zip(cell)
                .and_then(|(name, cell)| cell.settings.iter().find(|parameter| parameter.name.name == name.name));
            if let (Some(name), Some(setting)) = (&argument.name, setting) {
                self.says(name, setting.name.span);
            }
            self.given(&argument.value, setting);
        }
    }

    /// How a parameter starts: the names of initializers are the compiler's own.
    fn initializer(&mut self, value: &'a Expr) {
        match &value.kind {
            ExprKind::Name(name) => {
                if let Some(local) = self.find(&name.name) {
                    self.says(name, local.declaration);
                }
            }
            ExprKind::Call { callee, arguments } if callee.name == "pretrained" => {
                arguments.iter().for_each(|argument| self.initializer(&argument.value));
            }
            ExprKind::Call { arguments, .. } => arguments.iter().for_each(|argument| self.expr(&argument.value)),
            ExprKind::If { condition, then, otherwise } => {
                self.expr(condition);
                self.initializer(then);
                self.initializer(otherwise);
            }
            _ => self.expr(value),
        }
    }

    /// Whether an expression is a value of the model, as the checker judges it before it evaluates.
    fn is_tensor(&self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Name(name) => match self.find(&name.name) {
                Some(local) => local.tensor,
                None => name.name == "leaf",
            },
            ExprKind::Pipe { .. } | ExprKind::Repeat(_) | ExprKind::Broken => true,
            ExprKind::Call { callee, arguments } => {
                let tensor = |argument: &Argument| argument.name.is_none() && self.is_tensor(&argument.value);
                callee.name == "split" || arguments.iter().any(tensor)
            }
            ExprKind::Binary { op, left, right, .. } => {
                op.is_arithmetic() && (self.is_tensor(left) || self.is_tensor(right))
            }
            ExprKind::Unary { operand, .. } => self.is_tensor(operand),
            ExprKind::If { then, otherwise, .. } => self.is_tensor(then) || self.is_tensor(otherwise),
            _ => false,
        }
    }

    /// Whether an expression is a layer without its input.
    fn is_layer(&self, expr: &Expr) -> bool {
        let name = match &expr.kind {
            ExprKind::Call { callee, .. } => callee,
            ExprKind::Name(name) => name,
            _ => return false,
        };
        self.find(&name.name).is_none() && self.definitions.applied(&name.name).is_some_and(|definition| {
            !matches!(definition, Definition::Layer(layer) if matches!(layer.name.name.as_str(), "sqrt" | "exp" | "log" | "abs"))
        })
    }
}
