//! Layers and cells as an editor shows them: which there are, and how their heads read.

use std::collections::BTreeMap;

use crate::check::Checked;
use crate::source::{Sources, Span};
use crate::syntax::ast::{Cell, Expr, ExprKind, Ident, Item, Layer, Parameter, TypeKind};

/// A layer or a cell.
#[derive(Debug, Clone, Copy)]
pub enum Definition<'a> {
    Layer(&'a Layer),
    Cell(&'a Cell),
}

impl<'a> Definition<'a> {
    pub fn name(self) -> &'a Ident {
        match self {
            Definition::Layer(layer) => &layer.name,
            Definition::Cell(cell) => &cell.name,
        }
    }

    pub fn docs(self) -> &'a str {
        match self {
            Definition::Layer(layer) => &layer.docs,
            Definition::Cell(cell) => &cell.docs,
        }
    }

    pub fn span(self) -> Span {
        match self {
            Definition::Layer(layer) => layer.span,
            Definition::Cell(cell) => cell.span,
        }
    }

    /// What it is given: a layer's values and settings, a cell's settings.
    pub fn parameters(self) -> &'a [Parameter] {
        match self {
            Definition::Layer(layer) => &layer.parameters,
            Definition::Cell(cell) => &cell.settings,
        }
    }

    /// All of it up to its body; of a cell with its equations.
    pub fn signature(self, sources: &Sources) -> String {
        let text = sources.text(self.span());
        match self {
            Definition::Layer(layer) => {
                let head = (layer.body.span.start - layer.span.start) as usize;
                text.get(..head).unwrap_or(text).trim_end().to_string()
            }
            Definition::Cell(_) => text.to_string(),
        }
    }
}

/// Whether a parameter is a value of the model rather than a setting.
pub fn is_value(parameter: &Parameter) -> bool {
    matches!(parameter.ty.as_ref().map(|ty| &ty.kind), Some(TypeKind::Shape { .. } | TypeKind::Of { .. }))
}

/// The layers and cells of a program by name, a file's own before the library's.
#[derive(Debug, Default)]
pub struct Definitions<'a> {
    own: Named<'a>,
    library: Named<'a>,
}

#[derive(Debug, Default)]
struct Named<'a> {
    layers: BTreeMap<&'a str, &'a Layer>,
    cells: BTreeMap<&'a str, &'a Cell>,
}

impl<'a> Named<'a> {
    fn add(&mut self, items: &'a [Item]) {
        for item in items {
            match item {
                Item::Layer(layer) => drop(self.layers.entry(&layer.name.name).or_insert(layer)),
                Item::Cell(cell) => drop(self.cells.entry(&cell.name.name).or_insert(cell)),
                _ => {}
            }
        }
    }
}

impl<'a> Definitions<'a> {
    pub fn of(checked: &'a Checked) -> Self {
        let mut definitions = Self::default();
        definitions.own.add(&checked.entry.items);
        checked.imports.iter().for_each(|(_, file)| definitions.own.add(&file.items));
        checked.library.iter().for_each(|file| definitions.library.add(&file.items));
        definitions
    }

    /// What a name before a parenthesis or behind `|>` is.
    pub fn applied(&self, name: &str) -> Option<Definition<'a>> {
        let own = |named: &Named<'a>| named.layers.get(name).map(|layer| Definition::Layer(layer));
        let cell = |named: &Named<'a>| named.cells.get(name).map(|cell| Definition::Cell(cell));
        own(&self.own).or_else(|| cell(&self.own)).or_else(|| own(&self.library)).or_else(|| cell(&self.library))
    }

    pub fn cell(&self, name: &str) -> Option<&'a Cell> {
        self.own.cells.get(name).or_else(|| self.library.cells.get(name)).copied()
    }

    pub fn layers(&self) -> impl Iterator<Item = &'a Layer> {
        let hidden = |name: &&'a str| !self.own.layers.contains_key(*name) && !self.own.cells.contains_key(*name);
        let library = self.library.layers.iter().filter(move |(name, _)| hidden(name));
        self.own.layers.iter().chain(library).map(|(_, layer)| *layer)
    }

    pub fn cells(&self) -> impl Iterator<Item = &'a Cell> {
        let library = self.library.cells.iter().filter(|(name, _)| !self.own.cells.contains_key(**name));
        self.own.cells.iter().chain(library).map(|(_, cell)| *cell)
    }

    /// The layers and cells of the files themselves.
    pub fn own(&self) -> impl Iterator<Item = Definition<'a>> {
        let layers = self.own.layers.values().map(|layer| Definition::Layer(layer));
        layers.chain(self.own.cells.values().map(|cell| Definition::Cell(cell)))
    }

    /// The definition whose name stands at a place.
    pub fn at(&self, name: Span) -> Option<Definition<'a>> {
        let all = [&self.own, &self.library];
        let layers = all.iter().flat_map(|named| named.layers.values().map(|layer| Definition::Layer(layer)));
        let cells = all.iter().flat_map(|named| named.cells.values().map(|cell| Definition::Cell(cell)));
        layers.chain(cells).find(|definition| definition.name().span == name)
    }

    /// What a layer or cell takes when it is applied: a cell is read by `recurrent`, or by `recursive` over a tree.
    pub fn taken(&self, definition: Definition<'a>) -> Vec<&'a Parameter> {
        let Definition::Cell(cell) = definition else { return definition.parameters().iter().collect() };
        let reader = self.library.layers.get(if is_tree_cell(cell) { "recursive" } else { "recurrent" });
        let reader = reader.iter().flat_map(|layer| &layer.parameters);
        reader.filter(|parameter| parameter.name.name != "cell").chain(&cell.settings).collect()
    }
}

/// Whether a cell's equations speak of children.
fn is_tree_cell(cell: &Cell) -> bool {
    let words = ["left", "right", "sum_over_children"];
    let mut found = false;
    for statement in &cell.body.statements {
        super::walk::statement(statement, &mut |expr: &Expr| {
            found |= match &expr.kind {
                ExprKind::Call { callee, .. } => words.contains(&callee.name.as_str()),
                ExprKind::Name(name) => name.name == "leaf",
                _ => false,
            };
        });
    }
    found
}
