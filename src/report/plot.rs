//! A chart as SVG.

use std::fmt::Write;

use super::chart::{Chart, Scale, Series, Shape};
use super::number;
use super::range::Range;
use super::style::{COLORS, DASHES, Drawing, escaped};

/// Points of a line beyond these are drawn by the lowest and the highest of neighbours.
const MOST_POINTS: usize = 1000;
/// Points that can be told apart say their values.
const MOST_SAYING: usize = 100;
/// Around the plot: left, right; below it the axis.
const LEFT: f64 = 64.0;
const RIGHT: f64 = 24.0;
const ROW: f64 = 20.0;

/// How large a plot is, before a page fits it in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Size {
    /// One of several beside each other; readable on a narrow screen.
    Small,
    /// By itself.
    Large,
}

/// Where things stand.
struct Plot<'c> {
    chart: &'c Chart,
    x: Range,
    y: Range,
    top: f64,
    width: f64,
    height: f64,
    /// Numbers beside the axes, at most.
    ticks: (usize, usize),
}

/// Draws a chart.
pub fn plot(chart: &Chart, size: Size) -> Drawing {
    let (width, height, ticks) = match size {
        Size::Small => (392.0, 190.0, (7, 6)),
        Size::Large => (720.0, 360.0, (11, 9)),
    };
    let top =
        22.0 + if chart.title.is_empty() { 0.0 } else { 14.0 } + if chart.caption.is_empty() { 0.0 } else { 20.0 };
    let (x, y) = (Range::of_x(chart), Range::of_y(chart, ticks.1));
    Plot { chart, x, y, top, width, height, ticks }.draw()
}

