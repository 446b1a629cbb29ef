//! Answers for texts.

use std::collections::BTreeMap;

use super::Predictor;
use crate::data::tree::{self, Tree};
use crate::data::{DataError, Expected, Labels, PAD, Split, Tokenizer, Tokens, Vocabulary};
use crate::ir::{FieldKind, Graph, Target, TextKind};
use crate::lower::{Loss, LowerError, Mode, largest, softmax, to_rows, to_scalar};

/// What a model says about one text.
#[derive(Debug, Clone, PartialEq)]
pub enum Prediction {
    /// The class of a text; the probabilities stand in the order of the labels and sum to one.
    Class {
        label: String,
        probabilities: Vec<f32>,
    },
    /// For every token its class and how probable that is.
    Tags(Vec<(String, f32)>),
    /// The class at the root of a tree, as that of a text, and those of all nodes.
    Tree {
        label: String,
        probabilities: Vec<f32>,
        /// From the root on: the number of its parent, its class and how probable that is.
        nodes: Vec<(u32, String, f32)>,
    },
    Number(f32),
    /// How probable a text is: `-log p` of each of so many tokens, given those before it, on the mean.
    Text {
        loss: f64,
        tokens: usize,
    },
}

/// A field as the model reads it: the ids of a text's tokens, or of a tree's nodes with their parents, or numbers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Encoded {
    pub ids: Vec<u32>,
    pub parents: Vec<u32>,
    /// Vectors, one after the other.
    pub numbers: Vec<f32>,
    /// How many tokens each of its sentences has, where it is a sequence of them.
    pub sentences: Vec<usize>,
}

impl Encoded {
    /// The ids sentence by sentence.
    fn documents(&self) -> Vec<&[u32]> {
        let mut rest = self.ids.as_slice();
        let cut = |length: &usize| {
            let (sentence, after) = rest.split_at(*length);
            rest = after;
            sentence
        };
        self.sentences.iter().map(cut).collect()
    }
}

/// That no tree of a split has a node with more children than the model's cells read.
pub fn check_children(graph: &Graph, split: &Split) -> Result<(), DataError> {
    for (field, (children, line)) in &split.widest {
        if let Some(most) = graph.most_children(field).filter(|most| children > most) {
            let error = DataError::new(&split.path(), *line, too_many_children(*children, most));
            return Err(error.help("`child_sum_tree_lstm` reads any number; or make the trees binary"));
        }
    }
    Ok(())
}

fn too_many_children(children: usize, most: usize) -> String {
    format!("a node with {children} children, and the model's cell reads {most}: `left` and `right`")
}

impl Predictor {
    /// Cuts a text into ids, or reads a tree or the vectors of a field of numbers (`[[0.5, 1], [0.25, 0]]`); otherwise says
    /// why there is none.
    pub fn encode(&self, field: &str, text: &str) -> Result<Encoded, String> {
        if let Some(FieldKind::Numbers { width }) = self.data.field(field).map(|field| &field.kind) {
            return Ok(Encoded { numbers: vectors(text, *width)?, ..Encoded::default() });
        }
        let known = self.vocabularies.get(self.data.vocabulary_of(field)).zip(self.data.text(field));
        let (vocabulary, settings) = known.ok_or_else(|| format!("the model reads no `{field}`"))?;
        if settings.kind == TextKind::Tree {
            return self.tree(field, vocabulary, settings.lowercase, text);
        }
        let tokenizer = Tokenizer::new(settings);
        let (sentences, _) = tokenizer.sentences(text);
        let sentences: Vec<Vec<u32>> = sentences.iter().map(|text| vocabulary.encode(text, &tokenizer)).collect();
        let ids = sentences.concat();
        if ids.is_empty() {
            return Err("the text is empty".into());
        }
        let sentences = settings.sentences.map_or(Vec::new(), |_| sentences.iter().map(Vec::len).collect());
        Ok(Encoded { ids, sentences, ..Encoded::default() })
    }

    fn tree(&self, field: &str, vocabulary: &Vocabulary, lowercase: bool, text: &str) -> Result<Encoded, String> {
        let tree = Tree::parse(text.trim())?;
        // A label that is none shows a word in the place of one: `(the film)`.
        if let (Some(labels), true) = (&self.labels, self.model.target.is_of_trees(&self.data)) {
            let class =
                |label| self.model.target.grouping(&self.data).map_or(Some(label), |grouping| grouping.class(label));
            let given = tree.nodes.iter().filter_map(|node| node.label);
            if let Some(label) =
                given.into_iter().find(|label| class(label).is_some_and(|label| labels.id(label).is_none()))
            {
                return Err(format!(
                    "{label:?} stands where a label does, and is none; without labels every word has a node of its own: `((a) (tree))`"
                ));
            }
        }
        let parents: Vec<u32> = tree.parents().collect();
        let (children, most) = (tree::most_children(&parents), self.model.graph.most_children(field));
        if most.is_some_and(|most| children > most) {
            return Err(too_many_children(children, most.unwrap_or(0)));
        }
        let id = |word: &str| if lowercase { vocabulary.id(&word.to_lowercase()) } else { vocabulary.id(word) };
        Ok(Encoded {
            ids: tree.nodes.iter().map(|node| node.word.map_or(PAD, id)).collect(),
            parents,
            ..Encoded::default()
        })
    }

