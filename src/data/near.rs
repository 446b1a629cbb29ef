//! "Did you mean": a file that is there in place of one that is not.

use crate::diagnostic::suggest::nearest;
use std::path::{Path, PathBuf};

/// So many names of a folder are looked at: a message is not worth more.
const MOST: usize = 1000;

/// A file in the same folder with nearly the same name.
pub fn near(path: &Path) -> Option<PathBuf> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let entries = std::fs::read_dir(folder).ok()?.take(MOST);
    let names: Vec<String> = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    // The same extension says nothing, nor does one that was left out, so they do not count as likeness.
    let likeness = |name: &str| match (Path::new(name).extension(), Path::new(name).file_stem()) {
        (own, Some(stem)) if path.extension().is_none_or(|wanted| own == Some(wanted)) => {
            stem.to_string_lossy().into_owned()
        }
        _ => name.to_string(),
    };
    let wanted = likeness(path.file_name()?.to_str()?);
    let alike: Vec<String> = names.iter().map(|name| likeness(name)).collect();
    let near = nearest(&wanted, alike.iter().map(String::as_str))?;
    Some(path.with_file_name(&names[alike.iter().position(|name| name == near)?]))
}
