//! `textDocument/publishDiagnostics`: the findings of `rnnc check`, as an editor shows them.

use gen_lsp_types::{
    Code, CodeDescription, Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, DiagnosticTag, Location,
};

use crate::check::LIBRARY_PREFIX;
use crate::diagnostic::{self, Severity, code};
use crate::source::Span;
use crate::syntax::ast::Item;

use super::analysis::{Analysis, ENTRY};
use super::files::Files;
use super::location;

/// What to show in the file itself. Of an imported file that is wrong, the `use` that imports it says so.
pub fn diagnostics(analysis: &Analysis, files: &Files) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut elsewhere = Vec::new();
    for diagnostic in &analysis.checked.diagnostics {
        if diagnostic.primary.span.file == ENTRY {
            found.push(shown(diagnostic, analysis, files));
        } else if diagnostic.is_error() && !elsewhere.contains(&diagnostic.primary.span.file) {
            elsewhere.push(diagnostic.primary.span.file);
            found.extend(imported(diagnostic, analysis, files));
        }
    }
    found
}

pub fn shown(diagnostic: &diagnostic::Diagnostic, analysis: &Analysis, files: &Files) -> Diagnostic {
    let mut message = diagnostic.message.clone();
    if !diagnostic.primary.message.is_empty() {
        message.push_str(&format!("\n{}", diagnostic.primary.message));
    }
    if let Some(help) = &diagnostic.help {
        message.push_str(&format!("\nhelp: {help}"));
    }
    let related = diagnostic.labels.iter().filter_map(|label| {
        let location = location::of(label.span, analysis, files)?;
        Some(DiagnosticRelatedInformation { location, message: label.message.clone() })
    });
    let related: Vec<_> = related.collect();
    Diagnostic {
        range: analysis.range(diagnostic.primary.span),
        severity: Some(match diagnostic.severity() {
            Severity::Error => DiagnosticSeverity::Error,
            Severity::Warning => DiagnosticSeverity::Warning,
        }),
        code: Some(Code::String(diagnostic.code.id.into())),
        code_description: files.page(diagnostic.code).map(|path| CodeDescription { href: files.uri(&path) }),
        source: Some("rnnc".into()),
        message: message.into(),
        tags: (diagnostic.code == code::UNUSED).then(|| vec![DiagnosticTag::Unnecessary]),
        related_information: (!related.is_empty()).then_some(related),
        data: None,
    }
}

/// An error in an imported file, on the line that imports it, or that imports what imports it.
fn imported(diagnostic: &diagnostic::Diagnostic, analysis: &Analysis, files: &Files) -> Option<Diagnostic> {
    let file = analysis.checked.sources.file(diagnostic.primary.span.file);
    if file.path.starts_with(LIBRARY_PREFIX) {
        return None;
    }
    let uses = || {
        analysis.checked.entry.items.iter().filter_map(|item| match item {
            Item::Use { path, path_span, .. } => Some((path.as_str(), *path_span)),
            _ => None,
        })
    };
    let at: Span = uses().find(|(path, _)| file.path.ends_with(path)).or_else(|| uses().next())?.1;
    let name = file.path.rsplit('/').next().unwrap_or(&file.path);
    let message = format!("{name}: {}", diagnostic.message);
    let location: Option<Location> = location::of(diagnostic.primary.span, analysis, files);
    let related =
        location.map(|location| DiagnosticRelatedInformation { location, message: diagnostic.primary.message.clone() });
    let shown = shown(diagnostic, analysis, files);
    Some(Diagnostic {
        range: analysis.range(at),
        message: message.into(),
        related_information: related.map(|related| vec![related]),
        ..shown
    })
}
