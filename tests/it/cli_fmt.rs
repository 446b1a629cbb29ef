//! `rnnc fmt`: what is written, what is left alone, and what is said.

use crate::command::{Folder, MODEL};

const LOOSE: &str = "let a=1\nlet width = 2 // of it\n";
const NEAT: &str = "let a     = 1\nlet width = 2  // of it\n";

#[test]
fn files_and_folders_are_formatted_and_the_rest_is_left_alone() {
    let folder = Folder::new();
    folder.file("a.rnn", LOOSE).file("sub/b.rnn", LOOSE).file("sub/deep/c.rnn", MODEL).file("sub/d.txt", LOOSE);
    folder.file("sub/.hidden/e.rnn", LOOSE);
    let before = std::fs::metadata(folder.path("sub/deep/c.rnn")).unwrap().modified().unwrap();
    folder.run(&["fmt", "a.rnn", "sub"]).stderr("a.rnn: formatted\nsub/b.rnn: formatted\n").status(0);
    assert_eq!((folder.text("a.rnn"), folder.text("sub/b.rnn")), (NEAT.into(), NEAT.into()));
    assert_eq!((folder.text("sub/d.txt"), folder.text("sub/.hidden/e.rnn")), (LOOSE.into(), LOOSE.into()));
    assert_eq!(folder.text("sub/deep/c.rnn"), MODEL);
    assert_eq!(std::fs::metadata(folder.path("sub/deep/c.rnn")).unwrap().modified().unwrap(), before);
    folder.run(&["fmt", "a.rnn", "sub"]).status(0);
    assert_eq!(folder.names("."), ["a.rnn", "sub"]);
}

#[test]
fn check_shows_what_would_change() {
    let folder = Folder::new();
    folder.file("a.rnn", format!("{LOOSE}let b = \"\u{1b}[2J\" // \u{202e}")).file("b.rnn", MODEL);
    let text = folder.text("a.rnn");
    folder
        .run(&["fmt", "--check", "a.rnn", "b.rnn"])
        .stdout(
            "--- a.rnn\n\
             +++ a.rnn\n\
             @@ -1,3 +1,3 @@\n\
             -let a=1\n\
             -let width = 2 // of it\n\
             -let b = \"?[2J\" // \u{fffd}\n\
             \\ No newline at end of file\n\
             +let a     = 1\n\
             +let width = 2       // of it\n\
             +let b     = \"?[2J\"  // \u{fffd}\n",
        )
        .stderr("not formatted: 1 of 2 files; `rnnc fmt` without --check writes what is shown\n")
        .status(1);
    assert_eq!(folder.text("a.rnn"), text);
    folder.run(&["fmt", "--check", "b.rnn"]).status(0);
}

#[test]
fn standard_input_goes_to_standard_output() {
    let folder = Folder::new();
    folder.run_with(&["fmt", "-"], LOOSE.as_bytes()).stdout(NEAT).status(0);
    folder.run_with(&["fmt", "-"], NEAT.as_bytes()).stdout(NEAT).status(0);
    folder.run_with(&["fmt", "-"], b"").status(0);
    folder.run_with(&["fmt", "--check", "-"], NEAT.as_bytes()).status(0);
    folder
        .run_with(&["fmt", "-"], LOOSE.replace('\n', "\r\n").as_bytes())
        .stdout(&NEAT.replace('\n', "\r\n"))
        .status(0);
}

#[test]
fn a_file_with_syntax_errors_is_reported_and_left_as_it_is() {
    let folder = Folder::new();
    folder.file("a.rnn", LOOSE).file("bad.rnn", "let a = (1\nlet  b = 2\n");
    folder
        .run(&["fmt", "bad.rnn", "a.rnn"])
        .stderr(
            "error[E0102]: a `(` that is never closed\n   ╭─[bad.rnn:1:9]\n 1 │ let a = (1\n   ·         ┬┬\n   ·         │╰── expected `)` after this\n   ·         ╰── opened here\n 2 │ let  b = 2\n   ╰────\n  help: add the `)`\n\
             error: bad.rnn has syntax errors and is left as it is\na.rnn: formatted\n",
        )
        .status(1);
    assert_eq!((folder.text("bad.rnn"), folder.text("a.rnn")), ("let a = (1\nlet  b = 2\n".into(), NEAT.into()));
}

#[test]
fn what_cannot_be_read_or_written_is_said_in_one_line() {
    let folder = Folder::new();
    folder.file("model.rnn", LOOSE).file("empty/x.txt", "");
    folder
        .run(&["fmt", "modle.rnn", "empty"])
        .stderr("error: there is no .rnn file in empty\nerror: cannot read modle.rnn: there is no such file; did you mean model.rnn?\n")
        .status(1);
    let path = folder.path("model.rnn");
    let mut permissions = std::fs::metadata(&path).unwrap().permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(&path, permissions).unwrap();
    folder.run(&["fmt", "model.rnn"]).stderr("error: model.rnn is read-only\n").status(1);
    assert_eq!(folder.text("model.rnn"), LOOSE);
    let mut run = folder.run(&["fmt"]);
    assert!(run.take_stderr().contains("<FILES>..."));
    run.status(2);
}

/// Neither a mode nor a link is lost.
#[cfg(unix)]
#[test]
fn the_file_stays_what_it_was() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    folder.file("a.rnn", LOOSE);
    std::fs::set_permissions(folder.path("a.rnn"), std::fs::Permissions::from_mode(0o600)).unwrap();
    std::os::unix::fs::symlink("a.rnn", folder.path("link.rnn")).unwrap();
    folder.run(&["fmt", "link.rnn"]).stderr("link.rnn: formatted\n").status(0);
    assert_eq!(folder.text("a.rnn"), NEAT);
    assert!(std::fs::symlink_metadata(folder.path("link.rnn")).unwrap().is_symlink());
    assert_eq!(std::fs::metadata(folder.path("a.rnn")).unwrap().permissions().mode() & 0o777, 0o600);
}
