//! What a training leaves for people and other programs to look at: `report.html`, `metrics.jsonl`, event files.

use serde_json::Value;

use crate::command::{Folder, MODEL, rows};
use crate::docs::read;

/// A page without what is its own: no markup of a text, nothing that is loaded.
#[track_caller]
fn assert_alone(page: &str) {
    assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>\n"));
    assert!(page.contains("Content-Security-Policy\" content=\"default-src 'none';"));
    let page = page.replace("http://www.w3.org/2000/svg", "");
    for word in ["http:", "https:", "<script", "<img", "<iframe", " src=\"", "url(", "@import", "NaN", "inf\""] {
        assert!(
            !page.contains(word),
            "{word}: {}",
            &page[page.find(word).unwrap()..].chars().take(200).collect::<String>()
        );
    }
}

#[track_caller]
fn report(folder: &Folder, arguments: &[&str]) -> String {
    folder.run(&[&["train", "m.rnn", "--out", "out", "--overwrite"][..], arguments].concat()).any_output().status(0);
    let page = folder.text("out/report.html");
    assert_alone(&page);
    page
}

#[track_caller]
fn assert_holds(page: &str, parts: &[&str]) {
    for part in parts {
        assert!(page.contains(part), "{part} is not in the page:\n{page}");
    }
}

#[test]
fn the_report_of_a_classifier() {
    let folder = Folder::experiment();
    let page = report(&folder, &["--set", "train.clip_norm=1.0"]);
    assert_holds(
        &page,
        &[
            "<h1>Tiny</h1>",
            "Trained 2 epochs.",
            ">Loss</text>",
            ">Accuracy</text>",
            ">Learning rate</text>",
            ">Gradient norm</text>",
            ">Share of steps clipped</text>",
            "<h2>Answers: validation</h2>",
            "<h3>Confusion</h3>",
            ">Calibration</text>",
            "expected calibration error",
            ">Accuracy by length</text>",
            "<h3>The surest mistakes</h3>",
            ">lstm(8)</text>",
            "<span class=\"k\">model</span> Tiny(text) -&gt; label {",
            "<span class=\"f\">embedding</span>(<span class=\"n\">8</span>)",
            "train.tsv</td>",
            "<h2>Time and memory</h2>",
        ],
    );
    // A mistake is shown with the text of its row.
    let texts = folder.text("valid.tsv");
    let (_, mistakes) = page.split_once("The surest mistakes").unwrap();
    let shown =
        texts.lines().skip(1).filter(|row| mistakes.contains(&format!(">{}</td>", row.split('\t').next().unwrap())));
    assert!(shown.count() > 0, "{mistakes}");
}

#[test]
fn every_kind_of_answer_has_its_parts_and_no_others() {
    let folder = Folder::new();
    folder.file("text.txt", "abcde\n".repeat(60));
    folder.file("tags.tsv", "text\tlabels\n".to_string() + &"the cat sat\tD N V\na dog\tD N\n".repeat(8));
    let train = "train { optimizer = adam(lr = 1e-2)\n epochs = 2\n batch_size = 4 }\n";
    let model =
        |head: &str, body: &str, data: &str| format!("model M({head} {{\n  {body}\n}}\ndata {{\n  {data}\n}}\n{train}");
    let shared = ["<h1>M</h1>", ">Loss</text>", "<h2>Model</h2>", "<h2>Source</h2>", "<h2>Data</h2>"];
    for (file, has, has_not) in [
        (
            model(
                "text) -> next(text)",
                "text |> embedding(4) |> gru(4) |> dense(vocabulary(text)) |> softmax",
                "train = \"text.txt\"\n  valid = \"text.txt\"\n  text : chars { keep_spaces = true }",
            )
            .replace("epochs", "bptt = 8\n epochs"),
            &[">Perplexity</text>", ">Calibration</text>"][..],
            &["Confusion", "surest mistakes", "Lengths:"][..],
        ),
        (
            model(
                "text) -> labels",
                "text |> embedding(4) |> bigru(4) |> dense(labels) |> softmax",
                "train = \"tags.tsv\"\n  valid = \"tags.tsv\"\n  text : tokens\n  labels : tags",
            ),
            &["<h3>Confusion</h3>", ">Calibration</text>", "Lengths: training"][..],
            &["Perplexity"][..],
        ),
        (
            model(
                "input) -> sum",
                "input |> gru(4) |> last |> dense(1) |> sum",
                "source = adding(length = 6, rows = 40)",
            ),
            &[">Mean absolute error</text>", ">Predicted by true number</text>", "furthest off"][..],
            &["Confusion", "Calibration", "Accuracy"][..],
        ),
    ] {
        folder.file("m.rnn", &file);
        let page = report(&folder, &[]);
        assert_holds(&page, &shared);
        assert_holds(&page, has);
        for part in has_not {
            assert!(!page.contains(part), "{part} is in the page of\n{file}");
        }
    }
}

#[test]
fn texts_labels_and_names_of_files_never_become_markup() {
    let folder = Folder::new();
    let hostile = "</td></pre><script>alert(1)</script><img src=x onerror=alert(1)> \" ' & \u{202e}";
    let row = |i: usize| format!("{hostile} word{}\t{}\n", i % 7, ["<b>yes</b><script>", "\"'>no"][i % 2]);
    let data: String = "text\tlabel\n".to_string() + &(0..24).map(row).collect::<String>();
    let name = "<script>&'.tsv";
    folder.file(name, data);
    let file = MODEL.replace("train.tsv", name).replace("valid.tsv", name).replace("test.tsv", name);
    folder.file("m.rnn", file.replace("/// Whether", "/// <script>alert(1)</script> Whether"));
    let page = report(&folder, &[]);
    assert!(!page.contains("<b>") && !page.contains("<script") && !page.contains('\u{202e}'), "{page}");
    assert_holds(
        &page,
        &["&lt;b&gt;yes&lt;/b&gt;&lt;script&gt;", "&lt;script&gt;&amp;&#39;.tsv", "/// &lt;script&gt;alert(1)"],
    );
    let run = folder.run(&["eval", "out/model.safetensors", "--report", "e.html"]);
    run.any_output().status(0);
    assert_alone(&folder.text("e.html"));
}

