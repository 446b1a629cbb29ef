//! A chart as SVG that stands alone, for light and dark pages: lines differ by dashes too, so colour only helps.

use std::fmt::Write;

use super::figure::escaped;
use super::scale::Scale;
use super::{Chart, Line};

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 360.0;
/// Around the plot: left, right, top; below it the axis and a row for every line's name.
const LEFT: f64 = 64.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 56.0;
const BOTTOM: f64 = 48.0;
const ROW: f64 = 20.0;

/// Of lines, on light and on dark ground; told apart with common forms of colour blindness (Okabe & Ito 2008).
const COLORS: [[&str; 2]; 6] = [
    ["#0072b2", "#56b4e9"],
    ["#b85400", "#e69f00"],
    ["#007a5a", "#2fc99b"],
    ["#a0527f", "#dd9cc4"],
    ["#6b6b00", "#f0e442"],
    ["#555555", "#bbbbbb"],
];
const DASHES: [&str; 4] = ["none", "7 4", "2 3", "10 3 2 3"];

/// The chart as an `<svg>` element.
pub fn svg(chart: &Chart) -> String {
    let scale = Scale::of(chart);
    let height = TOP + HEIGHT + BOTTOM + ROW * chart.lines.len() as f64;
    let width = LEFT + WIDTH + RIGHT;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{}\">\n{}",
        escaped(&chart.title),
        style()
    );
    let mut text = |x: f64, y: f64, class: &str, text: &str| {
        let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" class=\"{class}\">{}</text>", escaped(text));
    };
    text(LEFT, 22.0, "title", &chart.title);
    text(LEFT, 42.0, "quiet", &chart.values);
    for power in scale.powers(9) {
        text(LEFT - 8.0, y(&scale, f64::from(power)) + 4.0, "quiet end", &format!("1e{power}"));
    }
    for back in scale.steps(11) {
        let label = if back == 0 { "0".to_string() } else { format!("−{back}") };
        text(x(&scale, back as f64), TOP + HEIGHT + 18.0, "quiet middle", &label);
    }
    text(LEFT + WIDTH / 2.0, TOP + HEIGHT + 36.0, "quiet middle", "steps back from the end of the reading");
    for (i, line) in chart.lines.iter().enumerate() {
        text(LEFT + 44.0, key(i) + 4.0, "", &line.name);
    }
    for power in scale.powers(9) {
        let y = y(&scale, f64::from(power));
        let _ = writeln!(svg, "<path class=\"grid\" d=\"M{LEFT} {y:.1}H{:.1}\"/>", LEFT + WIDTH);
    }
    for (i, line) in chart.lines.iter().enumerate() {
        let class = format!("line c{}", i % COLORS.len());
        let dash = DASHES[i % DASHES.len()];
        let key = key(i);
        let _ = writeln!(svg, "<path class=\"{class}\" stroke-dasharray=\"{dash}\" d=\"{}\"/>", path(line, &scale));
        let _ = writeln!(svg, "<path class=\"{class}\" stroke-dasharray=\"{dash}\" d=\"M{LEFT} {key}h36\"/>");
    }
    svg + "</svg>\n"
}

fn style() -> String {
    let mut style = String::from(
        "<style>\n\
         svg { --ink: #1a1a1a; --quiet: #666; --grid: #ddd; --ground: #fff; background: var(--ground); }\n\
         text { font: 13px system-ui, sans-serif; fill: var(--ink); }\n\
         .title { font-weight: 600; font-size: 15px; } .quiet { fill: var(--quiet); }\n\
         .end { text-anchor: end; } .middle { text-anchor: middle; }\n\
         .grid { stroke: var(--grid); fill: none; } .line { stroke-width: 2; fill: none; stroke-linejoin: round; }\n",
    );
    let colors = |ground: usize| -> String {
        COLORS.iter().enumerate().map(|(i, color)| format!(".c{i} {{ stroke: {}; }} ", color[ground])).collect()
    };
    let _ = write!(
        style,
        "{}\n@media (prefers-color-scheme: dark) {{\n\
         svg {{ --ink: #eee; --quiet: #aaa; --grid: #333; --ground: #161616; }}\n{}\n}}\n</style>\n",
        colors(0),
        colors(1)
    );
    style
}

fn x(scale: &Scale, back: f64) -> f64 {
    LEFT + WIDTH * (1.0 - back / scale.back as f64)
}

fn y(scale: &Scale, log: f64) -> f64 {
    TOP + HEIGHT * (1.0 - scale.height(log))
}

/// Where the name of a line stands.
fn key(line: usize) -> f64 {
    TOP + HEIGHT + BOTTOM + ROW * line as f64 + ROW / 2.0 - 4.0
}

/// From the end back; interrupted where a value has no logarithm.
fn path(line: &Line, scale: &Scale) -> String {
    let mut path = String::new();
    let mut drawing = false;
    for back in 0..line.values.len() {
        let log = line.log(back);
        if let Some(log) = log {
            let command = if drawing { 'L' } else { 'M' };
            let _ = write!(path, "{command}{:.1} {:.1}", x(scale, back as f64), y(scale, log));
        }
        drawing = log.is_some();
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(name: &str, values: &[f64]) -> Chart {
        let lines = vec![Line { name: name.into(), values: values.to_vec() }];
        Chart { title: "t".into(), values: "v".into(), lines, notes: Vec::new() }
    }

    #[test]
    fn a_line_goes_from_the_end_back_and_stops_where_it_has_no_place() {
        let svg = svg(&chart("rnn", &[1.0, 0.1, 0.0, 0.01]));
        let scale = Scale { low: -2, high: 0, back: 3 };
        let [a, b, c] = [(0.0, 0.0), (1.0, -1.0), (3.0, -2.0)].map(|(back, log)| (x(&scale, back), y(&scale, log)));
        let path = format!("d=\"M{:.1} {:.1}L{:.1} {:.1}M{:.1} {:.1}\"", a.0, a.1, b.0, b.1, c.0, c.1);
        assert!(svg.contains(&path), "{path} is not in {svg}");
        assert!(svg.contains(">−3</text>") && svg.contains(">1e-2</text>") && svg.contains(">rnn</text>"));
    }

    #[test]
    fn a_name_cannot_leave_its_place() {
        let svg = svg(&chart("</text><script>\"&", &[1.0]));
        assert!(svg.contains("&lt;/text&gt;&lt;script&gt;&quot;&amp;") && !svg.contains("<script"));
    }
}
