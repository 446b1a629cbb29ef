//! The guarantee of ragged batches: what an example is batched with does not change its result.

use proptest::prelude::*;

use super::*;
use crate::ir::{BinaryOp, Op, ParameterId, Reduction, UnaryOp};
use crate::passes::builder::narrow;
use crate::random::Random;

/// A graph of random operations over a random number of sequence values, ending in features of the example.
fn random_graph(seed: u64) -> (Builder, NodeId) {
    let mut b = Builder::new(seed);
    let output = random_features(&mut b, seed);
    (b, output)
}

pub(super) fn random_features(b: &mut Builder, seed: u64) -> NodeId {
    let mut random = Random::new(seed, &[1]);
    let mut sequences = vec![b.embedding(VOCABULARY, 3)];
    for _ in 0..1 + random.below(5) {
        let x = sequences[random.below(sequences.len())];
        let width = b.width(x);
        sequences.push(match random.below(10) {
            0 => b.dense(x, 2),
            1 => b.node(Op::Unary([UnaryOp::Tanh, UnaryOp::Relu, UnaryOp::Exp][random.below(3)]), &[x]),
            2 => b.node(Op::Shift { steps: random.below(7) as i64 - 3 }, &[x]),
            3 => b.node(Op::Softmax, &[x]),
            4 => b.node(Op::Concat, &[x, sequences[0]]),
            5 => b.node(narrow(width - 1, 1), &[x]),
            6 => {
                let pooled = summary(b, x, random.below(6));
                b.node(Op::Binary(BinaryOp::Subtract), &[x, pooled])
            }
            9 => b.node(Op::PositionEncoding, &[x]),
            kind => {
                let cell = b.cell(width, &[2, 3], |c| {
                    let (input, recurrent) = (c.dense(c.x(), width, 3), c.dense(c.state(0), 2, 3));
                    let sum = c.node(Op::Binary(BinaryOp::Add), &[input, recurrent]);
                    let memory = c.node(Op::Binary(BinaryOp::Add), &[sum, c.state(1)]);
                    let next = c.node(Op::Unary(UnaryOp::Tanh), &[memory]);
                    let out = c.node(narrow(1, 2), &[next]);
                    vec![out, next]
                });
                b.scan(cell, kind == 7, x)
            }
        });
    }
    let last = *sequences.last().expect("there is one");
    let summary = summary(b, last, random.below(6));
    b.dense(summary, 2)
}

/// One of the ways from `[T, F]` to `[F]`.
pub(super) fn summary(b: &mut Builder, x: NodeId, kind: usize) -> NodeId {
    match kind {
        0 => b.node(Op::Last, &[x]),
        1 => b.node(Op::First, &[x]),
        2 => b.node(Op::ReduceTime(Reduction::Max), &[x]),
        3 => b.node(Op::ReduceTime(Reduction::Mean), &[x]),
        4 => {
            // A sum of exponentials grows: bounded, so that 1e-6 means something.
            let bounded = b.node(Op::Unary(UnaryOp::Tanh), &[x]);
            b.node(Op::ReduceTime(Reduction::Sum), &[bounded])
        }
        _ => {
            let scores = b.node(Op::ReduceFeatures(Reduction::Mean), &[x]);
            let weights = b.node(Op::Softmax, &[scores]);
            b.node(Op::WeightedSum, &[weights, x])
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_example_does_not_see_its_batch(
        seed in 0u64..1_000_000,
        texts in prop::collection::vec(prop::collection::vec(0..VOCABULARY as u32, 1..9), 1..6),
    ) {
        let (b, output) = random_graph(seed);
        let network = network(&b);
        let together = results(&network, &b, output, &texts, Mode::Evaluate).1;
        let parameters: Vec<Vec<f64>> =
            b.values.iter().map(|values| values.iter().copied().map(f64::from).collect()).collect();
        for (text, batched) in texts.iter().zip(&together) {
            let alone = results(&network, &b, output, std::slice::from_ref(text), Mode::Evaluate).1.concat();
            let meant = &interpret(&b.graph, &parameters, text)[output.0];
            for ((batched, alone), meant) in batched.iter().zip(&alone).zip(meant) {
                let scale = alone.abs().max(1.0);
                prop_assert!((batched - alone).abs() <= 1e-6 * scale, "{batched} in the batch, {alone} alone");
                prop_assert!((f64::from(*alone) - meant).abs() <= 1e-4 * f64::from(scale), "{alone} is not {meant}");
            }
        }
    }

    #[test]
    fn padding_has_no_gradient(seed in 0u64..1_000_000) {
        // Token 0 stands in padded places only: its row of the table must not learn.
        let (b, output) = random_graph(seed);
        let network = network(&b);
        let result = network.forward(&[output], &tokens(&texts()), Mode::Train { seed, step: 0 }).unwrap().remove(0);
        result.sum_all().unwrap().backward().unwrap();
        if let Some((rows, values)) = network.tables[&ParameterId(0)].gradient(3).unwrap() {
            prop_assert_eq!(rows[0], 0);
            prop_assert_eq!(&values[..3], &[0.0; 3]);
        }
    }
}
