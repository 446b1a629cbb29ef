//! `rnnc train`: a file to a trained model.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Failure, TrainArguments, files, overrides, say};
use crate::diagnostic::render::printable;
use crate::source::Span;
use crate::train::{Outcome, Setup, TrainError, run};

/// What a shell expects of a program that an interrupt ended.
const INTERRUPTED: u8 = 130;

pub fn train(arguments: TrainArguments) -> Result<ExitCode, Failure> {
    device(&arguments.device)?;
    let path = &arguments.file;
    let text = files::read(path)?;
    let text = overrides::apply(text, &arguments.settings)?;
    let (program, checked) = files::program(path, &text).inspect_err(|_| {
        if !arguments.settings.is_empty() {
            say(format!("the text above is that of {} with the settings of --set", path.display()));
        }
    })?;
    if program.data.is_none() {
        let help = "write `data { train = \"train.tsv\" … }` with the fields that the model reads";
        return Err(files::lacks(&checked, "there is no `data` block to train on", help));
    }
    if program.model.is_none() {
        let help = "write `model Name(text) -> label { … }`";
        return Err(files::lacks(&checked, "there is no `model` to train", help));
    }
    let out = arguments.out.clone().unwrap_or_else(|| default_out(path));
    let directory = path.parent().unwrap_or(Path::new(""));
    let train_span = program.train.span;
    let rate_span = program.train.learning_rate_span.unwrap_or(train_span);

    let failed = |error: TrainError| failure(&error, &checked, path, rate_span, &out);
    let setup = Setup::new(program, checked.source.clone(), directory).map_err(&failed)?;
    let stop = interrupt();
    for note in &setup.notes {
        say(note);
    }
    let outcome = run(setup, out.clone(), arguments.resume, &|| stop.load(Ordering::SeqCst)).map_err(&failed)?;
    match outcome {
        Outcome::Done { best_epoch, restart, epochs, valid, test } => {
            let mut text = match restart {
                Some(restart) => format!("best epoch {best_epoch} of restart {restart}, {epochs} epochs in all\n"),
                None => format!("best epoch {best_epoch} of {epochs}\n"),
            };
            for (name, figures) in [("validation", valid), ("test", test)] {
                let Some(figures) = figures else { continue };
                text += &format!("{name:<10}  {}\n", figures.line());
            }
            text += &format!("model       {}\n", out.join("model.safetensors").display());
            write!(std::io::stdout().lock(), "{}", printable(&text))?;
            Ok(ExitCode::SUCCESS)
        }
        Outcome::Interrupted { epoch, step } => {
            say(format!("stopped in epoch {epoch} after step {step}; everything is written to {}", out.display()));
            say(format!("to go on: {}", resume_command(&arguments)));
            Ok(ExitCode::from(INTERRUPTED))
        }
    }
}

/// Whether the process was interrupted: the first time it finishes its step, the second ends it at once.
fn interrupt() -> Arc<AtomicBool> {
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
}

fn device(name: &str) -> Result<(), Failure> {
    if name == "cpu" {
        return Ok(());
    }
    if name.starts_with("cuda") {
        return Err(Failure::usage(format!(
            "this rnnc was built without CUDA, so it has no device {name:?}; use --device cpu"
        )));
    }
    Err(Failure::usage(format!("there is no device {name:?}; write --device cpu")))
}

/// `runs/<name of the file>`
fn default_out(path: &Path) -> PathBuf {
    let name =
        if path == Path::new("-") { "stdin".into() } else { path.file_stem().unwrap_or_default().to_os_string() };
    Path::new("runs").join(name)
}

fn resume_command(arguments: &TrainArguments) -> String {
    let quoted = |text: &str| {
        if text.chars().all(|c| c.is_alphanumeric() || "-_./=".contains(c)) {
            text.to_string()
        } else {
            format!("'{}'", text.replace('\'', "'\\''"))
        }
    };
    let mut command = format!("rnnc train {}", quoted(&arguments.file.display().to_string()));
    if let Some(out) = &arguments.out {
        command.push_str(&format!(" --out {}", quoted(&out.display().to_string())));
    }
    for setting in &arguments.settings {
        command.push_str(&format!(" --set {}", quoted(setting)));
    }
    command + " --resume"
}

/// An error in a line or two; where a setting is the likely cause, with its place and what to write.
fn failure(error: &TrainError, checked: &crate::check::Checked, path: &Path, rate: Span, out: &Path) -> Failure {
    match error {
        TrainError::NoData | TrainError::NoModel | TrainError::ClassWeights(_) => {
            Failure::input(format!("{}: {error}", path.display()))
        }
        TrainError::Diverged { rate: value, best_epoch, .. } => {
            let at = checked.sources.start(rate);
            let file = &checked.sources.file(rate.file).path;
            let kept = match best_epoch {
                Some(epoch) => {
                    format!("the best epoch so far, {epoch}, is kept in {}", out.join("model.safetensors").display())
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
        other => Failure::input(other),
    }
}
