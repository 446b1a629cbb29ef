//! A model against itself: its fused kernels against its equations step by step, its gradients against finite differences
//! of an [`interpreter`] in f64, a text alone against the same text in a batch. Layer by layer, on a few short examples.
//!
//! It prints nothing; what is measured is for others to show.

mod examples;
pub mod interpreter;

use std::collections::BTreeMap;

use crate::data::Tokens;
use crate::ir::{CallId, Graph, Model, NodeId, Op, Symbol};
use crate::lower::{Gradient, LowerError, Mode, Network, Path, to_values, weighted_sum};
use crate::passes::bind;
use crate::passes::fuse::unfused;
use crate::random::Random;
use crate::source::Span;
use examples::{batch, examples, places};
use interpreter::{Row, interpret};

/// How far a figure may be off. Sums in another order stay far below; a wrong equation is far above.
pub const VALUES: f64 = 1e-4;
pub const GRADIENTS: f64 = 1e-3;
pub const PADDING: f64 = 1e-6;

/// What was measured of one layer of a model's body.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    /// Its name in the file; the model's own for what stands outside of any layer.
    pub name: String,
    /// Where it is applied.
    pub span: Span,
    /// The cells in it, with why one has no fused form.
    pub cells: Vec<(String, Option<String>)>,
    /// Fused against reference and interpreter: its value, as a share of the largest.
    pub values: f64,
    /// Fused against reference: the gradients of its parameters.
    pub paths: f64,
    /// Gradients against finite differences.
    pub differences: f64,
    /// Its value for a text alone against that in the batch.
    pub padding: f64,
}

impl Layer {
    /// Whether everything agrees.
    pub fn agrees(&self) -> bool {
        self.figures().iter().all(|(_, figure, limit)| figure <= limit)
    }

