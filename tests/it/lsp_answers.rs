//! `tests/lsp/*.txt`: a text with the cursor (`▮`) in it and, under a line of dashes, what the server answers there.
//!
//! One file a request, each with several cases; `=== name` starts one. `UPDATE_LSP=1 cargo test --test it lsp_answers` writes
//! the answers anew.

use std::fmt::Write;
use std::path::Path;

use serde_json::{Value, json};

use super::docs::{read, root};
use super::lsp::editor::Editor;
use super::lsp::{covered, cursor, edited, offset};

const URI: &str = "untitled:test.rnn";

/// Compares every case of a file with what `answer` makes of it: given the text, the cursor and the name of the case.
#[track_caller]
fn cases(file: &str, answer: impl Fn(&mut Editor, &str, &Value, &str) -> String) {
    let path = format!("tests/lsp/{file}.txt");
    let mut written = String::new();
    let mut wrong = Vec::new();
    for case in read(&path).split("=== ").skip(1) {
        let (name, rest) = case.split_once('\n').expect("a name");
        let (text, expected) = rest.split_once("\n---\n").expect("a line of dashes");
        let (plain, position) = cursor(text);
        let mut editor = Editor::new(None);
        editor.open(URI, &plain);
        let found = answer(&mut editor, &plain, &position, name);
        if found.trim() != expected.trim() {
            wrong.push(format!("=== {name}\n{found}\n--- instead of\n{}", expected.trim()));
        }
        write!(written, "=== {name}\n{text}\n---\n{}\n\n", found.trim()).expect("a string takes it");
    }
    if std::env::var_os("UPDATE_LSP").is_some() {
        std::fs::write(Path::new(&root()).join(&path), written.trim_end().to_string() + "\n").expect("written");
    } else {
        assert!(wrong.is_empty(), "{path}\n{}", wrong.join("\n"));
    }
}

fn at(position: &Value) -> Value {
    json!({ "textDocument": { "uri": URI }, "position": position })
}

fn whole(text: &str) -> Value {
    let end = json!({ "line": text.lines().count() + 1, "character": 0 });
    json!({ "textDocument": { "uri": URI }, "range": { "start": { "line": 0, "character": 0 }, "end": end } })
}

