//! `rnnc sweep`: points that are checked before the first is trained, ranked, stopped early, gone on with after a kill.

use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

use crate::cli_compare::losses;
use crate::command::Folder;

/// The lines of `sweep.jsonl` without what a clock decides.
fn rows(folder: &Folder, sweep: &str) -> Vec<Value> {
    let lines = folder.text(&format!("{sweep}/sweep.jsonl"));
    let row = |line: &str| {
        let mut row: Value = serde_json::from_str(line).unwrap();
        row["seconds"] = Value::Null;
        row
    };
    lines.lines().map(row).collect()
}

fn of(rows: &[Value], name: &str) -> Vec<Value> {
    rows.iter().map(|row| row[name].clone()).collect()
}

#[test]
fn every_choice_is_trained_and_ranked() {
    let folder = Folder::experiment();
    let sweep = ["sweep", "m.rnn", "--set", "train.optimizer.lr=1e-5|3e-2|1e20", "--set", "train.epochs=4", "--grid"];
    let mut run = folder.run(&sweep);
    let said = run.take_stderr();
    assert!(
        said.starts_with(
            "3 trials, ranked by valid_loss; written to sweeps/m\ntrial 1 of 3  train.optimizer.lr=1e-5\n"
        ),
        "{said}"
    );
    let table = run.take_stdout();
    let ranked: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(ranked[0].join(" "), "rank trial train.optimizer.lr valid loss best epoch epochs seconds");
    assert_eq!(ranked[1][..3], ["1", "002", "3e-2"]);
    assert_eq!(ranked[2][..3], ["2", "001", "1e-5"]);
    assert_eq!(ranked[3][..4], ["3", "003", "1e20", "diverged"]);
    assert_eq!(ranked[4..], [vec!["best", "sweeps/m/002/model.safetensors"], vec!["page", "sweeps/m/sweep.html"]]);
    let rows = rows(&folder, "sweeps/m");
    assert_eq!(of(&rows, "state"), ["done", "done", "diverged"]);
    assert!(rows[2]["error"].as_str().unwrap().starts_with("training diverged at epoch 1"));
    assert!(folder.text("sweeps/m/sweep.html").contains("<svg"));
    // Going on with what is finished trains nothing; beginning again is asked for.
    let mut run = folder.run(&[&sweep[..], &["--resume"]].concat());
    assert_eq!(run.take_stderr(), "3 trials, ranked by valid_loss; written to sweeps/m\n");
    assert_eq!(run.take_stdout(), table);
    let refused =
        "error: sweeps/m: a sweep is here already; add --resume to go on with it, or --overwrite to replace it\n";
    folder.run(&sweep).stderr(refused).status(1);
    let other =
        ["sweep", "m.rnn", "--set", "train.optimizer.lr=1e-5|3e-2", "--set", "train.epochs=4", "--grid", "--resume"];
    let refused = "error: sweeps/m: the sweep here was started otherwise: the trials changed; undo that, or --overwrite to begin again\n";
    folder.run(&other).stderr(refused).status(1);
}

#[test]
fn points_are_drawn_from_a_seed() {
    let folder = Folder::experiment();
    let draw = |out: &str, seed: &str, trials: &str| {
        let lr = "train.optimizer.lr=log(1e-4, 1e-2)";
        let sweep = [
            "sweep",
            "m.rnn",
            "--set",
            lr,
            "--set",
            "train.epochs=1",
            "--out",
            out,
            "--seed",
            seed,
            "--trials",
            trials,
        ];
        folder.run(&[&sweep[..], &["--set", "model.hidden_size=int(2, 9)"]].concat()).any_output().status(0);
        of(&rows(&folder, out), "settings")
    };
    let (three, two) = (draw("a", "7", "3"), draw("b", "7", "2"));
    // Fewer trials are the first of more.
    assert_eq!(three[..2], two);
    assert_ne!(draw("c", "8", "2"), two);
    for point in &three {
        let of = |name: &str| point[name].as_str().unwrap().parse::<f64>().unwrap();
        assert!(
            (1e-4..=1e-2).contains(&of("train.optimizer.lr")) && (2.0..=9.0).contains(&of("model.hidden_size")),
            "{point}"
        );
    }
}

