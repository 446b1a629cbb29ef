//! `rnnc predict`: texts from arguments, files and streams.

use crate::command::{Folder, MODEL, rows};
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

const TRAINED: &str = "runs/m/model.safetensors";

fn labels(output: &str) -> Vec<String> {
    output
        .lines()
        .map(|line| {
            let answer: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{line:?}: {error}"));
            let probabilities = answer["probabilities"].as_object().unwrap();
            assert_eq!(probabilities.keys().collect::<Vec<_>>(), ["neg", "pos"]);
            let sum: f64 = probabilities.values().map(|p| p.as_f64().unwrap()).sum();
            assert!((sum - 1.0).abs() < 1e-5, "{line}");
            answer["label"].as_str().unwrap().to_string()
        })
        .collect()
}

#[test]
fn texts_come_from_arguments_a_file_or_standard_input() {
    let folder = Folder::experiment();
    folder.run(&["train", "m.rnn", "--set", "train.epochs=15"]).any_output().status(0);
    let texts = ["a good film", "it was a very bad story", "great", "dull"];
    let expected = ["pos", "neg", "pos", "neg"];
    let arguments = [&["predict", TRAINED, "--format", "json"][..], &texts].concat();
    assert_eq!(labels(&folder.run(&arguments).take_stdout()), expected);

    // Windows line ends, and none after the last line.
    let lines = texts.join("\r\n");
    folder.file("texts.txt", &lines);
    for input in [&["--input", "texts.txt"][..], &["--input", "-"], &[]] {
        let arguments = [&["predict", TRAINED, "--format", "json"][..], input].concat();
        assert_eq!(labels(&folder.run_with(&arguments, lines.as_bytes()).take_stdout()), expected, "{input:?}");
    }
    // More than a batch, in order.
    let many = format!("{lines}\n").repeat(100);
    let answers = labels(&folder.run_with(&["predict", TRAINED, "--format", "json"], many.as_bytes()).take_stdout());
    assert_eq!(answers, expected.repeat(100));
    folder.run(&["predict", TRAINED, "great", "dull"]).figures("pos  #%   neg #%\nneg  #%   pos #%\n", "").status(0);
}

#[test]
fn a_stream_is_answered_line_by_line() {
    let folder = Folder::trained();
    let mut child = folder.spawn(&["predict", TRAINED, "--format", "json", "--input", "-"]);
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    for text in ["good", "bad", "", "the film"] {
        writeln!(input, "{text}").unwrap();
        let mut answer = String::new();
        output.read_line(&mut answer).unwrap();
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer["label"].is_string(), !text.is_empty(), "{answer}");
    }
    drop(input);
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[test]
fn what_is_no_text_is_reported_and_the_others_are_answered() {
    let folder = Folder::trained();
    let mut long = b"good\n\nbad \xff\n \t\n".to_vec();
    long.extend("x ".repeat(9 << 20).bytes());
    long.extend(b"\ngood");
    let mut run = folder.run_with(&["predict", TRAINED, "--format", "json"], &long);
    assert_eq!(
        run.take_stderr(),
        "error: standard input:2: the text is empty\n\
         error: standard input:3: not UTF-8 text (byte 5 of the line)\n\
         error: standard input:4: the text is empty\n\
         error: standard input:5: a line of more than 16 MiB is no text\n"
    );
    let text = String::from_utf8(
        folder.command(&["predict", TRAINED, "--format", "json", "", "good"]).output().unwrap().stdout,
    )
    .unwrap();
    assert!(text.starts_with("{\"label\":null,\"error\":\"the text is empty\"}\n{\"label\":\""), "{text}");
    let answers = run.answers();
    assert_eq!(answers.len(), 6);
    for (answer, sound) in answers.iter().zip([true, false, false, false, false, true]) {
        assert_eq!(answer.starts_with("{\"label\":\""), sound, "{answer}");
    }
    assert_eq!(answers[0], answers[5]);
    run.status(1);

    folder.run(&["predict", TRAINED, ""]).stderr("error: text 1: the text is empty\n").status(1);
    folder.run(&["predict", TRAINED]).stderr("error: standard input: there is no text to label\n").status(1);
    let none = "error: cannot read txts.txt: there is no such file; did you mean texts.txt?\n";
    folder.file("texts.txt", "").run(&["predict", TRAINED, "--input", "txts.txt"]).stderr(none).status(1);
    folder
        .run(&["predict", TRAINED, "--input", "runs"])
        .stderr("error: runs is a folder; name a file in it\n")
        .status(1);
    folder
        .run(&["predict", TRAINED, "--input", "texts.txt"])
        .stderr("error: texts.txt: there is no text to label\n")
        .status(1);
}

