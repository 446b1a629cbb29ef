//! `rnnc train`: what it prints and writes, for every kind of data and setting.

use crate::command::{Folder, MODEL, rows};
use serde_json::Value;

const SAID: &str = "\
48 training, 16 validation, 16 test rows; 2 classes; vocabulary of text: 20 tokens
epoch 1/2  loss #  accuracy #%  valid loss #  valid accuracy #%  # examples/s  #s  best
epoch 2/2  loss #  accuracy #%  valid loss #  valid accuracy #%  # examples/s  #s  best
";

const RESULT: &str = "\
best epoch 2 of 2
validation  loss #  accuracy #%  macro F1 #%
test        loss #  accuracy #%  macro F1 #%
model       runs/m/model.safetensors
report      runs/m/report.html
to use it   rnnc predict runs/m/model.safetensors 'a text of your own'
";

/// Trains and gives the loss of every epoch.
fn losses(folder: &Folder, arguments: &[&str]) -> Vec<f64> {
    let mut all = vec!["train", "m.rnn", "--out", "out", "--overwrite"];
    all.extend(arguments);
    folder.run(&all).any_output().status(0);
    let lines = folder.text("out/metrics.jsonl");
    lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["train_loss"].as_f64().unwrap()).collect()
}

#[test]
fn a_training_says_what_it_does_and_leaves_everything_in_its_folder() {
    let folder = Folder::experiment();
    folder.run(&["train", "m.rnn"]).figures(RESULT, SAID).status(0);
    let written =
        [".lock", "checkpoint.safetensors", "metrics.jsonl", "model.safetensors", "origin.json", "report.html"];
    assert_eq!(folder.names("runs/m"), written);

    let metrics = folder.text("runs/m/metrics.jsonl");
    assert_eq!(metrics.lines().count(), 2);
    for (i, line) in metrics.lines().enumerate() {
        let record: Value = serde_json::from_str(line).unwrap();
        assert_eq!(record["epoch"], i + 1);
        for field in ["train_loss", "train_accuracy", "valid_loss", "valid_accuracy", "valid_macro_f1"] {
            assert!(record[field].as_f64().is_some_and(|figure| (0.0..10.0).contains(&figure)), "{field}: {line}");
        }
        for field in ["learning_rate", "examples_per_second", "seconds"] {
            assert!(record[field].as_f64().is_some_and(|figure| figure > 0.0), "{field}: {line}");
        }
    }
}

#[test]
fn the_task_is_learnt() {
    let folder = Folder::experiment();
    folder.run(&["train", "m.rnn", "--set", "train.epochs=15"]).any_output().status(0);
    let figures = folder.run(&["eval", "runs/m/model.safetensors", "--format", "json"]).take_stdout();
    let figures: Value = serde_json::from_str(&figures).unwrap();
    assert!(figures["accuracy"].as_f64().unwrap() > 0.9, "{figures}");
}

#[test]
fn data_may_be_csv_or_json_lines_words_characters_or_chinese() {
    let folder = Folder::experiment();
    let pairs: Vec<(String, String)> = rows(48, 1)
        .lines()
        .skip(1)
        .map(|row| row.split_once('\t').map(|(text, label)| (text.to_string(), label.to_string())).unwrap())
        .collect();
    let csv: String = pairs.iter().map(|(text, label)| format!("\"{text}, said \"\"he\"\"\",{label}\n")).collect();
    folder.file("t.csv", format!("text,label\n{csv}"));
    let json: String =
        pairs.iter().map(|(text, label)| format!("{}\n", serde_json::json!({"label": label, "text": text}))).collect();
    folder.file("t.jsonl", json);
    let chinese: String =
        (0..24).map(|i| format!("这部电影{}\t{}\n", ["很好看", "真无聊"][i % 2], ["好", "坏"][i % 2])).collect();
    folder.file("zh.tsv", format!("text\tlabel\n{chinese}"));
    let none = ["--set", "data.valid=none", "--set", "data.test=none", "--set", "train.epochs=4"];
    for data in ["t.csv", "t.jsonl", "zh.tsv"] {
        for kind in ["words", "chars { lowercase = true }", "jieba"] {
            folder.file("m.rnn", MODEL.replace("text  : words", &format!("text  : {kind}")));
            let train = format!("data.train={data}");
            let losses = losses(&folder, &[&["--set", &train][..], &none].concat());
            assert!(losses[3] < losses[0], "{data}, {kind}: {losses:?}");
        }
    }
    folder
        .run(&["predict", "out/model.safetensors", "这部电影很好看", "--format", "json"])
        .take_stdout()
        .contains("好")
        .then_some(())
        .unwrap();
}

