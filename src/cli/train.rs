//! `rnnc train`: a file to a trained model.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::report::Reporter;
use super::training::{INTERRUPTED, Trainable};
use super::{Failure, TrainArguments, files, overrides, say, seeds, shell_word};
use crate::diagnostic::render::printable;
use crate::train::{self, Begin, Options, Outcome, Progress, Setup, TensorBoard, Watch};

pub fn train(arguments: TrainArguments) -> Result<ExitCode, Failure> {
    device(&arguments.device)?;
    let path = &arguments.file;
    let text = overrides::apply(files::read(path)?, &arguments.settings)?;
    let edited = |_: &Failure| {
        if !arguments.settings.is_empty() {
            say(format!("the text above is that of {} with the settings of --set", path.display()));
        }
    };
    let file = Trainable::new(path, &text).inspect_err(edited)?;
    let out = arguments.out.clone().unwrap_or_else(|| default_out(path));
    let begin = match (arguments.resume, arguments.overwrite) {
        (true, _) => Begin::Resume,
        (_, true) => Begin::Overwrite,
        _ => Begin::New,
    };
    if arguments.dry_run {
        let setup = file.read().inspect_err(edited)?;
        said(&file, &setup, arguments.quiet);
        write!(std::io::stdout().lock(), "{}", printable(&file.dry_run(setup)?))?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(seeds) = arguments.seeds {
        let again = command(&arguments, "--resume");
        return seeds::train(&seeds::Wanted {
            path,
            text: &text,
            out: &out,
            first: file.settings().seed,
            seeds,
            begin,
            again,
            quiet: arguments.quiet,
        });
    }
    let options = Options::new(out, begin);
    if let (Begin::New, Some(found)) = (begin, train::standing(&options.out)) {
        return Err(Failure::input(format!(
            "{}: {found}\n  to go on with it: {}\n  to replace it:    {}",
            options.out.display(),
            command(&arguments, "--resume"),
            command(&arguments, "--overwrite")
        )));
    }
    let mut setup = file.set_up(&options).inspect_err(edited)?;
    if let Some(weights) = &arguments.weights {
        file.inherit(&mut setup, weights, arguments.partial, &options)?;
    }
    said(&file, &setup, arguments.quiet);
    let mut reporter = Reporter::new(&setup, &options.out);
    let mut progress = (!arguments.quiet).then(|| Progress::new(&setup));
    let mut board = arguments.tensorboard.as_deref().map(tensorboard).transpose()?;
    let mut watch: Vec<&mut dyn Watch> = vec![&mut reporter];
    watch.extend(progress.as_mut().map(|progress| progress as &mut dyn Watch));
    watch.extend(board.as_mut().map(|board| board as &mut dyn Watch));
    let outcome = file.train(setup, &options, &mut watch)?;
    reporter.finish(&outcome);
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
            text += &format!("model       {}\n", options.out.join("model.safetensors").display());
            text += &format!("report      {}\n", options.out.join("report.html").display());
            text += &format!("to use it   {}\n", file.use_it(&options.out.join("model.safetensors")));
            write!(std::io::stdout().lock(), "{}", printable(&text))?;
            Ok(ExitCode::SUCCESS)
        }
        Outcome::Interrupted { epoch, step } => {
            let out = options.out.display();
            say(format!("stopped in epoch {epoch} after step {step}; everything is written to {out}"));
            say(format!("to go on: {}", command(&arguments, "--resume")));
            Ok(ExitCode::from(INTERRUPTED))
        }
    }
}

fn tensorboard(folder: &Path) -> Result<TensorBoard, Failure> {
    TensorBoard::create(folder).map_err(|error| {
        Failure::input(format!("cannot write event files into {}: {}", folder.display(), files::reason(&error)))
    })
}

/// What there is to learn from, and what the data and the program have against each other.
fn said(file: &Trainable, setup: &Setup, quiet: bool) {
    if !quiet {
        setup.notes.iter().for_each(say);
        file.report(&setup.findings);
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

/// The command that was given, with an option more.
fn command(arguments: &TrainArguments, option: &str) -> String {
    let mut command = format!("rnnc train {}", shell_word(&arguments.file.display().to_string()));
    if let Some(out) = &arguments.out {
        command.push_str(&format!(" --out {}", shell_word(&out.display().to_string())));
    }
    for setting in &arguments.settings {
        command.push_str(&format!(" --set {}", shell_word(setting)));
    }
    if let Some(seeds) = arguments.seeds {
        command.push_str(&format!(" --seeds {seeds}"));
    }
    if let Some(folder) = &arguments.tensorboard {
        command.push_str(&format!(" --tensorboard {}", shell_word(&folder.display().to_string())));
    }
    if arguments.quiet {
        command.push_str(" --quiet");
    }
    if let (Some(weights), "--overwrite") = (&arguments.weights, option) {
        command.push_str(&format!(" --weights {}", shell_word(&weights.display().to_string())));
    }
    format!("{command} {option}")
}
