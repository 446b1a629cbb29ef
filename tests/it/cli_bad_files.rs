//! Bad `.rnn` files and bad places to write to.

use crate::command::{Folder, MODEL};

#[test]
fn a_file_that_is_no_text() {
    let folder = Folder::new();
    folder.file("binary.rnn", [0x7f, b'E', b'L', b'F', b'\n', 0xff, 0]).file("late.rnn", b"model A\nab\xffc");
    for command in ["check", "train", "summary"] {
        folder
            .run(&[command, "binary.rnn"])
            .stderr("error: binary.rnn:2: not UTF-8 text (byte 6 of the file); is it a .rnn file?\n")
            .status(1);
        folder
            .run(&[command, "late.rnn"])
            .stderr("error: late.rnn:2: not UTF-8 text (byte 11 of the file); is it a .rnn file?\n")
            .status(1);
        folder.run(&[command, "."]).stderr("error: . is a folder; name a file in it\n").status(1);
        folder
            .run(&[command, "bniary.rnn"])
            .stderr("error: cannot read bniary.rnn: there is no such file; did you mean binary.rnn?\n")
            .status(1);
        folder
            .run(&[command, "late.rnn/x"])
            .stderr("error: cannot read late.rnn/x: a part of its path is a file\n")
            .status(1);
    }
}

#[test]
fn ten_megabytes_of_brackets_are_one_error() {
    let folder = Folder::new();
    folder.file("deep.rnn", "(".repeat(10_000_000)).file("huge.rnn", " ".repeat((16 << 20) + 1));
    folder
        .run(&["check", "deep.rnn", "--format", "short"])
        .stdout("deep.rnn:1:1: error[E0105]: a .rnn file has at most 256 KiB, and this one has 9765\n")
        .status(1);
    folder
        .run(&["check", "huge.rnn"])
        .stderr("error: huge.rnn is larger than 16 MiB, which no .rnn file is\n")
        .status(1);
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_are_fine() {
    let folder = Folder::experiment();
    folder.file("m.rnn", format!("\u{feff}{}", MODEL.replace('\n', "\r\n")));
    folder.run(&["check", "m.rnn"]).stdout("m.rnn: no problems\n").status(0);
    folder.run(&["train", "m.rnn"]).any_output().status(0);
    folder.run(&["eval", "runs/m/model.safetensors"]).any_output().status(0);
}

#[test]
fn a_file_without_the_part_a_command_needs() {
    let folder = Folder::experiment();
    let (model, data) = MODEL.split_once("data {").unwrap();
    folder.file("empty.rnn", "").file("data.rnn", format!("data {{{data}"));
    folder.file(
        "alone.rnn",
        model.replace("Tiny(text) -> label", "Tiny(text: words[T]) -> class[C]").replace("dense(label)", "dense(C)"),
    );
    for (arguments, message, place) in [
        (["train", "empty.rnn"], "there is nothing in this file", "empty.rnn:1:1"),
        (["train", "alone.rnn"], "there is no `data` block to train on", "alone.rnn:1:1"),
        (["train", "data.rnn"], "there is no `model` to train", "data.rnn:1:1"),
        (["summary", "data.rnn"], "there is no `model` to summarise", "data.rnn:1:1"),
    ] {
        let mut run = folder.run(&arguments);
        let report = run.take_stderr();
        assert!(report.starts_with(&format!("error[E0601]: {message}\n   ╭─[{place}]\n")), "{report}");
        run.status(1);
    }
    let nothing = "empty.rnn:1:1: error[E0601]: there is nothing in this file\n";
    folder.run(&["check", "--format", "short", "empty.rnn"]).stdout(nothing).status(1);
    for name in ["data.rnn", "alone.rnn"] {
        folder.run(&["check", name]).stdout(&format!("{name}: no problems\n")).status(0);
    }
    assert!(!folder.path("runs").exists());
}

#[test]
fn errors_of_the_file_are_shown_all_at_once_and_nothing_starts() {
    let folder = Folder::experiment();
    folder.file("m.rnn", MODEL.replace("lstm(8)", "lsmt(8)").replace("epochs ", "epoch "));
    let mut run = folder.run(&["train", "m.rnn"]);
    let said = run.take_stderr();
    assert!(said.contains("`lsmt`") && said.contains("`epoch`") && said.contains("m.rnn: 2 errors\n"), "{said}");
    run.status(1);
    assert!(!folder.path("runs").exists());
}

#[test]
fn a_place_that_cannot_be_written_to() {
    let folder = Folder::trained();
    folder.file("file", "kept");
    let train = |out: &str, why: &str| {
        let expected = format!("error: {out}: {why}; name another folder with --out\n");
        folder.run(&["train", "m.rnn", "--out", out]).stderr(&expected).status(1);
    };
    train("file", "this is a file, not a folder");
    train("file/below", "cannot make this folder: a part of its path is a file");
    assert_eq!(folder.text("file"), "kept");

    // A folder where the model should be: known only when the model is written.
    std::fs::create_dir_all(folder.path("out/model.safetensors")).unwrap();
    let mut run = folder.run(&["train", "m.rnn", "--out", "out"]);
    let said = run.take_stderr();
    let kept = "the last checkpoint is kept, and --resume goes on from there";
    assert!(
        said.contains(&format!("error: out/model.safetensors: this is a folder; name the file in it; {kept}\n")),
        "{said}"
    );
    run.status(1);
}

/// On a disk of a few pages, where one can be made: what stood there before is intact.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_leaves_the_earlier_model() {
    let folder = Folder::experiment();
    std::fs::create_dir(folder.path("disk")).unwrap();
    let disk = folder.path("disk");
    let mount =
        std::process::Command::new("mount").args(["-t", "tmpfs", "-o", "size=256k", "tmpfs"]).arg(&disk).output();
    if !mount.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: a_full_disk_leaves_the_earlier_model needs the right to mount a file system");
        return;
    }
    folder.run(&["train", "m.rnn", "--out", "disk/run"]).any_output().status(0);
    let before = folder.read("disk/run/model.safetensors");
    folder.file("big.rnn", MODEL.replace("embedding(8)", "embedding(800)"));
    let mut run = folder.run(&["train", "big.rnn", "--out", "disk/run", "--overwrite"]);
    let said = run.take_stderr();
    let (after, names) = (folder.read("disk/run/model.safetensors"), folder.names("disk/run"));
    std::process::Command::new("umount").arg(&disk).status().unwrap();
    assert!(
        said.contains("error: disk/run/checkpoint.safetensors: cannot be written: the disk is full; free some space"),
        "{said}"
    );
    run.status(1);
    assert!(after == before, "the earlier model is gone");
    let ours = [".lock", "checkpoint.safetensors", "metrics.jsonl", "model.safetensors", "origin.json", "report.html"];
    assert_eq!(names, ours);
}