#[test]
fn halving_trains_the_best_on_to_what_one_training_gives() {
    let folder = Folder::experiment();
    let sweep =
        ["sweep", "m.rnn", "--set", "train.optimizer.lr=1e-5|1e-4|3e-2", "--set", "train.epochs=3", "--halving"];
    let table = {
        let mut run = folder.run(&sweep);
        drop(run.take_stderr());
        run.take_stdout()
    };
    assert!(table.contains("\n+ stopped early: others were better by then\n"), "{table}");
    let rows = rows(&folder, "sweeps/m");
    let best = rows.iter().position(|row| row["settings"]["train.optimizer.lr"] == "3e-2").unwrap();
    for (i, row) in rows.iter().enumerate() {
        let expected = if i == best { ("done", 3) } else { ("stopped", 1) };
        assert_eq!((&row["state"], &row["epochs"]), (&expected.0.into(), &expected.1.into()), "{row}");
    }
    let alone = ["train", "m.rnn", "--out", "alone", "--set", "train.epochs=3", "--set", "train.optimizer.lr=3e-2"];
    folder.run(&alone).any_output().status(0);
    assert_eq!(losses(&folder, &format!("sweeps/m/{:03}", best + 1)), losses(&folder, "alone"));
}

#[test]
fn an_unsound_point_is_named_before_anything_is_trained() {
    let folder = Folder::experiment();
    let mut run = folder.run(&["sweep", "m.rnn", "--set", "model.hidden_size=4|-3", "--grid"]);
    let said = run.take_stderr();
    assert!(said.starts_with("error[E0402]: `hidden_size` is a size of at least 1, and this is -3\n"), "{said}");
    assert!(said.ends_with("trial 2 with model.hidden_size=-3 is not sound, so nothing was trained\n"), "{said}");
    run.status(1);
    for (setting, why) in [
        ("train.epoch=1|2", "--set train.epoch=1: there is no setting train.epoch; did you mean train.epochs?"),
        ("train.epochs=1||2", "--set train.epochs=1||2: a choice is missing beside a `|`"),
        ("train.epochs=int(3, 1)", "--set train.epochs=int(3, 1): 3 is not below 1"),
        (
            "train.epochs=2",
            "there is nothing to vary; write --set 'hidden=64|128', --set 'train.optimizer.lr=log(1e-4, 1e-2)' or the like",
        ),
    ] {
        folder.run(&["sweep", "m.rnn", "--grid", "--set", setting]).stderr(&format!("error: {why}\n")).status(2);
    }
    let endless = "error: --grid tries every value, and train.optimizer.lr has no end of them; write choices, as in train.optimizer.lr=1e-3|3e-3\n";
    folder.run(&["sweep", "m.rnn", "--grid", "--set", "train.optimizer.lr=log(1e-4, 1)"]).stderr(endless).status(2);
    assert_eq!(folder.names("."), ["m.rnn", "test.tsv", "train.tsv", "valid.tsv"]);
}

#[test]
fn a_killed_sweep_goes_on_to_the_same_end() {
    let folder = Folder::experiment();
    let sweep =
        ["sweep", "m.rnn", "--set", "model.hidden_size=16|24|32", "--set", "train.epochs=20", "--grid", "--out"];
    folder.run(&[&sweep[..], &["whole"]].concat()).any_output().status(0);
    let mut child = folder.spawn(&[&sweep[..], &["killed"]].concat());
    // In the middle of the second trial, or a little later.
    for _ in 0..2000 {
        if std::fs::read_to_string(folder.path("killed/sweep.jsonl")).is_ok_and(|rows| !rows.is_empty()) {
            break;
        }
        sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let known = rows(&folder, "killed");
    folder.run(&[&sweep[..], &["killed", "--resume"]].concat()).any_output().status(0);
    assert_eq!(rows(&folder, "killed"), rows(&folder, "whole"));
    assert_eq!(rows(&folder, "killed")[..known.len()], known);
}

#[test]
fn an_interrupted_sweep_shows_what_it_has() {
    let folder = Folder::experiment();
    let child =
        folder.spawn(&["sweep", "m.rnn", "--set", "model.hidden_size=8|16", "--set", "train.epochs=2000", "--grid"]);
    while !folder.path("sweeps/m/001/metrics.jsonl").is_file() {
        sleep(Duration::from_millis(5));
    }
    let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let (stdout, stderr) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(stdout.starts_with("rank  trial  model.hidden_size  valid loss"), "{stdout}");
    assert!(
        stderr.ends_with(
            "to go on: rnnc sweep m.rnn --set 'model.hidden_size=8|16' --set train.epochs=2000 --grid --resume\n"
        ),
        "{stderr}"
    );
}
