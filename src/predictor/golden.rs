//! Golden rows: a few inputs with what the model gives for them. They go into its file and are found again when that is
//! loaded, so that weights that were damaged, or a processor that computes otherwise, do not pass unnoticed.

use super::{Encoded, Predictor};
use crate::artifact::{Golden, GoldenInput, Record};
use crate::data::{Split, tree};
use crate::lower::{LowerError, Mode, to_values};

/// Rows in a file.
const ROWS: usize = 4;
/// Tokens, nodes or vectors of a row; of a longer text the beginning is taken where it can be cut.
const LONGEST: usize = 64;
/// Scores of a row.
const SCORES: usize = 32;
/// How far a score may be off, as a share of the largest. Sums in another order stay far below it.
const TOLERANCE: f32 = 1e-3;

/// The first rows of a split that are short enough, with what the model gives for them.
pub fn golden(predictor: &Predictor, split: &Split) -> Result<Vec<Golden>, LowerError> {
    let short = |row: &usize| predictor.model.inputs.iter().all(|field| split.steps(field, *row) <= LONGEST);
    let mut rows: Vec<usize> = (0..split.len()).filter(short).take(ROWS).collect();
    if rows.is_empty() {
        rows.extend((0..split.len()).min_by_key(|row| split.length(*row)));
    }
    let row = |row: &usize| {
        let inputs: Vec<Encoded> = predictor.model.inputs.iter().map(|field| input(split, field, *row)).collect();
        let scores = scores(predictor, &inputs)?;
        let named = predictor.model.inputs.iter().cloned().zip(inputs.into_iter().map(GoldenInput::from));
        Ok(Golden { inputs: named.collect(), scores })
    };
    rows.iter().map(row).collect()
}

/// That the model gives for every row what it gave when it was saved; otherwise what is wrong.
pub fn check(predictor: &Predictor, record: &Record) -> Result<(), String> {
    let by_hand = "the file is damaged or was made by hand";
    if record.golden.len() > ROWS {
        return Err(format!("it has more golden rows than rnnc writes; {by_hand}"));
    }
    for (row, golden) in record.golden.iter().enumerate() {
        let row = row + 1;
        let unsound = || format!("its golden row {row} is none that the model could read; {by_hand}");
        let input = |field: &String| golden.inputs.get(field).and_then(|input| encoded(predictor, field, input));
        let inputs: Option<Vec<Encoded>> = predictor.model.inputs.iter().map(input).collect();
        let scores = scores(predictor, &inputs.ok_or_else(unsound)?).map_err(|_| unsound())?;
        if scores.len() != golden.scores.len() {
            return Err(unsound());
        }
        let largest = golden.scores.iter().fold(1.0f32, |largest, score| largest.max(score.abs()));
        let agree = |now: f32, then: f32| (now - then).abs() <= TOLERANCE * largest;
        if let Some((now, then)) = scores.iter().zip(&golden.scores).find(|(now, then)| !agree(**now, **then)) {
            let cpu = record.cpu.as_ref().map_or(String::new(), |cpu| format!(" ({cpu})"));
            return Err(format!(
                "this file's weights do not give the answers it was saved with (golden row {row}: {now} in place of {then}); \
                 it is damaged, or this processor computes otherwise than the one it comes from{cpu}"
            ));
        }
    }
    Ok(())
}

fn scores(predictor: &Predictor, row: &[Encoded]) -> Result<Vec<f32>, LowerError> {
    let fields = predictor.fields(&[row.to_vec()]);
    let mut scores = predictor.network.forward(&[predictor.model.logits], &fields, Mode::Evaluate)?;
    let all = to_values(&scores.swap_remove(0))?;
    let kept = all.len().min(SCORES);
    Ok((0..kept).map(|i| all[i * all.len() / kept]).collect())
}

/// One field of a row.
fn input(split: &Split, field: &str, row: usize) -> Encoded {
    if let Some(numbers) = split.numbers.get(field) {
        return Encoded { numbers: numbers.get(row).to_vec(), ..Encoded::default() };
    }
    let Some(texts) = split.texts.get(field) else { return Encoded::default() };
    let parents = split.parents.get(field).map_or(Vec::new(), |parents| parents.get(row).to_vec());
    let sentences = texts.sentences(row);
    let whole = !parents.is_empty() || sentences.is_some();
    let ids = texts.get(row);
    let ids = if whole { ids } else { &ids[..ids.len().min(LONGEST)] };
    let lengths = |sentences: Vec<&[u32]>| sentences.iter().map(|sentence| sentence.len()).collect();
    Encoded { ids: ids.to_vec(), parents, sentences: sentences.map_or(Vec::new(), lengths), ..Encoded::default() }
}

impl From<Encoded> for GoldenInput {
    fn from(Encoded { ids, parents, numbers, sentences }: Encoded) -> Self {
        Self { ids, parents, numbers, sentences }
    }
}

/// A field as a stranger's file has it, where it is one that the model could have read.
fn encoded(predictor: &Predictor, field: &str, input: &GoldenInput) -> Option<Encoded> {
    const MOST: usize = 1 << 16;
    let GoldenInput { ids, parents, numbers, sentences } = input.clone();
    let tokens: usize = sentences.iter().try_fold(0usize, |sum, length| sum.checked_add(*length))?;
    let width = predictor.model.width(field);
    let documents = predictor.data.text(field).is_some_and(|text| text.sentences.is_some());
    let sound = match width {
        Some(width) => {
            let whole = width > 0 && !numbers.is_empty() && numbers.len() % width == 0;
            whole && ids.is_empty() && numbers.iter().all(|number| number.is_finite())
        }
        None => !ids.is_empty() && numbers.is_empty(),
    };
    let is_tree = predictor.data.is_tree(field);
    let shaped = match (is_tree, documents) {
        (true, _) => {
            let most = predictor.model.graph.most_children(field);
            parents.len() == ids.len()
                && in_order(&parents)
                && most.is_none_or(|most| tree::most_children(&parents) <= most)
        }
        (_, true) => tokens == ids.len() && sentences.iter().all(|length| *length > 0),
        _ => sentences.is_empty() && parents.is_empty(),
    };
    let small = ids.len() <= MOST && numbers.len() <= MOST;
    (sound && shaped && small).then_some(Encoded { ids, parents, numbers, sentences })
}

/// Whether parents come before their children, and the root is its own.
fn in_order(parents: &[u32]) -> bool {
    parents.iter().enumerate().all(|(node, parent)| (*parent as usize) < node.max(1))
}

#[cfg(test)]
mod tests {
    use super::in_order;

    #[test]
    fn a_tree_in_another_order_is_none() {
        assert!(in_order(&[0, 0, 1]) && !in_order(&[0, 1]) && !in_order(&[1, 0]));
    }
}
