//! Which pieces of a text are words of the language, names, numbers, texts and comments: what a page or an editor colours.

use std::ops::Range;

use pest::Parser;

use super::{Grammar, Rule, depth};
use crate::source::FileId;

/// What a piece of text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Keyword,
    /// The name of what is applied.
    Call,
    /// The name of a setting.
    Setting,
    Number,
    Text,
    /// Documentation too.
    Comment,
}

/// The pieces in order of place; what lies between them is plain. A text that nests too deep has none.
pub fn highlight(text: &str) -> Vec<(Range<usize>, Kind)> {
    if depth::refuse(FileId::default(), text).is_some() {
        return Vec::new();
    }
    let Ok(pairs) = Grammar::parse(Rule::file, text) else { return Vec::new() };
    let mut pieces: Vec<(Range<usize>, Kind)> = Vec::new();
    let mut after = 0;
    let (mut setting, mut tokens) = (None, Vec::new());
    for pair in pairs.flatten() {
        let span = pair.as_span();
        let kind = match pair.as_rule() {
            Rule::number => Some(Kind::Number),
            Rule::string | Rule::quoted => Some(Kind::Text),
            Rule::doc_line => Some(Kind::Comment),
            Rule::callee => Some(Kind::Call),
            Rule::setting | Rule::argument_name => {
                setting = Some(span.start());
                continue;
            }
            Rule::ident if setting == Some(span.start()) => Some(Kind::Setting),
            rule if format!("{rule:?}").starts_with("kw_") => Some(Kind::Keyword),
            rule if is_token(rule) => None,
            _ => continue,
        };
        tokens.push((span.start()..span.end(), kind));
    }
    for (range, kind) in tokens {
        // A name inside a piece that is taken already.
        if range.start < after {
            continue;
        }
        comments(text, after..range.start, &mut pieces);
        after = range.end;
        pieces.extend(kind.map(|kind| (range, kind)));
    }
    comments(text, after..text.len(), &mut pieces);
    pieces
}

/// Tokens that have no kind of their own. What lies between tokens is white space, comments, and what could not be read.
fn is_token(rule: Rule) -> bool {
    matches!(rule, Rule::ident | Rule::primed | Rule::bad_line | Rule::bad_words | Rule::bad_entry | Rule::bad_setting)
}

/// The comments between two tokens.
fn comments(text: &str, gap: Range<usize>, pieces: &mut Vec<(Range<usize>, Kind)>) {
    let mut at = gap.start;
    for line in text[gap].split_inclusive('\n') {
        if let Some(start) = line.find("//") {
            pieces.push((at + start..at + line.trim_end().len(), Kind::Comment));
        }
        at += line.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_what_the_grammar_says() {
        let text = "/// Doc.\nmodel M(text) -> label { // why \"not\"\n  text |> lstm(8, num_layers = 2)\n}\ntrain { seed = 1, x = \"// no\" }\n";
        let pieces = highlight(text);
        let of = |kind: Kind| -> Vec<&str> {
            pieces.iter().filter(|(_, own)| *own == kind).map(|(range, _)| &text[range.clone()]).collect()
        };
        assert_eq!(of(Kind::Comment), ["/// Doc.", "// why \"not\""]);
        assert_eq!(of(Kind::Keyword), ["model", "train"]);
        assert_eq!(of(Kind::Call), ["lstm"]);
        assert_eq!(of(Kind::Setting), ["num_layers", "seed", "x"]);
        assert_eq!(of(Kind::Number), ["8", "2", "1"]);
        assert_eq!(of(Kind::Text), ["\"// no\""]);
    }

    #[test]
    fn any_text_has_pieces_that_do_not_overlap() {
        for text in [
            "",
            "model M(text) -> { //",
            "}}} \"a // b",
            "data { x = \"é\u{1f600} } // ü",
            "((((((((",
            "let a = 1 // x\r\n// y\r\n",
        ] {
            let pieces = highlight(text);
            assert!(pieces.windows(2).all(|pair| pair[0].0.end <= pair[1].0.start), "{text:?}: {pieces:?}");
            assert!(pieces.iter().all(|(range, _)| text.get(range.clone()).is_some()), "{text:?}: {pieces:?}");
        }
    }
}
