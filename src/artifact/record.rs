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
    /// Every setting of `data` and `train` by its dotted name, defaults filled in.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, String>,
    /// Of the entries of each vocabulary in their order, in lower-case hexadecimal.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub vocabulary_sha256: BTreeMap<String, String>,
    /// The kind of processor that it was trained on. Another one may give other last bits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu: Option<String>,
    /// The model whose weights it started from, where those were not drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_from: Option<DataFile>,
    /// Inputs with what the model gives for them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub golden: Vec<Golden>,
}

/// A row, and what these weights give for it: found again whenever the file is loaded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Golden {
    /// By the name of the field.
    pub inputs: BTreeMap<String, GoldenInput>,
    /// The scores before a final softmax, some of them where they are many, at even distances.
    pub scores: Vec<f32>,
}

/// A field of such a row as the model reads it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct GoldenInput {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<u32>,
    /// Of a tree, the number of every node's parent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parents: Vec<u32>,
    /// Vectors, one after the other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub numbers: Vec<f32>,
    /// How many tokens each sentence has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sentences: Vec<usize>,
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
    /// Word vectors that embeddings started from.
    Vectors,
    /// The model whose weights a training started from.
    Weights,
}

impl Payload for Record {
    const KEY: &'static str = "rnnc";
    const KIND: &'static str = "model";
}
