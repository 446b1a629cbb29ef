//! An example's scores do not depend on what it is batched with: every example model, and one with every layer there is.

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use rnnc::ir::Model;
use rnnc::lower::{Mode, Network};

use crate::network::{batch_for, initial_network, model, numbers, places, sizes};

const VOCABULARY: usize = 20;
const CLASSES: usize = 3;
const EVERY_LAYER: [&str; 2] = [include_str!("every_layer.rnn"), include_str!("every_tree_layer.rnn")];

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The texts of all `.rnn` files of a folder.
fn sources(name: &str) -> Vec<String> {
    let files = std::fs::read_dir(folder(name)).expect("a folder of the project").map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "rnn"));
    files.map(|path| std::fs::read_to_string(path).unwrap()).collect()
}

/// Those that read one text and nothing else.
fn models() -> Vec<Model> {
    let models = sources("models");
    let models = models.iter().map(String::as_str).chain(EVERY_LAYER).map(model);
    models.filter(|model| model.inputs == ["text"]).collect()
}

/// The scores of every text.
fn scores(network: &Network, model: &Model, texts: &[Vec<u32>]) -> Vec<Vec<f32>> {
    let texts_of_model = batch_for(&model.graph, texts);
    let value = network.forward(&[model.logits], &texts_of_model, Mode::Evaluate).expect("a sound graph").remove(0);
    let numbers = numbers(&value);
    let places = places(model.graph.node(model.logits), &value, texts);
    places.into_iter().map(|places| places.into_iter().map(|place| numbers[place]).collect()).collect()
}

fn distance(left: &[f32], right: &[f32]) -> f32 {
    left.iter().zip(right).map(|(l, r)| (l - r).abs() / l.abs().max(1.0)).fold(0.0, f32::max)
}

#[test]
fn every_layer_of_the_library_is_in_the_file() {
    let files = EVERY_LAYER.concat();
    let words: Vec<&str> = files.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    for source in sources("stdlib") {
        for line in source.lines() {
            let defined = line.strip_prefix("layer ").or(line.strip_prefix("cell "));
            if let Some((name, _)) = defined.and_then(|rest| rest.split_once('(')) {
                assert!(words.contains(&name), "every_layer.rnn does not use `{name}`");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_example_does_not_see_its_batch(
        seed in any::<u64>(),
        texts in prop::collection::vec(prop::collection::vec(1..VOCABULARY as u32, 1..14), 2..7),
        company in prop::collection::vec(1..VOCABULARY as u32, 1..40),
    ) {
        for model in models() {
            let network = initial_network(&model.graph, &sizes(VOCABULARY, CLASSES), seed);
            let together = scores(&network, &model, &texts);
            for (text, batched) in texts.iter().zip(&together) {
                let alone = scores(&network, &model, std::slice::from_ref(text)).concat();
                let elsewhere = &scores(&network, &model, &[company.clone(), text.clone(), vec![1]])[1];
                for (other, place) in [(batched, "in its batch"), (elsewhere, "in another batch")] {
                    let distance = distance(&alone, other);
                    prop_assert!(distance <= 1e-6, "{}: {alone:?} alone, {other:?} {place}", model.name);
                }
            }
        }
    }
}

#[test]
fn an_example_depends_on_all_of_itself() {
    // Otherwise the test above would be content with a model that reads nothing.
    for model in models() {
        let network = initial_network(&model.graph, &sizes(VOCABULARY, CLASSES), 1);
        let text = vec![2, 3, 4, 5, 6];
        let before = scores(&network, &model, std::slice::from_ref(&text)).concat();
        for place in 0..text.len() {
            let mut changed = text.clone();
            changed[place] = 7;
            let after = scores(&network, &model, &[changed]).concat();
            assert!(distance(&before, &after) > 1e-4, "{} does not read token {place}", model.name);
        }
    }
}
