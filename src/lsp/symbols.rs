//! `textDocument/documentSymbol` and `workspace/symbol`: the parts of files.

use std::path::Path;

use gen_lsp_types::{
    BaseSymbolInformation, DocumentSymbol, Location, SymbolKind, WorkspaceSymbol, WorkspaceSymbolLocation,
};

use crate::source::{FileId, Span};
use crate::syntax;
use crate::syntax::ast::{Block, Entry, File, Ident, Item, Parameter, SettingsBlock, Statement};

use super::analysis::Analysis;
use super::definitions::is_value;
use super::files::Files;
use super::positions::{Encoding, Lines};

/// Symbols that a search answers with at most.
const MOST: usize = 500;

pub fn document_symbols(analysis: &Analysis) -> Vec<DocumentSymbol> {
    let symbols = Symbols { range: &|span| analysis.range(span) };
    symbols.file(&analysis.checked.entry)
}

/// Everything in the workspace whose name contains the letters in their order.
pub fn workspace_symbols(files: &Files, query: &str, encoding: Encoding) -> Vec<WorkspaceSymbol> {
    let query = query.to_lowercase();
    let mut paths = files.workspace();
    paths.extend(files.documents.values().filter_map(|document| document.path.clone()));
    paths.sort();
    paths.dedup();
    let mut found = Vec::new();
    for path in paths {
        let Some(text) = files.text(&path) else { continue };
        let (file, _) = syntax::parse(FileId::default(), &text);
        let lines = Lines::new(&text, encoding);
        let symbols = Symbols { range: &|span: Span| lines.range(&text, span.start as usize, span.end as usize) };
        for symbol in symbols.file(&file) {
            if found.len() < MOST && contains(&symbol.name.to_lowercase(), &query) {
                found.push(workspace_symbol(symbol, &path, files));
            }
        }
    }
    found
}

fn workspace_symbol(symbol: DocumentSymbol, path: &Path, files: &Files) -> WorkspaceSymbol {
    let location = Location { uri: files.uri(path), range: symbol.selection_range };
    let container_name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    WorkspaceSymbol {
        location: WorkspaceSymbolLocation::Location(location),
        data: None,
        base_symbol_information: BaseSymbolInformation {
            name: symbol.name,
            kind: symbol.kind,
            tags: None,
            container_name,
        },
    }
}

/// Whether a name has the letters of a query, in their order.
fn contains(name: &str, query: &str) -> bool {
    let mut letters = name.chars();
    query.chars().all(|wanted| letters.any(|letter| letter == wanted))
}

struct Symbols<'a> {
    range: &'a dyn Fn(Span) -> gen_lsp_types::Range,
}

impl Symbols<'_> {
    fn file(&self, file: &File) -> Vec<DocumentSymbol> {
        let item = |item: &Item| match item {
            Item::Constant(constant) => {
                Some(self.symbol(constant.names.first()?, SymbolKind::Constant, constant.span, Vec::new()))
            }
            Item::Data(block) => Some(self.settings("data", block)),
            Item::Train(block) => Some(self.settings("train", block)),
            Item::Model(model) => {
                let inner = self.body(&model.parameters, &model.body);
                Some(self.symbol(&model.name, SymbolKind::Class, model.span, inner))
            }
            Item::Layer(layer) => {
                let inner = self.body(&layer.parameters, &layer.body);
                Some(self.symbol(&layer.name, SymbolKind::Function, layer.span, inner))
            }
            Item::Cell(cell) => {
                let states =
                    cell.states.iter().map(|state| self.symbol(&state.name, SymbolKind::Field, state.span, Vec::new()));
                let inner = states.chain(self.body(&cell.settings, &cell.body)).collect();
                Some(self.symbol(&cell.name, SymbolKind::Struct, cell.span, inner))
            }
            Item::Edition { .. } | Item::Use { .. } => None,
        };
        file.items.iter().filter_map(item).collect()
    }

    fn body(&self, parameters: &[Parameter], body: &Block) -> Vec<DocumentSymbol> {
        let kind = |parameter: &Parameter| {
            if is_value(parameter) || parameter.ty.is_none() { SymbolKind::Variable } else { SymbolKind::Property }
        };
        let mut found: Vec<DocumentSymbol> = parameters
            .iter()
            .map(|parameter| self.symbol(&parameter.name, kind(parameter), parameter.span, Vec::new()))
            .collect();
        for statement in &body.statements {
            match statement {
                Statement::Let(binding) => {
                    found.extend(
                        binding
                            .names
                            .iter()
                            .map(|name| self.symbol(name, SymbolKind::Variable, binding.span, Vec::new())),
                    );
                }
                Statement::Param(param) => {
                    found.push(self.symbol(&param.name, SymbolKind::Array, param.span, Vec::new()))
                }
                _ => {}
            }
        }
        found
    }

    fn settings(&self, name: &str, block: &SettingsBlock) -> DocumentSymbol {
        let inner = block.entries.iter().map(|entry| match entry {
            Entry::Setting(setting) => {
                self.symbol(&setting.name, SymbolKind::Property, setting.name.span.to(setting.value.span), Vec::new())
            }
            Entry::Field { name, span, .. } => self.symbol(name, SymbolKind::Field, *span, Vec::new()),
        });
        let ident = Ident { name: name.into(), primed: false, span: block.keyword };
        self.symbol(&ident, SymbolKind::Namespace, block.span, inner.collect())
    }

    fn symbol(&self, name: &Ident, kind: SymbolKind, whole: Span, children: Vec<DocumentSymbol>) -> DocumentSymbol {
        #[expect(deprecated, reason = "the protocol's own `deprecated` has to be filled")]
        DocumentSymbol {
            name: name.name.clone(),
            detail: None,
            kind,
            tags: None,
            deprecated: None,
            range: (self.range)(whole.to(name.span)),
            selection_range: (self.range)(name.span),
            children: (!children.is_empty()).then_some(children),
        }
    }
}
