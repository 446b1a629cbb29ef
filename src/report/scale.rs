//! The axes of a chart: which powers of ten it spans, how many steps, and which of both are written down.

use super::Chart;

/// What a chart spans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scale {
    /// Powers of ten.
    pub low: i32,
    pub high: i32,
    /// Steps back of the longest line's last value, at least 1.
    pub back: usize,
}

impl Scale {
    /// The smallest that holds every line, a power of ten high at least.
    pub fn of(chart: &Chart) -> Self {
        let logs = chart.lines.iter().flat_map(|line| (0..line.values.len()).filter_map(|back| line.log(back)));
        let (low, high) = logs.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
        let (low, high) = if low <= high { (low.floor() as i32, high.ceil() as i32) } else { (0, 1) };
        let back = chart.lines.iter().map(|line| line.values.len()).max().unwrap_or(0).saturating_sub(1).max(1);
        Self { low: low.min(high - 1), high, back }
    }

    /// Where a logarithm stands between the lowest, 0, and the highest, 1.
    pub fn height(&self, log: f64) -> f64 {
        (log - f64::from(self.low)) / f64::from(self.high - self.low)
    }

    /// The powers of ten that are written down, at most `most` (two or more), evenly apart.
    pub fn powers(&self, most: usize) -> Vec<i32> {
        let span = (self.high - self.low) as usize;
        let apart = span.div_ceil(most.saturating_sub(1).max(1)).max(1);
        (self.low..=self.high).rev().step_by(apart).collect()
    }

    /// The steps that are written down, from the furthest back to none: at most `most`, round ones between.
    pub fn steps(&self, most: usize) -> Vec<usize> {
        let round = [1, 2, 5].into_iter().flat_map(|n| (0..7).map(move |power| n * 10usize.pow(power)));
        let mut round: Vec<usize> = round.collect();
        round.sort_unstable();
        let apart = round.into_iter().find(|apart| self.back / apart < most).unwrap_or(self.back);
        (0..=self.back).step_by(apart).collect::<Vec<_>>().into_iter().rev().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Line;
    use super::*;

    fn scale(values: &[f64]) -> Scale {
        let line = Line { name: String::new(), values: values.to_vec() };
        Scale::of(&Chart { title: String::new(), values: String::new(), lines: vec![line], notes: Vec::new() })
    }

    #[test]
    fn it_holds_every_value() {
        assert_eq!(scale(&[0.5, 2e-9, 0.0]), Scale { low: -9, high: 0, back: 2 });
        assert_eq!(scale(&[1.0, 1.0]), Scale { low: -1, high: 0, back: 1 });
        assert_eq!(scale(&[0.0, f64::INFINITY]), Scale { low: 0, high: 1, back: 1 });
        assert_eq!(scale(&[]), Scale { low: 0, high: 1, back: 1 });
        assert_eq!(scale(&[0.5, 2e-9]).height(-4.5), 0.5);
    }

    #[test]
    fn what_is_written_down_is_few_and_round() {
        let wide = Scale { low: -38, high: 0, back: 99 };
        assert_eq!(wide.powers(6), [0, -8, -16, -24, -32]);
        assert_eq!(wide.steps(6), [80, 60, 40, 20, 0]);
        assert_eq!(Scale { low: -1, high: 0, back: 3 }.powers(6), [0, -1]);
        assert_eq!(Scale { low: -1, high: 0, back: 3 }.steps(6), [3, 2, 1, 0]);
    }
}
