//! The example models: sound, with their paper named, and trainable on the data that ships with them.

use std::path::{Path, PathBuf};

use rnnc::check::{NoFiles, check};
use rnnc::ir::{Format, Synthetic, Task};

use crate::experiment::{setup_with, train};

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

/// Some rows of a few steps: that a model learns at all is seen on these too.
fn shorten(source: &mut Synthetic) {
    (source.rows, source.valid_rows, source.test_rows) = (128, 32, 32);
    source.task = match source.task {
        Task::Adding { .. } => Task::Adding { length: 4 },
        Task::Copy { .. } => Task::Copy { symbols: 3, length: 2, delay: 3 },
    };
}

#[test]
fn they_learn_from_the_data_that_ships_with_them() {
    let models_folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    for (name, text) in models() {
        let data = check(&name, &text, &mut NoFiles).program.and_then(|program| program.data).expect("it is sound");
        let folder = tempfile::tempdir().unwrap();
        for (path, rows) in [(data.train, 128), (data.valid, 32), (data.test, 32)] {
            let Some(path) = path.first() else { continue };
            let whole = std::fs::read_to_string(models_folder.join(&path.text)).expect("it ships with the project");
            // Every line of a plain text is many examples, and only whole stories have all the answers.
            let rows = match data.format {
                Format::Babi => usize::MAX,
                _ if path.text.ends_with(".txt") => 1 + rows / 4,
                _ => 1 + rows,
            };
            let part: String = whole.lines().take(rows).map(|line| format!("{line}\n")).collect();
            let to = folder.path().join(&path.text);
            std::fs::create_dir_all(to.parent().unwrap()).unwrap();
            std::fs::write(to, part).unwrap();
        }
        let setup = setup_with(&text, folder.path(), |program| {
            program.train.epochs = 3;
            program.train.restarts = 1;
            program.train.batch_size = 16;
            if let Some(source) = program.data.as_mut().and_then(|data| data.source.as_mut()) {
                shorten(source);
            }
        });
        let losses: Vec<f64> = train(setup).epochs.iter().map(|epoch| epoch.train_loss).collect();
        assert_eq!(losses.len(), 3, "{name}");
        assert!(losses.iter().all(|loss| loss.is_finite()) && losses[2] < losses[0], "{name}: {losses:?}");
    }
}