#[test]
fn a_model_of_two_fields_reads_objects() {
    let folder = Folder::experiment();
    let two = MODEL
        .replace("Tiny(text)", "Tiny(title, text)")
        .replace("  text |>", "  let head = title |> embedding(4) |> gru(4) |> last\n  let body = text |>")
        .replace("|> last |> dense", "|> last\n  concat(head, body) |> dense")
        .replace("  text  : words", "  title : words\n  text  : words");
    folder.file("m.rnn", two);
    for name in ["train.tsv", "valid.tsv", "test.tsv"] {
        let text = folder.text(name);
        let lines = text
            .lines()
            .enumerate()
            .map(|(i, line)| if i == 0 { format!("title\t{line}\n") } else { format!("On film {}\t{line}\n", i % 7) });
        folder.file(name, lines.collect::<String>());
    }
    folder.run(&["train", "m.rnn"]).any_output().status(0);
    let object = r#"{"title": "On film 3", "text": "a good film", "more": 1}"#;
    labels(&folder.run(&["predict", TRAINED, object, "--format", "json"]).take_stdout());
    let mut run = folder.run(&["predict", TRAINED, "a good film", r#"{"title": "x"}"#, r#"{"title": 3, "text": ""}"#]);
    assert_eq!(
        run.take_stderr(),
        "error: text 1: this model reads title, text: write one JSON object a text, with these names\n\
         error: text 2: the object has no text \"text\"; this model reads title, text\n\
         error: text 3: the object has no text \"title\"; this model reads title, text\n"
    );
    run.status(1);
}

#[test]
fn labels_may_be_anything_a_file_can_hold() {
    let folder = Folder::experiment();
    let labels = ["not \"good\"", "très bien", "<b>\u{1b}[31m", "two words"];
    let row = |i: usize| {
        format!("\"{}\",\"{}\"\n", "a b c d".split(' ').nth(i % 4).unwrap(), labels[i % 4].replace('"', "\"\""))
    };
    folder.file("t.csv", format!("text,label\n{}", (0..24).map(row).collect::<String>()));
    let arguments =
        ["train", "m.rnn", "--set", "data.train=t.csv", "--set", "data.valid=none", "--set", "data.test=t.csv"];
    folder.run(&arguments).any_output().status(0);
    let json = folder.run(&["predict", TRAINED, "a", "--format", "json"]).take_stdout();
    let answer: Value = serde_json::from_str(&json).unwrap();
    for label in labels {
        assert!(answer["probabilities"][label].is_number(), "{json}");
    }
    for command in [&["predict", TRAINED, "a"][..], &["eval", TRAINED], &["inspect", TRAINED]] {
        let shown = folder.run(command).take_stdout();
        assert!(!shown.contains('\u{1b}') && shown.contains("[31m"), "{shown}");
    }
}

#[test]
fn a_reader_that_has_enough_ends_the_program_quietly() {
    let folder = Folder::trained();
    let many = format!("text\n{}", rows(20_000, 1));
    folder.file("many.txt", many);
    let mut child = folder.spawn(&["predict", TRAINED, "--input", "many.txt"]);
    let mut first = String::new();
    BufReader::with_capacity(16, child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8(output.stderr).unwrap().as_str()), (Some(0), ""));

    // Nobody reads at all, on either stream.
    for arguments in [
        &["train", "m.rnn", "--overwrite"][..],
        &["check", "no.rnn"],
        &["eval", TRAINED],
        &["inspect", TRAINED],
        &["summary", "m.rnn"],
        &["explain", "E0501"],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = folder.command(arguments);
        let status = command.stdin(Stdio::null()).stdout(writer.try_clone().unwrap()).stderr(writer).status().unwrap();
        assert_eq!(status.code(), Some(i32::from(arguments[1] == "no.rnn")), "{arguments:?}");
    }
}
