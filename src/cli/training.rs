//! From a checked file to a trained model in a folder: what every command that trains has in common.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::dry_run::dry_run;
use super::report::Reporter;
use super::{Failure, files, say, shell_word};
use crate::check::Checked;
use crate::diagnostic::render::{Format, Style, render};
use crate::diagnostic::{Diagnostic, code};
use crate::difference::Side;
use crate::ir::{Format as FileFormat, Program, Target};
use crate::train::{self, Begin, FirstSteps, Options, Outcome, RunFolder, Setup, TrainError, Watch};

/// What a shell expects of a program that an interrupt ended.
pub const INTERRUPTED: u8 = 130;

/// A file that can be trained.
pub struct Trainable {
    path: PathBuf,
    program: Program,
    checked: Checked,
}

impl Trainable {
    /// Checks the text of the file at `path`; findings go to stderr.
    pub fn new(path: &Path, text: &str) -> Result<Self, Failure> {
        let (program, checked) = files::program(path, text)?;
        Self::complete(path, program, checked)
    }

    /// The same without a word on what is found, or nothing where that is an error.
    pub fn silently(path: &Path, text: &str) -> Option<Self> {
        let mut checked = files::checked(path, text);
        let program = checked.program.take()?;
        Self::complete(path, program, checked).ok()
    }

    fn complete(path: &Path, program: Program, checked: Checked) -> Result<Self, Failure> {
        if program.data.is_none() {
            let help = "write `data { train = \"train.tsv\" … }` with the fields that the model reads";
            return Err(files::lacks(&checked, "there is no `data` block to train on", help));
        }
        if program.model.is_none() {
            let help = "write `model Name(text) -> label { … }`";
            return Err(files::lacks(&checked, "there is no `model` to train", help));
        }
        Ok(Self { path: path.to_path_buf(), program, checked })
    }

    /// Reads the data and sets the model up.
    pub fn read(&self) -> Result<Setup, Failure> {
        self.load().map_err(|error| self.failure(&error, Path::new("")))
    }

    fn load(&self) -> Result<Setup, TrainError> {
        let directory = self.path.parent().unwrap_or(Path::new(""));
        Setup::new(self.program.clone(), self.checked.source.clone(), directory)
    }

    /// Makes sure that the folder can be used, and gives what keeps the training in it from going on, where it is to.
    fn open(&self, options: &Options) -> Result<Vec<Diagnostic>, TrainError> {
        RunFolder::open(&options.out, options.begin)?;
        match options.begin {
            Begin::Resume => {
                let now = Side { program: &self.program, sources: &self.checked.sources };
                train::resume::obstacles(&options.out, now)
            }
            Begin::New | Begin::Overwrite => Ok(Vec::new()),
        }
    }

    /// The same after it is sure that the folder can be used for what is wanted.
    pub fn set_up(&self, options: &Options) -> Result<Setup, Failure> {
        let is_new = !options.out.exists();
        let found = self.open(options).map_err(|error| self.failure(&error, &options.out))?;
        if !found.is_empty() {
            return Err(files::findings(&self.checked.sources, &found));
        }
        let setup = self.read().inspect_err(|_| {
            if is_new {
                RunFolder::withdraw(&options.out);
            }
        })?;
        // From here on an interrupt is answered; reading the data it just ends.
        interrupt();
        Ok(setup)
    }

    /// Starts from the weights of another model in place of those that were drawn.
    pub fn inherit(&self, setup: &mut Setup, weights: &Path, partial: bool, options: &Options) -> Result<(), Failure> {
        let notes = train::inherit::inherit(setup, weights, partial);
        setup.notes.extend(notes.map_err(|error| self.failure(&error, &options.out))?);
        Ok(())
    }

    /// Says what a training should know, on stderr.
    pub fn report(&self, findings: &[Diagnostic]) {
        files::report(&self.checked.sources, findings);
    }

    /// What one step takes, in a table; nothing is written.
    pub fn dry_run(&self, mut setup: Setup) -> Result<String, Failure> {
        dry_run(&self.checked.sources, &mut setup).map_err(|error| self.failure(&error, Path::new("")))
    }

    /// Trains into the folder of `options`.
    pub fn train(&self, setup: Setup, options: &Options, watch: &mut dyn Watch) -> Result<Outcome, Failure> {
        let stop = interrupt();
        let grows = |before: f64, now: f64| self.grows(before, now);
        train::run(setup, options, &mut FirstSteps::new(watch, &grows), &|| stop.load(Ordering::SeqCst))
            .map_err(|error| self.failure(&error, &options.out))
    }

