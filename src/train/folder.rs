//! The folder of a run: what stands in it already, and that nobody else trains into it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::TrainError;
use super::checkpoint::Checkpoint;
use super::run::Begin;
use crate::artifact;

/// The lock's file. It stays when nobody holds the lock; the system frees that whichever way a process ends.
const LOCK: &str = ".lock";

/// A folder that this process alone trains into, for as long as the value lives.
pub struct RunFolder {
    path: PathBuf,
    _lock: Option<File>,
}

impl RunFolder {
    /// Makes the folder, and proves that it can be used for what is wanted, before anyone waits for data or for an epoch.
    /// What stands there stays.
    pub fn open(out: &Path, begin: Begin) -> Result<Self, TrainError> {
        let unusable =
            |why: &str| TrainError::Folder(format!("{}: {why}; name another folder with --out", out.display()));
        if out.is_file() {
            return Err(unusable("this is a file, not a folder"));
        }
        if begin == Begin::Resume && !out.join("checkpoint.safetensors").exists() {
            return Err(TrainError::Resume(format!(
                "{}: there is no training here to go on with; leave out --resume to start one",
                out.display()
            )));
        }
        fs::create_dir_all(out).map_err(|error| unusable(&reason("cannot make this folder", &error)))?;
        artifact::try_writing_into(out).map_err(|error| unusable(&reason("cannot write into this folder", &error)))?;
        let lock = lock(out).map_err(|why| unusable(&why))?;
        if begin == Begin::New
            && let Some(found) = standing(out)
        {
            return Err(TrainError::Used(format!(
                "{}: {found}; add --resume to go on with it, or --overwrite to replace it",
                out.display()
            )));
        }
        Ok(Self { path: out.to_path_buf(), _lock: lock })
    }

    /// Takes away a folder that was made for a run which came to nothing before it wrote anything.
    pub fn withdraw(out: &Path) {
        // Where anything else stands in it, it stays.
        let _ = fs::remove_file(out.join(LOCK)).and_then(|()| fs::remove_dir(out));
    }

    /// Removes what a killed process left half written. All else stays until something takes its place, so that nothing is
    /// lost to a run that comes to nothing.
    pub fn clear(&self) {
        artifact::remove_leftovers(&self.path);
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// What a run has left in a folder, in words; nothing where no run has.
pub fn standing(out: &Path) -> Option<String> {
    let checkpoint = out.join("checkpoint.safetensors");
    if checkpoint.is_file() {
        match Checkpoint::read(&checkpoint) {
            // One that was stopped before its first step has nothing to lose.
            Ok(checkpoint) if !checkpoint.has_begun() => {}
            Ok(checkpoint) => return Some(format!("a training is here already: {}", checkpoint.standing())),
            Err(_) => return Some("a training is here already, whose checkpoint cannot be read".to_string()),
        }
    }
    out.join("model.safetensors").is_file().then(|| "a trained model is here already".to_string())
}

/// The lock on a folder, or who has it. Nothing where the file system knows no locks.
fn lock(out: &Path) -> Result<Option<File>, String> {
    let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(out.join(LOCK));
    let mut file = open.map_err(|error| reason("cannot write into this folder", &error))?;
    match file.try_lock() {
        Ok(()) => {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
            // For the message of another process; the lock holds without it.
            let _ = file.set_len(0).and_then(|()| writeln!(file, "{} {since}", std::process::id()));
            Ok(Some(file))
        }
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            let _ = file.read_to_string(&mut text);
            Err(format!("another rnnc{} is training into this folder", holder(&text)))
        }
        Err(TryLockError::Error(_)) => Ok(None),
    }
}

/// ` (process 4711, for 12 minutes)`, where the lock's file says so.
fn holder(text: &str) -> String {
    let mut numbers = text.split_whitespace().map(str::parse::<u64>);
    let (Some(Ok(process)), Some(Ok(since))) = (numbers.next(), numbers.next()) else { return String::new() };
    let since = UNIX_EPOCH + Duration::from_secs(since.min(u64::from(u32::MAX)));
    let seconds = SystemTime::now().duration_since(since).unwrap_or_default().as_secs();
    let time = match seconds {
        0..120 => format!("{seconds} seconds"),
        120..7200 => format!("{} minutes", seconds / 60),
        _ => format!("{} hours", seconds / 3600),
    };
    format!(" (process {process}, for {time})")
}

/// What could not be done and why, without the operating system's number for it.
fn reason(what: &str, error: &std::io::Error) -> String {
    let why = match error.kind() {
        std::io::ErrorKind::PermissionDenied => "permission denied".to_string(),
        std::io::ErrorKind::NotADirectory => "a part of its path is a file".to_string(),
        _ => error.to_string().split(" (os error").next().unwrap_or_default().to_string(),
    };
    format!("{what}: {why}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_for_one_at_a_time_and_free_again_afterwards() {
        let folder = tempfile::tempdir().unwrap();
        let first = RunFolder::open(folder.path(), Begin::New).unwrap();
        let Err(second) = RunFolder::open(folder.path(), Begin::New) else { panic!("two at once") };
        let expected = format!("another rnnc (process {}, for ", std::process::id());
        assert!(second.to_string().contains(&expected), "{second}");
        drop(first);
        RunFolder::open(folder.path(), Begin::New).unwrap();
    }

    #[test]
    fn a_used_folder_is_refused_and_overwriting_takes_leftovers_alone() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["model.safetensors", "metrics.jsonl", "notes.txt", ".rnnc-x.tmp"] {
            fs::write(folder.path().join(name), "x").unwrap();
        }
        let Err(used) = RunFolder::open(folder.path(), Begin::New) else { panic!("it is used") };
        assert!(used.to_string().contains("a trained model is here already; add --resume"), "{used}");
        RunFolder::open(folder.path(), Begin::Overwrite).unwrap().clear();
        let mut names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, [".lock", "metrics.jsonl", "model.safetensors", "notes.txt"]);
    }
}
