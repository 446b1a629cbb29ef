//! Reads the settings of `data` and `train` against their tables.

use crate::diagnostic::{Diagnostic, code, suggest};
use crate::source::Span;
use crate::syntax::ast::{Argument, Expr, ExprKind, Ident, UnaryOp};

use super::settings::{Checked, Choice, Setting, Takes, Values, unknown};
use super::synonyms;

/// Files that are read one after the other.
const MOST_FILES: usize = 1000;

/// Reads settings against a table.
pub struct Reader<'a> {
    /// Named numbers of the file.
    pub constants: &'a dyn Fn(&Ident) -> Option<ExprKind>,
    pub diagnostics: &'a mut Vec<Diagnostic>,
    /// What has been read, as it takes effect.
    pub effective: Vec<crate::ir::Setting>,
}

impl Reader<'_> {
    /// Checks `name = value` pairs against a table.
    pub fn settings<'e>(
        &mut self,
        table: &'static [Setting],
        given: impl IntoIterator<Item = (&'e Ident, &'e Expr)>,
        owner: &str,
    ) -> Values {
        let mut values = Values::default();
        for (name, expr) in given {
            let Some(setting) = table.iter().find(|s| s.name == name.name) else {
                let known: Vec<&str> = table.iter().map(|s| s.name).collect();
                let mut diagnostic = unknown(name, &known, owner);
                if diagnostic.fixes.is_empty()
                    && let Some(choice) = nested(table, &name.name)
                {
                    diagnostic = diagnostic.help(choice);
                }
                self.diagnostics.push(diagnostic);
                continue;
            };
            if let Some(earlier) = values.span(setting.name) {
                let message = format!("`{}` is given twice", setting.name);
                self.diagnostics.push(
                    Diagnostic::new(code::DUPLICATE, name.span, message)
                        .here("given again here")
                        .label(earlier, "first given here")
                        .help("keep one of them"),
                );
                continue;
            }
            if let Some(value) = self.value(setting, expr) {
                values.0.push((setting.name, value, expr.span));
            }
        }
        values
    }

    fn value(&mut self, setting: &'static Setting, expr: &Expr) -> Option<Checked> {
        let kind = self.constant(&expr.kind);
        let optional = setting.default.is_empty() || setting.default == "none";
        match (&kind, setting.takes) {
            (ExprKind::Broken, _) => None,
            (ExprKind::None, _) if optional => Some(Checked::None),
            (ExprKind::Auto, _) => {
                let message = format!("`{}` cannot be `auto`", setting.name);
                self.push(
                    Diagnostic::new(code::WRONG_KIND, expr.span, message)
                        .here("not a value here")
                        .help("nothing is chosen by the clock here: leave the setting out for its default"),
                )
            }
            (ExprKind::Integer(n), Takes::Int { min }) if *n >= min && *n <= 1 << 40 => Some(Checked::Int(*n)),
            (ExprKind::Integer(n), Takes::Int { min }) => {
                let bound = if *n < min { format!("at least {min}") } else { "at most 2^40".to_string() };
                let message = format!("`{}` is {bound}, and this is {n}", setting.name);
                self.push(Diagnostic::new(code::OUT_OF_RANGE, expr.span, message).here("out of range"))
            }
            (ExprKind::Integer(_) | ExprKind::Float(_), Takes::Float { min, open_min, max, open_max }) => {
                let x = match kind {
                    ExprKind::Integer(n) => n as f64,
                    ExprKind::Float(x) => x,
                    _ => return None,
                };
                let low = if open_min { x > min } else { x >= min };
                let high = if open_max { x < max } else { x <= max };
                if low && high {
                    return Some(Checked::Float(x));
                }
                let below = if open_min { format!("above {min}") } else { format!("at least {min}") };
                let above = if open_max { format!("below {max}") } else { format!("at most {max}") };
                let range = if max.is_finite() { format!("{below} and {above}") } else { below };
                let message = format!("`{}` is {range}, and this is {x}", setting.name);
                self.push(Diagnostic::new(code::OUT_OF_RANGE, expr.span, message).here("out of range"))
            }
            (ExprKind::Bool(b), Takes::Bool) => Some(Checked::Bool(*b)),
            (ExprKind::String(text), Takes::Path | Takes::Text) if !text.is_empty() => {
                Some(Checked::Text(text.clone(), expr.span))
            }
            (ExprKind::Name(ident), Takes::Name) => Some(Checked::Text(ident.name.clone(), ident.span)),
            (ExprKind::Name(ident), Takes::Word(words)) => self.word(setting, ident, words),
            (ExprKind::String(text), Takes::Files | Takes::FilesOrShare) if !text.is_empty() => {
                Some(Checked::Files(vec![(text.clone(), expr.span)]))
            }
            (ExprKind::List(items), Takes::Files | Takes::FilesOrShare) => self.files(setting, items, expr.span),
            (ExprKind::Float(share), Takes::FilesOrShare) if *share > 0.0 && *share < 1.0 => {
                Some(Checked::Float(*share))
            }
            (ExprKind::Float(_) | ExprKind::Integer(_), Takes::FilesOrShare) => {
                let message =
                    format!("`{}` is a file, or a share of the training rows above 0 and below 1", setting.name);
                self.push(
                    Diagnostic::new(code::OUT_OF_RANGE, expr.span, message)
                        .here("no such share")
                        .help("as in `valid = 0.1`"),
                )
            }
            (ExprKind::List(items), Takes::Betas) => self.betas(setting, items, expr.span),
            (ExprKind::List(items), Takes::Labels) => self.labels(setting, items, expr.span).map(Checked::Labels),
            (ExprKind::List(items), Takes::Groups) => self.groups(setting, items),
            (_, Takes::ClassWeights) => self.class_weights(setting, &kind, expr.span),
            (ExprKind::Name(ident), Takes::Call(choices)) => self.choice(setting, ident, &[], choices, expr.span),
            (ExprKind::Call { callee, arguments }, Takes::Call(choices)) => {
                self.choice(setting, callee, arguments, choices, expr.span)
            }
            (kind, takes) => {
                let mut diagnostic = Diagnostic::new(
                    code::WRONG_KIND,
                    expr.span,
                    format!("`{}` takes {}, not {}", setting.name, takes.describe(), describe(kind)),
                );
                diagnostic = diagnostic.here("wrong kind of value");
                if let (
                    ExprKind::String(text),
                    Takes::Word(_)
                    | Takes::Name
                    | Takes::Call(_)
                    | Takes::Int { .. }
                    | Takes::Float { .. }
                    | Takes::Bool,
                ) = (kind, takes)
                {
                    diagnostic = diagnostic.help(format!("write it without quotes: `{} = {text}`", setting.name));
                } else if let (ExprKind::Name(ident), Takes::Path | Takes::Files | Takes::FilesOrShare) = (kind, takes)
                {
                    diagnostic = diagnostic.help(format!("file names stand in double quotes: \"{}\"", ident.name));
                }
                self.push(diagnostic)
            }
        }
    }

    /// A name that stands for a number of the file, resolved; arithmetic on numbers, done.
    fn constant(&self, kind: &ExprKind) -> ExprKind {
        match kind {
            ExprKind::Name(ident) => match (self.constants)(ident) {
                Some(value) => self.constant(&value),
                None => kind.clone(),
            },
            ExprKind::Unary { op: UnaryOp::Negate, operand } => match self.constant(&operand.kind) {
                ExprKind::Integer(n) => ExprKind::Integer(n.saturating_neg()),
                ExprKind::Float(x) => ExprKind::Float(-x),
                _ => kind.clone(),
            },
            ExprKind::Binary { op, left, right, .. } => {
                use crate::syntax::ast::BinaryOp::{Add, Divide, Multiply, Subtract};
                match (self.constant(&left.kind), self.constant(&right.kind)) {
                    (ExprKind::Integer(a), ExprKind::Integer(b)) => match op {
                        Add => a.checked_add(b),
                        Subtract => a.checked_sub(b),
                        Multiply => a.checked_mul(b),
                        Divide if a.checked_rem(b) == Some(0) => a.checked_div(b),
                        _ => None,
                    }
                    .map_or_else(|| kind.clone(), ExprKind::Integer),
                    (a, b) => {
                        let float = |e: &ExprKind| match e {
                            ExprKind::Integer(n) => Some(*n as f64),
                            ExprKind::Float(x) => Some(*x),
                            _ => None,
                        };
                        let Some((a, b)) = float(&a).zip(float(&b)) else { return kind.clone() };
                        match op {
                            Add => ExprKind::Float(a + b),
                            Subtract => ExprKind::Float(a - b),
                            Multiply => ExprKind::Float(a * b),
                            Divide => ExprKind::Float(a / b),
                            _ => kind.clone(),
                        }
                    }
                }
            }
            _ => kind.clone(),
        }
    }

    fn push(&mut self, diagnostic: Diagnostic) -> Option<Checked> {
        self.diagnostics.push(diagnostic);
        None
    }

    fn word(&mut self, setting: &Setting, ident: &Ident, words: &'static [&'static str]) -> Option<Checked> {
        if let Some(word) = words.iter().find(|word| **word == ident.name) {
            return Some(Checked::Word(word));
        }
        let list = words.iter().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(", ");
        let message = format!("`{}` is one of {list}, not `{}`", setting.name, ident.name);
        let mut diagnostic = Diagnostic::new(code::WRONG_KIND, ident.span, message).here("not one of them");
        let part = || words.iter().copied().find(|word| word.split('_').any(|part| part == ident.name));
        if let Some(near) = suggest::nearest(&ident.name, words.iter().copied()).or_else(part) {
            diagnostic =
                diagnostic.help(format!("did you mean `{near}`?")).fix(format!("write `{near}`"), ident.span, near);
        }
        self.push(diagnostic)
    }

    fn choice(
        &mut self,
        setting: &Setting,
        callee: &Ident,
        arguments: &[Argument],
        choices: &'static [Choice],
        span: Span,
    ) -> Option<Checked> {
        let Some(choice) = choices.iter().find(|choice| choice.name == callee.name) else {
            let names: Vec<&str> = choices.iter().map(|c| c.name).collect();
            let list = names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
            let message = format!("there is no {} `{}`", setting.name, callee.name);
            let diagnostic = Diagnostic::new(code::UNKNOWN_NAME, callee.span, message).here("not known");
            let lower = callee.name.to_lowercase();
            let near = suggest::nearest(&callee.name, names.iter().copied())
                .or_else(|| suggest::nearest(&lower, names.iter().copied()));
            self.push(match near {
                Some(near) => {
                    diagnostic.help(format!("did you mean `{near}`?")).fix(format!("write `{near}`"), callee.span, near)
                }
                None => diagnostic.help(format!("there are {list}")),
            });
            // Its settings are read all the same, as those of the one that is meant.
            if let Some(near) = near {
                let meant = Ident { name: near.to_string(), ..callee.clone() };
                self.choice(setting, &meant, arguments, choices, span);
            }
            return None;
        };
        let mut given = Vec::new();
        for (i, argument) in arguments.iter().enumerate() {
            match (&argument.name, choice.settings.get(i)) {
                (Some(name), _) => given.push((name.clone(), &argument.value)),
                (None, Some(setting)) if i == 0 => given.push((
                    Ident { name: setting.name.into(), primed: false, span: argument.value.span },
                    &argument.value,
                )),
                (None, _) => {
                    let message = format!("settings of `{}` are given by name", choice.name);
                    return self.push(
                        Diagnostic::new(code::ARGUMENTS, argument.value.span, message).here("no name").help(format!(
                            "as in `{}({} = …)`",
                            choice.name,
                            choice.settings.first().map_or("name", |s| s.name)
                        )),
                    );
                }
            }
        }
        let values = self.settings(
            choice.settings,
            given.iter().map(|(name, value)| (name, *value)),
            &format!("`{}`", choice.name),
        );
        let _ = span;
        Some(Checked::Call(choice, values))
    }

    /// A list of file names in double quotes.
    fn files(&mut self, setting: &Setting, items: &[Expr], span: Span) -> Option<Checked> {
        let file = |item: &Expr| match &item.kind {
            ExprKind::String(text) if !text.is_empty() => Some((text.clone(), item.span)),
            _ => None,
        };
        match items.iter().map(file).collect::<Option<Vec<_>>>() {
            Some(files) if (1..=MOST_FILES).contains(&files.len()) => Some(Checked::Files(files)),
            Some(files) if files.len() > MOST_FILES => {
                let message =
                    format!("`{}` names {} files, more than the {MOST_FILES} it may", setting.name, files.len());
                self.push(Diagnostic::new(code::TOO_LARGE, span, message).here("too many"))
            }
            _ => {
                let message = format!("`{}` is a file name in double quotes, or a list of some", setting.name);
                let diagnostic = Diagnostic::new(code::WRONG_KIND, span, message).here("not file names");
                self.push(
                    diagnostic
                        .help(format!("as in `{0} = \"{0}.tsv\"` or `{0} = [\"1.tsv\", \"2.tsv\"]`", setting.name)),
                )
            }
        }
    }

    fn betas(&mut self, setting: &Setting, items: &[Expr], span: Span) -> Option<Checked> {
        let numbers: Vec<f64> = items
            .iter()
            .filter_map(|item| match self.constant(&item.kind) {
                ExprKind::Float(x) => Some(x),
                ExprKind::Integer(n) => Some(n as f64),
                _ => None,
            })
            .collect();
        match numbers.as_slice() {
            [a, b] if items.len() == 2 && (0.0..1.0).contains(a) && (0.0..1.0).contains(b) => {
                Some(Checked::Pair(*a, *b))
            }
            _ => {
                let message = format!("`{}` is two numbers, each at least 0 and below 1", setting.name);
                self.push(
                    Diagnostic::new(code::OUT_OF_RANGE, span, message)
                        .here("not such a pair")
                        .help("as in `betas = [0.9, 0.999]`"),
                )
            }
        }
    }

    /// Texts, at least one, none of them twice.
    fn labels(&mut self, setting: &Setting, items: &[Expr], span: Span) -> Option<Vec<String>> {
        let mut labels: Vec<String> = Vec::new();
        for item in items {
            let ExprKind::String(label) = &item.kind else {
                let message =
                    format!("`{}` takes {}, not {}", setting.name, setting.takes.describe(), describe(&item.kind));
                let diagnostic = Diagnostic::new(code::WRONG_KIND, item.span, message).here("not a label");
                self.push(diagnostic.help("labels stand in double quotes"));
                return None;
            };
            if labels.contains(label) {
                let message = format!("the label {label:?} stands twice in `{}`", setting.name);
                self.push(Diagnostic::new(code::DUPLICATE, item.span, message).here("again here"));
                return None;
            }
            labels.push(label.clone());
        }
        if labels.is_empty() {
            let message = format!("`{}` takes at least one label", setting.name);
            self.push(Diagnostic::new(code::WRONG_KIND, span, message).here("empty").help("leave the setting out"));
            return None;
        }
        Some(labels)
    }

    fn groups(&mut self, setting: &Setting, items: &[Expr]) -> Option<Checked> {
        let mut groups: Vec<(String, Vec<String>)> = Vec::new();
        for item in items {
            let group = match &item.kind {
                ExprKind::List(group) => match group.as_slice() {
                    [Expr { kind: ExprKind::String(name), .. }, labels @ ..] if !labels.is_empty() => {
                        Some((name.clone(), self.labels(setting, labels, item.span)?))
                    }
                    _ => None,
                },
                _ => None,
            };
            let Some((name, labels)) = group else {
                let message = format!("`{}` takes {}", setting.name, setting.takes.describe());
                let diagnostic =
                    Diagnostic::new(code::WRONG_KIND, item.span, message).here("not a class with its labels");
                return self.push(diagnostic.help("the name of a class, and the labels that it is made of"));
            };
            let twice = groups.iter().find_map(|(_, earlier)| earlier.iter().find(|label| labels.contains(label)));
            if twice.is_some() || groups.iter().any(|(earlier, _)| *earlier == name) {
                let (what, which) = twice.map_or(("class", &name), |label| ("label", label));
                let message = format!("the {what} {which:?} stands twice in `{}`", setting.name);
                return self.push(Diagnostic::new(code::DUPLICATE, item.span, message).here("again here"));
            }
            groups.push((name, labels));
        }
        Some(Checked::Groups(groups))
    }

    fn class_weights(&mut self, setting: &Setting, kind: &ExprKind, span: Span) -> Option<Checked> {
        let usage = "write `class_weights = balanced` or `class_weights = [[\"spam\", 5.0], [\"ham\", 1.0]]`";
        match kind {
            ExprKind::Name(ident) if ident.name == "balanced" => Some(Checked::Word("balanced")),
            ExprKind::List(items) => {
                let mut weights = Vec::new();
                for item in items {
                    let pair = match &item.kind {
                        ExprKind::List(pair) => match pair.as_slice() {
                            [Expr { kind: ExprKind::String(label), .. }, value] => match self.constant(&value.kind) {
                                ExprKind::Integer(n) if n >= 0 => Some((label.clone(), n as f64)),
                                ExprKind::Float(x) if x >= 0.0 => Some((label.clone(), x)),
                                _ => None,
                            },
                            _ => None,
                        },
                        _ => None,
                    };
                    match pair {
                        Some(pair) => weights.push(pair),
                        None => {
                            return self.push(
                                Diagnostic::new(
                                    code::WRONG_KIND,
                                    item.span,
                                    "a class weight is a label and a number that is not negative",
                                )
                                .here("not such a pair")
                                .help(usage),
                            );
                        }
                    }
                }
                Some(Checked::Weights(weights))
            }
            other => {
                let message = format!(
                    "`{}` takes `balanced` or pairs of label and weight, not {}",
                    setting.name,
                    describe(other)
                );
                self.push(Diagnostic::new(code::WRONG_KIND, span, message).here("wrong kind of value").help(usage))
            }
        }
    }
}

/// `lr = 0.1` in `train` itself: it belongs to the optimizer.
fn nested(table: &'static [Setting], name: &str) -> Option<String> {
    let word = synonyms::setting(name).first().map_or(name, |(ours, _)| ours);
    for setting in table {
        let Takes::Call(choices) = setting.takes else { continue };
        if let Some(choice) = choices.iter().find(|c| c.settings.iter().any(|s| s.name == word)) {
            return Some(format!(
                "it belongs to the {}: `{} = {}({word} = …)`",
                setting.name, setting.name, choice.name
            ));
        }
    }
    None
}

fn describe(kind: &ExprKind) -> String {
    match kind {
        ExprKind::Integer(n) => format!("the number {n}"),
        ExprKind::Float(x) => format!("the number {x:?}"),
        ExprKind::String(text) => format!("the text {text:?}"),
        ExprKind::Bool(b) => b.to_string(),
        ExprKind::None => "none".into(),
        ExprKind::Auto => "auto".into(),
        ExprKind::Name(ident) => format!("`{}`", ident.name),
        ExprKind::Call { callee, .. } => format!("`{}(…)`", callee.name),
        ExprKind::List(_) => "a list".into(),
        _ => "an expression".into(),
    }
}
