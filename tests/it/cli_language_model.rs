//! `rnnc` with a language model: training, the text it writes, what it says about texts.

use std::io::Read;
use std::process::Stdio;

use serde_json::Value;

use crate::command::{Folder, MODEL, rows};

const SPELLER: &str = r#"/// Says the alphabet, as far as it goes.
model Speller(text) -> next(text) {
  text |> embedding(8) |> gru(24) |> dense(vocabulary(text)) |> softmax
}

data {
  train = "train.txt"
  valid = "valid.txt"
  test  = "test.txt"
  text  : chars { keep_spaces = true }
}

train {
  optimizer  = adam(lr = 2e-2)
  batch_size = 4
  bptt       = 8
  epochs     = 8
}
"#;

const SAID: &str = "\
479 training, 47 validation, 47 test tokens to predict; vocabulary of text: 8 tokens
epoch 1/2  loss #  accuracy #%  valid loss #  valid accuracy #%  # tokens/s  #s  best
epoch 2/2  loss #  accuracy #%  valid loss #  valid accuracy #%  # tokens/s  #s  best
";

const RESULT: &str = "\
best epoch 2 of 2
validation  loss #  perplexity #  accuracy #%
test        loss #  perplexity #  accuracy #%
model       runs/m/model.safetensors
report      runs/m/report.html
to use it   rnnc generate runs/m/model.safetensors
";

const TRAINED: &str = "runs/m/model.safetensors";

/// The files of a speller.
fn experiment(model: &str) -> Folder {
    let folder = Folder::new();
    folder.file("m.rnn", model);
    for (name, lines) in [("train.txt", 80), ("valid.txt", 8), ("test.txt", 8)] {
        folder.file(name, "abcde\n".repeat(lines));
    }
    folder
}

fn trained() -> Folder {
    let folder = experiment(SPELLER);
    folder.run(&["train", "m.rnn"]).any_output().status(0);
    folder
}

#[test]
fn a_training_counts_tokens() {
    let folder = experiment(SPELLER);
    let two = ["train", "m.rnn", "--set", "train.epochs=2"];
    folder.run(&two).figures(RESULT, SAID).status(0);
    let last: Value = serde_json::from_str(folder.text("runs/m/metrics.jsonl").lines().last().unwrap()).unwrap();
    assert_eq!(last["valid_macro_f1"], Value::Null);
    let (loss, perplexity) = (last["valid_loss"].as_f64().unwrap(), last["valid_perplexity"].as_f64().unwrap());
    assert!((loss.exp() - perplexity).abs() < 1e-9, "{last}");
    // The same in windows, by settings of the command line.
    let cut = ["--set", "train.bptt=none", "--set", "data.text.window=8", "--set", "data.text.stride=4"];
    let said = SAID.replace("479 training", "951 training");
    folder.run(&[&two[..], &cut, &["--overwrite"]].concat()).figures(RESULT, &said).status(0);
}

#[test]
fn what_was_learnt_is_written() {
    let folder = trained();
    let generate = |arguments: &[&str]| {
        folder.run(&[&["generate", TRAINED, "--length", "14"][..], arguments].concat()).take_stdout()
    };
    // The most probable; the prompt is part of the text; without one it starts after a line break.
    assert_eq!(generate(&["--prompt", "abc", "--temperature", "0"]), "abcde\nabcde\nabcde\n");
    assert_eq!(generate(&["--temperature", "0"]), "abcde\nabcde\nab\n");
    // A draw is that of its seed.
    let hot = |seed: &str| generate(&["--temperature", "50", "--seed", seed]);
    assert_eq!(hot("7"), hot("7"));
    assert_ne!(hot("7"), hot("8"));
    assert_eq!(hot("1"), generate(&["--temperature", "50"]));
}

#[test]
fn an_unknown_character_is_warned_of() {
    let folder = trained();
    let said = "warning: the model does not know `x`, `é`, and reads an unknown token there\n";
    let run = folder.run(&["generate", TRAINED, "--prompt", "xaéx", "--length", "1", "--temperature", "0"]);
    let text = run.stderr(said).take_stdout();
    assert!(text.starts_with("xaéx"), "{text:?}");
}

