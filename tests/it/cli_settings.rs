//! `--set`: settings changed from the command line.

use crate::command::{Folder, MODEL};

fn refused(setting: &str, why: &str) {
    let folder = Folder::experiment();
    folder.run(&["train", "m.rnn", "--set", setting]).stderr(&format!("error: --set {why}\n")).status(2);
    assert_eq!(folder.names("."), ["m.rnn", "test.tsv", "train.tsv", "valid.tsv"], "{setting}");
}

#[test]
fn an_unknown_setting_is_answered_with_the_known_one() {
    for (setting, why) in [
        ("train.epoch=3", "there is no setting train.epoch; did you mean train.epochs?"),
        ("train.lr=3", "there is no setting train.lr; did you mean train.optimizer.lr?"),
        (
            "train.optimizer.learning_rate=3",
            "there is no setting train.optimizer.learning_rate; did you mean train.optimizer.lr?",
        ),
        ("epochs=3", "the file has no constant \"epochs\"; did you mean train.epochs?"),
        (
            "run.size=3",
            "there is no setting \"run.size\": a setting is named data.…, train.…, model.…, or by a constant of the file",
        ),
        ("model.hiden_size=3", "no layer of the model is given \"hiden_size\"; did you mean model.hidden_size?"),
        (
            "model.forget_bias=3",
            "no layer of the model is given \"forget_bias\"; only what is written there can be set",
        ),
        ("data.txt.min_count=3", "the data has no field \"txt\"; did you mean data.text.min_count?"),
        ("data.text.min_cuont=3", "there is no setting data.text.min_cuont; did you mean data.text.min_count?"),
        (
            "train.schedule.min_lr=0.1",
            "the file sets no schedule; write the whole of it, as in --set 'train.schedule=cosine(min_lr = 0.1)'",
        ),
        ("train.schedule.speed=0.1", "train.schedule has no setting \"speed\", and no other"),
        ("train.seed.x=1", "train.seed has no settings of its own"),
    ] {
        refused(setting, &format!("{setting}: {why}"));
    }
}

#[test]
fn what_is_no_setting_at_all_is_a_usage_error() {
    refused("train.epochs", "train.epochs: write KEY=VALUE, as in --set train.epochs=2");
    refused("train.epochs=", "train.epochs=: the value is missing");
    refused("=3", "=3: the file has no constant \"\"; settings are named with their block, as in train.epochs");
}

#[test]
fn a_value_is_one_value_and_cannot_smuggle_in_another() {
    let one = "this is not one value of the language, such as 2, 1e-3, true, \"text\" or adam(lr = 1e-3)";
    for (setting, shown) in [
        ("train.epochs=2 seed = 5", "2 seed = 5"),
        ("train.epochs=2, seed = 5", "2, seed = 5"),
        ("train.epochs=2\nseed = 5", "2\\nseed = 5"),
        ("train.epochs=2 // seed", "2 // seed"),
        ("train.epochs=2 }\nlayer x(a) { a }\ntrain {", "2 }\\nlayer x(a) { a }\\ntrain {"),
        ("train.optimizer.lr=1, weight_decay = 1", "1, weight_decay = 1"),
        ("train.optimizer.lr=1) }", "1) }"),
        ("data.text.min_count=1, lowercase = true", "1, lowercase = true"),
        ("data.text.min_count=1 }\nx : words {", "1 }\\nx : words {"),
        ("data.train=a\nb", "a\\nb"),
        ("data.train=\"a\" valid = \"b\"", "\\\"a\\\" valid = \\\"b\\\""),
    ] {
        let key = setting.split('=').next().unwrap();
        if key == "data.train" && !setting.contains('\n') {
            continue;
        }
        refused(setting, &format!("{key}={shown}: {one}"));
    }
    // In a path, nothing is special.
    let folder = Folder::experiment();
    for name in ["a \"quoted\" {name}.tsv", "back\\slash // x.tsv", "été.tsv"] {
        folder.file(name, folder.text("train.tsv"));
        folder.run(&["train", "m.rnn", "--overwrite", "--set", &format!("data.train={name}")]).any_output().status(0);
    }
}

#[test]
fn a_wrong_value_is_shown_in_its_place() {
    let folder = Folder::experiment();
    let mut run = folder.run(&["train", "m.rnn", "--set", "train.epochs=many", "--set", "train.batch_size=0"]);
    let said = run.take_stderr();
    assert!(said.contains("`epochs` takes a whole number, not `many`"), "{said}");
    assert!(said.contains("`batch_size` is at least 1, and this is 0"), "{said}");
    assert!(
        said.ends_with(
            "m.rnn: 2 errors\nmore about it: `rnnc explain E0402` (also E0401)\n\
             the text above is that of m.rnn with the settings of --set\n"
        ),
        "{said}"
    );
    run.status(1);
    assert_eq!(folder.text("m.rnn"), MODEL);
}

