//! All files of an experiment as ids. Vocabularies and labels come from train and from nothing else.

use super::error::quoted;
use super::labels::sorted;
use super::split::text_fields;
use super::vocabulary::Counter;
use super::{DataError, IGNORED, Labels, Split, Vocabulary, synthetic};
use crate::ir::{self, Data, Target};
use crate::random::Random;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;

/// What a `data { … }` block declares, read.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    /// By the name of the text field; one that uses another's vocabulary has none.
    pub vocabularies: BTreeMap<String, Vocabulary>,
    /// Of each vocabulary, how many of its tokens occur once in the training texts.
    pub once: BTreeMap<String, usize>,
    /// The classes, where the target has some.
    pub labels: Option<Labels>,
    pub train: Split,
    pub valid: Option<Split>,
    pub test: Option<Split>,
}

impl Dataset {
    /// Reads every declared file, or makes the rows, for a model with this target. `resolve` turns a path as written into one that can be
    /// opened.
    ///
    /// Errors: those of [`Split::read`], no training file, a training file with only one class.
    pub fn load(data: &Data, target: &Target, resolve: &dyn Fn(&str) -> PathBuf) -> Result<Self, DataError> {
        if let Some(source) = &data.source {
            return synthetic::dataset(source, target);
        }
        let paths = |paths: &[ir::Path]| paths.iter().map(|path| resolve(&path.text)).collect::<Vec<_>>();
        if data.train.is_empty() {
            return Err(
                DataError::new("data", None, "no `train` file is declared").help("add `train = \"…\"` to `data`")
            );
        }
        let (vocabularies, once, labels, train) = read_train(&paths(&data.train), data, target)?;
        let read = |files: &[ir::Path]| match files {
            [] => Ok(None),
            files => Split::read(&paths(files), data, target, &vocabularies, labels.as_ref()).map(Some),
        };
        let (valid, test) = (read(&data.valid)?, read(&data.test)?);
        Ok(Self { vocabularies, once, labels, train, valid, test })
    }

    /// The memory that all of it takes, about: ids and places of texts, answers, tokens with their numbers.
    pub fn bytes(&self) -> usize {
        // A token stands in a list and in a map, each with its own copy.
        const TOKEN: usize = 2 * (size_of::<String>() + 16) + 8;
        let splits = std::iter::once(&self.train).chain(&self.valid).chain(&self.test);
        let tokens = self.vocabularies.values().map(|vocabulary| TOKEN * vocabulary.len()).sum::<usize>();
        splits.map(Split::bytes).sum::<usize>() + tokens
    }

    /// Makes a share of the training rows, drawn by the seed, the validation rows. At least one row stays on either side.
    /// Vocabulary and classes are still those of all of them.
    ///
    /// Errors: a single training row.
    pub fn hold_out(&mut self, share: f64, seed: u64) -> Result<(), DataError> {
        let count = self.train.len();
        if count < 2 || self.train.continuous {
            let message = "there are no rows to hold some out for validation; name a file for it";
            return Err(DataError::new(&self.train.path(), None, message));
        }
        let mut rows: Vec<usize> = (0..count).collect();
        Random::new(seed, &[HELD_OUT]).shuffle(&mut rows);
        let held = ((share * count as f64).round() as usize).clamp(1, count - 1);
        let (valid, train) = rows.split_at_mut(held);
        valid.sort_unstable();
        train.sort_unstable();
        let mut held_out = self.train.select(valid);
        held_out.files.clear();
        self.train = self.train.select(train);
        self.valid = Some(held_out);
        Ok(())
    }
}

/// Keeps the random numbers that choose rows apart from those for other purposes.
const HELD_OUT: u64 = u64::from_be_bytes(*b"held out");

/// One pass over the training file: tokens and classes get the number of their first appearance, and afterwards,
/// when all counts are known, the id that follows from them.
type Train = (BTreeMap<String, Vocabulary>, BTreeMap<String, usize>, Option<Labels>, Split);

