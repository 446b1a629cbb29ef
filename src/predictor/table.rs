//! An evaluation as a person reads it: a line of totals, a table of classes, the confusion matrix.

use std::fmt;

use super::metrics::{ClassMetrics, Evaluation, Figures};

/// A longer name is cut; the JSON form has it whole.
const LONGEST_NAME: usize = 24;
/// A matrix wider than this names its columns by number.
const WIDEST: usize = 100;
/// Above so many classes a matrix is no longer something to look at.
const MOST_CLASSES: usize = 30;

impl fmt::Display for Evaluation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (accuracy, macro_f1, root, classes, confusion, labels) = match &self.figures {
            Figures::Classes { accuracy, macro_f1, root_accuracy, classes, confusion, labels } => {
                (accuracy, macro_f1, root_accuracy, classes, confusion, labels)
            }
            Figures::Tokens { tokens, .. } => return writeln!(f, "{}  {} tokens", self.line(), thousands(*tokens)),
            Figures::Numbers { examples, .. } => {
                return writeln!(f, "{}  {} examples", self.line(), thousands(*examples));
            }
        };
        let examples: u64 = classes.iter().map(|class| class.support).sum();
        let (root, what) = match root {
            Some(root) => (format!("  at the root {}", percent(*root)), "nodes"),
            None => (String::new(), "examples"),
        };
        writeln!(
            f,
            "loss {:.3}  accuracy {}{root}  macro F1 {}  {} {what}\n",
            self.loss,
            percent(*accuracy),
            percent(*macro_f1),
            thousands(examples)
        )?;
        let names: Vec<String> = labels.iter().map(|label| shortened(label)).collect();
        write_rows(f, &class_rows(classes, &names))?;
        if labels.len() > MOST_CLASSES {
            return Ok(());
        }
        writeln!(f, "\nconfusion: rows true, columns predicted")?;
        let named = confusion_rows(confusion, &names, &names);
        if total_width(&named) <= WIDEST {
            return write_rows(f, &named);
        }
        let numbers: Vec<String> = (1..=names.len()).map(|number| number.to_string()).collect();
        let numbered: Vec<String> =
            names.iter().zip(&numbers).map(|(name, number)| format!("{number:>2} {name}")).collect();
        write_rows(f, &confusion_rows(confusion, &numbered, &numbers))
    }
}

fn class_rows(classes: &[ClassMetrics], names: &[String]) -> Vec<Vec<String>> {
    let header = ["class", "precision", "recall", "F1", "support"].map(String::from).to_vec();
    let row = |(class, name): (&ClassMetrics, &String)| {
        let [precision, recall, f1] = [class.precision, class.recall, class.f1].map(percent);
        vec![name.clone(), precision, recall, f1, thousands(class.support)]
    };
    std::iter::once(header).chain(classes.iter().zip(names).map(row)).collect()
}

fn confusion_rows(confusion: &[Vec<u64>], rows: &[String], columns: &[String]) -> Vec<Vec<String>> {
    let header = std::iter::once(String::new()).chain(columns.iter().cloned()).collect();
    // A dot for zero: the eye finds the mistakes.
    let cell = |count: &u64| if *count == 0 { ".".to_string() } else { count.to_string() };
    let row =
        |(counts, name): (&Vec<u64>, &String)| std::iter::once(name.clone()).chain(counts.iter().map(cell)).collect();
    std::iter::once(header).chain(confusion.iter().zip(rows).map(row)).collect()
}

/// The first column to the left, the others to the right, two spaces between.
fn write_rows(f: &mut fmt::Formatter<'_>, rows: &[Vec<String>]) -> fmt::Result {
    let widths = column_widths(rows);
    for row in rows {
        for (i, (cell, column)) in row.iter().zip(&widths).enumerate() {
            let padding = " ".repeat(column - width(cell));
            match i {
                0 => write!(f, "{cell}{padding}")?,
                _ => write!(f, "  {padding}{cell}")?,
            }
        }
        writeln!(f)?;
    }
    Ok(())
}

fn column_widths(rows: &[Vec<String>]) -> Vec<usize> {
    let columns = rows.first().map_or(0, Vec::len);
    (0..columns).map(|column| rows.iter().map(|row| width(&row[column])).max().unwrap_or(0)).collect()
}

fn total_width(rows: &[Vec<String>]) -> usize {
    column_widths(rows).iter().map(|width| width + 2).sum::<usize>().saturating_sub(2)
}

