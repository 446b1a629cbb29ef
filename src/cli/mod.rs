//! The command line: one file a command. Only here are arguments parsed, texts printed and exit codes chosen.

mod attention;
mod bench;
mod check;
mod compare;
mod diff;
mod dry_run;
mod eval;
mod explain;
mod figures;
mod files;
mod fmt;
mod generate;
mod inspect;
mod lsp;
mod made_up;
mod new;
mod overrides;
mod predict;
mod probe;
mod report;
mod repro;
mod seeds;
mod summary;
mod sweep;
mod trace;
mod train;
mod training;
mod trial;
mod verify;

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::diagnostic::render::{Format, Style, printable};

/// Declare, check, train and share recurrent models of text.
#[derive(Debug, Parser)]
#[command(name = "rnnc", version, arg_required_else_help = true)]
#[command(after_help = "Start with: rnnc new mine")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Begin: a folder with a model, small data and the commands to go on with.
    New {
        /// The folder to make; the model is named like it.
        #[arg(required_unless_present = "list", value_parser = new::path)]
        name: Option<PathBuf>,
        /// What to begin with; --list shows them.
        #[arg(long, default_value = new::DEFAULT)]
        template: String,
        /// List the templates.
        #[arg(long, exclusive = true)]
        list: bool,
    },
    /// Check files without opening any data.
    Check {
        /// The `.rnn` files; `-` reads standard input.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// How findings are printed: human, short, json, github or sarif.
        #[arg(long, default_value = "human", value_parser = format)]
        format: Format,
    },
    /// Write files in the one style of the language.
    Fmt {
        /// `.rnn` files, or folders of them; `-` goes from standard input to standard output.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Write nothing; print what would change, and exit with 1 if anything would.
        #[arg(long)]
        check: bool,
    },
    /// Explain a diagnostic code.
    Explain {
        /// Such as E0501.
        code: String,
    },
    /// Train a model and write it to a folder.
    Train(TrainArguments),
    /// Measure a trained model on labelled rows.
    Eval {
        /// A `model.safetensors`.
        model: PathBuf,
        /// Rows to measure on; the model's own test data if left out.
        #[arg(long)]
        data: Option<PathBuf>,
        /// Write a page too, with a closer look at the answers: calibration, lengths, the surest mistakes.
        #[arg(long, value_name = "FILE.html")]
        report: Option<PathBuf>,
        #[command(flatten)]
        output: OutputFormat,
        #[command(flatten)]
        threads: Threads,
    },
    /// Label texts with a trained model.
    Predict {
        /// A `model.safetensors`.
        model: PathBuf,
        /// The texts; without any, one a line from --input.
        texts: Vec<String>,
        /// A file with one text a line, or in bAbI's format for a model that was trained on it; `-` is standard input.
        #[arg(long, conflicts_with = "texts")]
        input: Option<PathBuf>,
        /// Show what the model looks at: the weights of its attention over words and sentences.
        #[arg(long)]
        explain: bool,
        #[command(flatten)]
        output: OutputFormat,
        #[command(flatten)]
        threads: Threads,
    },
    /// Write text with a trained language model, token by token.
    Generate {
        /// A `model.safetensors`.
        model: PathBuf,
        /// The beginning, which is written too [default: the model starts after a line break, or, where it knows none,
        /// after its most frequent token].
        #[arg(long, default_value = "", hide_default_value = true)]
        prompt: String,
        /// Below 1 the probable is taken more often, above 1 less often; 0 takes the most probable token always.
        #[arg(long, default_value_t = 1.0, value_parser = temperature)]
        temperature: f64,
        /// Tokens to write.
        #[arg(long, default_value_t = 500)]
        length: u32,
        /// Another seed draws another text.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        #[command(flatten)]
        threads: Threads,
    },
    /// Show what a trained model is made of.
    Inspect {
        /// A `model.safetensors`.
        model: PathBuf,
        /// Print the `.rnn` text it was trained from, and nothing else.
        #[arg(long)]
        source: bool,
        #[command(flatten)]
        output: OutputFormat,
    },
    /// Show the layers of a model: shapes, parameters, arithmetic.
    Summary {
        /// A `.rnn` file or a `model.safetensors`.
        file: PathBuf,
        /// How it is printed; svg is a drawing.
        #[arg(long, default_value = "human", value_enum)]
        format: SummaryFormat,
    },
    /// Show trained models side by side: figures, costs, what differs in their files, and how their trainings went.
    Compare(CompareArguments),
    /// Train a file with many settings and rank them.
    Sweep(SweepArguments),
    /// Compare two files, or trained models: what differs in architecture, parameters and settings.
    Diff {
        /// A `.rnn` file or a `model.safetensors`.
        before: PathBuf,
        /// Another.
        after: PathBuf,
        #[command(flatten)]
        output: OutputFormat,
    },
    /// Compare a model with itself: fused kernels with the equations, gradients with finite differences, a text alone with
    /// the same text in a batch.
    Verify {
        /// A `.rnn` file or a `model.safetensors`.
        file: PathBuf,
        #[command(flatten)]
        output: OutputFormat,
        #[command(flatten)]
        threads: Threads,
    },
    /// Train a model again from its own record, and say whether the same comes out.
    Repro(ReproArguments),
    /// Time the steps of a model, layer by layer, on made-up texts.
    Bench(BenchArguments),
    /// Serve an editor: the Language Server Protocol on standard input and output.
    Lsp,
    /// Show how gradients fare on their way back through time: ‖∂loss/∂h‖ after every step of every recurrent layer.
    Probe(ProbeArguments),
    /// Show the gates and states of every step on one text, under the names of the equations, and what attention looks at.
    Trace(TraceArguments),
}

