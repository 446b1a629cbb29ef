//! Language models in the test's process: what they see, how their texts are read, and that a training goes on exactly.

use std::cell::Cell;

use proptest::prelude::*;
use rnnc::data::{Dataset, Expected, IGNORED, Order};
use rnnc::ir::Target;
use rnnc::lower::{Loss, Mode, States, to_scalar};
use rnnc::predictor::evaluate;
use rnnc::train::{Begin, Options, run};

use crate::check::files;
use crate::experiment::{folder, setup, train};
use crate::network::{forward, initial_network, model, numbers, program, sizes};

/// A file over `train.txt` and `valid.txt`: the layers, the settings of its text and of its training.
fn file(layers: &str, text: &str, train: &str) -> String {
    format!(
        "data {{\n  train = \"train.txt\"\n  valid = \"valid.txt\"\n  text : chars {{ keep_spaces = true, {text} }}\n}}\n\n\
         model Test(text) -> next(text) {{\n  text |> embedding(8) |> {layers} |> dense(vocabulary(text)) |> softmax\n}}\n\n\
         train {{\n  batch_size = 4\n  optimizer = adam(lr = 0.01)\n  {train}\n}}\n"
    )
}

/// A text of so many lines that a small model can learn something of.
fn lines(count: usize) -> String {
    let line = |i: usize| format!("the {} {} {}.\n", ["cat", "dog", "old bird"][i % 3], ["sat", "ran"][i % 2], i % 7);
    (0..count).map(line).collect()
}

fn experiment() -> tempfile::TempDir {
    folder(&[("train.txt", &lines(60)), ("valid.txt", &lines(20))])
}

#[test]
fn no_step_of_an_example_model_sees_a_later_token() {
    const VOCABULARY: usize = 20;
    let mut seen = 0;
    for (name, text) in files("models", "rnn") {
        let Some(model) = program(&text).0.model.filter(|model| matches!(model.target, Target::Next(_))) else {
            continue;
        };
        seen += 1;
        let network = initial_network(&model.graph, &sizes(VOCABULARY, 2), 3);
        let scores = |text: &[u32]| numbers(&forward(&network, model.logits, &[text.to_vec()], Mode::Evaluate));
        let text: Vec<u32> = (2..12).collect();
        let before = scores(&text);
        for place in 0..text.len() {
            let mut changed = text.clone();
            changed[place] = 15;
            let after = scores(&changed);
            assert!(after[..place * VOCABULARY] == before[..place * VOCABULARY], "{name}: before token {place}");
            assert!(after[place * VOCABULARY..] != before[place * VOCABULARY..], "{name} does not read token {place}");
        }
    }
    assert!(seen >= 2, "charrnn and wordrnn");
}

/// The texts a training of this file reads, token by token of the vocabulary, as `read → asked` pairs of the first batch.
fn first_batch(text: &str, valid: bool) -> (usize, Vec<(u32, u32)>) {
    let folder = folder(&[("train.txt", "abcdefghij"), ("valid.txt", "abcdefghij")]);
    let (program, _) = program(text);
    let (data, model) = (program.data.expect("data"), program.model.expect("a model"));
    let set = Dataset::load(&data, &model.target, &|name| folder.path().join(name)).expect("sound data");
    let split = if valid { set.valid.expect("valid") } else { set.train };
    let pass = split.pass(4, program.train.bptt.unwrap_or(1), Order::Sorted);
    let batch = pass.batch(0);
    let Expected::Classes(next) = batch.expected else { panic!("classes") };
    (split.examples(), batch.texts["text"].ids.iter().copied().zip(next).collect())
}

