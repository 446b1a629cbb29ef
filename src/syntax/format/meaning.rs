//! What a text says, whatever its layout: its tree without places, and its comments.

use pest::Parser;
use pest::iterators::Pair;

use super::comments;
use super::writer::leaf;
use crate::syntax::{Grammar, Rule};

/// Whether two texts have the same tree and the same comments in the same order.
pub fn same(a: &str, b: &str) -> bool {
    let comments = |text| comments::all(text).into_iter().map(|(_, comment)| comment).collect::<Vec<_>>();
    tree(a).is_some_and(|a| tree(b) == Some(a)) && comments(a) == comments(b)
}

/// Rules as they open and close, and the words of the text between them.
fn tree(text: &str) -> Option<Vec<(Rule, Option<&str>)>> {
    let mut found = Vec::new();
    collect(Grammar::parse(Rule::file, text).ok()?.next()?, &mut found);
    Some(found)
}

fn collect<'t>(pair: Pair<'t, Rule>, found: &mut Vec<(Rule, Option<&'t str>)>) {
    let rule = pair.as_rule();
    if matches!(rule, Rule::comma | Rule::semicolon) {
        return;
    }
    found.push((rule, leaf(&pair)));
    pair.into_inner().for_each(|part| collect(part, found));
    found.push((rule, None));
}
