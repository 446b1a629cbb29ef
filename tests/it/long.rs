//! Long texts on the stack of a test thread (2 MiB), and parameters that nothing can train.

use rnnc::ir::{Dim, Initializer, Parameter};
use rnnc::lower::{Mode, cross_entropy};
use rnnc::source::Span;

use crate::experiment::{file, folder, initial, rows, setup, train};
use crate::network::{classifier, forward, initial_network, model, numbers, program, sizes};

#[test]
fn two_thousand_steps_train() {
    let words = |word: &str| format!("{word} {}", "film ".repeat(1999).trim());
    let data = format!("text\tlabel\n{}\tyes\n{}\tno\na good film\tyes\n", words("good"), words("bad"));
    let folder = folder(&[("train.tsv", &data)]);
    for stages in ["lstm(4, num_layers = 2) |> max_over_time", "bigru(4) |> final", "recurrent_conv(3, 4) |> attention"]
    {
        let trained = train(setup(&file("4", stages, "epochs = 1\n  batch_size = 3"), folder.path()));
        assert!(trained.epochs[0].train_loss.is_finite(), "{stages}");
    }
}

/// The gradient of the first token's vector after this many steps back is there, not lost on the way.
#[test]
fn the_first_of_two_thousand_tokens_has_a_gradient() {
    let model = model(&classifier("", "rnn(4, nonlinearity = relu, recurrent_init = identity) |> last"));
    let network = initial_network(&model.graph, &sizes(9, 2), 1);
    let mut text = vec![3; 2000];
    text[0] = 2;
    let logits = forward(&network, model.logits, &[text], Mode::Train { seed: 1, step: 0 });
    let loss = cross_entropy(&logits, &[1], None, 0.0).expect("one label");
    let gradients = network.gradients(&loss).expect("every parameter is used");
    let embedding = model.graph.parameters.iter().position(|parameter| parameter.name == "embedding.weight").unwrap();
    let whole = gradients[embedding].as_ref().expect("it is trained").to_whole(9 * 4);
    let first = &whole[2 * 4..3 * 4];
    assert!(
        first.iter().all(|g| g.is_finite()) && first.iter().any(|g| *g != 0.0),
        "{first:?} of {:?}",
        numbers(&loss)
    );
}

#[test]
fn a_parameter_without_a_gradient_is_an_error_that_names_it() {
    let mut model = model(&classifier("", "lstm(4) |> last"));
    model.graph.parameters.push(Parameter {
        name: "forgotten.weight".to_owned(),
        shape: vec![Dim::constant(3)],
        initializer: Initializer::Zeros,
        trainable: true,
        pretrained: None,
        span: Span::default(),
        call: None,
    });
    let network = initial_network(&model.graph, &sizes(9, 2), 1);
    let logits = forward(&network, model.logits, &[vec![2, 3]], Mode::Train { seed: 1, step: 0 });
    let loss = cross_entropy(&logits, &[1], None, 0.0).expect("one label");
    let error = network.gradients(&loss).expect_err("nothing trains it").to_string();
    assert!(error.contains("`forgotten.weight`"), "{error}");
}

/// What a file cuts off is reported by the checker, and does not stop a training.
#[test]
fn a_parameter_that_reaches_no_result_is_reported_and_left_alone() {
    let definition = "cell odd(x: [I]; h: [H], d: [H]) {\n  param weight : [H, I]\n  param decay : [H, H]\n  \
                      d' = tanh(decay @ d + weight @ x)\n  h' = tanh(weight @ x + h)\n}\n\n";
    let text = definition.to_owned() + &file("4", "odd(4) |> last", "epochs = 1");
    let messages: Vec<String> = program(&text).1.into_iter().map(|diagnostic| diagnostic.message).collect();
    assert_eq!(messages, ["nothing that the model gives depends on `odd.decay_l0`"]);
    let unused = file("4", "lstm(4) |> last", "epochs = 1")
        .replace("  text |>", "  let side = text |> embedding(3) |> gru(2)\n  text |>");
    assert_eq!(program(&unused).1.len(), 1);
    let folder = folder(&[("train.tsv", &rows(20))]);
    for (text, name) in [(text, "odd.decay_l0"), (unused, "gru.weight_hh_l0")] {
        let setup = setup(&text, folder.path());
        let before = initial(&setup, name);
        assert_eq!(train(setup).weight(name), before);
    }
}
