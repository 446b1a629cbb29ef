//! What each class counts for in the loss.

use crate::diagnostic::suggest;
use crate::ir::ClassWeights;

/// One weight a class, in the order of `labels`. `counts` are the training rows of each class.
///
/// Balanced weights are `rows / (classes * rows of the class)` (King & Zeng 2001, scikit-learn's `balanced`).
///
/// # Errors
/// A sentence that names the label: one that is given but not in the data, given twice, in the data but not given,
/// or (balanced) one without rows.
pub fn class_weights(weights: &ClassWeights, counts: &[u64], labels: &[String]) -> Result<Vec<f32>, String> {
    match weights {
        ClassWeights::None => Ok(vec![1.0; labels.len()]),
        ClassWeights::Balanced => balanced(counts, labels),
        ClassWeights::Given(given) => by_label(given, labels),
    }
}

fn balanced(counts: &[u64], labels: &[String]) -> Result<Vec<f32>, String> {
    let rows = counts.iter().sum::<u64>() as f64;
    let weight = |(label, count): (&String, &u64)| match count {
        0 => {
            Err(format!("balanced class weights need rows of every class, and the training data has none of `{label}`"))
        }
        count => Ok((rows / (labels.len() as f64 * *count as f64)) as f32),
    };
    labels.iter().zip(counts).map(weight).collect()
}

fn by_label(given: &[(String, f64)], labels: &[String]) -> Result<Vec<f32>, String> {
    for (i, (name, _)) in given.iter().enumerate() {
        if !labels.contains(name) {
            let meant = suggest::nearest(name, labels.iter().map(String::as_str));
            let meant = meant.map_or(String::new(), |label| format!("; did you mean `{label}`?"));
            return Err(format!("a class weight is given for `{name}`, which is no label of the training data{meant}"));
        }
        if given[..i].iter().any(|(earlier, _)| earlier == name) {
            return Err(format!("two class weights are given for `{name}`"));
        }
    }
    let weight = |label: &String| {
        let found = given.iter().find(|(name, _)| name == label);
        found
            .map(|(_, weight)| *weight as f32)
            .ok_or_else(|| format!("no class weight is given for the label `{label}`"))
    };
    labels.iter().map(weight).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weights(weights: ClassWeights) -> Result<Vec<f32>, String> {
        class_weights(&weights, &[30, 10], &["negative".into(), "positive".into()])
    }

    fn given(pairs: &[(&str, f64)]) -> ClassWeights {
        ClassWeights::Given(pairs.iter().map(|(label, weight)| (label.to_string(), *weight)).collect())
    }

    #[test]
    fn weights_follow_the_labels() {
        assert_eq!(weights(ClassWeights::None).unwrap(), [1.0, 1.0]);
        assert_eq!(weights(ClassWeights::Balanced).unwrap(), [2.0 / 3.0, 2.0]);
        assert_eq!(weights(given(&[("positive", 3.0), ("negative", 0.5)])).unwrap(), [0.5, 3.0]);
    }

    #[test]
    fn errors_name_the_label() {
        for (pairs, expected) in [
            (
                given(&[("negative", 1.0), ("positve", 1.0)]),
                "a class weight is given for `positve`, which is no label of the training data; did you mean `positive`?",
            ),
            (given(&[("negative", 1.0)]), "no class weight is given for the label `positive`"),
            (
                given(&[("negative", 1.0), ("negative", 2.0), ("positive", 1.0)]),
                "two class weights are given for `negative`",
            ),
        ] {
            assert_eq!(weights(pairs).unwrap_err(), expected);
        }
        let empty = class_weights(&ClassWeights::Balanced, &[3, 0], &["a".into(), "b".into()]);
        assert!(empty.unwrap_err().contains("none of `b`"));
    }
}
