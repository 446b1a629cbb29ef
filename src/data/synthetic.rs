//! Rows that are made: the same for the same settings on every machine, and nothing is written to disk.

use super::labels::Labels;
use super::lines::sha256;
use super::split::Texts;
use super::{Answers, DataError, Dataset, File, Series, Split, UNK, Vocabulary};
use crate::ir::{Synthetic, Target, Task};
use crate::random::Random;
use std::collections::BTreeMap;

/// Keeps these random numbers apart from those for other purposes.
const PURPOSE: u64 = u64::from_be_bytes(*b"sources.");

/// What rows are for. Each part has a stream of random numbers of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Train,
    Valid,
    Test,
}

/// All rows of a source, for a model with this target.
pub fn dataset(source: &Synthetic, target: &Target) -> Result<Dataset, DataError> {
    let sound = |why: String| DataError::new("data", None, why);
    let (vocabularies, labels) = match source.task {
        Task::Adding { .. } => (BTreeMap::new(), None),
        Task::Copy { symbols, .. } => {
            let symbols = || (1..=symbols).map(|symbol| symbol.to_string());
            let tokens = ["<pad>", "<unk>"].map(str::to_owned).into_iter().chain(symbols());
            let tokens: Vec<String> = tokens.chain([BLANK.to_owned(), GO.to_owned()]).collect();
            let vocabulary = Vocabulary::try_from(tokens).map_err(sound)?;
            let labels = Labels::try_from(symbols().chain([BLANK.to_owned()]).collect::<Vec<_>>()).map_err(sound)?;
            (BTreeMap::from([("text".to_owned(), vocabulary)]), Some(labels))
        }
    };
    let labels = labels.filter(|_| target.has_labels());
    let rows = |part| rows(source, target, part);
    let train = rows(Part::Train).ok_or_else(|| sound("the source makes no rows to learn from".into()))?;
    // Every symbol is drawn many times.
    let once = BTreeMap::new();
    Ok(Dataset { vocabularies, once, labels, train, valid: rows(Part::Valid), test: rows(Part::Test) })
}

/// One part of a source; nothing where it is to have no rows.
pub fn rows(source: &Synthetic, target: &Target, part: Part) -> Option<Split> {
    let (count, name) = match part {
        Part::Train => (source.rows, "train"),
        Part::Valid => (source.valid_rows, "valid"),
        Part::Test => (source.test_rows, "test"),
    };
    if count == 0 {
        return None;
    }
    let mut random = Random::new(source.seed, &[PURPOSE, part as u64]);
    let made = match source.task {
        Task::Adding { length } => adding(length, count, &mut random),
        Task::Copy { symbols, length, delay } => copying(symbols, length, delay, count, &mut random),
    };
    let Made { texts, numbers, answers, sha256 } = made;
    let files = vec![File { path: format!("{name} rows of {source}"), sha256, rows: count }];
    // A language model of these texts needs no other answers.
    let answers = if let Target::Next(text) = target { Answers::Next(text.clone()) } else { answers };
    let (parents, widest) = (BTreeMap::new(), BTreeMap::new());
    Some(Split {
        texts,
        numbers,
        parents,
        widest,
        answers,
        rows: count,
        continuous: false,
        files,
        truncated: BTreeMap::new(),
        origins: Vec::new(),
        unknown: 0.0,
    })
}

struct Made {
    texts: BTreeMap<String, Texts>,
    numbers: BTreeMap<String, Series>,
    answers: Answers,
    sha256: String,
}

/// Every step a uniform number of `[0, 1)` and a mark, 1 at one step of each half and 0 elsewhere; asked for is the sum of
/// the marked numbers. To say 1, its mean, costs 1/6 in squared error.
fn adding(length: usize, rows: usize, random: &mut Random) -> Made {
    let mut input = Series::new(2);
    let mut sums = Vec::with_capacity(rows);
    for _ in 0..rows {
        let half = length / 2;
        let marked = [random.below(half), half + random.below(length - half)];
        let values: Vec<f32> = (0..length).map(|_| random.uniform() as f32).collect();
        sums.push(marked.iter().map(|step| values[*step]).sum());
        let mark = |step: usize| if marked.contains(&step) { 1.0 } else { 0.0 };
        input.push(values.iter().enumerate().flat_map(|(step, value)| [*value, mark(step)]));
    }
    let numbers = (0..rows).flat_map(|row| input.get(row)).chain(&sums);
    let sha256 = sha256(numbers.map(|number| number.to_le_bytes()));
    let numbers = BTreeMap::from([("input".to_owned(), input)]);
    Made { texts: BTreeMap::new(), numbers, answers: Answers::Numbers(sums), sha256 }
}

const BLANK: &str = "_";
/// Asks for the copy.
const GO: &str = ":";

