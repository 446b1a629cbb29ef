//! GitHub workflow commands: printed in a workflow, each becomes an annotation beside the line of a pull request.
//! <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>

use super::Place;
use crate::diagnostic::Diagnostic;
use crate::source::Sources;

pub(super) fn render(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    diagnostics.iter().map(|diagnostic| command(diagnostic, sources)).collect()
}

fn command(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let Place { path, start, end } = Place::of(diagnostic.primary.span, sources);
    let mut properties = vec![
        format!("title={}", property(&format!("rnnc ({})", diagnostic.code.id))),
        format!("file={}", property(path)),
        format!("line={}", start.line),
    ];
    // Columns of a range over several lines would be read as if they lay on one.
    if start.line == end.line {
        properties.push(format!("col={}", start.column));
        properties.push(format!("endLine={}", end.line));
        properties.push(format!("endColumn={}", end.column));
    } else {
        properties.push(format!("endLine={}", end.line));
    }
    let mut message = diagnostic.message.clone();
    if let Some(help) = &diagnostic.help {
        message += &format!("\nhelp: {help}");
    }
    format!("::{} {}::{}\n", diagnostic.severity().word(), properties.join(","), data(&message))
}

/// Escapes the text after the second `::`. An escape byte could recolour the log, so it goes as well.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A").replace('\u{1b}', "?")
}

/// Escapes the value of one `key=value`.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::super::examples::examples;
    use super::*;
    use crate::diagnostic::code;
    use crate::source::{SourceFile, Span};

    #[test]
    fn one_command_each() {
        let (sources, diagnostics) = examples();
        insta::assert_snapshot!(render(&diagnostics, &sources), @r##"
        ::error title=rnnc (E0302),file=models/textrnn.rnn,line=4,col=17,endLine=4,endColumn=27::`bilstm` has no setting `hiden_size`%0Ahelp: did you mean `hidden_size`? The settings are `hidden_size`, `num_layers`, `dropout` and `reverse`; every one of them has a page in the guide
        ::error title=rnnc (E0505),file=models/textrnn.rnn,line=7,col=6,endLine=7,endColumn=13::the model gives 64 scores, `class[C]` has C classes%0Ahelp: end with `|> dense(C) |> softmax`
        ::error title=rnnc (E0501),file=models/textrnn.rnn,line=3,col=6,endLine=3,endColumn=20::`peephole` adds sizes 128 and H%0Ahelp: write `weight @ x + h`
        ::error title=rnnc (E0102),file=unclosed.rnn,line=5,col=1,endLine=5,endColumn=1::`train {` is never closed
        ::error title=rnnc (E0601),file=empty.rnn,line=1,col=1,endLine=1,endColumn=1::there is no model in this file
        ::error title=rnnc (E0101),file=中文.rnn,line=2,col=16,endLine=2,endColumn=17::expected the end of the line, found `列`
        ::error title=rnnc (E0401),file=tabs.rnn,line=2,col=7,endLine=2,endColumn=11::`lr` is a number, `fast` is a name
        ::warning title=rnnc (W0703),file=crlf.rnn,line=2,col=10,endLine=2,endColumn=12::a seed is not negative
        "##);
    }

    #[test]
    fn what_would_end_a_property_or_the_command_is_escaped() {
        let mut sources = Sources::default();
        let file = sources.add(SourceFile::new("a:b,c%.rnn", "x\ny\n"));
        let diagnostic = Diagnostic::new(code::SYNTAX, Span::new(file, 0, 3), "50% :: a,b\r\nc");
        assert_eq!(
            render(&[diagnostic], &sources),
            "::error title=rnnc (E0101),file=a%3Ab%2Cc%25.rnn,line=1,endLine=2::50%25 :: a,b%0D%0Ac\n"
        );
    }
}
