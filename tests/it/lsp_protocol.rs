//! The real program, spoken to by a scripted editor.

use serde_json::{Value, json};

use super::command::Folder;
use super::lsp::client::Client;

const MODEL: &str =
    "model M(text: words[T]) -> class[C] {\n  text |> embedding(64) |> lstm(32) |> last |> dense(C) |> softmax\n}\n";

fn uri(folder: &Folder, name: &str) -> String {
    format!("file://{}", folder.path(name).display())
}

fn root(folder: &Folder) -> std::path::PathBuf {
    folder.path(".").canonicalize().unwrap()
}

/// A change of a part of a line.
fn change(line: u32, from: u32, to: u32, text: &str) -> Value {
    json!({ "range": { "start": { "line": line, "character": from }, "end": { "line": line, "character": to } }, "text": text })
}

fn edit(client: &mut Client, uri: &str, version: u32, changes: Value) {
    let document = json!({ "uri": uri, "version": version });
    client.tell("textDocument/didChange", json!({ "textDocument": document, "contentChanges": changes }));
}

fn messages(told: &Value) -> Vec<String> {
    let found = told["diagnostics"].as_array().unwrap();
    found.iter().map(|found| found["message"].as_str().unwrap().lines().next().unwrap().to_string()).collect()
}

#[test]
fn a_session_from_start_to_end() {
    let folder = Folder::new();
    let (mut client, answer) = Client::initialized(&root(&folder), &["utf-8"]);
    assert_eq!(answer["serverInfo"]["name"], "rnnc");
    assert_eq!(answer["capabilities"]["positionEncoding"], "utf-8");
    let uri = uri(&folder, "m.rnn");
    client.open(&uri, MODEL);
    let told = client.told("textDocument/publishDiagnostics");
    assert_eq!((told["version"].as_i64(), messages(&told)), (Some(1), vec![]));
    // A step too many …
    edit(&mut client, &uri, 2, json!([change(1, 39, 43, "lasst")]));
    let told = client.told("textDocument/publishDiagnostics");
    assert_eq!((told["version"].as_i64(), messages(&told)), (Some(2), vec!["there is no layer `lasst`".to_string()]));
    let found = &told["diagnostics"][0];
    assert_eq!((&found["code"], &found["severity"], &found["source"]), (&json!("E0303"), &json!(1), &json!("rnnc")));
    // … with a page about it that can be opened …
    let page = found["codeDescription"]["href"].as_str().unwrap().strip_prefix("file://").unwrap();
    assert!(std::fs::read_to_string(page).unwrap().starts_with("# E0303"));
    // … is mended by its quick fix.
    let range = &found["range"];
    let params = json!({ "textDocument": { "uri": uri }, "range": range, "context": { "diagnostics": [found] } });
    let actions = client.ask("textDocument/codeAction", params)["result"].clone();
    assert_eq!(actions[0]["title"], "Write `last`");
    assert_eq!(actions[0]["edit"]["changes"][&uri][0]["newText"], "last");
    edit(&mut client, &uri, 3, json!([change(1, 39, 44, "last")]));
    assert_eq!(messages(&client.told("textDocument/publishDiagnostics")), [""; 0]);
    // Closing takes findings away.
    client.tell("textDocument/didClose", json!({ "textDocument": { "uri": uri } }));
    assert_eq!(messages(&client.told("textDocument/publishDiagnostics")), [""; 0]);
    assert_eq!(client.stop(), (Some(0), String::new()));
}

#[test]
fn positions_are_counted_as_was_agreed() {
    for (encodings, agreed, column) in
        [(&["utf-8", "utf-16"][..], "utf-8", 15), (&["utf-32"], "utf-32", 12), (&[], "utf-16", 13)]
    {
        let folder = Folder::new();
        let (mut client, answer) = Client::initialized(&root(&folder), encodings);
        assert_eq!(answer["capabilities"]["positionEncoding"], agreed);
        let uri = uri(&folder, "m.rnn");
        client.open(&uri, "let a = \"🚀\" 3\n");
        let told = client.told("textDocument/publishDiagnostics");
        assert_eq!(told["diagnostics"][0]["range"]["start"]["character"], column, "{agreed}: {told}");
        assert_eq!(client.stop().0, Some(0));
    }
}

