//! The files of a split as ids: what is kept of train, valid or test. The texts themselves are gone after reading.

use super::tree::{self, Tree};
use super::{Answers, DataError, IGNORED, Labels, PAD, Series, Tokenizer, UNK, Vocabulary, answers, read};
use crate::ir::{Data, FieldKind, Format, Sentences, Target, Text, Windows};
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;
use std::path::PathBuf;

/// The texts of one field: ids one after the other, with where each text stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Texts {
    pub(super) ids: Vec<u32>,
    /// In the order of the rows. Windows of one text may overlap.
    ranges: Vec<Range<usize>>,
    /// Where texts are sequences of sentences.
    sentences: Option<Ends>,
}

/// Where sentences end.
#[derive(Debug, Clone, PartialEq)]
struct Ends {
    /// Of every sentence the place in the ids after it.
    ends: Vec<usize>,
    /// Which of the sentences are those of a text.
    ranges: Vec<Range<usize>>,
    kind: Sentences,
}

impl Texts {
    pub(super) fn new() -> Self {
        Self { ids: Vec::new(), ranges: Vec::new(), sentences: None }
    }

    /// For texts of sentences.
    fn of_sentences(kind: Sentences) -> Self {
        Self { sentences: Some(Ends { ends: Vec::new(), ranges: Vec::new(), kind }), ..Self::new() }
    }

    /// What the sentences are, where texts are sequences of them.
    pub fn sentence_kind(&self) -> Option<Sentences> {
        self.sentences.as_ref().map(|ends| ends.kind)
    }

    /// Some of the texts, in this order.
    pub(super) fn select(&self, rows: &[usize]) -> Self {
        let mut selected = self.sentences.as_ref().map_or_else(Self::new, |ends| Self::of_sentences(ends.kind));
        for row in rows {
            for sentence in self.sentences(*row).unwrap_or_else(|| vec![self.get(*row)]) {
                selected.ids.extend_from_slice(sentence);
                selected.end_sentence();
            }
            selected.end();
        }
        selected
    }

    /// A sentence ends here.
    fn end_sentence(&mut self) {
        if let Some(sentences) = &mut self.sentences {
            sentences.ends.push(self.ids.len());
        }
    }

    /// The sentences of text `i`, each with at least one token; nothing where texts have none.
    pub fn sentences(&self, i: usize) -> Option<Vec<&[u32]>> {
        let Ends { ends, ranges, .. } = self.sentences.as_ref()?;
        let mut start = self.ranges[i].start;
        let sentence = |end: &usize| &self.ids[std::mem::replace(&mut start, *end)..*end];
        Some(ends[ranges[i].clone()].iter().map(sentence).collect())
    }

    /// What was added since the last text is the next one.
    pub(super) fn end(&mut self) {
        let start = self.ids.len() - self.added();
        self.ranges.push(start..self.ids.len());
        if let Some(Ends { ends, ranges, .. }) = &mut self.sentences {
            ranges.push(ranges.last().map_or(0, |last| last.end)..ends.len());
        }
    }

    /// How many ids were added since the last text.
    fn added(&self) -> usize {
        self.ids.len() - self.ranges.last().map_or(0, |last| last.end)
    }

    /// The number of texts.
    fn len(&self) -> usize {
        self.ranges.len()
    }

    /// How many sentences text `i` has; nothing where texts have none.
    pub fn sentence_count(&self, i: usize) -> Option<usize> {
        Some(self.sentences.as_ref()?.ranges[i].len())
    }

    /// The ids of text `i`, at least one.
    pub fn get(&self, i: usize) -> &[u32] {
        &self.ids[self.ranges[i].clone()]
    }

    /// Cuts every text into pieces of `window` tokens with the one after them, `stride` from start to start; the last piece
    /// of a text may be shorter. A text of one token, after which there is none, goes.
    fn cut(&mut self, window: usize, stride: usize) {
        let pieces = |text: &Range<usize>| {
            let last = text.end.saturating_sub(1);
            // Another one starts where the one before does not reach the end.
            let reached = move |start: &usize| *start == 0 || start - stride + window < last - text.start;
            let text = text.clone();
            let starts = (0..last.saturating_sub(text.start)).step_by(stride).take_while(reached);
            starts
                .map(move |start| text.start + start..text.end.min(text.start + start + window + 1))
                .collect::<Vec<_>>()
        };
        self.ranges = self.ranges.iter().flat_map(pieces).collect();
    }

