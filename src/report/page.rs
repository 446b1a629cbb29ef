//! A chart on a page of its own: one HTML file that needs nothing else, with its values as a table.

use std::fmt::Write;

use super::figure::escaped;
use super::svg::svg;
use super::{Chart, number};

const STYLE: &str = "\
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 56rem; margin: 2rem auto; padding: 0 1rem; }
svg { width: 100%; height: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 0.1rem 0.8rem; text-align: right; }
";

/// The whole page.
pub fn page(chart: &Chart) -> String {
    let title = escaped(&chart.title);
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n{}",
        svg(chart)
    );
    for note in &chart.notes {
        let _ = writeln!(page, "<p>{}</p>", with_code(note));
    }
    page += &table(chart);
    page + "</html>\n"
}

/// What stands between backticks is code.
fn with_code(text: &str) -> String {
    let part = |(i, part): (usize, &str)| {
        if i % 2 == 0 { escaped(part) } else { format!("<code>{}</code>", escaped(part)) }
    };
    text.split('`').enumerate().map(part).collect()
}

fn table(chart: &Chart) -> String {
    let names: String = chart.lines.iter().map(|line| format!("<th>{}</th>", escaped(&line.name))).collect();
    let mut table = format!("<details>\n<summary>The values</summary>\n<table>\n<tr><th>steps back</th>{names}</tr>\n");
    let longest = chart.lines.iter().map(|line| line.values.len()).max().unwrap_or(0);
    for back in 0..longest {
        let cell = |value: Option<&f64>| format!("<td>{}</td>", value.map_or(String::new(), |value| number(*value)));
        let cells: String = chart.lines.iter().map(|line| cell(line.values.get(back))).collect();
        let _ = writeln!(table, "<tr><td>{back}</td>{cells}</tr>");
    }
    table + "</table>\n</details>\n"
}

#[cfg(test)]
mod tests {
    use super::super::Line;
    use super::*;

    #[test]
    fn a_page_stands_alone_and_holds_every_value() {
        let line = |name: &str, values: &[f64]| Line { name: name.into(), values: values.to_vec() };
        let page = page(&Chart {
            title: "a <b>".into(),
            values: "norm".into(),
            lines: vec![line("rnn", &[0.5, 1e-9]), line("<gru>", &[0.25])],
            notes: vec!["`x` < y".into()],
        });
        assert!(page.contains("<title>a &lt;b&gt;</title>") && page.contains("<p><code>x</code> &lt; y</p>"), "{page}");
        assert!(page.contains("<tr><td>0</td><td>0.500</td><td>0.250</td></tr>"), "{page}");
        assert!(page.contains("<tr><td>1</td><td>1.00e-9</td><td></td></tr>"), "{page}");
        let outside = ["http:", "https:", "<script", "src="];
        let page = page.replace("http://www.w3.org/2000/svg", "");
        assert!(outside.iter().all(|word| !page.contains(word)), "{page}");
    }
}
