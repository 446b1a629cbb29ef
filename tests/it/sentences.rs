//! Models over sentences, and TextRCNN, against PyTorch: the scores of a ragged batch and the gradients of all parameters.

use std::collections::BTreeMap;

use rnnc::data::Tokens;
use rnnc::ir::{FieldKind, Symbol};
use rnnc::lower::{Gradient, Mode};
use rnnc::predictor::Sizes;

use crate::network::{assert_close, network, numbers, program};
use crate::sentence_tables::TABLES;

/// As in `tests/reference/sentences.py`.
const VOCABULARY: usize = 30;
const CLASSES: usize = 3;

fn stories() -> Vec<Vec<Vec<u32>>> {
    vec![
        vec![vec![2, 3, 4], vec![5, 6], vec![7]],
        vec![vec![8, 9]],
        vec![vec![3, 3, 2, 9, 4], vec![6], vec![20, 21, 2], vec![4, 4]],
    ]
}

fn texts(field: &str) -> Tokens {
    match field {
        "question" => Tokens::from_texts(&[vec![2, 9], vec![3, 4, 5], vec![7]]),
        _ => Tokens::from_texts(&[vec![2, 3, 4, 5], vec![6], vec![9, 8, 7, 2, 3]]),
    }
}

#[test]
fn scores_and_gradients_are_pytorchs() {
    for (name, scores, squares) in TABLES {
        let (file, linear) = name.split_once(',').map_or((*name, false), |(file, _)| (file, true));
        let path = format!("{}/models/{file}.rnn", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&path).expect("a model").replace("|> dropout(0.3)", "");
        let (program, _) = program(&text);
        let (model, data) = (program.model.expect("a model"), program.data.expect("data"));
        let mut sizes = Sizes::default();
        for field in data.fields.iter().filter(|field| matches!(field.kind, FieldKind::Text(_))) {
            sizes.set(&Symbol::Vocabulary(data.vocabulary_of(&field.name).into()), VOCABULARY);
        }
        sizes.set(&Symbol::Classes(model.target.field().into()), CLASSES);
        let weight = |p: usize, i: usize| (0.5 * (1.3 * p as f64 + 0.71 * i as f64 + 0.2).sin()) as f32;
        let mut network = network(&model.graph, &sizes, weight);
        network.set_linear(linear);
        let of_sentences = |field: &String| match &data.field(field).expect("a field").kind {
            FieldKind::Text(text) => text.sentences.is_some(),
            _ => false,
        };
        let tokens = |field: &String| {
            let tokens = if of_sentences(field) { Tokens::from_documents(&stories()) } else { texts(field) };
            (field.clone(), tokens)
        };
        let batch: BTreeMap<String, Tokens> = model.inputs.iter().map(tokens).collect();

        let value =
            network.forward(&[model.logits], &batch, Mode::Train { seed: 1, step: 0 }).expect("scores").remove(0);
        let found: Vec<f64> = numbers(&value).into_iter().map(f64::from).collect();
        assert_close(name, &found, scores, 2e-4);

        let coefficients = (0..found.len()).map(|i| (1 + i / CLASSES) as f32 + 0.5 * (i % CLASSES) as f32).collect();
        let coefficients =
            candle_core::Tensor::from_vec(coefficients, value.shape(), value.device()).expect("a tensor");
        let total = (value * coefficients).and_then(|product| product.sum_all()).expect("a number");
        let gradients = network.gradients(&total).expect("all parameters are used");
        let square = |gradient: &Option<Gradient>| {
            let gradient = gradient.as_ref().expect("all are trained");
            gradient.values().iter().map(|g| f64::from(*g).powi(2)).sum::<f64>()
        };
        let found: Vec<f64> = gradients.iter().map(square).collect();
        assert_close(name, &found, squares, 1e-3);
    }
}
