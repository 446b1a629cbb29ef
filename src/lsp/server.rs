//! The open texts, and which function answers which request.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use gen_lsp_types as lsp;
use gen_lsp_types::{InitializeParams, PublishDiagnosticsParams, Uri};
use lsp_server::{ErrorCode, Message, Notification, Request, Response, ResponseError};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::analysis::{self, Analysis, ENTRY};
use super::files::{self, Document, Files};
use super::positions::Encoding;
use super::references::{self, Declared};
use super::{
    capabilities, code_actions, code_lens, completion, definition, diagnostics, edits, folding, formatting, hover,
    inlay_hints, links, rename, selection_ranges, semantic_tokens, signature_help, symbols, uri,
};

/// What one client sees. Messages go in, messages come out; nothing is sent otherwise.
#[derive(Default)]
pub struct Server {
    files: Files,
    encoding: Encoding,
    /// Whether the client moves the cursor through what a completion inserts.
    snippets: bool,
    /// Whether it can be asked to watch files, and was not yet.
    watches: bool,
    state: State,
    analyses: BTreeMap<String, Rc<Analysis>>,
    /// Documents whose findings are to be told again.
    stale: BTreeSet<String>,
    /// Files that are not open and have findings told, because of one that is open and that they import.
    importers: BTreeSet<PathBuf>,
    /// Which files that are not open may have other findings now.
    look: Look,
    /// The number of the next request that the server itself makes.
    requests: i32,
}

/// Where importers of what has changed are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
enum Look {
    #[default]
    Nowhere,
    /// Among those that are known.
    Known,
    /// In the whole workspace.
    Everywhere,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    #[default]
    Started,
    Serving,
    ShutDown,
    /// After `exit`; whether `shutdown` came before.
    Done(bool),
}

type Answer = Result<Value, ResponseError>;

impl Server {
    /// A server that writes the library and the pages of codes to `cache`, for the editor to open.
    pub fn new(cache: Option<PathBuf>) -> Self {
        let mut server = Self::default();
        server.files.cache = cache;
        server
    }

    /// Whether there is nothing more to be done.
    pub fn is_done(&self) -> bool {
        matches!(self.state, State::Done(_))
    }

    pub fn was_shut_down(&self) -> bool {
        matches!(self.state, State::Done(true) | State::ShutDown)
    }

    /// Takes one message; gives what is to be sent because of it.
    pub fn receive(&mut self, message: Message) -> Vec<Message> {
        match message {
            Message::Request(request) => self.request(request),
            Message::Notification(notification) => {
                let method = notification.method.clone();
                let done = catch_unwind(AssertUnwindSafe(|| self.notification(notification)));
                let sent = done.map_or_else(|_| vec![bug(&method)], |()| Vec::new());
                if method == "initialized" { sent.into_iter().chain(self.watch_files()).collect() } else { sent }
            }
            // Of what the server asks, no answer matters.
            Message::Response(_) => Vec::new(),
        }
    }

    /// The next findings that have changed since they were told last: those of open files, then those of others. To be called
    /// until there are none.
    pub fn publish(&mut self) -> Vec<Message> {
        let mut messages = Vec::new();
        for key in std::mem::take(&mut self.stale) {
            let found = catch_unwind(AssertUnwindSafe(|| self.findings_of(&key)));
            match found {
                Ok(found) => messages.extend(found.map(published)),
                Err(_) => messages.push(bug("publishDiagnostics")),
            }
        }
        if !messages.is_empty() {
            return messages;
        }
        let look = std::mem::take(&mut self.look);
        if look != Look::Nowhere {
            match catch_unwind(AssertUnwindSafe(|| self.findings_of_importers(look))) {
                Ok(found) => messages.extend(found.into_iter().map(published)),
                Err(_) => messages.push(bug("publishDiagnostics")),
            }
        }
        messages
    }

