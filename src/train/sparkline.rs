//! A curve in one line of letters, of any number of values in bounded memory.

use std::fmt;

/// More letters are not shown; so many values are kept, at most.
const WIDEST: usize = 24;
const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The means of equal stretches of a series, which grow longer as it does.
#[derive(Debug)]
pub struct Sparkline {
    means: Vec<f64>,
    /// Values a mean is over.
    stretch: usize,
    sum: f64,
    count: usize,
}

impl Sparkline {
    pub fn new() -> Self {
        Self { means: Vec::new(), stretch: 1, sum: 0.0, count: 0 }
    }

    pub fn push(&mut self, value: f64) {
        self.sum += value;
        self.count += 1;
        if self.count < self.stretch {
            return;
        }
        self.means.push(std::mem::take(&mut self.sum) / std::mem::take(&mut self.count) as f64);
        if self.means.len() == WIDEST {
            self.means = self.means.chunks(2).map(|pair| pair.iter().sum::<f64>() / pair.len() as f64).collect();
            self.stretch *= 2;
        }
    }
}

impl fmt::Display for Sparkline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let finite = self.means.iter().copied().filter(|mean| mean.is_finite());
        let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), mean| (l.min(mean), h.max(mean)));
        for mean in self.means.iter().filter(|mean| mean.is_finite()) {
            // A curve without a rise or a fall runs along the bottom.
            let share = (mean - low) / (high - low).max(f64::MIN_POSITIVE);
            write!(f, "{}", LEVELS[((share * LEVELS.len() as f64) as usize).min(LEVELS.len() - 1)])?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(values: impl IntoIterator<Item = f64>) -> String {
        let mut line = Sparkline::new();
        values.into_iter().for_each(|value| line.push(value));
        line.to_string()
    }

    #[test]
    fn a_line_rises_and_falls_with_its_values() {
        assert_eq!(line((0..8).map(f64::from)), "▁▂▃▄▅▆▇█");
        assert_eq!(line([2.0, 2.0, f64::NAN, 2.0]), "▁▁▁");
        assert_eq!(line([]), "");
    }

    #[test]
    fn a_long_line_is_as_wide_as_a_short_one() {
        let long = line((0..10_000).map(|i| 1.0 / f64::from(i + 1)));
        assert!(
            (WIDEST / 2 - 1..WIDEST).contains(&long.chars().count()) && long.starts_with('█') && long.ends_with('▁'),
            "{long}"
        );
    }
}
