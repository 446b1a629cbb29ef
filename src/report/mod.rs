//! Pictures for people: charts, heat maps and models as SVG for light and dark, charts in the terminal, and pages that hold
//! all of them.
//!
//! It draws what others have computed, and opens no file. No text that it is given becomes markup.

mod chart;
mod figure;
mod heat;
mod page;
mod plot;
mod range;
mod run;
mod style;
mod terminal;
mod trace;

pub use chart::{Axis, Chart, Scale, Series, Shape};
pub use figure::figure;
pub use heat::{Heat, heat};
pub use page::{Page, Table, chart_page};
pub use plot::{Size, plot};
pub use run::{Examined, RunReport, run_page};
pub use style::Drawing;
pub use terminal::terminal;
pub use trace::{Group, HeatMap, Panel, heat_map};

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
}
