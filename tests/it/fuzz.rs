//! No text makes the checker or the formatter panic, hang or overflow the stack of a test's thread, and every finding can be
//! shown. `fuzz/` has the same for cargo-fuzz, which searches instead of drawing.

use std::time::{Duration, Instant};

use rnnc::diagnostic::render::{Format, Style, render};
use rnnc::random::Random;
use rnnc::syntax::format::format;

use crate::check::{checked, files};

/// Checks a text and looks at everything that comes out.
fn survives(text: &str) {
    let checked = checked("fuzz.rnn", text);
    let mut shown = checked.diagnostics.clone();
    for diagnostic in &checked.diagnostics {
        let labels = std::iter::once(&diagnostic.primary).chain(&diagnostic.labels).map(|label| label.span);
        for span in labels.chain(diagnostic.fixes.iter().map(|fix| fix.span)) {
            let file = checked.sources.file(span.file);
            let range = span.start as usize..span.end as usize;
            assert!(file.text.get(range).is_some(), "{span:?} of {}\n{diagnostic:?}\n{text}", file.path);
        }
        assert!(!diagnostic.message.is_empty() && !diagnostic.message.contains('\n'), "{diagnostic:?}");
    }
    shown.truncate(3);
    for shape in Format::ALL {
        render(&shown, &checked.sources, shape, Style::default());
    }
    if let Some(formatted) = format(text) {
        assert_eq!(format(&formatted).as_ref(), Some(&formatted), "formatted once\n{formatted}");
    }
}

/// All texts there are to start from.
fn seeds() -> Vec<String> {
    ["models", "stdlib", "tests/check"].iter().flat_map(|folder| files(folder, "rnn")).map(|(_, text)| text).collect()
}

fn below(random: &mut Random, bound: usize) -> usize {
    (random.next_u64() % bound.max(1) as u64) as usize
}

