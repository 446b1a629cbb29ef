//! One JSON object a line, for scripts and editors. A public contract: keys are added, never changed, unless
//! `schema` changes with them.

use super::Place;
use crate::diagnostic::{Diagnostic, Fix, Label};
use crate::source::{self, Sources};
use serde::Serialize;

/// The version of the objects' layout.
const SCHEMA: u32 = 1;

#[derive(Serialize)]
struct Object<'a> {
    schema: u32,
    code: &'a str,
    /// `error` or `warning`.
    severity: &'a str,
    message: &'a str,
    path: &'a str,
    start: Position,
    end: Position,
    /// The primary place first.
    labels: Vec<LabelObject<'a>>,
    help: Option<&'a str>,
    fixes: Vec<FixObject<'a>>,
}

/// Lines and columns from 1, columns in characters, bytes from 0.
#[derive(Serialize)]
struct Position {
    line: u32,
    col: u32,
    byte: u32,
}

#[derive(Serialize)]
struct LabelObject<'a> {
    path: &'a str,
    start: Position,
    end: Position,
    message: &'a str,
}

#[derive(Serialize)]
struct FixObject<'a> {
    title: &'a str,
    path: &'a str,
    start: Position,
    end: Position,
    replacement: &'a str,
}

pub(super) fn render(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    let line = |diagnostic| {
        let object = object(diagnostic, sources);
        serde_json::to_string(&object).expect("strings and numbers have a JSON form") + "\n"
    };
    diagnostics.iter().map(line).collect()
}

fn object<'a>(diagnostic: &'a Diagnostic, sources: &'a Sources) -> Object<'a> {
    let Place { path, start, end } = Place::of(diagnostic.primary.span, sources);
    let labels = std::iter::once(&diagnostic.primary).chain(&diagnostic.labels);
    Object {
        schema: SCHEMA,
        code: diagnostic.code.id,
        severity: diagnostic.severity().word(),
        message: &diagnostic.message,
        path,
        start: start.into(),
        end: end.into(),
        labels: labels.map(|label| label_object(label, sources)).collect(),
        help: diagnostic.help.as_deref(),
        fixes: diagnostic.fixes.iter().map(|fix| fix_object(fix, sources)).collect(),
    }
}

fn label_object<'a>(label: &'a Label, sources: &'a Sources) -> LabelObject<'a> {
    let Place { path, start, end } = Place::of(label.span, sources);
    LabelObject { path, start: start.into(), end: end.into(), message: &label.message }
}

fn fix_object<'a>(fix: &'a Fix, sources: &'a Sources) -> FixObject<'a> {
    let Place { path, start, end } = Place::of(fix.span, sources);
    FixObject { title: &fix.title, path, start: start.into(), end: end.into(), replacement: &fix.replacement }
}

impl From<source::Position> for Position {
    fn from(position: source::Position) -> Self {
        Self { line: position.line, col: position.column, byte: position.byte }
    }
}

#[cfg(test)]
mod tests {
    use super::super::examples::examples;
    use super::*;

