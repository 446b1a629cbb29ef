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

/// What `--resume` of the trained experiment says, less the notes about the data.
fn said(folder: &Folder, arguments: &[&str], status: i32) -> String {
    let mut run = folder.run(&[&["train", "m.rnn", "--resume"][..], arguments].concat());
    let said = run.take_stderr();
    drop(run.answers());
    run.status(status);
    said
}

#[test]
fn what_changed_cannot_be_resumed_and_is_named_at_its_place() {
    let folder = Folder::trained();
    let names = ["model.safetensors", "checkpoint.safetensors", "metrics.jsonl"];
    let before = names.map(|name| folder.read(&format!("runs/m/{name}")));
    let refused = |arguments: &[&str], what: &str, place: &str| {
        let said = said(&folder, arguments, 1);
        assert!(said.contains("E0603") && said.contains(what) && said.contains(place), "{said}");
    };
    refused(
        &["--set", "train.batch_size=4"],
        "`train.batch_size` was 8 when this training was started, and is 4 now",
        "m.rnn:16",
    );
    refused(
        &["--set", "train.optimizer.eps=1e-6"],
        "`train.optimizer.eps` was 1e-8 when this training was started, and is 1e-6 now",
        "m.rnn:15",
    );
    refused(&["--set", "data.text.lowercase=true"], "`data.text.lowercase` was false when this", "m.rnn:10");
    refused(&["--set", "train.epochs=1"], "and is 1 now: the training is in epoch 2 already", "m.rnn:17");
    let cosine = ["--set", "train.schedule=cosine"];
    refused(&cosine, "`train.schedule` was constant when", "m.rnn:");
    folder.file("m.rnn", MODEL.replace("lstm(8)", "lstm(9)"));
    refused(
        &[],
        "`lstm` was lstm(8), [T, 8] -> [T, 8] when this training was started, and is lstm(9), [T, 8] -> [T, 9] now",
        "m.rnn:3",
    );
    folder.file("m.rnn", MODEL);
    for name in ["train.tsv", "valid.tsv"] {
        let old = folder.text(name);
        folder.file(name, format!("{old}one more\tpos\n"));
        refused(&[], &format!("{name} does not hold what it did"), "m.rnn:");
        folder.file(name, old);
    }
    let checkpoint = "runs/m/checkpoint.safetensors";
    let whole = folder.read(checkpoint);
    folder.file(checkpoint, &whole[..whole.len() / 2]);
    let cut = format!("error: {checkpoint}: the file is cut short; copy it again or train again\n");
    assert_eq!(said(&folder, &[], 1), cut);
    std::fs::copy(folder.path("runs/m/model.safetensors"), folder.path(checkpoint)).unwrap();
    assert!(said(&folder, &[], 1).contains("no checkpoint that rnnc wrote"));
    folder.file(checkpoint, whole);
    let none = "error: new: there is no training here to go on with; leave out --resume to start one\n";
    assert_eq!(said(&folder, &["--out", "new"], 1), none);
    assert!(!folder.path("new").exists());
    assert!(before == names.map(|name| folder.read(&format!("runs/m/{name}"))));
}

#[test]
fn what_no_step_depends_on_may_change_and_more_epochs_are_those_of_one_run() {
    let folder = Folder::trained();
    folder.run(&["train", "m.rnn", "--out", "whole", "--set", "train.epochs=4"]).any_output().status(0);
    let renamed = MODEL.replace(
        "  text |> embedding(8) |> lstm(8)",
        "  // read\n  let read = text |> embedding(8)\n  read |> lstm(8)",
    );
    folder.file("m.rnn", renamed);
    let more = ["--set", "train.epochs=4", "--set", "train.patience=9", "--set", "data.test=valid.tsv"];
    said(&folder, &more, 0);
    // The renamed value gave its name to weights; they are the same ones.
    let mut run = folder.run(&["diff", "whole/model.safetensors", "runs/m/model.safetensors"]);
    let differences = run.answers();
    run.status(1);
    let names: Vec<&str> = differences.iter().map(|line| line.split(':').next().unwrap()).collect();
    assert_eq!(names, ["settings", "  data.test", "  train.patience"], "{differences:?}");
}

#[test]
fn a_used_folder_is_refused_with_both_ways_on() {
    let folder = Folder::trained();
    let mut run = folder.run(&["train", "m.rnn"]);
    let said = run.take_stderr();
    run.status(1);
    assert!(
        said.starts_with("error: runs/m: a training is here already: epoch 2 of 2, best valid accuracy "),
        "{said}"
    );
    assert!(
        said.ends_with(
            "\n  to go on with it: rnnc train m.rnn --resume\n  to replace it:    rnnc train m.rnn --overwrite\n"
        ),
        "{said}"
    );
    folder.file("runs/m/notes.txt", "mine");
    folder.run(&["train", "m.rnn", "--overwrite"]).any_output().status(0);
    assert_eq!(folder.text("runs/m/notes.txt"), "mine");
}

