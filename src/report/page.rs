//! HTML pages that stand by themselves: one file, nothing loaded, no script, every text escaped; light, dark and narrow.

use std::fmt::Write;

use super::chart::{Chart, Series};
use super::number;
use super::plot::{Size, plot};
use super::style::{Drawing, css, escaped};
use crate::syntax::highlight::{Kind, highlight};

/// Nothing is loaded and nothing runs, even if a text found its way into the markup.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// Characters of a cell that gets some width of its own.
const LONG: usize = 40;

const STYLE: &str = "\
:root { color-scheme: light dark; --ink: #1a1a1a; --rule: #ddd; --faint: #666; --panel: #f6f6f6; --link: #0072b2; }
@media (prefers-color-scheme: dark) { :root { --ink: #eee; --rule: #3a3a3a; --faint: #aaa; --panel: #1e1e1e; --link: #56b4e9; } }
html { background: #fff; color: var(--ink); }
@media (prefers-color-scheme: dark) { html { background: #161616; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: break-word; }
h1 { font-size: 1.6rem; margin-bottom: 0.2rem; } h2 { font-size: 1.2rem; margin-top: 2.2rem; border-bottom: 1px solid var(--rule); }
h3 { font-size: 1rem; margin-bottom: 0.2rem; } a { color: var(--link); }
.faint { color: var(--faint); }
.plain text { fill: var(--ink); } .wide { overflow-x: auto; } .wide > svg { max-width: none; }
svg { max-width: 100%; height: auto; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 21rem), 1fr)); gap: 1rem; }
.charts svg, .single > svg { width: 100%; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: 0.5rem 0; }
th, td { padding: 0.15rem 0.7rem; text-align: right; vertical-align: top; border-bottom: 1px solid var(--rule); }
th { font-weight: 600; white-space: nowrap; } .text.long { min-width: 16rem; overflow-wrap: anywhere; } .text { text-align: left; overflow-wrap: break-word; min-width: 6rem; }
details > summary { cursor: pointer; }
pre { background: var(--panel); padding: 0.8rem; overflow-x: auto; font: 13px/1.45 ui-monospace, monospace; tab-size: 4; }
code { font-family: ui-monospace, monospace; }
td.text { white-space: pre-line; } .facts td { border: none; padding: 0.05rem 0.9rem 0.05rem 0; }
.k { color: #8250df; } .f { color: #0550ae; } .s { color: #7a4a00; } .n { color: #0a6b4b; } .t { color: #0a3069; } .c { color: #6e7781; }
@media (prefers-color-scheme: dark) {
.k { color: #d2a8ff; } .f { color: #79c0ff; } .s { color: #e3b341; } .n { color: #7ee2b8; } .t { color: #a5d6ff; } .c { color: #8b949e; }
}
";

/// A page that is being written, from top to bottom.
#[derive(Debug, Clone)]
pub struct Page {
    title: String,
    body: String,
}

/// Rows below a header.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    /// Names of the columns, and whether they hold numbers, which stand to the right.
    columns: Vec<(String, bool)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with columns of text, named first, and columns of numbers after them.
    pub fn new(texts: &[&str], numbers: &[&str]) -> Self {
        let column = |numbers: bool| move |name: &&str| (name.to_string(), numbers);
        let columns = texts.iter().map(column(false)).chain(numbers.iter().map(column(true))).collect();
        Self { columns, rows: Vec::new() }
    }

    pub fn row<T: Into<String>>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

impl Page {
    /// A page under a title.
    pub fn new(title: impl Into<String>) -> Self {
        let title = title.into();
        let body = format!("<h1>{}</h1>\n", escaped(&title));
        Self { title, body }
    }

    /// The part that follows has this heading.
    pub fn section(&mut self, heading: &str) {
        let _ = writeln!(self.body, "<h2>{}</h2>", escaped(heading));
    }

    /// A heading inside a part.
    pub fn heading(&mut self, heading: &str) {
        let _ = writeln!(self.body, "<h3>{}</h3>", escaped(heading));
    }

    /// A paragraph. What stands between backticks is code.
    pub fn paragraph(&mut self, text: &str) {
        let _ = writeln!(self.body, "<p>{}</p>", with_code(text));
    }

    /// A remark in a quieter colour.
    pub fn remark(&mut self, text: &str) {
        let _ = writeln!(self.body, "<p class=\"faint\">{}</p>", with_code(text));
    }

    pub fn table(&mut self, table: &Table) {
        let class = |(_, numbers): &(String, bool)| if *numbers { "" } else { " class=\"text\"" };
        // A narrow window scrolls rather than break a text into many short lines.
        let long = |cell: &str, column| match class(column) {
            "" => "",
            _ if cell.chars().count() > LONG => " class=\"text long\"",
            class => class,
        };
        self.body += "<div class=\"wide\"><table>\n<tr>";
        for column in &table.columns {
            let _ = write!(self.body, "<th{}>{}</th>", class(column), escaped(&column.0));
        }
        self.body += "</tr>\n";
        for row in &table.rows {
            self.body += "<tr>";
            for (cell, column) in row.iter().zip(&table.columns) {
                let _ = write!(self.body, "<td{}>{}</td>", long(cell, column), lines(cell));
            }
            self.body += "</tr>\n";
        }
        self.body += "</table></div>\n";
    }

    /// One chart over the whole width, with its notes.
    pub fn chart(&mut self, chart: &Chart) {
        let _ = writeln!(self.body, "<div class=\"single\">{}</div>", plot(chart, Size::Large).svg);
        chart.notes.iter().for_each(|note| self.paragraph(note));
    }

    /// Small charts beside each other, as many as the window is wide enough for.
    pub fn charts(&mut self, charts: &[Chart]) {
        self.body += "<div class=\"charts\">\n";
        for chart in charts {
            let notes: String =
                chart.notes.iter().map(|note| format!("<p class=\"faint\">{}</p>\n", with_code(note))).collect();
            let _ = writeln!(self.body, "<div>{}{notes}</div>", plot(chart, Size::Small).svg);
        }
        self.body += "</div>\n";
    }

    /// A drawing in its own size; a narrow window scrolls it.
    pub fn drawing(&mut self, drawing: &Drawing) {
        // A drawing without rules for its colours has those of the page.
        let class = if drawing.styled { "wide" } else { "wide plain" };
        let _ = writeln!(self.body, "<div class=\"{class}\">{}</div>", drawing.svg);
    }

    /// Text with the line breaks it has.
    pub fn text(&mut self, text: &str) {
        let _ = writeln!(self.body, "<pre>{}</pre>", lines(text));
    }

    /// A `.rnn` text in colours.
    pub fn code(&mut self, text: &str) {
        self.body += "<pre>";
        let mut after = 0;
        for (range, kind) in highlight(text) {
            let class = match kind {
                Kind::Keyword => "k",
                Kind::Call => "f",
                Kind::Setting => "s",
                Kind::Number => "n",
                Kind::Text => "t",
                Kind::Comment => "c",
            };
            self.body += &lines(&text[after..range.start]);
            let _ = write!(self.body, "<span class=\"{class}\">{}</span>", lines(&text[range.clone()]));
            after = range.end;
        }
        let _ = writeln!(self.body, "{}</pre>", lines(&text[after..]));
    }

    /// Names with what they are.
    pub fn facts(&mut self, facts: &[(String, String)]) {
        self.body += "<table class=\"facts\">\n";
        for (name, value) in facts {
            let _ = writeln!(
                self.body,
                "<tr><td class=\"text faint\">{}</td><td class=\"text\">{}</td></tr>",
                escaped(name),
                escaped(value)
            );
        }
        self.body += "</table>\n";
    }

    /// What `inside` writes is shown when somebody asks for it.
    pub fn details(&mut self, summary: &str, inside: impl FnOnce(&mut Self)) {
        let _ = write!(self.body, "<details>\n<summary>{}</summary>\n", escaped(summary));
        inside(self);
        self.body += "</details>\n";
    }

    /// The whole file.
    pub fn finish(self) -> String {
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{}</title>\n<style>\n{STYLE}{}</style>\n</head>\n<body>\n{}</body>\n</html>\n",
            escaped(&self.title),
            css(),
            self.body
        )
    }
}

/// A page with one chart and its values as a table.
pub fn chart_page(chart: &Chart) -> String {
    let mut page = Page::new(&chart.title);
    page.chart(&Chart { title: String::new(), ..chart.clone() });
    page.details("The values", |page| page.table(&values(chart)));
    page.finish()
}

/// The values of every series by x.
fn values(chart: &Chart) -> Table {
    let names: Vec<&str> = chart.series.iter().map(|series| series.name.as_str()).collect();
    let mut table = Table::new(&[], &[&[chart.x.name.as_str()], names.as_slice()].concat());
    let mut places: Vec<f64> = chart.series.iter().flat_map(|series| series.points.iter().map(|(x, _)| *x)).collect();
    places.sort_by(f64::total_cmp);
    places.dedup();
    for place in places {
        let value = |series: &Series| {
            series.points.iter().find(|(x, _)| *x == place).map_or(String::new(), |(_, y)| number(*y))
        };
        table.row(std::iter::once(format!("{place}")).chain(chart.series.iter().map(value)));
    }
    table
}

/// What stands between backticks is code.
fn with_code(text: &str) -> String {
    let part = |(i, part): (usize, &str)| {
        if i % 2 == 0 { escaped(part) } else { format!("<code>{}</code>", escaped(part)) }
    };
    text.split('`').enumerate().map(part).collect()
}

/// Escaped, but with its line breaks.
fn lines(text: &str) -> String {
    text.split('\n').map(escaped).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::super::chart::Axis;
    use super::*;

    /// That nothing is loaded, and that there is no markup but a page's own.
    fn assert_alone(page: &str) {
        let page = page.replace("http://www.w3.org/2000/svg", "");
        for word in ["http:", "https:", "<script", "src=", "url(", "@import", "<img", "onerror=\""] {
            assert!(!page.contains(word), "{word} is in {page}");
        }
    }

    #[test]
    fn a_page_stands_alone_and_holds_every_value() {
        let chart = Chart {
            caption: "norm".into(),
            notes: vec!["`x` < y".into()],
            ..Chart::new(
                "a <b>",
                Axis::linear("steps"),
                Axis::logarithmic(""),
                vec![Series::line("rnn", vec![(-1.0, 1e-9), (0.0, 0.5)]), Series::line("<gru>", vec![(0.0, 0.25)])],
            )
        };
        let page = chart_page(&chart);
        assert!(page.contains("<title>a &lt;b&gt;</title>") && page.contains("<p><code>x</code> &lt; y</p>"), "{page}");
        assert!(page.contains("<tr><td>0</td><td>0.500</td><td>0.250</td></tr>"), "{page}");
        assert!(page.contains("<tr><td>-1</td><td>1.00e-9</td><td></td></tr>"), "{page}");
        assert_alone(&page);
    }

    #[test]
    fn no_text_becomes_markup() {
        let hostile =
            "</td></title></style></svg></pre><script>alert(1)</script><img src=x onerror=\"alert(1)\">'`<b>`";
        let mut page = Page::new(hostile);
        page.section(hostile);
        page.heading(hostile);
        page.paragraph(hostile);
        page.remark(hostile);
        page.text(hostile);
        let mut table = Table::new(&[hostile], &[hostile]);
        table.row([hostile, hostile]);
        page.code(hostile);
        page.facts(&[(hostile.into(), hostile.into())]);
        page.table(&table);
        let mut chart = Chart::new(
            hostile,
            Axis::linear(hostile),
            Axis::linear(hostile),
            vec![Series::line(hostile, vec![(1.0, 1.0)])],
        );
        chart.caption = hostile.into();
        chart.marks.push((1.0, hostile.into()));
        chart.notes.push(hostile.into());
        page.chart(&chart);
        page.charts(&[chart]);
        page.details(hostile, |page| page.paragraph(hostile));
        let page = page.finish();
        assert!(!page.contains("<script") && !page.contains("<img") && !page.contains("<b>"), "{page}");
        assert_eq!(page.matches("</style>").count(), 1);
        assert_eq!(page.matches("</title>").count() - page.matches("<circle").count(), 1);
    }
}
