//! `initialize`: what the server can do, and how positions are counted.

use gen_lsp_types::{
    CodeActionKind, CodeActionOptions, CodeActionProvider, InitializeParams, InitializeResult, PositionEncodingKind,
    Save, SaveOptions, ServerCapabilities, ServerInfo, TextDocumentSync, TextDocumentSyncKind, TextDocumentSyncOptions,
};

use super::positions::Encoding;

/// The first of the client's encodings that there is; without a word about it, UTF-16.
pub fn encoding(params: &InitializeParams) -> Encoding {
    let offered = params.capabilities.general.as_ref().and_then(|general| general.position_encodings.as_ref());
    let known = |kind: &PositionEncodingKind| match kind {
        PositionEncodingKind::UTF8 => Some(Encoding::Utf8),
        PositionEncodingKind::UTF16 => Some(Encoding::Utf16),
        PositionEncodingKind::UTF32 => Some(Encoding::Utf32),
        PositionEncodingKind::Custom(_) => None,
    };
    offered.and_then(|kinds| kinds.iter().find_map(known)).unwrap_or_default()
}

pub fn initialize(encoding: Encoding) -> InitializeResult {
    let sync = TextDocumentSyncOptions {
        open_close: Some(true),
        change: Some(TextDocumentSyncKind::Incremental),
        save: Some(Save::SaveOptions(SaveOptions { include_text: Some(false) })),
        ..TextDocumentSyncOptions::default()
    };
    let actions = CodeActionOptions {
        code_action_kinds: Some(vec![CodeActionKind::QuickFix]),
        ..CodeActionOptions::default()
    };
    InitializeResult {
        capabilities: ServerCapabilities {
            position_encoding: Some(match encoding {
                Encoding::Utf8 => PositionEncodingKind::UTF8,
                Encoding::Utf16 => PositionEncodingKind::UTF16,
                Encoding::Utf32 => PositionEncodingKind::UTF32,
            }),
            text_document_sync: Some(TextDocumentSync::Options(sync)),
            code_action_provider: Some(CodeActionProvider::CodeActionOptions(actions)),
            ..ServerCapabilities::default()
        },
        server_info: Some(ServerInfo { name: "rnnc".into(), version: Some(env!("CARGO_PKG_VERSION").into()) }),
    }
}
