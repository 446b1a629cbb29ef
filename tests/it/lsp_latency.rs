//! How soon the server answers: a benchmark, run by `just bench-lsp`. With the development build it says nothing of use.

use std::fmt::Write;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::command::Folder;
use super::lsp::client::Client;

/// A file of 500 lines: layers, and a model that applies all of them.
fn long_file() -> String {
    let mut text = String::from("data {\n  train = \"train.tsv\"\n  text  : words\n  label : class\n}\n\n");
    for i in 0..54 {
        write!(
            text,
            "/// Layer {i} of many.\nlayer part{i}(x: [T, I], hidden_size: H = I) -> [T, I] {{\n  let read = x |> gru(H)\n  let gate = read |> dense(I) |> sigmoid\n  let side = x |> dense(I, bias_init = zeros) |> tanh\n  gate * side + (1 - gate) * x\n}}\n\n"
        )
        .expect("a string takes it");
    }
    text.push_str("model Long(text) -> label {\n  text\n  |> embedding(32)\n");
    for i in 0..54 {
        writeln!(text, "  |> part{i}({})", 8 + i).expect("a string takes it");
    }
    text.push_str("  |> max_over_time\n  |> dense(label)\n  |> softmax\n}\n");
    text
}

fn shown(name: &str, mut times: Vec<Duration>) -> String {
    times.sort();
    let at = |share: usize| times[(times.len() - 1) * share / 100].as_secs_f64() * 1e3;
    format!("{name:<34} p50 {:6.2} ms   p95 {:6.2} ms   worst {:6.2} ms", at(50), at(95), at(100))
}

#[test]
#[ignore = "a benchmark"]
fn latency_on_a_file_of_500_lines() {
    let folder = Folder::new();
    let text = long_file();
    println!("{} lines", text.lines().count());
    let root = folder.path(".").canonicalize().unwrap();
    let uri = format!("file://{}/long.rnn", root.display());
    let mut starts = Vec::new();
    for _ in 0..20 {
        let start = Instant::now();
        let (mut client, _) = Client::initialized(&root, &[]);
        client.open(&uri, &text);
        client.told("textDocument/publishDiagnostics");
        starts.push(start.elapsed());
        client.stop();
    }
    let (mut client, _) = Client::initialized(&root, &[]);
    client.open(&uri, &text);
    client.told("textDocument/publishDiagnostics");
    // In the last layer a word is typed, letter by letter, and taken away again.
    let line = text.lines().position(|line| line.starts_with("layer part53")).expect("it is there") as u32 + 4;
    let (typed, start) = (" |> dropout(0.5)", text.lines().nth(line as usize).expect("a line").len() as u32);
    let (mut edits, mut hovers, mut completions) = (Vec::new(), Vec::new(), Vec::new());
    let mut length = 0u32;
    for version in 2..1002 {
        let full = length as usize == typed.len();
        let (from, to, piece) = if full {
            (start, start + length, "")
        } else {
            (start + length, start + length, &typed[length as usize..=length as usize])
        };
        length = if full { 0 } else { length + 1 };
        let range = json!({ "start": { "line": line, "character": from }, "end": { "line": line, "character": to } });
        let document = json!({ "uri": uri, "version": version });
        let begun = Instant::now();
        client.tell(
            "textDocument/didChange",
            json!({ "textDocument": document, "contentChanges": [{ "range": range, "text": piece }] }),
        );
        client.wait(|message| message["params"]["version"] == version);
        edits.push(begun.elapsed());
        let at = |character: u32| json!({ "textDocument": { "uri": uri }, "position": { "line": line, "character": character } });
        let mut timed = |method: &str, params: Value, times: &mut Vec<Duration>| {
            let begun = Instant::now();
            client.ask(method, params);
            times.push(begun.elapsed());
        };
        timed("textDocument/hover", at(20), &mut hovers);
        timed("textDocument/completion", at(start + length), &mut completions);
    }
    client.stop();
    println!("{}", shown("process start to first findings", starts));
    println!("{}", shown("edit to findings, 1,000 edits", edits));
    println!("{}", shown("hover", hovers));
    println!("{}", shown("completion", completions));
}
