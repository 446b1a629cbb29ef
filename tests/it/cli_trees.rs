//! Trees on the command line: trained, evaluated at every node and at the root, predicted, and refused.

use crate::command::Folder;
use serde_json::Value;

const MODEL: &str = r#"/// What a phrase is worth.
model Tiny(tree) -> label {
  tree |> embedding(8) |> recursive_net(8) |> dense(label) |> softmax
}

data {
  train = "train.ptb"
  valid = "train.ptb"
  test  = "train.ptb"
  tree  : tree
  label : tags { of = tree, merge = [["bad", "0", "1"], ["good", "3", "4"]], ignore = ["2"] }
}

train {
  optimizer  = adam(lr = 0.02)
  batch_size = 4
  epochs     = 40
  monitor    = valid_root_accuracy
}
"#;

const TREES: &str = "(4 (2 a) (4 (4 fine) (2 film)))\n(0 (2 a) (0 (0 poor) (2 film)))\n(1 (2 not) (3 fine))\n(3 (2 not) (1 poor))\n\
                     (2 film)\n(4 (2 (2 a) (2 film)) (4 fine))\n(0 (2 (2 a) (2 film)) (0 poor))\n";

const TRAINED: &str = "runs/m/model.safetensors";

fn trained() -> Folder {
    let folder = Folder::new();
    folder.file("m.rnn", MODEL).file("train.ptb", TREES);
    folder.run(&["train", "m.rnn"]).any_output().status(0);
    folder
}

#[test]
fn nodes_and_roots_have_figures_of_their_own() {
    let folder = trained();
    let last: Value = serde_json::from_str(folder.text("runs/m/metrics.jsonl").lines().last().unwrap()).unwrap();
    assert_eq!((&last["valid_root_accuracy"], &last["valid_accuracy"]), (&1.0.into(), &1.0.into()));
    // 14 nodes that are not neutral.
    let output = folder.run(&["eval", TRAINED]).take_stdout();
    for words in ["at the root 100.0%", "  14 nodes\n", "\nbad     7     .\ngood    .     7\n"] {
        assert!(output.contains(words), "{output}");
    }
    let json: Value = serde_json::from_str(&folder.run(&["eval", TRAINED, "--format", "json"]).take_stdout()).unwrap();
    assert_eq!((&json["root_accuracy"], &json["accuracy"]), (&1.0.into(), &1.0.into()));
}

#[test]
fn a_tree_is_predicted_with_or_without_labels() {
    let folder = trained();
    let arguments = ["predict", TRAINED, "((a) ((fine) (film)))", "(2 (2 not) (4 fine))"];
    folder.run(&arguments).figures("good  #%   bad #%\nbad  #%   good #%\n", "").status(0);
    let output = folder.run(&["predict", TRAINED, "--format", "json", "((not) (unheard))"]).take_stdout();
    let answer: Value = serde_json::from_str(&output).unwrap();
    let nodes = answer["nodes"].as_array().unwrap();
    let words: Vec<_> = nodes.iter().map(|node| (node["parent"].as_u64().unwrap(), node["word"].as_str())).collect();
    assert_eq!(words, [(0, None), (0, Some("not")), (0, Some("unheard"))]);
    assert_eq!(nodes[0]["label"], answer["label"]);
}

#[test]
fn what_is_no_tree_for_the_model_is_answered_with_an_error() {
    let folder = trained();
    for (tree, message) in [
        ("fine film", "a tree starts with `(`, not with `fine` (character 1)"),
        (
            "(the film)",
            "\"the\" stands where a label does, and is none; without labels every word has a node of its own: `((a) (tree))`",
        ),
        ("((a) (b) (c))", "a node with 3 children, and the model's cell reads 2: `left` and `right`"),
    ] {
        folder.run(&["predict", TRAINED, tree]).stderr(&format!("error: text 1: {message}\n")).status(1);
    }
}

/// Trains on such a file; what is wrong with it is said, and nothing is written.
#[track_caller]
fn refused(name: &str, contents: &str, model: &str, expected: &str) {
    let folder = Folder::new();
    folder.file("m.rnn", model.replace("train.ptb", name)).file(name, contents);
    let code = match expected {
        _ if expected.contains("children") => "E0803",
        _ if expected.contains("the label `") => "E0804",
        _ if expected.starts_with("FILE:2") => "E0802",
        _ => "E0801",
    };
    folder.run(&["train", "m.rnn", "--out", "out"]).finding(code, &expected.replace("FILE", name)).status(1);
    assert!(!folder.path("out").exists(), "{contents}");
}

#[test]
fn bad_files_are_named_with_their_line() {
    let help =
        "\n  help: a node is `(label word)` or `(label left right)`; without labels `(word)` and `((word) (word))`";
    for (contents, expected) in [
        ("(2 a)\n(3 (2 a) (2 b)\n", format!("FILE:2: the tree is no tree: a `(` is never closed{help}")),
        ("(2 a)\nwords\n", format!("FILE:2: the tree is no tree: a tree starts with `(`, not with `words` (character 1){help}")),
        ("(1 a)\n(3 (4 b) (c))\n", format!("FILE:2: node 3 of the tree has no label{help}")),
        ("(1 a)\n\n(3 b)\n", "FILE:2: a blank line between rows".into()),
        (
            "(1 a)\n(3 (1 b) (1 c) (1 d))\n(0 x)\n(2 x)\n(4 x)\n",
            "a node with 3 children at FILE:2, and the model's cell reads 2: `left` and `right`\n  help: \
             `child_sum_tree_lstm` reads any number; or make the trees binary"
                .into(),
        ),
        (
            "(1 a)\n(3 b)\n(0 x)\n(4 x)\n",
            "FILE: the label `2`, which `label` speaks of, does not occur\n  help: `merge` and `ignore` are about labels of \
             the training data"
                .into(),
        ),
    ] {
        refused("train.ptb", contents, MODEL, &expected);
    }
    let two =
        MODEL.replace("tree  : tree\n", "tree  : tree\n  label : class\n").replace("label : tags", "other : tags");
    let two =
        two.replace("tree |> embedding(8) |> recursive_net(8)", "tree |> embedding(8) |> recursive_net(8) |> root");
    let two = two.replace("  monitor    = valid_root_accuracy\n", "");
    let help = "\n  help: it gives one `tree` field and the `tags` of its nodes; other fields need a TSV, CSV or JSON Lines file";
    let lines: Vec<&str> = two.lines().filter(|line| !line.contains("other :")).collect();
    let expected = format!("FILE: a file of trees has no columns, and `tree`, `label` are asked for{help}");
    refused("train.ptb", TREES, &lines.join("\n"), &expected);
}

/// A tree as a column, with one class a row.
#[test]
fn trees_are_columns_of_other_files_too() {
    let folder = Folder::new();
    let model = "model Rooted(tree) -> label {\n  tree |> embedding(8) |> child_sum_tree_lstm(8) |> root |> dense(label) |> softmax\n}\n\n\
                 data {\n  train = \"train.tsv\"\n  tree  : tree\n  label : class\n}\n\ntrain {\n  epochs = 2\n}\n";
    folder.file("m.rnn", model).file("train.tsv", "label\ttree\nyes\t((a) (b) (c))\nno\t(X (Y a) (Z b))\n");
    folder.run(&["train", "m.rnn"]).any_output().status(0);
    folder.run(&["predict", TRAINED, "(S (NP a) (VP (V b) (O c)))"]).any_output().status(0);
    folder.run(&["bench", "m.rnn", "--batch", "2", "--len", "7"]).any_output().status(0);
}
