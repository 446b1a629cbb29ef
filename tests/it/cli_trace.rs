//! `rnnc trace`: the values of every step under the equations' own names, where a number goes wrong, and what is refused.

use serde_json::Value;

use crate::command::{Folder, MODEL};

/// Whose gate is a half at every step, whatever it reads: the state counts the steps in halves.
const COUNTING: &str = "\
cell count(x: [I]; h: [H]) {
  param weight : [H, I] = zeros
  let gate = sigmoid(weight @ x)
  h' = gate + h
}

";

fn counting(stage: &str) -> Folder {
    let folder = Folder::experiment();
    folder.file("m.rnn", format!("{COUNTING}{}", MODEL.replace("|> lstm(8) |> last", stage)));
    folder
}

fn json(folder: &Folder, arguments: &[&str]) -> Value {
    let arguments = [&["trace"], arguments, &["--format", "json"]].concat();
    serde_json::from_str(&folder.run(&arguments).take_stdout()).unwrap()
}

#[test]
fn every_step_has_the_values_of_its_equations() {
    let folder = counting("|> count(3) |> last");
    let table = "\
count: the cell count, 3 units, their mean after every step
                         gate      h'
   1 a                   0.50    0.50
   2 fine                0.50    1.00
   3 film                0.50    1.50
";
    folder.run(&["trace", "m.rnn", "a fine film"]).stdout(table).status(0);
    let trace = json(&folder, &["m.rnn", "a fine film", "--units", "2"]);
    let reading = &trace["recurrences"][0];
    assert_eq!((&reading["name"], &reading["units"], &reading["over"]), (&"count".into(), &3.into(), &"tokens".into()));
    for (i, token) in ["a", "fine", "film"].into_iter().enumerate() {
        let step = &reading["steps"][i];
        assert_eq!((&step["step"], &step["token"]), (&i.into(), &token.into()));
        let state = 0.5 * (i + 1) as f64;
        assert_eq!(step["values"]["gate"]["units"], serde_json::json!([0.5, 0.5]));
        assert_eq!(
            step["values"]["h'"],
            serde_json::json!({"mean": state, "min": state, "max": state, "units": [state, state]})
        );
    }
    assert_eq!(trace["blame"], Value::Null);
}

