//! A matrix as a heat map: SVG whose cells are the stronger coloured the further their values are from zero.

use std::fmt::Write;

use super::number;
use super::style::{Drawing, escaped};

/// Pixels a character of a name takes, about.
const CHARACTER: f64 = 8.5;
/// Between two names beside each other.
const GAP: f64 = 6.0;
/// Longer names are cut; the cell says them whole.
const LONGEST: usize = 18;
/// Narrower cells do not show their values.
const LEGIBLE: f64 = 30.0;
/// What the cells take together, if they can.
const WIDTH: f64 = 640.0;

/// Values by row and column. Those that are not finite stay empty.
#[derive(Debug, Clone, PartialEq)]
pub struct Heat {
    pub title: String,
    pub rows: Vec<String>,
    pub columns: Vec<String>,
    /// As many rows as there are names, each with a value a column.
    pub values: Vec<Vec<f64>>,
    /// What is written in a cell in place of its number, if anything.
    pub texts: Option<Vec<Vec<String>>>,
    /// The value of full colour; that of the largest if absent.
    pub full: Option<f64>,
}

/// Draws a matrix, positive values in one colour and negative ones in another.
pub fn heat(heat: &Heat) -> Drawing {
    let longest = |names: &[String]| names.iter().map(|name| shortened(name).chars().count()).max().unwrap_or(0) as f64;
    let columns = heat.columns.len().max(1) as f64;
    let cell = (WIDTH / columns).clamp(4.0, 64.0);
    // Low cells where there are many rows, so that a page is not only this matrix.
    let tall = if heat.rows.len() > 40 { 12.0 } else { 24.0 };
    let left = longest(&heat.rows) * CHARACTER + 12.0;
    // Names that are wider than their columns stand upright; of many only some are written.
    let upright = longest(&heat.columns) * CHARACTER + GAP > cell;
    let names = if upright { longest(&heat.columns) * CHARACTER } else { 14.0 };
    let top = names + if heat.title.is_empty() { 8.0 } else { 34.0 };
    let (width, height) = (left + cell * columns + 8.0, top + tall * heat.rows.len() as f64 + 8.0);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" \
         role=\"img\" aria-label=\"{title}\">\n<text x=\"4\" y=\"20\" class=\"title\">{title}</text>\n",
        title = escaped(&heat.title)
    );
    let every = (14.0 / cell).ceil().max(1.0) as usize;
    for (i, name) in heat.columns.iter().enumerate().step_by(if upright { every } else { 1 }) {
        let (x, y, name) = (left + cell * (i as f64 + 0.5), top - 6.0, escaped(&shortened(name)));
        let _ = match upright {
            true => writeln!(
                svg,
                "<text class=\"quiet\" transform=\"translate({:.1} {y:.1}) rotate(-90)\">{name}</text>",
                x + 4.0
            ),
            false => writeln!(svg, "<text class=\"quiet middle\" x=\"{x:.1}\" y=\"{y:.1}\">{name}</text>"),
        };
    }
    let all = heat.values.iter().flatten().filter(|value| value.is_finite());
    let full = heat.full.unwrap_or_else(|| all.fold(0.0, |most: f64, value| most.max(value.abs())));
    for (r, (name, values)) in heat.rows.iter().zip(&heat.values).enumerate() {
        let y = top + tall * r as f64;
        let _ = writeln!(
            svg,
            "<text class=\"quiet end\" x=\"{:.1}\" y=\"{:.1}\"{}>{}</text>",
            left - 6.0,
            y + tall / 2.0 + 4.0,
            if tall < 16.0 { " style=\"font-size:10px\"" } else { "" },
            escaped(&shortened(name))
        );
        for (c, value) in values.iter().enumerate() {
            let text = heat.texts.as_ref().and_then(|texts| texts.get(r)?.get(c)).cloned();
            let text = text.unwrap_or_else(|| number(*value));
            let x = left + cell * c as f64;
            if *value != 0.0 && value.is_finite() {
                let color = if *value > 0.0 { 0 } else { 1 };
                let strength = strength(*value, full);
                let column = heat.columns.get(c).map_or("", String::as_str);
                let _ = writeln!(
                    svg,
                    "<rect class=\"dot c{color}\" fill-opacity=\"{strength:.2}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{:.1}\"><title>{}</title></rect>",
                    cell - 1.0,
                    tall - 1.0,
                    escaped(&format!("{name}, {column}: {text}"))
                );
            }
            if cell >= LEGIBLE && tall >= 16.0 {
                let (x, y) = (x + cell / 2.0, y + tall / 2.0 + 4.0);
                // On a strong colour the ink is that of the ground.
                let class = if strength(*value, full) > 0.55 { "middle over" } else { "middle" };
                let _ = writeln!(svg, "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>", escaped(&text));
            }
        }
    }
    Drawing { svg: svg + "</svg>\n", styled: true }
}

/// From 0 to 1; a small value is to be told from none.
fn strength(value: f64, full: f64) -> f64 {
    if value == 0.0 || !value.is_finite() { 0.0 } else { (value.abs() / full.max(f64::MIN_POSITIVE)).clamp(0.04, 1.0) }
}

fn shortened(name: &str) -> String {
    if name.chars().count() <= LONGEST {
        name.to_string()
    } else {
        name.chars().take(LONGEST - 1).chain(['…']).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(size: usize) -> Heat {
        let names: Vec<String> = (0..size).map(|i| format!("<{i}>")).collect();
        let values = (0..size).map(|r| (0..size).map(|c| if r == c { 2.0 } else { -1.0 }).collect()).collect();
        Heat { title: "t".into(), rows: names.clone(), columns: names, values, texts: None, full: None }
    }

    #[test]
    fn a_cell_is_as_strong_as_its_value_and_says_it() {
        let svg = heat(&matrix(2)).svg;
        let cells: Vec<&str> = svg.lines().filter(|line| line.starts_with("<rect")).collect();
        assert!(
            cells[0].contains("c0\" fill-opacity=\"1.00\"")
                && cells[0].contains("<title>&lt;0&gt;, &lt;0&gt;: 2.00</title>"),
            "{svg}"
        );
        assert!(cells[1].contains("c1\" fill-opacity=\"0.50\""), "{svg}");
        assert!(!svg.contains("<0>"));
    }

    #[test]
    fn any_matrix_can_be_drawn() {
        for size in [0, 1, 300] {
            let svg = heat(&matrix(size)).svg;
            assert!(svg.matches("<rect").count() == size * size && !svg.contains("NaN"));
        }
        let odd = Heat { values: vec![vec![f64::NAN, f64::INFINITY]], ..matrix(2) };
        assert!(!heat(&odd).svg.contains("<rect"));
    }
}
