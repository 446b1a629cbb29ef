//! The tables behind a place in `data` and `train`: which settings can stand there, and what one takes.

use crate::check::settings::{Choice, Setting as Row, Takes};
use crate::check::{DATA, TRAIN, settings_of};
use crate::source::Span;
use crate::syntax::ast::{Entry, Expr, ExprKind, Ident, Item, Setting, SettingsBlock};

use super::analysis::Analysis;

/// What a word of `data` or `train` is, beside the names that the file declares.
pub enum Word {
    Setting(&'static Row),
    Choice(&'static Choice),
    /// Of a field: `words`.
    Kind(String),
}

/// The table's word at a place.
pub fn at(analysis: &Analysis, offset: usize) -> Option<(Span, Word)> {
    for item in &analysis.checked.entry.items {
        let (block, table) = match item {
            Item::Data(block) => (block, DATA),
            Item::Train(block) => (block, TRAIN),
            _ => continue,
        };
        if let Some(found) = in_block(block, table, offset) {
            return Some(found);
        }
    }
    None
}

fn in_block(block: &SettingsBlock, table: &'static [Row], offset: usize) -> Option<(Span, Word)> {
    block.entries.iter().find_map(|entry| match entry {
        Entry::Setting(setting) => in_setting(setting, table, offset),
        Entry::Field { kind, .. } if holds(kind.span, offset) => Some((kind.span, Word::Kind(kind.name.clone()))),
        Entry::Field { kind, settings, .. } => {
            let table = settings_of(&kind.name)?;
            settings.iter().find_map(|setting| in_setting(setting, table, offset))
        }
    })
}

fn in_setting(setting: &Setting, table: &'static [Row], offset: usize) -> Option<(Span, Word)> {
    named(&setting.name, &setting.value, table, offset)
}

fn named(name: &Ident, value: &Expr, table: &'static [Row], offset: usize) -> Option<(Span, Word)> {
    let row = table.iter().find(|row| row.name == name.name)?;
    if holds(name.span, offset) {
        return Some((name.span, Word::Setting(row)));
    }
    let Takes::Call(choices) = row.takes else { return None };
    let (callee, arguments) = match &value.kind {
        ExprKind::Name(name) => (name, [].as_slice()),
        ExprKind::Call { callee, arguments } => (callee, arguments.as_slice()),
        _ => return None,
    };
    let choice = choices.iter().find(|choice| choice.name == callee.name)?;
    if holds(callee.span, offset) {
        return Some((callee.span, Word::Choice(choice)));
    }
    let arguments = arguments.iter().filter_map(|argument| Some((argument.name.as_ref()?, &argument.value)));
    arguments.into_iter().find_map(|(name, value)| named(name, value, choice.settings, offset))
}

fn holds(span: Span, offset: usize) -> bool {
    (span.start as usize..=span.end as usize).contains(&offset)
}
