//! The words and signs of a text, whatever else is wrong with it: what stands at a place, and what around it.

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A name or a keyword.
    Word,
    Number,
    /// From quote to quote, or to the end of the line.
    Text,
    Comment,
    /// `///`
    Documentation,
    /// A bracket or another sign.
    Sign,
    LineEnd,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    pub kind: Kind,
    pub start: usize,
    pub end: usize,
}

impl Token {
    pub fn text<'t>(&self, text: &'t str) -> &'t str {
        &text[self.start..self.end]
    }
}

/// Signs of two characters.
const PAIRS: [&str; 8] = ["|>", "->", "..", "==", "!=", "<=", ">=", "\r\n"];

/// Every token of a text, in order; white space is between them.
pub fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let until_line_end = || rest.find(['\n', '\r']).unwrap_or(rest.len());
        let (kind, length) = match first {
            '\n' => (Some(Kind::LineEnd), 1),
            '\r' => (Some(Kind::LineEnd), if rest.starts_with("\r\n") { 2 } else { 1 }),
            ' ' | '\t' | '\u{feff}' => (None, first.len_utf8()),
            '/' if rest.starts_with("///") && !rest.starts_with("////") => {
                (Some(Kind::Documentation), until_line_end())
            }
            '/' if rest.starts_with("//") => (Some(Kind::Comment), until_line_end()),
            '"' => (Some(Kind::Text), quoted(&rest[..until_line_end()])),
            c if c.is_ascii_digit() => (Some(Kind::Number), number(rest)),
            c if c.is_alphabetic() || c == '_' => {
                let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
                (Some(Kind::Word), end)
            }
            c if PAIRS.iter().any(|pair| rest.starts_with(pair)) => (Some(Kind::Sign), 2.max(c.len_utf8())),
            c => (Some(Kind::Sign), c.len_utf8()),
        };
        if let Some(kind) = kind {
            tokens.push(Token { kind, start: at, end: at + length });
        }
        at += length;
    }
    tokens
}

/// The length of a text in quotes.
fn quoted(line: &str) -> usize {
    let mut escaped = false;
    for (at, c) in line.char_indices().skip(1) {
        match c {
            '"' if !escaped => return at + 1,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    line.len()
}

fn number(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let digit_follows = bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
        let goes_on = match byte {
            b'0'..=b'9' | b'_' => true,
            b'.' => digit_follows,
            b'e' | b'E' => true,
            b'+' | b'-' => matches!(bytes[at - 1], b'e' | b'E') && digit_follows,
            _ => false,
        };
        if !goes_on {
            break;
        }
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_line_in_tokens() {
        let text = "let x = a|>f(1e-3, \"b \\\" c\") // d";
        let words: Vec<&str> = tokens(text).iter().map(|token| token.text(text)).collect();
        assert_eq!(words, ["let", "x", "=", "a", "|>", "f", "(", "1e-3", ",", "\"b \\\" c\"", ")", "// d"]);
    }

    const SPACE: [char; 3] = [' ', '\t', '\u{feff}'];

    proptest! {
        #[test]
        fn tokens_stand_in_order_and_cover_all_but_spaces(text in "[a1é\"\\\\/|>. \n\r(=🚀]{0,40}") {
            let mut end = 0;
            for token in tokens(&text) {
                prop_assert_eq!(text[end..token.start].trim_matches(SPACE), "");
                prop_assert!(token.start < token.end && token.start >= end);
                end = token.end;
            }
            prop_assert_eq!(text[end..].trim_matches(SPACE), "");
        }
    }
}
