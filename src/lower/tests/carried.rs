//! Texts read in pieces: what is carried from piece to piece, on both paths, and the gradients of one piece.

use proptest::prelude::*;

use super::cells::{Equations, built};
use super::interpreter::{Memory, interpret_on};
use super::*;
use crate::ir::Op;
use crate::random::Random;

/// The steps that `layers` give, and the graph they stand in; weights past them are not trained.
fn steps(definitions: &str, layers: &str, seed: u64) -> (Builder, NodeId) {
    let text = format!(
        "{definitions}\nmodel M(text: words[T]) -> class[C] {{\n  text |> embedding(3) |> {layers} |> mean_over_time |> dense(C) |> softmax\n}}"
    );
    let (mut builder, logits) = built(&text, seed);
    let is_mean = |node: &&crate::ir::Node| matches!(node.op, Op::ReduceTime(_));
    let mean = builder.graph.nodes.iter().rfind(is_mean).expect("the end of the layers").inputs[0];
    for input in builder.graph.node(logits).inputs.clone() {
        let nodes = &builder.graph.nodes;
        let weights: Vec<NodeId> = std::iter::once(input).chain(nodes[input.0].inputs.iter().copied()).collect();
        for weight in weights {
            if let Op::Parameter(id) = builder.graph.node(weight).op {
                builder.graph.parameters[id.0].trainable = false;
            }
        }
    }
    (builder, mean)
}

/// The cells of the library, of `models/cells` and one that has no fused form, each in a stack: definition and layers.
fn stacks() -> Vec<(String, String)> {
    let mut stacks: Vec<(String, String)> =
        ["rnn(5)", "lstm(4, num_layers = 2)", "gru(3, num_layers = 3)", "lstm(4) |> shift(2) |> gru(3)"]
            .map(|layers| (String::new(), layers.to_string()))
            .to_vec();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("models/cells");
    for file in std::fs::read_dir(folder).expect("the folder of cells") {
        let path = file.expect("a file").path();
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).expect("a text");
        let name =
            text.lines().find_map(|line| line.strip_prefix("cell ")?.split('(').next()).unwrap_or(&name).to_string();
        stacks.push((text, format!("{name}(4, num_layers = 2)")));
    }
    let noisy = "cell noisy(x: [I]; h: [H]) {\n  param w : [H, I]\n  param u : [H, H]\n  h' = tanh(w @ x + u @ dropout(h, 0.1))\n}\n";
    stacks.push((noisy.to_string(), "noisy(4)".into()));
    stacks
}

/// Texts cut after `at` tokens of each, as far as they are that long: both pieces of every text.
fn cut(texts: &[Vec<u32>], at: usize) -> [Vec<Vec<u32>>; 2] {
    let first = texts.iter().map(|text| text[..at.min(text.len())].to_vec()).collect();
    [first, texts.iter().map(|text| text[at.min(text.len())..].to_vec()).collect()]
}

fn values(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().and_then(|flat| flat.to_vec1()).expect("numbers")
}

fn of_each(builder: &Builder, output: NodeId, result: &Tensor, texts: &[Vec<u32>]) -> Vec<Vec<f32>> {
    let values = values(result);
    places(builder, output, texts).iter().map(|places| places.iter().map(|place| values[*place]).collect()).collect()
}

#[test]
fn a_text_in_pieces_is_the_text_as_a_whole() {
    let mut random = Random::new(3, &[]);
    for (definition, layers) in stacks() {
        let (builder, output) = steps(&definition, &layers, 5);
        let mut text = |length: usize| (0..length).map(|_| random.below(VOCABULARY) as u32).collect::<Vec<_>>();
        let texts: Vec<Vec<u32>> = [11, 4, 7, 11, 1].map(&mut text).to_vec();
        for path in [Path::Fused, Path::Reference] {
            let network = network_by(&builder, path);
            let whole = results(&network, &builder, output, &texts, Mode::Evaluate).1;
            for at in 1..8 {
                let mut states = States::default();
                let [first, rest] = cut(&texts, at);
                let mut read = |piece: &[Vec<u32>]| {
                    let result =
                        network.read_on(&[output], &tokens(piece), Mode::Evaluate, &mut states).expect(&layers);
                    of_each(&builder, output, &result[0], piece)
                };
                let pieces = [read(&first), read(&rest)];
                for (i, whole) in whole.iter().enumerate() {
                    let joined = [&pieces[0][i][..], &pieces[1][i][..]].concat();
                    assert_eq!(joined.len(), whole.len());
                    let far = joined.iter().zip(whole).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                    assert!(far <= 1e-6, "{layers}, {path:?}, cut at {at}: off by {far}");
                }
            }
        }
    }
}

/// The states after the first piece of texts.
fn first(builder: &Builder, output: NodeId, path: Path, pieces: &[Vec<Vec<u32>>; 2]) -> States {
    let mut states = States::default();
    let network = network_by(builder, path);
    network.read_on(&[output], &tokens(&pieces[0]), Mode::Evaluate, &mut states).expect("a sound graph");
    states
}

/// The second piece, in training, read on from these states: result, all gradients and the states after it.
fn second(
    builder: &Builder,
    output: NodeId,
    path: Path,
    pieces: &[Vec<Vec<u32>>; 2],
    mut states: States,
) -> (Vec<Vec<f32>>, States) {
    let network = network_by(builder, path);
    let mode = Mode::Train { seed: 3, step: 0 };
    let result = network.read_on(&[output], &tokens(&pieces[1]), mode, &mut states).expect("a sound graph").remove(0);
    let gradients = network.gradients(&weighted(builder, output, &result, &pieces[1])).expect("every weight is used");
    let gradients = gradients.iter().zip(&builder.values).map(|(gradient, values)| match gradient {
        Some(gradient) => gradient.to_whole(values.len()),
        None => Vec::new(),
    });
    let result = of_each(builder, output, &result, &pieces[1]).concat();
    (std::iter::once(result).chain(gradients).collect(), states)
}

