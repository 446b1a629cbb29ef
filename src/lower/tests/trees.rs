//! Folds over trees against the interpreter, results and gradients; and that a tree does not see its batch.

use proptest::prelude::*;

use super::cells::{Equations, built};
use super::interpreter::interpret_tree;
use super::*;
use crate::ir::Op;
use crate::random::Random;

/// A model of trees that gives the classes of a pooled value, so that every node counts.
fn model(definitions: &str, stages: &str) -> String {
    format!(
        "{definitions}model M(text: tree[N]) -> class[C] {{\n  text |> embedding(3) |> {stages} |> mean_over_time \
         |> dense(C) |> softmax\n}}"
    )
}

#[test]
fn the_cells_of_the_library() {
    for stages in ["recursive_net(3)", "rntn(3)", "binary_tree_lstm(2)", "child_sum_tree_lstm(2)", "fold(rntn, 3)"] {
        let (builder, logits) = built(&model("", stages), 7);
        check(&builder, logits);
    }
    let text = model("", "binary_tree_lstm(2)").replace("mean_over_time", "root");
    let (builder, logits) = built(&text, 8);
    check(&builder, logits);
}

#[test]
fn bilinear_forms_of_layers_and_of_cells_over_texts() {
    let layer = "layer pairs(x: [.., I], size: K) -> [.., K] {\n  param tensor : [K, 2*I, I] = normal(0, 1)\n  \
                 bilinear(tensor, concat(x, x * x), x)\n}\n";
    let cell = "cell second(x: [I]; h: [H]) {\n  param tensor : [H, I, H]\n  param weight : [H, I]\n  \
                h' = tanh(bilinear(tensor, x, h) + weight @ x)\n}\n";
    for (definitions, stages) in [(layer, "pairs(2)"), (layer, "max_over_time |> pairs(2)"), (cell, "second(2)")] {
        let pooled = if stages.contains("max") { "" } else { " |> mean_over_time" };
        let text = format!(
            "{definitions}model M(text: words[T]) -> class[C] {{\n  text |> embedding(3) |> {stages}{pooled} |> dense(C) \
             |> softmax\n}}"
        );
        let (builder, logits) = built(&text, 9);
        check(&builder, logits);
    }
}

/// Trees of random shape: the words of their nodes, and their parents.
fn trees(seed: u64, count: usize, most: usize) -> Vec<(Vec<u32>, Vec<u32>)> {
    let mut random = Random::new(seed, &[2]);
    let mut tree = || {
        let nodes = 1 + random.below(most);
        let words = (0..nodes).map(|_| random.below(VOCABULARY) as u32).collect();
        (words, (0..nodes).map(|n| random.below(n.max(1)) as u32).collect())
    };
    (0..count).map(|_| tree()).collect()
}

