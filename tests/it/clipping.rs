//! `clip_value` in a whole training: no weight moves further than the bound allows.

use crate::experiment::{file, folder, initial, rows, setup, train};

/// How far the furthest weight of the last layer moves in the only step of a training.
fn furthest(clip: &str) -> f32 {
    let folder = folder(&[("train.tsv", &rows(8))]);
    let train_block = format!("optimizer = sgd(lr = 1.0)\n  batch_size = 8\n  epochs = 1\n  {clip}");
    let setup = setup(&file("4", "rnn(4) |> last", &train_block), folder.path());
    let before = initial(&setup, "dense.weight");
    let trained = train(setup);
    let moved = before.iter().zip(trained.weight("dense.weight")).map(|(before, after)| (before - after).abs());
    moved.fold(0.0, f32::max)
}

#[test]
fn gradients_are_limited_number_by_number() {
    assert!(furthest("") > 0.02);
    assert!((furthest("clip_value = 1e-3") - 1e-3).abs() < 1e-6);
    assert_eq!(furthest("clip_value = 100.0"), furthest(""));
}
