//! `rnnc probe`: the chart, the numbers behind it, and what it refuses.

use serde_json::Value;

use crate::command::{Folder, MODEL};

/// A model that reads made-up texts with a cell of its own, which keeps a factor of its state.
fn keeping(factor: &str) -> String {
    format!(
        "cell keep(x: [I]; h: [H]) {{\n  param weight : [H, I]\n  h' = weight @ x + {factor} * h\n}}\n\n\
         model Keep(text: words[T]) -> class[C] {{\n  text |> embedding(4) |> keep(3) |> last |> dense(C) |> softmax\n}}\n"
    )
}

fn json(folder: &Folder, arguments: &[&str]) -> Value {
    let arguments = [&["probe"], arguments, &["--format", "json"]].concat();
    serde_json::from_str(&folder.run(&arguments).take_stdout()).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

#[test]
fn a_linear_cell_forgets_by_its_factor() {
    let folder = Folder::new();
    for (factor, finding, ratio) in
        [("0.5", "vanishing", 0.5f64.powi(19)), ("1.0", "kept", 1.0), ("1.5", "exploding", 1.5f64.powi(19))]
    {
        folder.file("m.rnn", keeping(factor));
        let report = json(&folder, &["m.rnn", "--len", "20", "--batch", "3"]);
        assert_eq!((&report["examples"], &report["steps"], &report["made_up"]), (&3.into(), &20.into(), &true.into()));
        let [curve] = report["curves"].as_array().unwrap().as_slice() else { panic!("{report}") };
        assert_eq!(
            (&curve["name"], &curve["finding"], &curve["step"]),
            (&"keep".into(), &finding.into(), &(-19).into())
        );
        assert!((curve["ratio"].as_f64().unwrap() / ratio - 1.0).abs() < 1e-4, "{curve}");
        let (norms, factor) = (numbers(&curve["norms"]["h"]), factor.parse::<f64>().unwrap());
        assert_eq!(norms.len(), 20);
        for pair in norms.windows(2) {
            assert!((pair[1] / pair[0] / factor - 1.0).abs() < 1e-5, "{norms:?}");
        }
    }
}

#[test]
fn the_chart_of_a_file_with_its_own_data() {
    let folder = Folder::experiment();
    let chart = "\
Tiny: gradients through time
‖∂loss/∂h‖ after every step, mean of 29 examples

    1e0┤
       │
       │                                                                    ooo
       │                                                                oooo
       │                                                            oooo
   1e-1┤                                                        oooo
       │                                                   ooooo
       │                                         oooooooooo
       │                                ooooooooo
       │                       ooooooooo
   1e-2┤            ooooooooooo
       │oooooooooooo
       │
       │
       │
   1e-3┤
       └───────────────────────────────────────────────────────────────────────
        −4              −3                −2               −1                 0

  o lstm

at step −4 the gradient of `lstm` is 0.0115 of its last: kept
";
    folder.run(&["probe", "m.rnn", "--len", "5"]).stdout(chart).status(0);
    // NO_COLOR and a pipe are alike, and so is a narrow terminal but for its columns.
    let narrow = folder.command(&["probe", "m.rnn", "--len", "5"]).env("COLUMNS", "50").output().unwrap();
    let narrow = String::from_utf8(narrow.stdout).unwrap();
    assert!(narrow.lines().take(20).all(|line| line.chars().count() <= 50), "{narrow}");
}

#[test]
fn cells_are_compared_in_one_chart() {
    let folder = Folder::new();
    folder.file("m.rnn", keeping("0.9"));
    let cells = "keep,rnn(nonlinearity = sigmoid), lstm , gru(recurrent_init = orthogonal)";
    let report = json(&folder, &["m.rnn", "--len", "30", "--batch", "4", "--cell", cells]);
    let curves = report["curves"].as_array().unwrap();
    let of = |name: &str| -> Vec<&Value> { curves.iter().map(|curve| &curve[name]).collect() };
    assert_eq!(of("name"), ["keep", "rnn(nonlinearity = sigmoid)", "lstm", "gru(recurrent_init = orthogonal)"]);
    assert_eq!(of("finding"), ["kept", "vanishing", "vanishing", "vanishing"]);
    // An LSTM has two states.
    let states: Vec<&String> = curves[2]["norms"].as_object().unwrap().keys().collect();
    assert_eq!(states, ["h", "c"]);
}

#[test]
fn a_cell_goes_where_the_model_reads_one_and_keeps_what_it_knows() {
    let folder = Folder::new();
    let file = |stage: &str| {
        let model = "model M(text: words[T]) -> class[C] {\n  let read = STAGE\n  text |> embedding(4) |> read |> max_over_time |> dense(C) |> softmax\n}\n";
        folder.file("m.rnn", model.replace("STAGE", stage));
    };
    let norms = |cell: &str| {
        let mut arguments = vec!["m.rnn", "--len", "6", "--batch", "2"];
        if !cell.is_empty() {
            arguments.extend(["--cell", cell]);
        }
        let report = json(&folder, &arguments);
        let curves = report["curves"].as_array().unwrap().clone();
        curves
            .iter()
            .map(|curve| (curve["name"].as_str().unwrap().to_string(), numbers(&curve["norms"]["h"])))
            .collect::<Vec<_>>()
    };
    let values = |cell: &str| norms(cell).into_iter().map(|(_, norms)| norms).collect::<Vec<_>>();
    // The file's own cell in place of itself changes nothing, settings included.
    file("rnn(5, nonlinearity = relu, recurrent_init = identity)");
    assert_eq!(values("rnn"), values(""));
    assert_ne!(values("rnn(nonlinearity = tanh)"), values(""));
    // What both know is kept, what only the old one knows falls away.
    let kept = values("gru");
    file("gru(5, recurrent_init = identity)");
    assert_eq!(kept, values(""));
    // Inside a layer of the library, both directions.
    file("recurrent_conv(3, 5)");
    let names = |cell: &str| norms(cell).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    assert_eq!(names(""), ["read.left", "read.right"]);
    assert_eq!(names("lstm"), ["lstm: read.left", "lstm: read.right"]);
    file("bilstm(3, num_layers = 2, dropout = 0.5)");
    assert_eq!(names(""), ["read l0 forward", "read l0 backward", "read l1 forward", "read l1 backward"]);
}

#[test]
fn charts_are_written_as_svg_and_as_a_page() {
    let folder = Folder::new();
    folder.file("m.rnn", keeping("0.5"));
    for name in ["g.svg", "g.html"] {
        let mut run = folder.run(&["probe", "m.rnn", "--len", "20", "--out", name]);
        assert_eq!(
            run.answers().last().unwrap(),
            "at step −19 the gradient of `keep` is 1.91e-6 of its last: vanishing"
        );
        run.stderr(&format!("chart: {name}\n")).status(0);
        let chart = folder.text(name);
        assert!(chart.contains("<svg") && chart.contains("Keep: gradients through time"), "{chart}");
        assert_eq!(name == "g.html", chart.starts_with("<!DOCTYPE html>"), "{chart}");
    }
}

#[test]
fn a_trained_model_is_probed_on_its_own_rows() {
    let folder = Folder::trained();
    let model = "runs/m/model.safetensors";
    let before = json(&folder, &["m.rnn", "--batch", "8"]);
    let after = json(&folder, &[model, "--batch", "8"]);
    assert_eq!((&after["made_up"], &after["steps"]), (&false.into(), &before["steps"]));
    assert_ne!(after["curves"][0]["norms"], before["curves"][0]["norms"]);
    std::fs::remove_file(folder.path("train.tsv")).unwrap();
    let mut run = folder.run(&["probe", model, "--len", "5", "--format", "json"]);
    let report: Value = serde_json::from_str(&run.answers()[0]).unwrap();
    assert_eq!(report["made_up"], true);
    run.stderr("its training data is not here; made-up texts are read instead\n").status(0);
}

#[test]
fn every_kind_of_answer_has_a_last_one() {
    let folder = Folder::new();
    for (target, end) in [
        ("tags { of = text }", "bigru(4) |> dense(target) |> softmax"),
        ("number", "gru(4) |> last |> dense(1) |> sum"),
        ("next", "gru(4) |> dense(vocabulary(text)) |> softmax"),
    ] {
        let (field, result) = if target == "next" { ("", "next(text)") } else { ("  target : ", "target") };
        let field = if field.is_empty() { String::new() } else { format!("{field}{target}\n") };
        folder.file(
            "m.rnn",
            format!("data {{\n  train = \"t.tsv\"\n  text : tokens\n{field}}}\n\nmodel M(text) -> {result} {{\n  text |> embedding(4) |> {end}\n}}\n"),
        );
        let answer = if target == "number" { "0.5\t" } else { "a b a b\t" };
        let other = if target == "number" { "0.25\t" } else { "b a b\t" };
        folder.file("t.tsv", format!("target\ttext\n{answer}x y z x\n{other}y z x\n"));
        let report = json(&folder, &["m.rnn", "--batch", "2"]);
        let steps = if target == "next" { 2 } else { 3 };
        assert_eq!(report["steps"], steps, "{target}");
        for curve in report["curves"].as_array().unwrap() {
            let norms = numbers(&curve["norms"]["h"]);
            assert_eq!(norms.len(), steps, "{target}");
            assert!(norms.iter().all(|norm| *norm > 0.0), "{target}: {curve}");
            assert_eq!(curve["entered"], false, "{target}");
        }
    }
}

#[test]
fn one_long_text_is_read_in_parts() {
    let folder = Folder::new();
    folder.file("t.txt", "abcde fghij klmno pqrst uvwxy ".repeat(8));
    folder.file(
        "m.rnn",
        "data {\n  train = \"t.txt\"\n  text : chars { keep_spaces = true }\n}\n\ntrain {\n  bptt = 5\n}\n\n\
         model M(text) -> next(text) {\n  text |> embedding(4) |> gru(4) |> dense(vocabulary(text)) |> softmax\n}\n",
    );
    let report = json(&folder, &["m.rnn", "--len", "20"]);
    assert_eq!((&report["examples"], &report["steps"]), (&11.into(), &20.into()));
    assert!(numbers(&report["curves"][0]["norms"]["h"]).iter().all(|norm| *norm > 0.0), "{report}");
}

#[test]
fn what_cannot_be_probed_is_said() {
    let folder = Folder::experiment();
    let plain = MODEL.replace("lstm(8) |> last", "max_over_time");
    folder.file("plain.rnn", plain);
    folder.file("cells.rnn", "layer twice(x: [I]) -> [I] { x + x }\n");
    for (arguments, why) in [
        (&["plain.rnn"][..], "the model of plain.rnn has no recurrent layer to probe"),
        (&["cells.rnn"], "cells.rnn has no model to probe"),
        (&["nowhere.rnn"], "cannot read nowhere.rnn: there is no such file"),
        (
            &["m.rnn", "--len", "50"],
            "no row of train.tsv reaches 50 steps back; the longest has 7 tokens, so try --len 7",
        ),
    ] {
        folder.run(&[&["probe"], arguments].concat()).stderr(&format!("error: {why}\n")).status(1);
    }
    for arguments in [
        &["m.rnn", "--len", "0"][..],
        &["m.rnn", "--batch", "0"],
        &["m.rnn", "--out", "chart.png"],
        &["m.rnn", "--cell", "rnn,,gru"],
        &["m.rnn", "--cell", "rnn,rnn,rnn,rnn,rnn,rnn,rnn,rnn,rnn"],
        &["m.rnn", "--set", "train.epoch=2"],
        &["cells.rnn", "--seed", "x"],
        &["model.safetensors", "--cell", "gru"],
        &["model.safetensors", "--set", "train.epochs=2"],
    ] {
        let mut run = folder.run(&[&["probe"], arguments].concat());
        assert!(run.take_stderr().starts_with("error: "), "{arguments:?}");
        run.status(2);
    }
}

#[test]
fn a_cell_that_does_not_fit_is_a_diagnostic() {
    let folder = Folder::new();
    folder.file("m.rnn", keeping("0.5"));
    for (cell, code, message) in [
        ("lstn", "E0303", "there is no cell `lstn`"),
        ("dense", "E0303", "there is no cell `dense`"),
        ("gru(speed = 3)", "E0302", "the cell `gru` has no setting `speed`"),
        ("1", "E0401", "this is the number 1, not a cell"),
        ("gru\nlet x = 3", "E0101", "`--cell` is given something that is not one cell"),
    ] {
        let mut run = folder.run(&["probe", "m.rnn", "--cell", cell]);
        let stderr = run.take_stderr();
        assert!(stderr.starts_with(&format!("error[{code}]: {message}\n")), "{cell}: {stderr}");
        run.status(1);
    }
}