/// The values of a node of the graph for trees, one list a tree.
fn values(network: &Network, output: NodeId, trees: &[(Vec<u32>, Vec<u32>)], width: usize) -> Vec<Vec<f32>> {
    let (words, parents): (Vec<_>, Vec<_>) = trees.iter().cloned().unzip();
    let tokens = BTreeMap::from([("text".to_owned(), Tokens::from_trees(&words, &parents))]);
    let result = network.forward(&[output], &tokens, Mode::Evaluate).expect("a sound graph").remove(0);
    let all = result.flatten_all().and_then(|flat| flat.to_vec1::<f32>()).expect("numbers");
    let row = |n: usize, b: usize| all[(n * trees.len() + b) * width..][..width].to_vec();
    trees.iter().enumerate().map(|(b, (words, _))| (0..words.len()).flat_map(|n| row(n, b)).collect()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_tree_cell_has_the_results_and_gradients_of_its_equations(seed in any::<u64>()) {
        let of_h = ["left(h)", "right(h)", "sum_over_children(tanh(h))", "(1 - leaf) * right(h)"];
        let of_c = ["left(c)", "sum_over_children(sigmoid(h) * c)", "sum_over_children(c + x1)"];
        let cell = Equations::cell_of(seed, &of_h, &of_c);
        // A value of the node, for the sums over its children.
        let cell = cell.replacen("{\n", "{\n  param p_x : [H, I]\n  let x1 = p_x @ x\n", 1);
        let cell = cell.replacen("let inner = ", "let inner = sum_over_children(h) + x1 + ", 1);
        let (builder, logits) = built(&model(&cell, "odd(3)"), seed);
        check(&builder, logits);
    }

    #[test]
    fn a_tree_does_not_see_its_batch(seed in any::<u64>(), cell in 0..2usize) {
        let stages = ["child_sum_tree_lstm(2)", "fold(summed, 2)"][cell];
        let summed = "cell summed(x: [I]; h: [H]) {\n  param w : [H, I]\n  param u : [H, H]\n  \
                      h' = tanh(w @ x + sum_over_children(u @ h * sigmoid(h)) - left(h))\n}\n";
        let (builder, _) = built(&model(summed, stages), seed);
        let output = builder.graph.nodes.iter().position(|node| matches!(node.op, Op::Fold { .. })).map(NodeId).unwrap();
        let (network, trees) = (network(&builder), trees(seed, 5, 12));
        let together = values(&network, output, &trees, 2);
        let parameters: Vec<Vec<f64>> =
            builder.values.iter().map(|values| values.iter().copied().map(f64::from).collect()).collect();
        for (tree, batched) in trees.iter().zip(&together) {
            let alone = values(&network, output, std::slice::from_ref(tree), 2).concat();
            prop_assert_eq!(batched, &alone);
            let meant = &interpret_tree(&builder.graph, &parameters, &tree.0, &tree.1)[output.0];
            for (alone, meant) in alone.iter().zip(meant) {
                prop_assert!((f64::from(*alone) - meant).abs() < 1e-4 * meant.abs().max(1.0), "{alone} is not {meant}");
            }
        }
    }
}

/// A path, which is as deep as a tree can be, and a tree as wide as one can be.
#[test]
fn deep_and_wide_trees_go_there_and_back() {
    const NODES: u32 = 3000;
    let words = vec![vec![1; NODES as usize]; 2];
    let parents = vec![(0..NODES).map(|n| n.saturating_sub(1)).collect(), vec![0; NODES as usize]];
    let tokens = BTreeMap::from([("text".to_owned(), Tokens::from_trees(&words, &parents))]);
    let (builder, logits) = built(&model("", "child_sum_tree_lstm(2)"), 3);
    let network = network(&builder);
    let result = network.forward(&[logits], &tokens, Mode::Train { seed: 1, step: 0 }).unwrap().remove(0);
    let gradients = network.gradients(&result.sum_all().unwrap()).unwrap();
    assert!(gradients.iter().flatten().all(|gradient| gradient.values().iter().all(|g| g.is_finite())));
}

#[test]
fn a_node_without_a_word_reads_zeros_and_teaches_no_word() {
    let text = "model M(text: tree[N]) -> tags[N, C] {\n  text |> embedding(3) |> dense(C) |> softmax\n}";
    let (builder, logits) = built(text, 3);
    let network = network(&builder);
    let tokens = BTreeMap::from([("text".to_owned(), Tokens::from_trees(&[vec![0, 4, 5]], &[vec![0, 0, 0]]))]);
    let result = network.forward(&[logits], &tokens, Mode::Train { seed: 1, step: 0 }).unwrap().remove(0);
    let bias = &builder.values[2];
    assert_eq!(result.get(0).unwrap().to_vec2::<f32>().unwrap(), std::slice::from_ref(bias));
    let gradients = network.gradients(&result.sum_all().unwrap()).unwrap();
    let table = gradients[0].as_ref().unwrap().to_whole(VOCABULARY * 3);
    let row = |id: usize| &table[id * 3..][..3];
    assert_eq!((row(0), row(1)), (&[0.0; 3][..], &[0.0; 3][..]));
    assert!(row(4).iter().all(|g| *g != 0.0));
}
