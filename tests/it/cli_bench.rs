//! `rnnc bench`: what it lists and that its figures fit together. How fast anything is depends on the machine.

use serde_json::Value;

use crate::command::Folder;

const SMALL: [&str; 8] = ["--batch", "4", "--len", "5", "--steps", "3", "--vocabulary", "20"];

fn json(folder: &Folder, arguments: &[&str]) -> Value {
    let arguments = [&["bench"], arguments, &["--format", "json"]].concat();
    serde_json::from_str(&folder.run(&arguments).take_stdout()).unwrap()
}

fn number(value: &Value, name: &str) -> f64 {
    value[name].as_f64().unwrap_or_else(|| panic!("{name} is no number in {value}"))
}

/// Every figure is there, adds up, and no data file is needed.
#[track_caller]
fn check(folder: &Folder, arguments: &[&str]) -> Value {
    let report = json(folder, arguments);
    let summary = folder.run(&["summary", arguments[0], "--format", "json"]).take_stdout();
    let summary: Value = serde_json::from_str(&summary).unwrap();
    let names = |value: &Value| -> Vec<String> {
        let name = |row: &Value| format!("{} {} {}", row["layer"], row["path"], row["shape"]);
        value["layers"].as_array().unwrap().iter().map(name).collect()
    };
    assert_eq!(names(&report), names(&summary), "the rows of `rnnc summary`");

    let mut rows: Vec<&Value> = report["layers"].as_array().unwrap().iter().collect();
    rows.extend([&report["loss"], &report["other"]]);
    for column in ["inference_ms", "forward_ms", "backward_ms", "forward_flops", "backward_flops"] {
        assert!(rows.iter().all(|row| number(row, column) >= 0.0), "{column} of {report}");
        let sum: f64 = rows.iter().map(|row| number(row, column)).sum();
        assert!((sum - number(&report["total"], column)).abs() < 0.01, "{column}: {sum} of {report}");
    }
    let (total, training, inference) = (&report["total"], &report["training"], &report["inference"]);
    assert_eq!(number(training, "forward_ms"), number(total, "forward_ms"));
    assert_eq!(number(training, "backward_ms"), number(total, "backward_ms"));
    assert_eq!(number(inference, "total_ms"), number(total, "inference_ms"));
    let parts: f64 = ["forward_ms", "backward_ms", "update_ms"].iter().map(|part| number(training, part)).sum();
    assert!((parts - number(training, "total_ms")).abs() < 0.01, "{training}");
    for step in [training, inference] {
        let examples = number(&report, "batch") / number(step, "total_ms") * 1e3;
        assert!((examples / number(step, "examples_per_second") - 1.0).abs() < 0.05, "{step}");
        let tokens = examples * number(&report, "len");
        assert!((tokens / number(step, "tokens_per_second") - 1.0).abs() < 0.05, "{step}");
    }
    assert!(number(&report, "peak_gflops") > 0.0);
    let share = number(total, "gflops") / number(&report, "peak_gflops");
    assert!((share - number(total, "peak_share")).abs() < 0.01, "{report}");
    report
}

#[test]
fn every_layer_has_a_row_and_the_figures_add_up() {
    let folder = Folder::new();
    folder.file("m.rnn", crate::command::MODEL);
    let report = check(&folder, &[&["m.rnn"], &SMALL[..], &["--threads", "1", "--classes", "3"]].concat());
    for (name, value) in [("batch", 4), ("len", 5), ("steps", 3), ("threads", 1), ("vocabulary", 20), ("classes", 3)] {
        assert_eq!(report[name], value, "{name}");
    }
    // 2·4·8·(8 + 8) of the products, and what the gates need.
    let (lstm, dense) = (&report["layers"][1], &report["layers"][3]);
    let per_token = number(lstm, "forward_flops") / (4.0 * 5.0);
    assert!((1024.0..1500.0).contains(&per_token), "{lstm}");
    assert_eq!(number(lstm, "backward_flops"), 2.0 * number(lstm, "forward_flops"));
    assert_eq!(number(dense, "forward_flops"), 4.0 * (2.0 * 8.0 * 3.0 + 3.0));
    assert!(number(lstm, "forward_ms") > 0.0 && number(lstm, "backward_ms") > 0.0);
    // The last softmax belongs to inference alone.
    let softmax = &report["layers"][4];
    assert_eq!((number(softmax, "forward_ms"), number(softmax, "forward_flops")), (0.0, 0.0));
    assert!(softmax["gflops"].is_null());
}

