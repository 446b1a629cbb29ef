//! Bodies: steps of a pipeline, settings of a layer, names in sight.

use gen_lsp_types::CompletionItemKind;

use crate::check::{self, INITIALIZERS};
use crate::ir::Type;
use crate::syntax::ast::{ExprKind, Item, Parameter, TypeExpr, TypeKind};

use super::{Offer, settings};
use crate::lsp::analysis::{Analysis, ENTRY};
use crate::lsp::context::{Call, Context};
use crate::lsp::definitions::{Definition, is_value};
use crate::lsp::describe;
use crate::lsp::names::Kind;

/// Statements that a body is made of.
const STATEMENTS: [(&str, &str, &str); 4] = [
    ("let", "a name for a value", "let ${1:name} = $0"),
    ("param", "weights that are trained", "param ${1:weight} : [${2:O, I}]$0"),
    ("where", "what must hold of settings", "where $0"),
    ("repeat", "a part several times", "repeat ${1:k} in 0..${2:n} with ${3:y} = ${4:x} {\n  $0\n}"),
];

pub fn body(analysis: &Analysis, context: &Context) -> Vec<Offer> {
    let text = analysis.text();
    let before = context.before.map_or("", |token| token.text(text));
    if before == "|>" {
        return steps(analysis, context);
    }
    let mut offers = Vec::new();
    if let Some((call, parameters)) = context.call.as_ref().and_then(|call| Some((call, taken(analysis, call)?))) {
        match &context.setting {
            Some(setting) => {
                let parameter = parameters.iter().find(|parameter| parameter.name.name == *setting);
                if let Some(values) = parameter.and_then(|parameter| values(analysis, parameter)) {
                    return values;
                }
            }
            None if matches!(before, "(" | ",") => offers.extend(open_settings(analysis, call, &parameters)),
            None => {}
        }
    } else if is_initializer(context, analysis) {
        return initializers();
    } else if context.begins {
        let statements = STATEMENTS.iter();
        offers.extend(statements.map(|(word, detail, insert)| {
            Offer::new(*word, CompletionItemKind::Keyword).detail(*detail).insert(*insert).rank(1)
        }));
    }
    offers.extend(in_sight(analysis, context.word.0));
    let behind_name =
        matches!(before, ")" | "]") || context.before.is_some_and(|token| token.end == context.word.0 && before != "(");
    if !context.begins && behind_name {
        return Vec::new();
    }
    offers.extend(layers(analysis, None, 5));
    offers
}

/// What comes behind `|>`: what fits the value first.
fn steps(analysis: &Analysis, context: &Context) -> Vec<Offer> {
    let pipe = context.before.map_or(0, |token| token.start);
    let text = analysis.text();
    // The value ends before the pipe, maybe in a line before a comment.
    let end = analysis
        .tokens
        .iter()
        .take_while(|token| token.end <= pipe)
        .filter(|token| !matches!(token.text(text), "\n" | "\r\n" | "\r") && !token.text(text).starts_with("//"));
    let ty = end.last().and_then(|token| analysis.type_before(token.end)).cloned();
    let mut offers = layers(analysis, ty.as_ref(), 3);
    // Layers that a `let` has given a name.
    for scoped in analysis.names.scope(ENTRY, context.word.0) {
        let declared = analysis.names.declarations.get(&scoped.declaration);
        let is_let = declared.is_some_and(|declaration| declaration.kind == Kind::Let);
        if is_let && !analysis.checked.facts.values.contains_key(&scoped.declaration) {
            offers.push(Offer::new(&scoped.name, CompletionItemKind::Variable).detail("its weights again").rank(0));
        }
    }
    offers
}

