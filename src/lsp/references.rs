//! `textDocument/references` and `textDocument/documentHighlight`: every place that says a name.

use std::rc::Rc;

use gen_lsp_types::{DocumentHighlight, DocumentHighlightKind, Location};

use crate::source::Span;

use super::analysis::{Analysis, ENTRY};
use super::files::Files;
use super::location;

/// The places in all programs that see the declaration.
pub fn references(
    programs: &[Rc<Analysis>],
    files: &Files,
    declared: &Declared,
    with_declaration: bool,
) -> Vec<Location> {
    let mut found: Vec<Location> = Vec::new();
    for analysis in programs {
        let Some(declaration) = declared.in_program(analysis) else { continue };
        for said in analysis.names.uses_of(declaration).filter(|said| with_declaration || *said != declaration) {
            if let Some(location) = location::of(said, analysis, files)
                && !found.contains(&location)
            {
                found.push(location);
            }
        }
    }
    found
}

/// The places in this text.
pub fn highlights(analysis: &Analysis, offset: usize) -> Vec<DocumentHighlight> {
    let Some((_, declaration)) = analysis.names.at(ENTRY, offset) else { return Vec::new() };
    let here = analysis.names.uses_of(declaration.span).filter(|said| said.file == ENTRY);
    here.map(|said| DocumentHighlight {
        range: analysis.range(said),
        kind: Some(if said == declaration.span { DocumentHighlightKind::Write } else { DocumentHighlightKind::Read }),
    })
    .collect()
}

/// A declaration, wherever its file stands in a program.
#[derive(Debug, Clone, PartialEq)]
pub struct Declared {
    /// As in [`crate::source::SourceFile::path`].
    pub path: String,
    pub start: u32,
    pub end: u32,
}

impl Declared {
    pub fn of(span: Span, analysis: &Analysis) -> Self {
        Self { path: analysis.checked.sources.file(span.file).path.clone(), start: span.start, end: span.end }
    }

    /// Its place in a program that has its file.
    pub fn in_program(&self, analysis: &Analysis) -> Option<Span> {
        let same = |path: &str| {
            path == self.path || super::files::real(path.as_ref()) == super::files::real(self.path.as_ref())
        };
        let (file, _) = analysis.checked.sources.iter().find(|(_, file)| same(&file.path))?;
        Some(Span { file, start: self.start, end: self.end })
    }
}
