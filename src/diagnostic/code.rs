//! The registry of diagnostic codes: id, severity, one-line summary and the page `rnnc explain` prints.
//!
//! Everything that lists codes (explain, SARIF rules, the tests) reads this table.

/// How bad it is. An error stops the pipeline after the checker; a warning never does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    Error,
    Warning,
}

impl Severity {
    pub fn word(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

/// One row of the registry. Compare codes by identity of their id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Code {
    pub id: &'static str,
    /// What went wrong, in a few words, without the particulars.
    pub summary: &'static str,
    /// The Markdown page behind `rnnc explain`.
    pub page: &'static str,
}

impl Code {
    pub fn severity(self) -> Severity {
        if self.id.starts_with('W') { Severity::Warning } else { Severity::Error }
    }

    /// The code a user typed, in any case.
    pub fn find(id: &str) -> Option<Code> {
        ALL.iter().copied().find(|code| code.id.eq_ignore_ascii_case(id.trim()))
    }
}

macro_rules! codes {
    ($($name:ident = $id:literal, $summary:literal;)*) => {
        $(
            #[doc = concat!("`", $id, "`: ", $summary, ".")]
            pub const $name: Code = Code {
                id: $id,
                summary: $summary,
                page: include_str!(concat!("../../docs/errors/", $id, ".md")),
            };
        )*
        /// Every code, in order.
        pub const ALL: &[Code] = &[$($name),*];
    };
}

codes! {
    SYNTAX = "E0101", "text that the grammar does not allow here";
    UNCLOSED = "E0102", "a block or bracket that is never closed";
    TOO_DEEP = "E0103", "brackets nested too deeply";
    MISPLACED = "E0104", "a statement that does not belong where it stands";
    TOO_LARGE = "E0105", "more than a file or a model may hold";

    IMPORT_MISSING = "E0201", "an imported file that cannot be read";
    IMPORT_CYCLE = "E0202", "files that import each other in a circle";
    IMPORT_OUTSIDE = "E0203", "an import that leaves the project";
    EDITION = "E0204", "an edition this version does not know";

    UNKNOWN_NAME = "E0301", "a name that is not defined";
    UNKNOWN_SETTING = "E0302", "a setting that does not exist here";
    UNKNOWN_LAYER = "E0303", "a layer, cell or function that does not exist";
    MISSING_SETTING = "E0304", "a setting that has no default and is not given";
    DUPLICATE = "E0305", "two definitions of one name";
    RECURSION = "E0306", "a definition that uses itself";

    WRONG_KIND = "E0401", "a value of the wrong kind";
    OUT_OF_RANGE = "E0402", "a number outside its range";
    ARGUMENTS = "E0403", "too many or too few arguments";
    CONDITION = "E0404", "a `where` condition that does not hold";
    NO_EFFECT = "E0405", "a setting that could not have any effect";

    SHAPE_CLASH = "E0501", "two sizes that must be equal and are not";
    RANK = "E0502", "a value with the wrong number of axes";
    NOT_A_SEQUENCE = "E0503", "a step over time given a value without a time axis";
    UNDECIDED = "E0504", "a size that cannot be decided from what is declared";
    OUTPUT = "E0505", "a model whose result does not fit its label";
    NO_DIRECTION = "E0506", "`final` of a value that has no direction";
    DECLARED_SHAPE = "E0507", "a result that differs from the declared type";
    CELL_STATE = "E0508", "a state that is not updated, or with another shape";
    LOOKS_AHEAD = "E0509", "a language model that sees the tokens it is to predict";

    TREE_AXIS = "E0515", "a step along a text over a tree, or the reverse";
    TREE_CELL = "E0516", "a tree cell where a sequence is read, or the reverse";
    CHILDREN = "E0517", "the states of children, read in no way there is";

    NO_MODEL = "E0601", "a part that the command needs is not in the file";
    DATA_FIELD = "E0602", "a model and a `data` block whose fields do not match";
    RESUME = "E0603", "a training that cannot go on with the file as it is now";
    WEIGHTS = "E0604", "weights that do not fit the model";

    UNUSED = "W0701", "a definition that is never used";
    DROPOUT_RATE = "W0702", "a dropout rate that leaves nothing";
    PATIENCE_WITHOUT_VALID = "W0703", "early stopping without validation data";
    NO_SOFTMAX = "W0704", "a classifier without a softmax";
    INPUT_UNUSED = "W0705", "a cell whose state never sees its input";
    LAST_OF_BACKWARD = "W0706", "`last` of a backward reading";
    SQUASHED_SCORES = "W0707", "a softmax of what is squashed already";
    SPACES_LOST = "W0708", "a language model of characters without white space";
    UNCLIPPED = "W0709", "a simple recurrence over long sequences without clipping";
    FORGETS = "W0710", "a memory over very long sequences that starts half open";
    LEARNING_RATE = "W0711", "a learning rate far outside what the optimizer takes";
    DROPS_NOTHING = "W0712", "a dropout that drops nothing";

    DATA_FILE = "E0801", "a data file that cannot be used";
    DATA_ROW = "E0802", "a row of data that does not fit what the file declares";
    DATA_SIZE = "E0803", "a size in the data that differs from the model's";
    DATA_CLASSES = "E0804", "classes of the data that do not fit what the file says";
    CLASS_WITHOUT_ROWS = "W0805", "a class that validation or test data lack";
    SHARED_TEXTS = "W0806", "texts that stand in two splits";
    CUT_TEXTS = "W0807", "many texts that are read only in part";
    VECTOR_COVERAGE = "W0808", "word vectors that know few of the words";
    IMBALANCE = "W0809", "classes too uneven for the metric";
    RARE_TOKENS = "W0810", "a vocabulary larger than the data can teach";
    EMPTY_VOCABULARY = "W0811", "a vocabulary without a token";
    RISING_LOSS = "W0812", "a loss that grows in the first steps";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_every_page_starts_with_its_code_and_summary() {
        for (i, code) in ALL.iter().enumerate() {
            assert!(ALL[..i].iter().all(|other| other.id != code.id), "{} twice", code.id);
            let head = format!("# {}: {}\n", code.id, code.summary);
            assert!(code.page.starts_with(&head), "docs/errors/{}.md should start with {head:?}", code.id);
        }
    }
}
