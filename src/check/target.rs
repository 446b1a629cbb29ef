//! What a model is asked for, and whether its result has the shape of that.

use crate::diagnostic::{Diagnostic, code};
use crate::ir::{self, Dim, Element, FieldKind, Metric, Node, NodeId, Op, Symbol, Target, UnaryOp};
use crate::source::Span;
use crate::syntax::ast::{self, Entry, Ident, Result, TypeExpr, TypeKind};

use super::checker::Checker;
use super::value::Value;

/// The target, with the shape its result must have.
pub(super) struct Aim {
    pub target: Target,
    axes: Vec<Dim>,
    /// Where the file says it.
    span: Span,
    /// The number of classes as the model can write it.
    choices: String,
}

const RESULT_TYPES: &str = "a model gives a label: `-> label`, `-> class[C]` or `-> tags[T, C]`";

impl Checker<'_> {
    /// What the `-> …` of a model asks for.
    pub(super) fn aim(&mut self, model: &ast::Model, data: Option<&ir::Data>) -> Option<Aim> {
        match model.result.as_ref()? {
            Result::Field(ident) => self.aim_at_field(ident, data),
            Result::Type(ty) => self.aim_at_type(ty, data),
            Result::Next { text, span } => self.aim_at_next(text, *span, model),
        }
    }

    fn aim_at_field(&mut self, name: &Ident, data: Option<&ir::Data>) -> Option<Aim> {
        let Some(data) = data else {
            let message = format!("what `{}` is, is not known", name.name);
            self.report(
                Diagnostic::new(code::DATA_FIELD, name.span, message)
                    .here("no `data` block declares it")
                    .help("add a `data` block with a field `label : class`, or write `-> class[C]`"),
            );
            return None;
        };
        let Some(field) = data.field(&name.name) else {
            self.unknown_field(name, data);
            return None;
        };
        match &field.kind {
            FieldKind::Class => Some(class(&name.name, &name.name, field.span)),
            FieldKind::Tags { of, .. } => {
                // What is no field has been reported where it is written.
                data.field(of)?;
                let steps = self.steps_of(of, field.span)?;
                Some(tags(&name.name, of, steps, &name.name, field.span))
            }
            FieldKind::Number => {
                let target = Target::Number(name.name.clone());
                Some(Aim { target, axes: Vec::new(), span: field.span, choices: String::new() })
            }
            FieldKind::Numbers { .. } => {
                let message = format!("`{}` is what a model reads; a model gives a label or a number", name.name);
                self.report(
                    Diagnostic::new(code::DATA_FIELD, name.span, message)
                        .here("not a label")
                        .label(field.span, "declared here"),
                );
                None
            }
            FieldKind::Text(_) => {
                let message = format!("`{}` is a text; a model gives a label", name.name);
                self.report(
                    Diagnostic::new(code::DATA_FIELD, name.span, message)
                        .here("not a label")
                        .label(field.span, "declared here")
                        .help(format!("a language model gives the token after each: `-> next({})`", name.name)),
                );
                None
            }
        }
    }

    fn aim_at_type(&mut self, ty: &TypeExpr, data: Option<&ir::Data>) -> Option<Aim> {
        let (kind, dims) = match &ty.kind {
            TypeKind::Of { name, dims } if (name.name.as_str(), dims.len()) == ("class", 1) => (name, dims),
            TypeKind::Of { name, dims } if (name.name.as_str(), dims.len()) == ("tags", 2) => (name, dims),
            _ => {
                self.report(Diagnostic::new(code::OUTPUT, ty.span, RESULT_TYPES).here("not a label"));
                return None;
            }
        };
        let wanted = |field: &&ir::Field| match field.kind {
            FieldKind::Class => kind.name == "class",
            FieldKind::Tags { .. } => kind.name == "tags",
            _ => false,
        };
        let labels = data.map(|data| data.fields.iter().filter(wanted).collect::<Vec<_>>());
        let field = match labels.as_deref() {
            None => None,
            Some([one]) => Some(one.name.clone()),
            Some(_) => {
                self.report(
                    Diagnostic::new(code::DATA_FIELD, ty.span, "which field is the label is not clear")
                        .here("stated here")
                        .help("name the field: `-> label`"),
                );
                return None;
            }
        };
        let last = dims.last()?;
        let ast::ExprKind::Name(dim) = &last.kind else {
            let message = "the number of classes comes from the data, so it has a name";
            let diagnostic = Diagnostic::new(code::OUTPUT, last.span, message).here("not a name");
            self.report(
                diagnostic.help(format!("write `{}`", if kind.name == "class" { "class[C]" } else { "tags[T, C]" })),
            );
            return None;
        };
        let name = field.unwrap_or_else(|| dim.name.clone());
        let classes = Dim::symbol(Symbol::Classes(name.as_str().into()));
        self.bind(&dim.name, Value::Dim(classes), dim.span);
        if kind.name == "class" {
            return Some(class(&name, &dim.name, ty.span));
        }
        let (steps, _) = self.dim_of(&dims[0])?;
        let Some(Symbol::Length { field: of, .. } | Symbol::Nodes { field: of, .. }) = steps.as_symbol().cloned()
        else {
            let message = format!("`{steps}` is not the length of a text that the model reads");
            self.report(Diagnostic::new(code::OUTPUT, dims[0].span, message).here("not a length"));
            return None;
        };
        Some(tags(&name, &of, steps, &dim.name, ty.span))
    }

    fn aim_at_next(&mut self, text: &Ident, span: Span, model: &ast::Model) -> Option<Aim> {
        if !model.parameters.iter().any(|parameter| parameter.name.name == text.name) {
            let message = format!("`next({})` is about a text that the model does not read", text.name);
            let diagnostic =
                Diagnostic::new(code::DATA_FIELD, text.span, message).here("not a parameter of this model");
            self.report(diagnostic.help(format!("write `model {0}({1}) -> next({1})`", model.name.name, text.name)));
            return None;
        }
        let steps = self.steps_of(&text.name, text.span)?;
        if steps.as_symbol().is_some_and(Symbol::is_nodes) {
            let message = format!("`{}` is a tree, whose nodes come in no order: none is the next", text.name);
            let diagnostic = Diagnostic::new(code::TREE_AXIS, text.span, message).here("a tree");
            self.report(diagnostic.help("a model of trees gives a label at every node: `label : tags { of = tree }`"));
            return None;
        }
        let target = Target::Next(text.name.clone());
        let axes = std::iter::once(steps).chain(target.choices()).collect();
        Some(Aim { target, axes, span, choices: format!("vocabulary({})", text.name) })
    }

    /// The sequence axis of a text that the model reads.
    fn steps_of(&mut self, text: &str, span: Span) -> Option<Dim> {
        match self.lookup(text).map(|binding| binding.value.clone()) {
            Some(Value::Tensor(node)) if self.ty(node).sequence_axes() > 1 => {
                let message =
                    format!("`{text}` is a sequence of sentences, and a target of every step needs a plain text");
                let diagnostic = Diagnostic::new(code::DATA_FIELD, span, message).here("not of sentences");
                self.report(diagnostic.help(format!("read it as one sequence: `{text} : words`")));
                None
            }
            Some(Value::Tensor(node)) => self.ty(node).axes.first().cloned(),
            Some(_) => None,
            None => {
                let message = format!("there is a label for every step of `{text}`, which the model does not read");
                let diagnostic = Diagnostic::new(code::DATA_FIELD, span, message).here("declared here");
                self.report(diagnostic.help(format!("make `{text}` a parameter of the model")));
                None
            }
        }
    }

    /// The scores that are compared with the answers: the result, or what its last softmax is of. Reports a result of
    /// another shape than the target's.
    pub(super) fn fit(&mut self, aim: &Aim, node: NodeId, at: Span) -> Option<NodeId> {
        let ty = self.ty(node).clone();
        if ty.axes != aim.axes || ty.element == Element::Token {
            let (span, what) = self.describe(node, at);
            let wanted = ir::Type::example(aim.axes.clone());
            let (subject, why) = match aim.target {
                Target::Class(_) => ("its label needs", ", one score for each class"),
                Target::Tags { .. } => ("its labels need", ", one score for each class at every step"),
                Target::Next(_) => {
                    ("the next token needs", ", one score for each token of the vocabulary at every step")
                }
                Target::Number(_) => ("its target is one number,", ""),
            };
            let message = format!("the model gives {ty}, but {subject} {wanted}{why}");
            let mut diagnostic = Diagnostic::new(code::OUTPUT, at, message).here(what.clone());
            if span != at {
                diagnostic = diagnostic.here(format!("this is {ty}")).label(span, what);
            }
            diagnostic = diagnostic.label(aim.span, format!("{}, {wanted}", aim.what()));
            self.report(diagnostic.help(aim.how_to_fit(&ty)));
            return None;
        }
        if let Target::Number(_) = aim.target {
            return Some(node);
        }
        if self.nodes[node.0].op == Op::LinearStart {
            let message = "`linear_start` has no effect in the last `softmax`: the loss works on the scores before it";
            let diagnostic = Diagnostic::new(code::NO_EFFECT, at, message).here("has no effect");
            self.report(diagnostic.help("leave it out: `|> softmax`"));
            return None;
        }
        match &self.nodes[node.0].op {
            Op::Softmax => {
                let scores = self.nodes[node.0].inputs[0];
                self.squashed_scores(scores, at);
                Some(scores)
            }
            _ => {
                let diagnostic =
                    Diagnostic::new(code::NO_SOFTMAX, at, "the model ends without a softmax").here("raw scores");
                self.report(
                    diagnostic
                        .label(aim.span, format!("{} is predicted by probabilities", aim.what()))
                        .help("add `|> softmax`; without it training and prediction apply one all the same"),
                );
                Some(node)
            }
        }
    }

    /// Warns of scores that lie between 0 and 1: a softmax makes nearly equal probabilities of them.
    fn squashed_scores(&mut self, scores: NodeId, at: Span) {
        let Node { op: Op::Softmax | Op::Unary(UnaryOp::Sigmoid), span, .. } = self.nodes[scores.0] else { return };
        let message = "the last `softmax` gets values between 0 and 1, which it cannot tell apart well";
        self.report(
            Diagnostic::new(code::SQUASHED_SCORES, at, message)
                .here("works on scores of any size")
                .label(span, "squashed here")
                .help("leave this step out: one `softmax` after the last `dense`"),
        );
    }
}

