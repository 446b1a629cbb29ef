//! `rnnc bench`: how long the steps of a model take, layer by layer, on made-up texts.

mod measure;
mod report;
mod work;

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use super::{BenchArguments, Failure, Output, files, made_up, overrides};
use crate::ir::Symbol;
use crate::kernels::{peak, threads};
use measure::Measured;
use report::Report;
use work::Work;

/// What a step works on.
pub struct Load {
    /// Texts.
    batch: usize,
    /// Tokens in each.
    len: usize,
    steps: usize,
    vocabulary: usize,
    classes: usize,
    vectors: usize,
}

impl Load {
    /// Sentences in a text that is a sequence of them.
    fn sentences(&self) -> usize {
        self.len.div_ceil(made_up::SENTENCE)
    }

    /// The sizes that data would decide.
    fn size(&self, symbol: &Symbol) -> Option<usize> {
        match symbol {
            Symbol::Vocabulary(_) => Some(self.vocabulary),
            Symbol::Classes(_) => Some(self.classes),
            Symbol::VectorSize(_) => Some(self.vectors),
            Symbol::Length { .. } | Symbol::Sentences { .. } | Symbol::Nodes { .. } | Symbol::Declared(_) => None,
        }
    }
}

/// More tokens than this in one batch are a slip of the keyboard, and more memory than there is.
const MOST_TOKENS: usize = 1 << 22;

pub fn bench(arguments: &BenchArguments) -> Result<ExitCode, Failure> {
    let path = &arguments.file;
    if path.extension().is_some_and(|extension| extension == "safetensors") {
        return Err(Failure::input(format!(
            "{} is a trained model; `rnnc inspect --source` prints the .rnn file to time",
            path.display()
        )));
    }
    let [batch, len, steps] = [arguments.batch, arguments.len, arguments.steps].map(|n| n as usize);
    let [vocabulary, classes, vectors] =
        [arguments.vocabulary, arguments.classes, arguments.vectors].map(|n| n as usize);
    let load = Load { batch, len, steps, vocabulary, classes, vectors };
    if batch * len > MOST_TOKENS {
        return Err(Failure::usage(format!(
            "--batch {batch} --len {len}: that is {} tokens in a batch, more than {MOST_TOKENS}",
            batch * len
        )));
    }
    let report = run(path, &arguments.settings, &load)?;
    let mut out = std::io::stdout().lock();
    match arguments.output.format {
        Output::Human => write!(out, "{}", report.table())?,
        Output::Json => writeln!(out, "{}", report.json())?,
    }
    Ok(ExitCode::SUCCESS)
}

fn run<'a>(path: &Path, settings: &[String], load: &'a Load) -> Result<Report<'a>, Failure> {
    let text = overrides::apply(files::read(path)?, settings)?;
    let (program, _) = files::program(path, &text)?;
    let model =
        program.model.as_ref().ok_or_else(|| Failure::input(format!("{} has no model to time", path.display())))?;
    let work = Work::of(model, load);
    let peak = peak::gflops().map_err(Failure::input)?;
    let measured = Measured::new(model, &program.train, load).map_err(Failure::input)?;
    Ok(Report::new(model, load, threads::count(), peak, &work, &measured))
}
