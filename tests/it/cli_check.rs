//! `rnnc check`, `explain`, `summary` and `inspect`.

use crate::command::{Folder, MODEL};
use serde_json::Value;

#[test]
fn several_files_in_every_format() {
    let folder = Folder::experiment();
    folder.file("a.rnn", MODEL.replace("lstm(8)", "lsmt(8)")).file("b.rnn", MODEL.replace("epochs ", "epoch  "));
    let files = ["check", "a.rnn", "m.rnn", "b.rnn", "--format"];
    let run = |format: &str| folder.run(&[&files[..], &[format]].concat());

    run("short")
        .stdout(
            "a.rnn:3:27: error[E0303]: there is no layer `lsmt`\n\
             b.rnn:17:3: error[E0302]: `train` has no setting `epoch`\n",
        )
        .status(1);

    let mut json = run("json");
    let lines: Vec<Value> = json.answers().iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    json.status(1);
    assert_eq!(lines.iter().map(|line| line["path"].as_str().unwrap()).collect::<Vec<_>>(), ["a.rnn", "b.rnn"]);
    for line in &lines {
        for field in ["code", "severity", "message", "path", "start", "end", "labels", "help", "fixes"] {
            assert!(line.get(field).is_some(), "{field}: {line}");
        }
        assert!(line["start"]["line"].is_u64() && line["start"]["col"].is_u64() && line["start"]["byte"].is_u64());
    }
    let mut github = run("github");
    let lines = github.answers();
    github.status(1);
    assert!(lines.len() == 2 && lines.iter().all(|line| line.starts_with("::error title=rnnc")), "{lines:?}");

    let mut sarif = run("sarif");
    let document: Value = serde_json::from_str(&sarif.answers().join("\n")).unwrap();
    sarif.status(1);
    assert_eq!(document["version"], "2.1.0");
    assert_eq!(document["runs"][0]["results"].as_array().unwrap().len(), 2);

    let mut human = run("human");
    let shown = human.answers().join("\n");
    human.status(1);
    assert!(shown.ends_with("3 files: 2 errors\nmore about it: `rnnc explain E0303` (also E0302)"), "{shown}");
    assert!(shown.contains("a.rnn:3:27") && shown.contains("b.rnn:17:3") && !shown.contains('\u{1b}'), "{shown}");
}

#[test]
fn one_bad_file_does_not_keep_the_others_from_being_checked() {
    let folder = Folder::experiment();
    folder.file("a.rnn", MODEL.replace("lstm(8)", "lsmt(8)"));
    folder
        .run(&["check", "no.rnn", "a.rnn", "--format", "short"])
        .stderr("error: cannot read no.rnn: there is no such file\n")
        .stdout("a.rnn:3:27: error[E0303]: there is no layer `lsmt`\n")
        .status(1);
    folder.run(&["check", "m.rnn", "m.rnn"]).stdout("2 files: no problems\n").status(0);
    folder.run_with(&["check", "-"], MODEL.as_bytes()).stdout("-: no problems\n").status(0);
}

#[test]
fn a_warning_is_no_failure() {
    let folder = Folder::experiment();
    folder.file("m.rnn", MODEL.replace(" |> softmax", "").replace("last |> dense", "last |> dropout(1.0) |> dense"));
    let shown = folder.run(&["check", "m.rnn", "--format", "short"]).take_stdout();
    let codes: Vec<&str> = shown.lines().filter_map(|line| line.split(['[', ']']).nth(1)).collect();
    assert_eq!(codes, ["W0702", "W0704"], "{shown}");
    // A training goes on, with the warnings said once.
    let mut run = folder.run(&["train", "m.rnn"]);
    let said = run.take_stderr();
    assert_eq!((said.matches("W0704").count(), said.matches("W0702").count()), (1, 1), "{said}");
    run.any_output().status(0);
}

