//! Which rows go together, and the padded ids of those that do. It decides nothing about devices or tensors.

use super::{Answers, Expected, IGNORED, PAD, Series, Split, Texts};
use crate::random::Random;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Rows are sorted by length among this many batches: little padding, and still a new mixture every epoch.
const CHUNK: usize = 64;

/// Keeps these random numbers apart from those for other purposes.
const PURPOSE: u64 = u64::from_be_bytes(*b"batches.");

/// The order in which rows are visited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// For training: another order every epoch, the same for the same seed.
    Shuffled { seed: u64, epoch: u64 },
    /// For evaluation: by length.
    Sorted,
}

/// Parts the rows of a split into batches of `batch_size` rows of similar length (one batch may have fewer).
///
/// Within a batch the longest row comes first, so the rows that still run at some step are the first ones.
pub fn batches(split: &Split, batch_size: usize, order: Order) -> Vec<Vec<usize>> {
    let batch_size = batch_size.max(1);
    let mut rows: Vec<usize> = (0..split.len()).collect();
    let (mut random, chunk) = match order {
        Order::Shuffled { seed, epoch } => {
            (Some(Random::new(seed, &[PURPOSE, epoch])), batch_size.saturating_mul(CHUNK))
        }
        Order::Sorted => (None, rows.len().max(1)),
    };
    if let Some(random) = &mut random {
        random.shuffle(&mut rows);
    }
    let mut batches = Vec::with_capacity(rows.len().div_ceil(batch_size));
    for chunk in rows.chunks_mut(chunk) {
        chunk.sort_by_key(|&row| Reverse(split.length(row)));
        batches.extend(chunk.chunks(batch_size).map(<[usize]>::to_vec));
    }
    if let Some(random) = &mut random {
        random.shuffle(&mut batches);
    }
    batches
}

/// Some rows of a split, ready for the model.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// Which rows of the split these are.
    pub indices: Vec<usize>,
    /// By the name of the field that is read.
    pub texts: BTreeMap<String, Tokens>,
    pub expected: Expected,
}

/// The sequences of one field of a batch, padded to the longest.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tokens {
    /// Time-major, `steps * batch`: the id of step `t` of example `b` is at `t * batch + b`; [`PAD`] after its end.
    pub ids: Vec<u32>,
    pub steps: usize,
    /// The true length of every example.
    pub lengths: Vec<u32>,
    /// Of a tree field, in the layout of `ids`: the step at which each node's parent stands, which comes before it; the root
    /// is step 0 and its own parent. Empty for texts.
    pub parents: Vec<u32>,
    /// Of a field of numbers, which has no ids: the vectors in the layout of `ids`, zeros after the end.
    pub numbers: Vec<f32>,
    /// Where texts are sequences of sentences. Then `lengths` are those of the sentences, 0 of those that only fill up, and the
    /// id of step `t` of sentence `s` of example `b` is at `(t * sentences + s) * batch + b`.
    pub sentences: Option<Sentences>,
}

/// How many sentences every example has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentences {
    /// Of the longest example.
    pub steps: usize,
    pub lengths: Vec<u32>,
}

impl Tokens {
    pub fn from_texts<T: AsRef<[u32]>>(texts: &[T]) -> Self {
        let (steps, ids) = time_major(texts, PAD);
        let length = |text: &T| u32::try_from(text.as_ref().len()).expect("a text is shorter than 2³² tokens");
        Self { ids, steps, lengths: texts.iter().map(length).collect(), ..Self::default() }
    }

    /// Trees by their nodes' words, each with the parents of its nodes.
    pub fn from_trees<T: AsRef<[u32]>>(words: &[T], parents: &[T]) -> Self {
        Self { parents: time_major(parents, 0).1, ..Self::from_texts(words) }
    }

    /// Sequences of vectors of `width` numbers.
    pub fn from_numbers<S: AsRef<[f32]>>(sequences: &[S], width: usize) -> Self {
        let steps = |sequence: &S| sequence.as_ref().len() / width;
        let longest = sequences.iter().map(steps).max().unwrap_or(0);
        let mut numbers = vec![0.0; longest * sequences.len() * width];
        for (b, sequence) in sequences.iter().enumerate() {
            for (t, vector) in sequence.as_ref().chunks_exact(width).enumerate() {
                numbers[(t * sequences.len() + b) * width..][..width].copy_from_slice(vector);
            }
        }
        let lengths = sequences.iter().map(|sequence| steps(sequence) as u32).collect();
        Self { numbers, steps: longest, lengths, ..Self::default() }
    }

