//! The house rules of ARCHITECTURE.md, held by the code.

use std::path::Path;

use super::docs::{read, root};

/// A room imports only from rooms above it.
const ROOMS: [&str; 21] = [
    "source",
    "random",
    "diagnostic",
    "syntax",
    "ir",
    "check",
    "difference",
    "project",
    "passes",
    "data",
    "kernels",
    "lower",
    "verify",
    "artifact",
    "predictor",
    "preflight",
    "train",
    "report",
    "probe",
    "lsp",
    "cli",
];

/// Where each dependency may be named. Tests may use any.
const FENCES: [(&str, &[&str]); 24] = [
    ("candle_core", &["src/lower/", "src/kernels/"]),
    ("clap", &["src/cli/"]),
    ("csv", &["src/data/"]),
    ("ctrlc", &["src/cli/training.rs"]),
    ("gen_lsp_types", &["src/lsp/"]),
    ("indicatif", &["src/train/progress.rs"]),
    ("jieba_rs", &["src/data/tokenize.rs"]),
    ("libmimalloc_sys", &["src/kernels/memory.rs"]),
    ("lsp_server", &["src/lsp/"]),
    ("miette", &["src/diagnostic/render/human.rs"]),
    ("mimalloc", &["src/main.rs"]),
    ("pest", &["src/syntax/"]),
    ("pest_derive", &["src/syntax/mod.rs"]),
    ("pulp", &["src/kernels/"]),
    ("rayon", &["src/kernels/", "src/train/"]),
    ("safetensors", &["src/artifact/"]),
    ("serde", &["src/"]),
    ("serde_json", &["src/"]),
    ("sha2", &["src/data/lines.rs"]),
    ("similar", &["src/cli/fmt.rs"]),
    ("strsim", &["src/diagnostic/suggest.rs"]),
    ("tempfile", &["src/artifact/atomic.rs"]),
    ("unicode_segmentation", &["src/data/tokenize.rs"]),
    ("unsafe", &["src/kernels/"]),
];

/// Rooms that see no file, no clock, no environment and no terminal: text in, values out.
const PURE: [&str; 11] =
    ["source", "random", "diagnostic", "syntax", "ir", "check", "difference", "passes", "lower", "verify", "report"];

/// Lines a file may have.
const LONGEST: usize = 600;

/// Every Rust file of the library and the program, with its lines of code: comments and tests left out.
fn files() -> Vec<(String, Vec<String>)> {
    let mut paths = Vec::new();
    collect(&root().join("src"), &mut paths);
    let texts: Vec<(String, String)> = paths.into_iter().map(|path| (path.clone(), read(&path))).collect();
    let tests: Vec<String> = texts.iter().flat_map(|(path, text)| test_files(path, text)).collect();
    texts
        .into_iter()
        .filter(|(path, _)| !tests.iter().any(|test| path.starts_with(test.as_str())))
        .map(|(path, text)| (path, code(&text)))
        .collect()
}

fn collect(folder: &Path, paths: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("it can be read").path();
        if path.is_dir() {
            collect(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let relative = path.strip_prefix(root()).expect("inside the project");
            paths.push(relative.to_str().expect("a name").replace('\\', "/"));
        }
    }
    paths.sort();
}

/// `#[cfg(test)] mod name;` in a file: the paths that `name.rs` and `name/` start with.
fn test_files(path: &str, text: &str) -> Vec<String> {
    let own = path.strip_suffix(".rs").expect("a Rust file");
    let folder = ["/mod", "/lib", "/main"].iter().find_map(|name| own.strip_suffix(name)).unwrap_or(own);
    let lines: Vec<&str> = text.lines().collect();
    let modules = lines.windows(2).filter(|pair| pair[0] == "#[cfg(test)]").filter_map(|pair| {
        let name = pair[1].strip_suffix(';')?.rsplit("mod ").next()?;
        Some([format!("{folder}/{name}.rs"), format!("{folder}/{name}/")])
    });
    modules.flatten().collect()
}

