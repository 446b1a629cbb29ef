//! Stories and documents from the command line: questions about a story, several files, a share held out, restarts, and what
//! the model looks at.

use std::cell::Cell;
use std::collections::BTreeSet;

use rnnc::train::{Begin, EpochRecord, Options, Outcome, run};
use serde_json::Value;

use crate::command::Folder;
use crate::experiment::{folder as data_folder, setup};

/// One hop over the sentences: the one that names who is asked about says where they are.
const MODEL: &str = r#"
model Where(story, question) -> answer {
  let word  = embedding(12, weight_init = normal(0, 0.3))
  let said  = story |> word |> sum_over_time |> temporal_encoding(4)
  let told  = story |> embedding(12, weight_init = normal(0, 0.3)) |> sum_over_time
  let asked = question |> word |> sum_over_time
  weighted_sum(told, softmax(asked @ said, linear_start = true)) |> dense(answer) |> softmax
}

data {
  train    = ["one.txt", "two.txt"]
  valid    = 0.25
  test     = ["two.txt", "one.txt"]
  format   = babi
  story    : story { lowercase = true, punctuation = false, memory_size = 4, noise = 0.2 }
  question : words { lowercase = true, punctuation = false, vocabulary = story }
  answer   : class
}

train { optimizer = adam(lr = 3e-2), batch_size = 8, epochs = 8, restarts = 2 }
"#;

const TRAINED: &str = "runs/m/model.safetensors";

/// Stories of two sentences and a question about one of them.
fn stories(count: usize, seed: usize) -> String {
    let (people, places) = (["Anna", "Ben", "Carla"], ["harbour", "library", "market"]);
    let mut state = seed as u64;
    let mut next = |n: usize| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as usize % n
    };
    let story = |_| {
        let a = next(3);
        let (b, x, y) = ((a + 1 + next(2)) % 3, next(3), next(3));
        let second = next(2);
        let (who, answer) = [(a, x), (b, y)][second];
        format!(
            "1 {} is at the {}.\n2 {} went to the {}.\n3 Where is {}? \t{}\t{}\n",
            people[a],
            places[x],
            people[b],
            places[y],
            people[who],
            places[answer],
            1 + second
        )
    };
    (0..count).map(story).collect()
}

fn folder(model: &str) -> Folder {
    let folder = Folder::new();
    folder.file("m.rnn", model).file("one.txt", stories(48, 1)).file("two.txt", stories(24, 2));
    folder
}

fn json(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{line:?}: {error}"))
}