    /// Texts of one length, a token as likely as any other. `vocabulary` counts the two reserved entries, and is above 2.
    pub fn made_up(batch: usize, steps: usize, vocabulary: usize, random: &mut Random) -> Self {
        let reserved = super::UNK as usize + 1;
        let id = |_| (reserved + random.below(vocabulary - reserved)) as u32;
        let lengths = vec![steps as u32; batch];
        Self { ids: (0..steps * batch).map(id).collect(), steps, lengths, ..Self::default() }
    }

    /// The same for texts of sentences.
    pub fn from_documents<D: AsRef<[S]>, S: AsRef<[u32]>>(documents: &[D]) -> Self {
        let most = documents.iter().map(|document| document.as_ref().len()).max().unwrap_or(0);
        let mut sentences: Vec<&[u32]> = Vec::with_capacity(most * documents.len());
        for s in 0..most {
            sentences.extend(documents.iter().map(|document| document.as_ref().get(s).map_or(&[][..], AsRef::as_ref)));
        }
        let lengths = documents.iter().map(|document| document.as_ref().len() as u32).collect();
        Self { sentences: Some(Sentences { steps: most, lengths }), ..Self::from_texts(&sentences) }
    }

    /// The number of examples.
    pub fn batch(&self) -> usize {
        self.sentences.as_ref().map_or(&self.lengths, |sentences| &sentences.lengths).len()
    }
}

/// The most steps of any sequence, and for each of them an entry of every sequence, `padding` after its end.
pub(super) fn time_major<T: AsRef<[u32]>>(sequences: &[T], padding: u32) -> (usize, Vec<u32>) {
    let steps = sequences.iter().map(|sequence| sequence.as_ref().len()).max().unwrap_or(0);
    let mut entries = vec![padding; steps * sequences.len()];
    for (b, sequence) in sequences.iter().enumerate() {
        for (t, entry) in sequence.as_ref().iter().enumerate() {
            entries[t * sequences.len() + b] = *entry;
        }
    }
    (steps, entries)
}

impl Split {
    /// The given rows, in the given order.
    ///
    /// # Panics
    /// If a row is not one of `0..self.len()`.
    pub fn batch(&self, rows: &[usize]) -> Batch {
        self.batch_of(rows, Texts::sentences)
    }

