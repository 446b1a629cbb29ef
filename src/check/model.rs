//! The model: its fields and its body. Whether its result fits what it is asked for is `target.rs`.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, code, suggest};
use crate::ir::{self, Dim, Element, FieldKind, Graph, NodeId, Op, Symbol, Target, TextKind, Type};
use crate::syntax::ast::{self, Result, TypeKind};

use super::checker::{Checker, Frame};
use super::value::Value;

impl Checker<'_> {
    /// Elaborates the model against the fields of the data block, or against the types it states.
    pub fn model(&mut self, model: &ast::Model, data: Option<&ir::Data>) -> Option<ir::Model> {
        self.frames.push(Frame { name: model.name.name.clone(), scopes: vec![BTreeMap::new()], ..Frame::default() });
        let found = self.model_inside(model, data);
        self.frames.pop();
        let (inputs, target, output, logits) = found?;
        let graph = Graph {
            nodes: std::mem::take(&mut self.nodes),
            parameters: std::mem::take(&mut self.parameters),
            cells: std::mem::take(&mut self.cells),
            calls: std::mem::take(&mut self.calls),
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
        let mut length = "T".to_string();
        if let Some(ty) = &parameter.ty {
            let TypeKind::Of { name: kind, dims } = &ty.kind else {
                let message = format!("`{}` is a field of the data: a model reads words, chars or jieba", name.name);
                self.report(
                    Diagnostic::new(code::DATA_FIELD, ty.span, message)
                        .here("not the type of a text field")
                        .help(format!("write `{}: words[T]`", name.name)),
                );
                return None;
            };
            if !matches!(kind.name.as_str(), "words" | "chars" | "jieba" | "tokens" | "tree") {
                let message = format!("a model cannot read `{}`", kind.name);
                self.report(
                    Diagnostic::new(code::DATA_FIELD, kind.span, message)
                        .here("not the type of a text field")
                        .help("texts are words, chars or jieba"),
                );
                return None;
            }
            for dim in dims {
                if let ast::ExprKind::Name(ident) = &dim.kind {
                    length = ident.name.clone();
                    let steps = tokens(&name.name, &length, kind.name == "tree").axes.swap_remove(0);
                    self.bind(&length, Value::Dim(steps), ident.span);
                }
            }
            if let Some(field) = data.and_then(|data| data.field(&name.name))
                && let FieldKind::Text(text) = &field.kind
                && (kind.name != "tokens" || text.kind == TextKind::Tree)
                && kind.name != super::data::kind_name(text.kind)
            {
                let message = format!(
                    "the model reads {} from `{}`, but the data says {}",
                    kind.name,
                    name.name,
                    super::data::kind_name(text.kind)
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
                return Some(tokens(&name.name, &length, kind.name == "tree"));
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
                let tree = text.kind == TextKind::Tree;
                let length = if tree && parameter.ty.is_none() { "N".to_string() } else { length };
                // Two texts have lengths of their own.
                let texts = data.fields.iter().filter(|f| matches!(f.kind, FieldKind::Text(_))).count();
                let length =
                    if texts > 1 && parameter.ty.is_none() { format!("{length}_{}", name.name) } else { length };
                Some(tokens(&name.name, &length, tree))
            }
            Some((FieldKind::Numbers { width }, _)) => {
                let steps = tokens(&name.name, &length, false).axes.swap_remove(0);
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

/// The tokens of a field, or of the nodes of a tree; `length` is what their number is called.
fn tokens(field: &str, length: &str, tree: bool) -> Type {
    let (field, name) = (field.into(), length.into());
    let length = if tree { Symbol::Nodes { field, name } } else { Symbol::Length { field, name } };
    Type { element: Element::Token, ..Type::example(vec![Dim::symbol(length)]) }
}

fn list(names: &[&str]) -> String {
    names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")
}
