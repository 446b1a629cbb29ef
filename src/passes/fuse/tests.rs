//! What the compiler makes of cells, stage by stage. That the programs compute the right numbers is tested where they run
//! (`lower::tests`).

use super::program::{ElementOp, Program, Stage, StepProgram};
use super::{fuse, unfused};
use crate::check::{NoFiles, check};
use crate::ir::Graph;
use crate::passes::{bind, hoist};

fn graph(cell: &str, layer: &str) -> Graph {
    let text = format!(
        "{cell}model M(text: words[T]) -> class[C] {{\n  text |> embedding(8) |> {layer} |> last |> dense(C) |> softmax\n}}"
    );
    let checked = check("test.rnn", &text, &mut NoFiles);
    let messages: Vec<&String> = checked.diagnostics.iter().map(|diagnostic| &diagnostic.message).collect();
    let model = checked.program.and_then(|program| program.model).unwrap_or_else(|| panic!("{messages:?} in\n{text}"));
    bind(&model.graph, &|_| Some(8)).expect("all sizes are known")
}

fn program(cell: &str, layer: &str) -> Program {
    let hoisted = hoist(&graph(cell, layer)).graph;
    fuse(&hoisted.cells[0], &hoisted).expect("it has a fused form")
}

/// `P` for a product, `P+` where it starts from a sum, the number of instructions for the work between.
fn stages(step: &StepProgram) -> String {
    let stage = |stage: &Stage| match stage {
        Stage::Product { start: None, .. } => "P".to_string(),
        Stage::Product { start: Some(_), .. } => "P+".to_string(),
        Stage::Elementwise(instructions) => instructions.len().to_string(),
    };
    step.stages.iter().map(stage).collect::<Vec<_>>().join(" ")
}

fn copies(step: &StepProgram) -> usize {
    let of_stage = |stage: &Stage| match stage {
        Stage::Elementwise(lines) => lines.iter().filter(|line| line.op == ElementOp::Copy).count(),
        Stage::Product { .. } => 0,
    };
    step.stages.iter().map(of_stage).sum()
}

#[test]
fn lstm_is_one_product_and_one_pass_over_the_gates() {
    let lstm = program("", "lstm(16)");
    assert_eq!(lstm.input, 64, "all four gates of the input are computed before the loop, biases too");
    assert_eq!(stages(&lstm.inference), "P+ 8");
    assert_eq!(stages(&lstm.forward), "P+ 8", "what backward reads is computed where it is kept");
    assert_eq!(stages(&lstm.backward), "13 P");
    // The memory, four gates and its squashed self; the gates' sums and everything cheap are not kept.
    assert_eq!(lstm.tapes, [16; 6]);
    assert_eq!(
        copies(&lstm.backward),
        0,
        "the gradients of the gates are computed side by side, where the sum reads them"
    );
    assert!(!lstm.rereads_input);
}

#[test]
fn gru_keeps_its_bias_inside_and_cho_s_has_two_products_in_a_row() {
    let gru = program("", "gru(16)");
    assert_eq!((stages(&gru.forward).as_str(), stages(&gru.backward).as_str()), ("P+ 9", "13 P 1"));
    let cho = "cell cho(x: [I]; h: [H]) {\n  param w : [3*H, I]\n  param u : [2*H, H]\n  param v : [H, H]\n  \
               let xz, xr, xn = split(w @ x)\n  let hz, hr = split(u @ h)\n  let z = sigmoid(xz + hz)\n  \
               let n = tanh(xn + v @ (sigmoid(xr + hr) * h))\n  h' = z * h + (1 - z) * n\n}\n";
    assert_eq!(stages(&program(cho, "cho(16)").forward), "P 6 P+ 3");
}

#[test]
fn weights_on_joined_vectors_are_taken_apart() {
    let mgu = "cell mgu(x: [I]; h: [H]) {\n  param wf : [H, I + H]\n  param wn : [H, I + H]\n  \
               let f = sigmoid(wf @ concat(x, h))\n  h' = (1 - f) * h + f * tanh(wn @ concat(x, f * h))\n}\n";
    let mgu = program(mgu, "mgu(16)");
    assert_eq!(mgu.input, 32, "the input's part of both products is computed before the loop");
    assert_eq!(stages(&mgu.forward), "P+ 3 P+ 3");
    assert_eq!(mgu.weight_gradients.iter().map(|sum| sum.weight.inputs).collect::<Vec<_>>(), [16, 16]);
}

#[test]
fn every_cell_of_the_library_is_fused_and_what_is_not_says_why() {
    for layer in
        ["rnn(4, nonlinearity = relu)", "lstm(4)", "gru(4)", "bilstm(4, num_layers = 2)", "recurrent_conv(4, 4)"]
    {
        assert_eq!(unfused(&graph("", layer)), []);
    }
    let scaled =
        "cell scaled(x: [I]; h: [H]) {\n  param w : [H, I]\n  param u : [H, H]\n  h' = tanh(w @ x + tanh(u) @ h)\n}\n";
    let [(cell, why)] = &unfused(&graph(scaled, "scaled(4)"))[..] else { panic!("it is one cell") };
    assert_eq!(
        (cell.as_str(), why.as_str()),
        ("scaled", "it computes with a matrix, and a fused step has vectors only")
    );
}
