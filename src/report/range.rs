//! What an axis spans, where a value stands on it, and which values are written down beside it.

use super::chart::{Axis, Chart, Scale, Shape};

/// The ends of an axis, in its coordinates: the logarithms of values on a logarithmic one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    pub low: f64,
    pub high: f64,
    scale: Scale,
    percent: bool,
    /// All values are whole, so no others are written down.
    whole: bool,
}

/// A value that is written down beside an axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    /// In the coordinates of the axis.
    pub at: f64,
    pub label: String,
}

impl Range {
    /// Of the x axis: from the first point to the last.
    pub fn of_x(chart: &Chart) -> Self {
        // Half a bar stands to the left of its place and half to the right.
        let ends = chart.series.iter().flat_map(|series| {
            let half = if series.shape == Shape::Bars { series.apart() / 2.0 } else { 0.0 };
            series.points.iter().flat_map(move |(x, _)| [x - half, x + half])
        });
        let marks = chart.marks.iter().map(|(x, _)| *x);
        let whole = chart.series.iter().flat_map(|series| &series.points).all(|(x, _)| x.fract() == 0.0);
        Self { whole, ..Self::exact(&chart.x, ends.chain(marks)) }
    }

    /// Of the y axis: the round values around all others.
    pub fn of_y(chart: &Chart, most: usize) -> Self {
        let bars = chart.series.iter().any(|series| series.shape == Shape::Bars).then_some(0.0);
        let values = chart.series.iter().flat_map(|series| series.points.iter().map(|(_, y)| *y));
        let exact = Self::exact(&chart.y, values.chain(bars));
        if exact.scale == Scale::Logarithmic {
            return exact;
        }
        // Wider ends may ask for larger steps, and these for wider ends.
        let mut loose = exact;
        for _ in 0..3 {
            let step = loose.step(most);
            let (low, high) = ((exact.low / step + 1e-9).floor() * step, (exact.high / step - 1e-9).ceil() * step);
            loose = Self { low, high, ..exact };
        }
        loose
    }

    fn exact(axis: &Axis, values: impl Iterator<Item = f64>) -> Self {
        let held = axis.holds.into_iter().flat_map(|(low, high)| [low, high]);
        let places = values.chain(held).filter_map(|value| axis.coordinate(value));
        let (low, high) = places.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
        let (low, high) = match axis.scale {
            _ if low > high => (0.0, 1.0),
            Scale::Logarithmic => (low.floor().min(high.ceil() - 1.0), high.ceil()),
            // A single value: the axis begins or ends at zero.
            Scale::Linear if high - low <= 1e-9 * high.abs().max(low.abs()) => match high {
                0.0 => (0.0, 1.0),
                value => (value.min(0.0), value.max(0.0)),
            },
            Scale::Linear => (low, high),
        };
        Self { low, high, scale: axis.scale, percent: axis.percent, whole: false }
    }

    /// Where a coordinate stands between the low end, 0, and the high end, 1.
    pub fn share(&self, coordinate: f64) -> f64 {
        (coordinate - self.low) / (self.high - self.low)
    }

    /// At most `most` values (two or more) that are round and evenly apart, the highest first.
    pub fn ticks(&self, most: usize) -> Vec<Tick> {
        match self.scale {
            Scale::Logarithmic => {
                let span = (self.high - self.low) as usize;
                let apart = span.div_ceil(most.saturating_sub(1).max(1)).max(1);
                let powers = (0..=span).step_by(apart).map(|below| self.high as i32 - below as i32);
                powers.map(|power| Tick { at: f64::from(power), label: format!("1e{power}") }).collect()
            }
            Scale::Linear => {
                let step = self.step(most);
                let first = (self.low / step - 1e-9).ceil();
                let places = (0..=most).map(|i| (first + i as f64) * step);
                let within = places.take_while(|place| *place <= self.high + 1e-9 * step);
                let mut ticks: Vec<Tick> = within.map(|at| Tick { at, label: self.label(at, step) }).collect();
                ticks.reverse();
                ticks
            }
        }
    }