/// Layers and cells that can be applied; those that fit a value come first.
fn layers(analysis: &Analysis, value: Option<&Type>, rank: u8) -> Vec<Offer> {
    let definitions = analysis.definitions();
    let mut offers: Vec<Offer> = Vec::new();
    let cells = definitions.cells().map(Definition::Cell);
    for definition in definitions.layers().map(Definition::Layer).chain(cells) {
        let name = &definition.name().name;
        if offers.iter().any(|offer| offer.label == *name) {
            continue;
        }
        let taken = definitions.taken(definition);
        let input = taken.iter().position(|parameter| is_value(parameter));
        let pattern = input.and_then(|input| taken[input].ty.as_ref());
        let fits = value.zip(pattern).map(|(value, pattern)| fits(pattern, value));
        let piped = input.filter(|_| value.is_some());
        let required =
            taken.iter().enumerate().filter(|(i, parameter)| piped != Some(*i) && parameter.default.is_none());
        let required: Vec<&str> = required.map(|(_, parameter)| parameter.name.name.as_str()).collect();
        let places: Vec<String> = required.iter().zip(1..).map(|(name, i)| format!("${{{i}:{name}}}")).collect();
        let insert = match (places.is_empty(), value) {
            (true, Some(_)) => name.clone(),
            (true, None) => format!("{name}($0)"),
            (false, _) => format!("{name}({})$0", places.join(", ")),
        };
        let kind = if matches!(definition, Definition::Cell(_)) {
            CompletionItemKind::Class
        } else {
            CompletionItemKind::Function
        };
        let own = !analysis.checked.sources.file(definition.name().span.file).path.starts_with(check::LIBRARY_PREFIX);
        let rank = match fits {
            Some(true) => rank - 2 - u8::from(own),
            Some(false) => rank + 5,
            None => rank,
        };
        offers.push(
            Offer::new(name, kind)
                .detail(heading(analysis, definition))
                .docs(definition.docs())
                .insert(insert)
                .rank(rank),
        );
    }
    offers
}

/// Whether a layer can be given a value. What is declared for nodes, `[N, …]`, is for trees.
fn fits(pattern: &TypeExpr, value: &Type) -> bool {
    let nodes = match &pattern.kind {
        TypeKind::Shape { rest: false, dims } => {
            matches!(dims.first().map(|dim| &dim.kind), Some(ExprKind::Name(name)) if name.name == "N")
        }
        _ => false,
    };
    check::reading(pattern, value).is_some() && (!nodes || value.is_tree())
}

/// What has to be given, and the result: `(hidden_size: H, …) -> [T, H]`.
fn heading(analysis: &Analysis, definition: Definition<'_>) -> String {
    let sources = &analysis.checked.sources;
    let settings = || definition.parameters().iter().filter(|parameter| !is_value(parameter));
    let required = settings().filter(|parameter| parameter.default.is_none());
    let mut shown: Vec<String> = required.map(|parameter| describe::parameter(parameter, sources)).collect();
    if settings().any(|parameter| parameter.default.is_some()) {
        shown.push("…".into());
    }
    let result = match definition {
        Definition::Layer(layer) => layer.result.as_ref().map(|ty| format!(" -> {}", sources.text(ty.span))),
        Definition::Cell(_) => None,
    };
    format!("({}){}", shown.join(", "), result.unwrap_or_default())
}

/// What the layer or cell of a call takes; of a cell that is given to a setting, its own settings.
fn taken<'a>(analysis: &'a Analysis, call: &Call) -> Option<Vec<&'a Parameter>> {
    let name = call.callee.text(analysis.text());
    let definitions = analysis.definitions();
    Some(definitions.taken(definitions.applied(name)?))
}

/// The settings that a call does not give yet.
fn open_settings(analysis: &Analysis, call: &Call, parameters: &[&Parameter]) -> Vec<Offer> {
    let sources = &analysis.checked.sources;
    let open = parameters.iter().filter(|parameter| !is_value(parameter) && !call.named.contains(&parameter.name.name));
    open.map(|parameter| {
        Offer::new(&parameter.name.name, CompletionItemKind::Property)
            .detail(describe::parameter(parameter, sources))
            .insert(format!("{} = $0", parameter.name.name))
            .rank(1)
    })
    .collect()
}

