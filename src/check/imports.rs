//! The files of one program: the entry, what it imports, and the library.
//!
//! No file is read here; a [`Loader`] does that, so that the checker stays pure.

use std::sync::OnceLock;

use crate::diagnostic::{Diagnostic, code};
use crate::source::{FileId, SourceFile, Sources, Span};
use crate::syntax::{self, ast};

/// Reads imported files.
pub trait Loader {
    /// The file `path` as named in the file `from` (both as in [`SourceFile::path`]).
    fn load(&mut self, from: &str, path: &str) -> Result<Loaded, LoadError>;
}

pub struct Loaded {
    /// One name for one file, however it was reached.
    pub identity: String,
    /// As shown to the user.
    pub path: String,
    pub text: String,
}

pub enum LoadError {
    /// Why it cannot be read.
    Missing(String),
    /// It lies outside the project, whose root is this.
    Outside(String),
}

/// A loader for texts that stand alone.
pub struct NoFiles;

impl Loader for NoFiles {
    fn load(&mut self, _: &str, _: &str) -> Result<Loaded, LoadError> {
        Err(LoadError::Missing("files cannot be read here".into()))
    }
}

/// Every library file's path starts so.
pub const LIBRARY_PREFIX: &str = "<stdlib>/";

static LIBRARY: [(&str, &str); 5] = [
    ("<stdlib>/primitives.rnn", include_str!("../../stdlib/primitives.rnn")),
    ("<stdlib>/cells.rnn", include_str!("../../stdlib/cells.rnn")),
    ("<stdlib>/layers.rnn", include_str!("../../stdlib/layers.rnn")),
    ("<stdlib>/recurrent.rnn", include_str!("../../stdlib/recurrent.rnn")),
    ("<stdlib>/trees.rnn", include_str!("../../stdlib/trees.rnn")),
];

/// Imports inside each other.
const MAX_DEPTH: usize = 32;

/// All files of a program, parsed.
pub struct Files {
    pub sources: Sources,
    pub library: &'static [ast::File],
    pub entry: ast::File,
    pub entry_id: FileId,
    /// In the order of first use, each once.
    pub imports: Vec<(FileId, ast::File)>,
    /// Whether a file that is imported could not be had: what it defines is not known.
    pub incomplete: bool,
    pub diagnostics: Vec<Diagnostic>,
}

/// The library, parsed. Its files come right after the entry in every program.
struct Library {
    texts: Vec<SourceFile>,
    files: Vec<ast::File>,
    diagnostics: Vec<Diagnostic>,
}

/// The same for every program, so it is parsed once.
fn library() -> &'static Library {
    static PARSED: OnceLock<Library> = OnceLock::new();
    PARSED.get_or_init(|| {
        let mut library = Library { texts: Vec::new(), files: Vec::new(), diagnostics: Vec::new() };
        for (id, (path, text)) in (1..).zip(LIBRARY) {
            let (file, found) = syntax::parse(FileId(id), text);
            library.texts.push(SourceFile::new(path, text));
            library.files.push(file);
            library.diagnostics.extend(found);
        }
        library
    })
}

/// The files of the library: their names, as in `<stdlib>/cells.rnn`, and their texts.
pub fn library_texts() -> &'static [(&'static str, &'static str)] {
    &LIBRARY
}

/// Parses the entry, the library, and everything imported.
pub fn files(path: &str, text: &str, loader: &mut dyn Loader) -> Files {
    let mut sources = Sources::default();
    let mut diagnostics = Vec::new();
    let entry_id = sources.add(SourceFile::new(path, text));
    let (entry, found) = syntax::parse(entry_id, text);
    diagnostics.extend(found);
    let Library { texts, files: library, diagnostics: found } = library();
    for text in texts {
        sources.add(text.clone());
    }
    diagnostics.extend(found.iter().cloned());
    let mut files = Files { sources, library, entry, entry_id, imports: Vec::new(), incomplete: false, diagnostics };
    let uses = uses(&files.entry);
    let mut open = vec![Open { identity: String::new(), path: path.to_string() }];
    let mut known = Vec::new();
    files.follow(&uses, &mut open, &mut known, loader);
    files
}

