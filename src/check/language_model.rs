//! What a language model needs: one text, a way to read it, and no sight of the tokens it is to predict.
//!
//! The shape of its result is `target`'s business; no data is opened.

use std::collections::BTreeSet;

use crate::diagnostic::{Diagnostic, code};
use crate::ir::{Data, Field, FieldKind, Format, Graph, Model, Node, NodeId, Op, Path, Target, Text, TextKind, Train};
use crate::source::Span;
use crate::syntax::ast::{self, Entry, SettingsBlock};

/// Steps that a shift may hold back: what a text read on from piece to piece has to remember of it.
const MAX_SHIFT: i64 = 1000;

/// What the file says, beside the sound model.
pub struct Said<'a> {
    pub model: &'a ast::Model,
    pub data: Option<(&'a Data, &'a SettingsBlock)>,
    pub train: (&'a Train, Option<&'a SettingsBlock>),
}

/// Reports what a language model cannot be, and settings that are for language models in a file without one.
pub fn check(model: &Model, said: &Said, diagnostics: &mut Vec<Diagnostic>) {
    let Target::Next(text) = &model.target else {
        return for_language_models_only(said, diagnostics);
    };
    if let Some(second) = said.model.parameters.get(1) {
        let message = "a language model reads one text, the one it predicts";
        let diagnostic = Diagnostic::new(code::DATA_FIELD, second.name.span, message).here("another one");
        diagnostics.push(diagnostic.help(format!("write `model {}({text}) -> next({text})`", model.name)));
    }
    ahead(model, said.model, diagnostics);
    if let Some((data, block)) = said.data {
        reading(data, text, block, said, diagnostics);
    }
}

/// Whatever reads a later token than the one it stands at would only have to copy what it is asked for.
fn ahead(model: &Model, said: &ast::Model, diagnostics: &mut Vec<Diagnostic>) {
    let graph = &model.graph;
    let asked = match &said.result {
        Some(ast::Result::Next { span, .. }) => *span,
        _ => said.name.span,
    };
    let mut seen = BTreeSet::new();
    for node in needed(graph, model.logits) {
        let call = node.call.map(|call| &graph.calls[graph.outermost(call).0]);
        let (span, name) = call.map_or((node.span, "this step"), |call| (call.span, call.layer.as_str()));
        let name = if call.is_some() { format!("`{name}`") } else { name.to_string() };
        let found = match looks_ahead(graph, node) {
            Some((what, help)) => {
                let message = format!("{name} {what}, so a language model would see the tokens it is to predict");
                let found = Diagnostic::new(code::LOOKS_AHEAD, span, message).here(what);
                found.label(asked, "every step is asked for the token after it").help(help)
            }
            None => match node.op {
                Op::Shift { steps } if steps > MAX_SHIFT => {
                    let message = format!("a language model shifts by at most {MAX_SHIFT} steps, and this is {steps}");
                    Diagnostic::new(code::TOO_LARGE, span, message).here("too far")
                }
                _ => continue,
            },
        };
        if seen.insert((span, found.code.id)) {
            diagnostics.push(found);
        }
    }
}

/// The nodes that a value depends on.
fn needed(graph: &Graph, output: NodeId) -> impl Iterator<Item = &Node> {
    let mut needed = vec![false; graph.nodes.len()];
    needed[output.0] = true;
    for (i, node) in graph.nodes.iter().enumerate().rev() {
        if needed[i] {
            node.inputs.iter().for_each(|input| needed[input.0] = true);
        }
    }
    graph.nodes.iter().zip(needed).filter(|(_, needed)| *needed).map(|(node, _)| node)
}

/// What is wrong with a node that reads later steps than its own, and what to do.
fn looks_ahead(graph: &Graph, node: &Node) -> Option<(&'static str, &'static str)> {
    let over_time = |node: &Node| node.ty.is_sequence() && node.ty.rank() == 1;
    let whole = match &node.op {
        Op::Scan { reverse: true, .. } => {
            return Some(("reads the text from its end", "read it forward only, as `lstm`, `gru` and `rnn` do"));
        }
        Op::Shift { steps } if *steps < 0 => {
            return Some(("moves later steps to earlier ones", "shift by 1 or more, or leave it out"));
        }
        Op::Last | Op::First | Op::ReduceTime(_) | Op::WeightedSum | Op::Fold { .. } => true,
        // Both count from the last step.
        Op::PositionEncoding | Op::ByDistance | Op::SoftmaxOfSlots { .. } => true,
        Op::Softmax => over_time(node),
        Op::ReduceFeatures(_) => node.inputs.first().is_some_and(|input| over_time(graph.node(*input))),
        _ => false,
    };
    whole.then_some(("looks at the whole text", "leave it out: every step needs a result of its own"))
}

