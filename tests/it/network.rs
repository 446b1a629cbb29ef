//! From the text of a `.rnn` file to a network with weights of the test's choosing. No test stands here.

use std::collections::BTreeMap;

use candle_core::Tensor;
use rnnc::check::{NoFiles, check};
use rnnc::data::Tokens;
use rnnc::diagnostic::Diagnostic;
use rnnc::ir::{Graph, Model, Node, NodeId, Op, Parameter, Program, Symbol};
use rnnc::lower::{Mode, Network};
use rnnc::predictor::Sizes;
use rnnc::random::Random;
use rnnc::train::initialize;

/// The program of a text that must be sound; warnings are the caller's business.
pub fn program(text: &str) -> (Program, Vec<Diagnostic>) {
    let checked = check("test.rnn", text, &mut NoFiles);
    let messages: Vec<&String> = checked.diagnostics.iter().map(|diagnostic| &diagnostic.message).collect();
    let program = checked.program.unwrap_or_else(|| panic!("{messages:?} in\n{text}"));
    (program, checked.diagnostics)
}

/// A file with one model, `text |> embedding(4) |> …`, and what stands before it.
pub fn classifier(definitions: &str, stages: &str) -> String {
    format!(
        "data {{\n  train = \"train.tsv\"\n  text  : words\n  label : class\n}}\n\n{definitions}\n\
         model Test(text) -> label {{\n  text |> embedding(4) |> {stages} |> dense(label) |> softmax\n}}\n"
    )
}

pub fn model(text: &str) -> Model {
    program(text).0.model.expect("the text has a model")
}

/// A padded batch of the field `text`.
pub fn batch(texts: &[Vec<u32>]) -> BTreeMap<String, Tokens> {
    BTreeMap::from([("text".to_owned(), Tokens::from_texts(texts))])
}

/// A padded batch of the field `text` as a model reads it: where that is a sequence of sentences, three tokens a sentence; where
/// it is a tree, the nodes of a heap.
pub fn batch_for(graph: &Graph, texts: &[Vec<u32>]) -> BTreeMap<String, Tokens> {
    if graph.nodes.iter().any(|node| matches!(node.op, Op::Input(_)) && node.ty.is_tree()) {
        let heap = |text: &Vec<u32>| (0..text.len() as u32).map(|n| n.saturating_sub(1) / 2).collect();
        let parents: Vec<Vec<u32>> = texts.iter().map(heap).collect();
        return BTreeMap::from([("text".to_owned(), Tokens::from_trees(texts, &parents))]);
    }
    let of_sentences = |node: &Node| matches!(node.op, Op::Input(_)) && node.ty.sequence_axes() == 2;
    if !graph.nodes.iter().any(of_sentences) {
        return batch(texts);
    }
    let documents: Vec<Vec<&[u32]>> = texts.iter().map(|text| text.chunks(3).collect()).collect();
    BTreeMap::from([("text".to_owned(), Tokens::from_documents(&documents))])
}

/// The sizes of a small experiment.
pub fn sizes(vocabulary: usize, classes: usize) -> Sizes {
    let mut sizes = Sizes::default();
    sizes.set(&Symbol::Vocabulary("text".into()), vocabulary);
    for field in ["label", "tags", "copied"] {
        sizes.set(&Symbol::Classes(field.into()), classes);
    }
    sizes
}

/// A network whose parameter number `p` has as element `i` the value `value(p, i)`.
pub fn network(graph: &Graph, sizes: &Sizes, mut value: impl FnMut(usize, usize) -> f32) -> Network {
    let size = |symbol: &Symbol| sizes.get(symbol);
    let shapes = Network::shapes(graph, &size).expect("all sizes are known");
    let values = shapes.iter().enumerate().map(|(p, shape)| (0..shape.iter().product()).map(|i| value(p, i)).collect());
    let values = values.collect();
    Network::new(graph, &size, values).expect("a sound graph")
}

/// The weights a training with this seed would start from, up to their numbers.
pub fn initial_network(graph: &Graph, sizes: &Sizes, seed: u64) -> Network {
    let size = |symbol: &Symbol| sizes.get(symbol);
    let shapes = Network::shapes(graph, &size).expect("all sizes are known");
    let mut random = Random::new(seed, &[]);
    let draw = |(parameter, shape): (&Parameter, &Vec<usize>)| {
        initialize(&parameter.initializer, shape, |dim| dim.evaluate(&size).expect("a known size"), &mut random)
    };
    let values = graph.parameters.iter().zip(&shapes).map(draw).collect();
    Network::new(graph, &size, values).expect("a sound graph")
}

/// What the first application of `layer` in the model's own body gives.
pub fn result_of(graph: &Graph, layer: &str) -> NodeId {
    let call = graph.calls.iter().find(|call| call.parent.is_none() && call.layer == layer);
    call.and_then(|call| call.result).unwrap_or_else(|| panic!("the model applies no `{layer}`"))
}

/// The value of one node for some texts.
pub fn forward(network: &Network, node: NodeId, texts: &[Vec<u32>], mode: Mode) -> Tensor {
    network.forward(&[node], &batch(texts), mode).expect("a sound graph").remove(0)
}

/// Where the numbers of every text stand in a value of these texts: `[T, B, F]`, or `[B, F]` without a time axis.
pub fn places(node: &Node, value: &Tensor, texts: &[Vec<u32>]) -> Vec<Vec<usize>> {
    let leading = if node.ty.is_sequence() { 2 } else { 1 };
    let width: usize = value.dims()[leading..].iter().product();
    let steps = |text: &Vec<u32>| if node.ty.is_sequence() { text.len() } else { 1 };
    let row = |t: usize, b: usize| (t * texts.len() + b) * width..(t * texts.len() + b + 1) * width;
    texts.iter().enumerate().map(|(b, text)| (0..steps(text)).flat_map(|t| row(t, b)).collect()).collect()
}

/// The numbers of a tensor, row-major.
pub fn numbers(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().and_then(|flat| flat.to_vec1()).expect("numbers")
}

/// Asserts that both are equal up to `tolerance`, relative where the expected is above one.
#[track_caller]
pub fn assert_close(what: &str, values: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(values.len(), expected.len(), "{what}");
    for (i, (value, expected)) in values.iter().zip(expected).enumerate() {
        let error = (value - expected).abs();
        assert!(error <= tolerance * expected.abs().max(1.0), "{what}[{i}]: {value} is not {expected}");
    }
}