#[test]
fn two_trainings_of_one_folder_are_kept_apart() {
    let folder = slow();
    let mut first = folder.spawn(&["train", "m.rnn", "--set", "train.epochs=50"]);
    let checkpoint = folder.path("runs/m/checkpoint.safetensors");
    while !checkpoint.exists() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let mut run = folder.run(&["train", "m.rnn", "--overwrite"]);
    let said = run.take_stderr();
    run.status(1);
    let expected = format!("error: runs/m: another rnnc (process {}, for ", first.id());
    assert!(said.starts_with(&expected) && said.ends_with("name another folder with --out\n"), "{said}");
    first.kill().unwrap();
    first.wait().unwrap();
    // A killed process leaves no lock, and a checkpoint from before its first step.
    folder.run(&["train", "m.rnn", "--resume", "--set", "train.epochs=1"]).any_output().status(0);
}

/// Kills a training again and again, until it comes to its end; what is left must be what one that nobody kills leaves.
fn killed(model: &str, optimizer: &str, epochs: &str, moments: u64) {
    let folder = Folder::experiment();
    folder.file("m.rnn", model);
    folder.file("train.tsv", rows(1200, 1));
    let optimizer = format!("train.optimizer={optimizer}");
    let arguments =
        |out: &str| ["train", "m.rnn", "--out", out, "--set", &optimizer, "--set", epochs].map(str::to_string);
    let run = |out: &str, more: &str| {
        let arguments = arguments(out);
        let all: Vec<&str> = arguments.iter().map(String::as_str).chain([more]).collect();
        folder.spawn(&all)
    };
    assert!(run("whole", "--overwrite").wait().unwrap().success());
    let mut state = 1u64;
    let mut begun = false;
    for _ in 0..moments {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        let mut child = run("killed", if begun { "--resume" } else { "--overwrite" });
        std::thread::sleep(std::time::Duration::from_millis(20 + (state >> 33) % 400));
        child.kill().unwrap();
        child.wait().unwrap();
        begun = folder.path("killed/checkpoint.safetensors").exists();
    }
    assert!(run("killed", "--resume").wait().unwrap().success());
    let model = |out: &str| folder.read(&format!("{out}/model.safetensors"));
    assert!(model("killed") == model("whole"), "the model differs");
    let files = [".lock", "checkpoint.safetensors", "metrics.jsonl", "model.safetensors", "origin.json"];
    assert_eq!(folder.names("killed").iter().filter(|name| !name.ends_with(".html")).collect::<Vec<_>>(), files);
}

#[test]
fn a_training_that_is_killed_goes_on_to_the_same_bytes() {
    killed(MODEL, "adam(lr = 1e-2)", "train.epochs=3", 5);
}

/// `cargo test --release --test it kill_at_fifty -- --ignored`
#[test]
#[ignore = "takes minutes"]
fn kill_at_fifty_moments() {
    // A cell with dropout inside has no fused form: it runs by the reference path.
    let cell = "cell noisy(x: [I]; h: [H]) {\n  param w : [H, I]\n  param u : [H, H]\n  h' = tanh(w @ x + u @ dropout(h, 0.1))\n}\n\n";
    let by_reference = format!("{cell}{}", MODEL.replace("lstm(8)", "noisy(8)"));
    for optimizer in ["adam(lr = 1e-2)", "rmsprop(lr = 1e-3, momentum = 0.9)"] {
        killed(MODEL, optimizer, "train.epochs=40", 50);
        killed(&by_reference, optimizer, "train.epochs=12", 50);
    }
}

/// A file that may not grow stands for a disk that is full.
#[test]
fn what_cannot_be_written_leaves_the_last_checkpoint() {
    let folder = Folder::trained();
    let checkpoint = folder.read("runs/m/checkpoint.safetensors");
    let train = format!("{} train m.rnn --resume --set train.epochs=3", env!("CARGO_BIN_EXE_rnnc"));
    let line = format!("trap '' XFSZ; ulimit -f 4; exec {train}");
    let output = Command::new("sh").args(["-c", &line]).current_dir(folder.path(".")).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("cannot be written: ") && said.ends_with("--resume goes on from there\n"), "{said}");
    assert!(folder.read("runs/m/checkpoint.safetensors") == checkpoint);
    let left = folder.names("runs/m");
    assert!(left.iter().all(|name| !name.ends_with(".tmp")), "{left:?}");
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
            said.ends_with("the checkpoint does not fit the model; begin again with --overwrite\n"),
            "{from}: {said}"
        );
        run.status(1);
    }
}
