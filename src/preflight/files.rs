//! What could not be read, as a finding about the setting that names the file.

use std::path::{Path, PathBuf};

use super::place;
use crate::data::{About, DataError};
use crate::diagnostic::{Diagnostic, code};
use crate::ir::{self, Program};
use crate::source::Span;

/// `resolve` turns a path as written into the one that was opened.
pub fn data_error(program: &Program, error: &DataError, resolve: &dyn Fn(&str) -> PathBuf) -> Diagnostic {
    let named = named(program, error, resolve);
    let whole = program.data.as_ref().map_or(program.train.span, |data| data.span);
    let file = named.unwrap_or(whole);
    let message = match error.line {
        Some(line) => format!("{}:{line}: {}", error.path, error.message),
        None => format!("{}: {}", error.path, error.message),
    };
    let here = match (named, error.line) {
        (None, _) => String::new(),
        (_, Some(line)) => format!("line {line} of this file"),
        (_, None) => "this file".into(),
    };
    let target = program.model.as_ref().map(|model| model.target.field());
    let labels = target.and_then(|field| program.data.as_ref()?.field(field)).map(|field| field.span);
    let mut diagnostic = match (error.about, labels) {
        (About::Classes, Some(labels)) => Diagnostic::new(code::DATA_CLASSES, labels, message)
            .here("the classes are those of `train`")
            .label(file, here),
        (About::Classes, None) => Diagnostic::new(code::DATA_CLASSES, file, message).here(here),
        (About::Row, _) => Diagnostic::new(code::DATA_ROW, file, message).here(here),
        (About::File, _) => Diagnostic::new(code::DATA_FILE, file, message).here(here),
    };
    let missing = error.about == About::File && named.is_some() && !Path::new(&error.path).exists();
    let from = "a path starts from the folder of the `.rnn` file";
    diagnostic.help = error.help.clone().or_else(|| missing.then(|| from.into()));
    diagnostic
}

/// Where the file is named that an error is about.
fn named(program: &Program, error: &DataError, resolve: &dyn Fn(&str) -> PathBuf) -> Option<Span> {
    let is_it = |path: &str| resolve(path).display().to_string() == error.path;
    let data = program.data.as_ref()?;
    let mut paths = data.train.iter().chain(&data.valid).chain(&data.test);
    let of_data = paths.find(|ir::Path { text, .. }| is_it(text)).map(|path| path.span);
    let of_vectors = || {
        let parameters = &program.model.as_ref()?.graph.parameters;
        parameters.iter().filter_map(|parameter| parameter.pretrained.as_ref()).find(|file| is_it(&file.path))
    };
    // What is wrong with all files of train together is said of the first.
    let of_all = || data.train.first().filter(|_| error.line.is_none()).map(|path| path.span);
    of_data.or_else(|| Some(of_vectors()?.span)).or_else(of_all)
}

/// Class weights that do not fit the classes of the data.
pub fn class_weights(program: &Program, why: &str) -> Diagnostic {
    let at = place(program, "train.class_weights").unwrap_or(program.train.span);
    let diagnostic = Diagnostic::new(code::DATA_CLASSES, at, format!("`class_weights`: {why}"));
    let diagnostic = diagnostic.here("one weight for each class of the training data");
    match place(program, "data.train") {
        Some(train) => diagnostic.label(train, "the classes are those of these rows"),
        None => diagnostic,
    }
}
