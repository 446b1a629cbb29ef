//! `rnnc new`: a folder with a model, small data and the commands to go on with. It never changes what is there already.

mod template;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::{Failure, files, shell_word};
use crate::diagnostic::render::printable;
use crate::diagnostic::suggest::nearest;
use template::{Ask, TEMPLATES, Template};

/// A longer name is refused by file systems, with the ending of a file after it.
const LONGEST_NAME: usize = 200;

/// Writes the folder `path`, and says what is in it and what comes next.
pub fn new(path: &Path, template: &str) -> Result<ExitCode, Failure> {
    let template = find(template)?;
    let name = name(path)?;
    write_all(path, &contents(path, &name, template))?;
    let mut text = format!("{}\n", path.display());
    for (file, about) in listing(&name, template) {
        text += &format!("  {file:<width$}  {about}\n", width = name.chars().count().max(6) + 4);
    }
    text += "\nTo go on:\n\n";
    for (about, commands) in steps(path, &name, template) {
        text += &format!("  # {about}\n");
        commands.iter().for_each(|command| text += &format!("  {command}\n"));
        text += "\n";
    }
    text.pop();
    write!(std::io::stdout().lock(), "{}", printable(&text))?;
    Ok(ExitCode::SUCCESS)
}

/// `rnnc new --list`
pub fn list() -> Result<ExitCode, Failure> {
    let mut out = std::io::stdout().lock();
    for Template { name, about, .. } in &TEMPLATES {
        writeln!(out, "{name:<10} {about}")?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What a call without `--template` gets.
pub const DEFAULT: &str = TEMPLATES[0].name;

fn find(name: &str) -> Result<&'static Template, Failure> {
    TEMPLATES.iter().find(|template| template.name == name).ok_or_else(|| {
        let names = TEMPLATES.map(|template| template.name);
        let near = nearest(name, names).map(|near| format!("; did you mean {near}?"));
        let known = near.unwrap_or_else(|| format!("; there are {}", names.join(", ")));
        Failure::usage(format!("there is no template {name:?}{known}"))
    })
}

/// The last part of the path, where it is a name that needs no quotes anywhere.
fn name(path: &Path) -> Result<String, Failure> {
    let given = path.display();
    let Some(name) = path.file_name() else {
        return Err(Failure::usage(format!("{given}: this names no new folder; write a name, as in `rnnc new mine`")));
    };
    let name = name.to_string_lossy();
    let fits = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    if name.len() > LONGEST_NAME {
        return Err(Failure::usage(format!("{given}: a name of more than {LONGEST_NAME} bytes is too long")));
    }
    if name.chars().all(fits) && !name.starts_with('-') {
        return Ok(name.into_owned());
    }
    let plain: String = name.chars().map(|c| if fits(c) { c } else { ' ' }).collect();
    let plain = plain.split_whitespace().collect::<Vec<_>>().join("-");
    let plain = plain.trim_matches('-');
    let advice = match plain {
        "" => "such as `mine`".to_string(),
        plain => format!("such as `{plain}`"),
    };
    Err(Failure::usage(format!("{given}: a name has letters, digits, `-` and `_`, {advice}")))
}

/// The files of the folder, the model first.
fn contents(path: &Path, name: &str, template: &Template) -> Vec<(String, String)> {
    let mut contents = vec![(format!("{name}.rnn"), template.model.to_string())];
    contents.extend(template.files.iter().map(|(file, text)| (file.to_string(), text.to_string())));
    contents.push(("README.md".into(), readme(path, name, template)));
    contents
}

fn write_all(path: &Path, contents: &[(String, String)]) -> Result<(), Failure> {
    let failed =
        |what: &str, error: &std::io::Error| Failure::input(format!("cannot make {what}: {}", files::reason(error)));
    if path.symlink_metadata().is_ok() {
        return Err(Failure::input(format!("{} is there already; choose another name", path.display())));
    }
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        if parent.is_file() {
            return Err(Failure::input(format!("cannot make {}: a part of its path is a file", path.display())));
        }
        fs::create_dir_all(parent).map_err(|error| failed(&parent.display().to_string(), &error))?;
    }
    fs::create_dir(path).map_err(|error| failed(&path.display().to_string(), &error))?;
    for (name, text) in contents {
        let file = path.join(name);
        if let Err(error) = fs::write(&file, text) {
            // Half a beginning is none. All in it is ours.
            let _ = fs::remove_dir_all(path);
            return Err(failed(&file.display().to_string(), &error));
        }
    }
    Ok(())
}

/// Every file with what it is, the data in one line.
fn listing(name: &str, template: &Template) -> Vec<(String, String)> {
    let mut listing =
        vec![(format!("{name}.rnn"), "the model, its data and its training; begin reading here".to_string())];
    let data = template.files[0].0.split_once('.').map_or("", |(_, extension)| extension);
    listing.push((format!("*.{data}"), template.data.to_string()));
    listing.push(("README.md".into(), "the commands below".into()));
    listing
}

/// What to do next: what for, and the commands, as they are typed where `rnnc new` was.
fn steps(path: &Path, name: &str, template: &Template) -> Vec<(String, Vec<String>)> {
    let file = shell_word(&path.join(format!("{name}.rnn")).display().to_string());
    let model = |run: &str| format!("runs/{run}/model.safetensors");
    let ask = |run: &str| match &template.ask {
        Ask::Texts { texts, explain } => {
            let texts: Vec<String> = texts.iter().map(|text| shell_word(text)).collect();
            let explain = if *explain { " --explain" } else { "" };
            format!("rnnc predict {} {}{explain}", model(run), texts.join(" "))
        }
        Ask::File(file) => {
            let file = path.join(file).display().to_string();
            format!("rnnc predict {} --input {}", model(run), shell_word(&file))
        }
        Ask::Write { prompt } => {
            format!("rnnc generate {} --prompt {} --temperature 0.5 --length 200", model(run), shell_word(prompt))
        }
    };
    let what = match template.ask {
        Ask::Texts { .. } => "ask it about texts of your own",
        Ask::File(_) => "ask it about a story of your own: change story.txt",
        Ask::Write { .. } => "let it write",
    };
    let own = template.own.extension;
    let train = format!(
        "rnnc train {file} --out runs/mine --set data.train=mine.{own} --set data.valid=0.1 --set data.test=none"
    );
    vec![
        ("train it: some seconds".into(), vec![format!("rnnc train {file}")]),
        (what.into(), vec![ask(name)]),
        (format!("train it on data of your own, mine.{own}: {}", template.own.like), vec![train]),
    ]
}

fn readme(path: &Path, name: &str, template: &Template) -> String {
    let about: Vec<&str> = template.model.lines().map_while(|line| line.strip_prefix("/// ")).collect();
    let mut text = format!("# {name}\n\n{}\n\nThe data: {}.\n", about.join("\n"), template.data);
    for (about, commands) in steps(path, name, template) {
        let mut about = about;
        if let Some(first) = about.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        text += &format!("\n{about}\n\n```sh\n{}\n```\n", commands.join("\n"));
    }
    text +=
        "\nA tenth of your rows is held out to choose the best epoch by. What `rnnc train` writes lies in `runs/`.\n";
    text
}

/// The folder a path names, as an argument parser sees it.
pub fn path(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() { Err("the name is missing".into()) } else { Ok(PathBuf::from(text)) }
}