    /// Every figure with its name and how far it may be off.
    pub fn figures(&self) -> [(&'static str, f64, f64); 4] {
        [
            ("values", self.values, VALUES),
            ("gradients", self.paths, GRADIENTS),
            ("finite differences", self.differences, GRADIENTS),
            ("padding", self.padding, PADDING),
        ]
    }
}

/// Measures every layer of a model. `size` gives the sizes that come from data, `values` the weights.
pub fn verify(
    model: &Model,
    size: &dyn Fn(&Symbol) -> Option<usize>,
    values: Vec<Vec<f32>>,
    seed: u64,
) -> Result<Vec<Layer>, LowerError> {
    let rows = examples(model, size, seed);
    let model = Model { graph: without_dropout(&model.graph, size)?, ..model.clone() };
    let mut layers = layers(&model);
    let outputs: Vec<NodeId> = outputs(&model);
    let network = |path| Network::with_path(&model.graph, &|_| None, values.clone(), path);
    let (fused, reference) = (network(Path::Fused)?, network(Path::Reference)?);
    let parameters: Vec<Vec<f64>> =
        values.iter().map(|values| values.iter().map(|value| f64::from(*value)).collect()).collect();

    let together = batch(&model, &rows);
    let (of_fused, of_reference) = (read(&fused, &outputs, &together)?, read(&reference, &outputs, &together)?);
    let alone = rows.iter().map(|row| read(&fused, &outputs, &batch(&model, std::slice::from_ref(row))));
    let alone = alone.collect::<Result<Vec<_>, _>>()?;
    let meant: Vec<_> = rows.iter().map(|row| interpret(&model.graph, &parameters, row)).collect();
    for (i, output) in outputs.iter().enumerate() {
        let ty = &model.graph.node(*output).ty;
        let places_together = places(ty, &rows);
        let layer = &mut layers[owner(&model.graph, *output)];
        for (b, row) in rows.iter().enumerate() {
            let at = |values: &[f32], places: &[usize]| -> Vec<f64> {
                places.iter().map(|place| values.get(*place).map_or(f64::NAN, |value| f64::from(*value))).collect()
            };
            let own = at(&of_fused[i], &places_together[b]);
            layer.values = worse(layer.values, apart(&own, &at(&of_reference[i], &places_together[b])));
            layer.values = worse(layer.values, apart(&own, &meant[b][output.0]));
            let places_alone = places(ty, std::slice::from_ref(row)).concat();
            layer.padding = worse(layer.padding, apart(&own, &at(&alone[b][i], &places_alone)));
        }
    }

    let [fused, reference] = [fused, reference].map(|network| gradients(&network, &model, &rows, &together));
    let (fused, reference) = (fused?, reference?);
    let all: f64 = fused.iter().flatten().map(|gradient| norm(gradient).powi(2)).sum::<f64>().sqrt();
    let mut parameters = parameters;
    for (p, (gradient, other)) in fused.iter().zip(&reference).enumerate() {
        let (Some(gradient), Some(other)) = (gradient, other) else { continue };
        let call = model.graph.parameters[p].call;
        let layer = &mut layers[call.map_or(0, |call| place_of(&model.graph, call))];
        layer.paths = worse(layer.paths, apart_beside(gradient, other, 1e-4 * all));
        let off = finite_difference(&model, &rows, &mut parameters, p, gradient, (seed, all));
        layer.differences = worse(layer.differences, off);
    }
    Ok(layers)
}

/// A bound graph that drops nothing.
fn without_dropout(graph: &Graph, size: &dyn Fn(&Symbol) -> Option<usize>) -> Result<Graph, LowerError> {
    let mut graph = bind(graph, size)?;
    let cells = graph.cells.iter_mut().flat_map(|cell| &mut cell.nodes);
    for node in graph.nodes.iter_mut().chain(cells) {
        if let Op::Dropout { rate } = &mut node.op {
            *rate = 0.0;
        }
    }
    Ok(graph)
}

/// One entry for what stands outside of any layer, then one a layer of the body.
fn layers(model: &Model) -> Vec<Layer> {
    let graph = &model.graph;
    let layer = |name: &str, span| Layer {
        name: name.to_string(),
        span,
        cells: Vec::new(),
        values: 0.0,
        paths: 0.0,
        differences: 0.0,
        padding: 0.0,
    };
    let body = layer(&model.name, graph.node(model.output).span);
    let own = graph.calls.iter().filter(|call| call.parent.is_none()).map(|call| layer(&call.layer, call.span));
    let mut layers: Vec<Layer> = std::iter::once(body).chain(own).collect();
    let unfused = unfused(graph);
    for (i, node) in graph.nodes.iter().enumerate() {
        if let Op::Scan { cell, .. } | Op::Fold { cell } = &node.op {
            let name = graph.cells[cell.0].name.clone();
            let why = unfused.iter().find(|(unfused, _)| *unfused == name).map(|(_, why)| why.clone());
            let cells = &mut layers[owner(graph, NodeId(i))].cells;
            if cells.iter().all(|(known, _)| *known != name) {
                cells.push((name, why));
            }
        }
    }
    layers
}

/// The place of the layer that a node belongs to.
fn owner(graph: &Graph, node: NodeId) -> usize {
    let by_result = graph.calls.iter().position(|call| call.result == Some(node)).map(CallId);
    graph.node(node).call.or(by_result).map_or(0, |call| place_of(graph, call))
}

fn place_of(graph: &Graph, call: CallId) -> usize {
    let outermost = graph.outermost(call);
    1 + graph.calls[..outermost.0].iter().filter(|call| call.parent.is_none()).count()
}

/// The result of every layer, and the scores.
fn outputs(model: &Model) -> Vec<NodeId> {
    let results = model.graph.calls.iter().filter(|call| call.parent.is_none()).filter_map(|call| call.result);
    let numbers = |id: &NodeId| model.graph.node(*id).ty.element == crate::ir::Element::Number;
    let mut outputs: Vec<NodeId> = results.chain([model.logits]).filter(numbers).collect();
    outputs.sort_unstable();
    outputs.dedup();
    outputs.retain(|id| model.graph.node(*id).ty.per_example);
    outputs
}

fn read(network: &Network, outputs: &[NodeId], texts: &BTreeMap<String, Tokens>) -> Result<Vec<Vec<f32>>, LowerError> {
    network.forward(outputs, texts, Mode::Evaluate)?.iter().map(to_values).collect()
}

/// What a score counts for in the number whose gradient is checked: differs everywhere, neither small nor large.
fn coefficient(example: usize, place: usize) -> f64 {
    1.0 + ((example * 31 + place * 7) as f64).sin() / 2.0
}

fn gradients(
    network: &Network,
    model: &Model,
    rows: &[Row],
    texts: &BTreeMap<String, Tokens>,
) -> Result<Vec<Option<Vec<f64>>>, LowerError> {
    let mode = Mode::Train { seed: 0, step: 0 };
    let scores = network.forward(&[model.logits], texts, mode)?.swap_remove(0);
    let mut coefficients = vec![0f32; to_values(&scores)?.len()];
    for (b, places) in places(&model.graph.node(model.logits).ty, rows).iter().enumerate() {
        places.iter().enumerate().for_each(|(i, place)| coefficients[*place] = coefficient(b, i) as f32);
    }
    let gradients = network.gradients(&weighted_sum(&scores, coefficients)?)?;
    let sizes = network.values()?;
    let whole = |(gradient, values): (&Option<Gradient>, &Vec<f32>)| {
        let whole = gradient.as_ref()?.to_whole(values.len());
        Some(whole.into_iter().map(f64::from).collect())
    };
    Ok(gradients.iter().zip(&sizes).map(whole).collect())
}

/// How far the gradient of one parameter is from what the scores change by, along a direction in which every number of it
/// moves as much as any other.
fn finite_difference(
    model: &Model,
    rows: &[Row],
    parameters: &mut [Vec<f64>],
    p: usize,
    gradient: &[f64],
    (seed, all): (u64, f64),
) -> f64 {
    const STEP: f64 = 1e-5;
    if gradient.is_empty() {
        return 0.0;
    }
    let mut random = Random::new(seed, &[p as u64]);
    let unit = 1.0 / (gradient.len() as f64).sqrt();
    let direction: Vec<f64> = gradient.iter().map(|_| if random.below(2) == 0 { unit } else { -unit }).collect();
    let before = parameters[p].clone();
    let mut at = |step: f64| -> f64 {
        let moved = before.iter().zip(&direction).map(|(value, direction)| value + step * direction);
        parameters[p] = moved.collect();
        let example = |(b, row): (usize, &Row)| {
            let values = interpret(&model.graph, parameters, row);
            let scores = values[model.logits.0].iter().enumerate();
            scores.map(|(i, score)| score * coefficient(b, i)).sum::<f64>()
        };
        rows.iter().enumerate().map(example).sum()
    };
    let measured = (at(STEP) - at(-STEP)) / (2.0 * STEP);
    parameters[p] = before;
    let expected: f64 = gradient.iter().zip(&direction).map(|(g, d)| g * d).sum();
    (measured - expected).abs() / (norm(gradient).max(1e-3 * all) * unit).max(f64::MIN_POSITIVE)
}

fn norm(values: &[f64]) -> f64 {
    values.iter().map(|value| value * value).sum::<f64>().sqrt()
}

/// The largest difference, as a share of the largest number, or of 1 where that is less.
fn apart(a: &[f64], b: &[f64]) -> f64 {
    apart_beside(a, b, 1.0)
}

/// The same, as a share of `least` where all numbers are smaller. What is no number is as far away as can be.
fn apart_beside(a: &[f64], b: &[f64], least: f64) -> f64 {
    if a.len() != b.len() {
        return f64::INFINITY;
    }
    let scale = b.iter().fold(least.max(f64::MIN_POSITIVE), |scale, x| scale.max(x.abs()));
    let far = |(a, b): (&f64, &f64)| if a == b { 0.0 } else { (a - b).abs() / scale };
    a.iter().zip(b).map(far).fold(0.0, worse)
}

fn worse(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::INFINITY } else { a.max(b) }
}