/// Whether it is said how the text is read, once and to some effect.
fn reading(data: &Data, text: &str, block: &SettingsBlock, said: &Said, diagnostics: &mut Vec<Diagnostic>) {
    let target = Target::Next(text.to_string());
    let texts = data.fields.iter().filter_map(|field| match &field.kind {
        FieldKind::Text(text) => Some((field, text)),
        _ => None,
    });
    let (own, others): (Vec<(&Field, &Text)>, Vec<_>) = texts.partition(|(field, _)| field.name == text);
    for (field, _) in others {
        let message = format!("a language model reads one text, and `{}` is another", field.name);
        diagnostics.push(Diagnostic::new(code::DATA_FIELD, field.span, message).here("not read").help("remove it"));
    }
    let Some((field, text)) = own.first() else { return };
    if text.kind == TextKind::Tree {
        let message = format!("a language model reads a text from left to right, and `{}` has trees", field.name);
        let diagnostic = Diagnostic::new(code::DATA_FIELD, field.span, message).here("trees");
        diagnostics.push(diagnostic.help("read it as `words`, `chars`, `jieba` or `tokens`"));
        return;
    }
    let (train, train_block) = said.train;
    let bptt = train_block.and_then(|block| setting(block, "bptt")).filter(|_| train.bptt.is_some());
    let files: Vec<&Path> = [&data.train, &data.valid, &data.test].into_iter().flatten().collect();
    let is_plain = |file: &&Path| data.format.of(std::path::Path::new(&file.text), &target) == Format::Text;
    let of_field = |name: &str| of_field(block, &field.name, name);
    match (bptt, text.windows) {
        (Some(bptt), Some(_)) => {
            let message = "a text that is cut into windows is not read on: `bptt` has no effect";
            let mut diagnostic = Diagnostic::new(code::NO_EFFECT, bptt, message).here("has no effect");
            if let Some(window) = of_field("window") {
                diagnostic = diagnostic.label(window, "cut here");
            }
            diagnostics.push(diagnostic.help("keep one of the two"));
        }
        (Some(bptt), None) => {
            let file =
                files.iter().find(|file| !is_plain(file)).map(|file| (format!("{:?} has", file.text), file.span));
            let made = data.source.as_ref().map(|source| ("`source` makes".to_string(), source.span));
            if let Some((rows, span)) = made.or(file) {
                let message = format!("`bptt` reads one plain text on, and {rows} rows");
                let diagnostic = Diagnostic::new(code::NO_EFFECT, bptt, message).here("has no effect");
                let help = if data.source.is_some() {
                    "leave it out: every row is read whole"
                } else {
                    "write `format = text` in `data` if it is plain text; rows are cut by `window`"
                };
                diagnostics.push(diagnostic.label(span, "rows").help(help));
            }
        }
        (None, None) => {
            if let Some(file) = files.iter().find(|file| is_plain(file)) {
                let message = "a whole text is too long for one step, and how it is read is not said";
                let diagnostic = Diagnostic::new(code::MISSING_SETTING, field.span, message).here("one text");
                let help = "cut it, `window = 128` here, or read it on from step to step, `bptt = 35` in `train`";
                diagnostics.push(diagnostic.label(file.span, "of this file").help(help));
            }
        }
        (None, Some(_)) => {}
    }
    if let (Some(column), true) = (of_field("column"), files.iter().all(is_plain) && !files.is_empty()) {
        let message = "a plain text has no columns";
        diagnostics.push(Diagnostic::new(code::NO_EFFECT, column, message).here("has no effect").help("leave it out"));
    }
    if text.kind == TextKind::Chars && !text.keep_spaces && of_field("keep_spaces").is_none() {
        let message = "this language model never sees a space or a line break, so it cannot write one";
        let diagnostic = Diagnostic::new(code::SPACES_LOST, field.span, message).here("white space is left out");
        diagnostics.push(diagnostic.help("write `keep_spaces = true`, or `keep_spaces = false` if that is meant"));
    }
}

/// Settings that only a language model gives a meaning.
fn for_language_models_only(said: &Said, diagnostics: &mut Vec<Diagnostic>) {
    let mut report = |span: Span, name: &str| {
        let message = format!("`{name}` has no effect: only a language model, `-> next(text)`, reads a text in pieces");
        diagnostics.push(Diagnostic::new(code::NO_EFFECT, span, message).here("has no effect").help("leave it out"));
    };
    if let (Train { bptt: Some(_), .. }, Some(block)) = said.train
        && let Some(span) = setting(block, "bptt")
    {
        report(span, "bptt");
    }
    let Some((data, block)) = said.data else { return };
    for field in &data.fields {
        if matches!(&field.kind, FieldKind::Text(text) if text.windows.is_some())
            && let Some(span) = of_field(block, &field.name, "window")
        {
            report(span, "window");
        }
    }
    if let (Format::Text, Some(span)) = (data.format, setting(block, "format")) {
        let message = "a plain text has no labels: only a language model, `-> next(text)`, learns from one";
        let diagnostic = Diagnostic::new(code::DATA_FIELD, span, message).here("no columns");
        diagnostics.push(diagnostic.help("write texts and labels as `tsv`, `csv` or `jsonl`"));
    }
}

/// Where a block gives a setting.
fn setting(block: &SettingsBlock, name: &str) -> Option<Span> {
    block.entries.iter().find_map(|entry| match entry {
        Entry::Setting(setting) if setting.name.name == name => Some(setting.name.span.to(setting.value.span)),
        _ => None,
    })
}

/// Where a field gives a setting.
fn of_field(block: &SettingsBlock, field: &str, name: &str) -> Option<Span> {
    block.entries.iter().find_map(|entry| match entry {
        Entry::Field { name: own, settings, .. } if own.name == field => {
            let given = settings.iter().find(|setting| setting.name.name == name)?;
            Some(given.name.span.to(given.value.span))
        }
        _ => None,
    })
}
