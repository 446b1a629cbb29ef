//! The example models: sound, with their paper named, and trainable on the data that ships with them.

use std::path::{Path, PathBuf};

use rnnc::check::{NoFiles, check};

use crate::experiment::{folder, setup_with, train};

fn models() -> Vec<(String, String)> {
    let files = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("models")).expect("the folder of models");
    let files = files.map(|entry| entry.unwrap().path());
    let files: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|extension| extension == "rnn")).collect();
    let named = |path: &PathBuf| {
        (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(path).unwrap())
    };
    files.iter().map(named).collect()
}

#[test]
fn they_are_sound_and_name_their_paper() {
    let models = models();
    assert!(models.len() >= 5, "textrnn, textrnn_gru, textrcnn, rnn, textrnn_attention");
    for (name, text) in models {
        let checked = check(&name, &text, &mut NoFiles);
        let found: Vec<&str> = checked.diagnostics.iter().map(|diagnostic| diagnostic.message.as_str()).collect();
        assert!(found.is_empty(), "{name}: {found:?}");
        let head: String = text.lines().take_while(|line| line.starts_with("///")).collect();
        let years = head.split(|c: char| !c.is_ascii_digit()).filter_map(|word| word.parse::<u32>().ok());
        assert!(years.into_iter().any(|year| (1980..2030).contains(&year)), "{name} names no year: {head:?}");
        assert!(head.matches('"').count() >= 2, "{name} names no paper: {head:?}");
        let model = checked.program.and_then(|program| program.model).expect("it is sound");
        assert!(!model.docs.is_empty(), "{name}: the head belongs to the model");
    }
}

#[test]
fn they_learn_from_the_data_that_ships_with_them() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/data");
    let part = |name: &str, rows: usize| -> String {
        let text = std::fs::read_to_string(data.join(name)).expect("it ships with the project");
        text.lines().take(1 + rows).map(|line| format!("{line}\n")).collect()
    };
    let parts = [
        ("data/train.tsv", part("train.tsv", 128)),
        ("data/valid.tsv", part("valid.tsv", 32)),
        ("data/test.tsv", part("test.tsv", 32)),
    ];
    let files = parts.each_ref().map(|(name, content)| (*name, content.as_str()));
    let folder = folder(&files);
    for (name, text) in models() {
        let setup = setup_with(&text, folder.path(), |program| {
            program.train.epochs = 3;
            program.train.batch_size = 16;
        });
        let losses: Vec<f64> = train(setup).epochs.iter().map(|epoch| epoch.train_loss).collect();
        assert_eq!(losses.len(), 3, "{name}");
        assert!(losses.iter().all(|loss| loss.is_finite()) && losses[2] < losses[0], "{name}: {losses:?}");
    }
}
