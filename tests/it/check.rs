//! `tests/check/*.rnn`: small files with the diagnostics they must give written beside the line.
//!
//! `//~ E0501 part of the message` stands on the line of the primary place, `//~^ …` on the line below it (one `^` a line).
//! Every finding must be expected and every expected one found, each once: what follows from another error is not reported.
//! A file whose name starts with `_` is there to be imported.

use std::path::Path;

use rnnc::check::{self, Checked, LoadError, Loaded, Loader};
use rnnc::diagnostic::render::{Format, Style, render};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/check");

/// Files beside each other; nothing above them.
pub struct Folder;

impl Loader for Folder {
    fn load(&mut self, _: &str, path: &str) -> Result<Loaded, LoadError> {
        if path.contains("..") {
            return Err(LoadError::Outside("tests/check".into()));
        }
        match std::fs::read_to_string(Path::new(FOLDER).join(path)) {
            Ok(text) => Ok(Loaded { identity: path.into(), path: path.into(), text }),
            Err(_) => Err(LoadError::Missing("no such file".into())),
        }
    }
}

pub fn checked(path: &str, text: &str) -> Checked {
    check::check(path, text, &mut Folder)
}

/// Every file of a folder with this ending, sorted by name: name and text.
pub fn files(folder: &str, ending: &str) -> Vec<(String, String)> {
    let entries = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).expect("the folder is there");
    let mut files: Vec<_> = entries
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == ending))
        .map(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            (name, std::fs::read_to_string(&path).expect("a text file"))
        })
        .collect();
    files.sort();
    files
}

pub fn fixtures() -> Vec<(String, String)> {
    files("tests/check", "rnn").into_iter().filter(|(name, _)| !name.starts_with('_')).collect()
}

/// A finding as a fixture writes it: line, code, part of the message.
#[derive(Debug)]
struct Expected<'t> {
    path: &'t str,
    line: usize,
    code: &'t str,
    message: &'t str,
}

fn expected<'t>(path: &'t str, text: &'t str) -> Vec<Expected<'t>> {
    let mut found = Vec::new();
    for (i, line) in text.lines().enumerate() {
        for note in line.split("//~").skip(1) {
            let above = note.chars().take_while(|c| *c == '^').count();
            let (code, message) = note[above..].trim().split_once(' ').unwrap_or((note[above..].trim(), ""));
            found.push(Expected { path, line: i + 1 - above, code, message: message.trim() });
        }
    }
    found
}

#[test]
fn fixtures_give_exactly_what_they_say() {
    let mut wrong = Vec::new();
    for (name, text) in fixtures() {
        let checked = checked(&name, &text);
        let own = checked.sources.iter().filter(|(_, file)| !file.path.starts_with('<'));
        let mut missing: Vec<_> = own.flat_map(|(_, file)| expected(&file.path, &file.text)).collect();
        for diagnostic in &checked.diagnostics {
            let start = checked.sources.start(diagnostic.primary.span);
            let path = &checked.sources.file(diagnostic.primary.span.file).path;
            let matches = |e: &Expected| {
                path == e.path
                    && e.line == start.line as usize
                    && e.code == diagnostic.code.id
                    && diagnostic.message.contains(e.message)
            };
            match missing.iter().position(matches) {
                Some(index) => drop(missing.remove(index)),
                None => wrong.push(format!("{path}:{} {} {}", start.line, diagnostic.code.id, diagnostic.message)),
            }
        }
        wrong.extend(missing.iter().map(|e| format!("{}:{} not found: {} {}", e.path, e.line, e.code, e.message)));
        assert_eq!(checked.program.is_some(), !checked.has_errors(), "{name}: a program where there is no error");
    }
    assert!(wrong.is_empty(), "{} findings differ\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_code_has_a_fixture() {
    let texts: String = files("tests/check", "rnn").into_iter().map(|(_, text)| text).collect();
    for code in rnnc::diagnostic::code::ALL {
        // Only a file too large to ship is too large; what data and program have against each other, `cli_preflight` shows,
        // and what a file and a run have, `cli_resume` and `cli_record`.
        let elsewhere = ["E0105", "E0603", "E0604"].contains(&code.id) || code.id[1..].starts_with("08");
        assert!(
            elsewhere || texts.contains(&format!("//~ {}", code.id)) || texts.contains(&format!("^ {}", code.id)),
            "{}",
            code.id
        );
    }
}

#[test]
fn the_library_is_clean() {
    assert_eq!(check::check_library(), []);
}

#[test]
fn the_models_are_clean() {
    for (name, text) in files("models", "rnn") {
        let checked = checked(&name, &text);
        assert_eq!(checked.diagnostics, [], "{name}");
        assert!(checked.program.is_some_and(|program| program.model.is_some()), "{name}");
    }
}

/// What the most frequent mistakes look like on a terminal.
#[test]
fn reports_read_well() {
    let shown = [
        "forgotten_final",
        "forgotten_dense",
        "sum_of_two_widths",
        "product_of_two_widths",
        "concat_of_sequence_and_vector",
        "shared_over_two_widths",
        "clash_inside_a_layer",
        "declared_sizes_must_agree",
        "declared_result",
        "step_over_time_without_time",
        "tokens_without_embedding",
        "missing_hidden_size",
        "other_frameworks_settings",
        "unclosed_parenthesis",
        "missing_pipe",
        "no_effect",
        "where",
        "cell_state_of_wrong_shape",
        "recursion",
    ];
    let fixtures = fixtures();
    for name in shown {
        let (path, text) = fixtures.iter().find(|(path, _)| path.strip_suffix(".rnn") == Some(name)).expect(name);
        // The notes of the fixture are nothing that a user sees.
        let text: String =
            text.lines().map(|line| format!("{}\n", line.split("//~").next().unwrap_or("").trim_end())).collect();
        let checked = checked(path, &text);
        let report = render(&checked.diagnostics, &checked.sources, Format::Human, Style::default());
        insta::assert_snapshot!(name, report);
    }
}
