//! `textDocument/definition`: where a name was declared, in the library too, and the file that a `use` names.

use gen_lsp_types::Location;

use crate::project;
use crate::syntax::ast::Item;

use super::analysis::{Analysis, ENTRY};
use super::files::Files;
use super::{location, uri};

pub fn definition(analysis: &Analysis, files: &Files, offset: usize) -> Option<Location> {
    if let Some((_, declaration)) = analysis.names.at(ENTRY, offset) {
        return location::of(declaration.span, analysis, files);
    }
    let imported = analysis.checked.entry.items.iter().find_map(|item| match item {
        Item::Use { path, path_span, .. } if (path_span.start as usize..=path_span.end as usize).contains(&offset) => {
            Some(path)
        }
        _ => None,
    })?;
    let path = analysis.path.as_deref()?.parent()?.join(imported);
    project::open(&path).ok()?;
    Some(Location { uri: uri::of_path(&path), range: Default::default() })
}
