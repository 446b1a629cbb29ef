//! The model: its fields and its body. Whether its result fits what it is asked for is `target.rs`.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, code, suggest};
use crate::ir::{self, Dim, Element, FieldKind, NodeId, Op, Symbol, Target, TextKind, Type};
use crate::syntax::ast::{self, Result, TypeKind};

use super::checker::{Checker, Frame};
use super::value::Value;

impl Checker<'_> {
    /// Elaborates the model against the fields of the data block, or against the types it states.
    pub fn model(&mut self, model: &ast::Model, data: Option<&ir::Data>) -> Option<ir::Model> {
        self.frames.push(Frame { name: model.name.name.clone(), scopes: vec![BTreeMap::new()], ..Frame::default() });
        let found = self.model_inside(model, data);
        self.frames.pop();
        let graph = self.take_graph();
        let Some((inputs, target, output, logits)) = found else {
            self.facts.graphs.push(graph);
            return None;
        };
        Some(ir::Model {
            name: model.name.name.clone(),
            docs: model.docs.clone(),
            inputs,
            target,
            graph,
            output,
            logits,
        })
    }

    fn model_inside(
        &mut self,
        model: &ast::Model,
        data: Option<&ir::Data>,
    ) -> Option<(Vec<String>, Target, NodeId, NodeId)> {
        let mut sound = true;
        let mut inputs = Vec::new();
        for parameter in &model.parameters {
            match self.field(parameter, data) {
                Some(ty) => {
                    let node = self.push(Op::Input(parameter.name.name.clone()), Vec::new(), ty, parameter.name.span);
                    self.note_origin(node, parameter.span, format!("the field `{}`", parameter.name.name));
                    self.bind(&parameter.name.name, Value::Tensor(node), parameter.name.span);
                    inputs.push(parameter.name.name.clone());
                }
                None => {
                    self.bind(&parameter.name.name, Value::Poison, parameter.name.span);
                    sound = false;
                }
            }
        }
        if model.parameters.is_empty() {
            let diagnostic = Diagnostic::new(code::DATA_FIELD, model.name.span, "a model reads at least one text");
            self.report(
                diagnostic.here("reads nothing").help(format!("write `model {}(text) -> label`", model.name.name)),
            );
            sound = false;
        }
        let aim = self.aim(model, data);
        if let (None, Some(Result::Field(name))) = (&aim, &model.result)
            && self.lookup(&name.name).is_none()
        {
            self.bind(&name.name, Value::Poison, name.span);
        }
        let result = self.block(&model.body);
        let at = model.body.result.as_ref().map_or(model.name.span, |e| e.last_step());
        let node = match result {
            Value::Tensor(node) => node,
            Value::Poison => return None,
            Value::None => {
                self.report(
                    Diagnostic::new(code::OUTPUT, model.name.span, "a model ends with its result")
                        .here("its body ends without a value")
                        .help("end the body with `… |> dense(label) |> softmax`"),
                );
                return None;
            }
            other => {
                let message = format!("a model ends with a value for its label, and this is {}", other.describe());
                let mut diagnostic = Diagnostic::new(code::OUTPUT, at, message).here("not a value of the model");
                if let Value::Layer(_) = other {
                    diagnostic = diagnostic.help("a pipeline starts with a field: `text |> embedding(128) |> …`");
                }
                self.report(diagnostic);
                return None;
            }
        };
        let aim = aim?;
        let logits = self.fit(&aim, node, at)?;
        sound.then_some((inputs, aim.target, node, logits))
    }

    /// The type of a model's parameter: what it states, what the data says, and both together.
    fn field(&mut self, parameter: &ast::Parameter, data: Option<&ir::Data>) -> Option<Type> {
        let name = &parameter.name;
        // What the numbers of sentences and of tokens are called.
        let mut lengths: Vec<String> = Vec::new();
        let mut of_sentences = false;
        if let Some(ty) = &parameter.ty {
            let TypeKind::Of { name: kind, dims } = &ty.kind else {
                let message = format!(
                    "`{}` is a field of the data: a model reads words, chars, jieba, document or story",
                    name.name
                );
                self.report(
                    Diagnostic::new(code::DATA_FIELD, ty.span, message)
                        .here("not the type of a text field")
                        .help(format!("write `{}: words[T]`", name.name)),
                );
                return None;
            };
            let most = match kind.name.as_str() {
                "words" | "chars" | "jieba" | "tree" => 1..=1,
                "document" | "story" => 2..=2,
                "tokens" => 1..=2,
                _ => {
                    let message = format!("a model cannot read `{}`", kind.name);
                    self.report(
                        Diagnostic::new(code::DATA_FIELD, kind.span, message)
                            .here("not the type of a text field")
                            .help("texts are words, chars, jieba, document, story or tree"),
                    );
                    return None;
                }
            };
            if !most.contains(&dims.len()) {
                let message = format!("`{}` does not have so many axes", kind.name);
                let written = if *most.end() == 2 { "[S, T]" } else { "[T]" };
                let help = format!("write `{}: {}{written}`", name.name, kind.name);
                self.report(Diagnostic::new(code::DATA_FIELD, ty.span, message).here("not its axes").help(help));
                return None;
            }
            of_sentences = dims.len() == 2;
            for dim in dims {
                if let ast::ExprKind::Name(ident) = &dim.kind {
                    lengths.push(ident.name.clone());
                }
            }
            let axes = tokens(&name.name, &kind.name, of_sentences, &lengths).axes;
            for (dim, axis) in dims.iter().zip(axes) {
                if let ast::ExprKind::Name(ident) = &dim.kind {
                    self.bind(&ident.name, Value::Dim(axis), ident.span);
                }
            }
            if let Some(field) = data.and_then(|data| data.field(&name.name))
                && let FieldKind::Text(text) = &field.kind
                && (kind.name != "tokens" || of_sentences != text.sentences.is_some() || text.kind == TextKind::Tree)
                && kind.name != super::texts::kind_name(text)
            {
                let message = format!(
                    "the model reads {} from `{}`, but the data says {}",
                    kind.name,
                    name.name,
                    super::texts::kind_name(text)
                );
                self.report(
                    Diagnostic::new(code::DATA_FIELD, ty.span, message)
                        .here("stated here")
                        .label(field.span, "declared here"),
                );
                return None;
            }
        }
        let Some(data) = data else {
            if let Some(ast::TypeExpr { kind: TypeKind::Of { name: kind, .. }, .. }) = &parameter.ty {
                return Some(tokens(&name.name, &kind.name, of_sentences, &lengths));
            }
            let message = format!("where `{}` comes from is not known", name.name);
            let help =
                format!("add a `data` block with a field `{0} : words`, or state the type: `{0}: words[T]`", name.name);
            self.report(
                Diagnostic::new(code::DATA_FIELD, name.span, message).here("no `data` block declares it").help(help),
            );
            return None;
        };
        match data.field(&name.name).map(|field| (&field.kind, field.span)) {
            Some((FieldKind::Text(text), _)) => {
                // Two texts have lengths of their own.
                let texts = data.fields.iter().filter(|f| matches!(f.kind, FieldKind::Text(_))).count();
                let kind = super::texts::kind_name(text);
                if texts > 1 && parameter.ty.is_none() {
                    let last = if kind == "tree" { "N" } else { "T" };
                    lengths = ["S", last].map(|axis| format!("{axis}_{}", name.name)).to_vec();
                }
                Some(tokens(&name.name, kind, text.sentences.is_some(), &lengths))
            }
            Some((FieldKind::Numbers { width }, _)) => {
                let steps = tokens(&name.name, "numbers", false, &lengths).axes.swap_remove(0);
                Some(Type::example(vec![steps, Dim::from(*width)]))
            }
            Some((FieldKind::Class | FieldKind::Tags { .. } | FieldKind::Number, span)) => {
                let message = format!("`{}` is a label; a model reads texts and gives a label", name.name);
                self.report(
                    Diagnostic::new(code::DATA_FIELD, name.span, message)
                        .here("a label")
                        .label(span, "declared here")
                        .help("write the label after `->`"),
                );
                None
            }
            None => {
                self.unknown_field(name, data);
                None
            }
        }
    }

    pub(super) fn unknown_field(&mut self, name: &ast::Ident, data: &ir::Data) {
        if self.lost.contains(&name.name) {
            return;
        }
        let fields: Vec<&str> = data.fields.iter().map(|f| f.name.as_str()).collect();
        let message = format!("the data has no field `{}`", name.name);
        let mut diagnostic = Diagnostic::new(code::DATA_FIELD, name.span, message)
            .here("not a field")
            .label(data.span, format!("its fields are {}", list(&fields)));
        if let Some(near) = suggest::nearest(&name.name, fields.iter().copied()) {
            diagnostic =
                diagnostic.help(format!("did you mean `{near}`?")).fix(format!("write `{near}`"), name.span, near);
        }
        self.report(diagnostic);
    }
}

/// The tokens of a field, in sentences or not, or the nodes of a tree; `names` is what the number of sentences and that of tokens are
/// called.
fn tokens(field: &str, kind: &str, of_sentences: bool, names: &[String]) -> Type {
    let name = |back: usize, usual: &str| names.iter().rev().nth(back).map_or(usual, String::as_str).into();
    let sentences = of_sentences.then(|| Symbol::Sentences { field: field.into(), name: name(1, "S") });
    let length = match kind {
        "tree" => Symbol::Nodes { field: field.into(), name: name(0, "N") },
        _ => Symbol::Length { field: field.into(), name: name(0, "T") },
    };
    let axes = sentences.into_iter().chain([length]);
    Type { element: Element::Token, ..Type::example(axes.map(Dim::symbol).collect()) }
}

fn list(names: &[&str]) -> String {
    names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")
}