    /// Every input field as a forward pass takes it; each row has one text of every field, in the model's order.
    pub(super) fn fields(&self, rows: &[Vec<Encoded>]) -> BTreeMap<String, Tokens> {
        let column = |(i, field): (usize, &String)| (field.clone(), self.column(field, rows.iter().map(|row| &row[i])));
        self.model.inputs.iter().enumerate().map(column).collect()
    }

    /// Predictions in the order of the rows; each has the ids of every input field, in the model's order.
    /// A language model needs two tokens of each.
    pub fn predict(&self, texts: &[Vec<Encoded>]) -> Result<Vec<Prediction>, LowerError> {
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        let fields = self.fields(texts);
        let forward = || self.network.forward(&[self.model.logits], &fields, Mode::Evaluate);
        let scores = || forward().map(|mut values| values.swap_remove(0));
        let probabilities = || to_rows(&softmax(&scores()?)?);
        match &self.model.target {
            Target::Next(field) => texts.iter().map(|text| self.probability(field, &text[0].ids)).collect(),
            Target::Class(_) => Ok(probabilities()?.into_iter().map(|row| self.class(row)).collect()),
            Target::Number(_) => Ok(to_rows(&scores()?)?.into_iter().map(|row| Prediction::Number(row[0])).collect()),
            Target::Tags { of, .. } => {
                let rows = probabilities()?;
                let step = |t: usize, b: usize| {
                    let row = &rows[t * texts.len() + b];
                    (self.label(row), row[largest(row)])
                };
                let lengths = &fields[of].lengths;
                let input = self.model.inputs.iter().position(|field| field == of).unwrap_or(0);
                let tags = |b: usize| (0..lengths[b] as usize).map(move |t| step(t, b));
                let prediction = |b: usize| match self.data.is_tree(of) {
                    // The root is the first node.
                    true => {
                        let probabilities = rows[b].clone();
                        let nodes = texts[b][input].parents.iter().zip(tags(b));
                        let nodes = nodes.map(|(parent, (label, probability))| (*parent, label, probability)).collect();
                        Prediction::Tree { label: self.label(&probabilities), probabilities, nodes }
                    }
                    false => Prediction::Tags(tags(b).collect()),
                };
                Ok((0..texts.len()).map(prediction).collect())
            }
        }
    }

    fn probability(&self, field: &str, text: &[u32]) -> Result<Prediction, LowerError> {
        let [read @ .., _] = text else { return Err(LowerError::new("a text without a token")) };
        let texts = BTreeMap::from([(field.to_string(), Tokens::from_texts(&[read]))]);
        let scores = self.network.forward(&[self.model.logits], &texts, Mode::Evaluate)?;
        let next = Expected::Classes(text[1..].to_vec());
        Ok(Prediction::Text { loss: to_scalar(&Loss::default().mean(&scores[0], &next)?)?, tokens: read.len() })
    }

    /// One field of some rows.
    fn column<'r>(&self, field: &str, rows: impl Iterator<Item = &'r Encoded>) -> Tokens {
        let rows: Vec<&Encoded> = rows.collect();
        let ids: Vec<&[u32]> = rows.iter().map(|row| row.ids.as_slice()).collect();
        match self.data.field(field).map(|field| &field.kind) {
            Some(FieldKind::Numbers { width }) => {
                Tokens::from_numbers(&rows.iter().map(|row| &row.numbers).collect::<Vec<_>>(), *width)
            }
            _ if self.data.is_tree(field) => {
                Tokens::from_trees(&ids, &rows.iter().map(|row| row.parents.as_slice()).collect::<Vec<_>>())
            }
            _ if self.data.text(field).is_some_and(|text| text.sentences.is_some()) => {
                Tokens::from_documents(&rows.iter().map(|row| row.documents()).collect::<Vec<_>>())
            }
            _ => Tokens::from_texts(&ids),
        }
    }

    fn class(&self, probabilities: Vec<f32>) -> Prediction {
        Prediction::Class { label: self.label(&probabilities), probabilities }
    }

    /// The name of the most probable class.
    fn label(&self, probabilities: &[f32]) -> String {
        let name = |labels: &Labels| labels.name(largest(probabilities) as u32).map(str::to_string);
        self.labels.as_ref().and_then(name).unwrap_or_default()
    }
}

/// A sequence of at least one vector of `width` numbers.
fn vectors(text: &str, width: usize) -> Result<Vec<f32>, String> {
    let usage = || {
        let vector = |value: &str| format!("[{}]", vec![value; width].join(", "));
        format!(
            "this model reads numbers: write a list of lists of {width}, as in [{}, {}]",
            vector("0.5"),
            vector("1")
        )
    };
    let steps: Vec<Vec<f32>> = serde_json::from_str(text).map_err(|_| usage())?;
    let sound = |step: &Vec<f32>| step.len() == width && step.iter().all(|value| value.is_finite());
    if steps.is_empty() || !steps.iter().all(sound) { Err(usage()) } else { Ok(steps.concat()) }
}

#[cfg(test)]
mod tests {
    use super::vectors;

    #[test]
    fn vectors_are_lists_of_lists() {
        assert_eq!(vectors("[[0.5, 1], [0.25, 0]]", 2), Ok(vec![0.5, 1.0, 0.25, 0.0]));
        for bad in ["", "a b", "[]", "[0.5, 1]", "[[1]]", "[[1, 2], [3]]", "[[1, 1e99]]", "[[1, null]]"] {
            let why = vectors(bad, 2).unwrap_err();
            assert_eq!(
                why, "this model reads numbers: write a list of lists of 2, as in [[0.5, 0.5], [1, 1]]",
                "{bad}"
            );
        }
    }
}