    fn request(&mut self, request: Request) -> Vec<Message> {
        let Request { id, method, params } = request;
        let mut sent = Vec::new();
        let answer = match (self.state, method.as_str()) {
            (State::Started, "initialize") => self.initialize(params),
            (State::Started, _) => Err(error(ErrorCode::ServerNotInitialized, "`initialize` comes first")),
            (State::Serving, "shutdown") => {
                self.state = State::ShutDown;
                Ok(Value::Null)
            }
            (State::Serving, _) => catch_unwind(AssertUnwindSafe(|| self.answer(&method, params, &mut sent)))
                .unwrap_or_else(|_| {
                    sent.push(bug(&method));
                    Err(error(ErrorCode::InternalError, "rnnc has a bug; please report it with the file"))
                }),
            _ => Err(error(ErrorCode::InvalidRequest, "the server was shut down")),
        };
        sent.push(Response { id, response_result: answer }.into());
        sent
    }

    fn initialize(&mut self, params: Value) -> Answer {
        let params: InitializeParams = read(params)?;
        self.encoding = capabilities::encoding(&params);
        self.snippets = capabilities::snippets(&params);
        self.watches = capabilities::watches(&params);
        #[expect(deprecated, reason = "older clients name one folder so")]
        let root = params.root_uri.clone();
        let folders = match &params.workspace_folders_initialize_params.workspace_folders {
            Some(lsp::WorkspaceFolders::WorkspaceFolderList(folders)) => {
                folders.iter().map(|folder| folder.uri.clone()).collect()
            }
            _ => root.into_iter().collect::<Vec<Uri>>(),
        };
        self.files.folders = folders.iter().filter_map(uri::to_path).collect();
        self.state = State::Serving;
        told(capabilities::initialize(self.encoding))
    }

    fn notification(&mut self, notification: Notification) {
        let Notification { method, params } = notification;
        match (self.state, method.as_str()) {
            (state, "exit") => self.state = State::Done(state == State::ShutDown),
            (State::Serving, "textDocument/didOpen") => {
                let Ok(params) = read::<lsp::DidOpenTextDocumentParams>(params) else { return };
                let lsp::TextDocumentItem { uri, text, version, .. } = params.text_document;
                let path = uri::to_path(&uri).map(|path| files::real(&path));
                let key = uri.0.clone();
                self.files.documents.insert(key.clone(), Document { uri, path, text, version });
                self.changed(&key);
                self.look = Look::Everywhere;
            }
            (State::Serving, "textDocument/didChange") => {
                let Ok(params) = read::<lsp::DidChangeTextDocumentParams>(params) else { return };
                let id = params.text_document;
                let key = id.text_document_identifier.uri.0;
                let Some(document) = self.files.documents.get_mut(&key) else { return };
                edits::apply(&mut document.text, params.content_changes, self.encoding);
                document.version = id.version;
                self.changed(&key);
                self.look = self.look.max(Look::Known);
            }
            (State::Serving, "textDocument/didSave") => {
                let Ok(params) = read::<lsp::DidSaveTextDocumentParams>(params) else { return };
                self.changed(&params.text_document.uri.0);
                self.look = Look::Everywhere;
            }
            (State::Serving, "textDocument/didClose") => {
                let Ok(params) = read::<lsp::DidCloseTextDocumentParams>(params) else { return };
                let key = params.text_document.uri.0;
                self.changed(&key);
                self.files.documents.remove(&key);
                self.look = Look::Everywhere;
            }
            (State::Serving, "workspace/didChangeWatchedFiles") => {
                // What is on disk may be other than it was.
                self.analyses.clear();
                self.stale.extend(self.files.documents.keys().cloned());
                self.look = Look::Everywhere;
            }
            (State::Serving, "workspace/didChangeWorkspaceFolders") => {
                let Ok(params) = read::<lsp::DidChangeWorkspaceFoldersParams>(params) else { return };
                let path = |folder: &lsp::WorkspaceFolder| uri::to_path(&folder.uri);
                let removed: Vec<PathBuf> = params.event.removed.iter().filter_map(path).collect();
                self.files.folders.retain(|folder| !removed.contains(folder));
                self.files.folders.extend(params.event.added.iter().filter_map(path));
                self.look = Look::Everywhere;
            }
            _ => {}
        }
    }

    /// Asks a client that can to tell of `.rnn` files that change on disk.
    fn watch_files(&mut self) -> Option<Message> {
        if !std::mem::take(&mut self.watches) {
            return None;
        }
        self.requests += 1;
        let options = json!({ "watchers": [{ "globPattern": "**/*.rnn" }] });
        let registration =
            json!({ "id": "files", "method": "workspace/didChangeWatchedFiles", "registerOptions": options });
        let params = json!({ "registrations": [registration] });
        Some(Request::new(self.requests.into(), "client/registerCapability".into(), params).into())
    }