#[test]
fn every_token_is_asked_after_the_one_before_it() {
    // a is 2, j is 11. Windows of 4 tokens, 2 apart: 2345 4567 6789 89(10), and nothing is asked after the last token.
    let windows = file("gru(3)", "window = 4, stride = 2", "");
    let columns = [[2, 4, 6, 8], [3, 5, 7, 9], [4, 6, 8, 10], [5, 7, 9, 0]].concat();
    let pairs: Vec<(u32, u32)> = columns.iter().map(|id| (*id, if *id == 0 { IGNORED } else { id + 1 })).collect();
    assert_eq!(first_batch(&windows, false), (15, pairs));
    // Elsewhere every token is asked for once.
    let columns = [[2, 6, 10], [3, 7, 0], [4, 8, 0], [5, 9, 0]].concat();
    let pairs: Vec<(u32, u32)> = columns.iter().map(|id| (*id, if *id == 0 { IGNORED } else { id + 1 })).collect();
    assert_eq!(first_batch(&windows, true), (9, pairs));
    // Four parts side by side, two steps at a time: 23 45 67 89(10).
    let read_on = file("gru(3)", "", "bptt = 2");
    let columns = [[2, 4, 6, 8], [3, 5, 7, 9]].concat();
    assert_eq!(first_batch(&read_on, false), (9, columns.iter().map(|id| (*id, id + 1)).collect()));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_token_is_left_out(length in 2usize..60, window in 1usize..20, stride in 1usize..20, parts in 1usize..9) {
        let text: String = (0..length).map(|i| char::from(b'A' + i as u8)).collect();
        let folder = folder(&[("train.txt", &text), ("valid.txt", &text)]);
        // How often each token is asked for, each after the one before it.
        let asked = |settings: (&str, &str), valid: bool| {
            let (program, _) = program(&file("gru(3)", settings.0, settings.1));
            let (data, model) = (program.data.expect("data"), program.model.expect("a model"));
            let set = Dataset::load(&data, &model.target, &|name| folder.path().join(name)).expect("sound data");
            let split = if valid { set.valid.expect("valid") } else { set.train };
            let pass = split.pass(parts, program.train.bptt.unwrap_or(1), Order::Sorted);
            let mut counts = vec![0; length];
            for batch in (0..pass.len()).map(|i| pass.batch(i)) {
                let Expected::Classes(next) = batch.expected else { panic!("classes") };
                for (id, next) in batch.texts["text"].ids.iter().zip(next).filter(|(_, next)| *next != IGNORED) {
                    assert_eq!(next, id + 1);
                    counts[next as usize - 2] += 1;
                }
            }
            assert_eq!(counts[0], 0, "nothing comes before the first");
            counts[1..].to_vec()
        };
        let stride = stride.min(window);
        let windows = format!("window = {window}, stride = {stride}");
        let most = window.div_ceil(stride);
        prop_assert!(asked((&windows, ""), false).iter().all(|count| (1..=most).contains(count)));
        prop_assert!(asked((&windows, ""), true).iter().all(|count| *count == 1));
        let read_on = format!("bptt = {window}");
        prop_assert!(asked(("", &read_on), false).iter().all(|count| *count == 1));
    }
}

/// Cutting a text into pieces for evaluation is no matter of taste: the loss is that of the text read as a whole.
#[test]
fn the_loss_of_a_text_read_on_is_that_of_its_parts_as_wholes() {
    let folder = experiment();
    let setup = setup(&file("lstm(6, num_layers = 2) |> shift(1) |> gru(5)", "", "bptt = 7"), folder.path());
    let valid = setup.dataset.valid.as_ref().expect("valid");
    let seen = evaluate(&setup.predictor, valid).expect("a sound network").loss;
    // The same in one piece a part.
    let pass = valid.pass(8, usize::MAX >> 1, Order::Sorted);
    assert_eq!(pass.len(), 1);
    let batch = pass.batch(0);
    let scores = setup.predictor.network.forward(&[setup.predictor.model.logits], &batch.texts, Mode::Evaluate);
    let whole = Loss::default().mean(&scores.expect("scores")[0], &batch.expected).expect("a loss");
    let whole = to_scalar(&whole).expect("a number");
    assert!((seen - whole).abs() < 1e-5, "{seen} in pieces, {whole} as a whole");
    assert_eq!(valid.examples(), lines(20).len() - 1);
}

#[test]
fn both_ways_of_training_learn_and_the_states_are_worth_something() {
    let folder = experiment();
    let last = |text: &str, settings: &str| {
        let epochs = train(setup(&file("gru(24)", text, settings), folder.path())).epochs;
        assert!(epochs[0].valid_perplexity.is_some() && epochs[0].valid_macro_f1.is_none());
        epochs.last().and_then(|epoch| epoch.valid_loss).expect("valid data")
    };
    let windows = last("window = 16, stride = 8", "epochs = 6");
    let read_on = last("", "bptt = 16\n  epochs = 6");
    let short = last("window = 2", "epochs = 6");
    assert!(windows < 1.2 && read_on < 1.2, "{windows} and {read_on}");
    assert!(short > windows, "two tokens are too few to know what comes: {short}");
}

