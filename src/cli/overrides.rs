//! `--set key=value`: settings of the file changed before it is checked.
//!
//! A change is made in the text itself, so that the artifact records what was trained and nothing else.

mod model;

use super::Failure;
use crate::check::settings::{Choice, Setting, Takes};
use crate::check::{DATA, TEXT, TRAIN, settings_of};
use crate::diagnostic::suggest;
use crate::source::{FileId, Span};
use crate::syntax;
use crate::syntax::ast::{Entry, ExprKind, File, Item, SettingsBlock};

/// The text of a file with every `KEY=VALUE` of `settings` applied, in order.
pub fn apply(mut text: String, settings: &[String]) -> Result<String, Failure> {
    for setting in settings {
        let (key, value) = setting
            .split_once('=')
            .ok_or_else(|| Failure::usage(format!("--set {setting}: write KEY=VALUE, as in --set train.epochs=2")))?;
        let (file, errors) = syntax::parse(FileId(0), &text);
        if errors.iter().any(crate::diagnostic::Diagnostic::is_error) {
            // The check that follows says what is wrong with the file.
            return Ok(text);
        }
        let failed = |why: String| Failure::usage(format!("--set {key}={}: {why}", value.escape_debug()));
        let edit = edit(&file, &text, key.trim(), value.trim()).map_err(failed)?;
        let (start, end) = (edit.at.start as usize, edit.at.end as usize);
        text.replace_range(start..end, &edit.text);
        if !is_value(&edit.value)
            || syntax::parse(FileId(0), &text).1.iter().any(crate::diagnostic::Diagnostic::is_error)
        {
            return Err(failed(
                "this is not one value of the language, such as 2, 1e-3, true, \"text\" or adam(lr = 1e-3)".into(),
            ));
        }
    }
    Ok(text)
}

struct Edit {
    at: Span,
    text: String,
    /// What of `text` the user gave.
    value: String,
}

/// Whether a text is one value and nothing beside it: no second setting, no comment, no end of the block.
fn is_value(text: &str) -> bool {
    let (before, after) = ("train {\n  value = ", "\n}\n");
    let (file, errors) = syntax::parse(FileId(0), &format!("{before}{text}{after}"));
    let [Item::Train(block)] = file.items.as_slice() else { return false };
    let [Entry::Setting(setting)] = block.entries.as_slice() else { return false };
    let span = setting.value.span;
    let whole = span.start as usize == before.len() && span.end as usize == before.len() + text.len();
    whole && !errors.iter().any(crate::diagnostic::Diagnostic::is_error)
}

fn edit(file: &File, text: &str, key: &str, value: &str) -> Result<Edit, String> {
    if value.is_empty() {
        return Err("the value is missing".into());
    }
    let parts: Vec<&str> = key.split('.').collect();
    match parts.as_slice() {
        [constant] => self::constant(file, constant, value),
        ["data", rest @ ..] => data(file, text, rest, value),
        ["train", rest @ ..] => train(file, text, rest, value),
        ["model", rest @ ..] => model::model(file, text, rest, value),
        _ => Err(format!(
            "there is no setting {key:?}: a setting is named data.…, train.…, model.…, or by a constant of the file"
        )),
    }
}

fn constant(file: &File, name: &str, value: &str) -> Result<Edit, String> {
    let constants =
        || file.items.iter().filter_map(|item| if let Item::Constant(constant) = item { Some(constant) } else { None });
    if let Some(constant) = constants().find(|c| c.names.iter().any(|n| n.name == name)) {
        let quoted = matches!(constant.value.kind, ExprKind::String(_));
        let value = if quoted { quote(value) } else { value.into() };
        return Ok(Edit { at: constant.value.span, text: value.clone(), value });
    }
    let in_train = TRAIN.iter().find(|s| s.name == name).map(|s| format!("train.{}", s.name));
    let in_data = DATA.iter().find(|s| s.name == name).map(|s| format!("data.{}", s.name));
    let known: Vec<&str> = constants().flat_map(|c| c.names.iter().map(|n| n.name.as_str())).collect();
    let near = in_train.or(in_data).or_else(|| suggest::nearest(name, known).map(str::to_string));
    Err(match near {
        Some(near) => format!("the file has no constant {name:?}; did you mean {near}?"),
        None => format!("the file has no constant {name:?}; settings are named with their block, as in train.epochs"),
    })
}

fn block(file: &File, data: bool) -> Option<&SettingsBlock> {
    file.items.iter().find_map(|item| match item {
        Item::Data(block) if data => Some(block),
        Item::Train(block) if !data => Some(block),
        _ => None,
    })
}

