//! What a file says about initial weights reaches them, and pretrained vectors stay what they are told to stay.

use crate::experiment::{file, folder, initial, rows, setup, train};

const HIDDEN: usize = 8;

/// The initial weights of one parameter of `text |> embedding(…) |> stages`.
fn start(embedding: &str, stages: &str, name: &str) -> Vec<f32> {
    let folder = folder(&[("train.tsv", &rows(20))]);
    initial(&setup(&file(embedding, stages, "epochs = 1"), folder.path()), name)
}

fn largest(values: &[f32]) -> f32 {
    values.iter().fold(0.0, |largest, value| largest.max(value.abs()))
}

/// How far the columns of a `[rows, HIDDEN]` matrix are from orthonormal.
fn distance_from_orthonormal(matrix: &[f32]) -> f32 {
    let mut worst: f32 = 0.0;
    for i in 0..HIDDEN {
        for j in 0..HIDDEN {
            let product: f32 = matrix.chunks(HIDDEN).map(|row| row[i] * row[j]).sum();
            worst = worst.max((product - if i == j { 1.0 } else { 0.0 }).abs());
        }
    }
    worst
}

#[test]
fn orthogonal_recurrent_weights() {
    for layer in ["rnn", "lstm", "gru"] {
        let weight = format!("{layer}.weight_hh_l0");
        let chosen = start("6", &format!("{layer}({HIDDEN}, recurrent_init = orthogonal) |> last"), &weight);
        assert!(distance_from_orthonormal(&chosen) < 1e-5, "{layer}: {}", distance_from_orthonormal(&chosen));
        let default = start("6", &format!("{layer}({HIDDEN}) |> last"), &weight);
        assert!(distance_from_orthonormal(&default) > 0.1, "{layer}: the default is another");
    }
    for layer in ["birnn", "bilstm", "bigru"] {
        let stages = format!("{layer}({HIDDEN}, num_layers = 2, recurrent_init = orthogonal) |> final");
        for end in ["l0", "l0_reverse", "l1", "l1_reverse"] {
            let weight = start("6", &stages, &format!("{layer}.weight_hh_{end}"));
            assert!(distance_from_orthonormal(&weight) < 1e-5, "{layer} {end}");
        }
    }
}

#[test]
fn forget_bias_is_in_the_forget_gate_alone() {
    let stages = "lstm(8, forget_bias = 1.0) |> last";
    let gates: Vec<f32> = start("6", stages, "lstm.bias_ih_l0");
    let expected: Vec<f32> = [0.0, 1.0, 0.0, 0.0].iter().flat_map(|gate| [*gate; HIDDEN]).collect();
    assert_eq!(gates, expected, "i, f, g, o");
    assert_eq!(start("6", stages, "lstm.bias_hh_l0"), [0.0; 4 * HIDDEN]);
    for end in ["l0", "l0_reverse", "l1", "l1_reverse"] {
        let bias =
            start("6", "bilstm(8, num_layers = 2, forget_bias = 1.0) |> final", &format!("bilstm.bias_ih_{end}"));
        assert_eq!(bias, expected, "{end}");
    }
    assert_ne!(start("6", "lstm(8) |> last", "lstm.bias_ih_l0"), expected);
}

#[test]
fn bounds_and_fixed_values() {
    let uniform = |stages: &str, name: &str, bound: f32| {
        let reached = largest(&start("6", stages, name));
        assert!(reached <= bound && reached > 0.85 * bound, "{stages}: {name} reaches {reached} of {bound}");
    };
    // PyTorch's defaults: 1/sqrt(hidden size) everywhere in a recurrent layer, 1/sqrt(inputs) in a dense one.
    let hidden = 1.0 / 8f32.sqrt();
    for name in ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"] {
        uniform("lstm(8) |> last", &format!("lstm.{name}"), hidden);
    }
    uniform("dense(30) |> max_over_time", "dense.weight", 1.0 / 6f32.sqrt());
    // Glorot & Bengio 2010: sqrt(6 / (fan in + fan out)); He et al. 2015: sqrt(6 / fan in).
    uniform("lstm(8, weight_init = xavier_uniform) |> last", "lstm.weight_ih_l0", (6f32 / (6.0 + 32.0)).sqrt());
    uniform("dense(30, weight_init = xavier_uniform) |> max_over_time", "dense.weight", (6f32 / 36.0).sqrt());
    uniform("dense(30, weight_init = kaiming_uniform) |> max_over_time", "dense.weight", 1.0);
    uniform("gru(8, weight_init = uniform(-0.01, 0.01)) |> last", "gru.weight_ih_l0", 0.01);
    assert_eq!(start("6", "dense(5, bias_init = zeros) |> max_over_time", "dense.bias"), [0.0; 5]);
    assert_eq!(start("6", "dense(5, bias_init = constant(0.25)) |> max_over_time", "dense.bias"), [0.25; 5]);
    let identity = start("6", "rnn(8, nonlinearity = relu, recurrent_init = identity) |> last", "rnn.weight_hh_l0");
    assert!(identity.iter().enumerate().all(|(i, w)| *w == if i % 9 == 0 { 1.0 } else { 0.0 }));

    let spread = |values: Vec<f32>| (values.iter().map(|w| w * w).sum::<f32>() / values.len() as f32).sqrt();
    let embedding = spread(start("200, weight_init = normal(0, 0.1)", "mean_over_time", "embedding.weight"));
    assert!((embedding / 0.1 - 1.0).abs() < 0.1, "{embedding}");
    let embedding = spread(start("200", "mean_over_time", "embedding.weight"));
    assert!((embedding - 1.0).abs() < 0.1, "the default is N(0, 1): {embedding}");
}

/// Three of the words of the data, each with a vector of one number.
const VECTORS: &str = "4 3\ngood 1 1 1\nbad -1 -1 -1\nfilm 0.5 0.25 0.125\nelsewhere 9 9 9\n";

#[test]
fn pretrained_vectors_are_the_rows_of_their_tokens() {
    let folder = folder(&[("train.tsv", &rows(24)), ("vectors.txt", VECTORS)]);
    for (freeze, width) in [("true", ""), ("false", ""), ("false", "3, ")] {
        let text = file(
            &format!("{width}vectors = \"vectors.txt\", freeze = {freeze}"),
            "lstm(4) |> last",
            "optimizer = adam(lr = 1e-2)\n  epochs = 1\n  batch_size = 8",
        );
        let setup = setup(&text, folder.path());
        assert!(setup.notes.iter().any(|note| note.contains("vectors for 3 of ")), "{:?}", setup.notes);
        let vocabulary = setup.dataset.vocabularies["text"].clone();
        let before = initial(&setup, "embedding.weight");
        let row = |weights: &[f32], token: &str| {
            let id = vocabulary.get(token).expect("a token of the data") as usize;
            weights[3 * id..3 * (id + 1)].to_vec()
        };
        assert_eq!(row(&before, "good"), [1.0; 3]);
        assert_eq!(row(&before, "bad"), [-1.0; 3]);
        assert_eq!(row(&before, "film"), [0.5, 0.25, 0.125]);
        assert!(!row(&before, "the").contains(&0.0), "words without a vector start by the initializer");

        let trained = train(setup);
        let after = trained.weight("embedding.weight");
        for token in ["good", "bad", "film"] {
            assert_eq!(row(&before, token) == row(after, token), freeze == "true", "freeze = {freeze}: {token}");
        }
        assert_eq!(after[..3], before[..3], "nothing trains the padding");
    }
}
