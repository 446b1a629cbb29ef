//! `textDocument/inlayHint`: the shape after every step of a pipeline and of every `let`, and what arguments without a name are.

use gen_lsp_types::{InlayHint, InlayHintKind, Label, Range};

use crate::source::Span;
use crate::syntax::ast::{Block, Expr, ExprKind, Item, Statement};

use super::analysis::{Analysis, ENTRY};
use super::walk;

pub fn inlay_hints(analysis: &Analysis, range: Range) -> Vec<InlayHint> {
    let mut hints = Hints { analysis, found: Vec::new() };
    for item in &analysis.checked.entry.items {
        match item {
            Item::Model(model) => hints.block(&model.body),
            Item::Layer(layer) => hints.block(&layer.body),
            Item::Cell(cell) => hints.block(&cell.body),
            _ => {}
        }
    }
    let (start, end) = (analysis.offset(range.start), analysis.offset(range.end));
    hints.found.retain(|(at, _)| (start..=end).contains(at));
    hints.found.sort_by_key(|(at, _)| *at);
    hints.found.into_iter().map(|(_, hint)| hint).collect()
}

struct Hints<'a> {
    analysis: &'a Analysis,
    found: Vec<(usize, InlayHint)>,
}

impl Hints<'_> {
    fn block(&mut self, block: &Block) {
        // What a `let` ends with is shown at its name.
        let mut named = Vec::new();
        self.names(block, &mut named);
        walk::block(block, &mut |expr| match &expr.kind {
            ExprKind::Pipe { left, right } => {
                if !matches!(left.kind, ExprKind::Pipe { .. }) && self.on_a_line_of_its_own(left) {
                    self.shape(left.span, left.span.end);
                }
                if !named.contains(&expr.span) {
                    self.shape(right.span, right.span.end);
                }
            }
            ExprKind::Call { arguments, .. } => {
                for argument in arguments.iter().filter(|argument| argument.name.is_none()) {
                    self.argument(&argument.value);
                }
            }
            ExprKind::Repeat(repeat) => self.names(&repeat.body, &mut Vec::new()),
            _ => {}
        });
    }

    fn names(&mut self, block: &Block, named: &mut Vec<Span>) {
        for statement in &block.statements {
            let Statement::Let(binding) = statement else { continue };
            for name in &binding.names {
                self.shape(name.span, name.span.end);
            }
            named.push(binding.value.span);
        }
    }

    fn shape(&mut self, of: Span, at: u32) {
        if let Some(ty) = self.analysis.checked.facts.values.get(&of) {
            self.add(at as usize, format!(": {ty}"), InlayHintKind::Type);
        }
    }

    /// What an argument is given to, unless it is the input, or is called so itself.
    fn argument(&mut self, value: &Expr) {
        let analysis = self.analysis;
        let Some(parameter) = analysis.names.arguments.get(&value.span) else { return };
        let Some(declaration) = analysis.names.declarations.get(parameter) else { return };
        let is_input = declaration.kind == super::names::Kind::Value;
        if !is_input && analysis.checked.sources.text(value.span) != declaration.name {
            self.add(value.span.start as usize, format!("{} =", declaration.name), InlayHintKind::Parameter);
        }
    }

    fn add(&mut self, at: usize, label: String, kind: InlayHintKind) {
        let hint = InlayHint {
            position: self.analysis.position(at),
            label: Label::String(label),
            kind: Some(kind),
            text_edits: None,
            tooltip: None,
            padding_left: None,
            padding_right: (kind == InlayHintKind::Parameter).then_some(true),
            data: None,
        };
        self.found.push((at, hint));
    }

    fn on_a_line_of_its_own(&self, expr: &Expr) -> bool {
        let text = self.analysis.text();
        let rest = text.get(expr.span.end as usize..).filter(|_| expr.span.file == ENTRY).unwrap_or_default();
        let rest = rest.trim_start_matches([' ', '\t']);
        rest.starts_with(['\n', '\r']) || rest.starts_with("//")
    }
}