fn is_field(block: Option<&SettingsBlock>, name: &str) -> bool {
    block.is_some_and(|block| {
        block.entries.iter().any(|e| matches!(e, Entry::Field { name: own, .. } if own.name == name))
    })
}

fn find<'t>(table: &'t [Setting], name: &str, prefix: &str) -> Result<&'t Setting, String> {
    table.iter().find(|s| s.name == name).ok_or_else(|| {
        let ours = crate::check::settings::synonym(name).filter(|ours| table.iter().any(|s| s.name == *ours));
        let near = ours.or_else(|| suggest::nearest(name, table.iter().map(|s| s.name)));
        match near {
            Some(near) => format!("there is no setting {prefix}.{name}; did you mean {prefix}.{near}?"),
            None if table.is_empty() => format!("{prefix} has no setting {name:?}, and no other"),
            None => format!(
                "there is no setting {prefix}.{name}; there are {}",
                table.iter().map(|s| format!("{prefix}.{}", s.name)).collect::<Vec<_>>().join(", ")
            ),
        }
    })
}

fn data(file: &File, text: &str, rest: &[&str], value: &str) -> Result<Edit, String> {
    let block = block(file, true);
    match rest {
        [name] => {
            let setting = find(DATA, name, "data")?;
            let files = matches!(setting.takes, Takes::Path | Takes::Files | Takes::FilesOrShare);
            let share = setting.takes == Takes::FilesOrShare && value.parse::<f64>().is_ok();
            let value = if files && !share && value != "none" { paths(value) } else { written(setting, value) };
            Ok(set(block, text, "data", setting.name, &value))
        }
        [name, inner]
            if !is_field(block, name) && DATA.iter().any(|s| s.name == *name && matches!(s.takes, Takes::Call(_))) =>
        {
            setting_of_choice(block, text, "data", find(DATA, name, "data")?, inner, value)
        }
        [field, name] => {
            let entry = block.into_iter().flat_map(|b| &b.entries).find_map(|entry| match entry {
                Entry::Field { name, kind, settings, span } if name.name == *field => Some((kind, settings, *span)),
                _ => None,
            });
            let Some((kind, settings, span)) = entry else {
                let fields = block.into_iter().flat_map(|b| &b.entries).filter_map(|entry| match entry {
                    Entry::Field { name, .. } => Some(name.name.as_str()),
                    Entry::Setting(_) => None,
                });
                let near = suggest::nearest(field, fields).map(|near| format!("; did you mean data.{near}.{name}?"));
                return Err(format!("the data has no field {field:?}{}", near.unwrap_or_default()));
            };
            let table = settings_of(&kind.name).unwrap_or(TEXT);
            let setting = find(table, name, &format!("data.{field}"))?;
            let value = written(setting, value);
            if let Some(given) = settings.iter().find(|s| s.name.name == setting.name) {
                return Ok(Edit { at: given.value.span, text: value.clone(), value });
            }
            let written = format!("{} = {value}", setting.name);
            let braces = text[span.start as usize..span.end as usize].ends_with('}');
            let (at, text) = match (braces, settings.is_empty()) {
                (true, true) => (at(span, span.end - 1), format!(" {written} ")),
                (true, false) => (at(span, settings[settings.len() - 1].value.span.end), format!(", {written}")),
                (false, _) => (at(span, span.end), format!(" {{ {written} }}")),
            };
            Ok(Edit { at, text, value })
        }
        _ => Err("a setting of the data is data.NAME, data.FIELD.NAME or data.source.NAME".into()),
    }
}

fn train(file: &File, text: &str, rest: &[&str], value: &str) -> Result<Edit, String> {
    let block = block(file, false);
    match rest {
        [name] => {
            let setting = find(TRAIN, name, "train").map_err(|why| nested(name).unwrap_or(why))?;
            Ok(set(block, text, "train", setting.name, &written(setting, value)))
        }
        [name, inner] => setting_of_choice(block, text, "train", find(TRAIN, name, "train")?, inner, value),
        _ => Err("a setting of the training is train.NAME or train.NAME.NAME".into()),
    }
}

