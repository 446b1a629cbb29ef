//! Lines → text: what is alike on neighbouring lines stands under each other, and so do comments at line ends.

use super::print::Line;

/// The whole text.
pub fn text(lines: &[Line]) -> String {
    let pads = pads(lines);
    let mut shifts: Vec<usize> = Vec::with_capacity(lines.len());
    for line in lines {
        let shift = line.indent.under.map_or(0, |(at, column)| {
            let above = &lines[at];
            let before = |cell: usize| above.indent.columns + columns(&above.text[..cell]) < column;
            shifts[at]
                + above
                    .cells
                    .iter()
                    .zip(&pads[at])
                    .filter(|(cell, _)| before(**cell))
                    .map(|(_, pad)| pad)
                    .sum::<usize>()
        });
        shifts.push(shift);
    }
    let padded: Vec<String> = (0..lines.len())
        .map(|i| format!("{}{}", " ".repeat(lines[i].indent.columns + shifts[i]), padded(&lines[i], &pads[i])))
        .collect();
    let comments = comment_columns(lines, &padded);
    let mut text = String::new();
    for (i, line) in lines.iter().enumerate() {
        if line.blank && i > 0 {
            text.push('\n');
        }
        text.push_str(&padded[i]);
        if let Some(comment) = &line.comment {
            text.push_str(&" ".repeat(comments[i] - columns(&padded[i])));
            text.push_str(comment);
        }
        text.push('\n');
    }
    text
}

/// Blanks before each cell of each line.
fn pads(lines: &[Line]) -> Vec<Vec<usize>> {
    let mut pads: Vec<Vec<usize>> = lines.iter().map(|line| vec![0; line.cells.len()]).collect();
    for run in runs(lines, |line| bridges(line) || !line.cells.is_empty(), |a, b| a.kind == b.kind) {
        for cell in [0, 1] {
            // Lines without this cell end the column.
            for part in run.split(|i| !bridges(&lines[*i]) && lines[*i].cells.len() <= cell) {
                let part: Vec<usize> = part.iter().copied().filter(|i| !bridges(&lines[*i])).collect();
                let width = |i: usize| {
                    let start = if cell == 0 { 0 } else { lines[i].cells[cell - 1] };
                    columns(&lines[i].text[start..lines[i].cells[cell]])
                };
                let widest = part.iter().map(|i| width(*i)).max().unwrap_or(0);
                part.iter().for_each(|i| pads[*i][cell] = widest - width(*i));
            }
        }
    }
    pads
}

/// The column of the comment of each line.
fn comment_columns(lines: &[Line], padded: &[String]) -> Vec<usize> {
    let mut at = vec![0; lines.len()];
    for run in runs(lines, |_| true, |_, _| true) {
        let commented: Vec<usize> = run.into_iter().filter(|i| lines[*i].comment.is_some()).collect();
        let widest = commented.iter().map(|i| columns(&padded[*i])).max().unwrap_or(0);
        commented.iter().for_each(|i| at[*i] = widest + 2);
    }
    at
}

/// Neighbours inside the same braces without an empty line between them.
fn runs(lines: &[Line], member: impl Fn(&Line) -> bool, alike: impl Fn(&Line, &Line) -> bool) -> Vec<Vec<usize>> {
    let mut runs: Vec<Vec<usize>> = Vec::new();
    // The last line of the run that something is compared with.
    let mut last: Option<usize> = None;
    for (i, line) in lines.iter().enumerate() {
        if !member(line) {
            last = None;
            runs.push(Vec::new());
            continue;
        }
        let previous = i.checked_sub(1).map(|before| &lines[before]);
        let together = previous.is_some_and(|before| !line.blank && before.indent.depth == line.indent.depth)
            && (bridges(line) || last.is_none_or(|last| alike(&lines[last], line)));
        match runs.last_mut() {
            Some(run) if together => run.push(i),
            _ => {
                runs.push(vec![i]);
                last = None;
            }
        }
        if !bridges(line) {
            last = Some(i);
        }
    }
    runs
}

/// Whether what stands above a line and below it can be alike: a comment, documentation, the rest of an argument list.
fn bridges(line: &Line) -> bool {
    line.cells.is_empty() && (line.note || line.indent.under.is_some())
}

fn padded(line: &Line, pads: &[usize]) -> String {
    let (mut text, mut from) = (String::new(), 0);
    for (cell, pad) in line.cells.iter().zip(pads) {
        text.push_str(&line.text[from..*cell]);
        text.push_str(&" ".repeat(*pad));
        from = *cell;
    }
    text + &line.text[from..]
}

fn columns(text: &str) -> usize {
    text.chars().count()
}
