//! `textDocument/codeAction`: the fixes of findings, each tried before it is offered.

use std::collections::HashMap;

use gen_lsp_types::{CodeAction, CodeActionKind, Range, TextEdit, WorkspaceEdit};

use crate::check::Checked;
use crate::diagnostic::{Diagnostic, Fix};

use super::analysis::{Analysis, ENTRY};
use super::diagnostics::shown;
use super::files::Files;

/// The fixes in a range that, once made, leave one finding less and no new error.
pub fn code_actions(
    analysis: &Analysis,
    files: &Files,
    range: Range,
    check: &dyn Fn(&str) -> Checked,
) -> Vec<CodeAction> {
    let (start, end) = (analysis.offset(range.start), analysis.offset(range.end));
    let mut actions = Vec::new();
    for diagnostic in &analysis.checked.diagnostics {
        let span = diagnostic.primary.span;
        if span.file != ENTRY || span.start as usize > end || start > span.end as usize {
            continue;
        }
        for fix in diagnostic.fixes.iter().filter(|fix| helps(analysis, diagnostic, fix, check)) {
            let edit = TextEdit { range: analysis.range(fix.span), new_text: fix.replacement.clone() };
            actions.push(CodeAction {
                title: title(&fix.title),
                kind: Some(CodeActionKind::QuickFix),
                diagnostics: Some(vec![shown(diagnostic, analysis, files)]),
                is_preferred: Some(diagnostic.fixes.len() == 1),
                edit: Some(WorkspaceEdit {
                    changes: Some(HashMap::from([(analysis.uri.clone(), vec![edit])])),
                    ..WorkspaceEdit::default()
                }),
                ..CodeAction::default()
            });
        }
    }
    actions
}

/// With a capital, as editors write their menus.
fn title(fix: &str) -> String {
    let mut chars = fix.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn helps(analysis: &Analysis, diagnostic: &Diagnostic, fix: &Fix, check: &dyn Fn(&str) -> Checked) -> bool {
    if fix.span.file != ENTRY {
        return false;
    }
    let mut text = analysis.text().to_string();
    text.replace_range(fix.span.start as usize..fix.span.end as usize, &fix.replacement);
    let after = check(&text);
    let same = |found: &&Diagnostic| found.code == diagnostic.code && found.message == diagnostic.message;
    let count = |found: &[Diagnostic]| found.iter().filter(same).count();
    let errors = |found: &[Diagnostic]| found.iter().filter(|found| found.is_error()).count();
    let before = &analysis.checked.diagnostics;
    count(&after.diagnostics) < count(before) && errors(&after.diagnostics) <= errors(before)
}
