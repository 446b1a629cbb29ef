//! Every operation outside recurrences, the modes, and the network's dealings with its parameters.

use super::*;
use crate::ir::{BinaryOp, Dim, Op, Reduction, Symbol, UnaryOp};
use crate::passes::builder::narrow;

/// `check` of what `build` makes from a `[T, 3]` value.
fn check_on_sequence(build: impl FnOnce(&mut Builder, NodeId) -> NodeId) {
    let mut b = Builder::new(3);
    let x = b.embedding(VOCABULARY, 3);
    let output = build(&mut b, x);
    check(&b, output);
}

#[test]
fn lookup_and_products() {
    check_on_sequence(|_, x| x);
    check_on_sequence(|b, x| b.dense(x, 4));
    check_on_sequence(|b, x| {
        let v = b.parameter(&[3]);
        b.node(Op::Product, &[v, x])
    });
    check_on_sequence(|b, x| {
        let last = b.node(Op::Last, &[x]);
        b.dense(last, 2)
    });
    // A vector of the example itself: dot-product attention, either way round.
    for swapped in [false, true] {
        check_on_sequence(|b, x| {
            let query = b.node(Op::Last, &[x]);
            let inputs = if swapped { [query, x] } else { [x, query] };
            b.node(Op::Product, &inputs)
        });
    }
}

#[test]
fn unary_functions() {
    use UnaryOp::*;
    for op in [Negate, Tanh, Sigmoid, Relu, Exp, Abs] {
        check_on_sequence(|b, x| b.node(Op::Unary(op), &[x]));
    }
    for op in [Log, Sqrt] {
        check_on_sequence(|b, x| {
            let positive = b.node(Op::Unary(Exp), &[x]);
            b.node(Op::Unary(op), &[positive])
        });
    }
}

#[test]
fn arithmetic_extends_what_lacks_axes() {
    use BinaryOp::*;
    for op in [Add, Subtract, Multiply, Divide] {
        for reverse in [false, true] {
            let apply = |b: &mut Builder, x: NodeId, y: NodeId| {
                // Keeps divisors away from zero.
                let (x, y) = (b.node(Op::Unary(UnaryOp::Exp), &[x]), b.node(Op::Unary(UnaryOp::Exp), &[y]));
                b.node(Op::Binary(op), &if reverse { [y, x] } else { [x, y] })
            };
            check_on_sequence(|b, x| apply(b, x, x));
            check_on_sequence(|b, x| {
                let vector = b.parameter(&[3]);
                apply(b, x, vector)
            });
            check_on_sequence(|b, x| {
                let scalar = b.parameter(&[]);
                apply(b, x, scalar)
            });
            // A vector and a scalar of the example.
            check_on_sequence(|b, x| {
                let vector = b.node(Op::Last, &[x]);
                apply(b, x, vector)
            });
            check_on_sequence(|b, x| {
                let vector = b.node(Op::First, &[x]);
                let scalar = b.node(Op::ReduceFeatures(Reduction::Mean), &[vector]);
                let both = apply(b, scalar, vector);
                apply(b, x, both)
            });
            check_on_sequence(|b, x| {
                let vector = b.node(Op::First, &[x]);
                let scalar = b.node(Op::ReduceFeatures(Reduction::Sum), &[vector]);
                let shared = b.parameter(&[2]);
                apply(b, scalar, shared)
            });
            check_on_sequence(|b, x| {
                let constant = b.constant(0.5);
                b.node(Op::Binary(op), &if reverse { [constant, x] } else { [x, constant] })
            });
        }
    }
    check_on_sequence(|b, x| {
        let zero = b.constant(0.0);
        b.node(Op::Binary(Multiply), &[zero, x])
    });
}

#[test]
fn operations_over_features() {
    for reduction in [Reduction::Max, Reduction::Mean, Reduction::Sum] {
        check_on_sequence(|b, x| b.node(Op::ReduceFeatures(reduction), &[x]));
    }
    check_on_sequence(|b, x| b.node(Op::Softmax, &[x]));
    check_on_sequence(|b, x| b.node(narrow(1, 2), &[x]));
    check_on_sequence(|b, x| {
        let tail = b.node(narrow(2, 1), &[x]);
        b.node(Op::Concat, &[x, tail, x])
    });
    check_on_sequence(|b, x| {
        let (last, shared) = (b.node(Op::Last, &[x]), b.parameter(&[2]));
        b.node(Op::Concat, &[last, shared])
    });
}