#[test]
fn settings_reach_the_training_and_its_record() {
    let folder = Folder::experiment();
    folder.file("sub/m.rnn", format!("let hidden = 64\n{}", MODEL.replace("lstm(8)", "lstm(hidden)")));
    let arguments = [
        "train",
        "sub/m.rnn",
        "--out",
        "out",
        "--set",
        "hidden=5",
        "--set",
        "train.epochs=1",
        "--set",
        "train.epochs=3",
        "--set",
        "train.optimizer.lr=0.02",
        "--set",
        "train.optimizer.weight_decay=0.1",
        "--set",
        "data.text.min_count=2",
        "--set",
        "data.text.lowercase=true",
        "--set",
        "data.valid=none",
        "--set",
        "data.test=none",
        // Paths of the command line start here, those of the file where the file is.
        "--set",
        "data.train=train.tsv",
    ];
    folder.run(&arguments).any_output().status(0);
    assert_eq!(folder.text("out/metrics.jsonl").lines().count(), 3);
    let source = folder.run(&["inspect", "out/model.safetensors", "--source"]).take_stdout();
    let place = folder.path("train.tsv");
    let shown = source.replace(&*place.to_string_lossy(), "{folder}/train.tsv");
    let expected = "let hidden = 5\n/// Whether somebody liked it.\nmodel Tiny(text) -> label {\n  \
        text |> embedding(8) |> lstm(hidden) |> last |> dense(label) |> softmax\n}\n\n\
        data {\n  train = \"{folder}/train.tsv\"\n  valid = none\n  test  = none\n  \
        text  : words { min_count = 2, lowercase = true }\n  label : class\n}\n\n\
        train {\n  optimizer  = adam(lr = 0.02, weight_decay = 0.1)\n  batch_size = 8\n  epochs     = 3\n  seed       = 1\n}\n";
    assert_eq!(shown, expected);
    folder
        .run(&["train", "sub/m.rnn", "--set", "hiden=5"])
        .stderr("error: --set hiden=5: the file has no constant \"hiden\"; did you mean hidden?\n")
        .status(2);
}

#[test]
fn a_file_without_a_block_gets_one() {
    let folder = Folder::experiment();
    let (without, _) = MODEL.split_once("train {").unwrap();
    folder.file("m.rnn", without.trim_end());
    folder
        .run(&["train", "m.rnn", "--set", "train.epochs=1", "--set", "train.optimizer.lr=0.01"])
        .any_output()
        .status(0);
    let source = folder.run(&["inspect", "runs/m/model.safetensors", "--source"]).take_stdout();
    assert!(source.ends_with("}\ntrain {\n  epochs = 1\n\n  optimizer = adam(lr = 0.01)\n}\n"), "{source}");
}

#[test]
fn an_argument_of_a_layer_is_set_where_only_one_layer_has_it() {
    let folder = Folder::experiment();
    let parameters = |settings: &[&str]| {
        let mut arguments = vec!["train", "m.rnn", "--overwrite", "--set", "train.epochs=1"];
        settings.iter().for_each(|setting| arguments.extend(["--set", setting]));
        folder.run(&arguments).any_output().status(0);
        let inspected = folder.run(&["inspect", "runs/m/model.safetensors"]).take_stdout();
        let line = inspected.lines().find(|line| line.contains("weight_hh_l0")).unwrap();
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(parameters(&["model.hidden_size=5"]), "lstm.weight_hh_l0 [20, 5]");
    // The layer's own argument is another: its name says which.
    assert_eq!(parameters(&["model.embedding_dim=3", "model.hidden_size=2"]), "lstm.weight_hh_l0 [8, 2]");
    folder.file("m.rnn", MODEL.replace("|> lstm(8)", "|> lstm(8) |> gru(hidden_size = 4)"));
    refused_in(
        &folder,
        "model.hidden_size=3",
        "model.hidden_size=3: 2 layers are given \"hidden_size\": line 3 `lstm(8)`, line 3 `gru(hidden_size = 4)`; \
         name it at the top of the file, as in `let hidden = 8`, and set that: --set hidden=3",
    );
}

fn refused_in(folder: &Folder, setting: &str, why: &str) {
    folder.run(&["train", "m.rnn", "--set", setting]).stderr(&format!("error: --set {why}\n")).status(2);
}
