//! `model.safetensors`: the weights together with everything else that is needed to use them.
//!
//! A file holds named `f32` tensors and one JSON value, its [`Payload`], in the safetensors metadata: a [`Record`] beside
//! the weights of a model, another value beside the state of an optimizer. Any safetensors reader opens it. Here a file
//! is only written, read and checked for being whole; that the tensors fit the model is checked where they are loaded.
//!
//! - [`write()`] is atomic and deterministic: the same contents give the same bytes.
//! - [`read()`] is safe on hostile bytes: sizes are checked before anything is allocated for them.

mod atomic;
mod error;
mod header;
mod payload;
mod read;
mod record;
mod write;

pub use atomic::{TemporaryFolder, remove_leftovers, try_writing_into, write_atomically};
pub use error::{ArtifactError, Problem};
pub use payload::Payload;
pub use read::read;
pub use record::{DataFile, EDITION, Golden, GoldenInput, Record, Role};
pub use write::write;

/// The largest file that is read or written, in bytes: 4 GiB.
pub const MAX_FILE: u64 = 4 << 30;

/// A named tensor as it stands in a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    /// Compatible with PyTorch's: `bilstm.weight_ih_l0`.
    pub name: String,
    /// A scalar has no axes.
    pub shape: Vec<usize>,
    /// Row-major, as many as the product of the shape, all finite.
    pub values: Vec<f32>,
}

#[cfg(test)]
mod sample {
    //! A small model for the tests of this folder.

    use super::*;

    pub fn record() -> Record {
        Record {
            rnnc_version: "0.1.0".to_string(),
            edition: 1,
            source: "model M(text) -> label {\n  text |> embedding(2) |> mean |> dense(label) // 中文\n}\n".to_string(),
            model: "M".to_string(),
            vocabularies: [("text".to_string(), ["<pad>", "<unk>", "好", "\"\n"].map(str::to_string).to_vec())].into(),
            labels: vec!["neg".to_string(), "pos".to_string()],
            class_weights: Some(vec![0.75, 1.5]),
            sizes: [("label".to_string(), 2), ("text".to_string(), 4)].into(),
            seed: u64::MAX,
            restart: None,
            data: vec![DataFile { role: Role::Train, path: "train.tsv".to_string(), sha256: "ab".repeat(32), rows: 7 }],
            metrics: serde_json::json!({"valid_accuracy": 0.5, "confusion": [[1, 2], [3, 4]]}),
            trained_epochs: 3,
            best_epoch: 2,
            settings: [("train.seed".to_string(), "1".to_string())].into(),
            vocabulary_sha256: [("text".to_string(), "cd".repeat(32))].into(),
            cpu: Some("x86_64, AVX2".to_string()),
            started_from: None,
            golden: vec![Golden {
                inputs: [("text".to_string(), GoldenInput { ids: vec![2, 3], ..GoldenInput::default() })].into(),
                scores: vec![0.25, -1.5],
            }],
        }
    }

    pub fn tensors() -> Vec<Tensor> {
        let tensor = |name: &str, shape: &[usize], values: &[f32]| Tensor {
            name: name.to_string(),
            shape: shape.to_vec(),
            values: values.to_vec(),
        };
        // Sorted by name, as files are. Among the values: the smallest subnormal, a negative zero, the largest.
        vec![
            tensor("dense.bias", &[2], &[f32::from_bits(1), -0.0]),
            tensor("dense.weight", &[2, 2], &[1.5, f32::MAX, f32::MIN, std::f32::consts::PI]),
            tensor("empty", &[0, 3], &[]),
            tensor("step", &[], &[12.0]),
        ]
    }

    pub fn borrow(tensors: &[Tensor]) -> Vec<(String, Vec<usize>, &[f32])> {
        tensors.iter().map(|tensor| (tensor.name.clone(), tensor.shape.clone(), &tensor.values[..])).collect()
    }

    /// The whole file.
    pub fn bytes() -> Vec<u8> {
        write::encode(&record(), &borrow(&tensors())).unwrap()
    }
}
