//! `rnnc generate`: text as a language model writes it, token by token.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use super::{Failure, say};
use crate::data::UNK;
use crate::diagnostic::render::printable;
use crate::ir::Target;
use crate::predictor::{self, Generator, Predictor};

/// How a text is to be written.
pub struct Wanted<'a> {
    pub prompt: &'a str,
    pub temperature: f64,
    pub length: u32,
    pub seed: u64,
}

pub fn generate(model: &Path, wanted: &Wanted) -> Result<ExitCode, Failure> {
    let (predictor, _) = predictor::load(model).map_err(Failure::input)?;
    let Target::Next(field) = &predictor.model.target else {
        let message = "this is no language model: it says something about a text and cannot write one";
        let help = "a model that can ends its head with `-> next(text)`; this one answers to `rnnc predict`";
        return Err(Failure::input(format!("{}: {message}\n  help: {help}", model.display())));
    };
    let nothing = || Failure::input(format!("{}: its vocabulary has no token to write", model.display()));
    let (vocabulary, tokenizer) =
        predictor.vocabularies.get(field).zip(predictor.tokenizer(field)).ok_or_else(nothing)?;
    let beginning = match predictor.encode(field, wanted.prompt) {
        Ok(prompt) => prompt.ids,
        // Nothing to begin with: as after the end of a line.
        Err(_) => vec![vocabulary.get("\n").unwrap_or(UNK + 1)],
    };
    warn_of_unknown(&predictor, field, wanted.prompt);
    let generator = Generator::new(&predictor, &beginning, wanted.temperature, wanted.seed);
    let mut generator = generator.map_err(Failure::input)?.ok_or_else(nothing)?;

    let mut out = std::io::stdout().lock();
    write!(out, "{}", printable(wanted.prompt))?;
    let mut last = wanted.prompt.to_string();
    for _ in 0..wanted.length {
        let token = generator.token().map_err(Failure::input)?;
        let token = vocabulary.token(token).unwrap_or_default();
        if !last.is_empty() && !last.ends_with(char::is_whitespace) {
            write!(out, "{}", tokenizer.separator())?;
        }
        write!(out, "{}", printable(token))?;
        out.flush()?;
        last = token.to_string();
    }
    if !last.ends_with('\n') {
        writeln!(out)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Tokens of the prompt that the model has no entry for; what it makes of them is anybody's guess.
fn warn_of_unknown(predictor: &Predictor, field: &str, prompt: &str) {
    let Some((vocabulary, tokenizer)) = predictor.vocabularies.get(field).zip(predictor.tokenizer(field)) else {
        return;
    };
    let mut unknown: Vec<String> = Vec::new();
    tokenizer.each(prompt, |token| {
        let quoted = format!("`{token}`");
        if vocabulary.get(token).is_none() && !unknown.contains(&quoted) {
            unknown.push(quoted);
        }
    });
    if !unknown.is_empty() {
        say(format!("warning: the model does not know {}, and reads an unknown token there", unknown.join(", ")));
    }
}
