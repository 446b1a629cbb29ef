//! A folder of files, and runs of `rnnc` in it whose whole output is compared.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A small experiment: 48 rows that any recurrent model can learn, and a model for them.
pub const MODEL: &str = r#"/// Whether somebody liked it.
model Tiny(text) -> label {
  text |> embedding(8) |> lstm(8) |> last |> dense(label) |> softmax
}

data {
  train = "train.tsv"
  valid = "valid.tsv"
  test  = "test.tsv"
  text  : words
  label : class
}

train {
  optimizer  = adam(lr = 1e-2)
  batch_size = 8
  epochs     = 2
  seed       = 1
}
"#;

/// A folder that goes away with the test.
pub struct Folder {
    folder: tempfile::TempDir,
}

impl Folder {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// [`MODEL`] as `m.rnn` with its three data files.
    pub fn experiment() -> Self {
        let folder = Self::new();
        folder.file("m.rnn", MODEL);
        folder.file("train.tsv", rows(48, 1));
        folder.file("valid.tsv", rows(16, 2));
        folder.file("test.tsv", rows(16, 3));
        folder
    }

    /// The experiment, trained into `runs/m`.
    pub fn trained() -> Self {
        let folder = Self::experiment();
        folder.run(&["train", "m.rnn"]).any_output().status(0);
        folder
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn file(&self, name: &str, contents: impl AsRef<[u8]>) -> &Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, contents).unwrap();
        self
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub fn text(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).unwrap()
    }

    /// The names in a folder, sorted.
    pub fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(folder)).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// `rnnc` in this folder, on two threads and without the caller's environment.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rnnc"));
        command.args(arguments).current_dir(self.folder.path()).env_remove("NO_COLOR").env_remove("COLUMNS");
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Run {
        self.run_with(arguments, b"")
    }

    /// Runs with a text on standard input.
    pub fn run_with(&self, arguments: &[&str], input: &[u8]) -> Run {
        let mut stdin = tempfile::tempfile().unwrap();
        std::io::Write::write_all(&mut stdin, input).unwrap();
        std::io::Seek::rewind(&mut stdin).unwrap();
        self.run_from(arguments, Stdio::from(stdin))
    }

    pub fn run_from(&self, arguments: &[&str], stdin: Stdio) -> Run {
        let output = self.command(arguments).stdin(stdin).output().unwrap();
        let folder = self.folder.path();
        let text = |bytes: Vec<u8>| normal(&String::from_utf8(bytes).unwrap(), folder);
        Run {
            arguments: arguments.join(" "),
            status: output.status.code(),
            stdout: Some(text(output.stdout)),
            stderr: Some(text(output.stderr)),
        }
    }

    pub fn spawn(&self, arguments: &[&str]) -> Child {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }
}

/// `n` labelled rows, half of either class: one word decides.
pub fn rows(n: usize, seed: usize) -> String {
    const GOOD: [&str; 5] = ["good", "great", "lovely", "fine", "superb"];
    const BAD: [&str; 5] = ["bad", "awful", "poor", "dull", "boring"];
    const REST: [&str; 8] = ["the", "film", "was", "a", "very", "story", "and", "it"];
    let mut state = seed as u64;
    let mut next = |n: usize| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as usize % n
    };
    let mut text = "text\tlabel\n".to_string();
    for i in 0..n {
        let mut words: Vec<&str> = (0..2 + next(5)).map(|_| REST[next(8)]).collect();
        let (word, label) = if i % 2 == 0 { (BAD[next(5)], "neg") } else { (GOOD[next(5)], "pos") };
        words.insert(next(words.len() + 1), word);
        text += &format!("{}\t{label}\n", words.join(" "));
    }
    text
}

/// The text without the folder's name. The system may know it by another one.
fn normal(text: &str, folder: &Path) -> String {
    let real = folder.canonicalize().unwrap();
    let text = text.replace(&format!("{}/", real.display()), "{folder}/").replace(&*real.to_string_lossy(), "{folder}");
    text.replace(&format!("{}/", folder.display()), "{folder}/").replace(&*folder.to_string_lossy(), "{folder}")
}

