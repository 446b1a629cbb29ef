//! The pages are true: every block of the language in them is checked, every table and output is what the program says.
//!
//! Code blocks by their first line:
//! - `rnn`: a whole file without findings; `rnn error E0501`, `rnn warning W0704`: with these findings and no other;
//!   `rnn file name.rnn`: without findings, and later blocks of the page can import it
//! - `text report`: the findings of the block of the language above it, as `rnnc check` prints them
//! - `console run`: commands that start with `$ rnnc`, run from the root of the project, with what they print
//!
//! Between `<!-- made: NAME -->` and `<!-- end -->` stands what [`made`] makes.
//! `UPDATE_DOCS=1 cargo test --test it docs` writes all of it anew.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;

use rnnc::check::settings::{Choice, Setting};
use rnnc::check::{self, Checked, LoadError, Loaded, Loader};
use rnnc::diagnostic::render::{Format, Style, render};
use rnnc::source::FileId;
use rnnc::syntax::{self, ast::Item};

/// The pages that are held to what they say.
fn pages() -> Vec<String> {
    let mut pages = ["README.md", "ARCHITECTURE.md", "docs/language.md", "docs/probe.md"].map(str::to_string).to_vec();
    let models = std::fs::read_dir(root().join("docs/models"));
    let names = models.into_iter().flatten().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    pages.extend(names.filter(|name| name.ends_with(".md")).map(|name| format!("docs/models/{name}")));
    pages.sort();
    pages
}

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

pub fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}")).replace("\r\n", "\n")
}

/// A fenced block: the words after the fence and where its body stands in the page.
struct Block {
    info: Vec<String>,
    line: usize,
    body: Range<usize>,
}

fn blocks(page: &str) -> Vec<Block> {
    let (mut blocks, mut open, mut at) = (Vec::new(), None::<Block>, 0);
    for (number, line) in page.split_inclusive('\n').enumerate() {
        let start = at;
        at += line.len();
        match (line.strip_prefix("```"), open.take()) {
            (Some(info), None) => {
                let info = info.split_whitespace().map(str::to_string).collect();
                open = Some(Block { info, line: number + 1, body: at..at });
            }
            (Some(_), Some(block)) => blocks.push(Block { body: block.body.start..start, ..block }),
            (None, still) => open = still,
        }
    }
    assert!(open.is_none(), "a code block is never closed");
    blocks
}

impl Block {
    fn is(&self, words: &[&str]) -> bool {
        self.info.len() >= words.len() && self.info.iter().zip(words).all(|(a, b)| a == b)
    }

    fn codes(&self) -> Vec<String> {
        let finding = self.is(&["rnn", "error"]) || self.is(&["rnn", "warning"]);
        if finding { self.info[2..].to_vec() } else { Vec::new() }
    }
}

/// The blocks of a page that have names, and what stands in `models`.
struct Named(BTreeMap<String, String>);

impl Loader for Named {
    fn load(&mut self, _: &str, path: &str) -> Result<Loaded, LoadError> {
        let model = || std::fs::read_to_string(root().join("models").join(path)).ok();
        let text = self
            .0
            .get(path)
            .cloned()
            .or_else(model)
            .ok_or_else(|| LoadError::Missing("there is no such file".into()))?;
        Ok(Loaded { identity: path.into(), path: path.into(), text })
    }
}

/// Calls `visit` with every block of a page and, for those of the language, what checking them gave.
fn each_block(page: &str, mut visit: impl FnMut(&Block, Option<&Checked>)) {
    let mut named = Named(BTreeMap::new());
    let mut last = None;
    for block in blocks(page) {
        let text = &page[block.body.clone()];
        if block.is(&["rnn"]) {
            let name = block.is(&["rnn", "file"]).then(|| block.info[2].clone());
            last = Some(check::check(name.as_deref().unwrap_or("example.rnn"), text, &mut named));
            visit(&block, last.as_ref());
            named.0.extend(name.map(|name| (name, text.to_string())));
        } else {
            visit(&block, last.as_ref());
        }
    }
}