#[derive(Debug, Args)]
#[command(after_help = "Values: 64|128|256 chooses, log(1e-4, 1e-2), uniform(0, 0.5) and int(1, 3) are ranges; \
                        one value is the same in all trials. Quote them: a shell reads | and ( itself.")]
struct SweepArguments {
    /// The `.rnn` file.
    file: PathBuf,
    /// A setting or constant and its values: 'hidden=64|128', 'train.optimizer.lr=log(1e-4, 1e-2)', train.epochs=5.
    #[arg(long = "set", value_name = "KEY=VALUES", required = true)]
    settings: Vec<String>,
    /// Points to draw.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    trials: u32,
    /// Another seed draws other points.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Try every choice with every other.
    #[arg(long, conflicts_with_all = ["trials", "seed"])]
    grid: bool,
    /// Train all for a few epochs and only the best third on, again and again (successive halving).
    #[arg(long)]
    halving: bool,
    /// The folder to write to [default: sweeps/<name of the file>].
    #[arg(long)]
    out: Option<PathBuf>,
    /// Go on with a sweep that was stopped; what is trained is not trained again.
    #[arg(long, conflicts_with = "overwrite")]
    resume: bool,
    /// Replace a sweep that is in the folder.
    #[arg(long)]
    overwrite: bool,
    #[command(flatten)]
    threads: Threads,
}

#[derive(Debug, Args)]
struct CompareArguments {
    /// Folders of runs, or `model.safetensors` files; the first is what the others are compared with.
    #[arg(required = true, num_args = 2.., value_name = "RUN")]
    runs: Vec<PathBuf>,
    /// What the chart shows: a figure of `metrics.jsonl` [default: what the first file monitors].
    #[arg(long, value_name = "FIGURE")]
    metric: Option<String>,
    /// Write the comparison too: the chart as .svg, or all of it as .html.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    output: OutputFormat,
}

#[derive(Debug, Args)]
struct TraceArguments {
    /// A `model.safetensors`, or a `.rnn` file, whose weights are those that training starts from.
    model: PathBuf,
    /// The text, as `rnnc predict` takes it.
    text: String,
    /// Write a heat map too: an .svg or an .html file.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// How many units of every value a heat map and JSON have.
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    units: u32,
    #[command(flatten)]
    output: OutputFormat,
    #[command(flatten)]
    threads: Threads,
}

#[derive(Debug, Args)]
struct ReproArguments {
    /// A `model.safetensors`.
    model: PathBuf,
    /// Keep the new training in this folder [default: a temporary one].
    #[arg(long)]
    out: Option<PathBuf>,
    /// The folder that the paths of its data start from [default: where it was trained, or where it is].
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    #[command(flatten)]
    threads: Threads,
}

#[derive(Debug, Args)]
struct ProbeArguments {
    /// A `.rnn` file, whose weights are those that training starts from, or a `model.safetensors`.
    file: PathBuf,
    /// Read with these cells in place of the file's, and compare them: rnn,lstm or 'rnn(nonlinearity = relu),mine'.
    #[arg(long, value_name = "CELL,…")]
    cell: Option<String>,
    /// Steps to look back [default: as many as the examples have, at most 100].
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    len: Option<u32>,
    /// Examples to average over.
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=4096))]
    batch: u32,
    /// Write the chart too: an .svg or an .html file.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Change a setting or a constant of the file, as `rnnc train --set` does.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    settings: Vec<String>,
    /// Where the random numbers start [default: the file's].
    #[arg(long)]
    seed: Option<u64>,
    #[command(flatten)]
    output: OutputFormat,
    #[command(flatten)]
    threads: Threads,
}

