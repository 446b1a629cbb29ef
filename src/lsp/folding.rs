//! `textDocument/foldingRange`: brackets over several lines, and runs of comments.

use gen_lsp_types::{FoldingRange, FoldingRangeKind};

use super::analysis::Analysis;
use super::tokens::{Kind, Token};

pub fn folding_ranges(analysis: &Analysis) -> Vec<FoldingRange> {
    let text = analysis.text();
    let line = |offset: usize| analysis.position(offset).line;
    let mut found: Vec<FoldingRange> = pairs(&analysis.tokens, text)
        .into_iter()
        // The line of the closing bracket stays in sight.
        .filter_map(|(open, close)| {
            range(line(open.start), line(close.start).saturating_sub(1), FoldingRangeKind::Region)
        })
        .collect();
    let comments = analysis.tokens.iter().filter(|token| matches!(token.kind, Kind::Comment | Kind::Documentation));
    let mut run: Option<(u32, u32)> = None;
    for comment in comments.filter(|token| starts_line(token, text)) {
        let at = line(comment.start);
        run = match run {
            Some((first, last)) if at == last + 1 => Some((first, at)),
            other => {
                found.extend(other.and_then(|(first, last)| range(first, last, FoldingRangeKind::Comment)));
                Some((at, at))
            }
        };
    }
    found.extend(run.and_then(|(first, last)| range(first, last, FoldingRangeKind::Comment)));
    found.sort_by_key(|range| (range.start_line, range.end_line));
    found.dedup_by_key(|range| range.start_line);
    found
}

fn range(start_line: u32, end_line: u32, kind: FoldingRangeKind) -> Option<FoldingRange> {
    (end_line > start_line).then(|| FoldingRange { start_line, end_line, kind: Some(kind), ..FoldingRange::default() })
}

fn starts_line(token: &Token, text: &str) -> bool {
    text[..token.start].rsplit(['\n', '\r']).next().is_some_and(|before| before.trim().is_empty())
}

/// Brackets with those that close them; what fits nothing is passed over.
pub fn pairs(tokens: &[Token], text: &str) -> Vec<(Token, Token)> {
    let mut open: Vec<Token> = Vec::new();
    let mut pairs = Vec::new();
    for token in tokens.iter().filter(|token| token.kind == Kind::Sign) {
        let opening = match token.text(text) {
            "(" | "[" | "{" => {
                open.push(*token);
                continue;
            }
            ")" => "(",
            "]" => "[",
            "}" => "{",
            _ => continue,
        };
        if let Some(at) = open.iter().rposition(|token| token.text(text) == opening) {
            pairs.push((open[at], *token));
            open.truncate(at);
        }
    }
    pairs
}
