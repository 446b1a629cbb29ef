//! `--set model.hidden_size=64`: an argument of a layer in the model, where only one layer has it.

use super::Edit;
use crate::check::{self, NoFiles};
use crate::diagnostic::suggest::nearest;
use crate::source::Span;
use crate::syntax::ast::{Argument, Block, Expr, ExprKind, File, Item, Statement, TypeKind};

/// An argument of a layer of the model.
struct Place {
    name: String,
    value: Span,
    call: Span,
}

pub fn model(file: &File, text: &str, rest: &[&str], value: &str) -> Result<Edit, String> {
    let [name] = rest else { return Err("an argument of a layer is model.NAME".into()) };
    let Some(body) =
        file.items.iter().find_map(|item| if let Item::Model(model) = item { Some(&model.body) } else { None })
    else {
        return Err("the file has no model".into());
    };
    let name = check::settings::synonym(name).unwrap_or(name);
    let library = check::files("", text, &mut NoFiles).library;
    let mut search = Search { own: file, library, places: Vec::new() };
    search.block(body);
    let found: Vec<&Place> = search.places.iter().filter(|place| place.name == name).collect();
    match found[..] {
        [place] => Ok(Edit { at: place.value, text: value.into(), value: value.into() }),
        [] => {
            let names: Vec<&str> = search.places.iter().map(|place| place.name.as_str()).collect();
            let near = nearest(name, names).map(|near| format!("; did you mean model.{near}?"));
            let advice = "; only what is written there can be set".to_string();
            Err(format!("no layer of the model is given {name:?}{}", near.unwrap_or(advice)))
        }
        _ => {
            let place = |place: &&Place| {
                let (start, end) = (place.call.start as usize, place.call.end as usize);
                format!("line {} `{}`", 1 + text[..start].matches('\n').count(), &text[start..end])
            };
            let places: Vec<String> = found.iter().map(place).collect();
            Err(format!(
                "{} layers are given {name:?}: {}; name it at the top of the file, as in `let hidden = {}`, and set that: --set hidden={value}",
                found.len(),
                places.join(", "),
                &text[found[0].value.start as usize..found[0].value.end as usize],
            ))
        }
    }
}

struct Search<'f> {
    own: &'f File,
    library: &'f [File],
    places: Vec<Place>,
}

impl Search<'_> {
    fn block(&mut self, block: &Block) {
        for statement in &block.statements {
            if let Statement::Let(binding) = statement {
                self.expression(&binding.value);
            }
        }
        block.result.iter().for_each(|result| self.expression(result));
    }

    fn expression(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Call { callee, arguments } => {
                self.call(&callee.name, arguments, expr.span);
                arguments.iter().for_each(|argument| self.expression(&argument.value));
            }
            ExprKind::List(items) => items.iter().for_each(|item| self.expression(item)),
            ExprKind::Unary { operand, .. } => self.expression(operand),
            ExprKind::Binary { left, right, .. } | ExprKind::Pipe { left, right } => {
                self.expression(left);
                self.expression(right);
            }
            ExprKind::If { then, otherwise, .. } => {
                self.expression(then);
                self.expression(otherwise);
            }
            ExprKind::Repeat(repeat) => {
                self.expression(&repeat.start);
                self.block(&repeat.body);
            }
            _ => {}
        }
    }

    /// The arguments of one application that are settings, those without a name by their place.
    fn call(&mut self, callee: &str, arguments: &[Argument], call: Span) {
        let mut settings = self.settings(callee).into_iter();
        for Argument { name, value } in arguments {
            let name = match name {
                Some(name) => Some(name.name.clone()),
                None if self.is_setting(value) => settings.next(),
                None => None,
            };
            self.places.extend(name.map(|name| Place { name, value: value.span, call }));
        }
    }

    /// The names of a layer's settings, in their order.
    fn settings(&self, layer: &str) -> Vec<String> {
        let of = |file: &File| {
            file.items.iter().find_map(|item| match item {
                Item::Layer(own) if own.name.name == layer => Some(own.parameters.clone()),
                _ => None,
            })
        };
        let parameters = of(self.own).or_else(|| self.library.iter().find_map(of)).unwrap_or_default();
        let is_value = |kind: &TypeKind| matches!(kind, TypeKind::Shape { .. } | TypeKind::Of { .. });
        let settings = parameters.into_iter().filter(|p| !p.ty.as_ref().is_some_and(|ty| is_value(&ty.kind)));
        settings.map(|parameter| parameter.name.name).collect()
    }

    /// Whether an argument is a number, a word or a constant, and no value of the model.
    fn is_setting(&self, value: &Expr) -> bool {
        let constant = |name: &str| {
            self.own
                .items
                .iter()
                .any(|item| matches!(item, Item::Constant(own) if own.names.iter().any(|n| n.name == name)))
        };
        match &value.kind {
            ExprKind::Name(name) => constant(&name.name),
            ExprKind::Unary { operand, .. } => self.is_setting(operand),
            ExprKind::Binary { left, right, .. } => self.is_setting(left) && self.is_setting(right),
            ExprKind::Call { .. } | ExprKind::Pipe { .. } | ExprKind::Repeat(_) | ExprKind::If { .. } => false,
            _ => true,
        }
    }
}