#[test]
fn every_optimizer_and_every_schedule_learns() {
    let folder = Folder::experiment();
    for optimizer in [
        "sgd(lr = 0.1)",
        "sgd(lr = 0.05, momentum = 0.9, nesterov = true)",
        "adam(lr = 0.01)",
        "adamw(lr = 0.01, weight_decay = 0.01)",
        "adagrad(lr = 0.1)",
        "adadelta(lr = 1.0)",
        "rmsprop(lr = 0.01)",
    ] {
        let optimizer = format!("train.optimizer={optimizer}");
        let losses = losses(&folder, &["--set", &optimizer, "--set", "train.epochs=6"]);
        assert!(losses[5] < losses[0], "{optimizer}: {losses:?}");
    }
    for schedule in ["constant", "step(step_size = 2)", "cosine", "cosine(min_lr = 1e-3)", "plateau(patience = 1)"] {
        let schedule = format!("train.schedule={schedule}");
        let losses = losses(&folder, &["--set", &schedule, "--set", "train.epochs=6", "--set", "train.warmup_steps=2"]);
        assert!(losses[5] < losses[0], "{schedule}: {losses:?}");
    }
}

#[test]
fn weights_of_classes_and_smoothing_are_in_the_loss_and_eval_reports_the_same() {
    let folder = Folder::experiment();
    // Three times as many of one class as of the other.
    let train: String = rows(48, 1)
        .lines()
        .enumerate()
        .filter(|(i, _)| i % 6 != 4 && i % 6 != 2)
        .map(|(_, l)| format!("{l}\n"))
        .collect();
    folder.file("train.tsv", train);
    let mut seen = Vec::new();
    for settings in [
        &["train.class_weights=none"][..],
        &["train.class_weights=balanced"],
        &["train.class_weights=[[\"neg\", 3.0], [\"pos\", 1]]"],
        &["train.label_smoothing=0.1"],
    ] {
        let mut arguments = vec!["train", "m.rnn", "--out", "out", "--overwrite"];
        settings.iter().for_each(|setting| arguments.extend(["--set", setting]));
        folder.run(&arguments).any_output().status(0);
        let eval = folder.run(&["eval", "out/model.safetensors", "--format", "json"]).take_stdout();
        let inspected = folder.run(&["inspect", "out/model.safetensors", "--format", "json"]).take_stdout();
        let [eval, inspected]: [Value; 2] = [eval, inspected].map(|text| serde_json::from_str(&text).unwrap());
        assert_eq!(eval["loss"], inspected["metrics"]["test"]["loss"], "{settings:?}");
        seen.push(eval["loss"].as_f64().unwrap());
    }
    seen.sort_by(f64::total_cmp);
    seen.dedup();
    assert_eq!(seen.len(), 4, "every setting changes the loss: {seen:?}");
}

