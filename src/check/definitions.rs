//! Which layers and cells there are: the files' own first, then the library's.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use crate::diagnostic::{Diagnostic, code};
use crate::source::Span;
use crate::syntax::ast::{self, Item};

/// A layer or cell and where it lives. Library definitions see the library only, so a user's name never changes them.
#[derive(Debug, Clone)]
pub enum Definition {
    Layer { ast: Arc<ast::Layer>, library: bool },
    Cell { ast: Arc<ast::Cell>, library: bool },
}

impl Definition {
    pub fn name(&self) -> &str {
        &self.ident().name
    }

    pub fn ident(&self) -> &ast::Ident {
        match self {
            Definition::Layer { ast, .. } => &ast.name,
            Definition::Cell { ast, .. } => &ast.name,
        }
    }

    pub fn library(&self) -> bool {
        match self {
            Definition::Layer { library, .. } | Definition::Cell { library, .. } => *library,
        }
    }

    /// Whether the compiler itself knows what it does: its body is the word `primitive`.
    pub fn is_primitive(&self) -> bool {
        let Definition::Layer { ast, library: true } = self else { return false };
        matches!(&ast.body.result, Some(ast::Expr { kind: ast::ExprKind::Name(name), .. }) if name.name == "primitive")
    }
}

#[derive(Debug)]
pub struct Definitions {
    library: &'static Names,
    user: Names,
}

#[derive(Debug, Default)]
struct Names {
    layers: BTreeMap<String, Arc<ast::Layer>>,
    cells: BTreeMap<String, Arc<ast::Cell>>,
}

impl Names {
    /// Takes the layers and cells of a file; a second one of a name is reported.
    fn add(&mut self, file: &ast::File, diagnostics: &mut Vec<Diagnostic>) {
        for item in &file.items {
            let (name, earlier) = match item {
                Item::Layer(layer) => {
                    let earlier = self.layers.get(&layer.name.name).map(|l| l.name.span);
                    self.layers.entry(layer.name.name.clone()).or_insert_with(|| Arc::new(layer.clone()));
                    (&layer.name, earlier)
                }
                Item::Cell(cell) => {
                    let earlier = self.cells.get(&cell.name.name).map(|c| c.name.span);
                    self.cells.entry(cell.name.name.clone()).or_insert_with(|| Arc::new(cell.clone()));
                    (&cell.name, earlier)
                }
                _ => continue,
            };
            if let Some(earlier) = earlier {
                diagnostics.push(duplicate(name, earlier));
            }
        }
    }
}

impl Definitions {
    /// Those of the library alone, which is the same in every program and taken in once.
    pub fn new(library: &[ast::File]) -> Self {
        static LIBRARY: OnceLock<Names> = OnceLock::new();
        let library = LIBRARY.get_or_init(|| {
            let (mut names, mut found) = (Names::default(), Vec::new());
            library.iter().for_each(|file| names.add(file, &mut found));
            assert!(found.is_empty(), "a name of the library is defined twice: {found:?}");
            names
        });
        Self { library, user: Names::default() }
    }

    /// Takes the layers and cells of a file; a second one of a name is reported.
    pub fn add(&mut self, file: &ast::File, diagnostics: &mut Vec<Diagnostic>) {
        self.user.add(file, diagnostics);
    }

    /// A layer as seen from a file (`library: false`) or from the library. A user's cell hides a library layer of its name.
    pub fn layer(&self, name: &str, library: bool) -> Option<Definition> {
        if !library {
            if let Some(ast) = self.user.layers.get(name) {
                return Some(Definition::Layer { ast: ast.clone(), library: false });
            }
            if self.user.cells.contains_key(name) {
                return None;
            }
        }
        self.library.layers.get(name).map(|ast| Definition::Layer { ast: ast.clone(), library: true })
    }

    pub fn cell(&self, name: &str, library: bool) -> Option<Definition> {
        if !library && let Some(ast) = self.user.cells.get(name) {
            return Some(Definition::Cell { ast: ast.clone(), library: false });
        }
        self.library.cells.get(name).map(|ast| Definition::Cell { ast: ast.clone(), library: true })
    }

    /// The files' own definitions, which are checked whether or not they are used.
    pub fn user(&self) -> impl Iterator<Item = Definition> {
        let layers = self.user.layers.values().map(|ast| Definition::Layer { ast: ast.clone(), library: false });
        let cells = self.user.cells.values().map(|ast| Definition::Cell { ast: ast.clone(), library: false });
        layers.chain(cells)
    }

    /// The library's definitions; a test checks them too.
    pub fn library(&self) -> impl Iterator<Item = Definition> {
        let layers = self.library.layers.values().map(|ast| Definition::Layer { ast: ast.clone(), library: true });
        let cells = self.library.cells.values().map(|ast| Definition::Cell { ast: ast.clone(), library: true });
        layers.chain(cells)
    }

    pub fn layer_names(&self) -> impl Iterator<Item = &str> {
        [&self.user.layers, &self.library.layers].into_iter().flat_map(|map| map.keys().map(String::as_str))
    }

    pub fn cell_names(&self) -> impl Iterator<Item = &str> {
        [&self.user.cells, &self.library.cells].into_iter().flat_map(|map| map.keys().map(String::as_str))
    }
}

/// Two definitions of one name.
pub fn duplicate(name: &ast::Ident, earlier: Span) -> Diagnostic {
    Diagnostic::new(code::DUPLICATE, name.span, format!("`{}` is defined twice", name.name))
        .here("defined again here")
        .label(earlier, "first defined here")
        .help("give one of them another name")
}
