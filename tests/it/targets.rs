//! What a model can be asked for besides a class: a label for every token, a number.

use serde_json::Value;

use crate::command::Folder;

const TAGGER: &str = r#"
model Tagger(text) -> tags {
  text |> embedding(8) |> bilstm(8) |> dense(tags) |> softmax
}

data {
  train = "train.tsv"
  valid = "train.tsv"
  test  = "train.tsv"
  text : tokens { max_len = 5 }
  tags : tags
}

train { optimizer = adam(lr = 3e-2), batch_size = 8, epochs = 12, monitor = valid_accuracy }
"#;

/// `a` is odd at odd places; `b` follows the token before it.
fn tagged() -> String {
    let mut text = "text\ttags\n".to_string();
    for i in 0..40 {
        let words: Vec<&str> = (0..3 + i % 4).map(|t| if (i / (t + 1)) % 2 == 0 { "a" } else { "b" }).collect();
        let tag = |t: usize| if t > 0 && words[t - 1] == "a" { "AFTER" } else { "OTHER" };
        let tags: Vec<&str> = (0..words.len()).map(tag).collect();
        text += &format!("{}\t{}\n", words.join(" "), tags.join(" "));
    }
    text
}

#[test]
fn a_tagger_learns_and_labels_every_token() {
    let folder = Folder::new();
    folder.file("m.rnn", TAGGER).file("train.tsv", tagged());
    folder.run(&["train", "m.rnn"]).any_output().status(0);
    let model = "runs/m/model.safetensors";
    let figures = folder.run(&["eval", model, "--format", "json"]).take_stdout();
    let figures: Value = serde_json::from_str(&figures).unwrap();
    assert!(figures["accuracy"].as_f64().unwrap() > 0.99, "{figures}");
    // Tokens are counted, not rows; texts of six tokens are cut to five.
    let counted: u64 = figures["classes"].as_array().unwrap().iter().map(|c| c["support"].as_u64().unwrap()).sum();
    assert_eq!(counted, 10 * (3 + 4 + 5 + 5));

    folder
        .run(&["predict", model, "b a b b", "a b b"])
        .stdout("b/OTHER a/OTHER b/AFTER b/OTHER\na/OTHER b/AFTER b/OTHER\n")
        .status(0);
    let answer = folder.run(&["predict", model, "a b", "--format", "json"]).take_stdout();
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!((&answer["tags"][1]["token"], &answer["tags"][1]["label"]), (&"b".into(), &"AFTER".into()));
    assert!(answer["tags"][1]["probability"].as_f64().unwrap() > 0.5);
}

#[test]
fn labels_that_do_not_fit_their_tokens_are_found_with_file_and_line() {
    let folder = Folder::new();
    folder.file("m.rnn", TAGGER);
    for (row, message) in [
        ("a b\tX", "train.tsv:3: 1 labels for 2 tokens; there is one label for each token"),
        ("a b\tX Y X", "train.tsv:3: 3 labels for 2 tokens; there is one label for each token"),
    ] {
        folder.file("train.tsv", format!("text\ttags\na b c\tX Y X\n{row}\n"));
        folder.run(&["train", "m.rnn"]).finding("E0802", message).status(1);
    }
}

const NUMBERS: &str = r#"
model Count(text) -> amount {
  text |> embedding(8) |> gru(16) |> last |> dense(1) |> sum
}

data {
  train  = "train.tsv"
  valid  = "train.tsv"
  test   = "train.tsv"
  text   : words
  amount : number
}

train { optimizer = adam(lr = 2e-2), batch_size = 8, epochs = 30 }
"#;

/// The amount is how often a text says `b`, and a half.
fn counted() -> String {
    let mut text = "text\tamount\n".to_string();
    for i in 0..64u32 {
        let words: Vec<&str> = (0..6).map(|t| if i >> t & 1 == 1 { "b" } else { "a" }).collect();
        text += &format!("{}\t{}.5\n", words.join(" "), i.count_ones());
    }
    text
}

#[test]
fn a_number_is_learnt_by_its_squared_error() {
    let folder = Folder::new();
    folder.file("m.rnn", NUMBERS).file("train.tsv", counted());
    folder.run(&["train", "m.rnn"]).any_output().status(0);
    let last = folder.text("runs/m/metrics.jsonl").lines().last().unwrap().to_string();
    let last: Value = serde_json::from_str(&last).unwrap();
    assert_eq!((&last["train_accuracy"], &last["valid_accuracy"]), (&Value::Null, &Value::Null));
    assert!(last["valid_loss"].as_f64().unwrap() < 0.1, "{last}");
    assert!(last["valid_mean_absolute_error"].as_f64().unwrap() < 0.3, "{last}");
    let model = "runs/m/model.safetensors";
    let answer = folder.run(&["predict", model, "a b a b b a", "--format", "json"]).take_stdout();
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert!((answer["value"].as_f64().unwrap() - 3.5).abs() < 0.7, "{answer}");
    folder
        .run(&["eval", model])
        .figures("{folder}/train.tsv\nloss #  mean absolute error #  64 examples\n\n", "")
        .status(0);
}

#[test]
fn what_is_no_number_is_found_with_file_and_line() {
    let folder = Folder::new();
    folder.file("m.rnn", NUMBERS);
    for word in ["many", "nan", "1e99"] {
        folder.file("train.tsv", format!("text\tamount\na\t1\na\t{word}\n"));
        let message = format!("train.tsv:3: expected a number, found `{word}`");
        folder.run(&["train", "m.rnn"]).finding("E0802", &message).status(1);
    }
}