#[test]
fn word_vectors_are_read_and_their_coverage_said() {
    let folder = Folder::experiment();
    let words = "the film was a very story and it good great lovely fine superb bad awful unheard";
    let all = "vectors.txt: vectors for 15 of 18 tokens (83.3%)\n";
    for (few, freeze) in [(false, true), (true, false)] {
        let words = words.split(' ').skip(if few { 8 } else { 0 });
        let lines = words.enumerate().map(|(i, word)| format!("{word} {i} 0.5 -1 2e-1\n"));
        folder.file("vectors.txt", format!("16 4\n{}", lines.collect::<String>()));
        let embedding = format!("embedding(vectors = \"vectors.txt\", freeze = {freeze})");
        folder.file("m.rnn", MODEL.replace("embedding(8)", &embedding));
        let mut run = folder.run(&["train", "m.rnn", "--overwrite"]);
        assert!(run.take_stderr().contains(if few { "[W0808]: vectors.txt has vectors for only" } else { all }));
        run.any_output().status(0);
        // The model needs the file no more.
        std::fs::rename(folder.path("vectors.txt"), folder.path("away.txt")).unwrap();
        folder.run(&["eval", "runs/m/model.safetensors"]).any_output().status(0);
        std::fs::rename(folder.path("away.txt"), folder.path("vectors.txt")).unwrap();
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes_whatever_the_threads() {
    let folder = Folder::experiment();
    let train = |out: &str, more: &[&str]| {
        folder.run(&[&["train", "m.rnn", "--out", out][..], more].concat()).any_output().status(0);
        folder.read(&format!("{out}/model.safetensors"))
    };
    let one = train("one", &["--threads", "1"]);
    assert!(one == train("two", &["--threads", "2"]), "two threads give other weights than one");
    assert!(one == train("again", &["--threads", "1"]), "a second run gives other weights");
    assert!(one != train("other", &["--set", "train.seed=2"]), "the seed changes nothing");
}

#[test]
fn an_earlier_model_stays_until_the_first_epoch_is_done() {
    let folder = Folder::trained();
    let before = |name: &str| folder.read(&format!("runs/m/{name}"));
    let names = ["model.safetensors", "metrics.jsonl", "origin.json"];
    let old = names.map(before);
    let mut run = folder.run(&["train", "m.rnn", "--overwrite", "--set", "train.optimizer=sgd(lr = 1e30)"]);
    assert!(run.take_stderr().contains("training diverged at epoch 1"));
    run.status(1);
    assert!(old == names.map(before));
}

#[test]
fn extremes_train() {
    let folder = Folder::experiment();
    for settings in [
        &["train.batch_size=1000"][..],
        &["data.text.max_len=1", "train.epochs=1"],
        &["train.batch_size=1", "train.epochs=1"],
        &["data.text.max_vocab=1"],
        &["train.patience=1", "train.epochs=40", "train.monitor=valid_accuracy"],
    ] {
        let mut arguments = vec!["train", "m.rnn", "--overwrite"];
        settings.iter().for_each(|setting| arguments.extend(["--set", setting]));
        folder.run(&arguments).any_output().status(0);
    }
    folder.file("long.tsv", format!("text\tlabel\n{}\tx\n{}\ty\n", "a ".repeat(2000), "b ".repeat(2000)));
    let arguments =
        ["train", "m.rnn", "--set", "data.train=long.tsv", "--set", "data.valid=none", "--set", "data.test=none"];
    folder.run(&[&arguments[..], &["--overwrite"]].concat()).any_output().status(0);
}

#[test]
fn a_vocabulary_without_a_word_is_a_warning() {
    let folder = Folder::experiment();
    let mut run = folder.run(&["train", "m.rnn", "--set", "data.text.min_count=1000"]);
    let said = run.take_stderr();
    assert!(said.contains("warning[W0811]: no token of `text` occurs often enough"), "{said}");
    run.any_output().status(0);
}

#[test]
fn a_loss_that_is_lost_stops_the_training_and_names_the_setting() {
    let folder = Folder::experiment();
    folder
        .run(&["train", "m.rnn", "--out", "out", "--set", "train.optimizer.lr=1e30"])
        .figures(
            "",
            "warning[W0711]: a learning rate of 1e30 is far above what `adam` takes\n    \
             ╭─[m.rnn:15:26]\n \
             14 │ train {\n \
             15 │   optimizer  = adam(lr = 1e30)\n    \
             ·                          ──┬─\n    \
             ·                            ╰── the first steps throw the weights away\n \
             16 │   batch_size = 8\n    \
             ╰────\n  \
             help: usual is `lr = #`\n\
             48 training, 16 validation, 16 test rows; 2 classes; vocabulary of text: 20 tokens\n\
             error: training diverged at epoch 1, step 2: the loss is #e30, with a learning rate of 1e30\n  \
             --> m.rnn:15:26: the learning rate is the likely cause\n  \
             help: try a smaller one, such as lr = 1e-2, or limit the gradients with clip_norm = # in `train`\n  \
             no epoch was finished, so nothing was written\n",
        )
        .status(1);
    assert_eq!(folder.names("out"), [".lock", "checkpoint.safetensors"]);

    // Weights a hundred times larger after every epoch of one step: the epochs before it is too much are kept.
    let growing = "train.optimizer=sgd(lr = 1, weight_decay = 100)";
    let mut run =
        folder.run(&["train", "m.rnn", "--set", growing, "--set", "train.batch_size=48", "--set", "train.epochs=9"]);
    let said = run.take_stderr();
    assert!(said.contains("the best epoch so far, 1, is kept in runs/m/model.safetensors"), "{said}");
    run.status(1);
    folder.run(&["eval", "runs/m/model.safetensors"]).any_output().status(0);
}