/// What a run gave. Output that no test has looked at by the end must be empty.
#[must_use]
pub struct Run {
    arguments: String,
    status: Option<i32>,
    stdout: Option<String>,
    stderr: Option<String>,
}

impl Run {
    #[track_caller]
    pub fn stdout(mut self, expected: &str) -> Self {
        let found = self.stdout.take().unwrap();
        assert_eq!(found, expected, "stdout of rnnc {}\n{}", self.arguments, self.stderr.as_deref().unwrap_or(""));
        self
    }

    #[track_caller]
    pub fn stderr(mut self, expected: &str) -> Self {
        let found = self.stderr.take().unwrap();
        assert_eq!(found, expected, "stderr of rnnc {}", self.arguments);
        self
    }

    /// Standard error is a finding of this code, which points into the file: `message`, and after `help: ` what to do.
    #[track_caller]
    pub fn finding(mut self, code: &str, message: &str) -> Self {
        let found = self.take_stderr();
        let squeezed = |text: &str| text.split_whitespace().collect::<String>();
        let (message, help) = message.split_once("\n  help: ").unwrap_or((message, ""));
        let head = format!("error[{code}]: {message}");
        let said = squeezed(&found);
        assert!(said.starts_with(&squeezed(&head)) && said.contains(&squeezed(help)), "{head}\n{help}\n{found}");
        assert!(found.contains("m.rnn:"), "{found}");
        self
    }

    /// Both streams with every measured number as `#`.
    #[track_caller]
    pub fn figures(mut self, stdout: &str, stderr: &str) -> Self {
        self.stdout = self.stdout.map(|text| hidden(&text));
        self.stderr = self.stderr.map(|text| hidden(&text));
        self.stderr(stderr).stdout(stdout)
    }

    pub fn any_output(mut self) -> Self {
        for text in [&self.stdout, &self.stderr].into_iter().flatten() {
            self.assert_calm(text);
        }
        if self.status == Some(0) {
            (self.stdout, self.stderr) = (None, None);
        }
        self
    }

    /// Gives standard output to the test; the rest is compared as ever.
    #[track_caller]
    pub fn take_stdout(mut self) -> String {
        let text = self.stdout.take().unwrap();
        self.status(0);
        text
    }

    /// The lines of standard output.
    #[track_caller]
    pub fn answers(&mut self) -> Vec<String> {
        self.stdout.take().unwrap().lines().map(str::to_string).collect()
    }

    #[track_caller]
    pub fn take_stderr(&mut self) -> String {
        self.stderr.take().unwrap()
    }

    /// The end of it: the exit status, and nothing unexpected was said.
    #[track_caller]
    pub fn status(self, expected: i32) {
        let said = format!("{}{}", self.stdout.as_deref().unwrap_or(""), self.stderr.as_deref().unwrap_or(""));
        self.assert_calm(&said);
        assert_eq!(self.status, Some(expected), "status of rnnc {}\n{said}", self.arguments);
        assert_eq!(said, "", "rnnc {}", self.arguments);
    }

    #[track_caller]
    fn assert_calm(&self, text: &str) {
        for word in ["panicked", "RUST_BACKTRACE", "has a bug", "internal error"] {
            assert!(!text.contains(word), "rnnc {}\n{text}", self.arguments);
        }
    }
}

/// Every number with a fraction, and every speed, as `#`.
fn hidden(text: &str) -> String {
    let mut result = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        result.push_str(&rest[..start]);
        rest = &rest[start..];
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.' && c != ',').unwrap_or(rest.len());
        let number = rest[..end].trim_end_matches(['.', ',']);
        rest = &rest[number.len()..];
        let measured = number.contains('.') || [" examples/s", " tokens/s"].iter().any(|unit| rest.starts_with(unit));
        result.push_str(if measured { "#" } else { number });
    }
    result + rest
}
