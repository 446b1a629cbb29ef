//! Two texts in, what differs out.

use super::*;
use crate::check::{Checked, NoFiles, check};

const FILE: &str = r#"data {
  train = "train.tsv"
  text  : words
  label : class
}

model M(text) -> label {
  let read = text |> embedding(8)
  read |> bilstm(4) |> final |> dense(label) |> softmax
}

train {
  optimizer = adam(lr = 1e-3)
  epochs    = 3
}
"#;

fn checked(text: &str) -> Checked {
    let checked = check("m.rnn", text, &mut NoFiles);
    assert!(checked.program.is_some(), "{:?}\n{text}", checked.diagnostics);
    checked
}

fn differences(a: &str, b: &str) -> Differences {
    let (a, b) = (checked(a), checked(b));
    let side =
        |checked: &Checked| -> (Program, Sources) { (checked.program.clone().unwrap(), checked.sources.clone()) };
    let ((pa, sa), (pb, sb)) = (side(&a), side(&b));
    Differences::between(Side { program: &pa, sources: &sa }, Side { program: &pb, sources: &sb })
}

fn sentences(changes: &[Change]) -> Vec<String> {
    changes.iter().map(Change::sentence).collect()
}

#[test]
fn names_layout_and_defaults_are_no_differences() {
    let renamed = FILE.replace("read", "words_of_it").replace("M(", "Other(");
    let laid_out = format!("// nothing\n{}", FILE.replace("bilstm(4)", "bilstm(4, num_layers = 1)"));
    let defaults = FILE.replace("lr = 1e-3", "0.001, eps = 1e-8").replace("epochs ", "batch_size = 32\n  epochs ");
    for other in [FILE, &renamed, &laid_out, &defaults] {
        assert_eq!(differences(FILE, other), Differences::default(), "{other}");
    }
}

#[test]
fn settings_are_compared_as_they_take_effect() {
    let other =
        FILE.replace("adam(lr = 1e-3)", "sgd(lr = 0.1, momentum = 0.9)").replace("words", "words { min_count = 2 }");
    let found = differences(FILE, &other);
    assert_eq!(
        sentences(&found.settings),
        [
            "`data.text.min_count` was 1 and is 2",
            "`train.optimizer` was adam and is sgd",
            "`train.optimizer.lr` was 0.001 and is 0.1",
        ]
    );
    assert!(found.architecture.is_empty() && found.parameters.is_empty());
}

#[test]
fn a_changed_layer_is_one_change_with_its_parameters() {
    let found = differences(FILE, &FILE.replace("bilstm(4)", "bilstm(6) |> relu"));
    assert_eq!(
        sentences(&found.architecture),
        [
            "`bilstm` was bilstm(4), [T, 8] -> [T, 8] and is bilstm(6), [T, 8] -> [T, 12]",
            "`final` was final, [T, 8] -> [8] and is final, [T, 12] -> [12]",
            "`dense` was dense(label), [8] -> [classes(label)] and is dense(label), [12] -> [classes(label)]",
            "`relu` is new: relu, [T, 12] -> [T, 12]",
        ]
    );
    let names: Vec<&str> = found.parameters.iter().map(|change| change.what.as_str()).collect();
    assert_eq!(names[0], "bilstm.weight_ih_l0");
    assert_eq!(names.last(), Some(&"dense.weight"));
    assert!(found.settings.is_empty());
}

#[test]
fn the_same_layers_in_another_wiring_differ() {
    let a = FILE.replace("read |> bilstm(4)", "read |> tanh |> relu |> bilstm(4)");
    let found = differences(&a, &a.replace("tanh |> relu", "relu |> tanh"));
    assert!(!found.architecture.is_empty());
}

#[test]
fn models_of_very_many_steps_are_compared_place_by_place() {
    let long = |last: &str| {
        let steps: String = (1..2200).map(|i| format!("  let h{i} = h{} |> tanh\n", i - 1)).collect();
        FILE.replace("let read =", "let h0 =").replace("  read |>", &format!("{steps}  h2199 |> {last} |>"))
    };
    let found = differences(&long("tanh"), &long("relu"));
    assert_eq!(sentences(&found.architecture).len(), 2, "{:?}", sentences(&found.architecture));
}
