//! Every text can be checked, and its findings can be shown.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rnnc::check::{NoFiles, check};
use rnnc::diagnostic::render::{Format, Style, render};

fuzz_target!(|text: &str| {
    let checked = check("fuzz.rnn", text, &mut NoFiles);
    render(&checked.diagnostics, &checked.sources, Format::Human, Style::default());
});
