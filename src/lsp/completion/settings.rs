//! `data` and `train`: settings with their defaults, and what each takes.

use gen_lsp_types::CompletionItemKind;

use crate::check::settings::{Choice, Setting, Takes};
use crate::check::{self, DATA, LABEL_KINDS, OPTIMIZERS, SCHEDULES, SOURCES, TEXT_KINDS, TRAIN, settings_of};
use crate::syntax::ast::{Entry, ExprKind, Item, SettingsBlock};

use super::{Offer, paths};
use crate::lsp::analysis::Analysis;
use crate::lsp::context::Context;
use crate::lsp::describe;
use crate::lsp::files::Files;

pub fn data(analysis: &Analysis, files: &Files, context: &Context) -> Vec<Offer> {
    let text = analysis.text();
    if context.before.is_some_and(|token| token.text(text) == ":") {
        return kinds();
    }
    if !context.begins || context.call.is_some() {
        return values(analysis, DATA, context);
    }
    let given = given(block(analysis, |item| if let Item::Data(block) = item { Some(block) } else { None }));
    let mut offers = names(DATA, &given);
    // Columns that no field reads yet.
    for column in paths::columns(analysis, files) {
        let is_name = column.chars().all(|c| c.is_alphanumeric() || c == '_')
            && !column.starts_with(|c: char| c.is_ascii_digit());
        if is_name && !given.contains(&column) {
            let insert = format!("{column} : ${{1:words}}");
            offers.push(
                Offer::new(&column, CompletionItemKind::Field).detail("a column of the data").insert(insert).rank(3),
            );
        }
    }
    offers
}

pub fn train(analysis: &Analysis, context: &Context) -> Vec<Offer> {
    if !context.begins || context.call.is_some() {
        return values(analysis, TRAIN, context);
    }
    names(TRAIN, &given(block(analysis, |item| if let Item::Train(block) = item { Some(block) } else { None })))
}

/// Inside the braces of a field.
pub fn field(analysis: &Analysis, kind: &str, context: &Context) -> Vec<Offer> {
    let table = settings_of(kind).unwrap_or_default();
    if context.setting.is_some() { values(analysis, table, context) } else { names(table, &[]) }
}

fn block(analysis: &Analysis, wanted: fn(&Item) -> Option<&SettingsBlock>) -> Option<&SettingsBlock> {
    analysis.checked.entry.items.iter().find_map(wanted)
}

/// The names that a block gives already.
fn given(block: Option<&SettingsBlock>) -> Vec<String> {
    let name = |entry: &Entry| match entry {
        Entry::Setting(setting) => setting.name.name.clone(),
        Entry::Field { name, .. } => name.name.clone(),
    };
    block.iter().flat_map(|block| &block.entries).map(name).collect()
}

fn kinds() -> Vec<Offer> {
    TEXT_KINDS.into_iter().chain(LABEL_KINDS).map(|kind| Offer::new(kind, CompletionItemKind::Class)).collect()
}

/// The settings of a table that are not given yet.
fn names(table: &'static [Setting], given: &[String]) -> Vec<Offer> {
    let open = table.iter().filter(|row| !given.iter().any(|name| name == row.name));
    open.map(|row| {
        let detail = if row.default.is_empty() { row.takes.range() } else { format!("default {}", row.default) };
        Offer::new(row.name, CompletionItemKind::Property)
            .detail(detail)
            .docs(describe::setting(row))
            .insert(format!("{} = {}", row.name, pattern(row)))
            .rank(1)
    })
    .collect()
}

/// What a setting is given at first, with the cursor in it.
fn pattern(row: &Setting) -> String {
    match row.takes {
        Takes::Path | Takes::Files | Takes::FilesOrShare | Takes::Text => "\"$0\"".into(),
        Takes::Labels | Takes::Groups => "[$0]".into(),
        _ => "$0".into(),
    }
}

/// What can stand behind `name =`, or inside the parentheses of a choice.
fn values(analysis: &Analysis, table: &'static [Setting], context: &Context) -> Vec<Offer> {
    let choices: &[&[Choice]] = &[OPTIMIZERS, SCHEDULES, SOURCES];
    let call = context.call.as_ref().and_then(|call| {
        let name = call.callee.text(analysis.text());
        Some((call, choices.iter().copied().flatten().find(|choice| choice.name == name)?))
    });
    let table = match call {
        Some((call, choice)) if context.setting.is_none() => return names(choice.settings, &call.named),
        Some((_, choice)) => choice.settings,
        None => table,
    };
    let Some(row) = context.setting.as_ref().and_then(|name| table.iter().find(|row| row.name == *name)) else {
        return Vec::new();
    };
    let mut offers: Vec<Offer> = match row.takes {
        Takes::Bool => ["true", "false"].map(word).to_vec(),
        Takes::Word(words) => words.iter().map(|word| self::word(word)).collect(),
        Takes::ClassWeights => vec![word("balanced")],
        Takes::Call(choices) => choices.iter().map(choice).collect(),
        Takes::Name => texts(analysis),
        Takes::Int { .. } | Takes::Float { .. } | Takes::FilesOrShare => constants(analysis),
        _ => Vec::new(),
    };
    if row.default.is_empty() || row.default == "none" {
        offers.push(word("none").detail("switched off"));
    } else if !matches!(row.takes, Takes::Bool | Takes::Word(_) | Takes::Call(_)) {
        offers.push(Offer::new(row.default, CompletionItemKind::Value).detail("the default").rank(0));
    }
    for offer in offers.iter_mut().filter(|offer| offer.label == row.default) {
        offer.detail = "the default".into();
    }
    offers
}

fn word(word: &str) -> Offer {
    Offer::new(word, CompletionItemKind::EnumMember).rank(1)
}

fn choice(choice: &Choice) -> Offer {
    let insert = match choice.settings.first() {
        Some(first) => format!("{}({} = ${{1:{}}})", choice.name, first.name, first.default),
        None => choice.name.to_string(),
    };
    Offer::new(choice.name, CompletionItemKind::EnumMember)
        .detail(choice.about)
        .docs(describe::choice(choice))
        .insert(insert)
        .rank(1)
}

/// The text fields of the data.
fn texts(analysis: &Analysis) -> Vec<Offer> {
    let entries = analysis.checked.entry.items.iter().filter_map(|item| match item {
        Item::Data(block) => Some(&block.entries),
        _ => None,
    });
    let names = entries.flatten().filter_map(|entry| match entry {
        Entry::Field { name, kind, .. } if check::TEXT_KINDS.contains(&kind.name.as_str()) => Some(&name.name),
        _ => None,
    });
    names.map(|name| Offer::new(name, CompletionItemKind::Field).rank(0)).collect()
}

/// The numbers that the file has given a name.
pub fn constants(analysis: &Analysis) -> Vec<Offer> {
    let files = std::iter::once(&analysis.checked.entry).chain(analysis.checked.imports.iter().map(|(_, file)| file));
    let constants = files.flat_map(|file| &file.items).filter_map(|item| match item {
        Item::Constant(constant) => Some(constant),
        _ => None,
    });
    let numbers = constants.filter(|constant| matches!(constant.value.kind, ExprKind::Integer(_) | ExprKind::Float(_)));
    numbers
        .filter_map(|constant| {
            let name = constant.names.first()?;
            let value = analysis.checked.sources.text(constant.value.span);
            Some(Offer::new(&name.name, CompletionItemKind::Constant).detail(format!("= {value}")).rank(2))
        })
        .collect()
}
