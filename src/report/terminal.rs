//! A chart in letters: every series has a mark of its own, so colour only helps.

use super::chart::{Chart, Series};
use super::range::Range;
use crate::diagnostic::render::printable;

/// Rows between the highest and the lowest value.
const ROWS: usize = 16;
/// Columns before the axis.
const MARGIN: usize = 7;
/// Values written beside each axis, at most.
const TICKS: usize = 6;

const MARKS: [char; 8] = ['o', 'x', '+', '*', '#', '%', '@', '='];
/// Cyan, yellow, magenta, green, blue, red, as far as a terminal lets us choose.
const COLORS: [u8; 6] = [36, 33, 35, 32, 34, 31];

/// The chart in at most `width` columns (40 at least), with colour or without.
pub fn terminal(chart: &Chart, width: usize, color: bool) -> String {
    let (x, y) = (Range::of_x(chart), Range::of_y(chart, TICKS));
    let columns = width.max(40) - MARGIN - 2;
    // Names are the file's, and may hold anything.
    let mut text = format!("{}\n{}\n\n", printable(&chart.title), printable(&chart.caption));
    let rows = rows(chart, (&x, &y), columns);
    let written = y.ticks(TICKS);
    for (i, row) in rows.iter().enumerate() {
        let tick = written.iter().find(|tick| row_of(&y, tick.at) == i);
        let label = tick.map_or("", |tick| &tick.label);
        let axis = if tick.is_some() { '┤' } else { '│' };
        let line = row.iter().map(|series| series.map_or(" ".into(), |series| mark(series, color))).collect::<String>();
        text += &format!("{label:>MARGIN$}{axis}{}\n", line.trim_end());
    }
    text += &format!("{:MARGIN$}└{}\n", "", "─".repeat(columns));
    text += &format!("{:MARGIN$} {}\n\n", "", below(&x, columns));
    for (i, series) in chart.series.iter().enumerate() {
        text += &format!("  {} {}\n", mark(i, color), printable(&series.name));
    }
    for note in chart.notes.iter().enumerate() {
        text += &format!("{}{}\n", if note.0 == 0 { "\n" } else { "" }, printable(note.1));
    }
    text
}

/// The row of a coordinate of the y axis.
fn row_of(y: &Range, coordinate: f64) -> usize {
    (((1.0 - y.share(coordinate)) * (ROWS - 1) as f64).round() as usize).min(ROWS - 1)
}

/// Which series stands in each place; the first of several.
fn rows(chart: &Chart, (x, y): (&Range, &Range), columns: usize) -> Vec<Vec<Option<usize>>> {
    let mut rows = vec![vec![None; columns]; ROWS];
    for (i, series) in chart.series.iter().enumerate() {
        for (column, row) in rows_of(chart, series, columns, x, y) {
            rows[row][column].get_or_insert(i);
        }
    }
    rows
}

/// The row of a series in every column where it has one.
fn rows_of(chart: &Chart, series: &Series, columns: usize, x: &Range, y: &Range) -> Vec<(usize, usize)> {
    let coordinates = |(x, y): &(f64, f64)| Some((chart.x.coordinate(*x)?, chart.y.coordinate(*y)));
    let points: Vec<(f64, Option<f64>)> = series.points.iter().filter_map(coordinates).collect();
    let row = |column: usize| {
        let at = x.low + (x.high - x.low) * column as f64 / (columns - 1) as f64;
        Some((column, row_of(y, between(&points, at)?)))
    };
    (0..columns).filter_map(row).collect()
}

/// The coordinate at a place, on the straight line between its neighbours.
fn between(points: &[(f64, Option<f64>)], at: f64) -> Option<f64> {
    let after = points.partition_point(|(x, _)| *x < at);
    let (right, next) = *points.get(after).or(points.last().filter(|(x, _)| at - x < 1e-9 * at.abs().max(1.0)))?;
    if (right - at).abs() <= 1e-9 * at.abs().max(1.0) {
        return next;
    }
    let (left, before) = *points.get(after.checked_sub(1)?)?;
    let (before, next) = (before?, next?);
    Some(before + (next - before) * (at - left) / (right - left))
}

fn mark(line: usize, color: bool) -> String {
    let mark = MARKS[line % MARKS.len()];
    if color { format!("\u{1b}[{}m{mark}\u{1b}[0m", COLORS[line % COLORS.len()]) } else { mark.to_string() }
}

/// The values below the axis, each centred below its column as far as there is room.
fn below(x: &Range, columns: usize) -> String {
    let mut text: Vec<char> = vec![' '; columns];
    let mut free = columns;
    for tick in x.ticks(TICKS) {
        let label: Vec<char> = tick.label.chars().collect();
        let at = ((columns - 1) as f64 * x.share(tick.at)).floor() as usize;
        let start = at.saturating_sub(label.len() / 2).min(columns.saturating_sub(label.len()));
        if start + label.len() <= free {
            text[start..start + label.len()].copy_from_slice(&label);
            free = start.saturating_sub(1);
        }
    }
    text.into_iter().collect::<String>().trim_end().to_string()
}

#[cfg(test)]
mod tests {
    use super::super::chart::Axis;
    use super::*;

    fn chart() -> Chart {
        let line = |name: &str, factor: f64| {
            Series::line(name, (0..21).rev().map(|back| (-f64::from(back), 0.5 * factor.powi(back))).collect())
        };
        let series = vec![line("rnn", 0.4), line("lstm", 0.97)];
        Chart {
            caption: "the norm".into(),
            notes: vec!["a note".into()],
            ..Chart::new("Two cells", Axis::linear(""), Axis::logarithmic(""), series)
        }
    }

    #[test]
    fn a_chart_in_forty_columns() {
        let expected = "\
Two cells
the norm

    1e0┤
       │xxxxxxxxxxxxxxxxxxxxxxxxxxxxooo
       │                          oo
   1e-2┤                        oo
       │                     ooo
       │                   oo
       │                 oo
   1e-4┤               oo
       │            ooo
       │          oo
   1e-6┤        oo
       │      oo
       │   ooo
   1e-8┤ oo
       │o
       │
       └───────────────────────────────
        −20   −15     −10    −5       0

  o rnn
  x lstm

a note
";
        let shown = terminal(&chart(), 40, false);
        assert_eq!(shown, expected);
        assert!(shown.lines().all(|line| line.chars().count() <= 40), "{shown}");
    }

    #[test]
    fn colour_changes_nothing_but_colour() {
        let mut plain = terminal(&chart(), 80, true);
        for code in COLORS.map(|color| format!("\u{1b}[{color}m")).iter().chain([&"\u{1b}[0m".to_string()]) {
            plain = plain.replace(code.as_str(), "");
        }
        assert_eq!(plain, terminal(&chart(), 80, false));
    }

    #[test]
    fn any_line_can_be_drawn() {
        for values in [vec![], vec![1.0], vec![0.0, 0.0], vec![f64::NAN, 1.0, f64::INFINITY], vec![1e-300, 1e300]] {
            let points = values.into_iter().enumerate().map(|(i, value)| (i as f64, value)).collect();
            let shown = terminal(&Chart { series: vec![Series::line("\u{1b}[31m", points)], ..chart() }, 0, false);
            assert!(shown.lines().all(|line| line.chars().count() <= 40) && !shown.contains('\u{1b}'), "{shown}");
        }
    }
}
