//! What the rows of a file are to be answered with, and what a batch of them expects of a model's scores.

use super::split::Texts;
use super::{DataError, Labels};
use crate::ir::{Data, Target};

/// The answers of all rows.
#[derive(Debug, Clone, PartialEq)]
pub enum Answers {
    /// One class a row.
    Classes(Vec<u32>),
    /// One class for every token of a text.
    Tags(Texts),
    Numbers(Vec<f32>),
    /// The tokens of this text field: each is the answer to the one before it.
    Next(String),
}

/// What the rows of the scores are compared with: one entry a row, time-major like the ids of the text.
#[derive(Debug, Clone, PartialEq)]
pub enum Expected {
    /// A class, or [`IGNORED`].
    Classes(Vec<u32>),
    Numbers(Vec<f32>),
}

/// The class of a row of scores that nothing is asked of: padding.
pub const IGNORED: u32 = u32::MAX;

impl Expected {
    /// How many answers there are.
    pub fn count(&self) -> usize {
        match self {
            Self::Classes(classes) => classes.iter().filter(|class| **class != IGNORED).count(),
            Self::Numbers(numbers) => numbers.len(),
        }
    }
}

impl Answers {
    /// None yet, for rows to come.
    pub(super) fn new(target: &Target) -> Self {
        match target {
            Target::Class(_) => Self::Classes(Vec::new()),
            Target::Tags { .. } => Self::Tags(Texts::new()),
            Target::Number(_) => Self::Numbers(Vec::new()),
            Target::Next(text) => Self::Next(text.clone()),
        }
    }

    /// Adds the answer of a row, whose text has `tokens` tokens after it was possibly `cut`.
    pub(super) fn read(
        &mut self,
        value: &str,
        (tokens, cut): (usize, bool),
        label: &mut dyn FnMut(&str) -> Result<u32, DataError>,
        fail: &dyn Fn(String) -> DataError,
    ) -> Result<(), DataError> {
        match self {
            Self::Classes(classes) => classes.push(label(value)?),
            Self::Tags(tags) => {
                let mut given = 0;
                for tag in value.split_ascii_whitespace() {
                    given += 1;
                    if given <= tokens {
                        tags.ids.push(label(tag)?);
                    }
                }
                if given < tokens || (given > tokens && !cut) {
                    return Err(fail(format!("{given} labels for {tokens} tokens; there is one label for each token")));
                }
                tags.end();
            }
            Self::Numbers(numbers) => {
                let number = value.trim().parse::<f32>().ok().filter(|number| number.is_finite());
                let found = super::error::quoted(value);
                numbers.push(number.ok_or_else(|| fail(format!("expected a number, found {found}")))?);
            }
            Self::Next(_) => {}
        }
        Ok(())
    }

    /// Adds the label of a node of the row's tree.
    pub(super) fn push(&mut self, class: u32) {
        if let Self::Tags(tags) = self {
            tags.ids.push(class);
        }
    }

    /// Ends the row whose nodes have had their labels.
    pub(super) fn end(&mut self) {
        if let Self::Tags(tags) = self {
            tags.end();
        }
    }

    /// The answers of some rows, in this order.
    pub(super) fn select(&self, rows: &[usize]) -> Self {
        match self {
            Self::Classes(classes) => Self::Classes(rows.iter().map(|row| classes[*row]).collect()),
            Self::Tags(tags) => Self::Tags(tags.select(rows)),
            Self::Numbers(numbers) => Self::Numbers(rows.iter().map(|row| numbers[*row]).collect()),
            Self::Next(text) => Self::Next(text.clone()),
        }
    }

    /// The classes of all rows, provisional or not.
    pub(super) fn classes_mut(&mut self) -> &mut [u32] {
        match self {
            Self::Classes(classes) => classes,
            Self::Tags(tags) => &mut tags.ids,
            Self::Numbers(_) | Self::Next(_) => &mut [],
        }
    }

    /// How often each of the classes is an answer.
    pub fn counts(&self, labels: &Labels) -> Vec<u64> {
        let mut counts = vec![0; labels.len()];
        let classes = match self {
            Self::Classes(classes) => classes.as_slice(),
            Self::Tags(tags) => tags.ids(),
            Self::Numbers(_) | Self::Next(_) => &[],
        };
        let asked = classes.iter().filter(|class| **class != IGNORED);
        asked.for_each(|class| counts[*class as usize] += 1);
        counts
    }
}

/// The column that the answers stand in, or nothing where they are in the text or the tree itself.
pub(super) fn column<'d>(data: &'d Data, target: &Target) -> Result<Option<&'d str>, String> {
    if matches!(target, Target::Next(_)) || target.is_of_trees(data) {
        return Ok(None);
    }
    let field = data.field(target.field()).ok_or_else(|| format!("`data` has no field `{}`", target.field()))?;
    Ok(Some(&field.column))
}
