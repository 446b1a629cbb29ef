//! The statements of a body: `let`, `param`, `where`, and what conditions say.

use std::sync::Arc;

use crate::diagnostic::{Diagnostic, code};
use crate::source::Span;
use crate::syntax::ast::{Block, Expr, ExprKind, Ident, Let, Statement};

use super::checker::{Checker, Pending};
use super::value::{Instance, Value};

impl Checker<'_> {
    /// The statements of a body in order, then its result.
    pub fn block(&mut self, block: &Block) -> Value {
        let mut holds = true;
        for statement in &block.statements {
            // What a condition protects is not looked at when it does not hold.
            if holds || matches!(statement, Statement::Where { .. }) {
                holds &= self.statement(statement);
            }
        }
        if !holds {
            return Value::Poison;
        }
        match &block.result {
            // What could not be parsed may have been part of the result.
            Some(result) if block.broken => {
                self.evaluate(result);
                Value::Poison
            }
            Some(result) => self.evaluate(result),
            None if block.broken => Value::Poison,
            None => Value::None,
        }
    }

    /// Whether what follows can rely on it: a condition may not hold.
    pub fn statement(&mut self, statement: &Statement) -> bool {
        match statement {
            Statement::Let(binding) => self.let_statement(binding),
            Statement::Param(param) => {
                let Some(shape) = self.declared_axes(&param.ty, &[]) else {
                    self.bind(&param.name.name, Value::Poison, param.name.span);
                    return true;
                };
                let declaration = param.clone();
                self.frame().pending.insert(param.name.name.clone(), Pending { declaration, shape });
            }
            Statement::Where { condition, message, span } => {
                return self.where_clause(condition, message.as_ref().map(|(text, _)| text.as_str()), *span);
            }
            Statement::Update { name, span, .. } => {
                let message = format!("`{}'` is set outside a cell", name.name);
                self.report(
                    Diagnostic::new(code::MISPLACED, *span, message)
                        .here("only the equations of a `cell` set new states")
                        .help("name the value with `let`"),
                );
            }
        }
        true
    }

    pub fn let_statement(&mut self, binding: &Let) {
        if binding.names.len() > 1 {
            return self.let_split(binding);
        }
        let Some(name) = binding.names.first() else { return };
        let value = match self.as_instance(&binding.value, &name.name) {
            Some(instance) => instance,
            None => {
                let only_layer = self.layers_in(&binding.value) == 1;
                self.frame().let_name = only_layer.then(|| name.name.clone());
                let value = self.evaluate(&binding.value);
                self.frame().let_name = None;
                value
            }
        };
        self.bind(&name.name, value, name.span);
    }

    /// How many layers with parameters of their own an expression applies; one alone takes the name of its `let`.
    fn layers_in(&self, expr: &Expr) -> usize {
        let library = self.current().library;
        let is_layer = |name: &Ident| match self.definitions.layer(&name.name, library) {
            Some(definition) => usize::from(!definition.is_primitive()),
            None => usize::from(self.definitions.cell(&name.name, library).is_some()),
        };
        match &expr.kind {
            ExprKind::Pipe { left, right } => self.layers_in(left) + self.layers_in(right),
            ExprKind::Call { callee, arguments } => {
                is_layer(callee)
                    + arguments
                        .iter()
                        .filter(|a| a.name.is_none() && self.is_tensor(&a.value))
                        .map(|a| self.layers_in(&a.value))
                        .sum::<usize>()
            }
            ExprKind::Name(name) if self.lookup(&name.name).is_none() => is_layer(name),
            _ => 0,
        }
    }

    /// `let encoder = bilstm(128)`: a layer without its input.
    fn as_instance(&mut self, expr: &Expr, name: &str) -> Option<Value> {
        let (callee, arguments) = match &expr.kind {
            ExprKind::Call { callee, arguments } => (callee, arguments.clone()),
            _ => return None,
        };
        if self.is_tensor(expr) || self.lookup(&callee.name).is_some() {
            return None;
        }
        let library = self.current().library;
        let definition =
            self.definitions.layer(&callee.name, library).or_else(|| self.definitions.cell(&callee.name, library))?;
        // A number given to `sqrt` and the like is arithmetic, not a layer to be applied later.
        if definition.is_primitive() && !matches!(callee.name.as_str(), "dropout" | "shift" | "scan") {
            return None;
        }
        let path = self.unique_path(name);
        Some(Value::Layer(Arc::new(Instance { definition, arguments, path, span: expr.span })))
    }

    fn let_split(&mut self, binding: &Let) {
        let parts = binding.names.len();
        let value = match &binding.value.kind {
            ExprKind::Call { callee, arguments } if callee.name == "split" && arguments.len() == 1 => {
                self.evaluate(&arguments[0].value)
            }
            _ => {
                let value = self.evaluate(&binding.value);
                if !matches!(value, Value::Poison) {
                    let message = format!("{parts} names for one value");
                    self.report(
                        Diagnostic::new(code::WRONG_KIND, binding.value.span, message)
                            .here("one value")
                            .help("`split(…)` cuts the last axis into equal parts, one for each name"),
                    );
                }
                Value::Poison
            }
        };
        let values = match value {
            Value::Tensor(node) => self.split(node, parts, binding.value.span),
            Value::Poison => None,
            other => {
                self.report(
                    Diagnostic::new(
                        code::WRONG_KIND,
                        binding.value.span,
                        format!("`split` cuts a value, not {}", other.describe()),
                    )
                    .here("cannot be cut"),
                );
                None
            }
        };
        for (i, name) in binding.names.iter().enumerate() {
            let value = values.as_ref().map_or(Value::Poison, |parts| Value::Tensor(parts[i]));
            self.bind(&name.name, value, name.span);
        }
    }

    /// Whether the condition holds, as far as is known. Reports where it does not.
    fn where_clause(&mut self, condition: &Expr, message: Option<&str>, span: Span) -> bool {
        match self.condition(condition) {
            Some(true) | None => true,
            Some(false) => {
                let text = self.sources.text(condition.span).to_string();
                let message = message.map_or_else(|| format!("`{text}` does not hold"), str::to_string);
                let mut diagnostic = Diagnostic::new(code::CONDITION, span, message).here(format!("requires {text}"));
                for (name, binding) in self.named_values(condition) {
                    if binding.1 != span {
                        diagnostic = diagnostic.label(binding.1, format!("{name} is {}", binding.0));
                    }
                }
                self.report(diagnostic);
                false
            }
        }
    }

    /// Whether a condition holds. Nothing where that is not known yet, which only a definition's own check may leave so.
    pub fn condition(&mut self, condition: &Expr) -> Option<bool> {
        match self.evaluate(condition) {
            Value::Bool(holds) => Some(holds),
            Value::Poison => None,
            Value::Abstract(_) if self.generic() => None,
            Value::Abstract(_) => {
                let text = self.sources.text(condition.span).to_string();
                let message = format!("whether `{text}` holds is not known before the data is read");
                self.report(Diagnostic::new(code::UNDECIDED, condition.span, message).here("not known yet"));
                None
            }
            other => {
                let message = format!("a condition is true or false, and this is {}", other.describe());
                self.report(Diagnostic::new(code::WRONG_KIND, condition.span, message).here("not a condition"));
                None
            }
        }
    }

    /// The settings a condition speaks of, with what they were given and where.
    fn named_values(&self, expr: &Expr) -> Vec<(String, (String, Span))> {
        match &expr.kind {
            ExprKind::Name(ident) => {
                let shown = self.lookup(&ident.name).map(|b| (shown(&b.value), b.span));
                shown.map(|(value, span)| (ident.name.clone(), (value, span))).into_iter().collect()
            }
            ExprKind::Binary { left, right, .. } => [self.named_values(left), self.named_values(right)].concat(),
            ExprKind::Unary { operand, .. } => self.named_values(operand),
            _ => Vec::new(),
        }
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Dim(dim) => dim.to_string(),
        Value::Number(x) => x.to_string(),
        Value::Choice(name) => name.clone(),
        other => other.describe(),
    }
}