    /// The smallest of 1, 2, 5, 10, … that fits fewer than `most` times.
    fn step(&self, most: usize) -> f64 {
        let span = self.high - self.low;
        let power = 10f64.powf((span / most as f64).log10().floor());
        let steps = [1.0, 2.0, 5.0, 10.0, 20.0].map(|n| n * power);
        let step = steps.into_iter().find(|step| span / step < most as f64).unwrap_or(span);
        if self.whole { step.max(1.0) } else { step }
    }

    fn label(&self, at: f64, step: f64) -> String {
        let (at, step) = if self.percent { (at * 100.0, step * 100.0) } else { (at, step) };
        let unit = if self.percent { "%" } else { "" };
        let size = at.abs();
        let sign = if at < 0.0 && size >= step / 2.0 { "−" } else { "" };
        if size >= 1e6 || (size > 0.0 && step < 1e-4) {
            return format!("{sign}{}{unit}", super::number(size));
        }
        let digits = (-step.log10().floor()).max(0.0) as usize;
        format!("{sign}{size:.digits$}{unit}")
    }
}

#[cfg(test)]
mod tests {
    use super::super::chart::Series;
    use super::*;

    fn chart(y: Axis, values: &[f64]) -> Chart {
        let points = values.iter().enumerate().map(|(i, value)| (-(i as f64), *value)).rev().collect();
        Chart::new("", Axis::linear(""), y, vec![Series::line("", points)])
    }

    fn ends(range: Range) -> (f64, f64) {
        (range.low, range.high)
    }

    fn labels(ticks: Vec<Tick>) -> Vec<String> {
        ticks.into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn logarithms_span_whole_powers_of_ten() {
        let y = |values: &[f64]| ends(Range::of_y(&chart(Axis::logarithmic(""), values), 6));
        assert_eq!(y(&[0.5, 2e-9, 0.0]), (-9.0, 0.0));
        assert_eq!(y(&[1.0, 1.0]), (-1.0, 0.0));
        assert_eq!(y(&[0.0, f64::INFINITY]), (0.0, 1.0));
        assert_eq!(y(&[]), (0.0, 1.0));
        let wide = Range::of_y(&chart(Axis::logarithmic(""), &[1.0, 1e-38]), 6);
        assert_eq!(labels(wide.ticks(6)), ["1e0", "1e-8", "1e-16", "1e-24", "1e-32"]);
        assert_eq!(wide.share(-19.0), 0.5);
    }

    #[test]
    fn values_lie_between_round_ends_and_steps_between_their_own() {
        let of = |values: &[f64]| {
            let chart = chart(Axis::linear(""), values);
            (ends(Range::of_x(&chart)), ends(Range::of_y(&chart, 6)))
        };
        assert_eq!(of(&[0.31, 0.78, 0.2]), ((-2.0, 0.0), (0.2, 0.8)));
        assert_eq!(of(&[3.0]), ((0.0, 1.0), (0.0, 3.0)));
        assert_eq!(of(&[f64::NAN, -2.0, -2.0]), ((-2.0, 0.0), (-2.0, 0.0)));
        assert_eq!(of(&[]), ((0.0, 1.0), (0.0, 1.0)));
        let back = Range::of_x(&chart(Axis::linear(""), &[1.0; 100]));
        assert_eq!(labels(back.ticks(6)), ["0", "−20", "−40", "−60", "−80"]);
        let shares = Range::of_y(&chart(Axis::shares(""), &[0.4]), 6);
        assert_eq!(labels(shares.ticks(6)), ["100%", "80%", "60%", "40%", "20%", "0%"]);
        let small = Range::of_y(&chart(Axis::linear(""), &[1.25, 1.5]), 6);
        assert_eq!(labels(small.ticks(6)), ["1.50", "1.45", "1.40", "1.35", "1.30", "1.25"]);
    }

    #[test]
    fn any_values_have_ends_and_few_ticks() {
        for values in [vec![1e299, -1e299], vec![1.0, 1.0 + 1e-15], vec![1e-300, 2e-300], vec![f64::MAX, 0.0]] {
            for axis in [Axis::linear(""), Axis::logarithmic(""), Axis::shares("")] {
                let range = Range::of_y(&chart(axis, &values), 6);
                let ticks = range.ticks(7);
                assert!(range.low < range.high && (1..=8).contains(&ticks.len()), "{values:?}: {range:?} {ticks:?}");
            }
        }
    }
}
