//! What `rnnc train` says before the first step: a gallery of usual mistakes in data and recipe, with the message each gets.

use crate::command::{Folder, MODEL, rows};
use rnnc::diagnostic::code;

/// A mistake: what it is called, the code it gets, and the folder that has it.
struct Mistake {
    name: &'static str,
    code: &'static str,
    folder: Folder,
    settings: &'static [&'static str],
    status: i32,
}

fn mistake(name: &'static str, code: &'static str, change: impl FnOnce(&Folder)) -> Mistake {
    let folder = Folder::experiment();
    change(&folder);
    let status = if code.starts_with('E') { 1 } else { 0 };
    Mistake { name, code, folder, settings: &[], status }
}

fn model(folder: &Folder, from: &str, to: &str) {
    assert!(MODEL.contains(from), "{from}");
    folder.file("m.rnn", MODEL.replace(from, to));
}

/// Rows whose words hardly ever come twice.
fn unlike_rows() -> String {
    let row = |i: usize| format!("name{i} street{} good{}\t{}\n", i * 7, i % 5, ["neg", "pos"][i % 2]);
    "text\tlabel\n".to_string() + &(0..60).map(row).collect::<String>()
}

/// So many rows of one class, and one in ten of another.
fn uneven_rows(count: usize, seed: usize) -> String {
    let row = |i: usize| match (i + seed) % 10 {
        0 => format!("word{i} bad bad it was {seed}\tneg\n"),
        _ => format!("word{i} it was good {seed}\tpos\n"),
    };
    "text\tlabel\n".to_string() + &(0..count).map(row).collect::<String>()
}

fn long_rows(words: usize) -> String {
    let row = |i: usize| format!("w{i} {}\t{}\n", "long ".repeat(words), ["neg", "pos"][i % 2]);
    "text\tlabel\n".to_string() + &(0..6).map(row).collect::<String>()
}

const STORIES: &str = r#"model M(story, question) -> answer {
  let facts = story |> sentence(4)  // [S, 4]
  let u = question |> sentence(4)
  u + weighted_sum(facts, softmax(u @ facts, slots = 2)) |> dense(answer) |> softmax
}
layer sentence(x: tokens[T], width: E) -> [E] {
  x |> embedding(E) |> sum_over_time
}
data {
  train = "stories.txt", format = babi
  story    : story
  question : words { vocabulary = story }
  answer   : class
}
"#;

const TREES: &str = r#"model M(tree) -> label {
  tree |> embedding(4) |> binary_tree_lstm(4) |> dense(label) |> softmax
}
data {
  train = "trees.ptb"
  tree  : tree
  label : tags { of = tree }
}
"#;

fn gallery() -> Vec<Mistake> {
    vec![
        mistake("misspelt_file", "E0801", |folder| model(folder, "\"train.tsv\"", "\"trian.tsv\"")),
        mistake("row_without_label", "E0802", |folder| {
            folder.file("train.tsv", "text\tlabel\na good film\tpos\na bad film\n");
        }),
        mistake("vectors_of_another_width", "E0803", |folder| {
            folder.file("v.txt", "good 1 2\nbad 1 2\n");
            model(folder, "embedding(8)", "embedding(8, vectors = \"v.txt\")");
        }),
        mistake("tree_with_three_children", "E0803", |folder| {
            folder.file("trees.ptb", "(1 (0 a) (1 b))\n(1 (0 a) (1 b) (0 c))\n");
            folder.file("m.rnn", TREES);
        }),
        mistake("story_longer_than_its_memory", "E0803", |folder| {
            let story = "1 Anna is here.\n2 Ben is there.\n3 Anna ran off.\n4 Where is Ben?\tthere\n";
            folder.file("stories.txt", format!("{story}1 Anna is here.\n2 Where is Anna?\there\n"));
            folder.file("m.rnn", STORIES);
        }),
        mistake("size_of_less_than_nothing", "E0803", |folder| {
            model(folder, "|> last |>", "|> last |> dense(vocabulary(text) - 100) |>");
        }),
        mistake("label_that_training_never_saw", "E0804", |folder| {
            folder.file("valid.tsv", "text\tlabel\na good film\tpos\na bad film\tnegative\n");
        }),
        mistake("weight_of_no_class", "E0804", |folder| {
            model(folder, "seed       = 1", "class_weights = [[\"neg\", 1], [\"poss\", 2]]");
        }),
        mistake("class_that_validation_lacks", "W0805", |folder| {
            folder.file("valid.tsv", "text\tlabel\nwhat a good film\tpos\nhow lovely it was\tpos\n");
        }),
        mistake("texts_in_train_and_test", "W0806", |folder| {
            let train: String = rows(48, 1).lines().skip(1).take(3).map(|row| format!("{row}\n")).collect();
            folder.file("test.tsv", format!("{}{train}", rows(16, 3)));
        }),
        mistake("most_texts_cut", "W0807", |folder| model(folder, "words", "words { max_len = 4 }")),
        mistake("vectors_of_other_words", "W0808", |folder| {
            folder.file("v.txt", "Good 1 2\nBad 1 2\nfilm 0 1\n");
            model(folder, "embedding(8)", "embedding(vectors = \"v.txt\")");
        }),
        mistake("accuracy_of_one_class", "W0809", |folder| {
            [("train", 60), ("valid", 20), ("test", 20)].into_iter().enumerate().for_each(|(seed, (name, count))| {
                folder.file(&format!("{name}.tsv"), uneven_rows(count, seed));
            });
            model(folder, "seed       = 1", "monitor = valid_accuracy");
        }),
        mistake("words_seen_once", "W0810", |folder| {
            folder.file("train.tsv", unlike_rows());
        }),
        mistake("min_count_above_all_counts", "W0811", |folder| model(folder, "words", "words { min_count = 1000 }")),
        mistake("long_texts_without_clipping", "W0709", |folder| {
            folder.file("train.tsv", long_rows(120));
            model(folder, "lstm(8)", "rnn(8)");
        }),
        mistake("long_texts_and_a_gate_half_open", "W0710", |folder| {
            folder.file("train.tsv", long_rows(250));
        }),
        Mistake {
            settings: &["--set", "train.optimizer=adadelta(lr = 0.001)"],
            ..mistake("rate_of_another_optimizer", "W0711", |_| {})
        },
    ]
}