#[test]
fn blocks_of_the_language_have_the_findings_they_say() {
    let mut wrong = String::new();
    for path in pages() {
        let page = read(&path);
        each_block(&page, |block, checked| {
            let known = ["rnn", "text", "console", "sh", "rust", "json", "python"];
            assert!(block.info.first().is_some_and(|word| known.contains(&word.as_str())), "{path}:{}", block.line);
            let Some(checked) = checked.filter(|_| block.is(&["rnn"])) else { return };
            let mut found: Vec<&str> = checked.diagnostics.iter().map(|d| d.code.id).collect();
            found.dedup();
            if found != block.codes() {
                let report = render(&checked.diagnostics, &checked.sources, Format::Human, Style::default());
                writeln!(wrong, "{path}:{} should give {:?}:\n{report}", block.line, block.codes()).unwrap();
            }
        });
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn tables_and_outputs_are_what_the_program_says() {
    let update = std::env::var_os("UPDATE_DOCS").is_some();
    for path in pages() {
        let page = read(&path);
        let mut wanted: Vec<(Range<usize>, String)> = regions(&page);
        each_block(&page, |block, checked| match checked {
            Some(checked) if block.is(&["text", "report"]) => {
                let report = render(&checked.diagnostics, &checked.sources, Format::Human, Style::default());
                wanted.push((block.body.clone(), report));
            }
            _ if block.is(&["console", "run"]) => wanted.push((block.body.clone(), session(&page[block.body.clone()]))),
            _ => {}
        });
        wanted.retain(|(range, text)| page[range.clone()] != *text);
        if update {
            wanted.sort_by_key(|(range, _)| std::cmp::Reverse(range.start));
            let mut page = page;
            wanted.into_iter().for_each(|(range, text)| page.replace_range(range, &text));
            std::fs::write(root().join(path), page).expect("the page can be written");
        } else if let Some((range, text)) = wanted.first() {
            let line = page[..range.start].lines().count();
            panic!("{path}:{line} should be as follows (UPDATE_DOCS=1 cargo test --test it docs writes it):\n{text}");
        }
    }
}

/// The commands of a session with what they print now.
fn session(text: &str) -> String {
    let mut result = String::new();
    for line in text.lines().filter_map(|line| line.strip_prefix("$ rnnc ")) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rnnc"));
        let output = command.args(line.split_whitespace()).current_dir(root()).env("COLUMNS", "100").output();
        let output = output.expect("rnnc can be started");
        write!(result, "$ rnnc {line}\n{}", String::from_utf8_lossy(&output.stdout)).unwrap();
    }
    result
}

fn regions(page: &str) -> Vec<(Range<usize>, String)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = page[at..].find("<!-- made: ").map(|i| at + i) {
        let name = page[start + 11..].split(" -->").next().unwrap_or_default();
        let body = start + 11 + name.len() + " -->\n".len();
        let end = body + page[body..].find("<!-- end -->").unwrap_or_else(|| panic!("{name} has no end"));
        found.push((body..end, format!("\n{}\n", made(name))));
        at = end;
    }
    found
}

/// A part of a page that is made from the program.
fn made(name: &str) -> String {
    match name {
        "data" => settings(check::DATA),
        "text" => settings(check::TEXT),
        "document" => settings(check::DOCUMENT),
        "story" => settings(check::STORY),
        "class" => settings(check::CLASS),
        "tree" => settings(check::TREE),
        "tags" => settings(check::TAGS),
        "train" => settings(check::TRAIN),
        "optimizers" => choices("optimizer", check::OPTIMIZERS),
        "sources" => choices("source", check::SOURCES),
        "schedules" => choices("schedule", check::SCHEDULES),
        "codes" => codes(),
        name if name.starts_with("model ") => format!("```rnn\n{}```\n", read(&format!("models/{}.rnn", &name[6..]))),
        name if name.starts_with("figure ") => figure(&name[7..]),
        file => library(&format!("stdlib/{file}.rnn")),
    }
}

/// The drawing of a model in `models/`.
fn figure(name: &str) -> String {
    let path = format!("models/{name}.rnn");
    let checked = check::check(&path, &read(&path), &mut check::NoFiles);
    let model = checked.program.expect("it is sound").model.expect("it has a model");
    rnnc::report::figure(&model, &|span| checked.sources.text(span).to_string(), &|_| None).file()
}

fn settings(table: &[Setting]) -> String {
    let mut text = "| setting | takes | default | meaning |\n|---|---|---|---|\n".to_string();
    for setting in table {
        writeln!(text, "| `{}` {} |", setting.name, columns(setting)).unwrap();
    }
    text
}

