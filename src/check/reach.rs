//! Parameters that the model's result does not depend on: no training can change them. They are reported and frozen, so
//! that a training with this warning still runs. What the lints of unused names have found already is not said again.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Diagnostic, code};
use crate::ir::{CallId, Cell, Graph, Model, Node, Op, Parameter, ParameterId};
use crate::source::Span;
use crate::syntax::ast::{self, Item};

/// `files` are those of the user: places in the library are of no use to them.
pub fn check<'a>(model: &mut Model, files: impl Iterator<Item = &'a ast::File>, diagnostics: &mut Vec<Diagnostic>) {
    let items: Vec<Span> = files.flat_map(|file| &file.items).filter_map(definition).collect();
    let reached = reached(&model.graph, model.output.0);
    let unreached: Vec<usize> =
        (0..model.graph.parameters.len()).filter(|id| !reached.contains(&ParameterId(*id))).collect();
    let mut found: BTreeMap<Span, Vec<String>> = BTreeMap::new();
    for id in unreached {
        let parameter = &model.graph.parameters[id];
        let places: Vec<Span> =
            calls(&model.graph, parameter).map(|call| model.graph.calls[call.0].span).chain([parameter.span]).collect();
        let known = diagnostics.iter().filter(|diagnostic| diagnostic.code == code::UNUSED).any(|unused| {
            items.iter().any(|item| within(unused.primary.span, *item) && places.iter().any(|at| within(*at, *item)))
        });
        if !known {
            found.entry(place(&model.graph, parameter, &reached, &items)).or_default().push(parameter.name.clone());
        }
        model.graph.parameters[id].trainable = false;
    }
    for (span, names) in found {
        let names = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let diagnostic =
            Diagnostic::new(code::UNUSED, span, format!("nothing that the model gives depends on {names}"));
        diagnostics.push(diagnostic.here("what is learned here reaches no result").help("use it, or remove it"));
    }
}

fn definition(item: &Item) -> Option<Span> {
    match item {
        Item::Model(model) => Some(model.span),
        Item::Layer(layer) => Some(layer.span),
        Item::Cell(cell) => Some(cell.span),
        _ => None,
    }
}

fn within(inner: Span, outer: Span) -> bool {
    inner.file == outer.file && outer.start <= inner.start && inner.end <= outer.end
}

/// The applications a parameter belongs to, innermost first.
fn calls(graph: &Graph, parameter: &Parameter) -> impl Iterator<Item = CallId> {
    std::iter::successors(parameter.call, |call| graph.calls[call.0].parent)
}

/// The outermost application that is in vain as a whole, else the declaration, as far as they are the user's.
fn place(graph: &Graph, parameter: &Parameter, reached: &BTreeSet<ParameterId>, items: &[Span]) -> Span {
    let users = |span: &Span| items.iter().any(|item| within(*span, *item));
    let in_vain = |call: &CallId| {
        let own = graph.parameters.iter().enumerate().filter(|(_, p)| calls(graph, p).any(|of| of == *call));
        own.into_iter().all(|(id, _)| !reached.contains(&ParameterId(id)))
    };
    let span = |call: CallId| graph.calls[call.0].span;
    let outermost = calls(graph, parameter).filter(in_vain).map(span).filter(users).last();
    let declared = Some(parameter.span).filter(users);
    let nearest = || calls(graph, parameter).map(span).find(users);
    outermost.or(declared).or_else(nearest).unwrap_or(parameter.span)
}

/// The parameters that node `output` depends on.
fn reached(graph: &Graph, output: usize) -> BTreeSet<ParameterId> {
    let mut reached = BTreeSet::new();
    let mut needed = vec![false; graph.nodes.len()];
    needed[output] = true;
    for (i, node) in graph.nodes.iter().enumerate().rev() {
        if !needed[i] {
            continue;
        }
        let reads_input = match &node.op {
            Op::Scan { cell, .. } | Op::Fold { cell } => reached_in_cell(&graph.cells[cell.0], &mut reached),
            Op::Parameter(id) => reached.insert(*id),
            _ => true,
        };
        node.inputs.iter().filter(|_| reads_input).for_each(|input| needed[input.0] = true);
    }
    reached
}

