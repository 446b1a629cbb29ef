//! Files that are either the old ones or the new ones, whole, whatever happens in between.

use super::{ArtifactError, Problem};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Writes a file at once: into a temporary one in the same folder, to the disk, then renamed over `path`.
///
/// On failure the temporary file is removed and what stood at `path` is as before. The file's mode is that of the file it
/// replaces, or 0666 less the process's mask. A link is followed; what is neither a regular file nor absent is refused.
///
/// # Errors
/// [`Problem::NotAFile`] and [`Problem::Unwritable`].
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), ArtifactError> {
    let target = target(path).map_err(|problem| problem.at(path))?;
    replace(&target, bytes).map_err(|error| Problem::Unwritable(error).at(path))
}

/// Whether files can be written into a folder, found out by a file without a name that is gone at once: nothing that
/// stands there is touched.
pub fn try_writing_into(folder: &Path) -> io::Result<()> {
    tempfile::tempfile_in(folder).map(drop)
}

/// What a temporary file of ours is called.
const PREFIX: &str = ".rnnc-";
const SUFFIX: &str = ".tmp";

/// Removes the temporary files of a process that was killed while it wrote into this folder. To be called by the only one
/// who writes there.
pub fn remove_leftovers(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let ours = name.to_str().is_some_and(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX));
        if ours && entry.file_type().is_ok_and(|kind| kind.is_file()) {
            // One that stays does no harm.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// A folder that is gone, with all that is in it, when this value is.
pub struct TemporaryFolder(tempfile::TempDir);

impl TemporaryFolder {
    pub fn new() -> io::Result<Self> {
        tempfile::Builder::new().prefix("rnnc-").tempdir().map(Self)
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

/// The file that will be replaced: where `path` leads if it is a link.
fn target(path: &Path) -> Result<PathBuf, Problem> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => fs::canonicalize(path).map_err(Problem::Unwritable),
        Ok(metadata) => Err(Problem::NotAFile { folder: metadata.is_dir() }),
        // Absent, or not to be seen: writing will find out.
        Err(_) => Ok(path.to_path_buf()),
    }
}

fn replace(target: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX).suffix(SUFFIX);
    // A temporary file is private by default; this one is to become an ordinary file.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    if let Ok(replaced) = fs::metadata(target) {
        file.as_file().set_permissions(replaced.permissions())?;
    }
    file.as_file().sync_all()?;
    file.persist(target).map_err(|error| error.error)?;
    sync_folder(folder);
    Ok(())
}

/// Makes the rename itself last through a power cut. Not every file system can; the file is there either way.
fn sync_folder(folder: &Path) {
    if cfg!(unix) {
        let _ = fs::File::open(folder).and_then(|folder| folder.sync_all());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_created_and_replaced_with_an_ordinary_mode() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        write_atomically(&path, b"one").unwrap();
        write_atomically(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(names(folder.path()), ["a"]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::write(folder.path().join("ordinary"), "").unwrap();
            let mode = |name| fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
            assert_eq!(mode("a"), mode("ordinary"));
            fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
            write_atomically(&path, b"three").unwrap();
            assert_eq!(mode("a") & 0o777, 0o640);
        }
    }

    #[test]
    fn leftovers_go_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        for name in [".rnnc-a1B2c3.tmp", "mine.tmp", ".rnnc-notes", "model.safetensors"] {
            fs::write(folder.path().join(name), "x").unwrap();
        }
        fs::create_dir(folder.path().join(".rnnc-folder.tmp")).unwrap();
        remove_leftovers(folder.path());
        assert_eq!(names(folder.path()), [".rnnc-folder.tmp", ".rnnc-notes", "mine.tmp", "model.safetensors"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "old").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        write_atomically(&link, b"new").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&file).unwrap(), b"new");
    }

    #[test]
    fn what_is_no_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let error = write_atomically(folder.path(), b"x").unwrap_err();
        assert!(matches!(error.problem, Problem::NotAFile { folder: true }));
        #[cfg(unix)]
        {
            let error = write_atomically(Path::new("/dev/null"), b"x").unwrap_err();
            assert!(matches!(error.problem, Problem::NotAFile { folder: false }));
        }
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let missing = write_atomically(&folder.path().join("no/a"), b"x").unwrap_err();
        assert!(missing.to_string().ends_with("cannot be written: its folder does not exist; create it first"));
        let file = folder.path().join("file");
        fs::write(&file, "old").unwrap();
        let error = write_atomically(&file.join("a"), b"x").unwrap_err();
        assert!(error.to_string().ends_with("a part of its path is a file, not a folder"), "{error}");
        assert_eq!(names(folder.path()), ["file"]);
        assert_eq!(fs::read(&file).unwrap(), b"old");
    }

    #[test]
    fn a_rename_that_fails_leaves_everything_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        // No file system takes a name of this length, but the temporary one beside it is written.
        assert!(write_atomically(&folder.path().join("a".repeat(5000)), b"x").is_err());
        assert_eq!(names(folder.path()), Vec::<String>::new());
        // A folder with a file in it cannot be replaced.
        let target = folder.path().join("target");
        fs::create_dir(&target).unwrap();
        fs::write(target.join("old"), "old").unwrap();
        assert!(replace(&target, b"x").is_err());
        assert_eq!(names(folder.path()), ["target"]);
        assert_eq!(fs::read(target.join("old")).unwrap(), b"old");
    }
}