impl Plot<'_> {
    fn draw(&self) -> Drawing {
        let chart = self.chart;
        let named = chart.series.iter().filter(|series| !series.name.is_empty()).count();
        let axis = if chart.x.name.is_empty() { 30.0 } else { 48.0 };
        let (bottom, foot) = (self.top + self.height, self.top + self.height + axis);
        let (width, height) = (LEFT + self.width + RIGHT, foot + ROW * named as f64);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{}\">\n",
            escaped(&chart.title)
        );
        let mut text = |x: f64, y: f64, class: &str, text: &str| {
            let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" class=\"{class}\">{}</text>", escaped(text));
        };
        text(LEFT, 22.0, "title", &chart.title);
        text(LEFT, if chart.title.is_empty() { 22.0 } else { 42.0 }, "quiet", &chart.caption);
        for tick in self.y.ticks(self.ticks.1) {
            text(LEFT - 8.0, self.height_of(tick.at) + 4.0, "quiet end", &tick.label);
        }
        for tick in self.x.ticks(self.ticks.0) {
            text(self.place_of(tick.at), bottom + 18.0, "quiet middle", &tick.label);
        }
        text(LEFT + self.width / 2.0, bottom + 36.0, "quiet middle", &chart.x.name);
        for (x, name) in &chart.marks {
            let at = self.place_of(*x);
            let (class, at) = if at > LEFT + self.width / 2.0 { ("quiet end", at - 5.0) } else { ("quiet", at + 5.0) };
            text(at, self.top + 12.0, class, name);
        }
        let keys = (0..named).map(|i| foot + ROW * i as f64 + ROW / 2.0 - 4.0);
        let series = chart.series.iter().enumerate().filter(|(_, series)| !series.name.is_empty());
        let keys: Vec<(usize, f64)> = series.zip(keys).map(|((i, _), y)| (i, y)).collect();
        for (i, y) in &keys {
            text(LEFT + 44.0, y + 4.0, "", &chart.series[*i].name);
        }
        for tick in self.y.ticks(self.ticks.1) {
            let _ = writeln!(svg, "<path class=\"grid\" d=\"M{LEFT} {:.1}h{}\"/>", self.height_of(tick.at), self.width);
        }
        for (x, _) in &chart.marks {
            let _ = writeln!(svg, "<path class=\"mark\" d=\"M{:.1} {bottom:.1}V{:.1}\"/>", self.place_of(*x), self.top);
        }
        for (i, series) in chart.series.iter().enumerate() {
            match series.shape {
                Shape::Line => self.line(&mut svg, i, series),
                Shape::Bars => self.bars(&mut svg, i, series),
                Shape::Dots => {
                    self.dots(&mut svg, i, series, if series.points.len() > MOST_SAYING { 1.5 } else { 3.0 })
                }
            }
        }
        for (i, y) in keys {
            let color = i % COLORS.len();
            let _ = match chart.series[i].shape {
                Shape::Line => {
                    let dash = DASHES[i % DASHES.len()];
                    writeln!(svg, "<path class=\"line c{color}\" stroke-dasharray=\"{dash}\" d=\"M{LEFT} {y}h36\"/>")
                }
                Shape::Bars => {
                    let top = y - 5.0;
                    writeln!(svg, "<rect class=\"bar c{color}\" x=\"{LEFT}\" y=\"{top}\" width=\"36\" height=\"10\"/>")
                }
                Shape::Dots => {
                    writeln!(svg, "<circle class=\"dot c{color}\" cx=\"{}\" cy=\"{y}\" r=\"3\"/>", LEFT + 18.0)
                }
            };
        }
        Drawing { svg: svg + "</svg>\n", styled: true }
    }

    /// The pixel of a value of the x axis.
    fn place_of(&self, value: f64) -> f64 {
        LEFT + self.width * self.x.share(value)
    }

    /// The pixel of a coordinate of the y axis.
    fn height_of(&self, coordinate: f64) -> f64 {
        self.top + self.height * (1.0 - self.y.share(coordinate))
    }

    /// A place for every point that has one.
    fn places(&self, points: &[(f64, f64)]) -> Vec<Option<(f64, f64)>> {
        let place = |(x, y): &(f64, f64)| {
            let (x, y) = (self.chart.x.coordinate(*x)?, self.chart.y.coordinate(*y)?);
            Some((self.place_of(x), self.height_of(y)))
        };
        points.iter().map(place).collect()
    }

    fn line(&self, svg: &mut String, number: usize, series: &Series) {
        let (class, dash) = (number % COLORS.len(), DASHES[number % DASHES.len()]);
        let points = thinned(&series.points);
        let (mut path, mut drawing) = (String::new(), false);
        for place in self.places(&points) {
            if let Some((x, y)) = place {
                let _ = write!(path, "{}{x:.1} {y:.1}", if drawing { 'L' } else { 'M' });
            }
            drawing = place.is_some();
        }
        let _ = writeln!(svg, "<path class=\"line c{class}\" stroke-dasharray=\"{dash}\" d=\"{path}\"/>");
        if series.points.len() <= MOST_SAYING {
            self.dots(svg, number, series, 2.5);
        }
    }

    fn bars(&self, svg: &mut String, number: usize, series: &Series) {
        let foot = match self.chart.y.scale {
            Scale::Linear => self.height_of(0.0),
            Scale::Logarithmic => self.top + self.height,
        };
        // A gap of a pixel keeps neighbours apart.
        let width = (self.width * series.apart() / (self.x.high - self.x.low) - 1.0).max(0.5);
        for (point, place) in series.points.iter().zip(self.places(&series.points)) {
            let Some((x, y)) = place else { continue };
            let _ = writeln!(
                svg,
                "<rect class=\"bar c{}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"{:.1}\">{}</rect>",
                number % COLORS.len(),
                x - width / 2.0,
                y.min(foot),
                (foot - y).abs(),
                self.saying(series, *point)
            );
        }
    }

    fn dots(&self, svg: &mut String, number: usize, series: &Series, radius: f64) {
        for (point, place) in series.points.iter().zip(self.places(&series.points)) {
            let Some((x, y)) = place else { continue };
            let _ = writeln!(
                svg,
                "<circle class=\"dot c{}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius}\">{}</circle>",
                number % COLORS.len(),
                self.saying(series, *point)
            );
        }
    }

    /// What a point says when it is pointed at.
    fn saying(&self, series: &Series, (x, y): (f64, f64)) -> String {
        let value = |axis: &super::Axis, value: f64| match axis.percent {
            true => format!("{:.1}%", 100.0 * value),
            false if value.fract() == 0.0 && value.abs() < 1e6 => format!("{value}"),
            false => number(value),
        };
        let (place, value) = (value(&self.chart.x, x), value(&self.chart.y, y));
        let text = format!("{} {} {place}: {value}", series.name, self.chart.x.name);
        format!("<title>{}</title>", escaped(text.trim_start()))
    }
}

