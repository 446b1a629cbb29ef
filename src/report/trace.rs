//! Values over time as heat maps: a panel for every name, a column for every step, a row for every unit.
//!
//! Colour says the sign, its strength the size, as a share of the largest of the panel; that one is written beside it.

use std::fmt::Write;

use super::number;
use super::style::{Drawing, escaped};

/// Pixels of one value, and around the panels.
const CELL: f64 = 7.0;
const NARROWEST: f64 = 14.0;
const LEFT: f64 = 150.0;
const GAP: f64 = 10.0;
const HEADING: f64 = 24.0;
const LABELS: f64 = 84.0;
const WIDTH: f64 = 720.0;
/// Strengths of a colour.
const SHADES: usize = 10;
/// Characters of a step's label.
const LONGEST: usize = 14;

/// The heat maps of some recurrences, one below the other.
#[derive(Debug, Clone, Default)]
pub struct HeatMap {
    /// May be empty.
    pub title: String,
    pub groups: Vec<Group>,
}

/// One recurrence: its steps, and the values of every name.
#[derive(Debug, Clone, Default)]
pub struct Group {
    pub name: String,
    pub steps: Vec<String>,
    pub panels: Vec<Panel>,
}

/// The values of one name: by step, a number a unit. A step without it has none.
#[derive(Debug, Clone, Default)]
pub struct Panel {
    pub name: String,
    pub values: Vec<Vec<f32>>,
}

/// Draws the map.
pub fn heat_map(map: &HeatMap) -> Drawing {
    let most = map.groups.iter().map(|group| group.steps.len()).max().unwrap_or(1);
    let column = (WIDTH / most.max(1) as f64).clamp(NARROWEST, 48.0);
    let mut body = String::new();
    let mut y = 0.0;
    if !map.title.is_empty() {
        y = 30.0;
        text(&mut body, GAP, 22.0, "title", &map.title);
    }
    for group in &map.groups {
        y += HEADING;
        text(&mut body, GAP, y, "title", &group.name);
        y += GAP + LABELS;
        for (i, step) in group.steps.iter().enumerate() {
            let x = LEFT + column * (i as f64 + 0.5) + 4.0;
            let label: String = step.chars().take(LONGEST).collect();
            let _ = writeln!(
                body,
                "<text class=\"quiet\" transform=\"translate({x:.1} {:.1}) rotate(-60)\">{}</text>",
                y - 6.0,
                escaped(&label)
            );
        }
        for panel in &group.panels {
            y += draw(&mut body, panel, y, column) + GAP;
        }
    }
    let (width, height) = (LEFT + column * most as f64 + LABELS, y + GAP);
    let svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" \
         role=\"img\" aria-label=\"{}\">\n{body}</svg>\n",
        escaped(&map.title)
    );
    Drawing { svg, styled: true }
}

/// Draws a panel from `y` on; gives its height. Values of one colour are one path.
fn draw(body: &mut String, panel: &Panel, y: f64, column: f64) -> f64 {
    let units = panel.values.iter().map(Vec::len).max().unwrap_or(0);
    let height = (units as f64 * CELL).max(2.0 * CELL);
    let finite = || panel.values.iter().flatten().filter(|value| value.is_finite());
    let largest = finite().fold(0.0f32, |largest, value| largest.max(value.abs()));
    let mut paths = vec![String::new(); 2 * SHADES + 2];
    for (step, values) in panel.values.iter().enumerate() {
        for (unit, value) in values.iter().enumerate() {
            let path = &mut paths[color(*value, largest)];
            let (x, y) = (LEFT + column * step as f64, y + CELL * unit as f64);
            let _ = write!(path, "M{x:.1} {y:.1}h{column:.1}v{CELL}h-{column:.1}z");
        }
    }
    text(body, LEFT - 10.0, y + height / 2.0 + 4.0, "end", &panel.name);
    let right = LEFT + column * panel.values.len() as f64;
    let _ = writeln!(body, "<path class=\"grid\" d=\"M{LEFT} {y:.1}H{right:.1}V{:.1}H{LEFT}z\"/>", y + height);
    text(body, right + 8.0, y + height / 2.0 + 4.0, "quiet", &format!("±{}", number(f64::from(largest))));
    for (i, path) in paths.iter().enumerate().filter(|(_, path)| !path.is_empty()) {
        let _ = writeln!(body, "<path {} d=\"{path}\"/>", paint(i));
    }
    height
}

/// Negative shades from 0, positive ones after them, then what is no number, then zero.
fn color(value: f32, largest: f32) -> usize {
    if !value.is_finite() {
        return 2 * SHADES;
    }
    let shade = (value.abs() / largest.max(f32::MIN_POSITIVE) * SHADES as f32).round() as usize;
    match (shade.min(SHADES), value < 0.0) {
        (0, _) => 2 * SHADES + 1,
        (shade, true) => shade - 1,
        (shade, false) => SHADES + shade - 1,
    }
}

/// How a colour is written.
fn paint(color: usize) -> String {
    let shade =
        |hue: usize, shade: usize| format!("class=\"dot c{hue}\" fill-opacity=\"{:.1}\"", shade as f64 / SHADES as f64);
    match color {
        color if color < SHADES => shade(1, color + 1),
        color if color < 2 * SHADES => shade(0, color - SHADES + 1),
        color if color == 2 * SHADES => "fill=\"#d00\"".into(),
        _ => "fill=\"none\"".into(),
    }
}

fn text(body: &mut String, x: f64, y: f64, class: &str, text: &str) {
    let _ = writeln!(body, "<text x=\"{x:.1}\" y=\"{y:.1}\" class=\"{class}\">{}</text>", escaped(text));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_say_sign_and_size() {
        let colors = [-2.0, -0.01, 0.0, 1.0, 2.0, f32::NAN].map(|value| color(value, 2.0));
        assert_eq!(colors, [9, 21, 21, 14, 19, 20]);
        assert_eq!(
            (paint(9), paint(14)),
            ("class=\"dot c1\" fill-opacity=\"1.0\"".into(), "class=\"dot c0\" fill-opacity=\"0.5\"".into())
        );
        assert_eq!(color(0.0, 0.0), 21);
    }

    #[test]
    fn a_text_cannot_leave_its_place() {
        let panel = Panel { name: "<b>".into(), values: vec![vec![1.0, -1.0], vec![]] };
        let group =
            Group { name: "lstm".into(), steps: vec!["</svg><script>".into(), "b".into()], panels: vec![panel] };
        let map = HeatMap { title: "t".into(), groups: vec![group] };
        let svg = heat_map(&map).file();
        assert!(!svg.contains("<script") && !svg.contains("<b>"), "{svg}");
        assert!(svg.contains("c0\" fill-opacity=\"1.0\"") && svg.contains("c1\" fill-opacity=\"1.0\""), "{svg}");
    }
}