fn boundary(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

const PIECES: [&str; 40] = [
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "|>",
    "|",
    "->",
    "..",
    "=",
    "==",
    ":",
    ";",
    ",",
    "'",
    "\"",
    "//",
    "///",
    "\n",
    "\r",
    "\0",
    "é",
    "中",
    "\u{feff}",
    "let ",
    "param ",
    "where ",
    "if ",
    "then ",
    "else ",
    "repeat k in 0..2 with y = x { y }",
    "none",
    "0",
    "1e9",
    "9999999999999999999",
    "H",
    "cell c(x: [I]; h: [H]) {",
    "use \"_parts.rnn\"",
    "-",
];

#[test]
fn edited_files_are_survived() {
    let seeds = seeds();
    let mut random = Random::new(1, &[]);
    for _ in 0..400 {
        let mut text = seeds[below(&mut random, seeds.len())].clone();
        for _ in 0..=below(&mut random, 4) {
            let (a, b) = (below(&mut random, text.len() + 1), below(&mut random, 30));
            let start = boundary(&text, a);
            let end = boundary(&text, (start + b).min(text.len())).max(start);
            match below(&mut random, 4) {
                0 => drop(text.drain(start..end)),
                1 => text.insert_str(start, PIECES[below(&mut random, PIECES.len())]),
                2 => text.replace_range(start..end, PIECES[below(&mut random, PIECES.len())]),
                _ => {
                    let piece = text[start..end].to_string();
                    let at = below(&mut random, text.len() + 1);
                    text.insert_str(boundary(&text, at), &piece);
                }
            }
        }
        survives(&text);
    }
}

#[test]
fn texts_without_sense_are_survived() {
    let mut random = Random::new(2, &[]);
    for _ in 0..150 {
        let bytes: Vec<u8> = (0..below(&mut random, 200)).map(|_| random.next_u64() as u8).collect();
        survives(&String::from_utf8_lossy(&bytes));
        let pieces: String = (0..below(&mut random, 60)).map(|_| PIECES[below(&mut random, PIECES.len())]).collect();
        survives(&pieces);
        survives(&format!("model M(text: words[T]) -> class[C] {{\n{pieces}\n}}\n"));
    }
}

/// A text that a hostile author would send. Named, for the message of a failure.
fn hostile() -> Vec<(&'static str, String)> {
    let model = |body: &str| format!("model M(text: words[T]) -> class[C] {{\n{body}\n}}\n");
    let fill = |piece: &str| piece.repeat(10_000_000 / piece.len());
    let most = |piece: &str| piece.repeat(200_000 / piece.len());
    let mut texts: Vec<(&str, String)> = Vec::new();
    for piece in ["(", "{", "[", "-", "not ", "a|>", "1+", "///", "f(x|>", "\"", "}", "\0", "\u{feff}", "a "] {
        texts.push((piece, fill(piece)));
        texts.push((piece, most(piece)));
        texts.push((piece, model(&most(piece))));
    }
    for piece in [
        "|> if a then b ",
        "repeat k in 0..1 with y = ",
        "|> ) ",
        "let a = 1\n",
        "a b\n",
        "if a then b else ",
        "{ ) ",
        "( ] ",
    ] {
        texts.push((piece, model(&most(piece))));
    }
    let layers = |n: usize, body: &dyn Fn(usize) -> String| -> String {
        (0..n).map(|i| format!("layer a{i}(x: [T, I]) -> [T, I] {{ {} }}\n", body(i))).collect()
    };
    let use_it = model("text |> embedding(8) |> a0 |> final |> dense(C) |> softmax");
    let doubled = layers(2_000, &|i| if i == 1_999 { "tanh(x)".into() } else { format!("x |> a{0} |> a{0}", i + 1) });
    texts.push(("layers that double", format!("{doubled}{use_it}")));
    let deep = layers(40, &|i| {
        let inner = if i == 39 { "x".to_string() } else { format!("a{}(x)", i + 1) };
        format!("{}{inner}{}", "tanh(".repeat(28), ")".repeat(28))
    });
    texts.push(("deep expressions in deep layers", format!("{deep}{use_it}")));
    let nested = "repeat a in 0..100 with b = x { ".repeat(20);
    texts.push(("repeats", model(&format!("let x = text |> embedding(8)\n{nested} tanh(b) {}", "}".repeat(20)))));
    texts.push(("a long repeat", model("repeat k in 0..1_000_000_000 with y = text |> embedding(8) { tanh(y) }")));
    texts.push(("digits", format!("train {{\n  seed = {}\n}}\n", "9".repeat(400))));
    let factors = vec!["(A+B+C+D)"; 60].join("*");
    texts.push((
        "a polynomial",
        format!("layer p(x: [T, H], a: A, b: B, c: C, d: D) -> [T, H] {{\n  param w : [{factors}, H]\n  w @ x\n}}\n"),
    ));
    let powers = vec!["H"; 90].join("*");
    texts.push(("a power", format!("layer p(x: [T, H]) -> [T, {powers}] {{\n  x |> dense({powers})\n}}\n")));
    let sums: String = (0..3_000).map(|i| format!("let s{} = s{i} + H{i}\n", i + 1)).collect();
    let sizes: String = (0..3_000).map(|i| format!(", a{i}: H{i}")).collect();
    texts.push(("sizes", format!("layer p(x: [T, I]{sizes}) -> [T, I] {{\nlet s0 = 1\n{sums}x\n}}\n")));
    // A line feed, a quote or a comment must not hide brackets from the limit on their depth.
    for start in ["//\r", "foo {\n \"", "let a = \"\\\n", "model M(text) -> label { text |> \" |> "] {
        texts.push((start, format!("{start}{}", "(".repeat(100_000))));
        texts.push((start, format!("{start}{}", "{".repeat(100_000))));
    }
    texts
}

#[test]
fn hostile_texts_are_answered_soon() {
    for (name, text) in hostile() {
        let start = Instant::now();
        survives(&text);
        let seconds = start.elapsed().as_secs_f64();
        assert!(seconds < 10.0, "{name:?}: {} bytes took {seconds:.1} s", text.len());
    }
}

/// Twice the text may take twice the time; four times as long would be quadratic. Generous, since machines are shared.
#[test]
fn the_time_grows_with_the_text() {
    let time = |text: &str| -> Duration {
        let run = || {
            let start = Instant::now();
            checked("long.rnn", text);
            start.elapsed()
        };
        (0..3).map(|_| run()).min().unwrap_or_default()
    };
    for piece in ["let a = tanh(x)\n", "a b c\n", "text |> f(1, g(2)) \n", "|> ) "] {
        let text = |n: usize| format!("model M(text: words[T]) -> class[C] {{\n{}\n}}\n", piece.repeat(n));
        let (short, long) = (time(&text(1_000)), time(&text(8_000)));
        assert!(long < short * 8 * 4, "{piece:?}: {short:?} and for eight times as much {long:?}");
    }
}
