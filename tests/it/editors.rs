//! The words that editors highlight are those of the language, and what is shipped for them is well-formed.

use std::collections::BTreeSet;

use rnnc::source::FileId;
use rnnc::syntax::{self, ast::Item};
use serde_json::Value;

use crate::check::files;
use crate::docs::{read, root};

type Words = BTreeSet<String>;

/// The keywords of the grammar: `kw_let = @{ "let" … }`.
fn keywords() -> Words {
    let grammar = read("grammar/rnn.pest");
    let rules = grammar.lines().filter(|line| line.starts_with("kw_"));
    rules.filter_map(|line| line.split('"').nth(1).map(str::to_string)).collect()
}

/// The layers and cells of the library.
fn library() -> Words {
    let mut names = Words::new();
    for (_, text) in files("stdlib", "rnn") {
        for item in syntax::parse(FileId(0), &text).0.items {
            match item {
                Item::Layer(layer) => names.insert(layer.name.name),
                Item::Cell(cell) => names.insert(cell.name.name),
                _ => false,
            };
        }
    }
    names
}

/// The words of every group of a pattern that is a choice of words: `(if|then)`.
fn choices(pattern: &str) -> Words {
    let groups = pattern.split('(').skip(1).filter_map(|rest| rest.split(')').next());
    let words = groups.filter(|group| group.chars().all(|c| c.is_ascii_lowercase() || c == '_' || c == '|'));
    words.flat_map(|group| group.split('|')).filter(|word| !word.is_empty()).map(str::to_string).collect()
}

/// Every `match` in a part of a TextMate grammar.
fn patterns(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| match value {
            Value::String(pattern) if name == "match" => found.push(pattern.clone()),
            value => patterns(value, found),
        }),
        Value::Array(values) => values.iter().for_each(|value| patterns(value, found)),
        _ => {}
    }
}

fn textmate(part: &str) -> Words {
    let grammar: Value = serde_json::from_str(&read("editors/vscode/syntaxes/rnn.tmLanguage.json")).expect("JSON");
    let mut found = Vec::new();
    patterns(&grammar["repository"][part], &mut found);
    assert!(!found.is_empty(), "no {part}");
    found.iter().flat_map(|pattern| choices(pattern)).collect()
}

/// `syntax keyword GROUP …` and `syntax match GROUP /…\(a\|b\)…/` of the groups that `wanted` takes.
fn vim(wanted: impl Fn(&str) -> bool) -> Words {
    let mut words = Words::new();
    for line in read("editors/nvim/syntax/rnn.vim").lines() {
        let parts: Vec<&str> = line.splitn(4, ' ').collect();
        match parts.as_slice() {
            ["syntax", "keyword", group, rest] if wanted(group) => words.extend(rest.split(' ').map(str::to_string)),
            ["syntax", "match", group, rest] if wanted(group) => {
                words.extend(choices(&rest.replace("\\(", "(").replace("\\)", ")").replace("\\|", "|")));
            }
            _ => {}
        }
    }
    words
}

#[test]
fn keywords_are_those_of_the_grammar() {
    assert!(keywords().len() > 20);
    assert_eq!(textmate("keywords"), keywords(), "editors/vscode/syntaxes/rnn.tmLanguage.json, `keywords`");
    let groups = ["rnnItem", "rnnDeclaration", "rnnControl", "rnnWord", "rnnConstant"];
    assert_eq!(vim(|group| groups.contains(&group)), keywords(), "editors/nvim/syntax/rnn.vim");
}

#[test]
fn names_of_the_library_are_those_of_the_library() {
    assert_eq!(textmate("library"), library(), "editors/vscode/syntaxes/rnn.tmLanguage.json, `library`");
    assert_eq!(vim(|group| group == "rnnLibrary"), library(), "editors/nvim/syntax/rnn.vim, `rnnLibrary`");
}

#[test]
fn what_vs_code_reads_is_json_and_there() {
    let folder = "editors/vscode";
    for name in
        ["package", "language-configuration", "snippets/rnn", "syntaxes/rnn.tmLanguage", "syntaxes/markdown.tmLanguage"]
    {
        serde_json::from_str::<Value>(&read(&format!("{folder}/{name}.json")))
            .unwrap_or_else(|e| panic!("{name}: {e}"));
    }
    let package: Value = serde_json::from_str(&read(&format!("{folder}/package.json"))).expect("JSON");
    let contributes = &package["contributes"];
    let mut paths = vec![&package["main"], &contributes["languages"][0]["configuration"]];
    paths.extend(contributes["grammars"].as_array().into_iter().flatten().map(|grammar| &grammar["path"]));
    paths.extend(contributes["snippets"].as_array().into_iter().flatten().map(|snippets| &snippets["path"]));
    for path in paths {
        let path = path.as_str().expect("a path");
        assert!(root().join(folder).join(path).exists(), "{path}");
    }
    assert_eq!(package["version"], env!("CARGO_PKG_VERSION"));
}

/// A snippet, its places filled with what it proposes, is sound and in the style.
#[test]
fn snippets_are_sound() {
    let snippets: Value = serde_json::from_str(&read("editors/vscode/snippets/rnn.json")).expect("JSON");
    for (name, snippet) in snippets.as_object().expect("snippets") {
        let lines =
            snippet["body"].as_array().expect("lines").iter().map(|line| filled(line.as_str().expect("a line")));
        let body = lines.collect::<Vec<_>>().join("\n").trim_end().to_string() + "\n";
        let text = if name == "repeat" { format!("layer l(x: [T, I]) -> [T, I] {{\n{body}}}\n") } else { body.clone() };
        let formatted = syntax::format::format(&text).unwrap_or_else(|| panic!("{name} has syntax errors:\n{text}"));
        assert!(name == "repeat" || formatted == body, "{name} in the style:\n{formatted}");
    }
}

/// `${1:word}` → `word`; `$0` → `x`, or nothing where a line ends in it.
fn filled(line: &str) -> String {
    let mut text = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("${") {
        let (place, after) = after.split_once('}').expect("a place ends");
        text += before;
        text += place.split_once(':').expect("a place proposes something").1;
        rest = after;
    }
    text += rest;
    match text.strip_suffix("$0") {
        Some(head) if head.ends_with(' ') => format!("{head}x"),
        Some(head) => head.to_string(),
        None => text,
    }
}

/// Hooks and the action call commands that exist.
#[test]
fn hooks_and_the_action_call_what_there_is() {
    let hooks = read(".pre-commit-hooks.yaml");
    assert!(hooks.contains("entry: rnnc fmt --check") && hooks.contains("entry: rnnc check"), "{hooks}");
    let action = read("action.yml");
    for command in ["rnnc check --format github", "rnnc check --format sarif", "rnnc fmt --check"] {
        assert!(action.contains(command), "action.yml does not run {command}");
    }
}
