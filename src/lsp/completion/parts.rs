//! The parts of a file, each as a whole block.

use gen_lsp_types::CompletionItemKind;

use crate::syntax::ast::Item;

use super::Offer;
use crate::lsp::analysis::Analysis;

/// What can begin a line outside of all braces. A part that the file has already, and can have once, is left out.
pub fn parts(analysis: &Analysis) -> Vec<Offer> {
    let has = |wanted: fn(&Item) -> bool| analysis.checked.entry.items.iter().any(wanted);
    let mut offers = Vec::new();
    let mut add = |label: &str, detail: &str, insert: &str| {
        offers.push(Offer::new(label, CompletionItemKind::Snippet).detail(detail).insert(insert));
    };
    if !has(|item| matches!(item, Item::Data(_))) {
        add(
            "data",
            "the files and what is read from them",
            "data {\n  train = \"${1:train.tsv}\"\n  valid = ${2:0.1}\n\n  text  : ${3:words}\n  label : ${4:class}\n}\n$0",
        );
    }
    if !has(|item| matches!(item, Item::Model(_))) {
        add(
            "model",
            "the network",
            "model ${1:Name}(${2:text}) -> ${3:label} {\n  ${2:text} |> embedding(${4:128}) |> $0\n}\n",
        );
    }
    if !has(|item| matches!(item, Item::Train(_))) {
        add(
            "train",
            "how it is trained",
            "train {\n  optimizer  = ${1:adam(lr = 1e-3)}\n  batch_size = ${2:32}\n  epochs     = ${3:10}\n  $0\n}\n",
        );
    }
    add("layer", "a composition with a name", "layer ${1:name}(x: [T, I], ${2:hidden_size}: H) -> [T, H] {\n  $0\n}\n");
    add(
        "cell",
        "the equations of a recurrence",
        "cell ${1:name}(x: [I]; h: [H]) {\n  param ${2:weight} : [H, I + H]\n  h' = tanh(${2:weight} @ concat(x, h))$0\n}\n",
    );
    add("let", "a constant of the file", "let ${1:name} = ${2:128}\n$0");
    add("use", "the definitions of another file", "use \"$0\"");
    if !has(|item| matches!(item, Item::Edition { .. })) {
        add("edition", "the edition of the language", "edition = 1\n$0");
    }
    offers
}