    /// Forgets what was known of a document and of those that import it.
    fn changed(&mut self, key: &str) {
        self.analyses.remove(key);
        self.stale.insert(key.to_string());
        let Some(path) = self.files.documents.get(key).and_then(|document| document.path.clone()) else { return };
        let depends = |analysis: &Analysis| analysis.depends.contains(&path);
        let dependent: Vec<String> =
            self.analyses.iter().filter(|(_, analysis)| depends(analysis)).map(|(key, _)| key.clone()).collect();
        for key in dependent {
            self.analyses.remove(&key);
            self.stale.insert(key);
        }
    }

    /// A document, checked.
    fn analysis(&mut self, key: &str) -> Option<Rc<Analysis>> {
        if let Some(known) = self.analyses.get(key) {
            return Some(known.clone());
        }
        let document = self.files.documents.get(key)?;
        let open = |path: &Path| self.files.open(path);
        let analysis = Rc::new(Analysis::new(
            document.uri.clone(),
            document.path.as_deref(),
            &document.text,
            self.encoding,
            &open,
        ));
        self.analyses.insert(key.to_string(), analysis.clone());
        Some(analysis)
    }

    /// The findings of a document; none for one that was closed.
    fn findings_of(&mut self, key: &str) -> Option<PublishDiagnosticsParams> {
        let Some(analysis) = self.analysis(key) else {
            return Some(PublishDiagnosticsParams { uri: Uri(key.into()), version: None, diagnostics: Vec::new() });
        };
        let document = self.files.documents.get(key)?;
        // The library is not the user's to mend.
        let library = document.path.as_deref().is_some_and(|path| self.files.is_library(path));
        let diagnostics = if library { Vec::new() } else { diagnostics::diagnostics(&analysis, &self.files) };
        Some(PublishDiagnosticsParams { uri: document.uri.clone(), version: Some(document.version), diagnostics })
    }

    /// The findings of files that are not open, but import one that is; none for those that no longer do.
    fn findings_of_importers(&mut self, look: Look) -> Vec<PublishDiagnosticsParams> {
        let open: Vec<PathBuf> = self.files.documents.values().filter_map(|document| document.path.clone()).collect();
        let mut found = Vec::new();
        let mut importers = BTreeSet::new();
        let paths = match look {
            Look::Everywhere => self.files.workspace(),
            _ => self.importers.iter().cloned().collect(),
        };
        for path in paths {
            if open.contains(&path) {
                continue;
            }
            // A file that imports nothing need not be checked.
            let Some(text) = self.files.text(&path).filter(|text| text.contains("use ")) else { continue };
            let opened = |path: &Path| self.files.open(path);
            let analysis = Analysis::new(uri::of_path(&path), Some(&path), &text, self.encoding, &opened);
            if analysis.depends.iter().any(|path| open.contains(path)) {
                let diagnostics = diagnostics::diagnostics(&analysis, &self.files);
                found.push(PublishDiagnosticsParams { uri: uri::of_path(&path), version: None, diagnostics });
                importers.insert(path);
            }
        }
        let gone = self.importers.difference(&importers).filter(|path| !open.contains(path));
        let gone = gone.map(|path| PublishDiagnosticsParams {
            uri: uri::of_path(path),
            version: None,
            diagnostics: Vec::new(),
        });
        found.extend(gone);
        self.importers = importers;
        found
    }