    #[test]
    fn one_object_a_line() {
        let (sources, diagnostics) = examples();
        insta::assert_snapshot!(render(&diagnostics, &sources), @r##"
        {"schema":1,"code":"E0302","severity":"error","message":"`bilstm` has no setting `hiden_size`","path":"models/textrnn.rnn","start":{"line":4,"col":17,"byte":87},"end":{"line":4,"col":27,"byte":97},"labels":[{"path":"models/textrnn.rnn","start":{"line":4,"col":17,"byte":87},"end":{"line":4,"col":27,"byte":97},"message":"not a setting of `bilstm`"}],"help":"did you mean `hidden_size`? The settings are `hidden_size`, `num_layers`, `dropout` and `reverse`; every one of them has a page in the guide","fixes":[{"title":"write `hidden_size`","path":"models/textrnn.rnn","start":{"line":4,"col":17,"byte":87},"end":{"line":4,"col":27,"byte":97},"replacement":"hidden_size"}]}
        {"schema":1,"code":"E0505","severity":"error","message":"the model gives 64 scores, `class[C]` has C classes","path":"models/textrnn.rnn","start":{"line":7,"col":6,"byte":142},"end":{"line":7,"col":13,"byte":149},"labels":[{"path":"models/textrnn.rnn","start":{"line":7,"col":6,"byte":142},"end":{"line":7,"col":13,"byte":149},"message":"64 scores"},{"path":"models/textrnn.rnn","start":{"line":6,"col":6,"byte":119},"end":{"line":6,"col":15,"byte":128},"message":"64 comes from here"},{"path":"models/textrnn.rnn","start":{"line":1,"col":34,"byte":33},"end":{"line":1,"col":42,"byte":41},"message":"C classes wanted here"}],"help":"end with `|> dense(C) |> softmax`","fixes":[]}
        {"schema":1,"code":"E0501","severity":"error","message":"`peephole` adds sizes 128 and H","path":"models/textrnn.rnn","start":{"line":3,"col":6,"byte":56},"end":{"line":3,"col":20,"byte":70},"labels":[{"path":"models/textrnn.rnn","start":{"line":3,"col":6,"byte":56},"end":{"line":3,"col":20,"byte":70},"message":"x is [T, 128]"},{"path":"cells.rnn","start":{"line":3,"col":13,"byte":56},"end":{"line":3,"col":18,"byte":61},"message":"I = 128 here, H is free"},{"path":"cells.rnn","start":{"line":2,"col":18,"byte":29},"end":{"line":2,"col":21,"byte":32},"message":"I is declared here"}],"help":"write `weight @ x + h`","fixes":[]}
        {"schema":1,"code":"E0102","severity":"error","message":"`train {` is never closed","path":"unclosed.rnn","start":{"line":5,"col":1,"byte":24},"end":{"line":5,"col":1,"byte":24},"labels":[{"path":"unclosed.rnn","start":{"line":5,"col":1,"byte":24},"end":{"line":5,"col":1,"byte":24},"message":"the file ends here"},{"path":"unclosed.rnn","start":{"line":1,"col":7,"byte":6},"end":{"line":1,"col":8,"byte":7},"message":"opened here"}],"help":null,"fixes":[{"title":"add `}`","path":"unclosed.rnn","start":{"line":5,"col":1,"byte":24},"end":{"line":5,"col":1,"byte":24},"replacement":"}\n"}]}
        {"schema":1,"code":"E0601","severity":"error","message":"there is no model in this file","path":"empty.rnn","start":{"line":1,"col":1,"byte":0},"end":{"line":1,"col":1,"byte":0},"labels":[{"path":"empty.rnn","start":{"line":1,"col":1,"byte":0},"end":{"line":1,"col":1,"byte":0},"message":"nothing here"}],"help":null,"fixes":[]}
        {"schema":1,"code":"E0101","severity":"error","message":"expected the end of the line, found `列`","path":"中文.rnn","start":{"line":2,"col":16,"byte":27},"end":{"line":2,"col":17,"byte":30},"labels":[{"path":"中文.rnn","start":{"line":2,"col":16,"byte":27},"end":{"line":2,"col":17,"byte":30},"message":"unexpected"},{"path":"中文.rnn","start":{"line":2,"col":3,"byte":9},"end":{"line":2,"col":5,"byte":15},"message":"after this setting"}],"help":null,"fixes":[]}
        {"schema":1,"code":"E0401","severity":"error","message":"`lr` is a number, `fast` is a name","path":"tabs.rnn","start":{"line":2,"col":7,"byte":14},"end":{"line":2,"col":11,"byte":18},"labels":[{"path":"tabs.rnn","start":{"line":2,"col":7,"byte":14},"end":{"line":2,"col":11,"byte":18},"message":"a name"},{"path":"tabs.rnn","start":{"line":2,"col":2,"byte":9},"end":{"line":2,"col":4,"byte":11},"message":"wants a number"}],"help":null,"fixes":[]}
        {"schema":1,"code":"W0703","severity":"warning","message":"a seed is not negative","path":"crlf.rnn","start":{"line":2,"col":10,"byte":21},"end":{"line":2,"col":12,"byte":23},"labels":[{"path":"crlf.rnn","start":{"line":2,"col":10,"byte":21},"end":{"line":2,"col":12,"byte":23},"message":"negative"}],"help":null,"fixes":[]}
        "##);
    }
}