/// Adds the parameters that the first state of a cell depends on, through as many steps as it takes; whether it depends
/// on the input of a step.
fn reached_in_cell(cell: &Cell, reached: &mut BTreeSet<ParameterId>) -> bool {
    let mut states = BTreeSet::from([0]);
    loop {
        let mut needed = vec![false; cell.nodes.len()];
        states.iter().for_each(|state: &usize| needed[cell.states[*state].next.0] = true);
        for (i, node) in cell.nodes.iter().enumerate().rev() {
            if needed[i] {
                node.inputs.iter().for_each(|input| needed[input.0] = true);
            }
        }
        let nodes =
            || cell.nodes.iter().zip(&needed).filter(|(_, needed)| **needed).map(|(node, _): (&Node, _)| &node.op);
        let read: BTreeSet<usize> = nodes().filter_map(Op::state).collect();
        if read.is_subset(&states) {
            reached.extend(nodes().filter_map(|op| if let Op::Parameter(id) = op { Some(*id) } else { None }));
            return nodes().any(|op| *op == Op::StepInput);
        }
        states.extend(read);
    }
}

#[cfg(test)]
mod tests {
    use crate::check::{NoFiles, check};

    const CELL: &str = "cell odd(x: [I]; h: [H], d: [H]) {\n  param weight : [H, I]\n  param decay : [H, H]\n  \
                        d' = tanh(decay @ d + weight @ x)\n  h' = tanh(weight @ x + h)\n}\n";

    /// The warnings about a model, each with the text it points at, and the parameters that will not be trained.
    fn found(definitions: &str, body: &str) -> (Vec<String>, Vec<String>) {
        let text = format!("{definitions}model M(text: words[T]) -> class[C] {{\n{body} |> dense(C) |> softmax\n}}");
        let checked = check("test.rnn", &text, &mut NoFiles);
        let warnings = checked.diagnostics.iter();
        let warnings = warnings.map(|d| format!("{}: {}", checked.sources.text(d.primary.span), d.message)).collect();
        let graph = checked.program.and_then(|program| program.model).expect("a sound model").graph;
        let frozen = graph.parameters.into_iter().filter(|parameter| !parameter.trainable);
        (warnings, frozen.map(|parameter| parameter.name).collect())
    }

    #[test]
    fn a_result_that_needs_everything_is_no_finding() {
        for body in
            ["text |> embedding(4) |> lstm(3) |> first", "text |> embedding(4) |> recurrent_conv(2, 3) |> attention"]
        {
            assert_eq!(found("", body), (vec![], vec![]), "{body}");
        }
    }

    #[test]
    fn a_layer_applied_in_vain() {
        let definition = "layer two(x: [T, I]) -> [T, I] {\n  let y = x |> lstm(I)\n  if 1 > 2 then y else x\n}\n";
        let (warnings, frozen) = found(definition, "text |> embedding(4) |> two |> last");
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert!(
            warnings[0].starts_with("two: nothing that the model gives depends on `two.y.weight_ih_l0`"),
            "{warnings:?}"
        );
        assert_eq!(frozen.len(), 4);
    }

    #[test]
    fn an_unused_name_is_said_once() {
        let body = "let e = text |> embedding(4)\nlet unused = e |> dense(5)\ne |> last";
        let (warnings, frozen) = found("", body);
        assert_eq!(warnings, ["unused: `unused` is never used"]);
        assert_eq!(frozen, ["unused.weight", "unused.bias"]);
        let definition = "layer cut(x: [T, I]) -> [T, I] {\n  param scale : [I] = ones\n  let y = x * scale\n  let z = y * 2\n  x\n}\n";
        let (warnings, frozen) = found(definition, "text |> embedding(4) |> cut |> last");
        assert_eq!(warnings, ["z: `z` is never used"]);
        assert_eq!(frozen, ["cut.scale"]);
    }

    #[test]
    fn a_state_that_the_first_one_never_reads() {
        let (warnings, frozen) = found(CELL, "text |> embedding(4) |> odd(4) |> last");
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert!(
            warnings[0].starts_with("param decay : [H, H]: ") && warnings[0].ends_with("`odd.decay_l0`"),
            "{warnings:?}"
        );
        assert_eq!(frozen, ["odd.decay_l0"]);
        // Read only after a step: it does reach the result.
        let through = CELL.replace("weight @ x + h)", "weight @ x + h + d)");
        assert_eq!(found(&through, "text |> embedding(4) |> odd(4) |> last"), (vec![], vec![]));
    }

    #[test]
    fn a_cell_that_ignores_its_input() {
        let cell = "cell clock(x: [I]; h: [H]) {\n  param weight : [H, H]\n  param bias : [H]\n  h' = tanh(weight @ h + bias)\n}\n";
        let (warnings, frozen) = found(cell, "text |> embedding(4) |> clock(4) |> last");
        assert!(warnings.iter().any(|warning| warning.ends_with("depends on `embedding.weight`")), "{warnings:?}");
        assert_eq!(frozen, ["embedding.weight"]);
    }
}
