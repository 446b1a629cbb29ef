//! The diagnostics that every renderer's test shows, one of each kind that is hard to draw.

use crate::diagnostic::{Diagnostic, code};
use crate::source::{FileId, SourceFile, Sources, Span};

/// One diagnostic after another: a single place with a fix; two sites; a site in another file; the end of a file;
/// an empty file; wide characters; tabs; CRLF after a byte order mark.
pub fn examples() -> (Sources, Vec<Diagnostic>) {
    let mut sources = Sources::default();
    let mut add = |path: &str, text: &str| sources.add(SourceFile::new(path, text));
    let model = add(
        "models/textrnn.rnn",
        "model TextRNN(text: words[T]) -> class[C] {\n  text\n  |> embedding(128)\n  |> bilstm(64, hiden_size = 2)\n  \
         |> final\n  |> dense(64) |> relu\n  |> softmax\n}\n",
    );
    let cells = add("cells.rnn", "/// A cell.\ncell peephole(x: [I]; h: [H]) {\n  h' = tanh(x + h)\n}\n");
    let unclosed = add("unclosed.rnn", "train {\n  epochs = 10\n\n\n");
    let empty = add("empty.rnn", "");
    let wide = add("中文.rnn", "data {\n  标题 = \"é.tsv\" 列 // 🚀\n}\n");
    let tabs = add("tabs.rnn", "train {\n\tlr\t= fast\n}\n");
    let crlf = add("crlf.rnn", "\u{feff}train {\r\n  seed = -1\r\n}\r\n");

    let at = |sources: &Sources, file: FileId, text: &str| {
        let start = sources.file(file).text.find(text).expect("the text is in the file");
        Span::new(file, start, start + text.len())
    };
    let setting = at(&sources, model, "hiden_size");
    let diagnostics = vec![
        Diagnostic::new(code::UNKNOWN_SETTING, setting, "`bilstm` has no setting `hiden_size`")
            .here("not a setting of `bilstm`")
            .help("did you mean `hidden_size`? The settings are `hidden_size`, `num_layers`, `dropout` and `reverse`; every one of them has a page in the guide")
            .fix("write `hidden_size`", setting, "hidden_size"),
        Diagnostic::new(code::OUTPUT, at(&sources, model, "softmax"), "the model gives 64 scores, `class[C]` has C classes")
            .here("64 scores")
            .label(at(&sources, model, "dense(64)"), "64 comes from here")
            .label(at(&sources, model, "class[C]"), "C classes wanted here")
            .help("end with `|> dense(C) |> softmax`"),
        Diagnostic::new(code::SHAPE_CLASH, at(&sources, model, "embedding(128)"), "`peephole` adds sizes 128 and H")
            .here("x is [T, 128]")
            .label(at(&sources, cells, "x + h"), "I = 128 here, H is free")
            .label(at(&sources, cells, "[I]"), "I is declared here")
            .help("write `weight @ x + h`"),
        Diagnostic::new(code::UNCLOSED, Span::new(unclosed, 24, 24), "`train {` is never closed")
            .here("the file ends here")
            .label(Span::new(unclosed, 6, 7), "opened here")
            .fix("add `}`", Span::new(unclosed, 24, 24), "}\n"),
        Diagnostic::new(code::NO_MODEL, Span::new(empty, 0, 0), "there is no model in this file").here("nothing here"),
        Diagnostic::new(code::SYNTAX, at(&sources, wide, "列"), "expected the end of the line, found `列`")
            .here("unexpected")
            .label(at(&sources, wide, "标题"), "after this setting"),
        Diagnostic::new(code::WRONG_KIND, at(&sources, tabs, "fast"), "`lr` is a number, `fast` is a name")
            .here("a name")
            .label(at(&sources, tabs, "lr"), "wants a number"),
        Diagnostic::new(code::PATIENCE_WITHOUT_VALID, at(&sources, crlf, "-1"), "a seed is not negative").here("negative"),
    ];
    (sources, diagnostics)
}
