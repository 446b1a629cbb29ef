//! Any sequence of edits is survived, and leaves the server where a fresh one would be that is given the text at once.

use rnnc::random::Random;
use serde_json::{Value, json};

use super::check::files;
use super::lsp::editor::Editor;

const URI: &str = "untitled:fuzz.rnn";

const PIECES: [&str; 34] = [
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "|>",
    "|",
    "->",
    "=",
    ":",
    ";",
    ",",
    "'",
    "\"",
    "//",
    "///",
    "\n",
    "\r",
    "\r\n",
    "é",
    "🚀",
    "let ",
    "param ",
    "if ",
    "text |> ",
    "lstm(",
    "embedding(64)",
    "num_layers = ",
    "data {\n",
    "train {\n",
    "model M(text) -> ",
    "layer l(x: [T, I]) -> [T, I] {",
    "0.5",
];

fn below(random: &mut Random, bound: usize) -> usize {
    (random.next_u64() % bound.max(1) as u64) as usize
}

/// The position of a byte, in UTF-16; CR, LF and both end a line.
fn position(text: &str, at: usize) -> Value {
    let before = &text[..at];
    let lines = before.replace("\r\n", "\n").replace('\r', "\n");
    let line = lines.matches('\n').count();
    json!({ "line": line, "character": lines.rsplit('\n').next().unwrap_or("").encode_utf16().count() })
}

/// A place that a position can name: at a character, and not between CR and LF.
fn place(text: &str, random: &mut Random) -> usize {
    let mut at = below(random, text.len() + 1);
    while !text.is_char_boundary(at) || at > 0 && text[..at].ends_with('\r') && text[at..].starts_with('\n') {
        at -= 1;
    }
    at
}

/// Everything that can be asked about a text and a place in it.
fn ask_everything(editor: &mut Editor, text: &str, at: usize) -> Vec<Result<Value, String>> {
    let document = json!({ "uri": URI });
    let here = position(text, at);
    let whole = json!({ "start": { "line": 0, "character": 0 }, "end": position(text, text.len()) });
    let place = json!({ "textDocument": document, "position": here });
    let mut answers = Vec::new();
    for method in ["hover", "definition", "documentHighlight", "completion", "signatureHelp", "prepareRename"] {
        answers.push(editor.ask(&format!("textDocument/{method}"), place.clone()));
    }
    for method in ["documentSymbol", "foldingRange", "semanticTokens/full", "documentLink", "codeLens"] {
        answers.push(editor.ask(&format!("textDocument/{method}"), json!({ "textDocument": document })));
    }
    let ranged = json!({ "textDocument": document, "range": whole, "context": { "diagnostics": [] } });
    answers.push(editor.ask("textDocument/inlayHint", ranged.clone()));
    answers.push(editor.ask("textDocument/semanticTokens/range", ranged));
    answers.push(editor.ask("textDocument/selectionRange", json!({ "textDocument": document, "positions": [here] })));
    let mut params = place.clone();
    params["context"] = json!({ "includeDeclaration": true });
    answers.push(editor.ask("textDocument/references", params));
    let mut params = place;
    params["newName"] = json!("renamed");
    answers.push(editor.ask("textDocument/rename", params));
    answers
}

/// Sorted, where the order says nothing.
fn published(editor: &mut Editor) -> Vec<Value> {
    editor.published().pop().map(|(_, found)| found).unwrap_or_default()
}

#[test]
fn edits_lead_where_a_fresh_server_is() {
    let seeds: Vec<String> =
        ["models", "tests/check"].iter().flat_map(|folder| files(folder, "rnn")).map(|(_, text)| text).collect();
    let mut random = Random::new(7, &[]);
    for round in 0..40 {
        let mut text = seeds[below(&mut random, seeds.len())].clone();
        let mut editor = Editor::new(None);
        editor.open(URI, &text);
        for _ in 0..12 {
            let mut changes = Vec::new();
            for _ in 0..=below(&mut random, 2) {
                let start = place(&text, &mut random);
                let end = if below(&mut random, 2) == 0 {
                    start
                } else {
                    place(&text, &mut random).max(start).min(start + 40)
                };
                let end = (start..=end)
                    .rev()
                    .find(|at| {
                        text.is_char_boundary(*at) && !(text[..*at].ends_with('\r') && text[*at..].starts_with('\n'))
                    })
                    .unwrap_or(start);
                let piece = PIECES[below(&mut random, PIECES.len())];
                let range = json!({ "start": position(&text, start), "end": position(&text, end) });
                changes.push(json!({ "range": range, "text": piece }));
                text.replace_range(start..end, piece);
            }
            editor.change(URI, json!(changes));
            if below(&mut random, 3) == 0 {
                let at = place(&text, &mut random);
                ask_everything(&mut editor, &text, at);
                editor.published();
            }
        }
        let mut fresh = Editor::new(None);
        fresh.open(URI, &text);
        editor.change(URI, json!([]));
        assert_eq!(published(&mut editor), published(&mut fresh), "round {round}\n{text}");
        for _ in 0..4 {
            let at = place(&text, &mut random);
            assert_eq!(
                ask_everything(&mut editor, &text, at),
                ask_everything(&mut fresh, &text, at),
                "round {round} at {at}\n{text}"
            );
        }
    }
}

/// Every request at every place of half-written files: each beginning of a model.
#[test]
fn half_written_files_are_answered() {
    let (_, text) = files("models", "rnn").into_iter().find(|(name, _)| name == "textrnn.rnn").expect("it is there");
    let mut editor = Editor::new(None);
    editor.open(URI, "");
    for end in (0..=text.len()).step_by(7).filter(|end| text.is_char_boundary(*end)) {
        let written = &text[..end];
        editor.change(URI, json!([{ "text": written }]));
        ask_everything(&mut editor, written, end);
        editor.published();
    }
}