#[test]
fn usual_mistakes_are_said_before_the_first_step() {
    let gallery = gallery();
    for Mistake { name, code, folder, settings, status } in &gallery {
        let mut run = folder.run(&[&["train", "m.rnn", "--dry-run"][..], settings].concat());
        let said = run.take_stderr().replace("{folder}/", "");
        assert!(said.contains(&format!("[{code}]")) || said.contains(code), "{name}: {said}");
        insta::assert_snapshot!(*name, said);
        if *status == 0 {
            run.any_output().status(0)
        } else {
            run.status(*status)
        }
        assert!(!folder.path("runs").exists(), "{name}");
    }
    for code in code::ALL.iter().filter(|code| code.id[1..].starts_with("08")) {
        let elsewhere = *code == code::RISING_LOSS;
        assert!(elsewhere || gallery.iter().any(|mistake| mistake.code == code.id), "{}", code.id);
    }
}

#[test]
fn a_loss_that_grows_is_said_once_with_the_place_of_the_rate() {
    let folder = Folder::experiment();
    let rate = "train.optimizer=sgd(lr = 20)";
    let mut run = folder.run(&["train", "m.rnn", "--set", rate, "--set", "train.batch_size=1"]);
    let said = run.take_stderr();
    let line = "m.rnn:15:25: warning[W0812]: the loss grows from ";
    assert_eq!(said.lines().filter(|said| said.starts_with(line)).count(), 1, "{said}");
}

#[test]
fn nothing_is_said_of_the_experiment_or_of_its_training() {
    let folder = Folder::experiment();
    let said = "48 training, 16 validation, 16 test rows; 2 classes; vocabulary of text: 20 tokens\n";
    let mut run = folder.run(&["train", "m.rnn", "--dry-run"]);
    assert_eq!(run.take_stderr(), said);
    run.any_output().status(0);
}

#[test]
fn a_dry_run_says_what_every_line_takes_and_writes_nothing() {
    let folder = Folder::experiment();
    let said = "48 training, 16 validation, 16 test rows; 2 classes; vocabulary of text: 20 tokens\n";
    folder.run(&["train", "m.rnn", "--dry-run"]).figures(DRY_RUN, said).status(0);
    assert!(!folder.path("runs").exists());
    // It has no folder, and nothing to go on with.
    for other in [&["--resume"][..], &["--out", "x"]] {
        let mut run = folder.run(&[&["train", "m.rnn", "--dry-run"][..], other].concat());
        assert!(run.take_stderr().contains("cannot be used with"), "{other:?}");
        run.status(2);
    }
}

const DRY_RUN: &str = "\
line  layer      shape   parameters   flops    memory
-----------------------------------------------------
   3  embedding  [T, 8]         160           # KiB
   3  lstm       [T, 8]         576  66,752  # KiB
   3  last       [8]                            256 B
   3  dense      [2]             18     272     352 B
   3  softmax    [2]                     48
-----------------------------------------------------
      total                     754  67,072  # KiB

one step on the 8 longest of 48 rows, 56 tokens: loss #, norm of the gradients #
flops are those of its forward pass; memory is weights, gradients, optimizer and what backward reads
peak memory to expect: about # MiB
  program        # MiB
  data            # KiB
  weights         # KiB
  optimizer       # KiB
  gradients       # KiB
  activations    # KiB
  backward       # KiB
  reserve         # MiB
nothing was written
";