#[derive(Debug, Args)]
struct TrainArguments {
    /// The `.rnn` file.
    file: PathBuf,
    /// The folder to write to [default: runs/<name of the file>].
    #[arg(long)]
    out: Option<PathBuf>,
    /// Change a setting of the file by its dotted name: train.epochs=2, data.train=other.tsv, data.text.min_count=3.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    settings: Vec<String>,
    /// Say nothing but errors and the final result.
    #[arg(long)]
    quiet: bool,
    /// Write the figures of every epoch as event files for TensorBoard into this folder.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["seeds", "dry_run"])]
    tensorboard: Option<PathBuf>,
    /// Go on with a training that was stopped.
    #[arg(long, conflicts_with_all = ["overwrite", "weights"])]
    resume: bool,
    /// Replace what an earlier training wrote into the folder.
    #[arg(long)]
    overwrite: bool,
    /// Start from the weights of another model, a `model.safetensors`, in place of random ones.
    #[arg(long, value_name = "MODEL")]
    weights: Option<PathBuf>,
    /// Of the weights of --weights, take those that fit.
    #[arg(long, requires = "weights")]
    partial: bool,
    /// Train so many times, from the file's seed and those after it, each into a folder of its own; gives mean and deviation.
    #[arg(long, value_name = "N", conflicts_with_all = ["weights", "tensorboard"], value_parser = clap::value_parser!(u32).range(2..=1000))]
    seeds: Option<u32>,
    /// Check data and model together, make one step, say what a training will take, and write nothing.
    #[arg(long, conflicts_with_all = ["resume", "overwrite", "out", "weights", "seeds", "tensorboard"])]
    dry_run: bool,
    /// Where to compute; this build knows the CPU.
    #[arg(long, default_value = "cpu")]
    device: String,
    #[command(flatten)]
    threads: Threads,
}

#[derive(Debug, Args)]
struct BenchArguments {
    /// The `.rnn` file; none of the data it names is opened.
    file: PathBuf,
    /// Texts in a batch.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    batch: u32,
    /// Tokens in a text; ten in a sentence where texts are sequences of sentences.
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    len: u32,
    /// Steps that are timed; the step of median time is shown.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    steps: u32,
    /// Tokens in the vocabulary of every text field.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(3..=10_000_000))]
    vocabulary: u32,
    /// Classes of the label.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(2..=1_000_000))]
    classes: u32,
    /// Numbers in a word vector, where a file of them decides.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    vectors: u32,
    /// Change a setting or a constant of the file, as `rnnc train --set` does.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    settings: Vec<String>,
    #[command(flatten)]
    output: OutputFormat,
    #[command(flatten)]
    threads: Threads,
}

