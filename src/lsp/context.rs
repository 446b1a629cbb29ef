//! What stands around a place, read from the words and signs before it: the block, the call, the setting, and what has been
//! typed of a word. It needs no tree, so a file that is being written gives it too.

use super::analysis::Analysis;
use super::tokens::{Kind, Token};

/// The part of a file that a place is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// Between the parts.
    File,
    Data,
    Train,
    /// The braces of a field, with the word for its kind.
    Field(String),
    /// The head of a definition, up to its brace.
    Head,
    Body,
}

/// A call whose parenthesis is open at a place.
#[derive(Debug, Clone)]
pub struct Call {
    pub callee: Token,
    /// Whether it stands behind `|>`.
    pub piped: bool,
    /// Commas since its parenthesis.
    pub commas: usize,
    /// Names given in it so far, `name =`, anywhere before the place.
    pub named: Vec<String>,
}

#[derive(Debug, Clone)]
pub struct Context {
    pub block: Block,
    pub call: Option<Call>,
    /// The name before an `=` whose value begins at the place.
    pub setting: Option<String>,
    /// The last token before what is being typed, line ends aside where a pipe stands before them.
    pub before: Option<Token>,
    /// Whether a statement, an entry or a part begins at the place.
    pub begins: bool,
    /// What has been typed of a word, or the text in quotes that the place is in.
    pub word: (usize, usize),
    /// In a comment, or at a number: nothing is to be said.
    pub silent: bool,
    pub in_text: bool,
}

struct Open {
    sign: char,
    block: Block,
    call: Option<Call>,
    /// The setting whose value the bracket is part of.
    setting: Option<String>,
}

const HEADERS: [&str; 5] = ["data", "train", "model", "layer", "cell"];

pub fn at(analysis: &Analysis, offset: usize) -> Context {
    let text = analysis.text();
    let all = &analysis.tokens;
    let here = all.iter().find(|token| token.start < offset && offset <= token.end).copied();
    let inside = here.filter(|token| token.kind != Kind::Sign && token.kind != Kind::LineEnd);
    let in_text =
        inside.is_some_and(|token| token.kind == Kind::Text && !closed(token.text(text), offset - token.start));
    let silent = inside.is_some_and(|token| match token.kind {
        Kind::Comment | Kind::Documentation | Kind::Number => true,
        Kind::Text => !in_text,
        _ => false,
    });
    let word = match inside {
        Some(token) if token.kind == Kind::Word || in_text => (token.start, token.end),
        _ => (offset, offset),
    };
    let before: Vec<Token> = all.iter().take_while(|token| token.end <= word.0).copied().filter(is_spoken).collect();
    let mut open: Vec<Open> = Vec::new();
    let mut header = "";
    for (i, token) in before.iter().enumerate() {
        let said = token.text(text);
        let starts_line = i == 0 || before[i - 1].kind == Kind::LineEnd;
        if starts_line && HEADERS.contains(&said) && is_header(said, before.get(i + 1), text) {
            // A part that was never closed ends where the next begins.
            open.clear();
            header = said;
        }
        match said {
            "{" => {
                let block = match (open.last().map(|open| &open.block), header) {
                    (None, "data") => Block::Data,
                    (None, "train") => Block::Train,
                    (Some(Block::Data), _) => {
                        Block::Field(before[..i].last().map_or("", |kind| kind.text(text)).to_string())
                    }
                    _ => Block::Body,
                };
                open.push(Open { sign: '{', block, call: None, setting: None });
            }
            "(" | "[" => {
                let block = open
                    .last()
                    .map_or(if header.is_empty() { Block::File } else { Block::Head }, |open| open.block.clone());
                let callee = before[..i].last().filter(|callee| callee.kind == Kind::Word && callee.end == token.start);
                let call = callee.filter(|_| said == "(").map(|callee| Call {
                    callee: *callee,
                    piped: before[..i - 1]
                        .iter()
                        .rev()
                        .find(|token| token.kind != Kind::LineEnd)
                        .is_some_and(|token| token.text(text) == "|>"),
                    commas: 0,
                    named: Vec::new(),
                });
                let setting = setting_before(&before[..i], text);
                open.push(Open { sign: if said == "(" { '(' } else { '[' }, block, call, setting });
            }
            "}" | ")" | "]" => {
                let sign = match said {
                    "}" => '{',
                    ")" => '(',
                    _ => '[',
                };
                if let Some(at) = open.iter().rposition(|open| open.sign == sign) {
                    open.truncate(at);
                }
                if open.is_empty() && said == "}" {
                    header = "";
                }
            }
            "," => {
                if let Some(call) = open.last_mut().and_then(|open| open.call.as_mut()) {
                    call.commas += 1;
                }
            }
            "=" => {
                let name = before[..i].last().filter(|name| name.kind == Kind::Word);
                if let (Some(call), Some(name)) = (open.last_mut().and_then(|open| open.call.as_mut()), name) {
                    call.named.push(name.text(text).to_string());
                }
            }
            _ => {}
        }
    }
    let block =
        open.last().map_or(if header.is_empty() { Block::File } else { Block::Head }, |open| open.block.clone());
    let last = before.last();
    let begins = match last.map(|token| token.text(text)) {
        None | Some("{" | ";" | "}") => true,
        Some(",") => open.last().is_none_or(|open| open.sign == '{'),
        _ => last.is_some_and(|token| token.kind == Kind::LineEnd) && open.last().is_none_or(|open| open.sign == '{'),
    };
    let joined = before.iter().rev().find(|token| token.kind != Kind::LineEnd).copied();
    let goes_on =
        joined.is_some_and(|token| matches!(token.text(text), "|>" | "=" | "+" | "-" | "*" | "@" | ":" | "->"));
    Context {
        block,
        setting: setting_before(&before, text)
            .or_else(|| open.last().filter(|open| open.sign == '[').and_then(|open| open.setting.clone())),
        call: open.iter().rev().take_while(|open| open.sign != '{').find_map(|open| open.call.clone()),
        before: if goes_on { joined } else { last.copied() },
        begins: begins && !goes_on,
        word,
        silent,
        in_text,
    }
}

fn is_spoken(token: &Token) -> bool {
    !matches!(token.kind, Kind::Comment | Kind::Documentation)
}

/// Whether a text in quotes has ended before a byte of it.
fn closed(quoted: &str, at: usize) -> bool {
    at >= quoted.len() && quoted.len() > 1 && quoted.ends_with('"')
}

fn is_header(word: &str, next: Option<&Token>, text: &str) -> bool {
    match (word, next) {
        ("data" | "train", Some(next)) => next.text(text) == "{",
        (_, Some(next)) => next.kind == Kind::Word,
        _ => false,
    }
}

/// The name before an `=` at the end.
fn setting_before(before: &[Token], text: &str) -> Option<String> {
    let [.., name, sign] = before else { return None };
    (sign.text(text) == "=" && name.kind == Kind::Word).then(|| name.text(text).to_string())
}
