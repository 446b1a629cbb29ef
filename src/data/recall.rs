//! The texts of some rows as their files have them. They are read again, because a split keeps ids alone.

use std::collections::BTreeMap;
use std::path::Path;

use super::split::text_fields;
use super::{Split, answers, read};
use crate::ir::{Data, Target};

/// What a row says in every text field: the field's name and the text.
pub type Said = Vec<(String, String)>;

impl Split {
    /// The texts of these rows by row, each cut to `longest` characters. Nothing where the rows of the split are not those of
    /// its files: some were held out, or a file has changed since.
    pub fn recall(
        &self,
        data: &Data,
        target: &Target,
        rows: &[usize],
        longest: usize,
    ) -> Option<BTreeMap<usize, Said>> {
        if self.files.iter().map(|file| file.rows).sum::<usize>() != self.rows {
            return None;
        }
        let fields: Vec<&str> = text_fields(data).map(|(field, _)| field).collect();
        let mut columns: Vec<&str> =
            fields.iter().filter_map(|field| Some(data.field(field)?.column.as_str())).collect();
        columns.extend(answers::column(data, target).ok()?);
        let (mut found, mut number) = (BTreeMap::new(), 0);
        for file in &self.files {
            let mut reading = read::rows(Path::new(&file.path), data.format, target, &columns).ok()?;
            for row in reading.by_ref() {
                let row = row.ok()?;
                if rows.contains(&number) {
                    let said =
                        fields.iter().zip(&row.values).map(|(field, text)| (field.to_string(), cut(text, longest)));
                    found.insert(number, said.collect());
                }
                number += 1;
            }
            if reading.sha256() != file.sha256 {
                return None;
            }
        }
        Some(found)
    }
}

fn cut(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::dataset::tests::data;
    use super::super::{Dataset, Labels};
    use super::*;

    #[test]
    fn rows_are_found_in_their_files_until_these_change() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("train.tsv");
        std::fs::write(&path, "text\tlabel\nA b!\tx\nsecond one\ty\nthird\tx\n").unwrap();
        let (data, target) = (data("lowercase"), Target::Class("label".into()));
        let mut set = Dataset::load(&data, &target, &|name| folder.path().join(name)).unwrap();
        assert_eq!(set.labels.as_ref().map(Labels::len), Some(2));
        let said = set.train.recall(&data, &target, &[0, 1], 4).unwrap();
        let texts: Vec<(usize, &str)> = said.iter().map(|(row, said)| (*row, said[0].1.as_str())).collect();
        assert_eq!(texts, [(0, "A b!"), (1, "seco…")]);
        std::fs::write(&path, "text\tlabel\nA b?\tx\nsecond one\ty\nthird\tx\n").unwrap();
        assert_eq!(set.train.recall(&data, &target, &[0], 4), None);
        set.hold_out(0.4, 1).unwrap();
        assert_eq!(set.valid.unwrap().recall(&data, &target, &[0], 4), None);
    }
}