#[test]
fn every_code_has_its_page() {
    let folder = Folder::new();
    let page = folder.run(&["explain", "e0501"]).take_stdout();
    assert!(page.starts_with("# E0501: two sizes that must be equal and are not\n"), "{page}");
    let mut run = folder.run(&["explain", "E0510"]);
    let said = run.take_stderr();
    run.status(2);
    assert!(said.starts_with("error: there is no code \"E0510\"; did you mean E0501?\nthe codes are E0101 "), "{said}");
    for code in said.lines().nth(1).unwrap().split(' ').skip(3) {
        folder.run(&["explain", code]).any_output().status(0);
    }
}

#[test]
fn a_summary_counts_with_symbols_and_a_trained_model_with_numbers() {
    let folder = Folder::trained();
    let symbols = folder.run(&["summary", "m.rnn"]).take_stdout();
    assert!(symbols.contains("8*vocabulary(text)") && symbols.contains("9*classes(label)"), "{symbols}");
    let numbers = folder.run(&["summary", "runs/m/model.safetensors"]).take_stdout();
    // 20 tokens of 8; four gates of 8 rows and columns twice, with two biases; two classes.
    for row in [
        "embedding  [T, 8]            160",
        "lstm       [T, 8]            576",
        "dense      [2]                18",
        "total                        754",
    ] {
        assert!(numbers.contains(row), "{row}\n{numbers}");
    }
    let json = folder.run(&["summary", "runs/m/model.safetensors", "--format", "json"]).take_stdout();
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["parameters"], json["layers"].as_array().unwrap().len()), (&754.into(), 5));
}

#[test]
fn a_trained_model_tells_what_it_is() {
    let folder = Folder::trained();
    let shown = folder.run(&["inspect", "runs/m/model.safetensors"]).take_stdout();
    for line in [
        "model       Tiny\n            Whether somebody liked it.\n",
        "trained by  rnnc 0.1.0, edition 1 of the language, seed 1\n",
        "epochs      2, the best was 2\n",
        "labels      neg, pos\n",
        "vocabulary  text: 20 tokens, sha256 ",
        "data        train train.tsv (48 rows, sha256 ",
        "parameters  754 in 7 tensors\n",
        "            lstm.weight_ih_l0  [32, 8]\n",
    ] {
        assert!(shown.contains(line), "{line}\n{shown}");
    }
    let json = folder.run(&["inspect", "runs/m/model.safetensors", "--format", "json"]).take_stdout();
    let json: Value = serde_json::from_str(&json).unwrap();
    for field in
        ["source", "vocabularies", "labels", "rnnc_version", "edition", "seed", "data", "metrics", "parameters"]
    {
        assert!(!json[field].is_null(), "{field}");
    }
    folder.run(&["inspect", "runs/m/model.safetensors", "--source"]).stdout(MODEL).status(0);
}

#[test]
fn an_evaluation_in_numbers() {
    let folder = Folder::trained();
    let json = folder.run(&["eval", "runs/m/model.safetensors", "--format", "json"]).take_stdout();
    let figures: Value = serde_json::from_str(&json).unwrap();
    for field in ["accuracy", "macro_f1", "loss"] {
        assert!(figures[field].is_f64(), "{field}: {json}");
    }
    let confusion: Vec<Vec<u64>> = serde_json::from_value(figures["confusion"].clone()).unwrap();
    assert_eq!(confusion.iter().map(|row| row.iter().sum()).collect::<Vec<u64>>(), [8, 8]);
    assert_eq!(figures["accuracy"], (confusion[0][0] + confusion[1][1]) as f64 / 16.0);
    for (class, label) in figures["classes"].as_array().unwrap().iter().zip(["neg", "pos"]) {
        assert_eq!((&class["label"], &class["support"]), (&label.into(), &8.into()));
        assert!(class["precision"].is_f64() && class["recall"].is_f64() && class["f1"].is_f64());
    }
    // Beside the figures of the training itself, from the command line too.
    let given =
        folder.run(&["eval", "runs/m/model.safetensors", "--data", "test.tsv", "--format", "json"]).take_stdout();
    assert_eq!(given, json);
    let shown = folder.run(&["eval", "runs/m/model.safetensors"]).take_stdout();
    assert!(
        shown.starts_with("{folder}/test.tsv\nloss ") && shown.contains("confusion: rows true, columns predicted"),
        "{shown}"
    );
}