#[test]
fn importers_are_told_about_what_they_import() {
    let folder = Folder::new();
    folder.file(".git/HEAD", "");
    folder.file("gate.rnn", "layer gate(x: [T, I]) -> [T, I] { sigmoid(x) * x }\n");
    let model = "use \"gate.rnn\"\n\nmodel M(text: words[T]) -> class[C] {\n  text |> embedding(8) |> gate |> last |> dense(C) |> softmax\n}\n";
    folder.file("open.rnn", model).file("closed.rnn", model).file("other.rnn", MODEL);
    let (mut client, _) = Client::initialized(&root(&folder), &[]);
    let (gate, open, closed) = (uri(&folder, "gate.rnn"), uri(&folder, "open.rnn"), uri(&folder, "closed.rnn"));
    client.open(&open, model);
    assert_eq!(client.told("textDocument/publishDiagnostics")["uri"], json!(open));
    client.open(&gate, &folder.text("gate.rnn"));
    let mut told: Vec<(Value, Vec<String>)> = Vec::new();
    for _ in 0..3 {
        let next = client.told("textDocument/publishDiagnostics");
        told.push((next["uri"].clone(), messages(&next)));
    }
    assert_eq!(told, [(json!(gate), vec![]), (json!(open), vec![]), (json!(closed), vec![])]);
    // What is typed, and not saved, counts: the layer has another name now.
    edit(&mut client, &gate, 2, json!([change(0, 6, 10, "door")]));
    let mut told = Vec::new();
    for _ in 0..3 {
        let next = client.told("textDocument/publishDiagnostics");
        told.push((next["uri"].clone(), messages(&next)));
    }
    let missing = vec!["there is no layer `gate`".to_string()];
    assert_eq!(told, [(json!(gate), vec![]), (json!(open), missing.clone()), (json!(closed), missing)]);
    // A layer is renamed in all files, open or not.
    edit(&mut client, &gate, 3, json!([change(0, 6, 10, "gate")]));
    let place =
        json!({ "textDocument": { "uri": open }, "position": { "line": 3, "character": 27 }, "newName": "door" });
    let edits = client.ask("textDocument/rename", place)["result"]["changes"].clone();
    let count = |uri: &str| edits[uri].as_array().map_or(0, Vec::len);
    assert_eq!((count(&gate), count(&open), count(&closed)), (1, 1, 1), "{edits}");
    let place = json!({ "textDocument": { "uri": open }, "position": { "line": 0, "character": 8 } });
    assert_eq!(client.ask("textDocument/definition", place)["result"]["uri"], json!(gate));
    let found = client.ask("workspace/symbol", json!({ "query": "gte" }))["result"].clone();
    assert_eq!(found.as_array().unwrap().len(), 1, "{found}");
    assert_eq!(client.stop().0, Some(0));
}

#[test]
fn a_definition_of_the_library_is_a_file_to_read() {
    let folder = Folder::new();
    let (mut client, _) = Client::initialized(&root(&folder), &[]);
    let uri = uri(&folder, "m.rnn");
    client.open(&uri, MODEL);
    let place = json!({ "textDocument": { "uri": uri }, "position": { "line": 1, "character": 29 } });
    let answer = client.ask("textDocument/definition", place)["result"].clone();
    let target = answer["uri"].as_str().unwrap();
    assert!(target.ends_with("stdlib/recurrent.rnn"), "{answer}");
    let path = std::path::Path::new(target.strip_prefix("file://").unwrap());
    let text = std::fs::read_to_string(path).unwrap();
    let line = text.lines().nth(answer["range"]["start"]["line"].as_u64().unwrap() as usize).unwrap();
    assert!(line.starts_with("layer lstm("), "{line}");
    assert!(std::fs::metadata(path).unwrap().permissions().readonly());
    // Opened, it has no findings, and can be asked like any other.
    client.open(target, &text);
    loop {
        let told = client.told("textDocument/publishDiagnostics");
        if told["uri"] == target {
            assert_eq!(messages(&told), [""; 0]);
            break;
        }
    }
    let place = json!({ "textDocument": { "uri": target }, "position": answer["range"]["start"] });
    let said = client.ask("textDocument/hover", place)["result"]["contents"]["value"].clone();
    assert!(said.as_str().unwrap().contains("Long short-term memory"), "{said}");
    assert_eq!(client.stop().0, Some(0));
}

