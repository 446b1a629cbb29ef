//! The cells of `models/cells`: sound on their own, their papers named, compiled, trainable, and equal to PyTorch's numbers.

use rnnc::check::{LoadError, Loaded, Loader, check};
use rnnc::passes::fuse::unfused;

use crate::cell_tables::CASES;
use crate::check::files;
use crate::experiment::{folder, setup_with, train};
use crate::layers::{Written, is_pytorch};
use crate::network::{classifier, model};

fn cells() -> Vec<(String, String)> {
    let cells = files("models/cells", "rnn");
    assert_eq!(cells.len(), CASES.len(), "a case of the tables for every cell");
    cells.into_iter().map(|(file, text)| (file.trim_end_matches(".rnn").to_owned(), text)).collect()
}

/// The folder `models`.
struct Models;

impl Loader for Models {
    fn load(&mut self, _: &str, path: &str) -> Result<Loaded, LoadError> {
        let text = std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("models").join(path));
        let text = text.map_err(|error| LoadError::Missing(error.to_string()))?;
        Ok(Loaded { identity: path.into(), path: path.into(), text })
    }
}

#[test]
fn they_are_short_and_name_their_paper() {
    for (name, text) in cells() {
        let (_, equations) = text.split_once(&format!("cell {name}(")).expect("the cell is named like its file");
        let equations = equations.lines().skip(1).take_while(|line| *line != "}").filter(|line| !line.is_empty());
        assert!(equations.count() <= 12, "{name} is long");
        let head: Vec<&str> = text.lines().filter(|line| line.starts_with("///")).collect();
        let years =
            head.concat().split(|c: char| !c.is_ascii_digit()).filter_map(|word| word.parse::<u32>().ok()).max();
        assert!(years.is_some_and(|year| (1980..2030).contains(&year)), "{name} names no year");
        assert!(head.concat().matches('"').count() >= 2, "{name} names no paper");
    }
}

#[test]
fn another_file_can_use_each_and_none_falls_back() {
    for (name, text) in cells() {
        let alone = check("cell.rnn", &text, &mut Models).diagnostics;
        assert!(alone.is_empty(), "{name}: {alone:?}");
        for stages in [format!("{name}(8, num_layers = 2)"), format!("bidirectional({name}, 8, num_layers = 2)")] {
            let text = classifier(&format!("use \"cells/{name}.rnn\"\n"), &format!("{stages} |> final"));
            let checked = check("test.rnn", &text, &mut Models);
            assert!(checked.diagnostics.is_empty(), "{name}: {:?}", checked.diagnostics);
            let graph = checked.program.and_then(|program| program.model).expect("it is sound").graph;
            assert_eq!(unfused(&graph), [], "{stages}");
        }
    }
}

#[test]
fn they_learn() {
    let folder = folder(&[("train.tsv", &crate::experiment::rows(48))]);
    for (name, text) in cells() {
        let setup = setup_with(&classifier(&text, &format!("{name}(16) |> last")), folder.path(), |program| {
            program.train.epochs = 4;
            program.train.batch_size = 8;
            program.train.learning_rate = 1e-2;
        });
        let losses: Vec<f64> = train(setup).epochs.iter().map(|epoch| epoch.train_loss).collect();
        assert!(losses.iter().all(|loss| loss.is_finite()) && losses[3] < losses[0], "{name}: {losses:?}");
    }
}

/// Settings of a cell in its case, and its parameters where PyTorch's snippet has other names.
fn written(name: &str, text: &str) -> Written {
    let stages = match name {
        "recurrent_highway" => "recurrent_highway(3, depth = 2)".to_owned(),
        name => format!("{name}(3)"),
    };
    let own: fn(&str) -> String = match name {
        "layer_norm_lstm" => |torch: &str| match torch.split_once('_') {
            Some((kind @ ("gain" | "offset"), place)) => {
                let number = ["x", "h", "c"].iter().position(|own| *own == place).expect("one of the three");
                format!("layer_norm{}.{kind}", ["", "_2", "_3"][number])
            }
            _ => torch.to_owned(),
        },
        "recurrent_highway" => |torch: &str| match torch {
            "weight_0" | "bias_0" => format!("gates.{}", torch.trim_end_matches("_0")),
            "weight_1" | "bias_1" => format!("gates_2.{}", torch.trim_end_matches("_1")),
            _ => torch.to_owned(),
        },
        _ => str::to_owned,
    };
    let cell = name.to_owned();
    Written {
        definitions: text.to_owned(),
        stages,
        sequence: true,
        trees: None,
        name: Box::new(move |torch| format!("{cell}.{}_l0", own(torch))),
    }
}

#[test]
fn results_and_gradients_are_those_of_pytorch() {
    for (name, text) in cells() {
        let case = CASES.iter().find(|case| case.name == name).unwrap_or_else(|| panic!("{name} has no case"));
        is_pytorch(case, &written(&name, &text));
    }
}

/// The layers inside a cell are its parameters: a stack that reads in both directions has four of each.
#[test]
fn layers_inside_a_cell_share_no_weights() {
    let (_, text) = cells().into_iter().find(|(name, _)| name == "recurrent_highway").expect("it uses `dense`");
    let stages = "bidirectional(recurrent_highway(depth = 1), 4, num_layers = 2) |> final";
    let graph = model(&classifier(&text, stages)).graph;
    let names = graph.parameters.iter().map(|parameter| parameter.name.as_str());
    let biases: Vec<&str> = names.filter(|name| name.contains("gates.bias_l")).collect();
    let expected = ["l0", "l0_reverse", "l1", "l1_reverse"].map(|end| format!("bidirectional.gates.bias_{end}"));
    assert_eq!(biases, expected);
}
