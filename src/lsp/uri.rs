//! `file:` URIs ↔ paths. Other schemes have no path, and their texts no files beside them.

use std::path::{Path, PathBuf};

use gen_lsp_types::Uri;

/// The path of a `file:` URI.
pub fn to_path(uri: &Uri) -> Option<PathBuf> {
    let rest = uri.0.strip_prefix("file://")?;
    // A host name may stand before the path; it is this machine.
    let path = decoded(&rest[rest.find('/')?..])?;
    let drive = path.as_bytes().get(2) == Some(&b':') && cfg!(windows);
    Some(PathBuf::from(if drive { &path[1..] } else { &path }))
}

/// The URI of an absolute path.
pub fn of_path(path: &Path) -> Uri {
    let text = path.display().to_string().replace(std::path::MAIN_SEPARATOR, "/");
    let mut uri = String::from(if text.starts_with('/') { "file://" } else { "file:///" });
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' | b'+' | b'@' => {
                uri.push(char::from(byte))
            }
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    Uri(uri)
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        if first == b'%' {
            let digits = std::str::from_utf8(rest.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &rest[2..];
        } else {
            bytes.push(first);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_goes_to_its_uri_and_back() {
        for path in ["/a/b.rnn", "/with space/中文 %41.rnn", "/a+b@c/~d"] {
            assert_eq!(to_path(&of_path(Path::new(path))).as_deref(), Some(Path::new(path)));
        }
        assert_eq!(of_path(Path::new("/a b")).0, "file:///a%20b");
        assert_eq!(to_path(&Uri("file:///a%20b".into())).as_deref(), Some(Path::new("/a b")));
        for uri in ["untitled:one", "file://host", "file:///%zz", "file:///%F", "file:///%FF"] {
            assert_eq!(to_path(&Uri(uri.into())), None, "{uri}");
        }
    }
}
