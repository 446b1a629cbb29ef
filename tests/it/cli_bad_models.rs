//! Damaged, foreign and tampered `model.safetensors`: one line each, from every command that reads one.

use crate::command::Folder;
use serde_json::Value;

/// Every command that reads a model says the same and nothing else.
#[track_caller]
fn refused(folder: &Folder, name: &str, why: &str) {
    for command in [&["eval", name][..], &["predict", name, "good"], &["inspect", name], &["summary", name]] {
        folder.run(command).stderr(&format!("error: {name}: {why}\n")).status(1);
    }
}

/// The trained model with its header changed.
fn changed(folder: &Folder, change: impl Fn(&mut Value, &mut Value)) {
    let bytes = folder.read("runs/m/model.safetensors");
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let mut header: Value = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    let mut record: Value = serde_json::from_str(header["__metadata__"]["rnnc"].as_str().unwrap()).unwrap();
    change(&mut header, &mut record);
    if header["__metadata__"].is_object() {
        header["__metadata__"]["rnnc"] = record.to_string().into();
    }
    let mut text = header.to_string();
    text.push_str(&" ".repeat(text.len().next_multiple_of(8) - text.len()));
    folder.file(
        "bad.safetensors",
        [&(text.len() as u64).to_le_bytes()[..], text.as_bytes(), &bytes[8 + length..]].concat(),
    );
}

#[test]
fn a_file_that_is_damaged_or_something_else() {
    let folder = Folder::trained();
    let whole = folder.read("runs/m/model.safetensors");
    let again = "copy it again or train again";
    folder.file("bad.safetensors", &whole[..whole.len() - 1]);
    refused(&folder, "bad.safetensors", &format!("the file is cut short; {again}"));
    folder.file("bad.safetensors", &whole[..100]);
    refused(&folder, "bad.safetensors", &format!("the file is cut short; {again}"));
    folder.file("bad.safetensors", "");
    refused(&folder, "bad.safetensors", &format!("the file is empty; {again}"));
    folder.file("bad.safetensors", [&u64::MAX.to_le_bytes()[..], b"{}"].concat());
    refused(&folder, "bad.safetensors", "this is not a safetensors file (it does not begin with a header)");
    folder.file("bad.safetensors", b"\x02\0\0\0\0\0\0\0{}");
    refused(
        &folder,
        "bad.safetensors",
        "this is a safetensors file but no model that rnnc wrote (its metadata has no `rnnc` record)",
    );
    std::fs::copy(folder.path("runs/m/checkpoint.safetensors"), folder.path("bad.safetensors")).unwrap();
    refused(
        &folder,
        "bad.safetensors",
        "this is a safetensors file but no model that rnnc wrote (its metadata has no `rnnc` record)",
    );
    refused(&folder, "no.safetensors", "there is no such file; `rnnc train` writes one");
    for command in ["eval", "predict", "inspect"] {
        folder.run(&[command, "runs"]).stderr("error: runs: this is a folder; name the file in it\n").status(1);
        folder
            .run(&[command, "m.rnn"])
            .stderr("error: m.rnn: this is not a safetensors file (it does not begin with a header)\n")
            .status(1);
    }
}

#[test]
fn a_record_that_was_tampered_with() {
    let folder = Folder::trained();
    let source = |from: &'static str, to: &'static str| {
        move |_: &mut Value, record: &mut Value| {
            record["source"] = record["source"].as_str().unwrap().replace(from, to).into()
        }
    };
    let by_hand = "; the file is damaged or was made by hand";
    let case = |change: &dyn Fn(&mut Value, &mut Value), why: &str| {
        changed(&folder, change);
        refused(&folder, "bad.safetensors", &format!("{why}{by_hand}"));
    };
    case(&source("lstm(8)", "lstm(16)"), "`lstm.weight_ih_l0` has the shape [32, 8], but its source says [64, 8]");
    case(&source("lstm(8)", "gru(8)"), "it has no tensor `gru.weight_ih_l0`");
    case(
        &source("lstm(8)", "lstm(99999999999)"),
        "the source in it is not sound: `hidden_size` is a size of at most 16777216, and this is 99999999999",
    );
    case(
        &source("lstm(8)", "lstm(1000000)"),
        "`lstm.weight_ih_l0` has the shape [32, 8], but its source says [4000000, 8]",
    );
    case(
        &|_, r| r["source"] = "garbage {".into(),
        "the source in it is not sound: `garbage` does not start a part of a .rnn file",
    );
    case(&|_, r| r["source"] = "".into(), "the source in it is not sound: there is nothing in this file");
    case(&|_, r| r["source"] = "edition = 1".into(), "the source in it has no model");
    case(
        &|_, r| r["source"] = format!("use \"/etc/passwd\"\n{}", r["source"].as_str().unwrap()).into(),
        "the source in it is not sound: cannot read the imported file \"/etc/passwd\": files cannot be read here",
    );
    case(
        &|_, r| r["labels"] = serde_json::json!(["neg"]),
        "its labels are not sound: there must be at least two classes",
    );
    case(
        &|_, r| r["labels"] = serde_json::json!(["neg", "neg"]),
        "its labels are not sound: a class stands twice among the labels",
    );
    case(
        &|_, r| r["labels"] = serde_json::json!(["neg", "pos", "more"]),
        "`dense.weight` has the shape [2, 8], but its source says [3, 8]",
    );
    case(
        &|_, r| r["vocabularies"]["text"] = serde_json::json!(["<pad>"]),
        "a vocabulary in it is not sound: a vocabulary starts with `<pad>`, `<unk>`",
    );
    case(&|_, r| r["vocabularies"] = serde_json::json!({}), "it has no vocabulary for `text`");
    case(&|_, r| r["class_weights"] = serde_json::json!([1.0]), "its class weights do not fit its labels");

    changed(&folder, |_, r| drop(r.as_object_mut().unwrap().remove("labels")));
    refused(
        &folder,
        "bad.safetensors",
        "its model record is damaged: missing field `labels`; copy it again or train again",
    );
    changed(&folder, |_, r| r["edition"] = 7.into());
    refused(
        &folder,
        "bad.safetensors",
        "it was written by rnnc 0.1.0 in a newer form (schema 1, edition 7); update rnnc to use it",
    );
    changed(&folder, |h, _| h["dense.bias"]["data_offsets"] = serde_json::json!([0, u64::MAX]));
    refused(&folder, "bad.safetensors", "the tensor `dense.weight` does not follow the one before it");
}

#[test]
fn test_data_that_changed_or_went_away() {
    let folder = Folder::trained();
    let model = "runs/m/model.safetensors";
    folder.file("test.tsv", "text\tlabel\na good film\tpos\na dull film\tneg\n");
    let mut run = folder.run(&["eval", model]);
    assert_eq!(run.take_stderr(), "warning: {folder}/test.tsv has changed since the model was trained\n");
    run.any_output().status(0);
    std::fs::remove_file(folder.path("test.tsv")).unwrap();
    folder
        .run(&["eval", model])
        .stderr("error: runs/m/model.safetensors: its test data \"test.tsv\" is not here; name it with --data FILE\n")
        .status(1);
    folder.run(&["train", "m.rnn", "--overwrite", "--set", "data.test=none"]).any_output().status(0);
    folder
        .run(&["eval", model])
        .stderr("error: runs/m/model.safetensors: it was trained without test data; name some with --data FILE\n")
        .status(1);
}
