//! The command line itself: help, usage errors, colours.

use crate::command::Folder;

const COMMANDS: [&str; 12] = [
    "check", "explain", "train", "eval", "predict", "generate", "inspect", "summary", "bench", "diff", "verify",
    "repro",
];

#[test]
fn without_a_command_there_is_help() {
    let folder = Folder::new();
    let mut run = folder.run(&[]);
    let said = run.take_stderr();
    run.status(2);
    assert_eq!(said, folder.run(&["--help"]).take_stdout());
    for command in COMMANDS {
        assert!(said.contains(&format!("\n  {command} ")), "{said}");
    }
    folder.run(&["--version"]).stdout(concat!("rnnc ", env!("CARGO_PKG_VERSION"), "\n")).status(0);
}

#[test]
fn every_command_has_help_that_fits_a_terminal() {
    let folder = Folder::new();
    for command in COMMANDS {
        let help = folder.run(&[command, "--help"]).take_stdout();
        assert!(help.contains(&format!("Usage: rnnc {command}")), "{help}");
        assert_eq!(folder.run(&["help", command]).take_stdout(), help);
        assert!(help.lines().all(|line| line.chars().count() <= 100), "{help}");
        // Every option says what it is for.
        for line in help.lines().filter(|line| line.trim_start().starts_with("--")) {
            assert!(line.trim().split("  ").filter(|part| !part.is_empty()).count() == 2, "{line}");
        }
    }
}

#[test]
fn usage_errors_are_two() {
    let folder = Folder::trained();
    for arguments in [
        &["trian", "m.rnn"][..],
        &["train"],
        &["train", "m.rnn", "--epochs", "3"],
        &["train", "m.rnn", "--threads", "0"],
        &["check", "m.rnn", "--format", "xml"],
        &["eval", "runs/m/model.safetensors", "--format", "xml"],
        &["predict", "runs/m/model.safetensors", "good", "--input", "x"],
        &["explain"],
    ] {
        let mut run = folder.run(arguments);
        assert!(run.take_stderr().starts_with("error: "), "{arguments:?}");
        run.status(2);
    }
    folder
        .run(&["train", "m.rnn", "--device", "gpu"])
        .stderr("error: there is no device \"gpu\"; write --device cpu\n")
        .status(2);
    folder
        .run(&["train", "m.rnn", "--device", "cuda:0"])
        .stderr("error: this rnnc was built without CUDA, so it has no device \"cuda:0\"; use --device cpu\n")
        .status(2);
}

/// `script` gives a program a terminal, where it is installed.
#[cfg(target_os = "linux")]
#[test]
fn colours_are_for_terminals_and_not_against_no_color() {
    let folder = Folder::new();
    folder.file("m.rnn", "model M(text) -> label { text |> nothing }\n");
    let shown = |variable: &str| {
        let mut command = std::process::Command::new("script");
        let line = format!("{variable} {} check m.rnn", env!("CARGO_BIN_EXE_rnnc"));
        command.args(["-qec", &line, "/dev/null"]).current_dir(folder.path(".")).env_remove("NO_COLOR");
        command.stdin(std::process::Stdio::null());
        command
            .output()
            .ok()
            .filter(|output| !output.stdout.is_empty())
            .map(|output| String::from_utf8(output.stdout).unwrap())
    };
    let Some(coloured) = shown("") else {
        eprintln!("skipped: colours_are_for_terminals_and_not_against_no_color needs the program `script`");
        return;
    };
    assert!(coloured.contains("\u{1b}["), "{coloured}");
    assert!(!shown("NO_COLOR=1").unwrap().contains('\u{1b}'));
    assert!(!folder.command(&["check", "m.rnn"]).output().unwrap().stdout.contains(&0x1b));
}
