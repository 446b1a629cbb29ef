//! Files of trees, one s-expression a line and nothing else: as the Penn Treebank and the Stanford Sentiment Treebank are
//! shared. What a line says is for [`super::tree`].

use super::DataError;
use super::lines::Lines;
use super::read::{Row, Source};
use super::tsv::blank_to_the_end;

pub(super) struct Ptb {
    lines: Lines,
}

impl Ptb {
    pub fn new(lines: Lines, columns: &[String]) -> Result<Self, DataError> {
        match columns {
            [] | [_] => Ok(Self { lines }),
            several => {
                let names = super::error::listed(several.iter().map(String::as_str));
                let message = format!("a file of trees has no columns, and {names} are asked for");
                let help = "it gives one `tree` field and the `tags` of its nodes; other fields need a TSV, CSV or JSON Lines file";
                Err(DataError::new(lines.path(), None, message).help(help))
            }
        }
    }
}

impl Source for Ptb {
    fn next(&mut self) -> Result<Option<Row>, DataError> {
        let Some(line) = self.lines.next()? else { return Ok(None) };
        if line.is_empty() {
            return blank_to_the_end(&mut self.lines);
        }
        let values = vec![line.to_owned()];
        Ok(Some(Row { line: self.lines.number(), values }))
    }

    fn lines(&self) -> &Lines {
        &self.lines
    }
}
