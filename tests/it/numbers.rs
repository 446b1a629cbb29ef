//! Fields of numbers: sequences of vectors that a model reads as they are.

use rnnc::check::{NoFiles, check};
use rnnc::data::Tokens;
use rnnc::lower::{Mode, Network, to_rows};

/// What a model over the adding problem's `input` gives for some sequences of pairs. It has no weights.
fn results(stages: &str, sequences: &[&[f32]]) -> Vec<f32> {
    let text = format!("data {{\n  source = adding()\n}}\n\nmodel M(input) -> sum {{\n  input |> {stages}\n}}\n");
    let checked = check("m.rnn", &text, &mut NoFiles);
    let model =
        checked.program.and_then(|program| program.model).unwrap_or_else(|| panic!("{:?}", checked.diagnostics));
    let network = Network::new(&model.graph, &|_| None, Vec::new()).unwrap();
    let inputs = [("input".to_string(), Tokens::from_numbers(sequences, 2))].into();
    to_rows(&network.forward(&[model.output], &inputs, Mode::Evaluate).unwrap()[0]).unwrap().concat()
}

#[test]
fn every_sequence_is_read_to_its_own_end() {
    let sequences: [&[f32]; 3] = [&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &[10.0, 20.0], &[0.5, 0.25, -1.0, -2.0]];
    assert_eq!(results("sum_over_time |> sum", &sequences), [21.0, 30.0, -2.25]);
    assert_eq!(results("last |> sum", &sequences), [11.0, 30.0, -3.0]);
    assert_eq!(results("first |> max", &sequences), [2.0, 20.0, 0.5]);
    assert_eq!(results("shift(1) |> max_over_time |> mean", &sequences), [3.5, 0.0, 0.375]);
}

#[test]
fn what_does_not_fit_is_an_error_and_no_panic() {
    let text = "data {\n  source = adding()\n}\n\nmodel M(input) -> sum {\n  input |> last |> sum\n}\n";
    let model = check("m.rnn", text, &mut NoFiles).program.and_then(|program| program.model).unwrap();
    let network = Network::new(&model.graph, &|_| None, Vec::new()).unwrap();
    for tokens in [
        Tokens::from_numbers(&[[1.0f32, 2.0, 3.0]], 3),
        Tokens::from_texts(&[[1, 2]]),
        Tokens { lengths: vec![3], ..Tokens::from_numbers(&[[1.0f32, 2.0]], 2) },
        Tokens { numbers: vec![1.0], ..Tokens::from_numbers(&[[1.0f32, 2.0]], 2) },
        Tokens::from_numbers::<[f32; 2]>(&[], 2),
    ] {
        let inputs = [("input".to_string(), tokens)].into();
        assert!(network.forward(&[model.output], &inputs, Mode::Evaluate).is_err(), "{inputs:?}");
    }
}