#[test]
fn a_training_that_is_stopped_between_pieces_goes_on_from_its_states() {
    let folder = experiment();
    let text = file("dropout(0.1) |> lstm(12, num_layers = 2)", "", "bptt = 5\n  epochs = 2");
    let model = |out: &std::path::Path| std::fs::read(out.join("model.safetensors")).expect("a model");
    let whole = folder.path().join("whole");
    run(setup(&text, folder.path()), &Options::new(&whole, Begin::New), &mut (), &|| false)
        .unwrap_or_else(|error| panic!("{error}"));
    let out = folder.path().join("stopped");
    let steps = Cell::new(0);
    let stop = || steps.replace(steps.get() + 1) == 30;
    let outcome = run(setup(&text, folder.path()), &Options::new(&out, Begin::New), &mut (), &stop)
        .unwrap_or_else(|error| panic!("{error}"));
    assert!(matches!(outcome, rnnc::train::Outcome::Interrupted { epoch: 1, step: 30 }));
    run(setup(&text, folder.path()), &Options::new(&out, Begin::Resume), &mut (), &|| false)
        .unwrap_or_else(|error| panic!("{error}"));
    assert!(model(&out) == model(&whole), "other weights than without the stop");
}

/// ```python
/// import torch; from torch import nn
/// wave = lambda p, *s: torch.sin(0.7 * torch.arange(torch.Size(s).numel(), dtype=torch.float64) + p).float().view(s)
/// ids = torch.tensor([2, 5, 3, 4, 2, 6, 5, 3, 2])
/// table, out, bias = wave(0, 7, 3), wave(5, 7, 2), wave(6, 7)
/// m = nn.LSTM(3, 2)
/// with torch.no_grad():
///     for p, v in enumerate(m.parameters()): v.copy_(wave(1 + p, *v.shape))
/// state, losses = None, []
/// for start in (0, 3, 6):                          # bptt = 3
///     x = table[ids[start:min(start + 3, 8)]][:, None]
///     y, state = m(x, state)
///     loss = nn.functional.cross_entropy((y @ out.T + bias)[:, 0], ids[start + 1:start + 1 + len(x)])
///     losses.append(loss.item()); m.zero_grad(); loss.backward()
///     print(loss.item(), [round(p.grad.sum().item(), 5) for p in m.parameters()])
///     state = tuple(s.detach() for s in state)
/// ```
#[test]
fn truncated_backpropagation_is_that_of_pytorch() {
    let wave = |p: usize, i: usize| (0.7 * i as f64 + p as f64).sin() as f32;
    let text = "model M(text: words[T]) -> next(text) {\n  text |> embedding(3) |> lstm(2) |> dense(vocabulary(text)) |> softmax\n}";
    let model = model(text);
    let order = ["embedding.weight", "weight_ih", "weight_hh", "bias_ih", "bias_hh", "dense.weight", "dense.bias"];
    let torch = |p: usize| order.iter().position(|part| model.graph.parameters[p].name.contains(part)).expect("known");
    let network = crate::network::network(&model.graph, &sizes(7, 2), |p, i| wave(torch(p), i));
    let ids = [2u32, 5, 3, 4, 2, 6, 5, 3, 2];
    let expected: [(f64, [f32; 4]); 3] = [
        (1.826_455_6, [-0.14413, 0.0493, 0.14323, 0.14323]),
        (2.134_252_3, [0.02776, 0.05589, -0.22945, -0.22945]),
        (1.723_574_5, [-0.17953, -0.02761, -0.03414, -0.03414]),
    ];
    let mut states = States::default();
    for (i, (loss, sums)) in expected.into_iter().enumerate() {
        let (start, end) = (3 * i, (3 * i + 3).min(ids.len() - 1));
        let texts = crate::network::batch(&[ids[start..end].to_vec()]);
        let mode = Mode::Train { seed: 1, step: 0 };
        let scores = network.read_on(&[model.logits], &texts, mode, &mut states).expect("scores").remove(0);
        let mean = Loss::default().mean(&scores, &Expected::Classes(ids[start + 1..=end].to_vec())).expect("a loss");
        assert!((to_scalar(&mean).unwrap() - loss).abs() < 1e-5);
        for (p, gradient) in network.gradients(&mean).expect("gradients").iter().enumerate() {
            if let (Some(gradient), 1..=4) = (gradient, torch(p)) {
                let seen: f32 = gradient.values().iter().sum();
                let sum = sums[torch(p) - 1];
                assert!((seen - sum).abs() < 2e-5, "piece {i}, {}: {seen} is not {sum}", order[torch(p)]);
            }
        }
    }
}