#[test]
fn text_comes_as_it_is_written_and_nobody_has_to_read_all_of_it() {
    let folder = trained();
    let mut child = folder.command(&["generate", TRAINED, "--length", "4000000000"]);
    let mut child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut start = [0; 30];
    child.stdout.take().unwrap().read_exact(&mut start).unwrap();
    // The pipe is closed here.
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8(output.stderr).unwrap()), (Some(0), String::new()));
}

#[test]
fn words_are_written_with_spaces() {
    let model = SPELLER.replace("chars { keep_spaces = true }", "words");
    let folder = experiment(&model);
    for name in ["train.txt", "valid.txt", "test.txt"] {
        folder.file(name, "one two three. ".repeat(60));
    }
    folder.run(&["train", "m.rnn"]).any_output().status(0);
    folder
        .run(&["generate", TRAINED, "--prompt", "one two", "--length", "3", "--temperature", "0"])
        .stdout("one two three . one\n")
        .status(0);
}

#[test]
fn a_text_is_as_probable_as_the_model_finds_it() {
    let folder = trained();
    folder
        .run(&["predict", TRAINED, "abcde", "a"])
        .figures(
            "# nats a token  perplexity #  4 tokens\n",
            "error: text 2: a text of one token: a language model predicts the tokens after the first\n",
        )
        .status(1);
    let loss = |text: &str| {
        let answer = folder.run(&["predict", TRAINED, text, "--format", "json"]).take_stdout();
        serde_json::from_str::<Value>(&answer).unwrap()["loss"].as_f64().unwrap()
    };
    assert!(loss("abcde") < 0.5 && loss("edcba") > 2.0, "{} and {}", loss("abcde"), loss("edcba"));
    folder
        .run(&["eval", TRAINED])
        .figures("{folder}/test.txt\nloss #  perplexity #  accuracy #%  47 tokens\n\n", "")
        .status(0);
}

#[test]
fn rows_are_texts_of_their_own() {
    let model = SPELLER.replace(".txt", ".tsv").replace("  bptt       = 8\n", "");
    let folder = experiment(&model);
    folder.file("train.tsv", format!("text\n{}a\n", "abcde\n".repeat(40)));
    folder.file("valid.tsv", "text\nabcde\n").file("test.tsv", "text\nabcde\n");
    // Nothing follows the one token of the last row.
    let said = "160 training, 4 validation, 4 test tokens to predict; vocabulary of text: 7 tokens\n";
    let mut run = folder.run(&["train", "m.rnn"]);
    assert!(run.take_stderr().starts_with(said));
    run.any_output().status(0);
    folder.file("train.tsv", "text\na\nb\n");
    let message = "train.tsv: there is no token after the first, so nothing to predict";
    folder.run(&["train", "m.rnn", "--overwrite"]).finding("E0801", message).status(1);
}

#[test]
fn what_cannot_write_says_so() {
    let folder = Folder::trained();
    folder
        .run(&["generate", TRAINED])
        .stderr(
            "error: runs/m/model.safetensors: this is no language model: it says something about a text and cannot write \
             one\n  help: a model that can ends its head with `-> next(text)`; this one answers to `rnnc predict`\n",
        )
        .status(1);
    for temperature in ["-1", "hot", "inf"] {
        let argument = format!("--temperature={temperature}");
        let mut run = folder.run(&["generate", TRAINED, &argument]);
        let said = run.take_stderr();
        assert!(said.contains("a temperature is a number from 0"), "{said}");
        run.status(2);
    }
    // A plain text to a classifier is a table without a header.
    folder.file("m.rnn", MODEL.replace("train.tsv", "train.txt")).file("train.txt", rows(16, 1));
    folder.run(&["train", "m.rnn", "--overwrite"]).any_output().status(0);
}