/// What a setting can be given, where that is a list of words; nothing where any expression will do.
fn values(analysis: &Analysis, parameter: &Parameter) -> Option<Vec<Offer>> {
    let word = |word: &str| Offer::new(word, CompletionItemKind::EnumMember).rank(1);
    let mut offers = match &parameter.ty.as_ref()?.kind {
        TypeKind::Choice(words) => words.iter().map(|choice| word(&choice.name)).collect(),
        TypeKind::Name(kind) => match kind.name.as_str() {
            "bool" => vec![word("true"), word("false")],
            "initializer" => initializers(),
            "cell" => {
                let cells = analysis.definitions();
                let cells =
                    cells.cells().map(|cell| Offer::new(&cell.name.name, CompletionItemKind::Class).docs(&cell.docs));
                cells.collect()
            }
            "path" | "string" => vec![Offer::new("\"\"", CompletionItemKind::Value).insert("\"$0\"")],
            _ => return None,
        },
        _ => return None,
    };
    if let Some(default) = &parameter.default {
        let default = analysis.checked.sources.text(default.span);
        match offers.iter_mut().find(|offer| offer.label == default) {
            Some(offer) => offer.detail = "the default".into(),
            None => offers.push(Offer::new(default, CompletionItemKind::Value).detail("the default").rank(2)),
        }
    }
    Some(offers)
}

fn initializers() -> Vec<Offer> {
    INITIALIZERS
        .iter()
        .map(|name| {
            let insert = match *name {
                "constant" | "uniform" | "uniform_fan" | "normal" | "block" => format!("{name}($0)"),
                name => name.to_string(),
            };
            Offer::new(*name, CompletionItemKind::Function).detail("how a parameter starts").insert(insert)
        })
        .collect()
}

/// Whether the place is behind the `=` of a `param`.
fn is_initializer(context: &Context, analysis: &Analysis) -> bool {
    let text = analysis.text();
    let Some(equals) = context.before.filter(|token| token.text(text) == "=") else { return false };
    let line = text[..equals.start].rsplit(['\n', '\r', ';']).next().unwrap_or("");
    line.trim_start().starts_with("param ")
}

/// Names that the place sees: values, sizes, settings, constants, and the labels of the data as sizes.
fn in_sight(analysis: &Analysis, offset: usize) -> Vec<Offer> {
    let mut offers = Vec::new();
    for scoped in analysis.names.scope(ENTRY, offset) {
        let Some(declaration) = analysis.names.declarations.get(&scoped.declaration) else { continue };
        let kind = match declaration.kind {
            Kind::Size => CompletionItemKind::TypeParameter,
            Kind::Setting => CompletionItemKind::Property,
            Kind::Field => CompletionItemKind::Field,
            _ => CompletionItemKind::Variable,
        };
        let ty = analysis.checked.facts.values.get(&scoped.declaration).map(ToString::to_string);
        let ty = ty.or_else(|| {
            analysis
                .checked
                .facts
                .values
                .iter()
                .find(|(span, _)| span.file == ENTRY && analysis.names.uses.get(span) == Some(&scoped.declaration))
                .map(|(_, ty)| ty.to_string())
        });
        offers.push(Offer::new(&scoped.name, kind).detail(ty.unwrap_or_default()).rank(2));
    }
    let in_model = analysis.checked.entry.items.iter().any(|item| match item {
        Item::Model(model) => (model.body.span.start as usize..=model.body.span.end as usize).contains(&offset),
        _ => false,
    });
    if in_model {
        offers.extend(settings::constants(analysis));
        let data = analysis.checked.data.iter().flat_map(|data| &data.fields);
        let labels =
            data.filter(|field| matches!(field.kind, crate::ir::FieldKind::Class | crate::ir::FieldKind::Tags { .. }));
        offers.extend(
            labels.map(|field| {
                Offer::new(&field.name, CompletionItemKind::Field).detail("its number of classes").rank(2)
            }),
        );
    }
    offers
}
