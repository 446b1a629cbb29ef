//! A training that is interrupted and goes on as if it had not been.
#![cfg(unix)]

use crate::command::{Folder, MODEL, rows};
use std::io::{BufRead, BufReader, Read};
use std::process::Command;

/// Enough steps an epoch that a signal meets the training in the middle of one.
fn slow() -> Folder {
    let folder = Folder::experiment();
    folder.file("train.tsv", rows(4000, 1));
    folder.file(
        "m.rnn",
        MODEL.replace("lstm(8)", "dropout(0.2) |> lstm(24)").replace("batch_size = 8", "batch_size = 4"),
    );
    folder
}

/// Trains until a line of stderr starts with `line`, interrupts, and gives everything that was said and the status.
fn interrupted(folder: &Folder, arguments: &[&str], line: &str) -> (String, Option<i32>) {
    let mut child = folder.spawn(arguments);
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    loop {
        let start = said.len();
        assert_ne!(stderr.read_line(&mut said).unwrap(), 0, "no line starts with {line:?}:\n{said}");
        if said[start..].starts_with(line) {
            break;
        }
    }
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    stderr.read_to_string(&mut said).unwrap();
    (said, child.wait().unwrap().code())
}

#[test]
fn an_interrupted_training_ends_with_the_same_bits() {
    let folder = slow();
    folder.run(&["train", "m.rnn", "--out", "whole"]).any_output().status(0);
    let whole = folder.read("whole/model.safetensors");
    for (out, line, epoch) in [("first", "4000 training", 1), ("second", "epoch 1/2", 2)] {
        let arguments = ["train", "m.rnn", "--out", out];
        let (said, status) = interrupted(&folder, &arguments, line);
        assert_eq!(status, Some(130), "{said}");
        assert!(said.contains(&format!("stopped in epoch {epoch} after step ")), "{said}");
        assert!(said.ends_with(&format!("to go on: rnnc train m.rnn --out {out} --resume\n")), "{said}");
        assert_eq!(folder.path(out).join("model.safetensors").exists(), epoch == 2);

        let resume = [&arguments[..], &["--resume"]].concat();
        folder.run(&resume).any_output().status(0);
        assert!(
            folder.read(&format!("{out}/model.safetensors")) == whole,
            "interrupted in epoch {epoch}: other weights"
        );
        let figures = |out: &str| {
            let text = folder.text(&format!("{out}/metrics.jsonl"));
            let line = |line: &str| line.split(",\"examples_per_second").next().unwrap().to_string();
            text.lines().map(line).collect::<Vec<_>>()
        };
        assert_eq!(figures(out), figures("whole"));

        // There is nothing left to do, and the result is the same.
        folder.run(&resume).any_output().status(0);
        assert!(folder.read(&format!("{out}/model.safetensors")) == whole);
    }
}

#[test]
fn the_line_to_go_on_can_be_pasted() {
    let folder = slow();
    let arguments = ["train", "m.rnn", "--out", "a run", "--set", "train.optimizer=adam(lr = 0.01)", "--threads", "2"];
    let (said, status) = interrupted(&folder, &arguments, "4000 training");
    assert_eq!(status, Some(130));
    let line = said.lines().last().unwrap().strip_prefix("to go on: rnnc ").unwrap();
    let command = format!("{} {line} --set train.epochs=2", env!("CARGO_BIN_EXE_rnnc"));
    assert!(line.ends_with("--resume"), "{line}");
    let output = Command::new("sh").args(["-c", &command]).current_dir(folder.path(".")).output().unwrap();
    assert!(output.status.success(), "{line}\n{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn what_changed_cannot_be_resumed() {
    let folder = Folder::trained();
    let checkpoint = "runs/m/checkpoint.safetensors";
    let names = ["model.safetensors", "checkpoint.safetensors", "metrics.jsonl"];
    let before = names.map(|name| folder.read(&format!("runs/m/{name}")));
    let refused = |arguments: &[&str], why: &str| {
        let mut run = folder.run(&[&["train", "m.rnn", "--resume"][..], arguments].concat());
        let said = run.take_stderr();
        assert_eq!(said.split_once("error: ").unwrap().1, format!("{why}\n"));
        run.status(1);
    };
    let again = "leave out --resume to start again";
    refused(
        &["--set", "train.seed=2"],
        &format!(
            "{checkpoint}: this training was started from another text, which differs from line 18 on; undo the change, or {again}"
        ),
    );
    for (name, role) in [("train.tsv", "training"), ("valid.tsv", "validation"), ("test.tsv", "test")] {
        let old = folder.text(name);
        folder.file(name, format!("{old}one more\tpos\n"));
        let why = format!(
            "{checkpoint}: the {role} data has changed since this training was started; undo the change, or {again}"
        );
        refused(&[], &why);
        folder.file(name, old);
    }
    let whole = folder.read(checkpoint);
    folder.file(checkpoint, &whole[..whole.len() / 2]);
    refused(&[], &format!("{checkpoint}: the file is cut short; copy it again or train again"));
    std::fs::copy(folder.path("runs/m/model.safetensors"), folder.path(checkpoint)).unwrap();
    refused(
        &[],
        &format!(
            "{checkpoint}: this is a safetensors file but no checkpoint that rnnc wrote (its metadata has no `rnnc_checkpoint` record)"
        ),
    );
    folder.file(checkpoint, whole);
    refused(&["--out", "new"], "new: there is no training here to go on with; leave out --resume to start one");
    assert!(before == names.map(|name| folder.read(&format!("runs/m/{name}"))));
}

#[test]
fn a_checkpoint_from_elsewhere_is_believed_nothing() {
    let folder = Folder::trained();
    let checkpoint = "runs/m/checkpoint.safetensors";
    let bytes = folder.read(checkpoint);
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    for (from, to) in [
        ("\\\"step\\\":0", "\\\"step\\\":999999"),
        ("\\\"epoch\\\":2,\\\"step\\\"", "\\\"epoch\\\":1,\\\"step\\\""),
        ("weights.dense.bias", "weights.dense.boas"),
    ] {
        let header = String::from_utf8(bytes[8..8 + length].to_vec()).unwrap();
        let mut changed = header.replace(from, to);
        assert_ne!(changed, header, "{from}");
        changed = changed.trim_end().to_string();
        changed.push_str(&" ".repeat(changed.len().next_multiple_of(8) - changed.len()));
        folder.file(
            checkpoint,
            [&(changed.len() as u64).to_le_bytes()[..], changed.as_bytes(), &bytes[8 + length..]].concat(),
        );
        let mut run = folder.run(&["train", "m.rnn", "--resume"]);
        let said = run.take_stderr();
        assert!(
            said.ends_with("the checkpoint does not fit the model; leave out --resume to start again\n"),
            "{from}: {said}"
        );
        run.status(1);
    }
}