/// The same line with fewer points: of each of some stretches the lowest and the highest.
fn thinned(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    if points.len() <= MOST_POINTS {
        return points.to_vec();
    }
    let stretch = points.len().div_ceil(MOST_POINTS / 2);
    let ends = |stretch: &[(f64, f64)]| {
        let lowest = stretch.iter().copied().min_by(|a, b| a.1.total_cmp(&b.1));
        let highest = stretch.iter().copied().max_by(|a, b| a.1.total_cmp(&b.1));
        let mut ends: Vec<(f64, f64)> = lowest.into_iter().chain(highest).collect();
        ends.sort_by(|a, b| a.0.total_cmp(&b.0));
        ends
    };
    points.chunks(stretch).flat_map(ends).collect()
}

#[cfg(test)]
mod tests {
    use super::super::chart::Axis;
    use super::*;

    fn chart(name: &str, values: &[f64]) -> Chart {
        let points = values.iter().enumerate().map(|(i, value)| (i as f64 - 3.0, *value)).collect();
        Chart::new("t", Axis::linear("steps"), Axis::logarithmic(""), vec![Series::line(name, points)])
    }

    #[test]
    fn a_line_stops_where_it_has_no_place() {
        let svg = plot(&chart("rnn", &[0.01, 0.0, 0.1, 1.0]), Size::Large).svg;
        // 720 by 360 pixels from (64, 36) on, for 3 steps and 2 powers of ten.
        assert!(svg.contains("d=\"M64.0 396.0M544.0 216.0L784.0 36.0\""), "{svg}");
        for part in [">−3</text>", ">1e-2</text>", ">rnn</text>", "<title>rnn steps -1: 0.100</title>"] {
            assert!(svg.contains(part), "{part} is not in {svg}");
        }
    }

    #[test]
    fn bars_stand_on_zero_side_by_side() {
        let bars = Series::bars("", vec![(1.0, 2.0), (2.0, 4.0), (3.0, -2.0)]);
        let svg = plot(&Chart::new("", Axis::linear(""), Axis::linear(""), vec![bars]), Size::Large).svg;
        // From −2 to 4 on 360 pixels, three bars on 720.
        for bar in [
            "y=\"142.0\" width=\"239.0\" height=\"120.0\"",
            "y=\"22.0\"",
            "y=\"262.0\" width=\"239.0\" height=\"120.0\"",
        ] {
            assert!(svg.contains(bar), "{bar} is not in {svg}");
        }
    }

    #[test]
    fn a_long_line_keeps_its_peaks() {
        let mut points: Vec<(f64, f64)> = (0..100_000).map(|i| (f64::from(i), 0.0)).collect();
        points[77_777].1 = 9.0;
        let thin = thinned(&points);
        assert!(thin.len() <= MOST_POINTS && thin.contains(&(77_777.0, 9.0)), "{}", thin.len());
        assert!(thin.is_sorted_by(|a, b| a.0 <= b.0));
    }

    #[test]
    fn a_name_cannot_leave_its_place() {
        let svg = plot(&chart("</text><script>\"&", &[1.0]), Size::Small).svg;
        assert!(svg.contains("&lt;/text&gt;&lt;script&gt;&quot;&amp;") && !svg.contains("<script"));
    }
}
