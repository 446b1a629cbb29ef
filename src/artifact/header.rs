//! The header of a safetensors file: JSON that names each tensor with its shape and place in the bytes that follow.
//!
//! It is parsed here because the safetensors crate lets things pass that a stranger's file may hold: two tensors of
//! one name, and shapes such as `[0, 2^63]` that make it overflow later.

use super::{MAX_FILE, Problem};
use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use std::collections::BTreeMap;
use std::fmt;

/// The key of the strings that describe the file.
pub(super) const METADATA: &str = "__metadata__";

/// The longest header, as safetensors has it.
pub(super) const MAX_HEADER: u64 = 100_000_000;

/// A header that fits its file.
#[derive(Debug)]
pub(super) struct Header {
    pub metadata: BTreeMap<String, String>,
    /// In the order of their bytes, which follow one another without gaps from the end of the header to that of the
    /// file.
    pub tensors: Vec<(String, Entry)>,
}

/// One tensor's line.
#[derive(Debug, Deserialize)]
pub(super) struct Entry {
    pub dtype: String,
    pub shape: Vec<usize>,
    data_offsets: (u64, u64),
}

impl Entry {
    /// How many bytes belong to the tensor.
    pub fn bytes(&self) -> u64 {
        self.data_offsets.1 - self.data_offsets.0
    }
}

/// How many bytes the values of a shape take; none where it has more axes than any tensor here, or where that is more
/// than a file may have, even with each empty axis counted as one.
pub(super) fn bytes(shape: &[usize]) -> Option<u64> {
    const MAX_AXES: usize = 8;
    let bytes = shape.iter().try_fold(4u64, |bytes, size| bytes.checked_mul((*size).max(1) as u64))?;
    let empty = shape.contains(&0);
    (bytes <= MAX_FILE && shape.len() <= MAX_AXES).then_some(if empty { 0 } else { bytes })
}

/// Parses the JSON and checks that the tensors' places are whole and cover `data_bytes` exactly.
pub(super) fn parse(json: &[u8], data_bytes: u64) -> Result<Header, Problem> {
    let Unchecked { metadata, tensors } =
        serde_json::from_slice(json).map_err(|error| Problem::NotSafetensors(format!("its header: {error}")))?;
    let mut tensors: Vec<_> = tensors.into_iter().collect();
    tensors.sort_by_key(|(_, entry)| entry.data_offsets);
    let mut end = 0;
    for (name, Entry { data_offsets, .. }) in &tensors {
        if data_offsets.0 != end || data_offsets.1 < end {
            return Err(Problem::tensor(name, "does not follow the one before it"));
        }
        end = data_offsets.1;
    }
    match end.cmp(&data_bytes) {
        std::cmp::Ordering::Greater => Err(Problem::Truncated),
        std::cmp::Ordering::Less => Err(Problem::Damaged("it has bytes that belong to no tensor".to_string())),
        std::cmp::Ordering::Equal => Ok(Header { metadata, tensors }),
    }
}

/// The header as it is written.
struct Unchecked {
    metadata: BTreeMap<String, String>,
    tensors: BTreeMap<String, Entry>,
}

impl<'de> Deserialize<'de> for Unchecked {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(UncheckedVisitor)
    }
}

struct UncheckedVisitor;

impl<'de> Visitor<'de> for UncheckedVisitor {
    type Value = Unchecked;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object of tensors")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Unchecked, A::Error> {
        let mut metadata = None;
        let mut tensors = BTreeMap::new();
        while let Some(name) = map.next_key::<String>()? {
            let twice = if name == METADATA {
                metadata.replace(map.next_value::<Strings>()?.0).is_some()
            } else {
                let entry = map.next_value()?;
                tensors.insert(name.clone(), entry).is_some()
            };
            if twice {
                return Err(de::Error::custom(format_args!("`{name}` is there twice")));
            }
        }
        Ok(Unchecked { metadata: metadata.unwrap_or_default(), tensors })
    }
}

/// A map from string to string in which no key is there twice.
struct Strings(BTreeMap<String, String>);

impl<'de> Deserialize<'de> for Strings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(StringsVisitor)
    }
}

struct StringsVisitor;

impl<'de> Visitor<'de> for StringsVisitor {
    type Value = Strings;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object of strings")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Strings, A::Error> {
        let mut strings = BTreeMap::new();
        while let Some((key, value)) = map.next_entry::<String, String>()? {
            if strings.insert(key.clone(), value).is_some() {
                return Err(de::Error::custom(format_args!("`{key}` is there twice")));
            }
        }
        Ok(Strings(strings))
    }
}
