//! Four defects measured in the leading declarative trainer, L4 to L7, and that they are not here: what `last`, `final`
//! and the mean read of a padded text, and where settings come from.

use std::collections::BTreeMap;

use rnnc::check::{NoFiles, TRAIN, check};
use rnnc::data::Tokens;
use rnnc::lower::Mode;

use crate::experiment::{file, folder, rows, setup, train};
use crate::network::{classifier, forward, initial_network, model, network, numbers, program, result_of, sizes};

/// One text, padded to `steps` with the token `filler`.
fn padded(text: &[u32], steps: usize, filler: u32) -> BTreeMap<String, Tokens> {
    let mut ids = text.to_vec();
    ids.resize(steps, filler);
    BTreeMap::from([("text".to_owned(), Tokens { ids, steps, lengths: vec![text.len() as u32], ..Tokens::default() })])
}

/// L4: the other system looks for the last row that is not zero, and finds one in the padding.
#[test]
fn last_reads_the_last_true_step() {
    for layer in ["rnn", "lstm", "gru", "dense"] {
        let model = model(&classifier("", &format!("{layer}(6) |> last")));
        let network = initial_network(&model.graph, &sizes(9, 2), 3);
        let (sequence, last) = (result_of(&model.graph, layer), result_of(&model.graph, "last"));
        let read = |steps, filler| {
            let values = network.forward(&[sequence, last], &padded(&[2, 5, 3], steps, filler), Mode::Evaluate);
            let values = values.expect("a sound graph");
            [numbers(&values[0])[2 * 6..3 * 6].to_vec(), numbers(&values[1])]
        };
        let [third, alone] = read(3, 0);
        assert_eq!(third, alone, "{layer}: `last` is the third of three steps");
        for (steps, filler) in [(4, 0), (8, 0), (8, 7), (40, 7)] {
            let padded = read(steps, filler)[1].clone();
            let moved = padded.iter().zip(&alone).map(|(p, a)| (p - a).abs()).fold(0.0, f32::max);
            assert!(
                moved <= 1e-6,
                "{layer}: three tokens padded to {steps} with {filler} give {padded:?}, not {alone:?}"
            );
        }
    }
}

/// L5: the other system's backward half has read one token, so texts that differ in all others look the same to it.
#[test]
fn both_halves_of_final_have_read_the_whole_text() {
    let text = [2, 3, 4, 5, 6, 7];
    for layer in ["birnn", "bilstm", "bigru"] {
        let model = model(&classifier("", &format!("{layer}(4) |> final")));
        let network = initial_network(&model.graph, &sizes(9, 2), 5);
        let node = result_of(&model.graph, "final");
        let read = |text: &[u32]| {
            numbers(&forward(&network, node, &[text.to_vec(), vec![1; 9]], Mode::Evaluate))[..8].to_vec()
        };
        let before = read(&text);
        for place in 0..text.len() {
            let mut changed = text;
            changed[place] = 8;
            let after = read(&changed);
            for (half, what) in [(0..4, "forward"), (4..8, "backward")] {
                let moved = half.map(|i| (before[i] - after[i]).abs()).fold(0.0, f32::max);
                assert!(moved > 1e-5, "{layer}: the {what} half does not depend on token {place}");
            }
        }
    }
}

#[test]
fn last_of_a_backward_reading_is_warned_about() {
    for stages in
        ["bilstm(4) |> last", "birnn(4) |> last", "gru(4, reverse = true) |> last", "bigru(4) |> dropout(0.5) |> last"]
    {
        let (_, diagnostics) = program(&classifier("", stages));
        let found: Vec<&str> = diagnostics.iter().map(|diagnostic| diagnostic.code.id).collect();
        assert_eq!(found, ["W0706"], "{stages}");
        assert!(diagnostics[0].fixes.iter().any(|fix| fix.replacement == "final"), "{stages}: the fix is `final`");
    }
    for stages in ["lstm(4) |> last", "bilstm(4) |> final"] {
        assert!(program(&classifier("", stages)).1.is_empty(), "{stages}");
    }
}

/// L6: the other system divides by the padded length: ones over 3 steps of 10 give 0.3.
#[test]
fn the_mean_divides_by_the_true_length() {
    let model = model(&classifier("", "mean_over_time"));
    let network = network(&model.graph, &sizes(9, 2), |_, _| 1.0);
    let mean = result_of(&model.graph, "mean_over_time");
    let alone = network.forward(&[mean], &padded(&[2, 3, 4], 10, 8), Mode::Evaluate).expect("a sound graph");
    assert_eq!(numbers(&alone[0]), [1.0; 4]);
    let batched = forward(&network, mean, &[vec![2; 10], vec![2, 3, 4], vec![5]], Mode::Evaluate);
    assert_eq!(numbers(&batched), [1.0; 12]);
}

/// L7: the other system's batch size is `auto` unless told otherwise, and chosen by a stop-watch.
#[test]
fn no_setting_is_found_out_by_the_machine() {
    let data = "data {\n  train = \"train.tsv\"\n  text  : words\n  label : class\n}\n";
    let model = "model Test(text) -> label { text |> embedding(4) |> lstm(4) |> last |> dense(label) |> softmax }\n";
    for setting in TRAIN.iter().map(|setting| setting.name) {
        let text = format!("{data}{model}train {{ {setting} = auto }}\n");
        assert!(check("test.rnn", &text, &mut NoFiles).has_errors(), "`{setting} = auto` is accepted");
    }
    for layer in ["embedding(auto)", "embedding(4) |> lstm(auto)", "embedding(4) |> lstm(4, num_layers = auto)"] {
        let text =
            format!("{data}model Test(text) -> label {{ text |> {layer} |> last |> dense(label) |> softmax }}\n");
        assert!(check("test.rnn", &text, &mut NoFiles).has_errors(), "`{layer}` is accepted");
    }
}

#[test]
fn the_same_seed_trains_the_same_weights() {
    let folder = folder(&[("train.tsv", &rows(40))]);
    let text = |seed: u64| {
        let train = format!("epochs = 2\n  batch_size = 8\n  seed = {seed}");
        file("6", "dropout(0.3) |> bilstm(5, num_layers = 2, dropout = 0.2) |> final", &train)
    };
    let weights = |seed| train(setup(&text(seed), folder.path())).weights;
    let first = weights(1);
    assert!(first == weights(1), "two trainings with one seed differ");
    assert!(first != weights(2), "the seed changes nothing");
}