struct Open {
    identity: String,
    path: String,
}

fn uses(file: &ast::File) -> Vec<(String, Span)> {
    let item = |item: &ast::Item| match item {
        ast::Item::Use { path, path_span, .. } => Some((path.clone(), *path_span)),
        _ => None,
    };
    file.items.iter().filter_map(item).collect()
}

impl Files {
    fn follow(
        &mut self,
        imports: &[(String, Span)],
        open: &mut Vec<Open>,
        known: &mut Vec<String>,
        loader: &mut dyn Loader,
    ) {
        let from = open.last().map(|o| o.path.clone()).unwrap_or_default();
        for (path, span) in imports {
            let found = loader.load(&from, path);
            self.incomplete |= found.is_err();
            let loaded = match found {
                Ok(loaded) => loaded,
                Err(LoadError::Missing(why)) => {
                    let message = format!("cannot read the imported file {path:?}: {why}");
                    let help = "the path is relative to the file that says `use`";
                    self.diagnostics
                        .push(Diagnostic::new(code::IMPORT_MISSING, *span, message).here("imported here").help(help));
                    continue;
                }
                Err(LoadError::Outside(root)) => {
                    let message = format!("{path:?} lies outside the project");
                    let help = format!(
                        "a program may only read files under {root}, so that a stranger's file is safe to check; copy the file there"
                    );
                    self.diagnostics
                        .push(Diagnostic::new(code::IMPORT_OUTSIDE, *span, message).here("imported here").help(help));
                    continue;
                }
            };
            // The entry's identity is known once something imports it.
            let circle = open.iter().any(|o| o.identity == loaded.identity || o.path == loaded.path);
            if circle || open.len() > MAX_DEPTH {
                let chain: Vec<&str> = open.iter().map(|o| o.path.as_str()).chain([loaded.path.as_str()]).collect();
                let message = format!("files import each other in a circle: {}", chain.join(" → "));
                let help = "put what both need into a third file";
                self.diagnostics
                    .push(Diagnostic::new(code::IMPORT_CYCLE, *span, message).here("closes the circle").help(help));
                continue;
            }
            if known.contains(&loaded.identity) {
                continue;
            }
            known.push(loaded.identity.clone());
            let id = self.sources.add(SourceFile::new(loaded.path.clone(), loaded.text.clone()));
            let (file, found) = syntax::parse(id, &loaded.text);
            self.diagnostics.extend(found);
            let inner = uses(&file);
            open.push(Open { identity: loaded.identity, path: loaded.path });
            self.follow(&inner, open, known, loader);
            open.pop();
            self.imports.push((id, file));
        }
    }

    /// One text with everything the program uses from imported files in it and no `use` left.
    pub fn inlined(&self) -> String {
        let mut text = String::new();
        let own_model = self.entry.items.iter().any(|item| matches!(item, ast::Item::Model(_)));
        let main = &self.sources.file(self.entry_id).text;
        let mut at = 0;
        for item in &self.entry.items {
            if let ast::Item::Use { span, .. } = item {
                text.push_str(&main[at..span.start as usize]);
                at = span.end as usize;
            }
        }
        text.push_str(&main[at..]);
        for (_, file) in &self.imports {
            for item in &file.items {
                let (docs, span) = match item {
                    ast::Item::Layer(layer) => (&layer.docs, layer.span),
                    ast::Item::Cell(cell) => (&cell.docs, cell.span),
                    ast::Item::Constant(constant) => (&constant.docs, constant.span),
                    ast::Item::Model(model) if !own_model => (&model.docs, model.span),
                    _ => continue,
                };
                text.push('\n');
                for line in docs.lines() {
                    text.push_str(&format!("/// {line}\n"));
                }
                text.push_str(self.sources.text(span));
                text.push('\n');
            }
        }
        text
    }
}
