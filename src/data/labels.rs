//! Class names ↔ ids, made from the training data alone.

use super::DataError;
use super::error::{listed, quoted};
use crate::diagnostic::suggest::nearest;
use serde::{Deserialize, Serialize};

/// The classes, at least two, in the order of their names; by value where all names are integers.
///
/// It is written as the plain list of its names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Vec<String>", try_from = "Vec<String>")]
pub struct Labels {
    names: Vec<String>,
}

impl Labels {
    /// The id of a class.
    pub fn id(&self, name: &str) -> Option<u32> {
        // A few classes: going through them is as fast as a map.
        self.names.iter().position(|known| known == name).and_then(|at| u32::try_from(at).ok())
    }

    pub fn name(&self, id: u32) -> Option<&str> {
        self.names.get(id as usize).map(String::as_str)
    }

    /// All names in the order of their ids.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The number of classes, at least 2.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// The error of a row whose label is none of these.
    pub(super) fn unknown(&self, path: &str, line: u64, label: &str) -> DataError {
        let names = || self.names.iter().map(String::as_str);
        let known = format!("the classes are {}", listed(names()));
        let message = format!("the label {} does not occur in the training data", quoted(label));
        let help = match nearest(label, names()) {
            Some(near) => format!("did you mean {}? {known}", quoted(near)),
            None => known,
        };
        DataError::new(path, line, message).help(help).about_classes()
    }
}

impl From<Labels> for Vec<String> {
    fn from(labels: Labels) -> Self {
        labels.names
    }
}

impl TryFrom<Vec<String>> for Labels {
    type Error = String;

    fn try_from(names: Vec<String>) -> Result<Self, String> {
        let distinct: std::collections::HashSet<_> = names.iter().collect();
        match (names.len(), distinct.len()) {
            (0 | 1, _) => Err("there must be at least two classes".to_owned()),
            (all, distinct) if distinct < all => Err("a class stands twice among the labels".to_owned()),
            _ => Ok(Self { names }),
        }
    }
}

/// The order of the classes for names in order of appearance: where each of them goes, and the sorted names.
pub(super) fn sorted(names: Vec<String>) -> (Vec<u32>, Vec<String>) {
    let values: Option<Vec<i128>> = names.iter().map(|name| name.parse().ok()).collect();
    let mut order: Vec<usize> = (0..names.len()).collect();
    order.sort_by(|&a, &b| match &values {
        Some(values) => values[a].cmp(&values[b]).then_with(|| names[a].cmp(&names[b])),
        None => names[a].cmp(&names[b]),
    });
    let mut became = vec![0; names.len()];
    for (&from, to) in order.iter().zip(0..) {
        became[from] = to;
    }
    (became, order.into_iter().map(|i| names[i].clone()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_sort_as_text_and_integers_by_value() {
        let sorted = |names: &[&str]| sorted(names.iter().map(ToString::to_string).collect());
        assert_eq!(sorted(&["b", "a10", "a9"]), (vec![2, 0, 1], vec!["a10".into(), "a9".into(), "b".into()]));
        assert_eq!(sorted(&["10", "9", "-1"]), (vec![2, 1, 0], vec!["-1".into(), "9".into(), "10".into()]));
    }

    #[test]
    fn they_are_written_as_their_list_and_read_with_care() {
        let labels = Labels::try_from(vec!["neg".to_owned(), "pos".to_owned()]).unwrap();
        assert_eq!(
            (labels.id("pos"), labels.id("Pos"), labels.name(0), labels.name(2)),
            (Some(1), None, Some("neg"), None)
        );
        let json = serde_json::to_string(&labels).unwrap();
        assert_eq!(json, r#"["neg","pos"]"#);
        assert_eq!(serde_json::from_str::<Labels>(&json).unwrap(), labels);
        for bad in [r#"[]"#, r#"["a"]"#, r#"["a","a"]"#] {
            assert!(serde_json::from_str::<Labels>(bad).is_err(), "{bad}");
        }
    }
}
