//! Event files for TensorBoard: the figures of every epoch as scalars.
//!
//! A file is a list of records, each framed by its length and two checksums; a record is an `Event` of TensorFlow's protocol
//! buffers, of which scalars need a handful of fields. Nothing else of either format is here.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::{Epoch, EpochRecord, Watch};

/// Writes what happens into a folder that TensorBoard is pointed at.
#[derive(Debug)]
pub struct TensorBoard {
    file: File,
    path: PathBuf,
    /// Whether the first epoch of this process has been written, and writing failed.
    begun: bool,
    failed: bool,
}

impl TensorBoard {
    /// Begins a file of its own. What others have written into the folder before, as for the first epochs of a run that is
    /// resumed, stays there and is shown with it.
    pub fn create(folder: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        // Several processes may begin within one second.
        let name = format!("events.out.tfevents.{}.{}.rnnc", now.as_secs(), std::process::id());
        let path = folder.join(name);
        let mut file = File::options().create_new(true).write(true).open(&path)?;
        file.write_all(&record(&event(now.as_secs_f64(), 0, &[], Content::Version)))?;
        Ok(Self { file, path, begun: false, failed: false })
    }

    fn write(&mut self, step: u64, record: &EpochRecord) -> io::Result<()> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        let mut bytes = Vec::new();
        if !std::mem::replace(&mut self.begun, true) {
            // What an earlier run wrote for this epoch and those after it is shown no longer.
            bytes.extend(self::record(&event(now, step, &[], Content::Start)));
        }
        bytes.extend(self::record(&event(now, step, &scalars(record), Content::Scalars)));
        self.file.write_all(&bytes)
    }
}

impl Watch for TensorBoard {
    fn epoch(&mut self, epoch: &Epoch) {
        // Restarts go on counting.
        if let (false, Err(error)) = (self.failed, self.write(epoch.history.len() as u64, epoch.record())) {
            // Training is worth more than its display.
            self.failed = true;
            let warning =
                format!("warning: cannot write {}: {error}; training goes on without it\n", self.path.display());
            drop(io::stderr().write_all(warning.as_bytes()));
        }
    }
}

/// The figures of an epoch under the names of `metrics.jsonl`, those of training and of validation apart.
fn scalars(record: &EpochRecord) -> Vec<(String, f64)> {
    let values = serde_json::json!(record);
    let scalar = |(name, value): (&String, &serde_json::Value)| {
        let group = match name.as_str() {
            "epoch" | "restart" | "best" | "linear_start" | "steps" => return None,
            name if name.starts_with("valid_") && name != "valid_seconds" => "valid",
            "train_loss" | "train_accuracy" => "train",
            "learning_rate" | "gradient_norm" | "largest_gradient_norm" | "clipped" => "steps",
            _ => "cost",
        };
        let short = name.strip_prefix("train_").or(name.strip_prefix("valid_").filter(|_| group == "valid"));
        Some((format!("{group}/{}", short.unwrap_or(name)), value.as_f64()?))
    };
    values.as_object().into_iter().flatten().filter_map(scalar).collect()
}

enum Content {
    /// The first record of a file.
    Version,
    /// Whatever stands at this step or after it in other files is out of date.
    Start,
    Scalars,
}

/// An `Event`: `wall_time = 1`, `step = 2`, `file_version = 3`, `summary = 5`, `session_log = 7`.
fn event(time: f64, step: u64, scalars: &[(String, f64)], content: Content) -> Vec<u8> {
    let mut event = vec![1 << 3 | 1];
    event.extend(time.to_le_bytes());
    // What is zero is left out.
    if step > 0 {
        event.push(2 << 3);
        varint(&mut event, step);
    }
    match content {
        Content::Version => field(&mut event, 3, b"brain.Event:2"),
        // A `SessionLog`: `status = 1`, of which 1 is a start.
        Content::Start => field(&mut event, 7, &[1 << 3, 1]),
        Content::Scalars => {
            let mut summary = Vec::new();
            for (tag, value) in scalars {
                // A `Summary.Value`: `tag = 1`, `simple_value = 2`.
                let mut entry = Vec::new();
                field(&mut entry, 1, tag.as_bytes());
                entry.push(2 << 3 | 5);
                entry.extend((*value as f32).to_le_bytes());
                field(&mut summary, 1, &entry);
            }
            field(&mut event, 5, &summary);
        }
    }
    event
}

/// A field whose value has a length of its own.
fn field(message: &mut Vec<u8>, number: u8, value: &[u8]) {
    message.push(number << 3 | 2);
    varint(message, value.len() as u64);
    message.extend_from_slice(value);
}

/// Seven bits a byte, the lowest first.
fn varint(message: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        message.push(value as u8 | 0x80);
        value >>= 7;
    }
    message.push(value as u8);
}

/// A record of the file: the length and its checksum, the bytes and theirs.
fn record(bytes: &[u8]) -> Vec<u8> {
    let length = (bytes.len() as u64).to_le_bytes();
    let mut record = length.to_vec();
    record.extend(masked(crc32c(&length)).to_le_bytes());
    record.extend_from_slice(bytes);
    record.extend(masked(crc32c(bytes)).to_le_bytes());
    record
}

/// The checksum of a record that may hold checksums itself.
fn masked(crc: u32) -> u32 {
    crc.rotate_right(15).wrapping_add(0xa282_ead8)
}

/// The cyclic redundancy check of Castagnoli's polynomial.
fn crc32c(bytes: &[u8]) -> u32 {
    let bit = |crc: u32, _| (crc >> 1) ^ (0x82f6_3b78 & (crc & 1).wrapping_neg());
    !bytes.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), bit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_the_standard() {
        // RFC 3720, B.4: 32 bytes of zeros, of ones, and counting up.
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c(&[0xff; 32]), 0x62a8_ab43);
        assert_eq!(crc32c(&(0..32).collect::<Vec<u8>>()), 0x46dd_794e);
    }

    // from tensorboard.compat.proto import event_pb2
    // e = event_pb2.Event(wall_time=1.5, step=300); v = e.summary.value.add(tag="train/loss", simple_value=0.25)
    // e.SerializeToString().hex()
    #[test]
    fn events_are_those_of_tensorboard() {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let scalar = [("train/loss".to_string(), 0.25)];
        let expected = "09000000000000f83f10ac022a130a110a0a747261696e2f6c6f7373150000803e";
        assert_eq!(hex(&event(1.5, 300, &scalar, Content::Scalars)), expected);
        assert_eq!(hex(&event(1.5, 0, &[], Content::Version)), "09000000000000f83f1a0d627261696e2e4576656e743a32");
        assert_eq!(hex(&event(1.5, 7, &[], Content::Start)), "09000000000000f83f10073a020801");
        // The length, its checksum, the bytes, their checksum.
        let record = record(b"abc");
        assert_eq!(record.len(), 8 + 4 + 3 + 4);
        assert_eq!(record[15..], masked(crc32c(b"abc")).to_le_bytes());
    }
}
