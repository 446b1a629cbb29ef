//! What a trained model remembers, and what can be done with that: compared, verified, trained again, started from.

use serde_json::Value;

use crate::command::{Folder, MODEL, rows};

const TRAINED: &str = "runs/m/model.safetensors";

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The model's file with another header; its weights changed too, where `weights` says how.
fn changed(folder: &Folder, record: impl Fn(&mut Value), weights: impl Fn(&mut [u8])) -> Vec<u8> {
    let bytes = folder.read(TRAINED);
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let mut header = json(std::str::from_utf8(&bytes[8..8 + length]).unwrap());
    let mut own = json(header["__metadata__"]["rnnc"].as_str().unwrap());
    record(&mut own);
    header["__metadata__"]["rnnc"] = own.to_string().into();
    let mut text = header.to_string();
    text.push_str(&" ".repeat(text.len().next_multiple_of(8) - text.len()));
    let mut values = bytes[8 + length..].to_vec();
    weights(&mut values);
    [&(text.len() as u64).to_le_bytes()[..], text.as_bytes(), &values].concat()
}

#[test]
fn the_record_is_whole() {
    let folder = Folder::trained();
    let record = json(&folder.run(&["inspect", TRAINED, "--format", "json"]).take_stdout());
    let settings = &record["settings"];
    for (name, value) in [
        ("train.optimizer", "adam"),
        ("train.optimizer.lr", "0.01"),
        ("train.optimizer.betas", "[0.9, 0.999]"),
        ("train.clip_norm", "none"),
        ("train.seed", "1"),
        ("data.text", "words"),
        ("data.text.min_count", "1"),
        ("data.train", "\"train.tsv\""),
    ] {
        assert_eq!(settings[name], value, "{name}");
    }
    assert_eq!(record["vocabulary_sha256"]["text"].as_str().map(str::len), Some(64));
    assert_eq!(record["golden"].as_array().map(Vec::len), Some(4));
    assert_eq!(record["golden"][0]["scores"].as_array().map(Vec::len), Some(2));
    assert!(record["cpu"].as_str().is_some_and(|cpu| cpu.contains(", ")), "{record}");
    let shown = folder.run(&["inspect", TRAINED]).take_stdout();
    assert!(shown.contains("\nsettings    data.") && shown.contains("golden rows 4, "), "{shown}");
    // What is printed trains as it is, to the same weights.
    folder.file("again.rnn", folder.run(&["inspect", TRAINED, "--source"]).take_stdout());
    folder.run(&["train", "again.rnn"]).any_output().status(0);
    assert!(folder.read("runs/again/model.safetensors") == folder.read(TRAINED));
}

#[test]
fn weights_that_were_damaged_are_noticed_and_an_older_record_is_not() {
    let folder = Folder::trained();
    folder.file(
        "bad.safetensors",
        changed(
            &folder,
            |_| (),
            |weights| {
                for bytes in weights.chunks_mut(4).take(40) {
                    bytes.copy_from_slice(&1.5f32.to_le_bytes());
                }
            },
        ),
    );
    let mut run = folder.run(&["predict", "bad.safetensors", "good"]);
    let said = run.take_stderr();
    run.status(1);
    let expected =
        "error: bad.safetensors: this file's weights do not give the answers it was saved with (golden row 1: ";
    assert!(
        said.starts_with(expected) && said.contains("it is damaged, or this processor computes otherwise"),
        "{said}"
    );

    let strip = |record: &mut Value| {
        for key in ["settings", "vocabulary_sha256", "cpu", "golden"] {
            record.as_object_mut().unwrap().remove(key);
        }
    };
    folder.file("old.safetensors", changed(&folder, strip, |_| ()));
    folder.run(&["eval", "old.safetensors"]).any_output().status(0);

    // Rows that the model could not read are an error and no panic.
    for (key, value) in [
        ("ids", serde_json::json!([99_999_999])),
        ("ids", serde_json::json!([])),
        ("parents", serde_json::json!([7])),
        ("sentences", serde_json::json!([u64::MAX, 3])),
        ("numbers", serde_json::json!([1.0])),
    ] {
        let hostile = |record: &mut Value| record["golden"][0]["inputs"]["text"][key] = value.clone();
        folder.file("hostile.safetensors", changed(&folder, hostile, |_| ()));
        let mut run = folder.run(&["predict", "hostile.safetensors", "good"]);
        let said = run.take_stderr();
        assert!(said.contains("golden row 1 is none that the model could read"), "{key}: {said}");
        run.status(1);
    }
}

