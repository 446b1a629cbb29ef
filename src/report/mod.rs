//! Pictures for people: of models, as SVG that stands by itself in a page, light or dark; charts of values, in the terminal
//! too, and on pages of their own.
//!
//! It knows graphs and values, not what computes them, and opens no file.

mod figure;
mod page;
mod scale;
mod svg;
mod terminal;

pub use figure::figure;
pub use page::page;
pub use svg::svg;
pub use terminal::terminal;

/// Positive values over steps back in time, on a logarithmic scale.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    pub title: String,
    /// What the values are.
    pub values: String,
    pub lines: Vec<Line>,
    /// Sentences below the chart.
    pub notes: Vec<String>,
}

/// One line of a chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub name: String,
    /// By steps back: the first is the end. What is zero or not finite has no place on a logarithmic scale.
    pub values: Vec<f64>,
}

impl Line {
    /// The logarithm of a value, where it has a place.
    fn log(&self, back: usize) -> Option<f64> {
        self.values.get(back).filter(|value| value.is_finite() && **value > 0.0).map(|value| value.log10())
    }

    /// The same between two steps.
    fn log_between(&self, back: f64) -> Option<f64> {
        let (before, after) = (self.log(back.floor() as usize)?, self.log(back.ceil() as usize)?);
        Some(before + (after - before) * back.fract())
    }
}

/// A number in three digits: `0.25`, `1.20e-9`, `0` for zero.
pub fn number(value: f64) -> String {
    match value {
        0.0 => "0".into(),
        value if (1e-3..1e4).contains(&value.abs()) => {
            let digits = 2 - value.abs().log10().floor() as i32;
            format!("{value:.*}", digits.max(0) as usize)
        }
        value => format!("{value:.2e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits() {
        let shown = [0.0, 0.25, 0.0123, 1.0, 31.42, 1234.5, 1.2e-9, 3e7, f64::INFINITY].map(number);
        assert_eq!(shown, ["0", "0.250", "0.0123", "1.00", "31.4", "1234", "1.20e-9", "3.00e7", "inf"]);
    }

    #[test]
    fn what_has_no_logarithm_has_no_place() {
        let line = Line { name: String::new(), values: vec![100.0, 1.0, 0.0, f64::NAN] };
        assert_eq!([0, 1, 2, 3, 4].map(|back| line.log(back)), [Some(2.0), Some(0.0), None, None, None]);
        assert_eq!((line.log_between(0.5), line.log_between(1.5)), (Some(1.0), None));
    }
}
