//! One long text, read in parts side by side, a piece of each at a time: what truncated backpropagation through time goes
//! over. Each part goes on where its piece before ended; what a network remembers of that is not this room's business.

use super::batch::time_major;
use super::{Answers, Batch, Expected, IGNORED, Split, Tokens};
use std::collections::BTreeMap;
use std::ops::Range;

/// The pieces of a text, in the order they are read.
pub struct Streams<'a> {
    field: &'a str,
    ids: &'a [u32],
    /// The parts: where their tokens to read stand. They differ in length by one at most, and no token is left out.
    parts: Vec<Range<usize>>,
    /// Tokens of a part that are read at a time.
    steps: usize,
}

impl<'a> Streams<'a> {
    /// The text of a split in `parts` parts, or in as many as it has tokens to predict; nothing where the split is not one
    /// text.
    pub fn new(split: &'a Split, parts: usize, steps: usize) -> Option<Self> {
        let Answers::Next(field) = &split.answers else { return None };
        let ids = split.texts.get(field)?.get(0);
        let count = ids.len() - 1;
        let parts = parts.clamp(1, count.max(1));
        let bound = |part: usize| (count as u128 * part as u128 / parts as u128) as usize;
        let parts = (0..parts).map(|part| bound(part)..bound(part + 1)).collect();
        Some(Self { field, ids, parts, steps: steps.max(1) })
    }

    /// The number of pieces.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        let longest = self.parts.iter().map(Range::len).max().unwrap_or(0);
        longest.div_ceil(self.steps)
    }

    /// The next tokens of every part, with the token after each. A part that has ended has none.
    ///
    /// # Panics
    /// If there is no piece `i`.
    pub fn piece(&self, i: usize) -> Batch {
        assert!(i < self.len());
        let read = |part: &Range<usize>| {
            let start = part.end.min(part.start + i * self.steps);
            start..part.end.min(start + self.steps)
        };
        let pieces: Vec<Range<usize>> = self.parts.iter().map(read).collect();
        let tokens: Vec<&[u32]> = pieces.iter().map(|piece| &self.ids[piece.clone()]).collect();
        let next: Vec<&[u32]> = pieces.iter().map(|piece| &self.ids[piece.start + 1..piece.end + 1]).collect();
        Batch {
            indices: (0..pieces.len()).collect(),
            texts: BTreeMap::from([(self.field.to_owned(), Tokens::from_texts(&tokens))]),
            expected: Expected::Classes(time_major(&next, IGNORED).1),
        }
    }
}
