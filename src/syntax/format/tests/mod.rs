//! Layout on texts of a few lines; [`laws`] on all texts there are.

mod laws;

use super::{format, lay_out};

/// What a text becomes, and that it stays so.
fn becomes(text: &str, wanted: &str) {
    let formatted = lay_out(text).expect("a text without errors");
    assert_eq!(formatted, wanted, "\n{formatted}");
    assert_eq!(lay_out(wanted).as_deref(), Some(wanted));
    assert_eq!(format(text).as_deref(), Some(wanted), "the meaning changed");
}

#[test]
fn blanks_and_indents_are_the_formatters() {
    becomes(
        "model  M( text:words[ T ] )->class[C]{\ntext|>embedding( 8 )\n      |>lstm(8,reverse=true)|>last\n|>dense( C )|>softmax }\n",
        "model M(text: words[T]) -> class[C] {\n  text |> embedding(8)\n  |> lstm(8, reverse = true) |> last\n  |> dense(C) |> softmax\n}\n",
    );
    becomes(
        "\u{feff}edition=1;let a=- 1\nlet b =not true\n\n\n\nuse \"a.rnn\"",
        "edition = 1\nlet a = -1\nlet b = not true\n\nuse \"a.rnn\"\n",
    );
    becomes("", "");
    becomes("\n \n// alone\n\n\n\n// and again  ", "// alone\n\n// and again\n");
}

#[test]
fn settings_stand_under_each_other() {
    becomes(
        "data {\n train=\"a.tsv\",\n valid = \"b.tsv\" , test=\"c.tsv\"\n\n\n  // read\n text:words{lowercase=true,}\n  label_of_all : class {}\n}\ntrain{seed=1}",
        "data {\n  train = \"a.tsv\"\n  valid = \"b.tsv\", test = \"c.tsv\"\n\n  // read\n  text         : words { lowercase = true }\n  label_of_all : class {}\n}\n\ntrain { seed = 1 }\n",
    );
}

#[test]
fn sizes_are_one_word_and_other_products_are_not() {
    becomes(
        "cell c(x:[I];h:[H],;gain:float=2 * 3){\nparam w:[ 2 * H , I*2 ]=zeros\nparam long:[2*H]\nh'=tanh(w@x+0.5*h*2- -h)\n_h'=h%2\n}\n",
        "cell c(x: [I]; h: [H]; gain: float = 2 * 3) {\n  param w    : [2*H, I * 2] = zeros\n  param long : [2*H]\n  h'  = tanh(w @ x + 0.5 * h * 2 - -h)\n  _h' = h % 2\n}\n",
    );
}

#[test]
fn long_lines_break_after_commas_pipes_and_operators() {
    becomes(
        "layer l(x: [T, I], first_setting: int = 1, second_setting: int = 2, third_setting: int = 3) -> [T, I] {\n  let made = x |> first_layer(first_setting, second_setting) |> second_layer(third_setting) |> third_one\n  combined(made, another(first_setting, second_setting, third_setting, first_setting, second_setting, x), x)\n}\n",
        "layer l(x: [T, I], first_setting: int = 1, second_setting: int = 2,\n        third_setting: int = 3) -> [T, I] {\n  let made = x\n    |> first_layer(first_setting, second_setting)\n    |> second_layer(third_setting)\n    |> third_one\n  combined(made,\n           another(first_setting, second_setting, third_setting, first_setting, second_setting, x),\n           x)\n}\n",
    );
}

#[test]
fn what_is_aligned_moves_its_continuation_along() {
    becomes(
        "train {\n  optimizer = adam(lr = 0.001, betas = [0.9, 0.999], weight_decay = 0.000001, epsilon = 0.0000000001)\n  a_longer_name = 1\n}\n",
        "train {\n  optimizer     = adam(lr = 0.001, betas = [0.9, 0.999], weight_decay = 0.000001,\n                       epsilon = 0.0000000001)\n  a_longer_name = 1\n}\n",
    );
}

#[test]
fn comments_stay_with_what_they_are_about() {
    becomes(
        "model M(text) -> label { // head\n  // first\n\n  text // [T]\n  |> f(a // one\n   , b, // two\n   // three\n   c)   // [T, 8]\n  // end\n}\n// after\n",
        "model M(text) -> label {  // head\n  // first\n\n  text     // [T]\n  |> f(a,  // one\n       b,  // two\n       // three\n       c)  // [T, 8]\n  // end\n}\n\n// after\n",
    );
    becomes(
        "let a = // why\n1 // that\nlet bb = 2 // this",
        "let a =     // why\n  1         // that\nlet bb = 2  // this\n",
    );
}

#[test]
fn documentation_stands_above() {
    becomes(
        "/// Of the file.\n\n// How.\nlet a=1\n/// One.\n/// Two.\ndata{\n /// of text\n text:words }",
        "/// Of the file.\n\n// How.\nlet a = 1\n\n/// One.\n/// Two.\ndata {\n  /// of text\n  text : words\n}\n",
    );
}

#[test]
fn choices_of_lines_are_the_authors() {
    becomes(
        "layer l(x: [T, I]) -> [T, I] {\n  let a = 1; let bbb = 2\n  if a then x\n  else if b then x |> tanh\n   else -x }\n\n/// One.\nlayer m(x: [I]) -> [I] {x}\nlayer n(x: [I]) -> [I] { x }\n",
        "layer l(x: [T, I]) -> [T, I] {\n  let a = 1; let bbb = 2\n  if a then x\n  else if b then x |> tanh\n  else -x\n}\n\n/// One.\nlayer m(x: [I]) -> [I] { x }\n\nlayer n(x: [I]) -> [I] { x }\n",
    );
}

#[test]
fn line_ends_of_windows_stay() {
    assert_eq!(format("let a=1\r\nlet b=2").as_deref(), Some("let a = 1\r\nlet b = 2\r\n"));
    assert_eq!(format("let a=1\rlet b=2\n").as_deref(), Some("let a = 1\nlet b = 2\n"));
}

#[test]
fn syntax_errors_give_nothing() {
    for text in ["model", "let a = (1", "}", "data {", "/// nothing\n", &"(".repeat(100)] {
        assert_eq!(format(text), None, "{text}");
    }
}
