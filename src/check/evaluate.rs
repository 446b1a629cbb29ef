//! Expressions → values. Blocks, names, conditions, repetition.

use crate::diagnostic::{Diagnostic, code, suggest};
use crate::ir::{Dim, NodeId};
use crate::source::Span;
use crate::syntax::ast::{BinaryOp, Block, Expr, ExprKind, Ident, Let, Repeat, Statement, UnaryOp};

use super::checker::{Checker, Pending};
use super::value::{Instance, Kind, Value};

/// Turns a `repeat` may take.
const MAX_TURNS: i64 = 100;

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
        Some(Value::Layer(std::sync::Arc::new(Instance { definition, arguments, path, span: expr.span })))
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

    pub fn evaluate(&mut self, expr: &Expr) -> Value {
        self.counted(expr.span, |checker| checker.evaluate_inside(expr))
    }

    fn evaluate_inside(&mut self, expr: &Expr) -> Value {
        match &expr.kind {
            ExprKind::Integer(n) => Value::Dim(Dim::constant(*n)),
            ExprKind::Float(x) => Value::Number(*x),
            ExprKind::String(text) => Value::Text(text.clone(), expr.span),
            ExprKind::Bool(b) => Value::Bool(*b),
            ExprKind::None => Value::None,
            ExprKind::Auto => self.report(
                Diagnostic::new(code::WRONG_KIND, expr.span, "nothing here can be `auto`")
                    .here("not a value here")
                    .help("leave the setting out for its default"),
            ),
            ExprKind::Name(ident) => self.name(ident),
            ExprKind::Call { callee, arguments } => self.call(callee, arguments, expr.span),
            ExprKind::List(_) => self.report(
                Diagnostic::new(code::WRONG_KIND, expr.span, "a list has no place here")
                    .here("not a value of a model")
                    .help("to join features, write `concat(a, b)`"),
            ),
            ExprKind::Unary { op, operand } => {
                let value = self.evaluate(operand);
                self.unary(*op, value, expr.span)
            }
            ExprKind::Binary { op, op_span, left, right } => {
                let (a, b) = (self.evaluate(left), self.evaluate(right));
                self.binary(*op, *op_span, (a, left.span), (b, right.span), expr.span)
            }
            ExprKind::Pipe { left, right } => {
                let piped = self.evaluate(left);
                self.pipe(piped, left.last_step(), right)
            }
            ExprKind::If { condition, then, otherwise } => self.conditional(condition, then, otherwise),
            ExprKind::Repeat(repeat) => self.repeat(repeat, expr.span),
            ExprKind::Broken => Value::Poison,
        }
    }

    /// Whether an expression is a value of the model, judged without evaluating it.
    pub fn is_tensor(&self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Name(ident) => {
                let key = if ident.primed { format!("{}'", ident.name) } else { ident.name.clone() };
                match self.lookup(&key) {
                    Some(binding) => matches!(binding.value, Value::Tensor(_) | Value::Poison),
                    None => self.current().pending.contains_key(&ident.name),
                }
            }
            ExprKind::Pipe { .. } | ExprKind::Repeat(_) | ExprKind::Broken => true,
            ExprKind::Call { callee, arguments } => {
                let own = callee.name == "split";
                own || arguments.iter().any(|argument| argument.name.is_none() && self.is_tensor(&argument.value))
            }
            ExprKind::Binary { op, left, right, .. } => {
                op.is_arithmetic() && (self.is_tensor(left) || self.is_tensor(right))
            }
            ExprKind::Unary { operand, .. } => self.is_tensor(operand),
            ExprKind::If { then, otherwise, .. } => self.is_tensor(then) || self.is_tensor(otherwise),
            _ => false,
        }
    }

    pub fn name(&mut self, ident: &Ident) -> Value {
        if ident.primed {
            let key = format!("{}'", ident.name);
            return match self.lookup(&key) {
                Some(binding) => binding.value.clone(),
                None => {
                    let message = format!("`{key}` is used before it is set");
                    self.report(
                        Diagnostic::new(code::UNKNOWN_NAME, ident.span, message)
                            .here("not set yet")
                            .help(format!("write the equation `{key} = …` above this one")),
                    )
                }
            };
        }
        if let Some(binding) = self.lookup(&ident.name) {
            return binding.value.clone();
        }
        if self.current().pending.contains_key(&ident.name) {
            return self.use_parameter(&ident.name, ident.span);
        }
        if let Some(classes) = self.class_fields.get(&ident.name) {
            return Value::Dim(classes.clone());
        }
        let library = self.current().library;
        if let Some(definition) =
            self.definitions.layer(&ident.name, library).or_else(|| self.definitions.cell(&ident.name, library))
        {
            // A bare name in a place for a value: a layer that waits for its input.
            let path = self.unique_path(&ident.name);
            return Value::Layer(std::sync::Arc::new(Instance {
                definition,
                arguments: Vec::new(),
                path,
                span: ident.span,
            }));
        }
        self.unknown_name(ident)
    }

    fn unknown_name(&mut self, ident: &Ident) -> Value {
        if self.lost.contains(&ident.name) {
            return Value::Poison;
        }
        let frame = self.current();
        let mut known: Vec<String> =
            frame.scopes.iter().flat_map(|scope| scope.keys().cloned()).filter(|name| !name.ends_with('\'')).collect();
        known.extend(self.constants.keys().cloned());
        known.extend(frame.pending.keys().cloned());
        known.extend(self.class_fields.keys().cloned());
        known.extend(self.definitions.layer_names().map(str::to_string));
        self.count_steps(known.len());
        let mut diagnostic =
            Diagnostic::new(code::UNKNOWN_NAME, ident.span, format!("`{}` is not defined", ident.name))
                .here("not defined");
        if let Some(near) = suggest::nearest(&ident.name, known.iter().map(String::as_str)) {
            diagnostic =
                diagnostic.help(format!("did you mean `{near}`?")).fix(format!("write `{near}`"), ident.span, near);
        } else if let Some((ours, why)) = super::synonyms::layer(&ident.name) {
            diagnostic = diagnostic.help(format!("here it is `{ours}` ({why})")).fix(
                format!("write `{ours}`"),
                ident.span,
                ours,
            );
        }
        self.report(diagnostic)
    }

    fn unary(&mut self, op: UnaryOp, value: Value, span: Span) -> Value {
        match (op, value) {
            (UnaryOp::Negate, Value::Dim(dim)) => Value::Dim(dim.multiply(&Dim::constant(-1))),
            (UnaryOp::Negate, Value::Number(x)) => Value::Number(-x),
            (UnaryOp::Negate, Value::Tensor(node)) => self.elementwise(crate::ir::UnaryOp::Negate, node, span),
            (UnaryOp::Not, Value::Bool(b)) => Value::Bool(!b),
            (_, value @ (Value::Abstract(_) | Value::Poison)) => value,
            (op, value) => {
                let what = if op == UnaryOp::Not { "`not` takes true or false" } else { "`-` takes a number" };
                self.report(
                    Diagnostic::new(code::WRONG_KIND, span, format!("{what}, not {}", value.describe()))
                        .here("wrong kind of value"),
                )
            }
        }
    }

    fn conditional(&mut self, condition: &Expr, then: &Expr, otherwise: &Expr) -> Value {
        match self.condition(condition) {
            Some(true) => self.evaluate(then),
            Some(false) => self.evaluate(otherwise),
            None => {
                // Which way it goes is not known here: both must be sound.
                let (a, b) = (self.evaluate(then), self.evaluate(otherwise));
                match (&a, &b) {
                    (Value::Tensor(x), Value::Tensor(y)) if self.ty(*x).axes != self.ty(*y).axes => Value::Poison,
                    (Value::None, _) => b,
                    _ => a,
                }
            }
        }
    }

    fn repeat(&mut self, repeat: &Repeat, span: Span) -> Value {
        let (from, to) = (self.evaluate(&repeat.from), self.evaluate(&repeat.to));
        let mut carried = self.evaluate(&repeat.start);
        let bound = |value: &Value| match value {
            Value::Dim(dim) => dim.as_constant(),
            _ => None,
        };
        let turns: Vec<Value> = match (bound(&from), bound(&to)) {
            (Some(from), Some(to)) if to.saturating_sub(from) > MAX_TURNS => {
                let message =
                    format!("{} turns are more than the {MAX_TURNS} a `repeat` may take", to.saturating_sub(from));
                return self.report(Diagnostic::new(code::OUT_OF_RANGE, repeat.to.span, message).here("too many"));
            }
            (Some(from), Some(to)) => (from..to).map(|k| Value::Dim(Dim::constant(k))).collect(),
            // Two turns show whether a turn fits the next.
            _ if matches!(from, Value::Abstract(_) | Value::Dim(_)) && matches!(to, Value::Abstract(_)) => {
                vec![Value::Abstract(Kind::Int); 2]
            }
            _ if matches!(from, Value::Poison) || matches!(to, Value::Poison) => return Value::Poison,
            _ => {
                return self.report(
                    Diagnostic::new(
                        code::WRONG_KIND,
                        repeat.from.span.to(repeat.to.span),
                        "a `repeat` counts from one whole number to another",
                    )
                    .here("not a range of whole numbers"),
                );
            }
        };
        let before = self.frame().turn;
        for (turn, counter) in turns.into_iter().enumerate() {
            self.frame().turn = turn;
            carried = self.within_scope(|checker| {
                checker.bind(&repeat.counter.name, counter, repeat.counter.span);
                checker.bind(&repeat.carried.name, carried, repeat.carried.span);
                checker.block(&repeat.body)
            });
            if matches!(carried, Value::None) {
                self.frame().turn = before;
                return self.report(
                    Diagnostic::new(code::WRONG_KIND, span, "the body of this `repeat` has no result")
                        .here("ends without a value")
                        .help("end the body with the value that the next turn starts from"),
                );
            }
        }
        self.frame().turn = before;
        carried
    }

    /// Arithmetic, comparison and logic on values of any kind.
    fn binary(&mut self, op: BinaryOp, op_span: Span, left: (Value, Span), right: (Value, Span), span: Span) -> Value {
        use Value::{Abstract, Bool, Poison, Tensor};
        let wrong = |checker: &mut Self, a: &Value, b: &Value| {
            let message = format!("`{}` does not work on {} and {}", op.symbol(), a.describe(), b.describe());
            checker.report(Diagnostic::new(code::WRONG_KIND, op_span, message).here("wrong kinds of values"))
        };
        match (left.0, right.0) {
            (Poison, _) | (_, Poison) => Poison,
            (Value::Layer(instance), _) | (_, Value::Layer(instance)) => {
                let message = format!("`{}` has no input here", instance.definition.name());
                self.report(
                    Diagnostic::new(code::ARGUMENTS, instance.span, message)
                        .here("a layer without its input")
                        .help(format!("give it one: `x |> {}(…)`", instance.definition.name())),
                )
            }
            (Tensor(a), Tensor(b)) => self.combine(op, op_span, (a, left.1), (b, right.1), span),
            (Tensor(a), b) if op.is_arithmetic() => match self.scalar(&b, right.1) {
                Some(b) => self.combine(op, op_span, (a, left.1), (b, right.1), span),
                None => wrong(self, &Tensor(a), &b),
            },
            (a, Tensor(b)) if op.is_arithmetic() => match self.scalar(&a, left.1) {
                Some(a) => self.combine(op, op_span, (a, left.1), (b, right.1), span),
                None => wrong(self, &a, &Tensor(b)),
            },
            (a, b) if matches!(op, BinaryOp::Equal | BinaryOp::NotEqual) => match equal(&a, &b) {
                Some(same) => Bool(same == (op == BinaryOp::Equal)),
                None => Abstract(Kind::Bool),
            },
            (Bool(a), Bool(b)) if op == BinaryOp::And => Bool(a && b),
            (Bool(a), Bool(b)) if op == BinaryOp::Or => Bool(a || b),
            (Bool(false), Abstract(_)) | (Abstract(_), Bool(false)) if op == BinaryOp::And => Bool(false),
            (Bool(true), Abstract(_)) | (Abstract(_), Bool(true)) if op == BinaryOp::Or => Bool(true),
            (Abstract(_), _) | (_, Abstract(_)) => Abstract(if op.is_arithmetic() { Kind::Float } else { Kind::Bool }),
            (Value::Dim(a), Value::Dim(b)) => self.dims(op, op_span, a, b, span),
            (a, b) => match (number(&a), number(&b)) {
                (Some(x), Some(y)) => numbers(op, x, y).unwrap_or_else(|| wrong(self, &a, &b)),
                _ => wrong(self, &a, &b),
            },
        }
    }

    fn dims(&mut self, op: BinaryOp, op_span: Span, a: Dim, b: Dim, span: Span) -> Value {
        if !fit_together(&a, &b) {
            let diagnostic = Diagnostic::new(code::TOO_LARGE, span, "a size of too many terms to be compared");
            return self.report(diagnostic.here("too long").help("a size is a sum of few products, as in `4*H + 1`"));
        }
        match op {
            BinaryOp::Add => Value::Dim(a.add(&b)),
            BinaryOp::Subtract => Value::Dim(a.subtract(&b)),
            BinaryOp::Multiply => Value::Dim(a.multiply(&b)),
            BinaryOp::Divide => {
                let Some(n) = b.as_constant().filter(|n| *n != 0) else { return self.undecided(span, &a, &b) };
                match (a.divide(n), a.as_constant()) {
                    (Some(exact), _) => Value::Dim(exact),
                    (None, Some(a)) => Value::Number(a as f64 / n as f64),
                    (None, None) => self.undecided(span, &a, &b),
                }
            }
            BinaryOp::Remainder => match (b.as_constant().filter(|n| *n > 0), a.as_constant()) {
                (Some(n), Some(a)) => Value::Dim(Dim::constant(a.rem_euclid(n))),
                (Some(n), None) if a.divide(n).is_some() => Value::Dim(Dim::constant(0)),
                _ => Value::Abstract(Kind::Int),
            },
            BinaryOp::Product | BinaryOp::And | BinaryOp::Or => {
                let message = format!("`{}` does not work on {a} and {b}", op.symbol());
                self.report(Diagnostic::new(code::WRONG_KIND, op_span, message).here("wrong kinds of values"))
            }
            _ => match (a.as_constant(), b.as_constant()) {
                (Some(a), Some(b)) => numbers(op, a as f64, b as f64).unwrap_or(Value::Poison),
                _ => Value::Abstract(Kind::Bool),
            },
        }
    }

    fn undecided(&mut self, span: Span, a: &Dim, b: &Dim) -> Value {
        let message = format!("whether {a} can be divided by {b} is not known");
        let help = format!("say so with `where {a} % {b} == 0`, or write the size as a multiple: `{b}*K`");
        self.report(Diagnostic::new(code::UNDECIDED, span, message).here("not certain to be a whole number").help(help))
    }

    /// A number as a node that combines with any shape.
    fn scalar(&mut self, value: &Value, span: Span) -> Option<NodeId> {
        let x = match value {
            Value::Abstract(Kind::Float | Kind::Int | Kind::Dim(_)) => 1.0,
            Value::Dim(dim) => match dim.as_constant() {
                Some(n) => n as f64,
                None if self.generic() => 1.0,
                None => {
                    let message = format!("the number {dim} is not known before the data is read");
                    self.report(Diagnostic::new(code::UNDECIDED, span, message).here("not a number yet"));
                    1.0
                }
            },
            Value::Number(x) => *x,
            _ => return None,
        };
        let ty = crate::ir::Type::shared(Vec::new());
        Some(self.push(crate::ir::Op::Constant(x), Vec::new(), ty, span))
    }
}

