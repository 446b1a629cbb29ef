//! One pass over a split, batch by batch: rows in some order, or the pieces of one text in theirs.

use super::{Batch, Order, Split, Streams, batches};

/// The batches of a pass.
pub enum Pass<'a> {
    /// Every row is an example by itself.
    Rows { split: &'a Split, batches: Vec<Vec<usize>>, order: Order },
    /// Every batch goes on where the one before it ended.
    Continuous(Streams<'a>),
}

impl Split {
    /// Batches of `batch_size` rows; of one text that is read on, as many parts side by side, `steps` tokens at a time.
    pub fn pass(&self, batch_size: usize, steps: usize, order: Order) -> Pass<'_> {
        let streams = if self.continuous { Streams::new(self, batch_size, steps) } else { None };
        match streams {
            Some(streams) => Pass::Continuous(streams),
            None => Pass::Rows { split: self, batches: batches(self, batch_size, order), order },
        }
    }
}

impl Pass<'_> {
    /// The number of batches.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        match self {
            Self::Rows { batches, .. } => batches.len(),
            Self::Continuous(streams) => streams.len(),
        }
    }

    /// # Panics
    /// If there is no batch `i`.
    pub fn batch(&self, i: usize) -> Batch {
        match self {
            Self::Rows { split, batches, order: Order::Sorted } => split.batch(&batches[i]),
            // What is random of an example is drawn anew in every pass.
            Self::Rows { split, batches, order: Order::Shuffled { seed, epoch } } => {
                split.batch_with_noise(&batches[i], *seed, &[*epoch, i as u64])
            }
            Self::Continuous(streams) => streams.piece(i),
        }
    }

    /// Whether a batch is to be read from the states that the one before it left.
    pub fn continues(&self) -> bool {
        matches!(self, Self::Continuous(_))
    }
}