    fn bytes(&self) -> usize {
        let sentences = self.sentences.as_ref();
        let sentences = sentences.map_or(0, |ends| size_of_val(&ends.ends[..]) + size_of_val(&ends.ranges[..]));
        size_of_val(&self.ids[..]) + size_of_val(&self.ranges[..]) + sentences
    }

    /// All ids, text after text.
    pub fn ids(&self) -> &[u32] {
        &self.ids
    }
}

/// The rows of one file.
#[derive(Debug, Clone, PartialEq)]
pub struct Split {
    /// By the name of the field.
    pub texts: BTreeMap<String, Texts>,
    /// The same for fields of numbers.
    pub numbers: BTreeMap<String, Series>,
    /// Of the tree fields: the parent of every node.
    pub parents: BTreeMap<String, Texts>,
    /// Of the tree fields: the most children of any node, and the line they stand on.
    pub widest: BTreeMap<String, (usize, u64)>,
    pub answers: Answers,
    pub(super) rows: usize,
    /// Whether it is one text that is read on from piece to piece ([`super::Streams`]), and not row by row.
    pub continuous: bool,
    /// What was read; of rows that were held out none.
    pub files: Vec<File>,
    /// By field, how many texts were cut by `max_len`, `max_sentences` or `memory_size`.
    pub truncated: BTreeMap<String, usize>,
    /// Of every row; none of rows that were made, or are pieces of texts.
    pub origins: Vec<Origin>,
    /// The fraction of all tokens that have no entry in the vocabulary, `0..=1`.
    pub unknown: f64,
}

/// Where a row stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// Which of the files.
    pub file: usize,
    pub line: u64,
    /// A hash of its texts as they stand in the file: equal texts have the same.
    pub text: u64,
}

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    pub path: String,
    /// SHA-256 of the file's bytes, in hexadecimal.
    pub sha256: String,
    pub rows: usize,
}

impl Split {
    /// Reads files, one after the other, with the vocabularies and labels of the training data; `target` says what the answers are.
    ///
    /// Errors: those of [`read::rows`], a label that is unknown, a text field without a vocabulary.
    pub fn read(
        paths: &[PathBuf],
        data: &Data,
        target: &Target,
        vocabularies: &BTreeMap<String, Vocabulary>,
        labels: Option<&Labels>,
    ) -> Result<Self, DataError> {
        let name = named(paths);
        let vocabularies: Vec<&Vocabulary> = text_fields(data)
            .map(|(field, _)| {
                let missing = || DataError::new(&name, None, format!("no vocabulary for the field `{field}`"));
                vocabularies.get(data.vocabulary_of(field)).ok_or_else(missing)
            })
            .collect::<Result<_, _>>()?;
        let token = |field: usize, token: &str| vocabularies[field].id(token);
        let label = |path: &str, line, label: &str| {
            let Some(label) = target.grouping(data).map_or(Some(label), |grouping| grouping.class(label)) else {
                return Ok(IGNORED);
            };
            let Some(labels) = labels else {
                return Err(DataError::new(&name, None, format!("no classes for the field `{}`", target.field())));
            };
            labels.id(label).ok_or_else(|| labels.unknown(path, line, label))
        };
        let mut split = Self::scan(paths, data, target, token, label)?;
        split.number(|_, id| id);
        // Every token is predicted once.
        split.cut(data, |windows| windows.window)?;
        Ok(split)
    }

    /// Cuts the texts of a language model as `data` says, windows `stride` apart; without windows only what has nothing to
    /// be predicted goes.
    pub(super) fn cut(&mut self, data: &Data, stride: impl Fn(Windows) -> usize) -> Result<(), DataError> {
        let Answers::Next(field) = &self.answers else { return Ok(()) };
        self.origins.clear();
        let windows = text_fields(data).find(|(name, _)| name == field).and_then(|(_, text)| text.windows);
        let Some(texts) = self.texts.get_mut(field) else { return Ok(()) };
        match windows {
            Some(windows) => texts.cut(windows.window, stride(windows)),
            None => texts.ranges.retain(|text| text.len() > 1),
        }
        self.rows = texts.len();
        match self.rows {
            0 => Err(DataError::new(&self.path(), None, "there is no token after the first, so nothing to predict")),
            _ => Ok(()),
        }
    }

    /// How many examples there are: rows, or, where the next token is asked for, tokens to predict.
    pub fn examples(&self) -> usize {
        match &self.answers {
            Answers::Next(field) => self.texts[field].ranges.iter().map(|text| text.len() - 1).sum(),
            _ => self.rows,
        }
    }