/// Symbols in a size, counted with repetition.
const MAX_SYMBOLS: usize = 256;

/// Whether the sum and the product of two sizes stay small enough to work with.
pub fn fit_together(a: &Dim, b: &Dim) -> bool {
    (a.symbols().count() + 1) * (b.symbols().count() + 1) <= MAX_SYMBOLS
}

pub fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Dim(dim) => dim.as_constant().map(|n| n as f64),
        Value::Number(x) => Some(*x),
        _ => None,
    }
}

fn numbers(op: BinaryOp, x: f64, y: f64) -> Option<Value> {
    Some(match op {
        BinaryOp::Add => Value::Number(x + y),
        BinaryOp::Subtract => Value::Number(x - y),
        BinaryOp::Multiply => Value::Number(x * y),
        BinaryOp::Divide => Value::Number(x / y),
        BinaryOp::Less => Value::Bool(x < y),
        BinaryOp::LessEqual => Value::Bool(x <= y),
        BinaryOp::Greater => Value::Bool(x > y),
        BinaryOp::GreaterEqual => Value::Bool(x >= y),
        _ => return None,
    })
}

/// Whether two settings are the same; nothing where one is not known.
fn equal(a: &Value, b: &Value) -> Option<bool> {
    Some(match (a, b) {
        (Value::Abstract(_), _) | (_, Value::Abstract(_)) => return None,
        (Value::None, Value::None) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Text(a, _), Value::Text(b, _)) | (Value::Choice(a), Value::Choice(b)) => a == b,
        (Value::Dim(a), Value::Dim(b)) => match (a.as_constant(), b.as_constant()) {
            (Some(a), Some(b)) => a == b,
            _ if a == b => true,
            _ => return None,
        },
        (a, b) => matches!((number(a), number(b)), (Some(x), Some(y)) if x == y),
    })
}

fn shown(value: &Value) -> String {
    match value {
        Value::Dim(dim) => dim.to_string(),
        Value::Number(x) => x.to_string(),
        Value::Choice(name) => name.clone(),
        other => other.describe(),
    }
}
