//! `rnnc new`: from nothing to a prediction by what it prints, and what it refuses.

use crate::command::Folder;
use serde_json::Value;

const LIST: &str = "\
textrnn    classify texts: a bidirectional LSTM
textrcnn   classify texts: every word between its left and right context
attention  classify texts, and see which words the model looks at
tree       label every phrase of a parsed sentence: a Tree-LSTM
charlm     learn to write, character by character
memory     answer questions about a story: a memory network
cell       write a recurrent cell of your own as its equations
";

/// The words of a command, as a shell reads them.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut quoted) = (vec![String::new()], false);
    for character in line.trim().chars() {
        match character {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            character => words.last_mut().unwrap().push(character),
        }
    }
    words
}

/// The commands that `rnnc new` prints, in their order.
fn commands(printed: &str) -> Vec<Vec<String>> {
    let commands: Vec<Vec<String>> = printed.lines().filter(|line| line.starts_with("  rnnc ")).map(words).collect();
    assert_eq!(commands.len(), 3, "{printed}");
    commands
}

/// Runs a command that was printed, with more words after it.
fn follow(folder: &Folder, command: &[String], more: &[&str]) -> String {
    let words: Vec<&str> = command[1..].iter().map(String::as_str).chain(more.iter().copied()).collect();
    let mut run = folder.run(&words);
    drop(run.take_stderr());
    run.take_stdout()
}

#[test]
fn a_first_time_user_gets_to_a_prediction_by_following_what_is_printed() {
    let folder = Folder::new();
    let printed = folder.run(&["new", "questions"]).take_stdout();
    let [train, ask, own] = &commands(&printed)[..] else { panic!("{printed}") };
    follow(&folder, train, &[]);
    let answers = follow(&folder, ask, &[]);
    let labels: Vec<&str> = answers.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(labels, ["person", "place"], "{answers}");
    let figures = folder.run(&["eval", "runs/questions/model.safetensors", "--format", "json"]).take_stdout();
    let figures: Value = serde_json::from_str(&figures).unwrap();
    // Four classes: chance is a quarter.
    assert!(figures["accuracy"].as_f64().unwrap() > 0.8, "{figures}");
    folder.file("mine.tsv", folder.text("questions/valid.tsv"));
    follow(&folder, own, &["--set", "train.epochs=1"]);
    // The page beside it says the same.
    let readme = folder.text("questions/README.md");
    for line in printed.lines().filter(|line| line.starts_with("  rnnc ")) {
        assert!(readme.contains(line.trim()), "{readme}");
    }
}

#[test]
fn every_template_is_sound_and_goes_all_the_way() {
    let folder = Folder::new();
    folder.run(&["new", "--list"]).stdout(LIST).status(0);
    for template in LIST.lines().skip(1).map(|line| line.split(' ').next().unwrap()) {
        let printed = folder.run(&["new", template, "--template", template]).take_stdout();
        let file = format!("{template}/{template}.rnn");
        assert!(folder.text(&file).lines().count() <= 40, "{file}");
        folder.run(&["check", &file]).stdout(&format!("{file}: no problems\n")).status(0);
        folder.run(&["fmt", "--check", &file]).any_output().status(0);
        let [train, ask, own] = &commands(&printed)[..] else { panic!("{printed}") };
        follow(&folder, train, &["--set", "train.epochs=1"]);
        assert!(!follow(&folder, ask, &[]).is_empty());
        let mine = own.iter().find_map(|word| word.strip_prefix("data.train=")).unwrap();
        let (_, extension) = mine.split_once('.').unwrap();
        folder.file(mine, folder.text(&format!("{template}/valid.{extension}")));
        follow(&folder, own, &["--set", "train.epochs=1", "--overwrite"]);
    }
}

#[test]
fn nothing_that_is_there_is_changed() {
    let folder = Folder::new();
    folder.file("file", "mine").file("folder/train.tsv", "mine");
    for name in ["file", "folder", "folder/"] {
        let shown = format!("error: {name} is there already; choose another name\n");
        folder.run(&["new", name]).stderr(&shown).status(1);
    }
    folder
        .run(&["new", "file/inner"])
        .stderr("error: cannot make file/inner: a part of its path is a file\n")
        .status(1);
    assert_eq!((folder.text("file"), folder.names("folder")), ("mine".into(), vec!["train.tsv".to_string()]));
}

#[test]
fn a_name_is_a_path_whose_last_part_needs_no_quotes() {
    let folder = Folder::new();
    for (name, file) in
        [("a", "a/a.rnn"), ("in/deep", "in/deep/deep.rnn"), ("größe_2", "größe_2/größe_2.rnn"), ("./b/", "b/b.rnn")]
    {
        folder.run(&["new", name]).any_output().status(0);
        assert!(folder.path(file).is_file(), "{name}");
    }
    for (name, why) in [
        ("my model!", "my model!: a name has letters, digits, `-` and `_`, such as `my-model`"),
        ("a.rnn", "a.rnn: a name has letters, digits, `-` and `_`, such as `a-rnn`"),
        ("$(x)", "$(x): a name has letters, digits, `-` and `_`, such as `x`"),
        ("!", "!: a name has letters, digits, `-` and `_`, such as `mine`"),
        ("..", "..: this names no new folder; write a name, as in `rnnc new mine`"),
        ("/", "/: this names no new folder; write a name, as in `rnnc new mine`"),
    ] {
        folder.run(&["new", name]).stderr(&format!("error: {why}\n")).status(2);
    }
    let message = "error: there is no template \"textrn\"; did you mean textrnn?\n";
    folder.run(&["new", "c", "--template", "textrn"]).stderr(message).status(2);
    let mut run = folder.run(&["new"]);
    assert!(run.take_stderr().starts_with("error: "));
    run.status(2);
}

#[test]
fn a_path_with_spaces_is_quoted_in_the_commands() {
    let folder = Folder::new();
    let printed = folder.run(&["new", "my things/it's/tiny"]).take_stdout();
    assert!(printed.contains(r"  rnnc train 'my things/it'\''s/tiny/tiny.rnn'"), "{printed}");
}