#[test]
fn operators_branches_and_frozen_weights() {
    let folder = Folder::new();
    folder.file(
        "m.rnn",
        r#"let width = 6
model M(left: words[T], right: words[S]) -> class[C] {
  let a = left |> embedding(vectors = "nowhere.txt", freeze = true) |> dense(width) |> tanh |> bilstm(3) |> final
  let b = right |> embedding(width) |> dropout(0.5) |> gru(width) |> mean_over_time
  (a * b + a) |> dense(C) |> softmax
}
"#,
    );
    let report = check(&folder, &[&["m.rnn"], &SMALL[..], &["--vectors", "7", "--set", "width=6"]].concat());
    let layers = report["layers"].as_array().unwrap();
    let operators = layers.last().unwrap();
    assert_eq!(operators["layer"], "(operators)");
    assert_eq!(number(operators, "forward_flops"), 2.0 * 4.0 * 6.0);
    assert!(number(operators, "forward_ms") > 0.0 && number(operators, "backward_ms") > 0.0);
    // Nothing flows back into frozen vectors.
    assert_eq!(number(&layers[0], "backward_ms"), 0.0);
}

#[test]
fn the_table() {
    let folder = Folder::new();
    folder.file("m.rnn", crate::command::MODEL);
    let table = folder.run(&[&["bench", "m.rnn", "--threads", "2"], &SMALL[..]].concat()).take_stdout();
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines[0], "Tiny: 4 texts of 5 tokens, 2 threads, median of 3 steps", "{table}");
    assert!(lines[1].starts_with("large products run at "), "{table}");
    let first = |line: &&str| line.split_whitespace().next().unwrap_or_default().to_string();
    let firsts: Vec<String> = lines[3..].iter().map(first).filter(|word| !word.starts_with('-')).collect();
    let expected = "milliseconds embedding lstm last dense softmax loss other total  training inference".split(' ');
    assert_eq!(firsts, expected.collect::<Vec<_>>(), "{table}");
}

#[test]
fn bad_arguments_are_usage_errors() {
    let folder = Folder::new();
    folder.file("m.rnn", crate::command::MODEL);
    for arguments in [
        &["bench"][..],
        &["bench", "m.rnn", "--batch", "0"],
        &["bench", "m.rnn", "--len", "0"],
        &["bench", "m.rnn", "--steps", "none"],
        &["bench", "m.rnn", "--classes", "1"],
        &["bench", "m.rnn", "--vocabulary", "2"],
        &["bench", "m.rnn", "--threads", "0"],
        &["bench", "m.rnn", "--format", "xml"],
        &["bench", "m.rnn", "--set", "train.epoch=2"],
        &["bench", "m.rnn", "--batch", "65536", "--len", "65536"],
    ] {
        let mut run = folder.run(arguments);
        assert!(run.take_stderr().starts_with("error: "), "{arguments:?}");
        run.status(2);
    }
}

#[test]
fn what_is_no_model_is_said() {
    let folder = Folder::new();
    folder.file("cells.rnn", "layer twice(x: [I]) -> [I] { x + x }\n");
    folder.file("model.safetensors", "");
    folder.run(&["bench", "cells.rnn"]).stderr("error: cells.rnn has no model to time\n").status(1);
    folder
        .run(&["bench", "model.safetensors"])
        .stderr("error: model.safetensors is a trained model; `rnnc inspect --source` prints the .rnn file to time\n")
        .status(1);
    folder.run(&["bench", "nowhere.rnn"]).stderr("error: cannot read nowhere.rnn: there is no such file\n").status(1);
}
