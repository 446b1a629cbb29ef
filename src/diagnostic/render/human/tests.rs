//! What reports look like, and what is hard to draw.

use super::super::examples::examples;
use super::*;
use crate::diagnostic::code;
use crate::source::{SourceFile, Span};

const PLAIN: Style = Style { color: false, unicode: true, width: 80 };

#[test]
fn a_report_shows_every_site() {
    let (sources, diagnostics) = examples();
    insta::assert_snapshot!(render(&diagnostics, &sources, PLAIN), @r##"
    error[E0302]: `bilstm` has no setting `hiden_size`
       ╭─[models/textrnn.rnn:4:17]
     3 │   |> embedding(128)
     4 │   |> bilstm(64, hiden_size = 2)
       ·                 ─────┬────
       ·                      ╰── not a setting of `bilstm`
     5 │   |> final
       ╰────
      help: did you mean `hidden_size`? The settings are `hidden_size`,
            `num_layers`, `dropout` and `reverse`; every one of them has a page in
            the guide

    error[E0505]: the model gives 64 scores, `class[C]` has C classes
       ╭─[models/textrnn.rnn:7:6]
     5 │   |> final
     6 │   |> dense(64) |> relu
       ·      ────┬────
       ·          ╰── 64 comes from here
     7 │   |> softmax
       ·      ───┬───
       ·         ╰── 64 scores
     8 │ }
       ╰────
       ╭─[models/textrnn.rnn:1:34]
     1 │ model TextRNN(text: words[T]) -> class[C] {
       ·                                  ────┬───
       ·                                      ╰── C classes wanted here
     2 │   text
       ╰────
      help: end with `|> dense(C) |> softmax`

    error[E0501]: `peephole` adds sizes 128 and H
       ╭─[models/textrnn.rnn:3:6]
     2 │   text
     3 │   |> embedding(128)
       ·      ───────┬──────
       ·             ╰── x is [T, 128]
     4 │   |> bilstm(64, hiden_size = 2)
       ╰────
       ╭─[cells.rnn:2:18]
     1 │ /// A cell.
     2 │ cell peephole(x: [I]; h: [H]) {
       ·                  ─┬─
       ·                   ╰── I is declared here
     3 │   h' = tanh(x + h)
       ·             ──┬──
       ·               ╰── I = 128 here, H is free
     4 │ }
       ╰────
      help: write `weight @ x + h`

    error[E0102]: `train {` is never closed
       ╭─[unclosed.rnn:5:1]
     1 │ train {
       ·       ┬
       ·       ╰── opened here
     2 │   epochs = 10
       ·             ┬
       ·             ╰── the file ends here
     3 │
       ╰────
      help: add `}`

    error[E0601]: there is no model in this file
       ╭─[empty.rnn:1:1]
     1 │
       · ┬
       · ╰── nothing here
       ╰────

    error[E0101]: expected the end of the line, found `列`
       ╭─[中文.rnn:2:16]
     1 │ data {
     2 │   标题 = "é.tsv" 列 // 🚀
       ·   ──┬─           ─┬
       ·     │             ╰── unexpected
       ·     ╰── after this setting
     3 │ }
       ╰────

    error[E0401]: `lr` is a number, `fast` is a name
       ╭─[tabs.rnn:2:7]
     1 │ train {
     2 │     lr  = fast
       ·     ─┬    ──┬─
       ·      │      ╰── a name
       ·      ╰── wants a number
     3 │ }
       ╰────

    warning[W0703]: a seed is not negative
       ╭─[crlf.rnn:2:10]
     1 │ train {
     2 │   seed = -1
       ·          ─┬
       ·           ╰── negative
     3 │ }
       ╰────
    "##);
}

#[test]
fn ascii_and_color() {
    let (sources, diagnostics) = examples();
    let draw = |color, unicode| render(&diagnostics[..1], &sources, Style { color, unicode, width: 80 });
    insta::assert_snapshot!(draw(false, false), @r##"
    error[E0302]: `bilstm` has no setting `hiden_size`
       ,-[models/textrnn.rnn:4:17]
     3 |   |> embedding(128)
     4 |   |> bilstm(64, hiden_size = 2)
       :                 ^^^^^|^^^^
       :                      `-- not a setting of `bilstm`
     5 |   |> final
       `----
      help: did you mean `hidden_size`? The settings are `hidden_size`,
            `num_layers`, `dropout` and `reverse`; every one of them has a page in
            the guide
    "##);
    let plain = draw(false, true);
    let mut colored = draw(true, true);
    assert!(colored.starts_with("\u{1b}[1;31merror[E0302]\u{1b}[0m"), "{colored:?}");
    while let Some(start) = colored.find('\u{1b}') {
        let end = start + colored[start..].find('m').unwrap() + 1;
        colored.replace_range(start..end, "");
    }
    assert_eq!(colored, plain);
}

/// One source, labels as byte ranges, the first of them primary.
fn draw(text: &str, labels: &[(usize, usize, &str)]) -> String {
    let mut sources = Sources::default();
    let file = sources.add(SourceFile::new("a.rnn", text));
    let span = |start, end| Span::new(file, start, end);
    let (start, end, message) = labels[0];
    let diagnostic = Diagnostic::new(code::SYNTAX, span(start, end), "m").here(message);
    let diagnostic =
        labels[1..].iter().fold(diagnostic, |d, (start, end, message)| d.label(span(*start, *end), *message));
    render(&[diagnostic], &sources, PLAIN)
}

#[test]
fn a_report_stays_on_one_screen() {
    let long: String = (0..500).map(|i| format!("line {i}\n")).collect();
    insta::assert_snapshot!(draw(&long, &[(0, long.len(), "all of it"), (3000, 3004, "far away")]), @r##"
    error[E0101]: m
       ╭─[a.rnn:1:1]
     1 │ line 0
       · ───┬──
       ·    ╰── all of it
     2 │ line 1
       ╰────
         ╭─[a.rnn:346:6]
     345 │ line 344
     346 │ line 345
         ·      ─┬─
         ·       ╰── far away
     347 │ line 346
         ╰────
    "##);
    let wide = format!("{}here\n", " ".repeat(100_000));
    insta::assert_snapshot!(draw(&wide, &[(100_000, 100_004, "far right")]), @r##"
    error[E0101]: m
      at a.rnn:1:100001: far right
    "##);
}

#[test]
fn a_file_cannot_speak_to_the_terminal() {
    let report = draw("seed = \u{1b}[2J1\u{202e}2\rx\n", &[(7, 12, "bad \u{1b}]0;title\u{7}")]);
    insta::assert_snapshot!(report, @r##"
    error[E0101]: m
       ╭─[a.rnn:1:8]
     1 │ seed = ?[2J1�2?x
       ·        ──┬──
       ·          ╰── bad ?]0;title?
       ╰────
    "##);
}

#[test]
fn places_that_are_hard_to_mark() {
    // The end of a line, before a line feed and before CRLF; white space alone; the middle of a character;
    // two labels at one place.
    insta::assert_snapshot!(draw("ab\ncd\n", &[(2, 2, "end of line")]), @r##"
    error[E0101]: m
       ╭─[a.rnn:1:3]
     1 │ ab
       ·   ▲
       ·   ╰── end of line
     2 │ cd
       ╰────
    "##);
    insta::assert_snapshot!(draw("ab\r\ncd\r\n", &[(2, 2, "end of line")]), @r##"
    error[E0101]: m
       ╭─[a.rnn:1:3]
     1 │ ab
       ·   ▲
       ·   ╰── end of line
     2 │ cd
       ╰────
    "##);
    insta::assert_snapshot!(draw("ab\r\ncd\r\n", &[(2, 4, "the line end")]), @r##"
    error[E0101]: m
       ╭─[a.rnn:1:3]
     1 │ ab
       ·   ┬
       ·   ╰── the line end
     2 │ cd
       ╰────
    "##);
    insta::assert_snapshot!(draw("  \n\t\n", &[(4, 4, "only space")]), @r##"
    error[E0101]: m
       ╭─[a.rnn:2:2]
     1 │
       · ┬
       · ╰── only space
       ╰────
    "##);
    insta::assert_snapshot!(draw("中中\n", &[(1, 4, "inside")]), @r##"
    error[E0101]: m
       ╭─[a.rnn:1:1]
     1 │ 中中
       · ─┬
       ·  ╰── inside
       ╰────
    "##);
    insta::assert_snapshot!(draw("ab cd\n", &[(0, 2, "one"), (0, 2, "two")]), @r##"
    error[E0101]: m
       ╭─[a.rnn:1:1]
     1 │ ab cd
       · ─┬
       ·  ╰── one; two
       ╰────
    "##);
    insta::assert_snapshot!(draw("a {\n b\n}\n", &[(2, 8, "this block"), (5, 6, "this line")]), @r##"
    error[E0101]: m
       ╭─[a.rnn:1:3]
     1 │ ╭─▶ a {
     2 │ │    b
       · │    ┬
       · │    ╰── this line
     3 │ ├─▶ }
       · ╰──── this block
       ╰────
    "##);
}

#[test]
fn a_label_inside_another_stands_at_its_place() {
    let around = [(0, 8, "this use"), (6, 7, "is 3")];
    insta::assert_snapshot!(draw("heads(3) |> b\n", &around), @r##"
    error[E0101]: m
       ╭─[a.rnn:1:1]
     1 │ heads(3) |> b
       · ───┬──┬
       ·    │  ╰── is 3
       ·    ╰── this use
       ╰────
    "##);
    let at_its_start = [(0, 5, "the step"), (0, 1, "this")];
    insta::assert_snapshot!(draw("a + b\n", &at_its_start), @r##"
    error[E0101]: m
       ╭─[a.rnn:1:1]
     1 │ a + b
       · ┬ ─┬─
       · │  ╰── the step
       · ╰── this
       ╰────
    "##);
}
