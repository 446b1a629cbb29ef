//! One line a diagnostic, for editors, grep and quickfix lists: `path:line:col: error[E0301]: message`.

use super::Place;
use super::printable::one_line;
use crate::diagnostic::Diagnostic;
use crate::source::Sources;

pub(super) fn render(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    diagnostics.iter().map(|diagnostic| line(diagnostic, sources)).collect()
}

fn line(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let Place { path, start, .. } = Place::of(diagnostic.primary.span, sources);
    let (word, id) = (diagnostic.severity().word(), diagnostic.code.id);
    let (path, message) = (one_line(path), one_line(&diagnostic.message));
    format!("{path}:{}:{}: {word}[{id}]: {message}\n", start.line, start.column)
}

#[cfg(test)]
mod tests {
    use super::super::examples::examples;
    use super::*;

    #[test]
    fn one_line_each() {
        let (sources, diagnostics) = examples();
        insta::assert_snapshot!(render(&diagnostics, &sources), @r##"
        models/textrnn.rnn:4:17: error[E0302]: `bilstm` has no setting `hiden_size`
        models/textrnn.rnn:7:6: error[E0505]: the model gives 64 scores, `class[C]` has C classes
        models/textrnn.rnn:3:6: error[E0501]: `peephole` adds sizes 128 and H
        unclosed.rnn:5:1: error[E0102]: `train {` is never closed
        empty.rnn:1:1: error[E0601]: there is no model in this file
        中文.rnn:2:16: error[E0101]: expected the end of the line, found `列`
        tabs.rnn:2:7: error[E0401]: `lr` is a number, `fast` is a name
        crlf.rnn:2:10: warning[W0703]: a seed is not negative
        "##);
    }
}
