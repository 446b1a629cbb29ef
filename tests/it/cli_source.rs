//! Rows that are made: trained on, measured, answered, and found again by the model alone.

use serde_json::Value;

use crate::command::Folder;

const ADDING: &str = "model Adding(input) -> sum {
  input |> gru(8) |> last |> dense(1) |> sum
}

data {
  source = adding(length = 4, rows = 200, valid_rows = 50, test_rows = 40)
}

train {
  optimizer  = adam(lr = 1e-2)
  batch_size = 20
  epochs     = 3
}
";

const COPY: &str = "model Copy(text) -> copied {
  text |> embedding(8) |> lstm(16) |> dense(copied) |> softmax
}

data {
  source = copy(symbols = 2, length = 1, delay = 2, rows = 200, valid_rows = 50, test_rows = 40)
}

train {
  optimizer  = adam(lr = 3e-2)
  batch_size = 20
  epochs     = 6
}
";

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_number_is_learned_and_predicted() {
    let folder = Folder::new();
    folder.file("m.rnn", ADDING);
    let mut run = folder.run(&["train", "m.rnn"]);
    assert!(run.take_stderr().starts_with("200 training, 50 validation, 40 test rows\n"));
    let stdout = run.take_stdout();
    assert!(stdout.contains("test") && stdout.contains("mean absolute error"), "{stdout}");
    let epochs: Vec<Value> = folder.text("runs/m/metrics.jsonl").lines().map(json).collect();
    let loss = |epoch: usize| epochs[epoch]["valid_loss"].as_f64().unwrap();
    assert!(loss(2) < loss(0), "{epochs:?}");

    // The model makes its own test rows again.
    let model = "runs/m/model.safetensors";
    let evaluation = json(&folder.run(&["eval", model, "--format", "json"]).take_stdout());
    assert_eq!(evaluation["examples"], 40, "{evaluation}");
    assert!(stdout.contains(&format!("loss {:.6}", evaluation["loss"].as_f64().unwrap())), "{stdout} {evaluation}");
    let inspected = folder.run(&["inspect", model]).take_stdout();
    let source = "adding(length = 4, rows = 200, valid_rows = 50, test_rows = 40, seed = 1)";
    assert!(inspected.contains(&format!("train {source} (200 rows, sha256 ")), "{inspected}");
    folder
        .run(&["eval", model, "--data", "test.tsv"])
        .stderr(&format!(
            "error: {model}: its rows are made by {source}, and cannot be read from test.tsv; leave --data out\n"
        ))
        .status(1);

    let row = "[[0.5, 1], [0.25, 0], [0.75, 1]]";
    let answer = json(&folder.run(&["predict", model, row, "--format", "json"]).take_stdout());
    let plain = folder.run(&["predict", model, row]).take_stdout();
    assert!(
        (answer["value"].as_f64().unwrap() - plain.trim().parse::<f64>().unwrap()).abs() < 1e-6,
        "{answer} {plain}"
    );
    folder
        .run(&["predict", model, "half and three quarters"])
        .stderr("error: text 1: this model reads numbers: write a list of lists of 2, as in [[0.5, 0.5], [1, 1]]\n")
        .status(1);
    // What is read backward in time has no other row's padding in it.
    let mut both = folder.run_with(&["predict", model, "--input", "-"], format!("{row}\n[[0.5, 1]]\n").as_bytes());
    assert_eq!(both.answers()[0], plain.trim());
    both.status(0);
}

#[test]
fn a_label_for_every_step_is_learned() {
    let folder = Folder::new();
    folder.file("m.rnn", COPY);
    let mut run = folder.run(&["train", "m.rnn"]);
    assert!(
        run.take_stderr()
            .starts_with("200 training, 50 validation, 40 test rows; 3 classes; vocabulary of text: 6 tokens\n")
    );
    run.take_stdout();
    let model = "runs/m/model.safetensors";
    let answer = folder.run(&["predict", model, "2 _ : _"]).take_stdout();
    assert_eq!(answer, "2/_ _/_ :/_ _/2\n");
}

#[test]
fn settings_of_a_source_change_from_the_command_line() {
    let folder = Folder::new();
    folder.file("m.rnn", ADDING);
    let settings = ["--set", "data.source.rows=60", "--set", "data.source.test_rows=0", "--set", "train.epochs=1"];
    folder.run(&[&["train", "m.rnn", "--out", "a"], &settings[..]].concat()).any_output().status(0);
    let inspected = folder.run(&["inspect", "a/model.safetensors"]).take_stdout();
    assert!(
        inspected.contains("train adding(length = 4, rows = 60, valid_rows = 50, test_rows = 0, seed = 1)"),
        "{inspected}"
    );
    folder
        .run(&["eval", "a/model.safetensors"])
        .stderr("error: a/model.safetensors: it was trained without test data; name some with --data FILE\n")
        .status(1);
    for (setting, why) in [
        ("data.source.lenght=3", "there is no setting data.source.lenght; did you mean data.source.length?"),
        (
            "data.source.delay=3",
            "there is no setting data.source.delay; there are data.source.length, data.source.rows, data.source.valid_rows, data.source.test_rows, data.source.seed",
        ),
    ] {
        folder.run(&["train", "m.rnn", "--set", setting]).stderr(&format!("error: --set {setting}: {why}\n")).status(2);
    }
}

#[test]
fn bench_times_a_model_of_numbers() {
    let folder = Folder::new();
    folder.file("m.rnn", ADDING);
    let report = json(
        &folder
            .run(&["bench", "m.rnn", "--batch", "2", "--len", "3", "--steps", "1", "--format", "json"])
            .take_stdout(),
    );
    assert_eq!(report["layers"][0]["layer"], "gru");
}