#[test]
fn operations_over_time() {
    for reduction in [Reduction::Max, Reduction::Mean, Reduction::Sum] {
        check_on_sequence(|b, x| b.node(Op::ReduceTime(reduction), &[x]));
    }
    for steps in [-5, -2, -1, 0, 1, 2, 5] {
        check_on_sequence(|b, x| b.node(Op::Shift { steps }, &[x]));
    }
    check_on_sequence(|b, x| b.node(Op::Last, &[x]));
    check_on_sequence(|b, x| b.node(Op::First, &[x]));
    check_on_sequence(|b, x| b.node(Op::PositionEncoding, &[x]));
    for slots in [1, 3, 9] {
        check_on_sequence(|b, x| {
            let scores = b.node(Op::ReduceFeatures(Reduction::Sum), &[x]);
            b.node(Op::SoftmaxOfSlots { slots }, &[scores])
        });
    }
    for rows in [1, 2, 6] {
        check_on_sequence(|b, x| {
            let table = b.parameter(&[rows, 3]);
            let rows = b.node(Op::ByDistance, &[table, x]);
            b.node(Op::Binary(BinaryOp::Multiply), &[x, rows])
        });
    }
    // Attention of Bahdanau et al. 2015 with a learned query.
    check_on_sequence(|b, x| {
        let query = b.parameter(&[3]);
        let scores = b.node(Op::Product, &[query, x]);
        let weights = b.node(Op::Softmax, &[scores]);
        b.node(Op::WeightedSum, &[weights, x])
    });
    check_on_sequence(|b, x| {
        let scores = b.node(Op::ReduceFeatures(Reduction::Sum), &[x]);
        let mean = b.node(Op::ReduceTime(Reduction::Mean), &[scores]);
        b.node(Op::Binary(BinaryOp::Multiply), &[mean, scores])
    });
}

#[test]
fn dropout_is_a_function_of_seed_and_step() {
    let mut b = Builder::new(1);
    let x = b.embedding(VOCABULARY, 16);
    let output = b.node(Op::Dropout { rate: 0.5 }, &[x]);
    let network = network(&b);
    let run = |mode| results(&network, &b, output, &texts(), mode).1.concat();
    let plain = results(&network, &b, x, &texts(), Mode::Evaluate).1.concat();
    assert_eq!(run(Mode::Evaluate), plain);
    let train = |seed, step| run(Mode::Train { seed, step });
    assert_eq!(train(1, 2), train(1, 2));
    assert_ne!(train(1, 2), train(1, 3));
    assert_ne!(train(1, 2), train(2, 2));
    assert!(train(1, 2).iter().zip(&plain).all(|(dropped, x)| *dropped == 0.0 || *dropped == 2.0 * x));
}

#[test]
fn parameters_can_be_read_replaced_and_updated() {
    let mut b = Builder::new(1);
    let x = b.embedding(VOCABULARY, 2);
    let last = b.node(Op::Last, &[x]);
    let output = b.dense(last, 2);
    b.graph.parameters[0].trainable = false;
    let mut network = network(&b);
    assert_eq!(network.values().expect("values"), b.values);
    let logits = network.forward(&[output], &tokens(&texts()), Mode::Train { seed: 1, step: 0 }).expect("logits");
    let loss = super::super::cross_entropy(&logits[0], &[0, 1, 0, 1], None, 0.0).expect("a loss");
    let gradients = network.gradients(&loss).expect("gradients");
    assert!(gradients[0].is_none() && gradients[1].is_some());
    network
        .update(&gradients, |_, theta, gradient| theta.iter_mut().zip(gradient.values()).for_each(|(t, g)| *t -= g))
        .unwrap();
    let after = network.values().expect("values");
    assert_eq!(after[0], b.values[0]);
    assert_ne!(after[1], b.values[1]);
    network.set_values(&b.values).expect("they fit");
    assert_eq!(network.values().expect("values"), b.values);
    assert!(network.set_values(&after[1..]).is_err());
}

#[test]
fn evaluation_records_nothing() {
    let mut b = Builder::new(1);
    let x = b.embedding(VOCABULARY, 2);
    let output = b.dense(x, 2);
    let result = network(&b).forward(&[output], &tokens(&texts()), Mode::Evaluate).expect("a result");
    assert!(!result[0].track_op());
}

#[test]
fn errors_name_what_is_missing() {
    let mut b = Builder::new(1);
    let x = b.embedding(VOCABULARY, 2);
    b.parameter(&[3]);
    let network = network(&b);
    let loss =
        network.forward(&[x], &tokens(&texts()), Mode::Train { seed: 1, step: 0 }).unwrap()[0].sum_all().unwrap();
    let message = network.gradients(&loss).unwrap_err().to_string();
    assert_eq!(message, "the loss does not depend on the parameter `p1`");

    let no_text = network.forward(&[x], &BTreeMap::new(), Mode::Evaluate).unwrap_err().to_string();
    assert!(no_text.starts_with("no texts were given for `text`"), "{no_text}");
    let foreign = network.forward(&[x], &tokens(&[vec![99]]), Mode::Evaluate).unwrap_err().to_string();
    assert!(foreign.starts_with("`text` holds the token 99, but the table has 7 rows"), "{foreign}");

    // A type that is not true, as a faulty pass would leave it.
    b.graph.nodes[x.0].ty.axes[1] = Dim::from(5);
    let wrong = super::network(&b).forward(&[x], &tokens(&texts()), Mode::Evaluate).unwrap_err().to_string();
    assert!(wrong.starts_with("the shape should be [4, 4, 5] and is [4, 4, 2] (at Lookup"), "{wrong}");

    b.graph.parameters[1].shape = vec![Dim::symbol(Symbol::Vocabulary("text".into()))];
    let unknown = Network::shapes(&b.graph, &|_| None).unwrap_err().to_string();
    assert_eq!(unknown, "`p1`: the size `vocabulary(text)` is not known");
    assert_eq!(Network::shapes(&b.graph, &|_| Some(9)).unwrap()[1], [9]);
}
