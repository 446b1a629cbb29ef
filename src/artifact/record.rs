//! The record of a trained model: everything but the weights.

use super::Payload;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The newest edition of the language that this program knows.
pub const EDITION: u32 = 1;

/// What was trained, on what, by which program, and how well it did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The version of the program that wrote the file.
    pub rnnc_version: String,
    /// The language edition of `source`.
    pub edition: u32,
    /// The canonical `.rnn` text, imports inlined.
    pub source: String,
    /// The model's name in `source`.
    pub model: String,
    /// For each text field the tokens in the order of their ids.
    pub vocabularies: BTreeMap<String, Vec<String>>,
    /// The classes in the order of their ids.
    pub labels: Vec<String>,
    /// What each class counted for in the loss, in the order of `labels`; absent where all counted alike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class_weights: Option<Vec<f32>>,
    /// The sizes that came from data: the symbols of the model and their values.
    pub sizes: BTreeMap<String, usize>,
    pub seed: u64,
    /// Which of several restarts it is, from 1; its seed is so many after the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restart: Option<usize>,
    pub data: Vec<DataFile>,
    /// The final metrics, as `metrics.jsonl` names them.
    pub metrics: serde_json::Value,
    pub trained_epochs: usize,
    /// The epoch whose weights these are, from 1.
    pub best_epoch: usize,
}

/// A data file that was read in training.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataFile {
    pub role: Role,
    /// As the source writes it.
    pub path: String,
    /// Of the file's bytes, in lower-case hexadecimal.
    pub sha256: String,
    pub rows: usize,
}

/// What a data file was used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Train,
    Valid,
    Test,
}

impl Payload for Record {
    const KEY: &'static str = "rnnc";
    const KIND: &'static str = "model";
}
