//! Data and program together, before the first step: sizes, classes, texts and words of the files against what the `.rnn` file
//! says of them. One check a file; each gives diagnostics that point into the `.rnn` file and name the data's file and row.
//!
//! It reads no file and changes nothing: everything it looks at was collected while the data was read.

mod classes;
mod coverage;
mod cut;
mod files;
mod lengths;
mod shared_texts;
mod sizes;
mod vocabulary;

use crate::data::{Dataset, Origin, Split};
use crate::diagnostic::Diagnostic;
use crate::ir::{Data, Program};
use crate::predictor::Sizes;
use crate::source::Span;

pub use coverage::Coverage;
pub use files::{class_weights, data_error};
pub use sizes::vector_width;

/// Sizes in the data that the model does not fit: errors.
pub fn misfits(program: &Program, dataset: &Dataset, sizes: &Sizes) -> Vec<Diagnostic> {
    let (Some(data), Some(model)) = (&program.data, &program.model) else { return Vec::new() };
    sizes::check(&Review { program, data, dataset }, &model.graph, sizes)
}

/// What a training of this program on this data should be told before it starts: warnings. `vectors` are the files of word
/// vectors that it reads.
pub fn warnings(program: &Program, dataset: &Dataset, vectors: &[Coverage]) -> Vec<Diagnostic> {
    let (Some(data), Some(model)) = (&program.data, &program.model) else { return Vec::new() };
    let review = Review { program, data, dataset };
    let mut found = classes::check(&review);
    found.extend(shared_texts::check(&review));
    found.extend(cut::check(&review));
    found.extend(vocabulary::check(&review));
    found.extend(vectors.iter().filter_map(|coverage| coverage::check(&review, coverage)));
    found.extend(lengths::check(&review, &model.graph));
    found
}

/// What is looked at.
struct Review<'r> {
    program: &'r Program,
    data: &'r Data,
    dataset: &'r Dataset,
}

impl<'r> Review<'r> {
    /// The splits there are, as the file calls them.
    fn splits(&self) -> impl Iterator<Item = (&'static str, &'r Split)> + use<'r> {
        let Dataset { train, valid, test, .. } = self.dataset;
        let others = [("valid", valid), ("test", test)].into_iter();
        std::iter::once(("train", train)).chain(others.filter_map(|(name, split)| Some((name, split.as_ref()?))))
    }

    /// Where the file says what a split is.
    fn place(&self, split: &str) -> Span {
        place(self.program, &format!("data.{split}")).unwrap_or(self.data.span)
    }

    /// Where a setting of a field is, or the field where it is not given.
    fn setting(&self, field: &str, setting: &str) -> Span {
        let field_span = || self.data.field(field).map_or(self.data.span, |field| field.span);
        place(self.program, &format!("data.{field}.{setting}")).unwrap_or_else(field_span)
    }

    /// `reviews/train.tsv:12`. Rows that were held out stand in the files of train.
    fn row(&self, split: &Split, origin: Origin) -> String {
        let files = if split.files.is_empty() { &self.dataset.train.files } else { &split.files };
        let path = files.get(origin.file).map_or("", |file| &file.path);
        format!("{path}:{}", origin.line)
    }
}

/// Where a setting is given, or else the block or the field that leaves it out.
fn place(program: &Program, name: &str) -> Option<Span> {
    program.settings.iter().find(|setting| setting.name == name).map(|setting| setting.span)
}

/// A share as a person says it: `12%`, and never `100%` of what is not all.
fn percent(part: usize, whole: usize) -> String {
    format!("{}%", (100 * part).checked_div(whole).unwrap_or(0))
}
