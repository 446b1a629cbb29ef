//! An editor with the server in this process.

use std::path::Path;

use lsp_server::{Message, Notification, Request};
use rnnc::lsp::Server;
use serde_json::{Value, json};

pub struct Editor {
    server: Server,
    capabilities: Value,
    requests: i32,
    version: i32,
}

impl Editor {
    /// An editor of the folder, if there is one, that counts in UTF-16.
    pub fn new(folder: Option<&Path>) -> Self {
        let mut editor = Self { server: Server::new(None), capabilities: Value::Null, requests: 0, version: 0 };
        let folders = folder.map(|folder| json!([{ "uri": uri(folder), "name": "test" }]));
        let params = json!({ "processId": null, "rootUri": null, "capabilities": {}, "workspaceFolders": folders });
        editor.capabilities = editor.ask("initialize", params).expect("an answer")["capabilities"].clone();
        editor.tell("initialized", json!({}));
        editor
    }

    /// What the server says it can do.
    pub fn capabilities(&mut self) -> &Value {
        &self.capabilities
    }

    /// The answer to a request, or the message of its error.
    pub fn ask(&mut self, method: &str, params: Value) -> Result<Value, String> {
        self.requests += 1;
        let request = Request { id: self.requests.into(), method: method.into(), params };
        let mut answers = self.server.receive(request.into()).into_iter().filter_map(|message| match message {
            Message::Response(response) => Some(response.response_result),
            Message::Notification(note) if note.method == "window/logMessage" => panic!("{method}: {}", note.params),
            _ => None,
        });
        answers.next().expect("every request has an answer").map_err(|error| error.message)
    }

    pub fn tell(&mut self, method: &str, params: Value) {
        let sent = self.server.receive(Notification { method: method.into(), params }.into());
        assert!(sent.is_empty(), "{method}: {sent:?}");
    }

    pub fn open(&mut self, uri: &str, text: &str) {
        let document = json!({ "uri": uri, "languageId": "rnn", "version": 0, "text": text });
        self.tell("textDocument/didOpen", json!({ "textDocument": document }));
    }

    /// Edits of the text, in order.
    pub fn change(&mut self, uri: &str, changes: Value) {
        self.version += 1;
        let document = json!({ "uri": uri, "version": self.version });
        self.tell("textDocument/didChange", json!({ "textDocument": document, "contentChanges": changes }));
    }

    /// What has been found since the last time: for each file its diagnostics.
    pub fn published(&mut self) -> Vec<(String, Vec<Value>)> {
        let rounds = std::iter::from_fn(|| Some(self.server.publish()).filter(|sent| !sent.is_empty()));
        let sent = rounds.flatten().map(|message| match message {
            Message::Notification(note) if note.method == "textDocument/publishDiagnostics" => note.params,
            other => panic!("{other:?}"),
        });
        sent.map(|params| {
            let uri = params["uri"].as_str().expect("a uri").to_string();
            (uri, params["diagnostics"].as_array().expect("a list").clone())
        })
        .collect()
    }
}

pub fn uri(path: &Path) -> String {
    format!("file://{}", path.display())
}