#[test]
fn restarts_are_told_apart_and_the_best_is_kept() {
    let folder = folder(MODEL);
    let figures = "  loss #  accuracy #%  valid loss #  valid accuracy #%  # examples/s  #s";
    let mut expected =
        "54 training, 18 validation, 72 test rows; 3 classes; vocabulary of story: 14 tokens\n".to_string();
    let metrics = || folder.text("runs/m/metrics.jsonl").lines().map(json).collect::<Vec<_>>();
    let mut run = folder.run(&["train", "m.rnn"]);
    let said = run.take_stderr();
    let best: Vec<bool> = metrics().iter().map(|line| line["best"].as_bool().unwrap()).collect();
    for (i, best) in best.iter().enumerate() {
        let best = if *best { "  best" } else { "" };
        expected += &format!("restart {}/2  epoch {}/8{figures}{best}\n", 1 + i / 8, 1 + i % 8);
    }
    let hidden = |text: &str| {
        let number = |word: &str| word.trim_end_matches(['%', 's']).parse::<f64>().is_ok() && word.contains(['.', '%']);
        let word = |word: &str| match word {
            word if number(word) => format!("#{}", &word[word.trim_end_matches(['%', 's']).len()..]),
            word => word.to_string(),
        };
        let line = |line: &str| line.split(' ').map(word).collect::<Vec<_>>().join(" ");
        text.lines().map(|text| line(text) + "\n").collect::<String>()
    };
    let speed = |line: &str| {
        let Some((before, after)) = line.split_once(" examples/s") else { return format!("{line}\n") };
        let (before, _) = before.rsplit_once(' ').unwrap();
        format!("{before} # examples/s{after}\n")
    };
    // Both files are read for two purposes, which is said before the first epoch.
    let is_progress = |line: &&str| line.contains("test rows;") || line.starts_with("restart ");
    let said: String = hidden(&said).lines().filter(is_progress).map(speed).collect();
    assert_eq!(said, expected);

    let lines = metrics();
    let restarts: Vec<(u64, u64)> =
        lines.iter().map(|line| (line["restart"].as_u64().unwrap(), line["epoch"].as_u64().unwrap())).collect();
    assert_eq!(restarts, (1..=2).flat_map(|r| (1..=8).map(move |e| (r, e))).collect::<Vec<_>>());
    // A quarter of the epochs are linear, and none of them is the best.
    let linear = |line: &&Value| line["linear_start"] == true;
    assert_eq!(lines.iter().filter(linear).count(), 4);
    assert!(lines.iter().filter(linear).all(|line| line["best"] == false && line["epoch"].as_u64() <= Some(2)));
    // Best means better than all before, in every restart.
    let mut lowest = f64::INFINITY;
    for line in lines.iter().filter(|line| line["linear_start"] != true) {
        let loss = line["valid_loss"].as_f64().unwrap();
        assert_eq!(line["best"].as_bool().unwrap(), loss < lowest, "{line}");
        lowest = lowest.min(loss);
    }
    let kept = lines.iter().rfind(|line| line["best"] == true).unwrap();
    let output = run.answers();
    assert_eq!(output[0], format!("best epoch {} of restart {}, 16 epochs in all", kept["epoch"], kept["restart"]));
    run.status(0);

    // Both test files are measured, and each is known by its own hash.
    let figures = json(&folder.run(&["eval", TRAINED, "--format", "json"]).take_stdout());
    let counted: u64 = figures["classes"].as_array().unwrap().iter().map(|c| c["support"].as_u64().unwrap()).sum();
    assert_eq!(counted, 72);
    assert!(figures["accuracy"].as_f64().unwrap() > 0.8, "{figures}");
    let about = json(&folder.run(&["inspect", TRAINED, "--format", "json"]).take_stdout()).to_string();
    assert_eq!(about.matches("one.txt\"").count(), 2, "{about}");
    folder.file("one.txt", stories(12, 1));
    let mut run = folder.run(&["eval", TRAINED]);
    assert_eq!(run.take_stderr(), "warning: {folder}/one.txt has changed since the model was trained\n");
    assert_eq!(run.answers()[0], "{folder}/two.txt and 1 more");
    run.status(0);
}

#[test]
fn a_restarted_training_goes_on_with_the_same_bits() {
    let files = [("one.txt", stories(24, 1)), ("two.txt", stories(16, 2))];
    let files = files.each_ref().map(|(name, content)| (*name, content.as_str()));
    let data = data_folder(&files);
    let model = MODEL.replace("epochs = 8", "epochs = 4");
    let read = |path: &std::path::Path| {
        let (model, record) = rnnc::predictor::load(&path.join("model.safetensors")).unwrap_or_else(|e| panic!("{e}"));
        (model.network.values().unwrap(), record.restart, record.best_epoch, record.seed)
    };
    let out = tempfile::tempdir().unwrap();
    let whole = out.path().join("whole");
    assert!(matches!(
        run(setup(&model, data.path()), &Options::new(&whole, Begin::New), &mut (), &|| false),
        Ok(Outcome::Done { .. })
    ));
    // 30 rows are four steps: the sixth stops in the second epoch, the nineteenth in the second restart.
    for stop in [6, 19] {
        let part = out.path().join(format!("part{stop}"));
        let steps = Cell::new(0);
        let stopped = || {
            steps.set(steps.get() + 1);
            steps.get() == stop
        };
        let outcome = run(setup(&model, data.path()), &Options::new(&part, Begin::New), &mut (), &stopped);
        assert!(matches!(outcome, Ok(Outcome::Interrupted { epoch: 1 | 2, .. })));
        assert!(matches!(
            run(setup(&model, data.path()), &Options::new(&part, Begin::Resume), &mut (), &|| false),
            Ok(Outcome::Done { .. })
        ));
        assert_eq!(read(&part), read(&whole));
        let losses = |path: &std::path::Path| {
            let text = std::fs::read_to_string(path.join("metrics.jsonl")).unwrap();
            let records = text.lines().map(|line| serde_json::from_str::<EpochRecord>(line).unwrap());
            records
                .map(|record| (record.restart, record.epoch, record.train_loss, record.valid_loss))
                .collect::<Vec<_>>()
        };
        assert_eq!(losses(&part), losses(&whole));
        assert_eq!(losses(&part).len(), 8);
    }
}