/// The lines before the tests, comments left out. Tests stand last in a file.
fn code(text: &str) -> Vec<String> {
    let mut code = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if line == "#[cfg(test)]" {
            match lines.next() {
                Some(item) if item.ends_with(';') => continue,
                _ => break,
            }
        }
        if !line.trim_start().starts_with("//") {
            code.push(line.to_string());
        }
    }
    code
}

/// Whether `word` stands in a line as a word of its own.
fn has_word(line: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| !line[..at].ends_with(part) && !line[at + word.len()..].starts_with(part))
}

fn room(path: &str) -> &str {
    let rest = path.strip_prefix("src/").unwrap_or(path);
    rest.split(['/', '.']).next().unwrap_or(rest)
}

#[test]
fn every_file_says_what_it_is_for() {
    let mut paths = Vec::new();
    collect(&root().join("src"), &mut paths);
    collect(&root().join("tests"), &mut paths);
    for path in paths {
        assert!(read(&path).starts_with("//! "), "{path} does not start with `//! `");
    }
}

#[test]
fn files_are_short() {
    let mut paths = Vec::new();
    collect(&root().join("src"), &mut paths);
    let mut lengths: Vec<(usize, String)> = paths.into_iter().map(|path| (read(&path).lines().count(), path)).collect();
    lengths.sort();
    lengths.iter().rev().filter(|(lines, _)| *lines > 300).for_each(|(lines, path)| println!("{lines:5} {path}"));
    for (lines, path) in lengths {
        assert!(lines <= LONGEST, "{path} has {lines} lines, more than {LONGEST}");
    }
}

#[test]
fn nothing_is_left_undone_or_unwrapped() {
    for (path, lines) in files() {
        for line in lines {
            for word in ["todo!(", "unimplemented!(", "dbg!(", ".unwrap()"] {
                assert!(!line.contains(word), "{path}: {}", line.trim());
            }
        }
    }
}

#[test]
fn a_room_imports_only_from_rooms_above_it() {
    let place = |room: &str| ROOMS.iter().position(|known| *known == room);
    for (path, lines) in files() {
        let Some(here) = place(room(&path)) else {
            assert!(matches!(path.as_str(), "src/lib.rs" | "src/main.rs"), "{path} is in no room");
            continue;
        };
        for line in lines {
            for rest in line.split("crate::").skip(1) {
                let name = rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
                let there = place(name).unwrap_or_else(|| panic!("{path} uses crate::{name}, which is no room"));
                assert!(there <= here, "{path} uses {name}, which is below {}", ROOMS[here]);
            }
        }
    }
    let architecture = read("ARCHITECTURE.md");
    let places =
        ROOMS.map(|room| architecture.find(&format!("| [`{room}`]")).expect("a room has a row in ARCHITECTURE.md"));
    assert!(places.is_sorted(), "ARCHITECTURE.md has the rooms in another order");
}

#[test]
fn dependencies_stay_behind_their_fences() {
    for (path, lines) in files() {
        for (name, allowed) in FENCES {
            // A word of content security policies is none of the language.
            let named = |line: &&String| match name {
                "unsafe" => has_word(&line.replace("'unsafe-inline'", ""), name),
                _ => uses(line, name),
            };
            if let Some(line) = lines.iter().find(named) {
                let inside = allowed.iter().any(|place| path.starts_with(place));
                assert!(inside, "{path} names {name}, which only {allowed:?} may: {}", line.trim());
            }
        }
    }
    let manifest = read("Cargo.toml");
    let (_, rest) = manifest.split_once("[dependencies]").expect("dependencies");
    let (dependencies, _) = rest.split_once("\n[").expect("a section after the dependencies");
    for name in dependencies.lines().filter_map(|line| line.split_once(" = ")).map(|(name, _)| name.replace('-', "_")) {
        assert!(FENCES.iter().any(|(known, _)| *known == name), "{name} has no fence");
    }
}