    /// Trains until `enough`, with a report in the folder. All it says is what data and program have against each other, if
    /// `findings` are wanted. Its interruption is one of `enough` or of the process.
    pub fn train_until(
        &self,
        options: &Options,
        findings: bool,
        watch: &mut dyn Watch,
        enough: &dyn Fn() -> bool,
    ) -> Result<Outcome, TrainError> {
        if let Some(first) = self.open(options)?.first() {
            return Err(TrainError::Resume(format!("{}: {}", options.out.display(), first.message)));
        }
        let setup = self.load()?;
        if findings {
            self.report(&setup.findings);
        }
        let stop = interrupt();
        let mut reporter = Reporter::new(&setup, &options.out);
        let mut watch: Vec<&mut dyn Watch> = vec![&mut reporter, watch];
        let outcome = train::run(setup, options, &mut watch, &|| stop.load(Ordering::SeqCst) || enough())?;
        reporter.finish(&outcome);
        Ok(outcome)
    }

    /// The command that a user goes on with, once the model is there.
    pub fn use_it(&self, model: &Path) -> String {
        let model = shell_word(&model.display().to_string());
        let (Some(data), Some(target)) = (&self.program.data, self.program.model.as_ref().map(|model| &model.target))
        else {
            return format!("rnnc inspect {model}");
        };
        let fields = self.program.model.iter().flat_map(|model| &model.inputs);
        let (texts, trees): (Vec<&String>, Vec<&String>) = fields.partition(|field| !data.is_tree(field));
        match (target, data.format) {
            (Target::Next(_), _) => format!("rnnc generate {model}"),
            (_, FileFormat::Babi) => format!("rnnc predict {model} --input stories.txt"),
            _ if data.source.is_some() || texts.iter().any(|field| data.text(field).is_none()) => {
                format!("rnnc eval {model}")
            }
            _ if !trees.is_empty() => format!("rnnc predict {model} '((a) (tree))'"),
            _ if texts.len() > 1 => format!("rnnc predict {model} --input texts.jsonl"),
            _ => format!("rnnc predict {model} 'a text of your own'"),
        }
    }

    /// What the file says about training.
    pub fn settings(&self) -> &crate::ir::Train {
        &self.program.train
    }

    /// A line about a loss that grows in the first steps.
    fn grows(&self, before: f64, now: f64) -> String {
        let train = &self.program.train;
        let message = format!(
            "the loss grows from {before:.3} to {now:.3} in the first steps: is the learning rate, {:?}, too large?",
            train.learning_rate
        );
        let at = train.learning_rate_span.unwrap_or(train.span);
        let found = [Diagnostic::new(code::RISING_LOSS, at, message)];
        render(&found, &self.checked.sources, Format::Short, Style::default()).trim_end().to_string()
    }

    /// An error in a line or two; where a setting is the likely cause, with its place and what to write.
    fn failure(&self, error: &TrainError, out: &Path) -> Failure {
        match error {
            TrainError::NoData | TrainError::NoModel => Failure::input(format!("{}: {error}", self.path.display())),
            TrainError::Diverged { rate: value, best_epoch, .. } => {
                let train = &self.program.train;
                let rate = train.learning_rate_span.unwrap_or(train.span);
                let at = self.checked.sources.start(rate);
                let file = &self.checked.sources.file(rate.file).path;
                let kept = match best_epoch {
                    Some(epoch) => {
                        let model = out.join("model.safetensors");
                        format!("the best epoch so far, {epoch}, is kept in {}", model.display())
                    }
                    None => "no epoch was finished, so nothing was written".to_string(),
                };
                Failure::input(format!(
                    "{error}\n  --> {file}:{}:{}: the learning rate is the likely cause\n  help: try a smaller one, such as lr = {}, or limit the gradients with clip_norm = 1.0 in `train`\n  {kept}",
                    at.line,
                    at.column,
                    format_args!("{:.0e}", (value / 10.0).min(0.01)),
                ))
            }
            TrainError::Found(found) | TrainError::Changed(found) | TrainError::Misfit(found) => {
                files::findings(&self.checked.sources, found)
            }
            other => Failure::input(other),
        }
    }
}

/// Whether the process was interrupted: the first time it finishes its step, the second ends it at once.
pub fn interrupt() -> Arc<AtomicBool> {
    static STOP: std::sync::OnceLock<Arc<AtomicBool>> = std::sync::OnceLock::new();
    let begin = || {
        let stop = Arc::new(AtomicBool::new(false));
        let seen = stop.clone();
        let handler = ctrlc::set_handler(move || {
            if seen.swap(true, Ordering::SeqCst) {
                std::process::exit(i32::from(INTERRUPTED));
            }
        });
        if let Err(error) = handler {
            say(format!("warning: an interrupt will end this training without a checkpoint: {error}"));
        }
        stop
    };
    STOP.get_or_init(begin).clone()
}
