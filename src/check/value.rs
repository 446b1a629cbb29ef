//! What an expression can be while it is checked.

use std::sync::Arc;

use crate::ir::{Dim, Initializer, NodeId, Pretrained};
use crate::source::Span;

use super::definitions::Definition;
use crate::syntax::ast::{Argument, Ident};

#[derive(Debug, Clone)]
pub enum Value {
    /// A node of the graph under construction.
    Tensor(NodeId),
    /// A whole number or a size that may be symbolic.
    Dim(Dim),
    Number(f64),
    Bool(bool),
    Text(String, Span),
    None,
    /// One of the words of a choice: `relu`.
    Choice(String),
    Cell(CellValue),
    Layer(Arc<Instance>),
    Initializer(Initializer),
    Pretrained {
        rows: Pretrained,
        otherwise: Initializer,
        trainable: bool,
    },
    /// A setting whose value is not known while its definition is checked on its own.
    Abstract(Kind),
    /// A state of a tree cell: every child has one.
    OfChildren {
        state: usize,
        size: Dim,
    },
    /// The result of something already reported. Whatever uses it stays silent.
    Poison,
}

impl Value {
    /// As in "this is …".
    pub fn describe(&self) -> String {
        match self {
            Value::Tensor(_) => "a value of the model".into(),
            Value::Dim(dim) => match dim.as_constant() {
                Some(n) => format!("the number {n}"),
                None => format!("the size {dim}"),
            },
            Value::Number(x) => format!("the number {x:?}"),
            Value::Bool(b) => format!("{b}"),
            Value::Text(text, _) => format!("the text {text:?}"),
            Value::None => "none".into(),
            Value::Choice(name) => format!("`{name}`"),
            Value::Cell(cell) => format!("the cell `{}`", cell.definition.name()),
            Value::Layer(instance) => {
                format!("the layer `{}`, which has not been given an input", instance.definition.name())
            }
            Value::Initializer(_) | Value::Pretrained { .. } => "an initializer".into(),
            Value::Abstract(kind) => kind.article().into(),
            Value::OfChildren { .. } => "a state of each child".into(),
            Value::Poison => "something that could not be read".into(),
        }
    }
}

/// What a setting takes.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    Int,
    Float,
    Bool,
    Text,
    /// A file, relative to the `.rnn` file that names it.
    Path,
    Cell,
    Initializer,
    Choice(Vec<String>),
    /// A size, which the definition knows by this name.
    Dim(String),
}

impl Kind {
    /// As in "expected …".
    pub fn article(&self) -> &'static str {
        match self {
            Kind::Int => "a whole number",
            Kind::Float => "a number",
            Kind::Bool => "true or false",
            Kind::Text => "a text in double quotes",
            Kind::Path => "a file name in double quotes",
            Kind::Cell => "a cell",
            Kind::Initializer => "an initializer",
            Kind::Choice(_) => "one of its words",
            Kind::Dim(_) => "a size, which is a whole number",
        }
    }
}

/// A cell with some of its settings given.
#[derive(Debug, Clone)]
pub struct CellValue {
    pub definition: Definition,
    pub settings: Vec<(Ident, Value)>,
    pub span: Span,
}

/// A layer bound by `let` without its input. Applying it twice shares its weights.
#[derive(Debug)]
pub struct Instance {
    pub definition: Definition,
    pub arguments: Vec<Argument>,
    pub path: String,
    pub span: Span,
}
