//! Places in the files of a program, as an editor can open them.

use gen_lsp_types::{Location, Uri};

use crate::source::{FileId, Span};

use super::analysis::{Analysis, Place};
use super::files::Files;
use super::uri;

/// Where a span is. Nothing for the text of a library that cannot be written anywhere.
pub fn of(span: Span, analysis: &Analysis, files: &Files) -> Option<Location> {
    Some(Location { uri: uri(span.file, analysis, files)?, range: analysis.range(span) })
}

/// The URI of one of the files of a program.
pub fn uri(file: FileId, analysis: &Analysis, files: &Files) -> Option<Uri> {
    match analysis.file(file) {
        Place::Here => Some(analysis.uri.clone()),
        Place::Library(name) => files.library(name).map(|path| uri::of_path(&path)),
        Place::File(path) => Some(files.uri(path)),
    }
}
