//! Bad data: each file is named with its line, exit 1, nothing written.

use crate::command::Folder;

/// Trains on the experiment with one of its files replaced; `out` must stay away.
#[track_caller]
fn refused(name: &str, contents: impl AsRef<[u8]>, expected: &str) {
    let folder = Folder::experiment();
    folder.file(name, contents);
    let role = name.split('.').next().unwrap();
    let setting = format!("data.{role}={name}");
    let at = format!("{{folder}}/{name}");
    let code = match expected.strip_prefix("FILE:").is_some_and(|rest| rest.starts_with(char::is_numeric)) {
        _ if expected.contains("label `") => "E0804",
        true => "E0802",
        false => "E0801",
    };
    let expected = expected.replace("FILE", &at);
    folder.run(&["train", "m.rnn", "--out", "out", "--set", &setting]).finding(code, &expected).status(1);
    assert!(!folder.path("out").exists(), "{name}");
}

#[test]
fn a_training_file_without_rows() {
    refused("train.tsv", "", "FILE: the file is empty");
    refused("train.tsv", "text\tlabel\n", "FILE: the file has no rows");
    refused("train.csv", "text,label\n", "FILE: the file has no rows");
    refused("train.jsonl", "", "FILE: the file is empty");
}

#[test]
fn a_row_that_does_not_fit() {
    let spaces = "\n  help: a tab separates values; put a space in place of one inside a text";
    refused(
        "train.tsv",
        "txt\tlabel\na\tb\n",
        "FILE:1: no column `text`; there is `txt`, `label`\n  help: did you mean `txt`?",
    );
    refused("train.tsv", "text\tlabel\na\tb\nc\n", &format!("FILE:3: 1 value where the header has 2 columns{spaces}"));
    refused(
        "train.csv",
        "text,label\na,b\nc\n",
        "FILE:3: 1 value where the header has 2 columns\n  help: a value with a comma in it stands in double quotes",
    );
    refused(
        "train.csv",
        "text,label\n\"a,b\nc,d\n",
        "FILE:2: a `\"` opens a value and is never closed\n  help: inside a quoted value write `\"\"` for a quote",
    );
    refused("train.jsonl", "{\"text\": \n", "FILE:1: not one JSON object: EOF while parsing a value at byte 9");
    refused("train.tsv", "text\tlabel\n\na\tb\n", "FILE:2: a blank line between rows");
    refused("train.tsv", "text\tlabel\na\tb\n\tc\n", "FILE:3: the `text` is empty");
    refused("train.tsv", "text\tlabel\na\tb\n \u{a0}\tc\n", "FILE:3: the `text` is empty");
    refused("train.tsv", "text\tlabel\na\tb\nx\t\n", "FILE:3: the `label` is empty");
}

#[test]
fn bytes_that_are_no_text() {
    refused(
        "train.tsv",
        b"text\tlabel\na\tb\na\0\tb\n",
        "FILE:3: a NUL byte (byte 2 of the line)\n  help: is this a text file?",
    );
    for name in ["train.tsv", "train.csv", "train.jsonl"] {
        let header = if name == "train.csv" { "text,label\n" } else { "text\tlabel\n" };
        let contents = [header.as_bytes(), b"a\xff\n"].concat();
        if name == "train.jsonl" {
            refused(
                name,
                &contents[header.len()..],
                "FILE:1: not valid UTF-8 (byte 2 of the line)\n  help: save the file as UTF-8",
            );
        } else {
            refused(name, contents, "FILE:2: not valid UTF-8 (byte 2 of the line)\n  help: save the file as UTF-8");
        }
    }
    refused("train.tsv", format!("text\tlabel\n{}\tb\n", "a ".repeat(9 << 20)), "FILE:2: a line longer than 16 MiB");
}

#[test]
fn labels_that_teach_nothing_or_were_never_seen() {
    refused(
        "train.tsv",
        "text\tlabel\na\tb\nc\tb\n",
        "FILE: every row has the label `b`\n  help: training needs rows of at least two classes",
    );
    let unseen = "FILE:3: the label `poss` does not occur in the training data\n  help: did you mean `pos`? the classes are `neg`, `pos`";
    refused("valid.tsv", "text\tlabel\na\tpos\na\tposs\n", unseen);
    refused("test.tsv", "text\tlabel\na\tpos\na\tposs\n", unseen);

    let folder = Folder::trained();
    folder.file("more.tsv", "text\tlabel\na\tpos\na\tposs\n");
    let expected = format!("error: {}\n", unseen.replace("FILE", "more.tsv"));
    folder.run(&["eval", "runs/m/model.safetensors", "--data", "more.tsv"]).stderr(&expected).status(1);
}

#[test]
fn class_weights_for_a_class_that_is_not_there() {
    let folder = Folder::experiment();
    for (weights, why) in [
        (
            "[[\"neg\", 1], [\"positive\", 2]]",
            "a class weight is given for `positive`, which is no label of the training data",
        ),
        ("[[\"neg\", 1]]", "no class weight is given for the label `pos`"),
    ] {
        let setting = format!("train.class_weights={weights}");
        folder
            .run(&["train", "m.rnn", "--set", &setting])
            .finding("E0804", &format!("`class_weights`: {why}"))
            .status(1);
    }
}

#[test]
fn files_that_are_not_there() {
    let folder = Folder::experiment();
    folder
        .run(&["train", "m.rnn", "--set", "data.train=nope.tsv"])
        .finding("E0801", "{folder}/nope.tsv: there is no such file\n  help: a path starts from the folder of")
        .status(1);
    std::fs::remove_file(folder.path("valid.tsv")).unwrap();
    folder.run(&["train", "m.rnn"]).finding("E0801", "valid.tsv: there is no such file").status(1);
    folder
        .run(&["train", "m.rnn", "--set", "data.train=."])
        .finding("E0801", "{folder}: this is a directory, not a file")
        .status(1);
    // The checker opens no data.
    folder.run(&["check", "m.rnn"]).stdout("m.rnn: no problems\n").status(0);
}

#[test]
fn vectors_that_do_not_fit() {
    let folder = Folder::experiment();
    let model = crate::command::MODEL;
    for (contents, embedding, code, why) in [
        (None, "vectors = \"v.txt\"", "E0801", "v.txt: there is no such file"),
        (Some(""), "vectors = \"v.txt\"", "E0801", "v.txt: the file is empty"),
        (Some("good 1 2\nbad 1\n"), "vectors = \"v.txt\"", "E0802", "v.txt:2: 1 number in a file of vectors of 2"),
        (Some("good 1 2\nbad 1 x\n"), "vectors = \"v.txt\"", "E0802", "v.txt:2: `x` is not a number"),
        (
            Some("good 1 2\nbad 1 2\n"),
            "8, vectors = \"v.txt\"",
            "E0803",
            "the vectors of v.txt have 2 numbers, and the embedding has 8",
        ),
    ] {
        if let Some(contents) = contents {
            folder.file("v.txt", contents);
        }
        folder.file("m.rnn", model.replace("embedding(8)", &format!("embedding({embedding})")));
        folder.run(&["train", "m.rnn"]).finding(code, why).status(1);
    }
}