#[test]
fn questions_are_answered_with_what_was_looked_at() {
    let folder = folder(&MODEL.replace("epochs = 8, restarts = 2", "epochs = 20"));
    folder.run(&["train", "m.rnn"]).any_output().status(0);
    // No answers, and several questions about one story.
    let input = "1 Ben is at the market.\n2 Anna went to the harbour.\n3 Where is Ben?\n4 Where is Anna?\n";
    folder.file("asked.txt", input);
    let by_file = folder.run(&["predict", TRAINED, "--input", "asked.txt"]).take_stdout();
    let labels: Vec<&str> = by_file.lines().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(labels, ["market", "harbour"]);
    let by_stream = folder.run_with(&["predict", TRAINED, "--input", "-"], input.as_bytes()).take_stdout();
    assert_eq!(by_stream, by_file);

    // In JSON a story is a text with a line a sentence, or a list.
    let list = r#"{"story": ["Ben is at the market.", "Anna went to the harbour."], "question": "Where is Ben?"}"#;
    let text = r#"{"story": "Ben is at the market.\nAnna went to the harbour.", "question": "Where is Ben?"}"#;
    let answers = folder.run(&["predict", TRAINED, "--explain", "--format", "json", list, text]).take_stdout();
    let (first, second) = answers.split_once('\n').unwrap();
    assert_eq!(first, second.trim_end());
    let attention = &json(first)["attention"];
    let [only] = attention.as_array().unwrap().as_slice() else { panic!("{attention}") };
    assert_eq!(
        (&only["layer"], &only["field"], &only["over"]),
        (&"softmax".into(), &"story".into(), &"sentences".into())
    );
    assert_eq!(only["of"], serde_json::json!(["Ben is at the market.", "Anna went to the harbour."]));
    let weights: Vec<f64> = only["weights"].as_array().unwrap().iter().map(|w| w.as_f64().unwrap()).collect();
    assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-5 && weights[0] > 0.5, "{weights:?}");

    let shown = folder.run(&["predict", TRAINED, "--explain", "--input", "asked.txt"]).take_stdout();
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines.len(), 8, "{shown}");
    assert_eq!((lines[1], lines[5]), ("  softmax, sentences of story", "  softmax, sentences of story"));
    let bar = |line: &str| line.matches('█').count();
    assert!(lines[2].ends_with("  Ben is at the market.") && bar(lines[2]) > bar(lines[3]), "{shown}");
    assert!(lines[7].ends_with("  Anna went to the harbour.") && bar(lines[7]) > bar(lines[6]), "{shown}");

    let bad = r#"{"story": [1], "question": "Where is Ben?"}"#;
    let mut run = folder.run(&["predict", TRAINED, bad]);
    let expected = "error: text 1: the object has no text \"story\"; this model reads story, question\n";
    assert_eq!(run.take_stderr(), expected);
    run.stdout("").status(1);
    folder.file("bad.txt", "1 Ben is at the market.\nWhere is Ben?\n");
    let expected = "error: bad.txt:2: a line starts with its number, and this one with `Where`\n  help: as in `1 Mary moved to the bathroom.`\n";
    folder.run(&["predict", TRAINED, "--input", "bad.txt"]).stderr(expected).status(1);
}

