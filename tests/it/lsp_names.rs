//! Names as the server finds them in the tree are those that the checker resolves.

use serde_json::json;

use super::check::{checked, files};
use super::lsp::covered;
use super::lsp::editor::Editor;

const URI: &str = "untitled:names.rnn";

/// Wherever the checker read a name, the server leads to the declaration that the checker read it from.
#[test]
fn the_server_and_the_checker_agree_about_names() {
    let mut compared = 0;
    for folder in ["models", "stdlib", "models/cells"] {
        for (name, text) in files(folder, "rnn") {
            let checked = checked(&name, &text);
            let mut editor = Editor::new(None);
            editor.open(URI, &text);
            for (said, declared) in &checked.facts.names {
                // A size that a setting gives is declared by the setting's type.
                if said.file.0 != 0
                    || declared.file.0 != 0
                    || checked.sources.text(*said) != checked.sources.text(*declared)
                {
                    continue;
                }
                let before = &text[..said.start as usize];
                let place = json!({ "line": before.matches('\n').count(), "character": before.rsplit('\n').next().unwrap_or("").encode_utf16().count() });
                let params = json!({ "textDocument": { "uri": URI }, "position": place });
                let highlights = editor.ask("textDocument/documentHighlight", params).unwrap();
                let highlights = highlights.as_array().unwrap();
                let declaration = &text[..declared.start as usize];
                let line = declaration.matches('\n').count();
                let found = highlights.iter().any(|highlight| {
                    highlight["range"]["start"]["line"] == line
                        && covered(&text, &highlight["range"]) == checked.sources.text(*declared)
                });
                assert!(
                    found,
                    "{folder}/{name}: {:?} at {said:?} is declared at {declared:?}, not in {highlights:?}",
                    checked.sources.text(*said)
                );
                compared += 1;
            }
        }
    }
    assert!(compared > 300, "{compared} names");
}