#[derive(Debug, Args)]
struct Threads {
    /// Threads to compute with [default: one a core].
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

#[derive(Debug, Args)]
struct OutputFormat {
    /// human or json.
    #[arg(long, default_value = "human", value_enum)]
    format: Output,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Output {
    Human,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum SummaryFormat {
    Human,
    Json,
    Svg,
}

fn format(name: &str) -> Result<Format, String> {
    name.parse()
}

fn temperature(text: &str) -> Result<f64, String> {
    let value = text.parse().ok().filter(|value: &f64| value.is_finite() && *value >= 0.0);
    value.ok_or_else(|| "a temperature is a number from 0".into())
}

/// Why a command failed: what to print on stderr, and the exit code.
#[derive(Debug)]
pub struct Failure {
    message: String,
    code: u8,
}

impl Failure {
    /// The input has a problem.
    fn input(message: impl std::fmt::Display) -> Self {
        Self { message: format!("error: {message}"), code: 1 }
    }

    /// The command was called wrongly.
    fn usage(message: impl std::fmt::Display) -> Self {
        Self { message: format!("error: {message}"), code: 2 }
    }

    /// Everything has been said already.
    fn silent() -> Self {
        Self { message: String::new(), code: 1 }
    }
}

/// Writing to a pipe that nobody reads any more is the reader's way to say enough.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self { message: String::new(), code: 0 },
            _ => Self::input(format!("cannot write the output: {error}")),
        }
    }
}

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    crate::kernels::memory::keep();
    crate::kernels::threads::configure(arguments.threads());
    // Deep recursion over a hostile file and candle's own recursion get room; nothing else depends on it.
    let worker = std::thread::Builder::new().name("rnnc".into()).stack_size(256 << 20).spawn(move || arguments.run());
    let result = match worker.map(std::thread::JoinHandle::join) {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => Err(Failure { message: "error: rnnc has a bug; please report it with the file".into(), code: 1 }),
        Err(error) => Err(Failure::input(format!("cannot start a thread: {error}"))),
    };
    match result {
        Ok(code) => code,
        Err(failure) => {
            if !failure.message.is_empty() {
                say(failure.message);
            }
            ExitCode::from(failure.code)
        }
    }
}

impl Arguments {
    fn threads(&self) -> Option<usize> {
        match &self.command {
            Command::Train(TrainArguments { threads, .. })
            | Command::Bench(BenchArguments { threads, .. })
            | Command::Sweep(SweepArguments { threads, .. })
            | Command::Probe(ProbeArguments { threads, .. })
            | Command::Trace(TraceArguments { threads, .. })
            | Command::Repro(ReproArguments { threads, .. })
            | Command::Verify { threads, .. }
            | Command::Eval { threads, .. }
            | Command::Generate { threads, .. }
            | Command::Predict { threads, .. } => threads.threads.map(usize::from),
            _ => None,
        }
    }

    fn run(self) -> Result<ExitCode, Failure> {
        match self.command {
            Command::New { name: Some(name), template, .. } => new::new(&name, &template),
            Command::New { name: None, .. } => new::list(),
            Command::Check { files, format } => check::check(&files, format),
            Command::Fmt { files, check } => fmt::fmt(&files, check),
            Command::Explain { code } => explain::explain(&code),
            Command::Train(arguments) => train::train(arguments),
            Command::Eval { model, data, report, output, .. } => {
                eval::eval(&model, data.as_deref(), report.as_deref(), output.format)
            }
            Command::Predict { model, texts, input, explain, output, .. } => {
                predict::predict(&model, &texts, input.as_deref(), explain, output.format)
            }
            Command::Generate { model, prompt, temperature, length, seed, .. } => {
                generate::generate(&model, &generate::Wanted { prompt: &prompt, temperature, length, seed })
            }
            Command::Inspect { model, source, output } => inspect::inspect(&model, source, output.format),
            Command::Summary { file, format } => summary::summary(&file, format),
            Command::Bench(arguments) => bench::bench(&arguments),
            Command::Compare(arguments) => compare::compare(&arguments),
            Command::Sweep(arguments) => sweep::sweep(&arguments),
            Command::Lsp => lsp::lsp(),
            Command::Probe(arguments) => probe::probe(&arguments),
            Command::Trace(arguments) => trace::trace(&arguments),
            Command::Diff { before, after, output } => diff::diff(&before, &after, output.format),
            Command::Verify { file, output, .. } => verify::verify(&file, output.format),
            Command::Repro(arguments) => repro::repro(&arguments),
        }
    }
}

/// A line on stderr. Nobody may be reading; there is nowhere else to say so.
fn say(line: impl std::fmt::Display) {
    let _ = writeln!(io::stderr(), "{}", printable(&line.to_string()));
}

/// A text as a shell reads it as one word.
fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./=,:".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_string();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// How diagnostics look on a stream: colour only on a terminal, and never against `NO_COLOR`.
fn style(terminal: bool) -> Style {
    let color = terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let columns = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
    Style { color, width: columns.unwrap_or(100).clamp(40, 200), ..Style::default() }
}

fn stdout_style() -> Style {
    style(io::stdout().is_terminal())
}

fn stderr_style() -> Style {
    style(io::stderr().is_terminal())
}
