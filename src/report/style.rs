//! The colours of drawings, on light and on dark ground, and the markup that carries them.

use std::fmt::Write;

/// Of series, on light and on dark ground; told apart with common forms of colour blindness (Okabe & Ito 2008).
pub(super) const COLORS: [[&str; 2]; 6] = [
    ["#0072b2", "#56b4e9"],
    ["#b85400", "#e69f00"],
    ["#007a5a", "#2fc99b"],
    ["#a0527f", "#dd9cc4"],
    ["#6b6b00", "#f0e442"],
    ["#555555", "#bbbbbb"],
];
/// Lines differ by dashes too, so colour only helps.
pub(super) const DASHES: [&str; 4] = ["none", "7 4", "2 3", "10 3 2 3"];

/// What is drawn, as markup in which every text is escaped: only this room can make one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawing {
    /// An `<svg>` element whose classes mean something where [`css`] is in force.
    pub(super) svg: String,
    /// Whether it has such classes.
    pub(super) styled: bool,
}

impl Drawing {
    /// An SVG file.
    pub fn file(&self) -> String {
        match self.svg.find('>').filter(|_| self.styled) {
            Some(end) => format!("{}\n<style>\n{}</style>{}", &self.svg[..=end], css(), &self.svg[end + 1..]),
            None => self.svg.clone(),
        }
    }
}

/// The rules for drawings.
pub(super) fn css() -> String {
    let mut css = String::from(
        ".chart { --ink: #1a1a1a; --quiet: #666; --grid: #ddd; --ground: #fff; background: var(--ground); }\n\
         .chart text { font: 13px system-ui, sans-serif; fill: var(--ink); }\n\
         .chart .title { font-weight: 600; font-size: 15px; } .chart .quiet { fill: var(--quiet); }\n\
         .chart .over { fill: var(--ground); }\n\
         .chart .end { text-anchor: end; } .chart .middle { text-anchor: middle; }\n\
         .chart .grid { stroke: var(--grid); fill: none; }\n\
         .chart .mark { stroke: var(--quiet); stroke-dasharray: 3 3; fill: none; }\n\
         .chart .line { stroke-width: 2; fill: none; stroke-linejoin: round; }\n\
         .chart .bar { stroke: none; fill-opacity: 0.55; } .chart .dot { stroke: none; }\n",
    );
    let colors = |ground: usize| -> String {
        let rule = |(i, color): (usize, &[&str; 2])| {
            let color = color[ground];
            format!(
                ".chart .line.c{i} {{ stroke: {color}; }} .chart .bar.c{i}, .chart .dot.c{i} {{ fill: {color}; }}\n"
            )
        };
        COLORS.iter().enumerate().map(rule).collect()
    };
    let _ = write!(
        css,
        "{}@media (prefers-color-scheme: dark) {{\n\
         .chart {{ --ink: #eee; --quiet: #aaa; --grid: #333; --ground: #161616; }}\n{}}}\n",
        colors(0),
        colors(1)
    );
    css
}

/// Text as markup shows it.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::new();
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\t' => safe.push('\t'),
            c if c.is_control() => safe.push(' '),
            // Marks that turn the direction of writing around would reach beyond their text.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => safe.push(' '),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_file_is_taken_for_markup() {
        assert_eq!(escaped("<a href=\"x\">&'\u{1b}\u{202e}"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;  ");
    }

    #[test]
    fn a_file_brings_its_rules() {
        let drawing = Drawing { svg: "<svg class=\"chart\"><path/></svg>".into(), styled: true };
        let file = drawing.file();
        assert!(
            file.starts_with("<svg class=\"chart\">\n<style>\n.chart {") && file.ends_with("<path/></svg>"),
            "{file}"
        );
    }
}
