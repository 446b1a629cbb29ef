//! `textDocument/selectionRange`: the word, the expression, the statement, the part, the file.

use gen_lsp_types::{Position, SelectionRange};

use crate::source::Span;
use crate::syntax::ast::{Block, Entry, Item, Statement};

use super::analysis::Analysis;
use super::{folding, walk};

pub fn selection_ranges(analysis: &Analysis, positions: &[Position]) -> Vec<SelectionRange> {
    positions.iter().map(|position| around(analysis, analysis.offset(*position))).collect()
}

fn around(analysis: &Analysis, offset: usize) -> SelectionRange {
    let text = analysis.text();
    let mut spans: Vec<(usize, usize)> = vec![(0, text.len())];
    spans.extend(analysis.token_at(offset).map(|token| (token.start, token.end)));
    for (open, close) in folding::pairs(&analysis.tokens, text) {
        spans.extend([(open.end, close.start), (open.start, close.end)]);
    }
    for item in &analysis.checked.entry.items {
        parts(item, &mut |span| spans.push((span.start as usize, span.end as usize)));
    }
    spans.retain(|(start, end)| (*start..=*end).contains(&offset));
    spans.sort_by_key(|(start, end)| std::cmp::Reverse(end - start));
    spans.dedup();
    let mut range = SelectionRange { range: analysis.range_of(0, text.len()), parent: None };
    let mut outer = (0, text.len());
    for (start, end) in spans.into_iter().skip(1) {
        if start >= outer.0 && end <= outer.1 && (start, end) != outer {
            outer = (start, end);
            range = SelectionRange { range: analysis.range_of(start, end), parent: Some(Box::new(range)) };
        }
    }
    range
}

/// The spans of all that an item is made of.
fn parts(item: &Item, add: &mut dyn FnMut(Span)) {
    let body = |span: Span, block: &Block, add: &mut dyn FnMut(Span)| {
        add(span);
        for statement in &block.statements {
            add(match statement {
                Statement::Let(binding) => binding.span,
                Statement::Param(param) => param.span,
                Statement::Update { span, .. } | Statement::Where { span, .. } => *span,
            });
        }
        walk::block(block, &mut |expr| add(expr.span));
    };
    match item {
        Item::Edition { span, .. } | Item::Use { span, .. } => add(*span),
        Item::Constant(constant) => add(constant.span),
        Item::Data(block) | Item::Train(block) => {
            add(block.span);
            for entry in &block.entries {
                let settings = match entry {
                    Entry::Setting(setting) => std::slice::from_ref(setting),
                    Entry::Field { settings, span, .. } => {
                        add(*span);
                        settings
                    }
                };
                for setting in settings {
                    add(setting.name.span.to(setting.value.span));
                    walk::expr(&setting.value, &mut |expr| add(expr.span));
                }
            }
        }
        Item::Model(model) => body(model.span, &model.body, add),
        Item::Layer(layer) => body(layer.span, &layer.body, add),
        Item::Cell(cell) => body(cell.span, &cell.body, add),
    }
}