#[test]
fn words_and_sentences_of_a_document_are_both_looked_at() {
    let folder = Folder::new();
    let model = r#"
model M(text) -> label {
  text |> embedding(6) |> attention |> attention |> dense(label) |> softmax
}
data {
  train = "train.tsv", valid = 0.1
  text : document { max_sentences = 2, punctuation = false }, label : class
}
train { epochs = 1 }
"#;
    let rows: String = (0..20).map(|i| format!("It rained. {} day!\t{}\n", ["Fine", "Bad"][i % 2], i % 2)).collect();
    folder.file("m.rnn", model).file("train.tsv", format!("text\tlabel\n{rows}"));
    let mut run = folder.run(&["train", "m.rnn"]);
    assert!(
        run.take_stderr()
            .starts_with("18 training, 2 validation, no test rows; 2 classes; vocabulary of text: 7 tokens\n")
    );
    drop(run.answers());
    run.status(0);
    let text = "It rained... Fine day! Too late.";
    let shown = folder.run(&["predict", TRAINED, "--explain", text]).take_stdout();
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines[1], "  attention, words in the sentences of text");
    let words = |line: &str| line.split_whitespace().step_by(2).collect::<Vec<_>>().join(" ");
    assert_eq!((words(lines[2]).as_str(), words(lines[3]).as_str()), ("It rained", "Fine day"));
    assert_eq!(lines[4], "  attention_2, sentences of text");
    assert!(lines[5].ends_with("  It rained...") && lines[6].ends_with("  Fine day!"), "{shown}");
    assert_eq!(lines.len(), 7);
    let answer = folder.run(&["predict", TRAINED, "--explain", "--format", "json", text]).take_stdout();
    let attention = &json(&answer)["attention"];
    assert_eq!(attention[0]["of"], serde_json::json!([["It", "rained"], ["Fine", "day"]]));
    assert_eq!((&attention[0]["over"], &attention[1]["over"]), (&"tokens of sentences".into(), &"sentences".into()));
}

#[test]
fn a_model_that_looks_at_nothing_has_nothing_to_explain() {
    let folder = Folder::trained();
    let expected = "error: runs/m/model.safetensors: this model has no softmax over words or sentences, so there is nothing to explain; leave out --explain\n";
    folder.run(&["predict", TRAINED, "--explain", "a film"]).stderr(expected).status(1);
}

#[test]
fn files_and_shares_can_be_set_from_the_command_line() {
    let folder = folder(MODEL);
    folder.file("sub/three.txt", stories(18, 4));
    let list = "data.train=[one.txt, sub/three.txt]";
    let arguments = [
        "train",
        "m.rnn",
        "--set",
        list,
        "--set",
        "data.valid=two.txt",
        "--set",
        "train.epochs=1",
        "--set",
        "train.restarts=1",
    ];
    let mut run = folder.run(&arguments);
    let said = run.take_stderr();
    let sizes: BTreeSet<&str> = said.lines().take(1).flat_map(|line| line.split(';').next()).collect();
    assert_eq!(sizes, BTreeSet::from(["66 training, 24 validation, 72 test rows"]));
    assert!(run.answers()[0].starts_with("best epoch 1 of 1"));
    run.status(0);
    let mut run = folder.run(&["train", "m.rnn", "--set", "data.valid=2"]);
    let said = run.take_stderr();
    assert!(said.contains("`valid` is a file, or a share of the training rows above 0 and below 1"), "{said}");
    run.status(1);
}

#[test]
fn bad_stories_are_found_with_file_and_line() {
    for (content, expected) in [
        (
            "1 A.\n3 B.\n",
            "one.txt:2: this is line 3 of its story, out of order\n  help: after 1 comes 2, or 1 where a new story begins",
        ),
        (
            "1 A.\n2 Who?\n",
            "one.txt:2: a question without an answer\n  help: the answer follows the question after a tab",
        ),
        ("1 A.\n2 ?\tx\n1 B.\n2 Who?\ty\n", "one.txt:2: the text of `question` has no token"),
        ("1 ...\n2 Who?\tx\n1 B.\n2 Who?\ty\n", "one.txt:2: the text of `story` has no token"),
    ] {
        let folder = folder(MODEL);
        folder.file("one.txt", content);
        let line = expected.as_bytes().get("one.txt:".len()).is_some_and(u8::is_ascii_digit);
        folder.run(&["train", "m.rnn"]).finding(if line { "E0802" } else { "E0801" }, expected).status(1);
    }
    let folder = folder(&MODEL.replace("[\"one.txt\", \"two.txt\"]", "\"one.txt\""));
    folder.file("one.txt", "1 A.\n2 Who?\tx\n").file("two.txt", "1 A.\n2 Who?\tx\n");
    let expected = "one.txt: every row has the label `x`\n  help: training needs rows of at least two classes";
    folder.run(&["train", "m.rnn"]).finding("E0804", expected).status(1);
}
