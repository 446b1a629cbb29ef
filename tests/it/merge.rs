//! Bidirectional layers whose two readings are added or averaged: the numbers of the joined ones.

use rnnc::lower::Mode;

use crate::network::{assert_close, classifier, forward, model, network, numbers, result_of, sizes};

/// The result of the last stage for one text of four tokens, and the widths of the recurrent layers' inputs.
fn run(definitions: &str, stages: &str) -> (Vec<f64>, Vec<String>) {
    let graph = model(&classifier(definitions, &format!("{stages} |> max_over_time"))).graph;
    let last = stages.rsplit("|> ").next().and_then(|stage| stage.split('(').next()).expect("a stage");
    let network = network(&graph, &sizes(9, 2), |p, i| (0.4 * (1.7 * i as f64 + 0.9 * p as f64 + 0.3).sin()) as f32);
    let value = forward(&network, result_of(&graph, last), &[vec![2, 4, 6, 8]], Mode::Evaluate);
    let inputs = graph.parameters.iter().filter(|parameter| parameter.name.contains("weight_ih"));
    (numbers(&value).into_iter().map(f64::from).collect(), inputs.map(|input| input.shape[1].to_string()).collect())
}

#[test]
fn a_sum_and_a_mean_are_those_of_the_two_halves() {
    for layer in ["birnn(3", "bilstm(3", "bigru(3", "bidirectional(gru, 3"] {
        let (joined, _) = run("", &format!("{layer})"));
        let sum: Vec<f64> = joined.chunks(6).flat_map(|step| (0..3).map(|k| step[k] + step[3 + k])).collect();
        let mean: Vec<f64> = sum.iter().map(|sum| 0.5 * sum).collect();
        assert_eq!(joined.len(), 4 * 6);
        assert_close(layer, &run("", &format!("{layer}, merge = concat)")).0, &joined, 0.0);
        assert_close(layer, &run("", &format!("{layer}, merge = sum)")).0, &sum, 1e-6);
        assert_close(layer, &run("", &format!("{layer}, merge = mean)")).0, &mean, 1e-6);
    }
}

#[test]
fn a_stack_reads_what_was_merged_below() {
    for merge in ["concat", "sum", "mean"] {
        let (stacked, inputs) = run("", &format!("bilstm(3, num_layers = 2, merge = {merge})"));
        let below = if merge == "concat" { "6" } else { "3" };
        assert_eq!(inputs, ["4", "4", below, below], "{merge}");
        let twice = format!("bilstm(3, merge = {merge}) |> bilstm(3, merge = {merge})");
        let by_hand = run(&format!("layer twice(x: [T, I]) -> [T, {below}] {{ x |> {twice} }}\n"), "twice");
        assert_eq!((stacked, inputs), by_hand, "{merge}");
    }
}
