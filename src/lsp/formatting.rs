//! `textDocument/formatting`, of a range, and while a line or a block is being finished: the style of `rnnc fmt`.
//!
//! Only lines that change are sent. A file with syntax errors stays as it is.

use gen_lsp_types::TextEdit;

use crate::syntax::format::format;

use super::analysis::Analysis;
use super::folding;

/// Lines that are compared one by one; a file that differs more is replaced as a whole.
const MOST_COMPARISONS: usize = 1 << 22;

/// Lines `start..end` of the old text, and what stands in their place.
#[derive(Debug, Clone, PartialEq)]
struct Hunk {
    start: usize,
    end: usize,
    lines: String,
}

pub fn whole(analysis: &Analysis) -> Vec<TextEdit> {
    within(analysis, |_| true)
}

/// The lines of a range, and what has to change together with them.
pub fn range(analysis: &Analysis, start: usize, end: usize) -> Vec<TextEdit> {
    let line = |offset: usize| analysis.position(offset).line as usize;
    let (first, last) = (line(start), line(end));
    within(analysis, |hunk| hunk.start <= last && hunk.end.max(hunk.start + 1) > first)
}

/// After a `}` its block, after a line end the line before.
pub fn on_type(analysis: &Analysis, offset: usize, typed: &str) -> Vec<TextEdit> {
    let text = analysis.text();
    let line = analysis.position(offset).line as usize;
    let (first, last) = match typed {
        "}" => {
            let pairs = folding::pairs(&analysis.tokens, text);
            let Some((open, _)) = pairs.iter().find(|(_, close)| close.end == offset) else { return Vec::new() };
            (analysis.position(open.start).line as usize, line)
        }
        _ if line > 0 => (line - 1, line - 1),
        _ => return Vec::new(),
    };
    within(analysis, |hunk| hunk.start >= first && hunk.end <= last + 1)
}

fn within(analysis: &Analysis, wanted: impl Fn(&Hunk) -> bool) -> Vec<TextEdit> {
    let text = analysis.text();
    let Some(formatted) = format(text) else { return Vec::new() };
    let old: Vec<&str> = text.split_inclusive('\n').collect();
    let new: Vec<&str> = formatted.split_inclusive('\n').collect();
    let all: Vec<Hunk> = hunks(&old, &new).into_iter().flat_map(single_lines).collect();
    let chosen: Vec<&Hunk> = all.iter().filter(|hunk| wanted(hunk)).collect();
    // A part of the changes must be a step towards all of them, and no other text.
    if chosen.len() < all.len() && format(&applied(&old, &chosen)).as_deref() != Some(&formatted) {
        return Vec::new();
    }
    let start = |line: usize| old[..line].iter().map(|line| line.len()).sum();
    let edit = |hunk: &&Hunk| TextEdit {
        range: analysis.range_of(start(hunk.start), start(hunk.end)),
        new_text: hunk.lines.clone(),
    };
    chosen.iter().map(edit).collect()
}

fn applied(old: &[&str], hunks: &[&Hunk]) -> String {
    let mut text = String::new();
    let mut at = 0;
    for hunk in hunks {
        text.extend(old[at..hunk.start].iter().copied());
        text.push_str(&hunk.lines);
        at = hunk.end;
    }
    text.extend(old[at..].iter().copied());
    text
}

/// Where two texts differ, line by line, by their longest common subsequence.
fn hunks(old: &[&str], new: &[&str]) -> Vec<Hunk> {
    let before = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let rest = old.len().min(new.len()) - before;
    let after = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
    let (a, b) = (&old[before..old.len() - after], &new[before..new.len() - after]);
    if a.is_empty() && b.is_empty() {
        return Vec::new();
    }
    if a.len() * b.len() > MOST_COMPARISONS {
        return vec![Hunk { start: before, end: before + a.len(), lines: b.concat() }];
    }
    // `common[i][j]`: lines in common of `a[i..]` and `b[j..]`.
    let width = b.len() + 1;
    let mut common = vec![0u32; (a.len() + 1) * width];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            common[i * width + j] = if a[i] == b[j] {
                common[(i + 1) * width + j + 1] + 1
            } else {
                common[(i + 1) * width + j].max(common[i * width + j + 1])
            };
        }
    }
    let mut hunks: Vec<Hunk> = Vec::new();
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && a[i] == b[j] {
            (i, j) = (i + 1, j + 1);
            continue;
        }
        let at = before + i;
        let open = hunks.last().is_some_and(|hunk| hunk.end == at);
        if !open {
            hunks.push(Hunk { start: at, end: at, lines: String::new() });
        }
        let Some(hunk) = hunks.last_mut() else { break };
        if j == b.len() || i < a.len() && common[(i + 1) * width + j] >= common[i * width + j + 1] {
            hunk.end += 1;
            i += 1;
        } else {
            hunk.lines.push_str(b[j]);
            j += 1;
        }
    }
    hunks
}

/// A hunk that replaces lines by as many is one for each of them.
fn single_lines(hunk: Hunk) -> Vec<Hunk> {
    let lines: Vec<&str> = hunk.lines.split_inclusive('\n').collect();
    if lines.len() != hunk.end - hunk.start {
        return vec![hunk];
    }
    (hunk.start..).zip(lines).map(|(at, line)| Hunk { start: at, end: at + 1, lines: line.into() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// All hunks together make one text the other.
        #[test]
        fn hunks_lead_from_one_text_to_the_other(old in "[ab\n]{0,24}", new in "[ab\n]{0,24}") {
            let (a, b): (Vec<&str>, Vec<&str>) = (old.split_inclusive('\n').collect(), new.split_inclusive('\n').collect());
            let hunks: Vec<Hunk> = hunks(&a, &b).into_iter().flat_map(single_lines).collect();
            prop_assert_eq!(applied(&a, &hunks.iter().collect::<Vec<_>>()), new);
        }
    }
}