fn read_train(paths: &[PathBuf], data: &Data, target: &Target) -> Result<Train, DataError> {
    let mut counters: Vec<Counter> = text_fields(data).map(|_| Counter::default()).collect();
    // A field without a vocabulary of its own counts for the one it uses.
    let place = |field| text_fields(data).position(|(name, _)| name == data.vocabulary_of(field)).unwrap_or_default();
    let counts_for: Vec<usize> = text_fields(data).map(|(field, _)| place(field)).collect();
    let mut classes: HashMap<String, u32> = HashMap::new();
    let mut names: Vec<String> = Vec::new();
    let token = |field: usize, token: &str| counters[counts_for[field]].number(token);
    let mut seen = HashSet::new();
    let grouping = target.grouping(data);
    let label = |_: &str, _: u64, label: &str| {
        if grouping.is_some() && !seen.contains(label) {
            seen.insert(label.to_owned());
        }
        let Some(label) = grouping.map_or(Some(label), |grouping| grouping.class(label)) else { return Ok(IGNORED) };
        if let Some(number) = classes.get(label) {
            return Ok(*number);
        }
        let number = u32::try_from(names.len()).expect("2³² classes fit no memory");
        names.push(label.to_owned());
        classes.insert(label.to_owned(), number);
        Ok(number)
    };
    let mut train = Split::scan(paths, data, target, token, label)?;

    if let Some(absent) = grouping.and_then(|grouping| grouping.labels().find(|label| !seen.contains(*label))) {
        let message = format!("the label {}, which `{}` speaks of, does not occur", quoted(absent), target.field());
        let help = "`merge` and `ignore` are about labels of the training data";
        return Err(DataError::new(&train.path(), None, message).help(help).about_classes());
    }
    let labels = if target.has_labels() { Some(labels(&mut train, names)?) } else { None };

    let (mut vocabularies, mut once) = (BTreeMap::new(), BTreeMap::new());
    let mut ids = BTreeMap::new();
    for ((owner, text), counter) in text_fields(data).zip(counters).filter(|((_, text), _)| text.vocabulary.is_none()) {
        let (vocabulary, seen_once, became) = counter.finish(text.min_count, text.max_vocab);
        ids.insert(owner, became);
        once.insert(owner.to_owned(), seen_once);
        vocabularies.insert(owner.to_owned(), vocabulary);
    }
    train.number(|field, number| ids[data.vocabulary_of(field)][number as usize]);
    train.cut(data, |windows| windows.stride)?;
    Ok((vocabularies, once, labels, train))
}

