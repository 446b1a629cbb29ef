//! Reading a file of tensors with its payload, whoever wrote it.
//!
//! Every size is checked against the size of the file before memory is asked for, so a small file cannot cost much.

use super::{ArtifactError, MAX_FILE, Payload, Problem, Tensor, header, payload};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// The length that comes first, in bytes.
const LENGTH: u64 = 8;

/// Reads the value and the tensors of a file, these in the order of the file.
///
/// Every tensor is `F32`, its name is there once, and its values are finite and as many as its shape says.
///
/// # Errors
/// A [`Problem`] of its own for each way in which a file can be something else.
pub fn read<P: Payload>(path: &Path) -> Result<(P, Vec<Tensor>), ArtifactError> {
    open(path).and_then(|(file, length)| decode(io::BufReader::new(file), length)).map_err(|problem| problem.at(path))
}

fn open(path: &Path) -> Result<(File, u64), Problem> {
    let unreadable = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => Problem::NotFound,
        _ => Problem::Unreadable(error),
    };
    // Asked before opening: opening a pipe would wait for its writer.
    let metadata = fs::metadata(path).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(Problem::NotAFile { folder: metadata.is_dir() });
    }
    Ok((File::open(path).map_err(unreadable)?, metadata.len()))
}

/// Reads a file of `length` bytes.
pub(super) fn decode<P: Payload>(mut file: impl Read, length: u64) -> Result<(P, Vec<Tensor>), Problem> {
    if length == 0 {
        return Err(Problem::Empty);
    }
    if length > MAX_FILE {
        return Err(Problem::TooLarge { bytes: length });
    }
    if length <= LENGTH {
        return Err(Problem::NotSafetensors("it is too short".to_string()));
    }
    let mut first = [0; LENGTH as usize + 1];
    file.read_exact(&mut first).map_err(interrupted)?;
    let [header_length @ .., brace] = first;
    let header_length = u64::from_le_bytes(header_length);
    if brace != b'{' || header_length > header::MAX_HEADER {
        return Err(Problem::NotSafetensors("it does not begin with a header".to_string()));
    }
    if header_length > length - LENGTH || header_length == 0 {
        return Err(Problem::Truncated);
    }
    let mut json = vec![0; header_length as usize];
    json[0] = brace;
    file.read_exact(&mut json[1..]).map_err(interrupted)?;
    let header = header::parse(&json, length - LENGTH - header_length)?;
    drop(json);

    // A file of another program is told so before its tensors are criticised.
    let payload: P = payload::unwrap(&header.metadata)?;
    let tensors = header.tensors.into_iter().map(|(name, entry)| tensor(&mut file, name, entry));
    Ok((payload, tensors.collect::<Result<_, _>>()?))
}

fn tensor(file: &mut impl Read, name: String, entry: header::Entry) -> Result<Tensor, Problem> {
    if entry.dtype != "F32" {
        return Err(Problem::tensor(&name, format!("is of type {}; rnnc reads F32", entry.dtype)));
    }
    if header::bytes(&entry.shape) != Some(entry.bytes()) {
        return Err(Problem::tensor(&name, "has more or fewer values than its shape"));
    }
    let mut values = Vec::new();
    values.try_reserve_exact(entry.bytes() as usize / 4).map_err(|_| Problem::OutOfMemory)?;
    let mut block = [0; 16 * 1024];
    let mut left = entry.bytes() as usize;
    while left > 0 {
        let block = &mut block[..left.min(16 * 1024)];
        file.read_exact(block).map_err(interrupted)?;
        // The length is a multiple of four, being that of a whole shape.
        values.extend(block.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)));
        left -= block.len();
    }
    if let Some(index) = values.iter().position(|value| !value.is_finite()) {
        return Err(Problem::tensor(
            &name,
            format!("holds {} at index {index}; all values should be finite", values[index]),
        ));
    }
    Ok(Tensor { name, shape: entry.shape, values })
}

