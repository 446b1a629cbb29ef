//! A file with its data in a folder of its own, set up and trained in the test's process. No test stands here.

use std::path::Path;

use rnnc::check::{NoFiles, check};
use rnnc::ir::Program;
use rnnc::train::{Begin, EpochRecord, Options, Outcome, Setup, run};

/// A folder that goes away with the test, with these files in it.
pub fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, content) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("it is in the folder")).unwrap();
        std::fs::write(path, content).unwrap();
    }
    folder
}

/// Rows of two classes, told apart by one word.
pub fn rows(count: usize) -> String {
    let row = |i: usize| {
        let (word, label) = if i.is_multiple_of(2) { ("good", "yes") } else { ("bad", "no") };
        format!("{} {word} {}\t{label}\n", ["the", "a", "one"][i % 3], "film ".repeat(1 + i % 4).trim())
    };
    let rows: String = (0..count).map(row).collect();
    format!("text\tlabel\n{rows}")
}

/// A file over `train.tsv`: its model's stages after the embedding (whose settings are given too), and its `train` block.
pub fn file(embedding: &str, stages: &str, train: &str) -> String {
    format!(
        "data {{\n  train = \"train.tsv\"\n  text  : words\n  label : class\n}}\n\n\
         model Test(text) -> label {{\n  text |> embedding({embedding}) |> {stages} |> dense(label) |> softmax\n}}\n\n\
         train {{\n  {train}\n}}\n"
    )
}

/// The set-up of a text; `change` may alter what it says.
pub fn setup_with(text: &str, folder: &Path, change: impl FnOnce(&mut Program)) -> Setup {
    let checked = check("test.rnn", text, &mut NoFiles);
    let messages: Vec<String> = checked.diagnostics.iter().map(|diagnostic| diagnostic.message.clone()).collect();
    let mut program = checked.program.unwrap_or_else(|| panic!("{messages:?} in\n{text}"));
    change(&mut program);
    Setup::new(program, checked.source, folder).unwrap_or_else(|error| panic!("{error}"))
}

pub fn setup(text: &str, folder: &Path) -> Setup {
    setup_with(text, folder, |_| ())
}

/// The weights of one parameter at the start of a training.
pub fn initial(setup: &Setup, name: &str) -> Vec<f32> {
    let graph = &setup.predictor.model.graph;
    let place = graph.parameters.iter().position(|parameter| parameter.name == name);
    let place = place.unwrap_or_else(|| panic!("there is no `{name}`"));
    setup.predictor.network.values().expect("a sound network").swap_remove(place)
}

/// What a whole training left behind.
pub struct Trained {
    /// Of the best epoch, by name.
    pub weights: Vec<(String, Vec<f32>)>,
    pub epochs: Vec<EpochRecord>,
}

impl Trained {
    pub fn weight(&self, name: &str) -> &[f32] {
        let found = self.weights.iter().find(|(own, _)| own == name);
        &found.unwrap_or_else(|| panic!("there is no `{name}`")).1
    }
}

/// Trains to the end, in a folder of its own.
pub fn train(setup: Setup) -> Trained {
    let out = tempfile::tempdir().expect("a temporary folder");
    let outcome = run(setup, &Options::new(out.path().join("run"), Begin::New), &mut (), &|| false)
        .unwrap_or_else(|error| panic!("{error}"));
    assert!(matches!(outcome, Outcome::Done { .. }));
    let metrics = std::fs::read_to_string(out.path().join("run/metrics.jsonl")).expect("metrics");
    let epochs = metrics.lines().map(|line| serde_json::from_str(line).expect("a record")).collect();
    let (best, _) = rnnc::predictor::load(&out.path().join("run/model.safetensors")).unwrap_or_else(|e| panic!("{e}"));
    let names = best.model.graph.parameters.iter().map(|parameter| parameter.name.clone());
    Trained { weights: names.zip(best.network.values().expect("a sound network")).collect(), epochs }
}