/// The classes of the training data, their answers numbered in the order of their names.
fn labels(train: &mut Split, names: Vec<String>) -> Result<Labels, DataError> {
    let (became, names) = sorted(names);
    if let [only] = names.as_slice() {
        let message = format!("every row has the label {}", quoted(only));
        let help = "training needs rows of at least two classes";
        return Err(DataError::new(&train.path(), None, message).help(help).about_classes());
    }
    let labels = Labels::try_from(names).map_err(|message| DataError::new(&train.path(), None, message))?;
    let classes = train.answers.classes_mut().iter_mut().filter(|class| **class != IGNORED);
    classes.for_each(|class| *class = became[*class as usize]);
    Ok(labels)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::data::{Answers, Tokens};
    use crate::ir::{Field, FieldKind, Format, Sentences, Text, TextKind};
    use crate::source::Span;

    /// `data { train = "train.tsv" … text : words label : class }`, with the other settings the first argument names.
    pub fn data(settings: &str) -> Data {
        let span = Span::default();
        let path = |name: &str| {
            let path = settings.contains(name).then(|| ir::Path { text: format!("{name}.tsv"), span });
            path.into_iter().collect::<Vec<_>>()
        };
        let text = Text {
            kind: if settings.contains("chars") { TextKind::Chars } else { TextKind::Words },
            lowercase: settings.contains("lowercase"),
            min_count: if settings.contains("min_count") { 2 } else { 1 },
            max_len: settings.contains("max_len").then_some(3),
            max_vocab: settings.contains("max_vocab").then_some(1),
            keep_spaces: false,
            windows: None,
            punctuation: true,
            vocabulary: None,
            sentences: None,
        };
        let field = |name: &str, kind| Field { name: name.to_owned(), column: name.to_owned(), kind, span };
        Data {
            train: vec![ir::Path { text: "train.tsv".to_owned(), span }],
            held_out: None,
            valid: path("valid"),
            test: path("test"),
            format: Format::Auto,
            source: None,
            fields: vec![field("text", FieldKind::Text(text)), field("label", FieldKind::Class)],
            span,
        }
    }

    fn target() -> Target {
        Target::Class("label".to_owned())
    }

    /// Loads files with the given contents; an error shows their names without the folder.
    pub fn load(data: &Data, files: &[(&str, &str)]) -> Result<Dataset, String> {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            std::fs::write(folder.path().join(name), content).unwrap();
        }
        Dataset::load(data, &target(), &|name| folder.path().join(name))
            .map_err(|error| error.to_string().replace(&format!("{}/", folder.path().display()), ""))
    }

    const TRAIN: &str = "text\tlabel\nB a b\t10\na c, b\t9\na a d e f\t10\n";

    #[test]
    fn tokens_and_labels_of_train_become_ids() {
        let set = load(&data("lowercase min_count max_len"), &[("train.tsv", TRAIN)]).unwrap();
        // Cut to three tokens: b a b | a c , | a a d
        assert_eq!(set.vocabularies["text"].tokens(), ["<pad>", "<unk>", "a", "b"]);
        assert_eq!(set.labels.as_ref().unwrap().names(), ["9", "10"]);
        let texts = &set.train.texts["text"];
        assert_eq!((texts.get(0), texts.get(1), texts.get(2)), (&[3, 2, 3][..], &[2, 1, 1][..], &[2, 2, 1][..]));
        assert_eq!(
            (&set.train.answers, set.train.truncated["text"], set.train.len()),
            (&Answers::Classes(vec![1, 0, 1]), 2, 3)
        );
        assert_eq!(set.train.unknown, 3.0 / 9.0);
        assert_eq!((set.valid, set.test), (None, None));

        let few = load(&data("max_vocab"), &[("train.tsv", TRAIN)]).unwrap();
        assert_eq!(few.vocabularies["text"].tokens(), ["<pad>", "<unk>", "a"]);
    }

    #[test]
    fn files_are_read_one_after_the_other() {
        let span = Span::default();
        let path = |text: &str| ir::Path { text: text.to_owned(), span };
        let data = Data { train: vec![path("train.tsv"), path("more.tsv")], ..data("") };
        let more = "text\tlabel\nz a\t8\n";
        let set = load(&data, &[("train.tsv", TRAIN), ("more.tsv", more)]).unwrap();
        assert_eq!((set.train.len(), set.labels.unwrap().names()), (4, &["8".into(), "9".into(), "10".into()][..]));
        assert_eq!(set.vocabularies["text"].token(set.train.texts["text"].get(3)[0]), Some("z"));
        let rows: Vec<(bool, usize)> =
            set.train.files.iter().map(|file| (file.path.ends_with("more.tsv"), file.rows)).collect();
        assert_eq!(rows, [(false, 3), (true, 1)]);
        let bad = load(&data, &[("train.tsv", TRAIN), ("more.tsv", "text\tlabel\nz\n")]).unwrap_err();
        assert!(bad.starts_with("more.tsv:2: 1 value"), "{bad}");
    }

    #[test]
    fn a_share_of_the_rows_is_held_out_by_the_seed() {
        let rows: String = (0..40).map(|row| format!("w{row}\t{}\n", row % 2)).collect();
        let held = |share, seed| {
            let mut set = load(&data(""), &[("train.tsv", &format!("text\tlabel\n{rows}"))]).unwrap();
            set.hold_out(share, seed).unwrap();
            let ids = |split: &Split| (0..split.len()).map(|row| split.texts["text"].get(row)[0]).collect::<Vec<_>>();
            let valid = set.valid.unwrap();
            // Every row keeps its own answer.
            for split in [&set.train, &valid] {
                let Answers::Classes(classes) = &split.answers else { panic!("classes") };
                assert!(ids(split).iter().zip(classes).all(|(id, class)| id % 2 == *class));
            }
            assert!(valid.files.is_empty() && set.train.files.len() == 1);
            (ids(&set.train), ids(&valid))
        };
        let (train, valid) = held(0.25, 1);
        assert_eq!((train.len(), valid.len()), (30, 10));
        let mut all = [train.clone(), valid.clone()].concat();
        all.sort_unstable();
        assert_eq!(all, (2..42).collect::<Vec<_>>());
        assert_eq!(held(0.25, 1), (train, valid.clone()));
        assert_ne!(held(0.25, 2).1, valid);
        assert_eq!((held(1e-9, 1).1.len(), held(1.0 - 1e-9, 1).0.len()), (1, 1));
    }

    #[test]
    fn a_vocabulary_can_serve_two_fields_and_stories_keep_their_sentences() {
        let span = Span::default();
        let field = |name: &str, kind| Field { name: name.to_owned(), column: name.to_owned(), kind, span };
        let FieldKind::Text(words) = data("lowercase").fields[0].kind.clone() else { panic!("a text") };
        let story = Text { sentences: Some(Sentences::Story { memory_size: Some(2), noise: 0.5 }), ..words.clone() };
        let question = Text { vocabulary: Some("story".into()), ..words };
        let fields = vec![
            field("story", FieldKind::Text(story)),
            field("question", FieldKind::Text(question)),
            field("answer", FieldKind::Class),
        ];
        let data = Data { format: Format::Babi, fields, ..data("") };
        let content = "1 A b c\n2 D\n3 Who? \tx\t1\n4 E b\n5 Who b?\ty\n";
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("train.tsv"), content).unwrap();
        let set = Dataset::load(&data, &Target::Class("answer".into()), &|name| folder.path().join(name)).unwrap();
        assert_eq!(set.vocabularies.keys().collect::<Vec<_>>(), ["story"]);
        // The question's tokens count for it: `who` and `?` are as frequent as `d`.
        let tokens = set.vocabularies["story"].tokens();
        assert_eq!(tokens, ["<pad>", "<unk>", "b", "d", "who", "?", "a", "c", "e"]);
        let batch = set.train.batch(&[0, 1]);
        let expected = Tokens::from_documents(&[vec![vec![6, 2, 7], vec![3]], vec![vec![3], vec![8, 2]]]);
        assert_eq!(batch.texts["story"], expected);
        assert_eq!((expected.lengths, expected.sentences.unwrap().lengths), (vec![3, 1, 1, 2], vec![2, 2]));
        assert_eq!(batch.texts["question"].ids, [4, 4, 5, 2, 0, 5]);
        let noisy = |step| set.train.batch_with_noise(&[0, 1], 1, &[step]);
        assert_eq!(noisy(3), noisy(3));
        assert!((0..20).any(|step| noisy(step) != batch), "sometimes there is noise");
    }

    #[test]
    fn the_vocabulary_knows_train_alone() {
        let valid = "label\ttext\n9\ta new b\n";
        let test = "text\tlabel\nnew new\t10\n";
        let files = [("train.tsv", TRAIN), ("valid.tsv", valid), ("test.tsv", test)];
        let set = load(&data("valid test"), &files).unwrap();
        assert_eq!(set.vocabularies["text"].get("new"), None);
        assert_eq!(set.vocabularies, load(&data(""), &files).unwrap().vocabularies);
        let (valid, test) = (set.valid.unwrap(), set.test.unwrap());
        assert_eq!(valid.texts["text"].ids(), [2, 1, 3]);
        assert_ne!(valid.sha256(), test.sha256());
        assert_eq!((valid.answers, valid.unknown, test.unknown), (Answers::Classes(vec![0]), 1.0 / 3.0, 1.0));
    }

    #[test]
    fn train_read_again_is_train() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("train.tsv"), TRAIN).unwrap();
        let data = data("chars");
        let set = Dataset::load(&data, &target(), &|name| folder.path().join(name)).unwrap();
        let path = folder.path().join("train.tsv");
        let again =
            Split::read(std::slice::from_ref(&path), &data, &target(), &set.vocabularies, set.labels.as_ref()).unwrap();
        assert_eq!(again, set.train);
    }

    #[test]
    fn what_does_not_fit_train_is_an_error_at_its_line() {
        let many: String = (0..12).map(|i| format!("x\tclass{i}\n")).collect();
        let many = format!("text\tlabel\n{many}");
        for (train, valid, expected) in [
            (
                "text\tlabel\na\tx\nb\tx\n",
                "",
                "train.tsv: every row has the label `x`\n  help: training needs rows of at least two classes",
            ),
            (
                "text\tlabel\na\tneg\nb\tpos\n",
                "text\tlabel\na\tneg\na\tPos\n",
                "valid.tsv:3: the label `Pos` does not occur in the training data\n  \
                 help: did you mean `pos`? the classes are `neg`, `pos`",
            ),
            (
                &many,
                "text\tlabel\na\tother thing\n",
                "valid.tsv:2: the label `other thing` does not occur in the training data\n  \
                 help: the classes are `class0`, `class1`, `class10`, `class11`, `class2`, `class3`, `class4`, \
                 `class5`, `class6`, `class7` and 2 more",
            ),
        ] {
            let loaded = load(&data("valid"), &[("train.tsv", train), ("valid.tsv", valid)]);
            assert_eq!(loaded.unwrap_err(), expected);
        }
        assert_eq!(load(&data(""), &[]).unwrap_err(), "train.tsv: there is no such file");
        let error = load(&Data { train: Vec::new(), ..data("") }, &[]).unwrap_err();
        assert_eq!(error, "data: no `train` file is declared\n  help: add `train = \"…\"` to `data`");
    }

    #[test]
    fn real_reviews_are_read_whole() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/sst2");
        if !folder.is_dir() {
            eprintln!("skipped: shared data not present");
            return;
        }
        let set = Dataset::load(&data("valid test lowercase min_count"), &target(), &|name| folder.join(name)).unwrap();
        let rows = |split: &Option<Split>| split.as_ref().map(Split::len);
        assert_eq!((set.train.len(), rows(&set.valid), rows(&set.test)), (6920, Some(872), Some(1821)));
        assert_eq!(set.labels.as_ref().unwrap().names(), ["0", "1"]);
        assert!(set.train.unknown < 0.1 && set.test.unwrap().unknown < 0.15);
    }
}
