//! What ships is in the style of `rnnc fmt`: library, models, templates, and the examples of the pages.

use std::path::{Path, PathBuf};

use rnnc::diagnostic::render::{Format, Style, render};
use rnnc::syntax::format::format;

use crate::check::{checked, fixtures};
use crate::docs::{read, root};

fn rnn_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("it can be read").path();
        if path.is_dir() {
            rnn_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rnn") {
            files.push(path);
        }
    }
}

#[test]
fn files_are_formatted() {
    let mut files = Vec::new();
    for folder in ["stdlib", "models", "templates", "bench"] {
        rnn_files(&root().join(folder), &mut files);
    }
    assert!(files.len() > 40, "{files:?}");
    let loose = |path: &&PathBuf| {
        let text = std::fs::read_to_string(path).expect("a text");
        format(&text).is_none_or(|formatted| formatted != text)
    };
    let loose: Vec<_> = files.iter().filter(loose).collect();
    assert!(loose.is_empty(), "`rnnc fmt stdlib models templates bench` would change {loose:#?}");
}

/// Examples with syntax errors are there to show them.
#[test]
fn examples_of_the_pages_are_formatted() {
    let mut pages = vec!["README.md".to_string()];
    for folder in ["docs", "docs/models", "docs/errors"] {
        for entry in std::fs::read_dir(root().join(folder)).expect("a folder") {
            let name = entry.expect("it can be read").file_name().into_string().expect("a name");
            pages.extend(name.ends_with(".md").then(|| format!("{folder}/{name}")));
        }
    }
    let mut examples = 0;
    for page in pages {
        for block in read(&page).split("\n```rnn").skip(1) {
            let (_, text) = block.split_once('\n').expect("a body");
            let text = format!("{}\n", text.split("\n```").next().unwrap_or_default());
            examples += 1;
            if let Some(formatted) = format(&text) {
                assert_eq!(formatted, text, "{page}, formatted:\n{formatted}");
            }
        }
    }
    assert!(examples > 100, "{examples}");
}

/// Whatever is wrong with a file is wrong with it in the style too, in the same words.
#[test]
fn findings_stay_the_same() {
    for (name, text) in fixtures() {
        let Some(formatted) = format(&text) else { continue };
        let found = |text: &str| {
            let checked = checked(&name, text);
            let short = render(&checked.diagnostics, &checked.sources, Format::Short, Style::default());
            // Without the places.
            let mut found: Vec<_> =
                short.lines().map(|line| line.split_once(": ").unwrap_or(("", line)).1.to_string()).collect();
            found.sort();
            found
        };
        assert_eq!(found(&text), found(&formatted), "{name}\n{formatted}");
    }
}