/// A scalar in which every true place counts differently.
fn weighted(builder: &Builder, output: NodeId, result: &Tensor, texts: &[Vec<u32>]) -> Tensor {
    let mut coefficients = vec![0f32; result.elem_count()];
    for (b, places) in places(builder, output, texts).iter().enumerate() {
        places.iter().enumerate().for_each(|(i, place)| coefficients[*place] = coefficient(b, i) as f32);
    }
    let coefficients = Tensor::from_vec(coefficients, result.shape(), &Device::Cpu).expect("a tensor");
    (result * coefficients).and_then(|product| product.sum_all()).expect("a scalar")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_cell_goes_on_alike_on_both_paths(seed in any::<u64>(), width in 1usize..40, count in 1usize..30) {
        let (mut builder, output) = steps(&Equations::cell(seed), &format!("odd({width})"), seed);
        // Wide cells with large weights are chaotic: no two orders of summation would agree.
        let scale = 1.0 / (width as f32).sqrt();
        builder.values.iter_mut().flatten().for_each(|weight| *weight *= scale);
        let mut random = Random::new(seed, &[2]);
        let mut text = |length: usize| -> Vec<u32> { (0..length).map(|_| random.below(VOCABULARY) as u32).collect() };
        let mut texts: Vec<Vec<u32>> = (0..count).map(|i| text(i % 9)).collect();
        texts.push(text(9));
        let pieces = cut(&texts, 4);
        let start = first(&builder, output, Path::Reference, &pieces);
        let (fused, fused_states) = second(&builder, output, Path::Fused, &pieces, start.clone());
        let (reference, reference_states) = second(&builder, output, Path::Reference, &pieces, start);
        let states = |states: &States| states.arrays().map(|(_, values)| values.to_vec()).collect::<Vec<_>>();
        let pairs = fused.iter().zip(&reference).map(|(a, b)| (a.clone(), b.clone()));
        for (a, b) in pairs.chain(states(&fused_states).into_iter().zip(states(&reference_states))) {
            // Sums in another order, magnified by whatever the equations do with them; a wrong equation is off by far more.
            let scale = a.iter().fold(1e-3f32, |largest, x| largest.max(x.abs()));
            for (a, b) in a.iter().zip(&b) {
                prop_assert!((a - b).abs() <= 2e-3 * scale, "{} is not {} (of {})", a, b, scale);
            }
        }
    }
}

/// Truncated backpropagation through time: the gradients of a piece, with the states it starts from as constants.
#[test]
fn gradients_of_a_piece_are_finite_differences() {
    for (definition, layers) in stacks() {
        if layers.starts_with("noisy") {
            continue;
        }
        let (builder, output) = steps(&definition, &layers, 9);
        let pieces = cut(&texts(), 2);
        let mut parameters: Vec<Vec<f64>> =
            builder.values.iter().map(|values| values.iter().copied().map(f64::from).collect()).collect();
        let memories: Vec<Memory> = pieces[0]
            .iter()
            .map(|text| {
                let mut memory = Memory::new();
                interpret_on(&builder.graph, &parameters, text, &mut memory);
                memory
            })
            .collect();
        let loss = |parameters: &[Vec<f64>]| -> f64 {
            let example = |(b, text): (usize, &Vec<u32>)| {
                if text.is_empty() {
                    return 0.0;
                }
                let values =
                    interpret_on(&builder.graph, parameters, text, &mut memories[b].clone()).swap_remove(output.0);
                values.iter().enumerate().map(|(i, value)| value * coefficient(b, i)).sum::<f64>()
            };
            pieces[1].iter().enumerate().map(example).sum()
        };
        let start = first(&builder, output, Path::Fused, &pieces);
        let (numbers, _) = second(&builder, output, Path::Fused, &pieces, start);
        assert_finite_differences(&layers, &numbers[1..], &mut parameters, loss);
    }
}

#[test]
fn what_does_not_fit_is_an_error() {
    let (builder, output) = steps("", "lstm(4) |> shift(1)", 5);
    let network = network(&builder);
    let mut states = States::default();
    let mut read =
        |texts: &[Vec<u32>]| network.read_on(&[output], &tokens(texts), Mode::Evaluate, &mut states).map(drop);
    assert!(read(&[vec![1, 2]]).is_ok());
    let error = read(&[vec![1, 2], vec![3]]).expect_err("two texts read on from one").to_string();
    assert!(error.contains("the states that a text is read on from do not fit"), "{error}");
    let (builder, output) = steps("", "lstm(4, reverse = true)", 5);
    let network = super::network(&builder);
    assert!(network.read_on(&[output], &tokens(&[vec![1]]), Mode::Evaluate, &mut States::default()).is_err());
}

#[test]
fn states_are_known_by_name() {
    let (builder, output) = steps("", "lstm(2) |> shift(1)", 5);
    let mut states = States::default();
    network(&builder).read_on(&[output], &tokens(&[vec![1, 2]]), Mode::Evaluate, &mut states).expect("a sound graph");
    let named = |states: &States| states.arrays().map(|(name, values)| (name, values.to_vec())).collect::<Vec<_>>();
    assert_eq!(named(&states).len(), 3);
    assert_eq!(States::from_arrays(named(&states)).as_ref(), Some(&states));
    assert_eq!(States::from_arrays([("x".to_string(), vec![])]), None);
}