impl Aim {
    fn what(&self) -> &'static str {
        match self.target {
            Target::Class(_) => "the label",
            Target::Tags { .. } => "the label of every step",
            Target::Next(_) => "the next token",
            Target::Number(_) => "the number",
        }
    }

    /// What to write in place of a result of this type.
    fn how_to_fit(&self, ty: &ir::Type) -> String {
        let choices = &self.choices;
        match (&self.target, ty.is_sequence()) {
            (Target::Class(_) | Target::Number(_), true) => "reduce the sequence to one vector before the last `dense`: `final`, `last`, `max_over_time`, `mean_over_time` or `attention`".into(),
            (Target::Class(_), false) => {
                format!("end the model with `|> dense({choices}) |> softmax`: as many scores as there are classes")
            }
            (Target::Number(_), false) => "end the model with `|> dense(1) |> sum`: one number".into(),
            (Target::Tags { .. } | Target::Next(_), false) => {
                "every step needs its own result: leave out what takes the time axis away (`final`, `last`, `max_over_time` …)".into()
            }
            (Target::Tags { .. } | Target::Next(_), true) => {
                format!("end the model with `|> dense({choices}) |> softmax`: as many scores a step as there are choices")
            }
        }
    }
}

fn class(field: &str, choices: &str, span: Span) -> Aim {
    let target = Target::Class(field.to_string());
    Aim { axes: target.choices().into_iter().collect(), target, span, choices: choices.to_string() }
}

