//! `textDocument/semanticTokens`: every word by what it stands for.

use gen_lsp_types::{SemanticToken, SemanticTokens, SemanticTokensLegend};

use crate::check::LIBRARY_PREFIX;
use crate::source::Span;

use super::analysis::{Analysis, ENTRY};
use super::names;
use super::tokens::{Kind, Token};

/// In the order of the legend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    Keyword,
    Comment,
    Text,
    Number,
    Operator,
    Function,
    Class,
    Parameter,
    Variable,
    Property,
    Member,
    Type,
}

const TYPES: [&str; 12] = [
    "keyword",
    "comment",
    "string",
    "number",
    "operator",
    "function",
    "class",
    "parameter",
    "variable",
    "property",
    "enumMember",
    "type",
];
const MODIFIERS: [&str; 4] = ["declaration", "readonly", "documentation", "defaultLibrary"];
const DECLARATION: u32 = 1;
const READONLY: u32 = 2;
const DOCUMENTATION: u32 = 4;
const LIBRARY: u32 = 8;

/// Words that start a part of a file or a statement, or hold an expression together.
const KEYWORDS: [&str; 17] = [
    "let",
    "param",
    "where",
    "if",
    "then",
    "else",
    "repeat",
    "in",
    "with",
    "and",
    "or",
    "not",
    "true",
    "false",
    "none",
    "auto",
    "primitive",
];
/// Words that are keywords outside of all braces.
const HEADERS: [&str; 7] = ["data", "train", "model", "layer", "cell", "use", "edition"];
const TYPE_WORDS: [&str; 7] = ["int", "float", "bool", "string", "path", "cell", "initializer"];

pub fn legend() -> SemanticTokensLegend {
    SemanticTokensLegend {
        token_types: TYPES.map(String::from).to_vec(),
        token_modifiers: MODIFIERS.map(String::from).to_vec(),
    }
}

pub fn semantic_tokens(analysis: &Analysis, range: Option<(usize, usize)>) -> SemanticTokens {
    let text = analysis.text();
    let lines = analysis.lines(ENTRY);
    let (mut line, mut column) = (0, 0);
    let mut depth = 0usize;
    let mut data = Vec::new();
    for (i, token) in analysis.tokens.iter().enumerate() {
        match token.text(text) {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if range.is_some_and(|(start, end)| token.end < start || token.start > end) {
            continue;
        }
        let Some((word, modifiers)) = kind(analysis, i, depth) else { continue };
        let start = analysis.position(token.start);
        let delta_line = start.line - line;
        let delta_start = if delta_line == 0 { start.character - column } else { start.character };
        (line, column) = (start.line, start.character);
        data.push(SemanticToken {
            delta_line,
            delta_start,
            length: lines.width(token.text(text)),
            token_type: word as u32,
            token_modifiers_bitset: modifiers,
        });
    }
    SemanticTokens { result_id: None, data }
}

fn kind(analysis: &Analysis, index: usize, depth: usize) -> Option<(Word, u32)> {
    let text = analysis.text();
    let token = analysis.tokens[index];
    Some(match token.kind {
        Kind::Comment => (Word::Comment, 0),
        Kind::Documentation => (Word::Comment, DOCUMENTATION),
        Kind::Text => (Word::Text, 0),
        Kind::Number => (Word::Number, 0),
        Kind::Sign => match token.text(text) {
            "(" | ")" | "[" | "]" | "{" | "}" | "," | ";" | ":" | "'" => return None,
            _ => (Word::Operator, 0),
        },
        Kind::LineEnd => return None,
        Kind::Word => word(analysis, index, depth)?,
    })
}

fn word(analysis: &Analysis, index: usize, depth: usize) -> Option<(Word, u32)> {
    let text = analysis.text();
    let token = analysis.tokens[index];
    if let Some(named) = declared(analysis, token) {
        return Some(named);
    }
    let said = token.text(text);
    let next = analysis.tokens.get(index + 1).map_or("", |next| next.text(text));
    let before = index.checked_sub(1).map_or("", |before| analysis.tokens[before].text(text));
    if KEYWORDS.contains(&said) || HEADERS.contains(&said) && depth == 0 || said == "next" && before == "->" {
        return Some((Word::Keyword, 0));
    }
    Some(match next {
        _ if before == ":" || TYPE_WORDS.contains(&said) => (Word::Type, LIBRARY),
        "=" => (Word::Property, 0),
        "(" => (Word::Function, LIBRARY),
        "[" => (Word::Type, LIBRARY),
        _ => (Word::Member, 0),
    })
}

/// What a name of the file or of the library stands for.
fn declared(analysis: &Analysis, token: Token) -> Option<(Word, u32)> {
    let start = Span::new(ENTRY, token.start, 0);
    let (said, target) = analysis
        .names
        .uses
        .range(start..)
        .next()
        .filter(|(said, _)| said.file == ENTRY && said.start as usize == token.start)?;
    let declaration = analysis.names.declarations.get(target)?;
    let library = analysis.checked.sources.file(target.file).path.starts_with(LIBRARY_PREFIX);
    let modifiers = if said == target { DECLARATION } else { 0 } | if library { LIBRARY } else { 0 };
    Some(match declaration.kind {
        names::Kind::Constant => (Word::Variable, modifiers | READONLY),
        names::Kind::Field | names::Kind::Value | names::Kind::State => (Word::Parameter, modifiers),
        names::Kind::Model | names::Kind::Cell => (Word::Class, modifiers),
        names::Kind::Layer => (Word::Function, modifiers),
        names::Kind::Setting => (Word::Property, modifiers),
        names::Kind::Size => (Word::Type, modifiers),
        names::Kind::Let | names::Kind::Weight | names::Kind::Turn => (Word::Variable, modifiers),
    })
}
