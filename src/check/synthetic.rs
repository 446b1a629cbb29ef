//! `source` in a data block: rows that are made rather than read.

use crate::diagnostic::{Diagnostic, code};
use crate::ir::{Field, Synthetic, Task};
use crate::source::Span;
use crate::syntax::ast::{Entry, SettingsBlock};

use super::reader::Reader;
use super::settings::{Checked, Choice, Setting, Takes, Values};

/// Steps of all rows together: what a computer holds without a thought.
const MOST_STEPS: usize = 1 << 26;

const ROWS: Setting =
    Setting { name: "rows", takes: Takes::Int { min: 1 }, default: "10000", about: "Rows to learn from." };
const VALID_ROWS: Setting = Setting {
    name: "valid_rows",
    takes: Takes::Int { min: 0 },
    default: "1000",
    about: "Rows that choose the best epoch.",
};
const TEST_ROWS: Setting =
    Setting { name: "test_rows", takes: Takes::Int { min: 0 }, default: "1000", about: "Rows of the final figures." };
const SEED: Setting = Setting {
    name: "seed",
    takes: Takes::Int { min: 0 },
    default: "1",
    about: "Where the random numbers start; those of the training have a seed of their own.",
};

pub const SOURCES: &[Choice] = &[
    Choice {
        name: "adding",
        settings: &[
            Setting { name: "length", takes: Takes::Int { min: 2 }, default: "100", about: "Steps of a row." },
            ROWS,
            VALID_ROWS,
            TEST_ROWS,
            SEED,
        ],
        about: "The sum of two marked numbers (Hochreiter & Schmidhuber 1997).",
    },
    Choice {
        name: "copy",
        settings: &[
            Setting {
                name: "symbols",
                takes: Takes::Int { min: 2 },
                default: "8",
                about: "Different symbols to remember.",
            },
            Setting { name: "length", takes: Takes::Int { min: 1 }, default: "10", about: "Symbols of a row." },
            Setting {
                name: "delay",
                takes: Takes::Int { min: 1 },
                default: "100",
                about: "Steps from the last symbol to the one before its copy.",
            },
            ROWS,
            VALID_ROWS,
            TEST_ROWS,
            SEED,
        ],
        about: "The first symbols once more at the end (Arjovsky et al. 2016).",
    },
];

/// The source that a block's settings name. What could not have any effect beside it is reported.
pub fn synthetic(values: &Values, block: &SettingsBlock, reader: &mut Reader<'_>) -> Option<Synthetic> {
    let (Some(Checked::Call(choice, given)), Some(span)) = (values.get("source"), values.span("source")) else {
        return None;
    };
    let task = match choice.name {
        "adding" => Task::Adding { length: given.int("length", 100) },
        _ => Task::Copy {
            symbols: given.int("symbols", 8),
            length: given.int("length", 10),
            delay: given.int("delay", 100),
        },
    };
    let source = Synthetic {
        task,
        rows: given.int("rows", 10_000),
        valid_rows: given.int("valid_rows", 1000),
        test_rows: given.int("test_rows", 1000),
        seed: given.int("seed", 1) as u64,
        span,
    };
    limit(&source, reader);
    alone(values, block, span, reader);
    Some(source)
}

/// The fields that the source declares, in place of any others.
pub fn fields(source: &Synthetic) -> Vec<Field> {
    let field = |(name, kind): (&str, _)| Field { name: name.into(), column: name.into(), kind, span: source.span };
    source.task.fields().into_iter().map(field).collect()
}

fn limit(source: &Synthetic, reader: &mut Reader<'_>) {
    let rows = source.rows.saturating_add(source.valid_rows).saturating_add(source.test_rows);
    let symbols = if let Task::Copy { symbols, .. } = source.task { symbols } else { 0 };
    if rows.saturating_mul(source.task.steps()) <= MOST_STEPS && symbols <= MOST_STEPS {
        return;
    }
    let message =
        format!("{rows} rows of {} steps are more than the {MOST_STEPS} steps of a source", source.task.steps());
    let diagnostic = Diagnostic::new(code::TOO_LARGE, source.span, message).here("too much");
    reader.diagnostics.push(diagnostic.help("fewer rows, or shorter ones"));
}

/// Files and fields beside a source have no effect.
fn alone(values: &Values, block: &SettingsBlock, source: Span, reader: &mut Reader<'_>) {
    let set = ["train", "valid", "test", "format"].into_iter().filter_map(|name| Some((name, values.span(name)?)));
    let declared = block.entries.iter().filter_map(|entry| match entry {
        Entry::Field { name, span, .. } => Some((name.name.as_str(), *span)),
        Entry::Setting(_) => None,
    });
    for (name, span) in set.chain(declared) {
        let message = format!("`{name}` has no effect beside `source`, which makes its own rows and fields");
        let diagnostic = Diagnostic::new(code::NO_EFFECT, span, message).here("has no effect");
        reader.diagnostics.push(diagnostic.label(source, "the rows are made here").help("keep one of the two"));
    }
}