    /// The number of rows, at least 1.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.rows
    }

    /// The number of tokens of row `i`, over all its texts; a step of numbers counts as one.
    pub fn length(&self, i: usize) -> usize {
        let texts = self.texts.values().map(|texts| texts.get(i).len());
        texts.chain(self.numbers.values().map(|series| series.steps(i))).sum()
    }

    /// The number of steps of row `i` in one field that is read.
    pub fn steps(&self, field: &str, i: usize) -> usize {
        let text = self.texts.get(field).map(|texts| texts.get(i).len());
        text.or_else(|| Some(self.numbers.get(field)?.steps(i))).unwrap_or(0)
    }

    /// The memory that it takes, about.
    pub(super) fn bytes(&self) -> usize {
        let texts = self.texts.values().chain(self.parents.values()).map(Texts::bytes).sum::<usize>();
        let values = self.numbers.values().flat_map(|series| (0..self.rows).map(|row| series.get(row).len()));
        let numbers = values.sum::<usize>();
        let answers = match &self.answers {
            Answers::Classes(classes) => size_of_val(classes.as_slice()),
            Answers::Tags(tags) => tags.bytes(),
            Answers::Numbers(numbers) => size_of_val(numbers.as_slice()),
            Answers::Next(_) => 0,
        };
        texts + numbers * size_of::<f32>() + answers + size_of_val(self.origins.as_slice())
    }

    /// How the files are called in messages.
    pub fn path(&self) -> String {
        named(&self.files.iter().map(|file| PathBuf::from(&file.path)).collect::<Vec<_>>())
    }

    /// The SHA-256 of every file, in hexadecimal.
    pub fn sha256(&self) -> String {
        self.files.iter().map(|file| file.sha256.as_str()).collect::<Vec<_>>().join(" ")
    }

    /// Some of the rows, in this order.
    pub(super) fn select(&self, rows: &[usize]) -> Self {
        let select = |fields: &BTreeMap<String, Texts>| {
            fields.iter().map(|(field, texts)| (field.clone(), texts.select(rows))).collect()
        };
        let (texts, parents, answers) = (select(&self.texts), select(&self.parents), self.answers.select(rows));
        let numbers = self.numbers.iter().map(|(field, series)| (field.clone(), series.select(rows))).collect();
        let origins = rows.iter().filter_map(|row| self.origins.get(*row).copied()).collect();
        Self { texts, numbers, parents, answers, origins, rows: rows.len(), ..self.clone() }
    }

    /// Reads files in one pass. `token` numbers a token of the text field with the given place, `label` a class.
    pub(super) fn scan(
        paths: &[PathBuf],
        data: &Data,
        target: &Target,
        mut token: impl FnMut(usize, &str) -> u32,
        mut label: impl FnMut(&str, u64, &str) -> Result<u32, DataError>,
    ) -> Result<Self, DataError> {
        let fields: Vec<(&str, Tokenizer)> =
            text_fields(data).map(|(field, text)| (field, Tokenizer::new(text))).collect();
        let lowercase: Vec<bool> = text_fields(data).map(|(_, text)| text.lowercase).collect();
        let mut parents: BTreeMap<String, Texts> = BTreeMap::new();
        let mut widest: BTreeMap<String, (usize, u64)> = BTreeMap::new();
        let answer = answers::column(data, target).map_err(|message| DataError::new(&named(paths), None, message))?;
        let about = fields.iter().position(|(field, _)| matches!(target, Target::Tags { of, .. } if of == field));
        let mut columns: Vec<&str> =
            text_fields(data).filter_map(|(field, _)| Some(data.field(field)?.column.as_str())).collect();
        columns.extend(answer);

        let texts = |text: &Text| text.sentences.map_or_else(Texts::new, Texts::of_sentences);
        let mut texts: Vec<Texts> = text_fields(data).map(|(_, text)| texts(text)).collect();
        let (mut answers, mut count) = (Answers::new(target), 0);
        let (mut truncated, mut origins) = (BTreeMap::<String, usize>::new(), Vec::new());
        let mut files: Vec<File> = Vec::new();
        for path in paths {
            let (name, before) = (path.display().to_string(), count);
            let mut rows = read::rows(path, data.format, target, &columns)?;
            for row in rows.by_ref() {
                let read::Row { line, values } = row?;
                origins.push(Origin { file: files.len(), line, text: hash(&values[..fields.len()]) });
                let mut of = (0, false);
                for (i, (((field, tokenizer), texts), value)) in fields.iter().zip(&mut texts).zip(&values).enumerate()
                {
                    if data.is_tree(field) {
                        let wrong = |message| DataError::new(&name, line, message);
                        let no_tree = |why| wrong(format!("the {field} is no tree: {why}")).help(A_TREE);
                        let tree = Tree::parse(value).map_err(no_tree)?;
                        let lower = |word: &str| if lowercase[i] { word.to_lowercase() } else { word.to_owned() };
                        texts.ids.extend(tree.nodes.iter().map(|node| match node.word {
                            Some(word) => token(i, &lower(word)),
                            None => NO_WORD,
                        }));
                        texts.end();
                        let parents = parents.entry((*field).to_owned()).or_insert_with(Texts::new);
                        parents.ids.extend(tree.parents());
                        parents.end();
                        let children = tree::most_children(parents.get(count));
                        if widest.get(*field).is_none_or(|(most, _)| children > *most) {
                            widest.insert((*field).to_owned(), (children, line));
                        }
                        if about == Some(i) {
                            for (n, node) in tree.nodes.iter().enumerate() {
                                let label_missing =
                                    || wrong(format!("node {} of the tree has no label", n + 1)).help(A_TREE);
                                answers.push(label(&name, line, node.label.ok_or_else(label_missing)?)?);
                            }
                            answers.end();
                        }
                        continue;
                    }
                    let (sentences, mut cut) = tokenizer.sentences(value);
                    for sentence in sentences {
                        cut |= tokenizer.each(sentence, |piece| texts.ids.push(token(i, piece)));
                        texts.end_sentence();
                    }
                    if cut {
                        *truncated.entry((*field).to_owned()).or_default() += 1;
                    }
                    if texts.added() == 0 {
                        return Err(DataError::new(&name, line, format!("the text of `{field}` has no token")));
                    }
                    texts.end();
                    if about == Some(i) {
                        of = (texts.get(texts.len() - 1).len(), cut);
                    }
                }
                if answer.is_some() {
                    let fail = |message| DataError::new(&name, line, message);
                    answers.read(&values[fields.len()], of, &mut |value| label(&name, line, value), &fail)?;
                }
                count += 1;
            }
            files.push(File { sha256: rows.sha256(), rows: count - before, path: name });
        }
        let texts = fields.into_iter().map(|(field, _)| field.to_owned()).zip(texts).collect();
        let is_text = |path: &PathBuf| data.format.of(path, target) == Format::Text;
        let continuous = paths.iter().all(is_text) && text_fields(data).all(|(_, text)| text.windows.is_none());
        let numbers = BTreeMap::new();
        let unknown = 0.0;
        Ok(Self {
            texts,
            numbers,
            parents,
            widest,
            answers,
            rows: count,
            continuous,
            files,
            truncated,
            origins,
            unknown,
        })
    }

    /// Gives every word its id, by the name of its field and the number it was read with; counts those without an entry.
    pub(super) fn number(&mut self, id: impl Fn(&str, u32) -> u32) {
        for (field, texts) in &mut self.texts {
            for word in &mut texts.ids {
                *word = if *word == NO_WORD { PAD } else { id(field, *word) };
            }
        }
        let ids = || self.texts.values().flat_map(Texts::ids).filter(|id| **id != PAD);
        self.unknown = ids().filter(|&&id| id == UNK).count() as f64 / ids().count().max(1) as f64;
    }
}

/// The same for equal texts, on every machine.
fn hash(texts: &[String]) -> u64 {
    let mut hasher = DefaultHasher::new();
    texts.hash(&mut hasher);
    hasher.finish()
}

/// Stands for the word of a node that has none, while words have provisional numbers.
const NO_WORD: u32 = u32::MAX;

const A_TREE: &str = "a node is `(label word)` or `(label left right)`; without labels `(word)` and `((word) (word))`";

/// Files as they are called in messages.
fn named(paths: &[PathBuf]) -> String {
    match paths {
        [] => String::new(),
        [path] => path.display().to_string(),
        [path, others @ ..] => format!("{} and {} more", path.display(), others.len()),
    }
}

/// The text fields in the order of `data`.
pub(super) fn text_fields(data: &Data) -> impl Iterator<Item = (&str, &crate::ir::Text)> {
    data.fields.iter().filter_map(|field| match &field.kind {
        FieldKind::Text(text) => Some((field.name.as_str(), text)),
        _ => None,
    })
}