fn tags(field: &str, of: &str, steps: Dim, choices: &str, span: Span) -> Aim {
    let target = Target::Tags { field: field.to_string(), of: of.to_string() };
    let axes = std::iter::once(steps).chain(target.choices()).collect();
    Aim { target, axes, span, choices: choices.to_string() }
}

/// Reports the settings of `train` that the target gives no meaning.
pub(super) fn settings(
    target: &Target,
    data: Option<&ir::Data>,
    block: &ast::SettingsBlock,
    train: &ir::Train,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let classes = target.has_labels();
    let trees = data.is_some_and(|data| target.is_of_trees(data));
    let what = match target {
        Target::Class(_) => "a classifier",
        Target::Tags { .. } if trees => "a model of trees",
        Target::Tags { .. } => "a tagger",
        Target::Number(_) => "a model that predicts a number",
        Target::Next(_) => "a language model",
    };
    let monitor_fits = match train.monitor {
        Metric::ValidLoss | Metric::TrainLoss => true,
        Metric::ValidAccuracy => target.choices().is_some(),
        Metric::ValidMacroF1 => classes,
        Metric::ValidRootAccuracy => trees,
    };
    for entry in &block.entries {
        let Entry::Setting(setting) = entry else { continue };
        let (name, span) = (setting.name.name.as_str(), setting.name.span.to(setting.value.span));
        let fits = match name {
            "monitor" => monitor_fits,
            "class_weights" => classes,
            "label_smoothing" => target.choices().is_some(),
            _ => true,
        };
        if !fits {
            let message = match name {
                "monitor" => format!("{what} has no `{}`", train.monitor.name()),
                _ => format!("`{name}` has no effect on {what}"),
            };
            let help = if name == "monitor" { "write `monitor = valid_loss`" } else { "leave it out" };
            diagnostics.push(Diagnostic::new(code::NO_EFFECT, span, message).here("has no effect").help(help));
        }
    }
}