#[test]
fn the_lens_shows_the_last_run_and_opens_its_report() {
    let folder = Folder::new();
    folder.file(".git/HEAD", "").file("models/m.rnn", MODEL);
    let epoch = |number: u32, loss: f64, best: bool| {
        format!(
            "{{\"epoch\":{number},\"train_loss\":1.0,\"train_accuracy\":null,\"valid_loss\":{loss},\"valid_accuracy\":0.9,\"valid_macro_f1\":null,\"learning_rate\":0.1,\"examples_per_second\":1.0,\"seconds\":1.0,\"best\":{best}}}\n"
        )
    };
    folder.file("runs/m/metrics.jsonl", format!("{}{}", epoch(1, 0.25, true), epoch(2, 0.5, false)));
    folder.file("runs/m/report.html", "<html></html>");
    let (mut client, _) = Client::initialized(&root(&folder), &[]);
    let uri = uri(&folder, "models/m.rnn");
    client.open(&uri, MODEL);
    let lenses = client.ask("textDocument/codeLens", json!({ "textDocument": { "uri": uri } }))["result"].clone();
    let titles: Vec<&str> =
        lenses.as_array().unwrap().iter().map(|lens| lens["command"]["title"].as_str().unwrap()).collect();
    assert_eq!(
        titles,
        [
            "64*vocabulary(text) + 33*classes(C) + 12544 parameters, 25,248 flops/token, 68*classes(C) flops/text",
            "last run: valid_loss 0.2500, valid_accuracy 0.9000 (epoch 1)"
        ]
    );
    let command = &lenses[1]["command"];
    let id = client.request(
        "workspace/executeCommand",
        json!({ "command": command["command"], "arguments": command["arguments"] }),
    );
    let shown = client.told("window/showDocument");
    assert!(shown["uri"].as_str().unwrap().ends_with("/runs/m/report.html"), "{shown}");
    assert_eq!(client.wait(|message| message["id"] == id)["result"], Value::Null);
    assert_eq!(client.stop().0, Some(0));
}

#[test]
fn files_and_columns_are_offered() {
    let folder = Folder::new();
    folder
        .file("data/train.tsv", "review\tstars\nfine\t5\n")
        .file("data/valid.tsv", "")
        .file("other.rnn", "")
        .file(".hidden", "");
    let (mut client, _) = Client::initialized(&root(&folder), &[]);
    let uri = uri(&folder, "m.rnn");
    let text = "use \"\"\ndata {\n  train = \"data/train.tsv\"\n  valid = \"data/\"\n  text : words { column = \"\" }\n  \n}\n";
    client.open(&uri, text);
    let mut offered = |line: u32, character: u32| -> Vec<String> {
        let place = json!({ "textDocument": { "uri": uri }, "position": { "line": line, "character": character } });
        let answer = client.ask("textDocument/completion", place)["result"]["items"].clone();
        answer
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["textEdit"]["newText"].as_str().unwrap().to_string())
            .collect()
    };
    assert_eq!(offered(0, 5).last().map(String::as_str), Some("other.rnn"));
    assert_eq!(offered(3, 16), ["train.tsv", "valid.tsv"]);
    assert_eq!(offered(4, 27), ["review", "stars"]);
    let entries = offered(5, 2);
    assert!(entries.contains(&"review : ${1:words}".to_string()), "{entries:?}");
    let links = client.ask("textDocument/documentLink", json!({ "textDocument": { "uri": uri } }))["result"].clone();
    assert_eq!(links.as_array().unwrap().len(), 1, "{links}");
    assert_eq!(client.stop().0, Some(0));
}

