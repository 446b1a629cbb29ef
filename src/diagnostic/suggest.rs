//! "Did you mean": the nearest of the names that would have been right.

/// The candidate a user most likely meant, if one is near enough: another case of the same word,
/// or within a third of the word's length in edits.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = (word.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| {
            let distance =
                if candidate.eq_ignore_ascii_case(word) { 0 } else { strsim::damerau_levenshtein(word, candidate) };
            (distance, candidate)
        })
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, candidate)| (*distance, candidate.len()))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn near_words_are_found_and_far_ones_are_not() {
        let names = ["hidden_size", "num_layers", "dropout", "lstm", "gru"];
        for (typed, meant) in [
            ("hiden_size", Some("hidden_size")),
            ("dropuot", Some("dropout")),
            ("LSTM", Some("lstm")),
            ("gur", Some("gru")),
            ("transformer", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed, names), meant, "{typed}");
        }
    }
}
