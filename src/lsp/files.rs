//! What the server sees of the world: the texts that are open in the editor, and, bounded, the disk.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use gen_lsp_types::Uri;

use crate::check::library_texts;
use crate::diagnostic::Code;
use crate::project;

use super::uri;

/// Entries of a folder that are looked at.
const MOST_ENTRIES: usize = 2_000;
/// `.rnn` files of a workspace that are looked at, and folders inside each other.
const MOST_FILES: usize = 1_000;
const MAX_DEPTH: usize = 8;
/// What is read of the start of a data file.
const START: u64 = 64 << 10;
/// What is read of the end of a log.
const END: u64 = 256 << 10;

/// A text that is open.
#[derive(Debug, Clone)]
pub struct Document {
    pub uri: Uri,
    /// In the one form that every name of the file leads to.
    pub path: Option<PathBuf>,
    pub text: String,
    pub version: i32,
}

#[derive(Debug, Default)]
pub struct Files {
    pub documents: BTreeMap<String, Document>,
    /// The folders of the workspace.
    pub folders: Vec<PathBuf>,
    /// Where the library and the pages of codes are written for the editor to open; nowhere without.
    pub cache: Option<PathBuf>,
    /// The pages that have been written.
    pages: RefCell<BTreeMap<&'static str, Option<PathBuf>>>,
}

impl Files {
    /// The text that is open for a path.
    pub fn open(&self, path: &Path) -> Option<String> {
        self.document(path).map(|document| document.text.clone())
    }

    pub fn document(&self, path: &Path) -> Option<&Document> {
        self.documents.values().find(|document| document.path.as_deref() == Some(path))
    }

    /// The text of a file, open or on disk.
    pub fn text(&self, path: &Path) -> Option<String> {
        self.open(path).or_else(|| project::text(project::open(path).ok()?, "").ok())
    }

    /// The URI by which the editor knows a file.
    pub fn uri(&self, path: &Path) -> Uri {
        let real = real(path);
        self.document(&real).map_or_else(|| uri::of_path(path), |document| document.uri.clone())
    }

    /// The `.rnn` files of the workspace. Hidden folders and those that hold what was made are left out.
    pub fn workspace(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        self.folders.iter().for_each(|folder| collect(folder, MAX_DEPTH, &mut found));
        found.sort();
        found.dedup();
        found
    }

    /// A file of the library, written where an editor can open it, read-only.
    pub fn library(&self, name: &str) -> Option<PathBuf> {
        let (_, text) = library_texts().iter().find(|(path, _)| path.ends_with(&format!("/{name}")))?;
        written(&self.library_folder()?.join(name), text)
    }

    /// Whether a path is that of a library file that was written for an editor.
    pub fn is_library(&self, path: &Path) -> bool {
        self.library_folder().is_some_and(|folder| path.starts_with(real(&folder)))
    }

    fn library_folder(&self) -> Option<PathBuf> {
        Some(self.cache.as_ref()?.join("stdlib"))
    }

    /// The page about a code, written where an editor can open it.
    pub fn page(&self, code: Code) -> Option<PathBuf> {
        let page = || written(&self.cache.as_ref()?.join("errors").join(format!("{}.md", code.id)), code.page);
        self.pages.borrow_mut().entry(code.id).or_insert_with(page).clone()
    }
}

/// A path in the one form that every name of the file leads to.
pub fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_path_buf())
}

fn written(path: &Path, text: &str) -> Option<PathBuf> {
    if std::fs::read_to_string(path).is_ok_and(|found| found == text) {
        return Some(path.to_path_buf());
    }
    std::fs::create_dir_all(path.parent()?).ok()?;
    // Renamed into its place, so that another server never reads half of it.
    let draft = path.with_extension(format!("{}.tmp", std::process::id()));
    std::fs::write(&draft, text).and_then(|()| std::fs::rename(&draft, path)).ok()?;
    let mut permissions = std::fs::metadata(path).ok()?.permissions();
    permissions.set_readonly(true);
    // That it is read-only is a courtesy.
    let _ = std::fs::set_permissions(path, permissions);
    Some(path.to_path_buf())
}

fn collect(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) {
    for (name, is_folder) in entries(folder) {
        let path = folder.join(&name);
        if is_folder {
            let made = name.starts_with('.') || matches!(name.as_str(), "target" | "node_modules" | "runs");
            if !made && depth > 0 && found.len() < MOST_FILES {
                collect(&path, depth - 1, found);
            }
        } else if name.ends_with(".rnn") && found.len() < MOST_FILES {
            found.push(real(&path));
        }
    }
}

/// The names in a folder, sorted, each with whether it is a folder itself. Links are not followed.
pub fn entries(folder: &Path) -> Vec<(String, bool)> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<(String, bool)> = entries
        .take(MOST_ENTRIES)
        .filter_map(|entry| {
            let entry = entry.ok()?;
            Some((entry.file_name().into_string().ok()?, entry.file_type().is_ok_and(|kind| kind.is_dir())))
        })
        .collect();
    names.sort();
    names
}

/// The first line of a file.
pub fn first_line(path: &Path) -> Option<String> {
    let mut bytes = Vec::new();
    project::open(path).ok()?.take(START).read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Some(text.trim_start_matches('\u{feff}').lines().next()?.to_string())
}

/// The lines at the end of a file, the first of them possibly cut.
pub fn last_lines(path: &Path) -> Option<Vec<String>> {
    use std::io::Seek;
    let mut file = project::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    file.seek(std::io::SeekFrom::Start(length.saturating_sub(END))).ok()?;
    let mut bytes = Vec::new();
    file.take(END).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).lines().map(str::to_string).collect())
}
