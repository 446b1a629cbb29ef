//! Writing a file of tensors with its payload.

use super::{ArtifactError, MAX_FILE, Payload, Problem, header, payload, write_atomically};
use safetensors::{Dtype, View};
use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;

/// Writes the tensors (name, shape, row-major values) and the value beside them, atomically, in an order that depends
/// on nothing but the names: the same contents give the same bytes.
///
/// # Errors
/// What [`super::read()`] would not read back is not written: two tensors of one name, values that are not finite or
/// not as many as the shape says. Else as [`write_atomically`].
pub fn write<P: Payload>(
    path: &Path,
    payload: &P,
    tensors: &[(String, Vec<usize>, &[f32])],
) -> Result<(), ArtifactError> {
    let bytes = encode(payload, tensors).map_err(|problem| problem.at(path))?;
    write_atomically(path, &bytes)
}

/// The bytes of the file.
pub(super) fn encode<P: Payload>(payload: &P, tensors: &[(String, Vec<usize>, &[f32])]) -> Result<Vec<u8>, Problem> {
    let metadata = HashMap::from([payload::wrap(payload)?]);
    let mut views = Vec::with_capacity(tensors.len());
    let mut names = std::collections::HashSet::new();
    for (name, shape, values) in tensors {
        let refused = |reason: &str| Problem::Refused(format!("the tensor `{name}` {reason}"));
        if !names.insert(name) || name == header::METADATA {
            return Err(refused("is there twice"));
        }
        if header::bytes(shape) != Some(4 * values.len() as u64) {
            return Err(refused("has more or fewer values than its shape"));
        }
        if !values.iter().all(|value| value.is_finite()) {
            return Err(refused("holds values that are not finite; training has diverged"));
        }
        views.push((name, Values { shape, values }));
    }
    let total: u64 = tensors.iter().map(|(_, _, values)| 4 * values.len() as u64).sum();
    if total > MAX_FILE - header::MAX_HEADER {
        return Err(Problem::Refused("it would be larger than rnnc reads".to_string()));
    }
    safetensors::serialize(views, Some(metadata)).map_err(|error| Problem::Refused(error.to_string()))
}

/// One tensor as safetensors asks for it: bytes in little-endian order.
struct Values<'a> {
    shape: &'a [usize],
    values: &'a [f32],
}

impl View for Values<'_> {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        self.values.iter().flat_map(|value| value.to_le_bytes()).collect()
    }

    fn data_len(&self) -> usize {
        4 * self.values.len()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Record, Tensor, read, sample};
    use super::*;
    use serde::{Deserialize, Serialize};

    #[test]
    fn a_file_comes_back_bit_for_bit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        let (record, tensors) = (sample::record(), sample::tensors());
        write(&path, &record, &sample::borrow(&tensors)).unwrap();
        let (read_record, read_tensors): (Record, Vec<Tensor>) = read(&path).unwrap();
        assert_eq!(read_record, record);
        assert_eq!(read_tensors, tensors);
        let bits = |tensors: &[Tensor]| -> Vec<u32> {
            tensors.iter().flat_map(|tensor| &tensor.values).map(|value| value.to_bits()).collect()
        };
        assert_eq!(bits(&read_tensors), bits(&tensors));
    }

    #[test]
    fn the_same_contents_are_the_same_bytes_in_whatever_order() {
        let tensors = sample::tensors();
        let reversed: Vec<_> = sample::borrow(&tensors).into_iter().rev().collect();
        for _ in 0..5 {
            assert_eq!(encode(&sample::record(), &reversed).unwrap(), sample::bytes());
        }
    }

    #[test]
    fn other_readers_open_it() {
        let bytes = sample::bytes();
        let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        assert_eq!(file.tensor("dense.weight").unwrap().shape(), [2, 2]);
        let (_, header) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
        let metadata = header.metadata().as_ref().unwrap();
        assert_eq!(metadata.len(), 1);
        assert!(metadata["rnnc"].starts_with(r#"{"schema":1,"rnnc_version":"0.1.0","edition":1,"source":"model M"#));
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct State {
        epoch: usize,
        best: Option<f64>,
    }

    impl Payload for State {
        const KEY: &'static str = "rnnc.state";
        const KIND: &'static str = "state";
    }

    #[test]
    fn another_kind_of_file_has_its_own_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.safetensors");
        let state = State { epoch: 3, best: Some(0.25) };
        write(&path, &state, &[("moment".to_string(), vec![1], &[0.5])]).unwrap();
        assert_eq!(read::<State>(&path).unwrap().0, state);
        let error = read::<Record>(&path).unwrap_err();
        assert!(matches!(error.problem, Problem::NoRecord { kind: "model", key: "rnnc" }), "{error}");
    }

    #[test]
    fn what_could_not_be_read_back_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        std::fs::write(&path, "old").unwrap();
        let one = |shape: &[usize], values| vec![("a".to_string(), shape.to_vec(), values)];
        for (tensors, reason) in [
            (one(&[2], &[1.0, f32::NAN][..]), "the tensor `a` holds values that are not finite; training has diverged"),
            (one(&[3], &[1.0]), "the tensor `a` has more or fewer values than its shape"),
            (one(&[usize::MAX, usize::MAX], &[1.0]), "the tensor `a` has more or fewer values than its shape"),
            ([one(&[1], &[1.0]), one(&[1], &[1.0])].concat(), "the tensor `a` is there twice"),
        ] {
            let error = write(&path, &sample::record(), &tensors).unwrap_err();
            assert_eq!(error.to_string(), format!("{}: not written: {reason}", path.display()));
            assert_eq!(std::fs::read(&path).unwrap(), b"old");
        }
    }
}