/// `data.source.length=20`: a setting of what another setting of a block chooses.
fn setting_of_choice(
    block: Option<&SettingsBlock>,
    text: &str,
    keyword: &str,
    setting: &Setting,
    inner: &str,
    value: &str,
) -> Result<Edit, String> {
    let name = setting.name;
    let Takes::Call(choices) = setting.takes else {
        return Err(format!("{keyword}.{name} has no settings of its own"));
    };
    let given = block.into_iter().flat_map(|b| &b.entries).find_map(|entry| match entry {
        Entry::Setting(s) if s.name.name == name => Some(&s.value),
        _ => None,
    });
    let Some(given) = given else {
        // The default may have this setting; another choice is for the user to make.
        let default = choices.iter().find(|c| setting.default.starts_with(c.name));
        let having = |c: &&Choice| c.settings.iter().any(|s| s.name == inner);
        return match (default.filter(having), choices.iter().find(having)) {
            (Some(choice), _) => {
                let call = format!("{}({inner} = {value})", choice.name);
                Ok(Edit { value: value.into(), ..set(block, text, keyword, setting.name, &call) })
            }
            (None, Some(choice)) => Err(format!(
                "the file sets no {name}; write the whole of it, as in --set '{keyword}.{name}={}({inner} = {value})'",
                choice.name
            )),
            (None, None) => {
                let table = default.map_or(&[][..], |choice| choice.settings);
                Err(find(table, inner, &format!("{keyword}.{name}")).err().unwrap_or_default())
            }
        };
    };
    match &given.kind {
        ExprKind::Name(ident) => {
            let inner = find(choice(choices, &ident.name)?.settings, inner, &format!("{keyword}.{name}"))?;
            let text = format!("{}({} = {value})", ident.name, inner.name);
            Ok(Edit { at: given.span, text, value: value.into() })
        }
        ExprKind::Call { callee, arguments } => {
            let choice = choice(choices, &callee.name)?;
            let inner = find(choice.settings, inner, &format!("{keyword}.{name}"))?;
            let first = choice.settings.first().is_some_and(|s| s.name == inner.name);
            let same = |(i, argument): (usize, &crate::syntax::ast::Argument)| match &argument.name {
                Some(n) => n.name == inner.name,
                None => i == 0 && first,
            };
            if let Some((_, argument)) = arguments.iter().enumerate().find(|(i, a)| same((*i, a))) {
                return Ok(Edit { at: argument.value.span, text: value.into(), value: value.into() });
            }
            let comma = if arguments.is_empty() { "" } else { ", " };
            let text = format!("{comma}{} = {value}", inner.name);
            Ok(Edit { at: at(given.span, given.span.end - 1), text, value: value.into() })
        }
        _ => Err(format!("{keyword}.{name} is not written in a way that could be changed")),
    }
}

fn choice<'c>(choices: &'c [Choice], name: &str) -> Result<&'c Choice, String> {
    choices.iter().find(|c| c.name == name).ok_or_else(|| format!("the file says `{name}`, which is not known"))
}

/// `train.lr` lives in the optimizer.
fn nested(name: &str) -> Option<String> {
    let name = crate::check::settings::synonym(name).unwrap_or(name);
    let owner = TRAIN.iter().find(|s| matches!(s.takes, Takes::Call(choices) if choices.iter().any(|c| c.settings.iter().any(|s| s.name == name))))?;
    Some(format!("there is no setting train.{name}; did you mean train.{}.{name}?", owner.name))
}

/// Replaces the value of a setting, or writes the setting at the end of its block.
fn set(block: Option<&SettingsBlock>, text: &str, keyword: &str, name: &str, value: &str) -> Edit {
    let Some(block) = block else {
        let end = Span::new(FileId(0), text.len(), text.len());
        return Edit { at: end, text: format!("\n{keyword} {{\n  {name} = {value}\n}}\n"), value: value.into() };
    };
    let given = block.entries.iter().find_map(|entry| match entry {
        Entry::Setting(setting) if setting.name.name == name => Some(setting.value.span),
        _ => None,
    });
    match given {
        Some(span) => Edit { at: span, text: value.into(), value: value.into() },
        None => Edit { at: at(block.span, block.end), text: format!("\n  {name} = {value}\n"), value: value.into() },
    }
}

fn at(span: Span, byte: u32) -> Span {
    Span { start: byte, end: byte, ..span }
}

/// A value as the language writes it: texts get their quotes.
fn written(setting: &Setting, value: &str) -> String {
    match setting.takes {
        Takes::Path | Takes::Text if value != "none" => quote(value),
        _ => value.to_string(),
    }
}

fn quote(value: &str) -> String {
    if value.len() > 1 && value.starts_with('"') && value.ends_with('"') {
        return value.to_string();
    }
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The path, or each path of a list, as the language writes it.
fn paths(value: &str) -> String {
    match value.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(list) => {
            let paths = list.split(',').map(str::trim).filter(|path| !path.is_empty());
            format!("[{}]", paths.map(|path| quote(&absolute(path))).collect::<Vec<_>>().join(", "))
        }
        None => quote(&absolute(value)),
    }
}

/// A path of the command line starts from where the command runs, not from where the file is.
fn absolute(value: &str) -> String {
    let path = value.trim_matches('"');
    std::path::absolute(path).map_or_else(|_| path.to_string(), |path| path.display().to_string())
}
