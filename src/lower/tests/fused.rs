//! The fused path against the reference on batches large enough for every edge of its blocks, tiles and panels, and against
//! itself on other numbers of threads.

use proptest::prelude::*;

use super::cells::{Equations, built};
use super::*;
use crate::ir::Op;
use crate::kernels::simd::on_every_arch;
use crate::random::Random;

/// Texts of lengths up to `longest`, some of them empty.
fn many(seed: u64, count: usize, longest: usize) -> Vec<Vec<u32>> {
    let mut random = Random::new(seed, &[2]);
    let mut text = |_| {
        let length = random.below(longest + 1);
        (0..length).map(|_| random.below(VOCABULARY) as u32).collect()
    };
    let mut texts: Vec<Vec<u32>> = (0..count).map(&mut text).collect();
    texts.push(vec![1; longest]);
    texts
}

/// Logits and all gradients of a training step.
fn step(builder: &Builder, logits: NodeId, texts: &[Vec<u32>], path: Path) -> Vec<Vec<f32>> {
    let network = network_by(builder, path);
    let mode = Mode::Train { seed: 3, step: 0 };
    let result = network.forward(&[logits], &tokens(texts), mode).expect("a sound graph").remove(0);
    let weights: Vec<f32> = (0..result.elem_count()).map(|i| coefficient(i, 1) as f32).collect();
    let weights = Tensor::from_vec(weights, result.shape(), &Device::Cpu).expect("a tensor");
    let loss = (&result * weights).and_then(|product| product.mean_all()).expect("a scalar");
    let gradients = network.gradients(&loss).expect("every parameter is used");
    let logits = result.flatten_all().and_then(|flat| flat.to_vec1()).expect("numbers");
    let gradients = gradients.iter().flatten().map(|gradient| gradient.values().to_vec());
    std::iter::once(logits).chain(gradients).collect()
}

fn model(cell: &str, layer: &str) -> String {
    format!(
        "{cell}model M(text: words[T]) -> class[C] {{\n  text |> embedding(5) |> {layer} |> mean_over_time |> dense(C) |> softmax\n}}"
    )
}

/// That all numbers agree to `tolerance`, measured by the largest of their array.
fn assert_close(a: &[Vec<f32>], b: &[Vec<f32>], tolerance: f32) {
    for (a, b) in a.iter().zip(b) {
        let scale = a.iter().fold(1e-3f32, |largest, x| largest.max(x.abs()));
        for (a, b) in a.iter().zip(b) {
            assert!((a - b).abs() <= tolerance * scale, "{a} is not {b} (of {scale})");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_cell_is_the_same_on_both_paths(seed in any::<u64>(), reverse: bool, width in 1usize..70, count in 1usize..40) {
        let text = model(&Equations::cell(seed), &format!("odd({width}, reverse = {reverse})"));
        let (mut builder, logits) = built(&text, seed);
        // Wide cells with large weights are chaotic: no two orders of summation would agree.
        let scale = 1.0 / (width as f32).sqrt();
        builder.values.iter_mut().flatten().for_each(|weight| *weight *= scale);
        let texts = many(seed, count, 9);
        let fused = step(&builder, logits, &texts, Path::Fused);
        let reference = step(&builder, logits, &texts, Path::Reference);
        // Sums in another order, magnified by whatever the equations do with them; a wrong equation is off by far more.
        assert_close(&fused, &reference, 5e-4);
    }
}

#[test]
fn the_library_is_the_same_on_both_paths() {
    for layer in ["lstm(33)", "gru(17, reverse = true)", "rnn(64, nonlinearity = relu)", "bigru(20)", "bilstm(48)"] {
        let (builder, logits) = built(&model("", layer), 1);
        let texts = many(5, 37, 12);
        assert_close(
            &step(&builder, logits, &texts, Path::Fused),
            &step(&builder, logits, &texts, Path::Reference),
            2e-5,
        );
    }
}

#[test]
fn a_bidirectional_layer_is_one_operation() {
    let both = |layer: &str, path| {
        let (builder, _) = built(&model("", layer), 1);
        let nodes = network_by(&builder, path).graph.nodes;
        nodes.iter().filter(|node| matches!(node.op, Op::ScanBothWays { .. })).count()
    };
    assert_eq!(both("bilstm(4, num_layers = 3)", Path::Fused), 3);
    assert_eq!(both("bilstm(4, merge = sum)", Path::Fused), 0);
    assert_eq!(both("bilstm(4)", Path::Reference), 0);
    // One text alone, and two.
    for count in 0..2 {
        let (builder, logits) = built(&model("", "bigru(9, num_layers = 2)"), 1);
        let texts = many(5, count, 12);
        let [fused, reference] = [Path::Fused, Path::Reference].map(|path| step(&builder, logits, &texts, path));
        assert_close(&fused, &reference, 2e-5);
    }
}

#[test]
fn the_same_bits_on_any_number_of_threads() {
    let (builder, logits) = built(&model("", "bilstm(100, num_layers = 2)"), 1);
    let texts = many(9, 70, 25);
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| step(&builder, logits, &texts, Path::Fused))
    };
    let one = run(1);
    assert!(one.iter().flatten().all(|value| value.is_finite()));
    for threads in [2, 3, 5] {
        assert!(run(threads) == one, "{threads} threads give other bits");
    }
    assert!(run(1) == one, "a second run gives other bits");
}

#[test]
fn every_kind_of_instructions_computes_the_same() {
    let (builder, logits) = built(&model("", "bilstm(37)"), 1);
    let texts = many(9, 13, 11);
    let reference = step(&builder, logits, &texts, Path::Reference);
    // One thread: the choice of instructions is this thread's.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
    pool.install(|| {
        on_every_arch(|_| assert_close(&step(&builder, logits, &texts, Path::Fused), &reference, 2e-5));
    });
}

#[test]
fn what_has_no_fused_form_says_why() {
    let cell = "cell noisy(x: [I]; h: [H]) {\n  param w : [H, I]\n  param u : [H, H]\n  h' = tanh(w @ x + u @ dropout(h, 0.1))\n}\n";
    let (builder, logits) = built(&model(cell, "noisy(4)"), 1);
    let why = ("noisy".to_string(), "it has dropout inside".to_string());
    assert_eq!(crate::passes::fuse::unfused(&builder.graph), [why]);
    assert!(step(&builder, logits, &texts(), Path::Fused).iter().flatten().all(|value| value.is_finite()));
}