    /// One request to the function that answers it. What goes to the client beside the answer is `sent`.
    fn answer(&mut self, method: &str, params: Value, sent: &mut Vec<Message>) -> Answer {
        match method {
            "textDocument/codeAction" => {
                let params: lsp::CodeActionParams = read(params)?;
                let Some(analysis) = self.analysis(&params.text_document.uri.0) else { return Ok(Value::Null) };
                let open = |path: &Path| self.files.open(path);
                let check = |text: &str| analysis::check(analysis.path.as_deref(), text, &open).0;
                told(code_actions::code_actions(&analysis, &self.files, params.range, &check))
            }
            "textDocument/codeLens" => {
                let Some(analysis) = self.document(&params)? else { return Ok(Value::Null) };
                told(code_lens::code_lens(&analysis, &self.files))
            }
            "textDocument/inlayHint" => {
                let params: lsp::InlayHintParams = read(params)?;
                let Some(analysis) = self.analysis(&params.text_document.uri.0) else { return Ok(Value::Null) };
                told(inlay_hints::inlay_hints(&analysis, params.range))
            }
            "textDocument/hover" => {
                let Some((analysis, at)) = self.place(params)? else { return Ok(Value::Null) };
                told(hover::hover(&analysis, at))
            }
            "textDocument/definition" => {
                let Some((analysis, at)) = self.place(params)? else { return Ok(Value::Null) };
                told(definition::definition(&analysis, &self.files, at))
            }
            "textDocument/documentHighlight" => {
                let Some((analysis, at)) = self.place(params)? else { return Ok(Value::Null) };
                told(references::highlights(&analysis, at))
            }
            "textDocument/references" => {
                let with_declaration = params["context"]["includeDeclaration"].as_bool().unwrap_or(true);
                let Some((analysis, at)) = self.place(params)? else { return Ok(Value::Null) };
                let Some((_, declaration)) = analysis.names.at(ENTRY, at) else { return Ok(Value::Null) };
                let declared = Declared::of(declaration.span, &analysis);
                let programs = self.programs(&analysis, &declared);
                told(references::references(&programs, &self.files, &declared, with_declaration))
            }
            "textDocument/prepareRename" => {
                let Some((analysis, at)) = self.place(params)? else { return Ok(Value::Null) };
                let (span, declaration) = rename::prepare(&analysis, at).map_err(refused)?;
                told(json!({ "range": analysis.range(span), "placeholder": declaration.name }))
            }
            "textDocument/rename" => {
                let new: String = read(params["newName"].clone())?;
                let Some((analysis, at)) = self.place(params)? else { return Ok(Value::Null) };
                let (_, declaration) = rename::prepare(&analysis, at).map_err(refused)?;
                let declared = Declared::of(declaration.span, &analysis);
                let programs = self.programs(&analysis, &declared);
                let subject = (declaration, &declared);
                told(rename::rename(&programs, &self.files, subject, &new, self.encoding).map_err(refused)?)
            }
            "textDocument/completion" => {
                let Some((analysis, at)) = self.place(params)? else { return Ok(Value::Null) };
                told(completion::completion(&analysis, &self.files, at, self.snippets))
            }
            "textDocument/signatureHelp" => {
                let Some((analysis, at)) = self.place(params)? else { return Ok(Value::Null) };
                told(signature_help::signature_help(&analysis, at))
            }
            "textDocument/documentSymbol" => {
                let Some(analysis) = self.document(&params)? else { return Ok(Value::Null) };
                told(symbols::document_symbols(&analysis))
            }
            "workspace/symbol" => {
                let params: lsp::WorkspaceSymbolParams = read(params)?;
                told(symbols::workspace_symbols(&self.files, &params.query, self.encoding))
            }
            "textDocument/foldingRange" => {
                let Some(analysis) = self.document(&params)? else { return Ok(Value::Null) };
                told(folding::folding_ranges(&analysis))
            }
            "textDocument/selectionRange" => {
                let params: lsp::SelectionRangeParams = read(params)?;
                let Some(analysis) = self.analysis(&params.text_document.uri.0) else { return Ok(Value::Null) };
                told(selection_ranges::selection_ranges(&analysis, &params.positions))
            }
            "textDocument/semanticTokens/full" => {
                let Some(analysis) = self.document(&params)? else { return Ok(Value::Null) };
                told(semantic_tokens::semantic_tokens(&analysis, None))
            }
            "textDocument/semanticTokens/range" => {
                let params: lsp::SemanticTokensRangeParams = read(params)?;
                let Some(analysis) = self.analysis(&params.text_document.uri.0) else { return Ok(Value::Null) };
                let range = (analysis.offset(params.range.start), analysis.offset(params.range.end));
                told(semantic_tokens::semantic_tokens(&analysis, Some(range)))
            }
            "textDocument/documentLink" => {
                let Some(analysis) = self.document(&params)? else { return Ok(Value::Null) };
                told(links::document_links(&analysis))
            }
            "textDocument/formatting" => {
                let Some(analysis) = self.document(&params)? else { return Ok(Value::Null) };
                told(formatting::whole(&analysis))
            }
            "textDocument/rangeFormatting" => {
                let range: lsp::Range = read(params["range"].clone())?;
                let Some(analysis) = self.document(&params)? else { return Ok(Value::Null) };
                told(formatting::range(&analysis, analysis.offset(range.start), analysis.offset(range.end)))
            }
            "textDocument/onTypeFormatting" => {
                let typed: String = read(params["ch"].clone())?;
                let Some((analysis, at)) = self.place(params)? else { return Ok(Value::Null) };
                told(formatting::on_type(&analysis, at, &typed))
            }
            "workspace/executeCommand" => {
                let params: lsp::ExecuteCommandParams = read(params)?;
                let arguments = params.arguments.unwrap_or_default();
                let (code_lens::OPEN_REPORT, [Value::String(uri)]) = (params.command.as_str(), arguments.as_slice())
                else {
                    return Err(error(ErrorCode::InvalidParams, "no such command"));
                };
                self.requests += 1;
                let params = json!({ "uri": uri, "external": true });
                sent.push(Request::new(self.requests.into(), "window/showDocument".into(), params).into());
                Ok(Value::Null)
            }
            _ => Err(error(ErrorCode::MethodNotFound, "not something this server does")),
        }
    }

