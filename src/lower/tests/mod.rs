//! The lowering against an interpreter of scalars: every operation's value and gradient, on texts of different lengths.

mod carried;
mod cells;
mod fused;
mod interpreter;
mod nested;
mod operations;
mod padding;
mod recurrence;
mod trees;
mod watch;

use std::collections::BTreeMap;

use candle_core::{Device, Tensor};

use super::{Gradient, Mode, Network, Path, States, Tokens};
use crate::ir::NodeId;
use crate::passes::builder::Builder;
use interpreter::interpret;

/// Vocabulary of the tests' texts.
const VOCABULARY: usize = 7;

fn texts() -> Vec<Vec<u32>> {
    vec![vec![1, 2, 3, 4], vec![5], vec![6, 1, 6], vec![3, 3]]
}

fn tokens(texts: &[Vec<u32>]) -> BTreeMap<String, Tokens> {
    let steps = texts.iter().map(Vec::len).max().unwrap_or(0);
    let id = |t: usize, text: &Vec<u32>| text.get(t).copied().unwrap_or(0);
    let ids = (0..steps).flat_map(|t| texts.iter().map(move |text| id(t, text))).collect();
    let lengths = texts.iter().map(|text| text.len() as u32).collect();
    // As trees they are heaps, which a text does not look at.
    let parents = (0..steps).flat_map(|t| texts.iter().map(move |_| heap(t))).collect();
    BTreeMap::from([("text".to_owned(), Tokens { ids, steps, lengths, parents, ..Tokens::default() })])
}

/// The parent of node `n` where every node has up to two children.
fn heap(n: usize) -> u32 {
    (n.saturating_sub(1) / 2) as u32
}

fn network(builder: &Builder) -> Network {
    network_by(builder, Path::Fused)
}

fn network_by(builder: &Builder, path: Path) -> Network {
    Network::with_path(&builder.graph, &|_| None, builder.values.clone(), path).expect("a sound graph")
}

/// What a place of a result counts for in the scalar whose gradient is checked: differs everywhere, neither small nor large.
fn coefficient(example: usize, place: usize) -> f64 {
    1.0 + ((example * 31 + place * 7) as f64).sin() / 2.0
}

/// The true values of `output` for every text, without padding.
fn results(
    network: &Network,
    builder: &Builder,
    output: NodeId,
    texts: &[Vec<u32>],
    mode: Mode,
) -> (Tensor, Vec<Vec<f32>>) {
    let result = network.forward(&[output], &tokens(texts), mode).expect("a sound graph").remove(0);
    let values = result.flatten_all().and_then(|flat| flat.to_vec1::<f32>()).expect("numbers");
    let places = places(builder, output, texts);
    let examples = places.iter().map(|places| places.iter().map(|place| values[*place]).collect()).collect();
    (result, examples)
}

/// Where the true values of every example stand in a result.
fn places(builder: &Builder, output: NodeId, texts: &[Vec<u32>]) -> Vec<Vec<usize>> {
    let ty = &builder.graph.node(output).ty;
    let width: usize = ty.axes.iter().filter_map(|dim| dim.as_constant()).product::<i64>() as usize;
    let steps = |text: &Vec<u32>| if ty.is_sequence() { text.len() } else { 1 };
    let row = |t: usize, b: usize| (0..width).map(move |f| (t * texts.len() + b) * width + f);
    texts.iter().enumerate().map(|(b, text)| (0..steps(text)).flat_map(|t| row(t, b)).collect()).collect()
}

/// Values and all gradients of `output` agree with the interpreter, on both paths.
fn check(builder: &Builder, output: NodeId) {
    check_by(builder, output, Path::Reference);
    check_by(builder, output, Path::Fused);
}

fn check_by(builder: &Builder, output: NodeId, path: Path) {
    let texts = texts();
    let network = network_by(builder, path);
    let mode = Mode::Train { seed: 1, step: 0 };
    let (result, examples) = results(&network, builder, output, &texts, mode);
    let mut parameters: Vec<Vec<f64>> =
        builder.values.iter().map(|values| values.iter().copied().map(f64::from).collect()).collect();
    for (text, values) in texts.iter().zip(&examples) {
        let expected = &interpret(&builder.graph, &parameters, text)[output.0];
        assert_eq!(values.len(), expected.len());
        for (value, expected) in values.iter().zip(expected) {
            assert!((f64::from(*value) - expected).abs() < 1e-5 * expected.abs().max(1.0), "{value} is not {expected}");
        }
    }

    let mut coefficients = vec![0f32; result.elem_count()];
    for (b, places) in places(builder, output, &texts).iter().enumerate() {
        places.iter().enumerate().for_each(|(i, place)| coefficients[*place] = coefficient(b, i) as f32);
    }
    let coefficients = Tensor::from_vec(coefficients, result.shape(), &Device::Cpu).expect("a tensor");
    let loss = (result * coefficients).and_then(|product| product.sum_all()).expect("a scalar");
    let gradients = network.gradients(&loss).expect("every parameter is used");
    let loss = |parameters: &[Vec<f64>]| -> f64 {
        let example = |(b, text): (usize, &Vec<u32>)| {
            let values = &interpret(&builder.graph, parameters, text)[output.0];
            values.iter().enumerate().map(|(i, value)| value * coefficient(b, i)).sum::<f64>()
        };
        texts.iter().enumerate().map(example).sum()
    };
    let whole = |(p, gradient): (usize, &Option<Gradient>)| {
        gradient.as_ref().expect("all are trained").to_whole(parameters[p].len())
    };
    let gradients: Vec<Vec<f32>> = gradients.iter().enumerate().map(whole).collect();
    assert_finite_differences("", &gradients, &mut parameters, loss);
}

/// That every gradient, one array a parameter, is what the loss changes by.
fn assert_finite_differences(
    what: &str,
    gradients: &[Vec<f32>],
    parameters: &mut [Vec<f64>],
    loss: impl Fn(&[Vec<f64>]) -> f64,
) {
    for (p, gradient) in gradients.iter().enumerate() {
        for (i, gradient) in gradient.iter().enumerate() {
            let value = parameters[p][i];
            let mut at = |x: f64| {
                parameters[p][i] = x;
                loss(parameters)
            };
            let expected = (at(value + 1e-5) - at(value - 1e-5)) / 2e-5;
            at(value);
            let error = (f64::from(*gradient) - expected).abs();
            assert!(error < 2e-4 * expected.abs().max(1.0), "{what} p{p}[{i}]: {gradient} is not {expected}");
        }
    }
}
