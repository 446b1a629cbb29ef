//! Habits of other languages and frameworks, and what they are answered with.

use crate::check::checked;

/// A model with this body, or a file if it starts one: the help of the first finding.
fn answer(text: &str) -> String {
    let model = format!("model M(text: words[T]) -> class[C] {{\n  {text}\n}}\n");
    let file = text.starts_with("train") || text.starts_with("data");
    let checked = checked("model.rnn", if file { text } else { &model });
    let help = checked.diagnostics.first().and_then(|diagnostic| diagnostic.help.clone());
    help.unwrap_or_else(|| panic!("{text:?} has no answer: {:?}", checked.diagnostics))
}

#[test]
fn habits_are_answered_with_what_to_write() {
    for (text, expected) in [
        ("x = text |> embedding(8)", "write `let x = …`"),
        ("let x = text |> embedding(8)\n  return x", "without `return`"),
        ("text |> embedding(8) -> lstm(8)", "joined with `|>`"),
        ("text |> embedding(8) # comment", "comments start with `//`"),
        ("for i in range(3): x", "repetition is written `repeat"),
        ("text |> embedding(8) |> flatten |> dense(C)", "make one vector of it"),
        ("text |> embedding(8) |> pack_padded_sequence |> lstm(8)", "padding never reaches a result"),
        ("text |> embedding(8) |> LayerNorm |> lstm(8)", "a `layer` of your own"),
        ("text |> embedding(8) |> Conv1D(8)", "`recurrent_conv`"),
        ("text |> embedding(8) |> AttentionLayer", "`attention`"),
        ("text |> embedding(8) |> nn.LSTM(8)", "no module before its name"),
        ("data { train = \"a.tsv\"; text : words }", "a comma or the end of the line"),
        ("data { train = 'a.tsv' }", "double quotes"),
        ("train { lr = 0.1 }", "`optimizer = adam(lr = …)`"),
        ("train { shuffle = true }", "always shuffles"),
        ("train { num_epochs = 3 }", "`epochs`"),
    ] {
        let help = answer(text);
        assert!(help.contains(expected), "{text:?}: {help}");
    }
}