    /// The text that a request is about.
    fn document(&mut self, params: &Value) -> Result<Option<Rc<Analysis>>, ResponseError> {
        let document: lsp::TextDocumentIdentifier = read(params["textDocument"].clone())?;
        Ok(self.analysis(&document.uri.0))
    }

    /// The text and the place in it that a request is about.
    fn place(&mut self, params: Value) -> Result<Option<(Rc<Analysis>, usize)>, ResponseError> {
        let params: lsp::TextDocumentPositionParams = read(params)?;
        let Some(analysis) = self.analysis(&params.text_document.uri.0) else { return Ok(None) };
        let offset = analysis.offset(params.position);
        Ok(Some((analysis, offset)))
    }

    /// All programs that have the file of a declaration: those that are open, and those of the workspace.
    fn programs(&mut self, analysis: &Rc<Analysis>, declared: &Declared) -> Vec<Rc<Analysis>> {
        let mut programs = vec![analysis.clone()];
        let path = files::real(declared.path.as_ref());
        let keys: Vec<String> = self.files.documents.keys().cloned().collect();
        for key in keys {
            let Some(other) = self.analysis(&key) else { continue };
            let sees = other.path.as_ref() == Some(&path) || other.depends.contains(&path);
            if sees && !Rc::ptr_eq(&other, analysis) {
                programs.push(other);
            }
        }
        for other in self.files.workspace() {
            if self.files.document(&other).is_some() {
                continue;
            }
            let Some(text) = self.files.text(&other).filter(|text| other == path || text.contains("use ")) else {
                continue;
            };
            let open = |path: &Path| self.files.open(path);
            let other = Analysis::new(uri::of_path(&other), Some(&other), &text, self.encoding, &open);
            if other.path.as_ref() == Some(&path) || other.depends.contains(&path) {
                programs.push(Rc::new(other));
            }
        }
        programs
    }
}

fn refused(why: String) -> ResponseError {
    error(ErrorCode::RequestFailed, &why)
}

fn read<T: DeserializeOwned>(params: Value) -> Result<T, ResponseError> {
    serde_json::from_value(params).map_err(|problem| error(ErrorCode::InvalidParams, &problem.to_string()))
}

fn told(answer: impl serde::Serialize) -> Answer {
    serde_json::to_value(answer).map_err(|problem| error(ErrorCode::InternalError, &problem.to_string()))
}

fn error(code: ErrorCode, message: &str) -> ResponseError {
    ResponseError { code: code as i32, message: message.into(), data: None }
}

fn published(params: PublishDiagnosticsParams) -> Message {
    Notification::new("textDocument/publishDiagnostics".into(), params).into()
}

/// A word to the client about a mistake of ours.
fn bug(method: &str) -> Message {
    let message = format!("rnnc has a bug; please report it with the file ({method})");
    Notification::new("window/logMessage".into(), json!({ "type": 1, "message": message })).into()
}
