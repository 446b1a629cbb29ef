//! Several trainings: `rnnc train --seeds` and `rnnc compare`.

use serde_json::Value;

use crate::command::Folder;

fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

/// The losses of a run, epoch by epoch.
pub fn losses(folder: &Folder, run: &str) -> Vec<f64> {
    let lines = folder.text(&format!("{run}/metrics.jsonl"));
    lines.lines().map(|line| value(line)["train_loss"].as_f64().unwrap()).collect()
}

const SEEDS: &str = "seed valid loss valid accuracy valid macro f1 test loss test accuracy test macro f1";

#[test]
fn seeds_are_trained_one_by_one_and_summed_up() {
    let folder = Folder::experiment();
    let mut run = folder.run(&["train", "m.rnn", "--seeds", "3", "--set", "train.epochs=1"]);
    let said = run.take_stderr();
    assert_eq!(said.lines().filter(|line| line.contains("  epoch 1/1  loss ")).count(), 3, "{said}");
    let table = run.take_stdout();
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0].join(" "), SEEDS);
    let firsts: Vec<&str> = rows[1..].iter().map(|row| row[0]).collect();
    assert_eq!(firsts, ["1", "2", "3", "mean", "models"]);
    // What is said is what is in the files.
    let summary = value(&folder.text("runs/m/seeds.json"));
    let accuracy: Vec<f64> =
        (0..3).map(|i| summary["seeds"][i]["figures"]["test_accuracy"].as_f64().unwrap()).collect();
    let mean = accuracy.iter().sum::<f64>() / 3.0;
    let deviation = (accuracy.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 2.0).sqrt();
    assert!((summary["mean"]["test_accuracy"].as_f64().unwrap() - mean).abs() < 1e-12);
    assert!((summary["standard_deviation"]["test_accuracy"].as_f64().unwrap() - deviation).abs() < 1e-12);
    // Each is the training that this seed alone makes.
    folder
        .run(&["train", "m.rnn", "--out", "alone", "--set", "train.epochs=1", "--set", "train.seed=2"])
        .any_output()
        .status(0);
    assert_eq!(losses(&folder, "runs/m/seed-2"), losses(&folder, "alone"));
    assert_ne!(losses(&folder, "runs/m/seed-1"), losses(&folder, "alone"));
    // A second time nothing is lost and nothing trained again.
    let again = ["train", "m.rnn", "--seeds", "3", "--set", "train.epochs=1"];
    let mut run = folder.run(&again);
    assert!(run.take_stderr().starts_with("error: runs/m/seed-1: a training is here already"));
    run.status(1);
    let mut run = folder.run(&[&again[..], &["--resume", "--quiet"]].concat());
    assert_eq!(run.take_stderr(), "");
    assert_eq!(run.take_stdout(), table);
}

#[test]
fn a_seed_that_diverges_is_a_row() {
    let folder = Folder::experiment();
    let mut run = folder.run(&["train", "m.rnn", "--seeds", "2", "--set", "train.optimizer=sgd(lr = 1e20)"]);
    assert!(run.take_stderr().contains("training diverged at epoch 1"));
    run.stdout("seed\n1\n2\nmean ± sd\nmodels     runs/m\n").status(1);
}

#[test]
fn runs_are_compared_by_figures_and_by_what_differs() {
    let folder = Folder::experiment();
    folder.run(&["train", "m.rnn"]).any_output().status(0);
    let other = ["--set", "train.optimizer.lr=3e-2", "--set", "model.hidden_size=4", "--set", "train.epochs=3"];
    folder.run(&[&["train", "m.rnn", "--out", "runs/other"], &other[..]].concat()).any_output().status(0);
    let shown = folder.run(&["compare", "runs/m", "runs/other/model.safetensors"]).take_stdout();
    let lines: Vec<&str> = shown.lines().collect();
    let header = lines[0].split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(header.starts_with("run parameters best epoch epochs seconds valid loss valid accuracy"), "{shown}");
    assert!(lines[1].starts_with("1 runs/m  ") && lines[2].starts_with("2 runs/other/model.safetensors  "), "{shown}");
    let differing = shown.split("\n\n").nth(1).unwrap();
    let rows: Vec<String> =
        differing.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(
        rows,
        [
            "what differs 1 2",
            "train.optimizer.lr 0.01 0.03",
            "train.epochs 2 3",
            "2: `lstm` was lstm(8), [T, 8] -> [T, 8] and is lstm(4), [T, 8] -> [T, 4]",
            "2: `dense` was dense(label), [8] -> [classes(label)] and is dense(label), [4] -> [classes(label)]",
        ]
    );
    assert!(shown.contains("o runs/m\n"), "{shown}");

    let json = value(
        &folder.run(&["compare", "runs/m", "runs/other", "--format", "json", "--metric", "train_loss"]).take_stdout(),
    );
    assert_eq!(json["settings"]["train.epochs"], serde_json::json!(["2", "3"]));
    assert_eq!(json["runs"][1]["epoch_by_epoch"], serde_json::json!(losses(&folder, "runs/other")));
    assert!(json["runs"][0]["parameters"].as_u64() > json["runs"][1]["parameters"].as_u64(), "{json}");

    let same = folder.run(&["compare", "runs/m", "runs/m"]).take_stdout();
    assert!(same.contains("\nthe files do not differ\n"), "{same}");
    for name in ["c.svg", "c.html"] {
        folder.run(&["compare", "runs/m", "runs/other", "--out", name]).any_output().status(0);
        assert!(folder.text(name).contains("runs/other"));
    }
}

#[test]
fn what_cannot_be_compared_is_refused_in_a_line() {
    let folder = Folder::trained();
    folder.file("empty/x", "");
    for (arguments, why, status) in [
        (&["runs/m", "empty"][..], "empty: there is no model.safetensors in this folder", 1),
        (
            &["runs/m", "runs/m", "--metric", "valid_acuracy"],
            "--metric valid_acuracy: no epoch has this figure; did you mean valid_accuracy?",
            2,
        ),
        (&["runs/m", "runs/m", "--out", "c.png"], "--out c.png: a comparison is an .svg or an .html file", 2),
    ] {
        folder.run(&[&["compare"], arguments].concat()).stderr(&format!("error: {why}\n")).status(status);
    }
    let mut run = folder.run(&["compare", "runs/m"]);
    assert!(run.take_stderr().starts_with("error: "));
    run.status(2);
}