#[test]
fn both_directions_are_read_in_their_order() {
    let folder = counting("|> bidirectional(count, 2) |> final");
    let trace = json(&folder, &["m.rnn", "a fine film"]);
    let names: Vec<&Value> = trace["recurrences"].as_array().unwrap().iter().map(|reading| &reading["name"]).collect();
    assert_eq!(names, ["bidirectional forward", "bidirectional backward"]);
    let backward: Vec<(&Value, &Value)> = trace["recurrences"][1]["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| (&step["token"], &step["values"]["h'"]["mean"]))
        .collect();
    let expected =
        [("film", 0.5), ("fine", 1.0), ("a", 1.5)].map(|(token, state)| (Value::from(token), Value::from(state)));
    assert_eq!(backward, expected.each_ref().map(|(token, state)| (token, state)));
}

#[test]
fn library_cells_have_their_equations_names() {
    let folder = Folder::trained();
    let trace = json(&folder, &["runs/m/model.safetensors", "a fine film"]);
    let values = trace["recurrences"][0]["steps"][2]["values"].as_object().unwrap();
    let names: Vec<&String> = values.keys().collect();
    assert_eq!(
        names,
        ["i", "f", "g", "o", "sigmoid(f)", "sigmoid(i)", "tanh(g)", "c'", "sigmoid(o)", "tanh(c')", "h'"]
    );
    // The equations hold, unit by unit.
    let of = |name: &str, unit: usize| values[name]["units"][unit].as_f64().unwrap();
    for unit in 0..8 {
        assert!((of("h'", unit) - of("sigmoid(o)", unit) * of("tanh(c')", unit)).abs() < 1e-6);
        assert!((of("tanh(c')", unit) - of("c'", unit).tanh()).abs() < 1e-6);
    }
}

#[test]
fn a_tree_has_nodes_in_place_of_steps_and_gates_where_there_are_children() {
    let folder = Folder::new();
    let model = "model M(tree) -> label { tree |> embedding(4) |> binary_tree_lstm(3) |> dense(label) |> softmax }\n\
                 data { train = \"t.ptb\", valid = none, tree : tree, label : tags { of = tree } }\n";
    folder.file("m.rnn", model).file("t.ptb", "(1 (1 a) (1 (1 fine) (1 film)))\n(0 (0 poor) (0 film))\n");
    let trace = json(&folder, &["m.rnn", "((a) ((fine) (film)))"]);
    let reading = &trace["recurrences"][0];
    assert_eq!(reading["over"], "nodes", "{trace}");
    let steps = reading["steps"].as_array().unwrap();
    let tokens: Vec<&Value> = steps.iter().map(|step| &step["token"]).collect();
    assert_eq!(tokens, ["( )", "a", "( )", "fine", "film"]);
    for (step, inner) in steps.iter().zip([true, false, true, false, false]) {
        assert_eq!(step["values"]["hl"].is_object(), inner, "{step}");
        assert!(step["values"]["h'"].is_object(), "{step}");
    }
}

#[test]
fn the_first_number_that_is_none_is_blamed_on_its_equation_and_step() {
    let folder = Folder::experiment();
    let cell = "cell burst(x: [I]; h: [H]) {\n  param weight : [H, I] = zeros\n  let rest = weight @ x\n  h' = exp(50 * (h + 1)) + rest\n}\n\n";
    folder.file("m.rnn", format!("{cell}{}", MODEL.replace("lstm(8)", "burst(3)")));
    let mut run = folder.run(&["trace", "m.rnn", "a fine film"]);
    assert!(run.answers()[2].starts_with("   1 a "));
    let blame = "error: `exp(50 * (h + 1))` is infinite at step 2 (fine) of burst, and everything before it is a number\n  \
                 --> m.rnn:4:8: h' = exp(50 * (h + 1)) + rest\n";
    run.stderr(blame).status(1);
    // Outside of every recurrence.
    folder.file("m.rnn", MODEL.replace("dense(label)", "dense(label, weight_init = zeros, bias_init = zeros) |> log"));
    let mut run = folder.run(&["trace", "m.rnn", "a fine film"]);
    let blame = run.take_stderr();
    assert!(blame.contains(" is minus infinite, and everything before it is a number\n  --> m.rnn:3:"), "{blame}");
    drop(run.answers());
    run.status(1);
}

#[test]
fn heat_maps_stand_alone_whatever_the_text_says() {
    let folder = Folder::experiment();
    folder.file("m.rnn", MODEL.replace("|> last", "|> attention"));
    for name in ["t.svg", "t.html"] {
        let mut run = folder.run(&["trace", "m.rnn", "<script>alert(1)</script> \u{202e}fine", "--out", name]);
        assert_eq!(run.take_stderr(), format!("heat map: {name}\n"));
        let shown = run.take_stdout();
        assert!(shown.contains("\n  attention, words of text\n") && !shown.contains('\u{202e}'), "{shown}");
        let file = folder.text(name);
        assert!(file.contains("<svg") && file.contains("sigmoid(f)") && !file.contains("<script>"), "{file}");
        assert_eq!(file.starts_with("<!DOCTYPE html>"), name == "t.html");
    }
}

#[test]
fn what_cannot_be_traced_is_refused_in_a_line() {
    let folder = Folder::experiment();
    folder.file("flat.rnn", MODEL.replace("|> lstm(8) |> last", "|> max_over_time"));
    let long = vec!["a"; 2001].join(" ");
    for (arguments, why, status) in [
        (&["flat.rnn", "a"][..], "the model of flat.rnn has no recurrence and no attention to trace", 1),
        (&["m.rnn", ""], "the text is empty", 1),
        (
            &["m.rnn", &long],
            "the text has 2001 tokens, more than the 2000 that are traced at once; give a shorter one",
            1,
        ),
        (&["n.rnn", "a"], "cannot read n.rnn: there is no such file; did you mean m.rnn?", 1),
        (&["m.rnn", "a", "--out", "x.png"], "--out x.png: a heat map is an .svg or an .html file", 2),
    ] {
        folder.run(&[&["trace"], arguments].concat()).stderr(&format!("error: {why}\n")).status(status);
    }
}