/// `length` symbols, blanks, a colon `delay` steps after the last symbol, and blanks while the symbols are asked for; before
/// that the blank is. To remember nothing and guess costs `length * ln(symbols)` in cross entropy, over all steps.
fn copying(symbols: usize, length: usize, delay: usize, rows: usize, random: &mut Random) -> Made {
    let id = |symbol: usize| UNK + 1 + symbol as u32;
    let (blank, go) = (id(symbols), id(symbols + 1));
    let (mut text, mut copied) = (Texts::new(), Texts::new());
    for _ in 0..rows {
        let remembered: Vec<usize> = (0..length).map(|_| random.below(symbols)).collect();
        text.ids.extend(remembered.iter().map(|symbol| id(*symbol)));
        text.ids.extend(std::iter::repeat_n(blank, delay - 1));
        text.ids.push(go);
        text.ids.extend(std::iter::repeat_n(blank, length));
        text.end();
        copied.ids.extend(std::iter::repeat_n(symbols as u32, length + delay));
        copied.ids.extend(remembered.iter().map(|symbol| *symbol as u32));
        copied.end();
    }
    let sha256 = sha256(text.ids().iter().chain(copied.ids()).map(|id| id.to_le_bytes()));
    let texts = BTreeMap::from([("text".to_owned(), text)]);
    Made { texts, numbers: BTreeMap::new(), answers: Answers::Tags(copied), sha256 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Span;

    fn source(task: Task) -> Synthetic {
        Synthetic { task, rows: 500, valid_rows: 20, test_rows: 0, seed: 7, span: Span::default() }
    }

    #[test]
    fn two_numbers_are_marked_one_in_each_half_and_their_sum_is_asked_for() {
        let set = dataset(&source(Task::Adding { length: 9 }), &Target::Number("sum".into())).unwrap();
        assert_eq!((set.train.len(), set.valid.as_ref().map(Split::len), set.test), (500, Some(20), None));
        let Answers::Numbers(sums) = &set.train.answers else { panic!("sums are numbers") };
        let mut error = 0.0;
        for (row, sum) in sums.iter().enumerate() {
            let steps: Vec<&[f32]> = set.train.numbers["input"].get(row).chunks(2).collect();
            assert!(steps.iter().all(|step| (0.0..=1.0).contains(&step[0]) && [0.0, 1.0].contains(&step[1])));
            let marked: Vec<usize> = (0..9).filter(|t| steps[*t][1] == 1.0).collect();
            let [first, second] = marked[..] else { panic!("{marked:?}") };
            assert!(first < 4 && second >= 4);
            assert_eq!(*sum, steps[first][0] + steps[second][0]);
            error += f64::from(*sum - 1.0).powi(2) / 500.0;
        }
        // Of a sum of two uniform numbers: 2/12.
        assert!((error - 1.0 / 6.0).abs() < 0.03, "{error}");
    }

    #[test]
    fn the_first_symbols_come_again_at_the_end() {
        let copy = source(Task::Copy { symbols: 3, length: 2, delay: 4 });
        let set = dataset(&copy, &Target::Tags { field: "copied".into(), of: "text".into() }).unwrap();
        assert_eq!(set.vocabularies["text"].tokens(), ["<pad>", "<unk>", "1", "2", "3", "_", ":"]);
        assert_eq!(set.labels.unwrap().names(), ["1", "2", "3", "_"]);
        let Answers::Tags(copied) = &set.train.answers else { panic!("a label for every step") };
        for row in 0..500 {
            let (text, answer) = (set.train.texts["text"].get(row), copied.get(row));
            assert_eq!(text[2..], [5, 5, 5, 6, 5, 5]);
            assert_eq!(answer[..6], [3; 6]);
            assert_eq!([text[0] - 2, text[1] - 2], answer[6..]);
        }
        assert!((0..3).all(|symbol| copied.ids().contains(&symbol)));
        let next = dataset(&copy, &Target::Next("text".into())).unwrap();
        assert_eq!((next.train.answers, next.labels), (Answers::Next("text".into()), None));
    }

    #[test]
    fn rows_follow_from_the_seed_and_every_part_has_its_own() {
        let made = |seed, part| {
            rows(
                &Synthetic { seed, rows: 20, ..source(Task::Adding { length: 5 }) },
                &Target::Number("sum".into()),
                part,
            )
            .unwrap()
        };
        assert_eq!(made(1, Part::Train), made(1, Part::Train));
        let hashes = [made(1, Part::Train), made(1, Part::Valid), made(2, Part::Train)].map(|split| split.sha256());
        assert!(hashes[0] != hashes[1] && hashes[0] != hashes[2] && hashes.iter().all(|hash| hash.len() == 64));
        // The same bits on every machine.
        assert_eq!(hashes[0], "63bcff88c178e7908a79b2b163bc51199b33e37a9a2a364bd53ed2eddc0772c0");
    }
}