#[test]
fn many_classes_and_long_texts_stay_a_page_of_some_size() {
    let folder = Folder::experiment();
    let row = |i: usize| format!("{} {}\tclass {}\n", "long ".repeat(400), i % 9, i % 150);
    let data: String = "text\tlabel\n".to_string() + &(0..300).map(row).collect::<String>();
    for name in ["train.tsv", "valid.tsv", "test.tsv"] {
        folder.file(name, &data);
    }
    let page = report(&folder, &["--set", "train.epochs=1", "--set", "data.text.max_len=5"]);
    assert_holds(&page, &["Classes with the lowest F1", "<summary>All 150 classes</summary>"]);
    assert!(!page.contains("The colour is the share of the row"));
    assert!(page.len() < 150_000, "{}", page.len());
}

#[test]
fn an_evaluation_has_a_report_of_its_own() {
    let folder = Folder::trained();
    folder.file("more.tsv", rows(12, 9));
    let mut run = folder.run(&["eval", "runs/m/model.safetensors", "--data", "more.tsv", "--report", "more.html"]);
    assert!(run.answers()[0].starts_with("more.tsv"));
    run.stderr("report: more.html\n").status(0);
    let page = folder.text("more.html");
    assert_alone(&page);
    assert_holds(&page, &["Evaluated on more.tsv.", "<h2>Answers: evaluated</h2>", ">Calibration</text>"]);
    assert!(!page.contains("<h2>Training</h2>"));
    let mut run = folder.run(&["eval", "runs/m/model.safetensors", "--report", "no/such/folder.html"]);
    assert!(run.take_stderr().contains("no/such/folder.html"));
    run.status(1);
}

#[test]
fn quiet_says_the_result_alone() {
    let folder = Folder::experiment();
    let mut run = folder.run(&["train", "m.rnn", "--quiet"]);
    assert_eq!(run.answers().len(), 6);
    run.stderr("").status(0);
    let mut run = folder.run(&["train", "m.rnn", "--quiet", "--overwrite", "--set", "train.optimizer=sgd(lr = 1e30)"]);
    // What is wrong with the file is said all the same.
    let said = run.take_stderr();
    assert!(said.contains("error: training diverged") && !said.contains("48 training"), "{said}");
    run.status(1);
}

#[test]
fn every_key_of_the_metrics_is_described() {
    let folder = Folder::experiment();
    folder.run(&["train", "m.rnn", "--set", "train.clip_value=1e-4"]).any_output().status(0);
    let page = read("docs/training.md");
    for line in folder.text("runs/m/metrics.jsonl").lines() {
        let record: Value = serde_json::from_str(line).unwrap();
        for key in record.as_object().unwrap().keys() {
            assert!(page.contains(&format!("`{key}`")), "docs/training.md does not describe `{key}`");
        }
        let of = |key: &str| record[key].as_f64().unwrap_or_else(|| panic!("{key}: {line}"));
        assert!(of("largest_gradient_norm") >= of("gradient_norm") && of("gradient_norm") > 0.0, "{line}");
        assert_eq!((of("steps"), of("clipped")), (6.0, 1.0), "{line}");
        assert!(of("tokens_per_second") > of("examples_per_second") && of("valid_seconds") > 0.0, "{line}");
    }
}

#[test]
fn event_files_hold_every_epoch_also_of_a_resumed_training() {
    let folder = Folder::experiment();
    let train = |epochs: &str, more: &str| {
        let epochs = format!("train.epochs={epochs}");
        folder.run(&["train", "m.rnn", "--tensorboard", "tb", "--set", &epochs, more]).any_output().status(0);
    };
    train("3", "--quiet");
    let [name]: [String; 1] = folder.names("tb").try_into().unwrap();
    assert!(name.starts_with("events.out.tfevents.") && name.ends_with(".rnnc"), "{name}");
    // A version, a start, and a record an epoch.
    let records = records(&folder.read(&format!("tb/{name}")));
    assert_eq!(records.len(), 5);
    let text = |record: &[u8]| String::from_utf8_lossy(record).into_owned();
    assert!(text(&records[0]).contains("brain.Event:2"));
    for tag in ["train/loss", "train/accuracy", "valid/macro_f1", "steps/gradient_norm", "cost/seconds"] {
        assert!(records[2..].iter().all(|record| text(record).contains(tag)), "{tag}");
    }
    train("3", "--resume");
    assert_eq!(folder.names("tb").len(), 2);
    folder.file("a file", "");
    let mut run = folder.run(&["train", "m.rnn", "--overwrite", "--tensorboard", "a file"]);
    assert!(run.take_stderr().contains("error: cannot write event files into a file"));
    run.status(1);
}

/// The records of an event file by their lengths.
fn records(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut records = Vec::new();
    while !bytes.is_empty() {
        let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
        records.push(bytes[12..12 + length].to_vec());
        bytes = &bytes[12 + length + 4..];
    }
    records
}