#[test]
fn files_and_models_are_compared() {
    let folder = Folder::trained();
    folder.file("same.rnn", format!("// another layout\n{}", MODEL.replace("Tiny", "Small")));
    let same = "m.rnn and same.rnn are the same model with the same settings\n";
    folder.run(&["diff", "m.rnn", "same.rnn"]).stdout(same).status(0);
    folder.file("other.rnn", MODEL.replace("lstm(8)", "gru(8)").replace("lr = 1e-2", "lr = 1e-3"));
    let mut run = folder.run(&["diff", "m.rnn", "other.rnn"]);
    let said = run.answers().join("\n");
    run.status(1);
    assert!(said.contains("settings\n  train.optimizer.lr: 0.01 → 0.001    other.rnn:"), "{said}");
    assert!(
        said.starts_with(
            "architecture\n  - lstm: lstm(8), [T, 8] -> [T, 8]    m.rnn:3\n  + gru: gru(8), [T, 8] -> [T, 8]    other.rnn:3\n"
        ),
        "{said}"
    );
    assert!(said.contains("  + gru.weight_ih_l0: [24, 8]    other.rnn:3\n"), "{said}");

    let mut run = folder.run(&["diff", TRAINED, "m.rnn", "--format", "json"]);
    assert_eq!(json(&run.answers()[0])["same"], true);
    run.status(0);
    folder.run(&["train", "m.rnn", "--out", "two", "--set", "train.seed=2"]).any_output().status(0);
    let mut run = folder.run(&["diff", TRAINED, "two/model.safetensors"]);
    let said = run.answers().join("\n");
    run.status(1);
    assert!(said.contains("train.seed: 1 → 2") && said.contains("weights\n  the largest difference is "), "{said}");
    let mut run = folder.run(&["diff", "m.rnn", "mm.rnn"]);
    assert!(run.take_stderr().starts_with("error: cannot read mm.rnn"));
    run.status(2);
}

#[test]
fn a_model_is_trained_again_from_its_own_record() {
    let folder = Folder::trained();
    let mut run = folder.run(&["repro", TRAINED]);
    assert_eq!(run.answers(), ["identical: 754 weights, bit for bit"]);
    run.any_output().status(0);
    // Elsewhere, with the data beside it.
    let away = Folder::new();
    away.file("model.safetensors", folder.read(TRAINED));
    let mut run = away.run(&["repro", "model.safetensors"]);
    assert!(run.take_stderr().contains("name the folder that its paths start from with --data-dir"));
    run.status(1);
    let data = folder.path(".");
    let mut run = away.run(&["repro", "model.safetensors", "--data-dir", data.to_str().unwrap(), "--out", "again"]);
    assert_eq!(run.answers(), ["identical: 754 weights, bit for bit", "model       again/model.safetensors"]);
    run.any_output().status(0);
    folder.file("train.tsv", rows(40, 7));
    let mut run = folder.run(&["repro", TRAINED]);
    let said = run.answers().join("\n");
    run.take_stderr();
    run.status(1);
    assert!(
        said.starts_with("different: ") && said.contains("because     train.tsv has changed since it was trained"),
        "{said}"
    );
}

#[test]
fn a_model_agrees_with_itself() {
    let folder = Folder::trained();
    for subject in ["m.rnn", TRAINED] {
        let said = folder.run(&["verify", subject]).take_stdout();
        assert!(
            said.starts_with("layer ")
                && said.contains("lstm, fused\n")
                && said.contains("\nall agree; the worst are the "),
            "{said}"
        );
    }
    let said = folder.run(&["verify", "m.rnn", "--format", "json"]).take_stdout();
    let layers: Vec<Value> = said.lines().map(json).collect();
    let lstm = layers.iter().find(|layer| layer["layer"] == "lstm").unwrap();
    assert_eq!((&lstm["line"], &lstm["agrees"], &lstm["padding"]["figure"]), (&3.into(), &true.into(), &0.0.into()));
}

#[test]
fn every_model_of_the_repository_agrees_with_itself() {
    let folder = Folder::new();
    let models = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    let mut slow = 0;
    for entry in std::fs::read_dir(models).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "rnn") {
            let said = folder.run(&["verify", path.to_str().unwrap()]).take_stdout();
            assert!(said.contains("\nall agree; "), "{}\n{said}", path.display());
            slow += 1;
        }
    }
    assert!(slow > 10);
}

#[test]
fn a_training_starts_from_the_weights_of_another() {
    let folder = Folder::trained();
    // Other rows, so another vocabulary: tokens keep their vectors.
    folder.file("train.tsv", format!("{}a wholly new thing\tpos\n", rows(48, 5)));
    let start = ["train", "m.rnn", "--out", "tuned", "--weights", TRAINED];
    let mut run = folder.run(&start);
    let said = run.take_stderr();
    run.any_output().status(0);
    assert!(said.contains(&format!("7 of 7 parameters start from {TRAINED}\n")), "{said}");
    assert!(said.contains("embedding.weight: 20 of 23 rows are known to"), "{said}");
    let mut run = folder.run(&["repro", "tuned/model.safetensors"]);
    assert!(run.take_stderr().contains("it started from the weights of runs/m/model.safetensors"));
    run.status(1);

    folder.file("m.rnn", MODEL.replace("lstm(8)", "gru(8)"));
    let start = ["train", "m.rnn", "--out", "other", "--weights", TRAINED];
    let mut run = folder.run(&start);
    let said = run.take_stderr();
    run.status(1);
    assert!(
        said.contains("E0604") && said.contains("has no weights `gru.weight_ih_l0`") && said.contains("m.rnn:3"),
        "{said}"
    );
    assert!(said.contains("has the weights `lstm.bias_hh_l0`, and no layer of this file has"), "{said}");
    let mut run = folder.run(&[&start[..], &["--partial"]].concat());
    let said = run.take_stderr();
    run.any_output().status(0);
    assert!(said.contains("3 of 7 parameters start from") && said.contains("left: "), "{said}");
}
