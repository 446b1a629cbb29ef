//! A chart in letters: every line has a mark of its own, so colour only helps.

use super::scale::Scale;
use super::{Chart, Line};
use crate::diagnostic::render::printable;

/// Rows between the highest and the lowest value.
const ROWS: usize = 16;
/// Columns before the axis.
const MARGIN: usize = 7;

const MARKS: [char; 8] = ['o', 'x', '+', '*', '#', '%', '@', '='];
/// Cyan, yellow, magenta, green, blue, red, as far as a terminal lets us choose.
const COLORS: [u8; 6] = [36, 33, 35, 32, 34, 31];

/// The chart in at most `width` columns (40 at least), with colour or without.
pub fn terminal(chart: &Chart, width: usize, color: bool) -> String {
    let scale = Scale::of(chart);
    let columns = width.max(40) - MARGIN - 2;
    // Names are the file's, and may hold anything.
    let mut text = format!("{}\n{}\n\n", printable(&chart.title), printable(&chart.values));
    let rows = rows(chart, &scale, columns);
    let written = scale.powers(6);
    let row_of = |power: i32| ((1.0 - scale.height(f64::from(power))) * (ROWS - 1) as f64).round() as usize;
    for (i, row) in rows.iter().enumerate() {
        let power = written.iter().find(|power| row_of(**power) == i);
        let label = power.map_or(String::new(), |power| format!("1e{power}"));
        let axis = if power.is_some() { '┤' } else { '│' };
        let line = row.iter().map(|line| line.map_or(" ".into(), |line| mark(line, color))).collect::<String>();
        text += &format!("{label:>MARGIN$}{axis}{}\n", line.trim_end());
    }
    text += &format!("{:MARGIN$}└{}\n", "", "─".repeat(columns));
    text += &format!("{:MARGIN$} {}\n\n", "", steps(&scale, columns));
    for (i, line) in chart.lines.iter().enumerate() {
        text += &format!("  {} {}\n", mark(i, color), printable(&line.name));
    }
    for note in chart.notes.iter().enumerate() {
        text += &format!("{}{}\n", if note.0 == 0 { "\n" } else { "" }, printable(note.1));
    }
    text
}

/// Which line stands in each place; the first of several.
fn rows(chart: &Chart, scale: &Scale, columns: usize) -> Vec<Vec<Option<usize>>> {
    let mut rows = vec![vec![None; columns]; ROWS];
    for (i, line) in chart.lines.iter().enumerate() {
        for (column, log) in logs(line, scale, columns) {
            let row = ((1.0 - scale.height(log)) * (ROWS - 1) as f64).round() as usize;
            rows[row.min(ROWS - 1)][column].get_or_insert(i);
        }
    }
    rows
}

/// The logarithm of a line in every column where it has one; time goes from left to right.
fn logs<'a>(line: &'a Line, scale: &'a Scale, columns: usize) -> impl Iterator<Item = (usize, f64)> + 'a {
    let back = move |column: usize| (columns - 1 - column) as f64 / (columns - 1) as f64 * scale.back as f64;
    (0..columns).filter_map(move |column| Some((column, line.log_between(back(column))?)))
}

fn mark(line: usize, color: bool) -> String {
    let mark = MARKS[line % MARKS.len()];
    if color { format!("\u{1b}[{}m{mark}\u{1b}[0m", COLORS[line % COLORS.len()]) } else { mark.to_string() }
}

/// The steps below the axis, each centred below its column as far as there is room.
fn steps(scale: &Scale, columns: usize) -> String {
    let mut text: Vec<char> = vec![' '; columns];
    for back in scale.steps(6) {
        let label: Vec<char> = if back == 0 { vec!['0'] } else { format!("−{back}").chars().collect() };
        let at = (columns - 1) * (scale.back - back) / scale.back;
        let start = at.saturating_sub(label.len() / 2).min(columns - label.len());
        text[start..start + label.len()].copy_from_slice(&label);
    }
    text.into_iter().collect::<String>().trim_end().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart() -> Chart {
        let line = |name: &str, factor: f64| Line {
            name: name.into(),
            values: (0..21).map(|back| 0.5 * factor.powi(back)).collect(),
        };
        Chart {
            title: "Two cells".into(),
            values: "the norm".into(),
            lines: vec![line("rnn", 0.4), line("lstm", 0.97)],
            notes: vec!["a note".into()],
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
            let lines = vec![Line { name: "\u{1b}[31m".into(), values }];
            let shown = terminal(&Chart { lines, ..chart() }, 0, false);
            assert!(shown.lines().all(|line| line.chars().count() <= 40) && !shown.contains('\u{1b}'), "{shown}");
        }
    }
}