    /// The given rows; what the sentences of one are is for `sentences` to say, which gives none for a text without any.
    pub(super) fn batch_of<'s>(
        &'s self,
        rows: &[usize],
        mut sentences: impl FnMut(&'s Texts, usize) -> Option<Vec<&'s [u32]>>,
    ) -> Batch {
        let mut tokens = |field: &String, texts: &'s Texts| {
            // After the last token of a text nothing is asked, so there is no reading it.
            let unread = usize::from(self.answers == Answers::Next(field.clone()));
            let read = |&row: &usize| &texts.get(row)[..texts.get(row).len() - unread];
            let documents: Option<Vec<_>> = rows.iter().map(|&row| sentences(texts, row)).collect();
            let words = || rows.iter().map(read).collect::<Vec<_>>();
            match (documents, self.parents.get(field)) {
                (Some(documents), _) => Tokens::from_documents(&documents),
                (_, Some(parents)) => {
                    Tokens::from_trees(&words(), &rows.iter().map(|&row| parents.get(row)).collect::<Vec<_>>())
                }
                _ => Tokens::from_texts(&words()),
            }
        };
        let numbers = |series: &Series| {
            let rows: Vec<_> = rows.iter().map(|&row| series.get(row)).collect();
            Tokens::from_numbers(&rows, series.width())
        };
        let texts = self.texts.iter().map(|(field, texts)| (field.clone(), tokens(field, texts)));
        Batch {
            indices: rows.to_vec(),
            texts: texts.chain(self.numbers.iter().map(|(field, series)| (field.clone(), numbers(series)))).collect(),
            expected: self.expected(rows),
        }
    }

    /// What the scores of the given rows are compared with.
    fn expected(&self, rows: &[usize]) -> Expected {
        match &self.answers {
            Answers::Classes(classes) => Expected::Classes(rows.iter().map(|&row| classes[row]).collect()),
            Answers::Numbers(numbers) => Expected::Numbers(rows.iter().map(|&row| numbers[row]).collect()),
            Answers::Tags(tags) => {
                let tags: Vec<_> = rows.iter().map(|&row| tags.get(row)).collect();
                Expected::Classes(time_major(&tags, IGNORED).1)
            }
            Answers::Next(text) => {
                let next: Vec<_> = rows.iter().map(|&row| &self.texts[text].get(row)[1..]).collect();
                Expected::Classes(time_major(&next, IGNORED).1)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::dataset::tests::{data, load};

    /// Rows of 1 to 40 tokens, in no order.
    fn split(rows: usize) -> Split {
        let mut content = "text\tlabel\n".to_owned();
        for row in 0..rows {
            let length = 1 + row * 7919 % 40;
            content += &format!("{}\t{}\n", vec!["w"; length].join(" "), row % 3);
        }
        load(&data("words"), &[("train.tsv", &content)]).unwrap().train
    }

    #[test]
    fn batches_are_a_partition_of_the_rows() {
        for rows in [2, 31, 32, 33, 700] {
            let split = split(rows);
            for order in [Order::Sorted, Order::Shuffled { seed: 1, epoch: 0 }] {
                let batches = batches(&split, 8, order);
                assert_eq!(batches.len(), rows.div_ceil(8));
                assert!(batches.iter().filter(|batch| batch.len() != 8).count() <= 1);
                let mut all = batches.concat();
                all.sort_unstable();
                assert_eq!(all, (0..rows).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn the_order_follows_from_seed_and_epoch() {
        let split = split(300);
        let shuffled = |seed, epoch| batches(&split, 8, Order::Shuffled { seed, epoch });
        assert_eq!(shuffled(1, 0), shuffled(1, 0));
        let as_sets = |batches: Vec<Vec<usize>>| -> std::collections::BTreeSet<Vec<usize>> {
            batches
                .into_iter()
                .map(|mut batch| {
                    batch.sort_unstable();
                    batch
                })
                .collect()
        };
        assert_ne!(as_sets(shuffled(1, 0)), as_sets(shuffled(1, 1)), "other batches, not only another order of them");
        assert_ne!(as_sets(shuffled(1, 0)), as_sets(shuffled(2, 0)));
    }

    #[test]
    fn rows_of_a_batch_have_close_lengths_and_the_longest_is_first() {
        let split = split(8 * CHUNK);
        for order in [Order::Sorted, Order::Shuffled { seed: 1, epoch: 0 }] {
            let batches = batches(&split, 8, order);
            let ranges: Vec<(usize, usize)> = batches
                .iter()
                .map(|batch| {
                    assert!(batch.is_sorted_by_key(|&row| Reverse(split.length(row))));
                    (split.length(batch[7]), split.length(batch[0]))
                })
                .collect();
            // As many rows as are sorted together: no batch reaches into the lengths of another.
            for (i, a) in ranges.iter().enumerate() {
                assert!(a.1 - a.0 <= 1);
                assert!(ranges[..i].iter().all(|b| a.1 <= b.0 || b.1 <= a.0));
            }
            let rising = ranges.windows(2).filter(|pair| pair[0].1 < pair[1].1).count();
            assert_eq!(rising == 0, order == Order::Sorted, "shuffled batches do not come by length");
        }
    }

    #[test]
    fn ids_are_time_major_and_padded_with_zero() {
        let tokens = Tokens::from_texts(&[vec![5, 6, 7], vec![8]]);
        assert_eq!(tokens, Tokens { ids: vec![5, 8, 6, 0, 7, 0], steps: 3, lengths: vec![3, 1], ..Tokens::default() });
        assert_eq!(tokens.batch(), 2);
        assert_eq!(Tokens::from_texts::<Vec<u32>>(&[]), Tokens::default());
    }

    #[test]
    fn sentences_are_padded_by_words_and_documents_by_sentences() {
        let tokens = Tokens::from_documents(&[vec![vec![5, 6], vec![7]], vec![vec![8]]]);
        let sentences = Some(Sentences { steps: 2, lengths: vec![2, 1] });
        // Step by step, in it sentence by sentence, in it document by document.
        let ids = vec![5, 8, 7, 0, 6, 0, 0, 0];
        assert_eq!(tokens, Tokens { ids, steps: 2, lengths: vec![2, 1, 1, 0], sentences, ..Tokens::default() });
        assert_eq!(tokens.batch(), 2);
    }

    #[test]
    fn a_batch_holds_the_rows_asked_for() {
        let content = "text\tlabel\na b\tx\na\ty\nc a a\tx\n";
        let split = load(&data("words"), &[("train.tsv", content)]).unwrap().train;
        let batch = split.batch(&[2, 1]);
        assert_eq!((batch.indices, batch.expected), (vec![2, 1], Expected::Classes(vec![0, 1])));
        let tokens = Tokens { ids: vec![4, 2, 2, 0, 2, 0], steps: 3, lengths: vec![3, 1], ..Tokens::default() };
        assert_eq!(batch.texts["text"], tokens);
    }
}