fn shortened(name: &str) -> String {
    // A label may hold anything; a line break or a control character would tear the table.
    let name: String = name.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if width(&name) <= LONGEST_NAME {
        return name;
    }
    // From the middle: names in a set often differ only at their ends.
    let half = LONGEST_NAME / 2;
    let start = fitting(name.chars(), half);
    let end = fitting(name.chars().rev(), half - 1);
    start.chars().chain(['…']).chain(end.chars().rev()).collect()
}

/// The first characters that fit into so many columns.
fn fitting(characters: impl Iterator<Item = char>, columns: usize) -> String {
    let mut used = 0;
    let fits = |c: &char| {
        used += char_width(*c);
        used <= columns
    };
    characters.take_while(fits).collect()
}

/// Columns a text takes on a terminal.
fn width(text: &str) -> usize {
    text.chars().map(char_width).sum()
}

/// Two columns for the wide characters of East Asian scripts and emoji (the blocks that UAX 11 calls wide), else one.
fn char_width(c: char) -> usize {
    match u32::from(c) {
        0x0300..=0x036f | 0x200b..=0x200f | 0xfe00..=0xfe0f => 0,
        0x1100..=0x115f
        | 0x2e80..=0x303e
        | 0x3041..=0xa4cf
        | 0xa960..=0xa97c
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f300..=0x1f64f
        | 0x1f680..=0x1f6ff
        | 0x1f900..=0x1f9ff
        | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

/// `0.8134` as `81.3%`.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.1}%", share * 100.0)
}

/// `4210` as `4,210`.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::predictor::{Confusion, Evaluation};

    fn table(labels: &[&str], counts: &[(usize, usize, usize)]) -> String {
        let mut confusion = Confusion::new(labels.len());
        for (target, predicted, count) in counts {
            (0..*count).for_each(|_| confusion.add(*target, *predicted));
        }
        let labels: Vec<String> = labels.iter().map(|label| label.to_string()).collect();
        Evaluation::new(0.4123, &confusion, &labels).to_string()
    }

    #[test]
    fn two_classes() {
        let counts = [(0, 0, 900), (0, 1, 107), (1, 0, 83), (1, 1, 361)];
        let expected = "\
loss 0.412  accuracy 86.9%  macro F1 84.8%  1,451 examples

class     precision  recall     F1  support
negative      91.6%   89.4%  90.5%    1,007
positive      77.1%   81.3%  79.2%      444

confusion: rows true, columns predicted
          negative  positive
negative       900       107
positive        83       361
";
        assert_eq!(table(&["negative", "positive"], &counts), expected);
    }

    #[test]
    fn wide_characters_stay_aligned() {
        let expected = "\
loss 0.412  accuracy 66.7%  macro F1 66.7%  3 examples

class  precision  recall     F1  support
财经       50.0%  100.0%  66.7%        1
a         100.0%   50.0%  66.7%        2

confusion: rows true, columns predicted
      财经  a
财经     1  .
a        1  1
";
        assert_eq!(table(&["财经", "a"], &[(0, 0, 1), (1, 0, 1), (1, 1, 1)]), expected);
    }

    #[test]
    fn many_classes_have_numbered_columns() {
        let names: Vec<String> = (0..20).map(|i| format!("a rather long name of class {i}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let text = table(&names, &[(19, 18, 1234)]);
        assert!(text.lines().all(|line| width(line) <= 120), "{text}");
        assert!(text.contains("\n20 a rather lon…of class 19  "), "{text}");
        assert!(text.lines().any(|line| line.trim_start().starts_with("1  2  3")), "{text}");
    }

    #[test]
    fn names_cannot_tear_the_table() {
        assert_eq!(shortened("a\nb\u{1b}[31m"), "a\u{fffd}b\u{fffd}[31m");
        assert_eq!(shortened(&"长".repeat(40)), "长".repeat(6) + "…" + &"长".repeat(5));
        assert_eq!(shortened(&"x".repeat(24)), "x".repeat(24));
        assert_eq!(shortened(&"x".repeat(25)), "x".repeat(12) + "…" + &"x".repeat(11));
    }

    #[test]
    fn numbers_for_people() {
        let seen = [0, 999, 1000, 4210, 1234567].map(thousands);
        assert_eq!(seen, ["0", "999", "1,000", "4,210", "1,234,567"]);
        assert_eq!(percent(0.8126), "81.3%");
    }
}
