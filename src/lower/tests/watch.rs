//! The gradients of states against finite differences, and against what a linear recurrence must give.

use super::*;
use crate::ir::{BinaryOp, Op, Reduction, UnaryOp};
use crate::passes::builder::{CellBuilder, narrow};

use BinaryOp::{Add, Multiply};

/// No token stands twice, so what is added to a token's vector is added to one state of one text.
fn distinct() -> Vec<Vec<u32>> {
    vec![vec![1, 2, 3], vec![4], vec![5, 6]]
}

fn binary(c: &mut CellBuilder, op: BinaryOp, a: NodeId, b: NodeId) -> NodeId {
    c.node(Op::Binary(op), &[a, b])
}

/// Two states of width 2 that read each other's old values; half of the input is simply added to each.
fn states_plus_input(b: &mut Builder) -> crate::ir::CellId {
    b.cell(4, &[2, 2], |c| {
        let (x, h, m) = (c.x(), c.state(0), c.state(1));
        let weight = c.parameter(&[2, 2]);
        let [to_h, to_m] = [0, 2].map(|start| c.node(narrow(start, 2), &[x]));
        let product = c.node(Op::Product, &[weight, h]);
        let mixed = binary(c, Multiply, product, m);
        let squashed = c.node(Op::Unary(UnaryOp::Tanh), &[mixed]);
        let kept = c.node(Op::Unary(UnaryOp::Sigmoid), &[h]);
        let memory = binary(c, Multiply, kept, m);
        vec![binary(c, Add, squashed, to_h), binary(c, Add, memory, to_m)]
    })
}

/// What a watched network says of the only scan of a graph, for the sum of `output`.
fn watched(b: &Builder, output: NodeId, texts: &[Vec<u32>]) -> super::super::StateGradients {
    let network = Network::watched(&b.graph, &|_| None, b.values.clone()).expect("a sound graph");
    let mode = Mode::Train { seed: 1, step: 0 };
    let result = network.forward(&[output], &tokens(texts), mode).expect("a sound graph").remove(0);
    let mut seen = network.state_gradients(&result.sum_all().expect("a scalar")).expect("it is watched");
    assert_eq!(seen.len(), 1);
    seen.pop_first().expect("one").1
}

#[test]
fn norms_are_those_of_finite_differences() {
    for (reverse, every) in [(false, false), (true, false), (false, true)] {
        let mut b = Builder::new(3);
        let x = b.embedding(VOCABULARY, 4);
        let cell = states_plus_input(&mut b);
        let read = b.scan(cell, reverse, x);
        let one = match (every, reverse) {
            (true, _) => b.node(Op::ReduceTime(Reduction::Mean), &[read]),
            (false, true) => b.node(Op::First, &[read]),
            (false, false) => b.node(Op::Last, &[read]),
        };
        let output = b.dense(one, 3);
        let texts = distinct();
        let seen = watched(&b, output, &texts);
        assert_eq!(seen.lengths, [3, 1, 2]);
        let mut parameters: Vec<Vec<f64>> =
            b.values.iter().map(|v| v.iter().copied().map(f64::from).collect()).collect();
        for (row, text) in texts.iter().enumerate() {
            for (t, token) in text.iter().enumerate() {
                for state in [0, 1] {
                    let mut square = 0.0;
                    for feature in [2 * state, 2 * state + 1] {
                        let at = *token as usize * 4 + feature;
                        let value = parameters[0][at];
                        let mut loss = |x: f64| -> f64 {
                            parameters[0][at] = x;
                            interpret(&b.graph, &parameters, text)[output.0].iter().sum()
                        };
                        let slope = (loss(value + 1e-5) - loss(value - 1e-5)) / 2e-5;
                        loss(value);
                        square += slope * slope;
                    }
                    let (found, expected) = (seen.steps[&t].total[state][row], square.sqrt());
                    assert!(
                        (found - expected).abs() < 1e-5,
                        "text {row}, step {t}, state {state}: {found}, {expected}"
                    );
                }
                // What reads the result reads the end alone, or every step.
                let end = if reverse { t == 0 } else { t + 1 == text.len() };
                assert_eq!(seen.steps[&t].direct[row] > 0.0, end || every, "text {row}, step {t}");
            }
        }
    }
}

#[test]
fn a_linear_recurrence_forgets_by_its_eigenvalue() {
    for (eigenvalue, reverse) in [(0.5, false), (1.0, true), (1.25, false)] {
        let mut b = Builder::new(5);
        let x = b.embedding(VOCABULARY, 3);
        let cell = b.cell(3, &[3], |c| {
            let (x, h) = (c.x(), c.state(0));
            let factor = c.node(Op::Constant(eigenvalue), &[]);
            let kept = binary(c, Multiply, factor, h);
            vec![binary(c, Add, kept, x)]
        });
        let read = b.scan(cell, reverse, x);
        let one = b.node(if reverse { Op::First } else { Op::Last }, &[read]);
        let output = b.dense(one, 1);
        let weight: f64 = b.values[1].iter().map(|w| f64::from(*w).powi(2)).sum::<f64>().sqrt();
        let text: Vec<u32> = (0..40).map(|t| 1 + t % 6).collect();
        let seen = watched(&b, output, &[text]);
        for (t, step) in &seen.steps {
            let back = if reverse { *t } else { 39 - t };
            let expected = weight * eigenvalue.powi(back as i32);
            assert!((step.total[0][0] / expected - 1.0).abs() < 1e-5, "{back} back: {step:?}, {expected}");
        }
        assert_eq!(seen.steps.len(), 40);
    }
}
