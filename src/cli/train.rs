//! `rnnc train`: a file to a trained model.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Failure, TrainArguments, files, overrides};
use crate::source::Span;
use crate::train::{Evaluation, Outcome, Setup, TrainError, run};

/// What a shell expects of a program that an interrupt ended.
const INTERRUPTED: u8 = 130;

pub fn train(arguments: TrainArguments) -> Result<ExitCode, Failure> {
    device(&arguments.device)?;
    let path = &arguments.file;
    let text = files::read(path)?;
    let text = overrides::apply(path, text, &arguments.settings)?;
    let (program, checked) = files::program(path, &text)?;
    let out = arguments.out.clone().unwrap_or_else(|| default_out(path));
    let directory = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let rate_span = program.train.learning_rate_span;
    let train_span = program.train.span;

    let failed = |error: TrainError| failure(&error, &checked, path, rate_span.unwrap_or(train_span), &out);
    let setup = Setup::new(program, checked.source.clone(), directory).map_err(&failed)?;
    for note in &setup.notes {
        eprintln!("{note}");
    }
    let stop = Arc::new(AtomicBool::new(false));
    let seen = stop.clone();
    // The first interrupt finishes the step, the second ends the process at once.
    let handler = ctrlc::set_handler(move || {
        if seen.swap(true, Ordering::SeqCst) {
            std::process::exit(i32::from(INTERRUPTED));
        }
    });
    if let Err(error) = handler {
        eprintln!("warning: an interrupt will end this training without a checkpoint: {error}");
    }
    let outcome = run(setup, out.clone(), arguments.resume, &|| stop.load(Ordering::SeqCst)).map_err(&failed)?;
    match outcome {
        Outcome::Done { best_epoch, epochs, valid, test } => {
            println!("best epoch {best_epoch} of {epochs}");
            let figures = |name: &str, e: &Evaluation| {
                println!(
                    "{name:<10}  loss {:.3}  accuracy {:.2} %  macro F1 {:.2} %",
                    e.loss,
                    100.0 * e.accuracy,
                    100.0 * e.macro_f1
                )
            };
            valid.iter().for_each(|e| figures("validation", e));
            test.iter().for_each(|e| figures("test", e));
            println!("model       {}", out.join("model.safetensors").display());
            Ok(ExitCode::SUCCESS)
        }
        Outcome::Interrupted { epoch, step } => {
            eprintln!("stopped in epoch {epoch} after step {step}; everything is written to {}", out.display());
            eprintln!("to go on: {}", resume_command(&arguments));
            Ok(ExitCode::from(INTERRUPTED))
        }
    }
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
        TrainError::NoData | TrainError::NoModel => Failure::input(format!("{}: {error}", path.display())),
        TrainError::Diverged { rate: value, .. } => {
            let at = checked.sources.start(rate);
            let file = &checked.sources.file(rate.file).path;
            Failure::input(format!(
                "{error}\n  --> {file}:{}:{}: the learning rate is the likely cause\n  help: try a smaller one, such as lr = {}, or limit the gradients with clip_norm = 1.0 in `train`\n  the last good weights are kept in {}; the best epoch, if one was finished, in model.safetensors beside it",
                at.line,
                at.column,
                value / 10.0,
                out.join("checkpoint.safetensors").display()
            ))
        }
        other => Failure::input(other),
    }
}