fn list(answer: &Value) -> &[Value] {
    answer.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Line and column from 1, and what stands there.
fn place(text: &str, range: &Value) -> String {
    let (line, column) =
        (range["start"]["line"].as_u64().unwrap() + 1, range["start"]["character"].as_u64().unwrap() + 1);
    format!("{line}:{column} {:?}", covered(text, range))
}

#[test]
fn hover() {
    cases("hover", |editor, text, position, _| {
        let answer = editor.ask("textDocument/hover", at(position)).unwrap();
        match answer["contents"]["value"].as_str() {
            Some(said) => format!("{}\n\n{said}", place(text, &answer["range"])),
            None => "nothing".into(),
        }
    });
}

#[test]
fn inlay_hints() {
    cases("inlay_hints", |editor, text, _, _| {
        let answer = editor.ask("textDocument/inlayHint", whole(text)).unwrap();
        let hints: Vec<Value> = list(&answer)
            .iter()
            .map(|hint| {
                let label = hint["label"].as_str().unwrap();
                json!({ "range": { "start": hint["position"], "end": hint["position"] }, "newText": format!("⟦{label}⟧") })
            })
            .collect();
        edited(text, &hints)
    });
}

#[test]
fn completion() {
    cases("completion", |editor, text, position, _| {
        let answer = editor.ask("textDocument/completion", at(position)).unwrap();
        let mut items = list(&answer["items"]).to_vec();
        items.sort_by_key(|item| item["sortText"].as_str().unwrap().to_string());
        let typed = items.first().map(|item| covered(text, &item["textEdit"]["range"]).to_string());
        let shown = |item: &Value| {
            let detail = item["detail"].as_str().unwrap_or("");
            let insert = item["textEdit"]["newText"].as_str().unwrap();
            format!("{:<20} {:<24} {}", item["label"].as_str().unwrap(), format!("{insert:?}"), detail)
                .trim_end()
                .to_string()
        };
        let mut lines: Vec<String> = items.iter().take(14).map(shown).collect();
        if items.len() > 14 {
            lines.push(format!("… {} in all", items.len()));
        }
        format!("in place of {:?}\n{}", typed.unwrap_or_default(), lines.join("\n"))
    });
}

#[test]
fn definition_and_references() {
    cases("references", |editor, text, position, _| {
        // The definition is the place that is declared, and a reference is every other.
        let definition = editor.ask("textDocument/definition", at(position)).unwrap();
        let mut params = at(position);
        params["context"] = json!({ "includeDeclaration": false });
        let references = editor.ask("textDocument/references", params).unwrap();
        let highlights = editor.ask("textDocument/documentHighlight", at(position)).unwrap();
        let declared = list(&highlights).iter().find(|highlight| highlight["kind"] == 3).expect("a declaration");
        assert_eq!(definition["range"], declared["range"]);
        assert_eq!(list(&references).len() + 1, list(&highlights).len());
        list(&highlights)
            .iter()
            .map(|highlight| {
                let kind = if highlight["kind"] == 3 { "declared" } else { "said" };
                format!("{kind} {}\n", place(text, &highlight["range"]))
            })
            .collect()
    });
}

#[test]
fn rename() {
    cases("rename", |editor, text, position, name| {
        let (_, new) = name.rsplit_once("-> ").expect("a new name");
        let prepared = editor.ask("textDocument/prepareRename", at(position));
        let mut params = at(position);
        params["newName"] = json!(new);
        let renamed = prepared.and_then(|_| editor.ask("textDocument/rename", params));
        match renamed {
            Ok(edit) => edited(text, list(&edit["changes"][URI])),
            Err(why) => format!("refused: {why}"),
        }
    });
}

#[test]
fn symbols() {
    fn show(symbols: &Value, text: &str, depth: usize, shown: &mut String) {
        for symbol in list(symbols) {
            let place = place(text, &symbol["selectionRange"]);
            writeln!(shown, "{}{} {place}", "  ".repeat(depth), symbol["kind"]).unwrap();
            show(&symbol["children"], text, depth + 1, shown);
        }
    }
    cases("symbols", |editor, text, _, _| {
        let answer = editor.ask("textDocument/documentSymbol", at(&Value::Null)).unwrap();
        let mut shown = String::new();
        show(&answer, text, 0, &mut shown);
        shown
    });
}

#[test]
fn signature_help() {
    cases("signature_help", |editor, _, position, _| {
        let answer = editor.ask("textDocument/signatureHelp", at(position)).unwrap();
        let Some(signature) = answer["signatures"].get(0) else { return "nothing".into() };
        let active = answer["activeParameter"].as_u64().and_then(|index| signature["parameters"].get(index as usize));
        let active = active.map_or("none", |parameter| parameter["label"].as_str().unwrap());
        format!("{}\nat {active}", signature["label"].as_str().unwrap())
    });
}

#[test]
fn folding_ranges() {
    cases("folding", |editor, text, _, _| {
        let answer = editor.ask("textDocument/foldingRange", at(&Value::Null)).unwrap();
        let line = |value: &Value| text.lines().nth(value.as_u64().unwrap() as usize).unwrap_or("").to_string();
        list(&answer)
            .iter()
            .map(|range| format!("{} {:?} … {:?}\n", range["kind"], line(&range["startLine"]), line(&range["endLine"])))
            .collect()
    });
}

#[test]
fn selection_ranges() {
    cases("selection_ranges", |editor, text, position, _| {
        let params = json!({ "textDocument": { "uri": URI }, "positions": [position] });
        let answer = editor.ask("textDocument/selectionRange", params).unwrap();
        let mut range = &answer[0];
        let mut shown = String::new();
        while range.is_object() {
            writeln!(shown, "{:?}", covered(text, &range["range"])).unwrap();
            range = &range["parent"];
        }
        shown
    });
}

#[test]
fn semantic_tokens() {
    cases("semantic_tokens", |editor, text, _, _| {
        let mut server = Editor::new(None);
        let legend = server.capabilities()["semanticTokensProvider"]["legend"].clone();
        let answer = editor.ask("textDocument/semanticTokens/full", at(&Value::Null)).unwrap();
        let numbers: Vec<u64> = list(&answer["data"]).iter().map(|number| number.as_u64().unwrap()).collect();
        let (mut line, mut column) = (0, 0);
        let mut shown = String::new();
        for token in numbers.chunks(5) {
            let [lines, columns, length, kind, modifiers] = token else { panic!("five numbers a token") };
            (line, column) = if *lines > 0 { (line + lines, *columns) } else { (line, column + columns) };
            let start = json!({ "line": line, "character": column });
            let end = json!({ "line": line, "character": column + length });
            let word = &text[offset(text, &start)..offset(text, &end)];
            let names = list(&legend["tokenModifiers"]).iter().enumerate();
            let names = names
                .filter(|(bit, _)| modifiers >> bit & 1 == 1)
                .map(|(_, name)| format!(" {}", name.as_str().unwrap()));
            writeln!(
                shown,
                "{word}: {}{}",
                legend["tokenTypes"][*kind as usize].as_str().unwrap(),
                names.collect::<String>()
            )
            .unwrap();
        }
        shown
    });
}

#[test]
fn code_actions() {
    cases("code_actions", |editor, text, position, _| {
        let params = json!({
            "textDocument": { "uri": URI }, "range": { "start": position, "end": position }, "context": { "diagnostics": [] },
        });
        let answer = editor.ask("textDocument/codeAction", params).unwrap();
        let shown = |action: &Value| {
            format!("{}\n{}\n", action["title"].as_str().unwrap(), edited(text, list(&action["edit"]["changes"][URI])))
        };
        if list(&answer).is_empty() { "nothing".into() } else { list(&answer).iter().map(shown).collect() }
    });
}

#[test]
fn formatting() {
    cases("formatting", |editor, text, position, name| {
        let mut params = at(position);
        params["options"] = json!({ "tabSize": 2, "insertSpaces": true });
        let method = match name.split_once(':').expect("what is formatted").0 {
            "range" => {
                params["range"] = json!({ "start": position, "end": position });
                "rangeFormatting"
            }
            "block" => {
                params["ch"] = json!("}");
                "onTypeFormatting"
            }
            "line" => {
                params["ch"] = json!("\n");
                "onTypeFormatting"
            }
            _ => "formatting",
        };
        let answer = editor.ask(&format!("textDocument/{method}"), params).unwrap();
        format!("{} edits\n{}", list(&answer).len(), edited(text, list(&answer)))
    });
}

#[test]
fn diagnostics() {
    cases("diagnostics", |editor, text, _, _| {
        let published = editor.published();
        let (_, found) = published.first().expect("told once");
        let shown = |found: &Value| {
            let related = list(&found["relatedInformation"]).len();
            let message = found["message"].as_str().unwrap().replace('\n', "\n  ");
            format!(
                "{} {} ({related} related)\n  {message}\n",
                place(text, &found["range"]),
                found["code"].as_str().unwrap()
            )
        };
        if found.is_empty() { "nothing".into() } else { found.iter().map(shown).collect() }
    });
}