fn choices(kind: &str, table: &[Choice]) -> String {
    let mut text = format!("| {kind} | setting | takes | default | meaning |\n|---|---|---|---|---|\n");
    for choice in table {
        writeln!(text, "| **`{}`** | | | | {} |", choice.name, choice.about).unwrap();
        for setting in choice.settings {
            writeln!(text, "| | `{}` {} |", setting.name, columns(setting)).unwrap();
        }
    }
    text
}

fn columns(setting: &Setting) -> String {
    let default = if setting.default.is_empty() { "–".to_string() } else { format!("`{}`", setting.default) };
    format!("| {} | {default} | {}", setting.takes.range(), setting.about)
}

fn codes() -> String {
    let mut text = "| code | |\n|---|---|\n".to_string();
    for code in rnnc::diagnostic::code::ALL {
        writeln!(text, "| [`{0}`](errors/{0}.md) | {1} |", code.id, code.summary).unwrap();
    }
    text
}

/// The definitions of a file of the library: documentation and head; of a cell the equations too.
fn library(path: &str) -> String {
    let text = read(path);
    let (file, findings) = syntax::parse(FileId(0), &text);
    assert!(findings.is_empty(), "{path}");
    let mut result = "```text\n".to_string();
    for (i, item) in file.items.iter().enumerate() {
        let (docs, head) = match item {
            Item::Layer(layer) => (&layer.docs, &text[layer.span.start as usize..layer.body.span.start as usize]),
            Item::Cell(cell) => (&cell.docs, &text[cell.span.start as usize..cell.span.end as usize]),
            _ => continue,
        };
        assert!(!docs.is_empty(), "{path}: a definition without documentation: {head}");
        result.push_str(if i > 0 { "\n" } else { "" });
        docs.lines().for_each(|line| writeln!(result, "/// {line}").unwrap());
        writeln!(result, "{}", head.trim_end()).unwrap();
    }
    result + "```\n"
}

/// Of every file of the library, and of nothing else, the page has a part.
#[test]
fn the_reference_has_the_whole_library() {
    let page = read("docs/language.md");
    for entry in std::fs::read_dir(root().join("stdlib")).expect("the library is there") {
        let path = entry.expect("it can be read").path();
        let name = path.file_stem().and_then(|name| name.to_str()).expect("a name");
        assert!(page.contains(&format!("<!-- made: {name} -->")), "docs/language.md lacks {}", path.display());
    }
}

/// The checker's own list of initializers stands in its answer to an unknown one.
#[test]
fn the_reference_has_every_initializer() {
    let text = "layer l(x: [.., I]) -> [..] {\n  param w : [I] = nowhere\n  w @ x\n}\n";
    let checked = check::check("l.rnn", text, &mut check::NoFiles);
    let help = checked.diagnostics.iter().find_map(|d| d.help.as_deref()).expect("an answer");
    let names = help.strip_prefix("there are ").unwrap_or_else(|| panic!("another answer: {help}"));
    let page = read("docs/language.md");
    for name in names.split(", ") {
        let row = [format!("| `{name}"), format!("`{name}`")];
        assert!(row.iter().any(|row| page.contains(row)), "docs/language.md does not say what `{name}` is");
    }
}

/// Pages point at what is there.
#[test]
fn links_and_file_names_lead_somewhere() {
    for path in
        pages().into_iter().chain(["CHANGELOG.md", "docs/README.md", "models/data/README.md"].map(str::to_string))
    {
        let page = read(&path);
        let folder = Path::new(&path).parent().unwrap_or(Path::new("")).to_path_buf();
        for target in page.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = target.split('#').next().unwrap_or_default();
            if target.contains("://") || file.is_empty() {
                continue;
            }
            assert!(root().join(&folder).join(file).exists(), "{path} links to {target}");
        }
        let prefixes = ["src/", "docs/", "tests/", "stdlib/", "models/", "grammar/", "bench/", ".ci/"];
        for name in page.split('`').skip(1).step_by(2) {
            let is_file =
                prefixes.iter().any(|prefix| name.starts_with(prefix)) && !name.contains([' ', '<', '*', '…']);
            assert!(!is_file || root().join(name).exists(), "{path} names {name}");
        }
    }
}