#[test]
fn what_is_no_request_has_an_answer_too() {
    let folder = Folder::new();
    let mut client = Client::start(&root(&folder));
    let code = |answer: &Value| answer["error"]["code"].as_i64();
    assert_eq!(code(&client.ask("textDocument/hover", json!({}))), Some(-32002));
    let params = json!({ "processId": null, "rootUri": null, "capabilities": {} });
    assert!(client.ask("initialize", params)["result"].is_object());
    assert_eq!(code(&client.ask("no/such/thing", json!({}))), Some(-32601));
    assert_eq!(code(&client.ask("textDocument/hover", json!({ "position": 3 }))), Some(-32602));
    // A text that is not open, a notification that is none, a text that is no message.
    let place = json!({ "textDocument": { "uri": "file:///nowhere.rnn" }, "position": { "line": 0, "character": 0 } });
    assert_eq!(client.ask("textDocument/hover", place)["result"], Value::Null);
    client.tell("textDocument/didChange", json!({ "textDocument": 7 }));
    client.send_text("{\"neither\": 1}");
    client.send_text("not JSON");
    assert_eq!(client.ask("shutdown", Value::Null)["result"], Value::Null);
    assert_eq!(code(&client.ask("textDocument/hover", json!({}))), Some(-32600));
    client.tell("exit", Value::Null);
    assert_eq!(client.end(), (Some(0), String::new()));
}

#[test]
fn what_changes_on_disk_is_seen() {
    let folder = Folder::new();
    folder.file(".git/HEAD", "");
    let mut client = Client::start(&root(&folder));
    let capabilities = json!({ "workspace": { "didChangeWatchedFiles": { "dynamicRegistration": true } } });
    client.ask("initialize", json!({ "processId": null, "rootUri": null, "capabilities": capabilities }));
    client.tell("initialized", json!({}));
    let asked = client.told("client/registerCapability");
    assert_eq!(asked["registrations"][0]["registerOptions"]["watchers"][0]["globPattern"], "**/*.rnn");
    let uri = uri(&folder, "m.rnn");
    client.open(&uri, &format!("use \"gate.rnn\"\n\n{}", MODEL.replace("last", "gate |> last")));
    assert_eq!(messages(&client.told("textDocument/publishDiagnostics")).len(), 1);
    folder.file("gate.rnn", "layer gate(x: [T, I]) -> [T, I] { sigmoid(x) * x }\n");
    client.tell("workspace/didChangeWatchedFiles", json!({ "changes": [] }));
    assert_eq!(messages(&client.told("textDocument/publishDiagnostics")), [""; 0]);
    assert_eq!(client.stop().0, Some(0));
}

#[test]
fn a_request_that_was_taken_back_is_not_answered() {
    let folder = Folder::new();
    let (mut client, _) = Client::initialized(&root(&folder), &[]);
    let uri = uri(&folder, "m.rnn");
    client.open(&uri, MODEL);
    let place = json!({ "textDocument": { "uri": uri }, "position": { "line": 1, "character": 29 } });
    // In one piece, so that the server has read the cancellation when it comes to the request.
    let message = |id: i64, method: &str, params: &Value| {
        let text = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string();
        format!("Content-Length: {}\r\n\r\n{text}", text.len())
    };
    let cancel = json!({ "jsonrpc": "2.0", "method": "$/cancelRequest", "params": { "id": 1002 } }).to_string();
    let mut all = String::new();
    for id in 0..50 {
        all.push_str(&message(
            900 + id,
            "textDocument/inlayHint",
            &json!({ "textDocument": { "uri": uri }, "range": {
            "start": { "line": 0, "character": 0 }, "end": { "line": 3, "character": 0 } } }),
        ));
    }
    all.push_str(&message(1002, "textDocument/hover", &place));
    all.push_str(&format!("Content-Length: {}\r\n\r\n{cancel}", cancel.len()));
    client.send_bytes(all.as_bytes());
    let answer = client.wait(|message| message["id"] == 1002);
    assert_eq!(answer["error"]["code"], -32800, "{answer}");
    assert_eq!(client.stop().0, Some(0));
}

#[test]
fn an_editor_that_goes_away_ends_the_server() {
    let folder = Folder::new();
    let (client, _) = Client::initialized(&root(&folder), &[]);
    assert_eq!(client.end(), (Some(1), String::new()));
    let mut client = Client::start(&root(&folder));
    client.send_bytes(b"hello\r\n\r\n");
    let (status, said) = client.end();
    assert_eq!(status, Some(1));
    assert_eq!(
        said,
        "error: standard input does not speak the Language Server Protocol: expected a header, found \"hello\"\n"
    );
}
