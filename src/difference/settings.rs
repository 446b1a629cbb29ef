//! Settings that have another value, whoever leaves out a default.

use super::{Change, Place};
use crate::ir::Setting;

/// What changed from `before` to `after`. The settings of an alternative that is no longer chosen go with it unsaid.
pub fn changes(before: &[Setting], after: &[Setting]) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    for setting in after {
        let old = find(before, &setting.name);
        let told = old.is_none() && is_below_one(&setting.name, &changes);
        if !told && old.is_none_or(|old| old.value != setting.value) {
            changes.push(Change { what: setting.name.clone(), before: old.map(place), after: Some(place(setting)) });
        }
    }
    for setting in before.iter().filter(|setting| find(after, &setting.name).is_none()) {
        if !is_below_one(&setting.name, &changes) {
            changes.push(Change { what: setting.name.clone(), before: Some(place(setting)), after: None });
        }
    }
    changes
}

fn find<'s>(settings: &'s [Setting], name: &str) -> Option<&'s Setting> {
    settings.iter().find(|setting| setting.name == name)
}

/// Whether what it belongs to is a change already: `train.optimizer` of `train.optimizer.betas`.
fn is_below_one(name: &str, changes: &[Change]) -> bool {
    changes.iter().any(|change| name.strip_prefix(&change.what).is_some_and(|rest| rest.starts_with('.')))
}

fn place(setting: &Setting) -> Place {
    Place { text: setting.value.clone(), span: setting.span }
}
