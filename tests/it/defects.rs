//! Seven defects measured in the leading declarative trainer, and for each a test that `rnnc` does not have it.
//!
//! 1. unknown settings are dropped in silence; 2. settings that are accepted and never reach the result; 3. dropout between
//!    the layers of a stack of one; 4. `last` reads padding; 5. `last` of a backward reading; 6. means divided by the
//!    padded length; 7. a batch size chosen by the clock.

use rnnc::diagnostic::Severity;
use rnnc::ir::{Initializer, Program};

use crate::check::checked;

/// Code and message of every finding.
fn findings(text: &str) -> Vec<(&'static str, String)> {
    let checked = checked("model.rnn", text);
    checked.diagnostics.iter().map(|d| (d.code.id, d.message.clone())).collect()
}

/// A classifier whose reading layer is this.
fn model(layer: &str) -> String {
    format!(
        "model M(text: words[T]) -> class[C] {{\n  text |> embedding(8) |> {layer} |> final |> dense(C) |> softmax\n}}\n"
    )
}

fn program(text: &str) -> Program {
    let checked = checked("model.rnn", text);
    assert!(!checked.has_errors(), "{:?}", checked.diagnostics);
    checked.program.expect("a sound file gives a program")
}

#[test]
fn l1_an_unknown_name_is_an_error_everywhere() {
    let data = |inside: &str| {
        format!(
            "data {{\n  train = \"a.tsv\"\n  text : words {{ {inside} }}\n  label : class\n}}\nmodel M(text) -> label {{\n  text |> embedding(8) |> lstm(8) |> final |> dense(label) |> softmax\n}}\n"
        )
    };
    let train = |inside: &str| format!("{}train {{\n  {inside}\n}}\n", model("lstm(8)"));
    let places = [
        (data("lowercas = true"), "E0302"),
        (data("lowercase = true }\n  colour = \"red\"\n  more : words {"), "E0302"),
        (train("batchsize = 3"), "E0302"),
        (train("optimizer = adam(rate = 0.1)"), "E0302"),
        (train("optimizer = adamax"), "E0301"),
        (train("schedule = cosine(steps = 3)"), "E0302"),
        (train("monitor = perplexity"), "E0401"),
        (model("lstm(8, layers = 2)"), "E0302"),
        (model("bidirectional(lstm(colour = 3), 8)"), "E0302"),
        (model("rnn(8, nonlinearity = tanhh)"), "E0401"),
        (model("lstm(8, weight_init = glorot)"), "E0301"),
        (model("lstmm(8)"), "E0303"),
        (format!("{}colour {{\n  a = 1\n}}\n", model("lstm(8)")), "E0101"),
    ];
    for (text, code) in places {
        let found = findings(&text);
        assert_eq!(found.iter().map(|(code, _)| *code).collect::<Vec<_>>(), [code], "{text}\n{found:?}");
    }
}

/// The five settings that the other trainer takes and ignores: here each is refused, with an answer that says what to write.
#[test]
fn l2_a_setting_reaches_the_result_or_is_refused() {
    for (setting, answer) in [
        ("unit_forget_bias = true", "forget_bias"),
        ("recurrent_initializer = orthogonal", "recurrent_init"),
        ("recurrent_activation = relu", "cell"),
        ("activation = relu", "cell"),
        ("bias_initializer = ones", "cell"),
    ] {
        let text = model(&format!("lstm(8, {setting})"));
        let checked = checked("model.rnn", &text);
        let [diagnostic] = checked.diagnostics.as_slice() else { panic!("{setting}: {:?}", checked.diagnostics) };
        assert_eq!(diagnostic.code.id, "E0302", "{setting}");
        let help = diagnostic.help.as_deref().unwrap_or("");
        assert!(help.contains(answer), "{setting}: {help}");
    }
}

#[test]
fn l2_what_is_accepted_changes_the_parameters() {
    let initializer = |layer: &str, parameter: &str| -> Initializer {
        let graph = program(&model(layer)).model.expect("there is a model").graph;
        let found = graph.parameters.iter().find(|p| p.name.ends_with(parameter)).expect(parameter);
        found.initializer.clone()
    };
    assert_eq!(
        initializer("lstm(8, forget_bias = 1.0)", "bias_ih_l0"),
        Initializer::Block { blocks: 4, index: 1, value: 1.0 }
    );
    assert_eq!(initializer("lstm(8, recurrent_init = orthogonal)", "weight_hh_l0"), Initializer::Orthogonal);
    assert_eq!(initializer("lstm(8, weight_init = xavier_uniform)", "weight_ih_l0"), Initializer::XavierUniform);
    assert_ne!(initializer("lstm(8)", "weight_hh_l0"), Initializer::Orthogonal);
}

#[test]
fn l2_a_setting_of_a_users_layer_that_reaches_nothing_is_reported() {
    let layer = "layer scale(x: [T, I], factor: float, unused: float = 1.0) -> [T, I] {\n  x * factor\n}\n";
    let text = format!("{layer}\n{}", model("scale(2.0) |> lstm(8)"));
    let checked = checked("model.rnn", &text);
    let [diagnostic] = checked.diagnostics.as_slice() else { panic!("{:?}", checked.diagnostics) };
    assert_eq!((diagnostic.code.id, diagnostic.severity()), ("W0701", Severity::Warning));
    assert!(diagnostic.message.contains("`unused`"), "{}", diagnostic.message);
}

#[test]
fn l3_dropout_between_the_layers_of_a_stack_of_one_is_an_error() {
    for layer in ["rnn", "lstm", "gru", "birnn", "bilstm", "bigru"] {
        let found = findings(&model(&format!("{layer}(8, dropout = 0.9)")));
        let [(code, message)] = found.as_slice() else { panic!("{layer}: {found:?}") };
        assert_eq!(*code, "E0404", "{layer}");
        assert!(message.contains("no effect with num_layers = 1"), "{message}");
        assert_eq!(findings(&model(&format!("{layer}(8, num_layers = 2, dropout = 0.9)"))), [], "{layer}");
    }
    let found = findings(&model("lstm(8, recurrent_dropout = 0.9)"));
    assert_eq!(found.iter().map(|(code, _)| *code).collect::<Vec<_>>(), ["E0302"]);
}