/// Whether a line names a crate, and no path of our own that ends in the same word.
fn uses(line: &str, name: &str) -> bool {
    let path = format!("{name}::");
    line.match_indices(&path).any(|(at, _)| {
        let before = &line[..at];
        !before.ends_with("::") && !before.ends_with(|c: char| c.is_alphanumeric() || c == '_')
    })
}

#[test]
fn pure_rooms_are_pure() {
    let forbidden = [
        "std::fs",
        "std::env",
        "std::process",
        "std::io",
        "std::time",
        "SystemTime",
        "Instant",
        "println!(",
        "eprint!(",
        "print!(",
    ];
    for (path, lines) in files().into_iter().filter(|(path, _)| PURE.contains(&room(path))) {
        for line in lines {
            let found = forbidden.iter().find(|word| line.contains(**word));
            assert!(found.is_none(), "{path}: {}", line.trim());
        }
    }
    for (path, lines) in files().into_iter().filter(|(path, _)| room(path) != "cli") {
        let printed = lines.iter().find(|line| line.contains("println!(") || line.contains("eprint"));
        assert!(printed.is_none(), "only the command line prints, but {path}: {printed:?}");
    }
}

#[test]
fn no_path_of_somebodys_machine() {
    let forbidden = ["/home/", "/Users/", "/root/", "/work/", "C:\\Users"];
    let mut files = Vec::new();
    for folder in ["src", "tests", "stdlib", "models", "docs", "grammar", "bench", "editors", ".ci"] {
        texts(&root().join(folder), &mut files);
    }
    for name in ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "Cargo.toml", "justfile", "action.yml"] {
        files.push(root().join(name));
    }
    for path in files {
        // This file has to name what it looks for; what is not UTF-8 is data.
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let found = forbidden.iter().find(|word| text.contains(**word));
        assert!(found.is_none() || path.ends_with("tests/it/tidy.rs"), "{} has {found:?}", path.display());
    }
}

fn texts(folder: &Path, files: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("it can be read").path();
        if path.is_dir() { texts(&path, files) } else { files.push(path) }
    }
}

#[test]
fn every_model_is_in_the_readme() {
    let readme = read("README.md");
    for entry in std::fs::read_dir(root().join("models")).expect("models") {
        let path = entry.expect("it can be read").path();
        if path.extension().is_some_and(|extension| extension == "rnn") {
            let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
            let row = format!("| [`{name}`](models/{name}) |");
            assert!(readme.contains(&row), "README.md has no row `{row}`");
        }
    }
}

#[test]
fn every_page_of_a_code_has_its_code() {
    for entry in std::fs::read_dir(root().join("docs/errors")).expect("pages") {
        let path = entry.expect("it can be read").path();
        let name = path.file_stem().and_then(|name| name.to_str()).expect("a name");
        let known = rnnc::diagnostic::Code::find(name).is_some() || name == "README";
        assert!(known, "docs/errors/{name}.md explains no code");
    }
}

#[test]
fn recipes_that_are_named_exist() {
    let justfile = read("justfile");
    let recipes: Vec<&str> = justfile
        .lines()
        .filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()) && !line.contains(":="))
        .filter_map(|line| line.split([':', ' ']).next())
        .collect();
    assert!(recipes.contains(&"ci") && recipes.contains(&"test"), "{recipes:?}");
    for page in ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "docs/language.md"] {
        for name in
            read(page).split("`just ").skip(1).filter_map(|rest| rest.split(['`', ' ']).next().map(str::to_string))
        {
            assert!(recipes.contains(&name.as_str()), "{page} names `just {name}`");
        }
    }
}

/// What the README tells people to run is what the project's own check runs.
#[test]
fn the_check_runs_the_tests_of_the_readme() {
    let (readme, ci) = (read("README.md"), read(".ci/run"));
    for command in ["cargo test", "cargo fmt --check", "cargo clippy --all-targets -- -D warnings"] {
        assert!(ci.contains(command), ".ci/run does not run {command}");
    }
    assert!(readme.contains("\ncargo test\n"), "the README does not say `cargo test`");
}
