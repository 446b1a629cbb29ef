//! What the checker finds out about places of the files, for editors: types of values, applications, what names stand for.
//!
//! It is noted where the place itself is read: in the model, and in a definition while that is checked on its own. What a use of
//! a layer makes of the layer's body belongs to the use. Where an error stops the checker, what came before it is known.

use std::collections::{BTreeMap, BTreeSet};

use crate::ir::{CallId, Cost, Dim, Graph, Type};
use crate::source::Span;

use super::checker::Checker;
use super::value::Value;

#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Values of the model: by the expression that gives one (a step of a pipeline too), and by the name that is given to one.
    pub values: BTreeMap<Span, Type>,
    /// Layers that are given an input, by what is written before the parenthesis.
    pub applications: BTreeMap<Span, Application>,
    /// Names that are read → where what they stand for was declared.
    pub names: BTreeMap<Span, Span>,
    /// Of definitions by themselves, and of a model with errors as far as it came.
    pub graphs: Vec<Graph>,
}

/// A layer that is given an input.
#[derive(Debug, Clone, Default)]
pub struct Application {
    /// The layer with its settings.
    pub span: Span,
    pub inputs: Vec<Type>,
    /// Nothing after an error.
    pub result: Option<Type>,
}

impl Checker<'_> {
    /// Whether what is read is a file's own text, and not the body of a layer in one of its uses.
    fn at_home(&self) -> bool {
        self.frames.len() == 1
    }

    /// Notes what stands at a place; in a `repeat` it is what the first turn gives.
    pub fn note_value(&mut self, span: Span, value: &Value) {
        if let Value::Tensor(node) = value
            && self.at_home()
        {
            let ty = &self.nodes[node.0].ty;
            self.facts.values.entry(span).or_insert_with(|| ty.clone());
        }
    }

    /// Notes what a name stands for.
    pub fn note_name(&mut self, used: Span, declared: Span) {
        if self.at_home() {
            self.facts.names.entry(used).or_insert(declared);
        }
    }

    /// Notes that a layer is given its inputs.
    pub fn note_application(&mut self, callee: Span, span: Span, inputs: Vec<Type>) {
        if self.at_home() {
            self.facts.applications.entry(callee).or_insert(Application { span, inputs, ..Application::default() });
        }
    }

    /// Notes what it gave, if it gave anything.
    pub fn note_result(&mut self, callee: Span, result: &Value) {
        if let Value::Tensor(node) = result
            && self.at_home()
            && let Some(application) = self.facts.applications.get_mut(&callee)
        {
            application.result.get_or_insert_with(|| self.nodes[node.0].ty.clone());
        }
    }
}

impl Facts {
    /// What an application trains and costs; `model` is the graph of the model, where that has no errors. Worked out when it is asked
    /// for: an editor checks with every letter and asks for few.
    pub fn spent(&self, application: &Application, model: Option<&Graph>) -> (Dim, Cost) {
        let (mut size, mut cost) = (Dim::default(), Cost::default());
        let mut counted = BTreeSet::new();
        for graph in self.graphs.iter().chain(model) {
            let is_of = |call: CallId| graph.calls[graph.outermost(call).0].span == application.span;
            if !graph.calls.iter().any(|call| call.span == application.span) {
                continue;
            }
            for parameter in graph.parameters.iter().filter(|parameter| parameter.call.is_some_and(is_of)) {
                if counted.insert(parameter.name.as_str()) {
                    size = size.add(&parameter.shape.iter().fold(Dim::constant(1), |n, axis| n.multiply(axis)));
                }
            }
            for node in graph.nodes.iter().filter(|node| node.call.is_some_and(is_of)) {
                cost = cost.add(&graph.cost(node));
            }
        }
        (size, cost)
    }
}