/// The file was longer a moment ago, or the disk fails.
fn interrupted(error: io::Error) -> Problem {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Problem::Truncated,
        _ => Problem::Unreadable(error),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Record, sample};
    use super::*;
    use crate::random::Random;

    fn decode_bytes(bytes: &[u8]) -> Result<(Record, Vec<Tensor>), Problem> {
        decode(bytes, bytes.len() as u64)
    }

    /// A file of a header and as many zero bytes.
    fn file(header: &str, data: usize) -> Vec<u8> {
        let length = (header.len() as u64).to_le_bytes();
        [&length[..], header.as_bytes(), &vec![0; data]].concat()
    }

    /// A file with the record that our own files have, and these tensors.
    fn with_record(tensors: &str, data: usize) -> Vec<u8> {
        let record = serde_json::to_string(&super::super::payload::wrap(&sample::record()).unwrap().1).unwrap();
        file(&format!(r#"{{"__metadata__":{{"rnnc":{record}}},{tensors}}}"#), data)
    }

    fn message(bytes: &[u8]) -> String {
        decode_bytes(bytes).unwrap_err().to_string()
    }

    #[test]
    fn every_shorter_and_every_longer_file_is_an_error() {
        let bytes = sample::bytes();
        for length in (0..bytes.len()).step_by(7).chain(bytes.len() - 8..bytes.len()) {
            assert!(decode_bytes(&bytes[..length]).is_err(), "{length}");
        }
        assert!(
            message(&[&bytes[..], &[0]].concat()).starts_with("the file is damaged: it has bytes that belong to no")
        );
        // A file that shrinks while it is read.
        let shrunk = decode::<Record>(&bytes[..bytes.len() - 3], bytes.len() as u64);
        assert!(matches!(shrunk, Err(Problem::Truncated)));
    }

    #[test]
    fn mutations_never_panic_and_what_passes_is_whole() {
        let original = sample::bytes();
        let mut random = Random::new(1, &[]);
        let mut errors = 0;
        for _ in 0..2000 {
            let mut bytes = original.clone();
            for _ in 0..1 + random.below(4) {
                let at = random.below(bytes.len());
                match random.below(4) {
                    0 => bytes[at] = random.next_u64() as u8,
                    1 => bytes[at] ^= 1 << random.below(8),
                    2 => drop(bytes.remove(at)),
                    _ => bytes.insert(at, b"0[]{},:\"9\\-"[random.below(11)]),
                }
            }
            match decode_bytes(&bytes) {
                Err(_) => errors += 1,
                // A letter of the source or a bit of a weight may have changed: that is another file, but a whole one.
                Ok((_, tensors)) => {
                    for tensor in tensors {
                        assert_eq!(tensor.shape.iter().product::<usize>(), tensor.values.len());
                        assert!(tensor.values.iter().all(|value| value.is_finite()));
                    }
                }
            }
        }
        assert!(errors > 1000, "{errors}");
    }

    #[test]
    fn hostile_headers_are_errors() {
        let mut huge = sample::bytes();
        huge[..8].copy_from_slice(&u64::MAX.to_le_bytes());
        assert_eq!(message(&huge), "this is not a safetensors file (it does not begin with a header)");
        huge[..8].copy_from_slice(&99_000_000u64.to_le_bytes());
        assert_eq!(message(&huge), "the file is cut short; copy it again or train again");

        let tensor = |shape: &str, offsets: &str| {
            with_record(&format!(r#""a":{{"dtype":"F32","shape":{shape},"data_offsets":{offsets}}}"#), 8)
        };
        assert!(decode_bytes(&tensor("[2]", "[0,8]")).is_ok());
        let wrong_size = "the tensor `a` has more or fewer values than its shape";
        for (shape, offsets, expected) in [
            ("[3]", "[0,8]", wrong_size),
            ("[2]", "[4,8]", "the tensor `a` does not follow the one before it"),
            ("[2]", "[8,0]", "the tensor `a` does not follow the one before it"),
            ("[2]", "[0,16]", "the file is cut short; copy it again or train again"),
            ("[2]", "[0,18446744073709551615]", "the file is cut short; copy it again or train again"),
            ("[4294967296,4294967296,4294967296]", "[0,8]", wrong_size),
            ("[1,1,1,1,1,1,1,1,2]", "[0,8]", wrong_size),
        ] {
            assert_eq!(message(&tensor(shape, offsets)), expected, "{shape} {offsets}");
        }
        for (shape, offsets) in
            [("[-1]", "[0,8]"), ("[1e3]", "[0,8]"), ("2", "[0,8]"), ("[2]", "[0]"), ("[2]", "[0,8,9]")]
        {
            assert!(message(&tensor(shape, offsets)).starts_with("this is not a safetensors file (its header: "));
        }
        let empty = r#""a":{"dtype":"F32","shape":[0,9223372036854775808],"data_offsets":[0,0]}"#;
        assert_eq!(message(&with_record(empty, 0)), wrong_size);

        let a = r#""a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}"#;
        let again = r#""a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}"#;
        assert!(message(&with_record(&format!("{a},{again}"), 8)).contains("`a` is there twice"));
        let overlap = r#""b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}"#;
        assert_eq!(
            message(&with_record(&format!("{a},{overlap}"), 6)),
            "the tensor `b` does not follow the one before it"
        );
        let half = r#""a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}"#;
        assert_eq!(message(&with_record(half, 4)), "the tensor `a` is of type F16; rnnc reads F32");

        let mut nan = with_record(a, 4);
        let end = nan.len();
        nan[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
        assert_eq!(message(&nan), "the tensor `a` holds NaN at index 0; all values should be finite");

        for deep in ["{\"a\":", "{\"a\":{\"shape\":", "{\"a\":{\"x\":"] {
            assert!(decode_bytes(&file(&format!("{deep}{}", "[".repeat(100_000)), 0)).is_err());
        }
        assert!(message(&file(r#"{"__metadata__":{"rnnc":1}}"#, 0)).contains("expected a string"));
        assert!(message(&file(r#"{"__metadata__":{"x":"","x":""}}"#, 0)).contains("`x` is there twice"));
        assert!(
            message(&file(r#"{"__metadata__":{},"__metadata__":{}}"#, 0)).contains("`__metadata__` is there twice")
        );
    }

    #[test]
    fn a_record_is_ours_and_whole_and_not_of_the_future() {
        let record = |json: &str| {
            let string = serde_json::to_string(json).unwrap();
            message(&file(&format!(r#"{{"__metadata__":{{"rnnc":{string}}}}}"#), 0))
        };
        let foreign = "this is a safetensors file but no model that rnnc wrote (its metadata has no `rnnc` record)";
        assert_eq!(message(&file("{}", 0)), foreign);
        assert_eq!(
            message(&file(
                r#"{"__metadata__":{"format":"pt"},"a":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}}"#,
                2
            )),
            foreign
        );
        for (json, expected) in [
            (
                "",
                "its model record is damaged: EOF while parsing a value at line 1 column 0; copy it again or train again",
            ),
            ("[]", "its model record is damaged: it is not an object; copy it again or train again"),
            ("{}", "its model record is damaged: it states no schema; copy it again or train again"),
            (r#"{"schema":"1"}"#, "its model record is damaged: it states no schema; copy it again or train again"),
            (
                r#"{"schema":1}"#,
                "its model record is damaged: missing field `rnnc_version`; copy it again or train again",
            ),
            (
                r#"{"schema":2,"rnnc_version":"9.0.0"}"#,
                "it was written by rnnc 9.0.0 in a newer form (schema 2); update rnnc to use it",
            ),
            (
                r#"{"schema":1,"edition":7,"rnnc_version":"9.0.0","source":[]}"#,
                "it was written by rnnc 9.0.0 in a newer form (schema 1, edition 7); update rnnc to use it",
            ),
        ] {
            assert_eq!(record(json), expected);
        }
        assert!(record(&"[".repeat(100_000)).contains("recursion limit exceeded"));
        let wrong_type = serde_json::to_string(&sample::record()).unwrap().replace(r#""labels":["#, r#""labels":[1,"#);
        assert!(record(&wrong_type.replacen('{', r#"{"schema":1,"#, 1)).contains("invalid type: integer `1`"));
    }

    #[test]
    fn what_is_no_artifact_is_named_in_one_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("empty"), "").unwrap();
        fs::write(path("short"), "hi").unwrap();
        fs::write(path("text"), "model M(text) -> label {}\n").unwrap();
        File::create(path("huge")).unwrap().set_len(MAX_FILE + 1).unwrap();
        let error = |name: &str| read::<Record>(&path(name)).unwrap_err().to_string();
        for (name, expected) in [
            ("none", "there is no such file; `rnnc train` writes one"),
            ("", "this is a folder; name the file in it"),
            ("empty", "the file is empty; copy it again or train again"),
            ("short", "this is not a safetensors file (it is too short)"),
            ("text", "this is not a safetensors file (it does not begin with a header)"),
            ("huge", "the file has 4294967297 bytes, more than the 4294967296 that rnnc reads"),
        ] {
            assert_eq!(error(name), format!("{}: {expected}", path(name).display()));
        }
        // A name out of a file cannot break the line or the terminal.
        let name = format!("a\n\u{1b}[31m{}", "b".repeat(1000));
        let error = Problem::tensor(&name, "is bad").at(Path::new("m")).to_string();
        assert!(error.starts_with("m: the tensor `a ?[31mbbb") && error.chars().count() < 200, "{error}");
    }
}
