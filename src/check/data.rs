//! The `data` block.

use crate::diagnostic::{Diagnostic, code, suggest};
use crate::ir::{self, Data, Field, FieldKind, Format, Grouping, Path};
use crate::source::Span;
use crate::syntax::ast::{Entry, ExprKind, Ident, SettingsBlock};

use super::reader::Reader;
use super::settings::{Checked, Setting, Takes, Values};
use super::synthetic::{self, SOURCES};
use super::texts::{self, COLUMN};

pub const DATA: &[Setting] = &[
    Setting { name: "train", takes: Takes::Files, default: "", about: "The rows to learn from." },
    Setting {
        name: "valid",
        takes: Takes::FilesOrShare,
        default: "",
        about: "The rows that choose the best epoch: files of their own, or a share of the training rows, drawn by the seed and not learned from.",
    },
    Setting {
        name: "test",
        takes: Takes::Files,
        default: "",
        about: "The rows of the final figures; nothing is chosen by them.",
    },
    Setting {
        name: "format",
        takes: Takes::Word(&["tsv", "csv", "jsonl", "babi", "ptb", "text"]),
        default: "",
        about: "How rows are written; by the file's extension if left out.",
    },
    Setting {
        name: "source",
        takes: Takes::Call(SOURCES),
        default: "",
        about: "Makes the rows, in place of files; it declares its own fields.",
    },
];

pub const CLASS: &[Setting] = &[COLUMN];
pub const TAGS: &[Setting] = &[
    Setting {
        name: "of",
        takes: Takes::Name,
        default: "",
        about: "The text whose tokens, or the tree whose nodes, have a label each; the only one if left out.",
    },
    Setting {
        name: "merge",
        takes: Takes::Groups,
        default: "",
        about: "Classes made of several labels: `[[\"negative\", \"0\", \"1\"], …]`. Other labels stay as they are.",
    },
    Setting {
        name: "ignore",
        takes: Takes::Labels,
        default: "",
        about: "Labels that are no class: what has one is neither learned from nor counted.",
    },
    COLUMN,
];
pub const NUMBER: &[Setting] = &[COLUMN];

/// Fields of one data set.
const MAX_FIELDS: usize = 64;

/// The kinds of field that hold answers.
pub const LABELS: [&str; 3] = ["class", "tags", "number"];

/// Reads the block; what is wrong is reported and left out.
pub fn data(block: &SettingsBlock, reader: &mut Reader<'_>) -> Data {
    let mut settings = Vec::new();
    for entry in &block.entries {
        let Entry::Setting(setting) = entry else { continue };
        if let ExprKind::Name(kind) = &setting.value.kind
            && settings_of(&kind.name).is_some()
            && DATA.iter().all(|known| known.name != setting.name.name)
        {
            let (name, span) = (&setting.name.name, setting.name.span.to(setting.value.span));
            let message = format!("the field `{name}` is declared with `:`, not with `=`");
            let fixed = format!("{name} : {}", kind.name);
            let diagnostic = Diagnostic::new(code::MISPLACED, span, message).here("a field, not a setting");
            reader.diagnostics.push(diagnostic.help(format!("write `{fixed}`")).fix(
                format!("write `{fixed}`"),
                span,
                fixed,
            ));
            continue;
        }
        settings.push((&setting.name, &setting.value));
    }
    let values = reader.settings(DATA, settings, "`data`");
    reader.take_effect("data", DATA, &values, block.keyword);
    let mut fields: Vec<Field> = Vec::new();
    let mut tags = Vec::new();
    for entry in &block.entries {
        let Entry::Field { name, kind, settings, span } = entry else { continue };
        if fields.len() == MAX_FIELDS {
            let message = format!("a data set has at most {MAX_FIELDS} fields");
            reader.diagnostics.push(Diagnostic::new(code::TOO_LARGE, name.span, message).here("one too many"));
            break;
        }
        if let Some(earlier) = fields.iter().find(|field| field.name == name.name) {
            let message = format!("the field `{}` is declared twice", name.name);
            let diagnostic = Diagnostic::new(code::DUPLICATE, name.span, message).here("declared again here");
            reader.diagnostics.push(diagnostic.label(earlier.span, "first declared here").help("keep one of them"));
            continue;
        }
        let given = settings.iter().map(|setting| (&setting.name, &setting.value));
        let dotted = format!("data.{}", name.name);
        reader.effective.push(ir::Setting { name: dotted.clone(), value: kind.name.clone(), span: *span });
        let kind = match kind.name.as_str() {
            kind if let Some(table) = texts::settings_of(kind) => {
                let values = reader.settings(table, given, &format!("`{kind}`"));
                reader.take_effect(&dotted, table, &values, *span);
                (FieldKind::Text(texts::text(kind, &values, reader)), column(&values, name))
            }
            "class" => {
                let values = reader.settings(CLASS, given, "`class`");
                reader.take_effect(&dotted, CLASS, &values, *span);
                (FieldKind::Class, column(&values, name))
            }
            "tags" => {
                let values = reader.settings(TAGS, given, "`tags`");
                reader.take_effect(&dotted, TAGS, &values, *span);
                // An empty name: the only text, once all fields are known.
                let of = values.text("of").unwrap_or((String::new(), name.span));
                tags.push((name, of.clone()));
                let grouping = grouping(&values, reader);
                (FieldKind::Tags { of: of.0, grouping }, column(&values, name))
            }
            "number" => {
                let values = reader.settings(NUMBER, given, "`number`");
                reader.take_effect(&dotted, NUMBER, &values, *span);
                (FieldKind::Number, column(&values, name))
            }
            other => {
                let message = format!("there is no kind of field `{other}`");
                let mut diagnostic =
                    Diagnostic::new(code::UNKNOWN_NAME, kind.span, message).here("not a kind of field");
                let usual = match other {
                    "text" | "string" | "sequence" | "word" => Some("words"),
                    "label" | "category" | "categorical" | "int" | "classes" => Some("class"),
                    "char" | "characters" | "bytes" => Some("chars"),
                    "float" | "value" | "real" | "target" => Some("number"),
                    "token" => Some("tokens"),
                    "tag" | "labels" => Some("tags"),
                    "sentences" | "paragraphs" | "article" => Some("document"),
                    "facts" | "memory" | "memories" | "context" => Some("story"),
                    word => suggest::nearest(word, texts::KINDS.into_iter().chain(LABELS)),
                };
                diagnostic = match usual {
                    Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(
                        format!("write `{near}`"),
                        kind.span,
                        near,
                    ),
                    None => diagnostic.help(
                        "texts are `words`, `chars`, `jieba`, `tokens`, `document` or `story`, trees `tree`; labels are `class`, `tags` or `number`",
                    ),
                };
                reader.diagnostics.push(diagnostic);
                continue;
            }
        };
        fields.push(Field { name: name.name.clone(), column: kind.1, kind: kind.0, span: *span });
    }
    for (name, of) in tags {
        resolve(name, of, &mut fields, reader);
    }
    texts::shared_vocabularies(&fields, block, reader.diagnostics);
    let source = synthetic::synthetic(&values, block, reader);
    if let Some(source) = &source {
        fields = synthetic::fields(source);
    }
    let paths = |name: &str| values.files(name).into_iter().map(|(text, span)| Path { text, span }).collect::<Vec<_>>();
    let held_out = match values.get("valid") {
        Some(Checked::Float(share)) => Some(*share),
        _ => None,
    };
    let format = match values.get("format") {
        Some(Checked::Word("tsv")) => Format::Tsv,
        Some(Checked::Word("csv")) => Format::Csv,
        Some(Checked::Word("jsonl")) => Format::JsonLines,
        Some(Checked::Word("text")) => Format::Text,
        Some(Checked::Word("ptb")) => Format::Ptb,
        Some(Checked::Word("babi")) => Format::Babi,
        _ => Format::Auto,
    };
    if paths("train").is_empty()
        && source.is_none()
        && !block.entries.is_empty()
        && !reader.diagnostics.iter().any(Diagnostic::is_error)
    {
        let diagnostic =
            Diagnostic::new(code::MISSING_SETTING, block.keyword, "`data` does not say where the training rows are")
                .here("no `train` in this block");
        reader.diagnostics.push(diagnostic.help("write `train = \"train.tsv\"`"));
    }
    Data {
        train: paths("train"),
        valid: paths("valid"),
        held_out,
        test: paths("test"),
        format,
        source,
        fields,
        span: block.keyword,
    }
}

/// Finds the text that a field of tags is about: the one it names, or the only one.
fn resolve(name: &Ident, (of, at): (String, Span), fields: &mut [Field], reader: &mut Reader<'_>) {
    let texts: Vec<&str> = fields
        .iter()
        .filter(|field| matches!(field.kind, FieldKind::Text(_)))
        .map(|field| field.name.as_str())
        .collect();
    let found = match (of.as_str(), texts.as_slice()) {
        ("", [only]) => Some((*only).to_string()),
        (of, texts) => texts.contains(&of).then(|| of.to_string()),
    };
    let Some(found) = found else {
        let message = match of.as_str() {
            "" => format!("which text the labels of `{}` are about is not clear", name.name),
            of => format!("`{of}` is no text of this data"),
        };
        let known = texts.iter().map(|text| format!("`{text}`")).collect::<Vec<_>>().join(", ");
        let help = match texts.as_slice() {
            [] => "declare the text too, as in `text : tokens`".to_string(),
            [first, ..] => format!("write `{} : tags {{ of = {first} }}`; the texts are {known}", name.name),
        };
        reader.diagnostics.push(Diagnostic::new(code::DATA_FIELD, at, message).here("not a text").help(help));
        return;
    };
    for field in fields.iter_mut().filter(|field| field.name == name.name) {
        if let FieldKind::Tags { of, .. } = &mut field.kind {
            of.clone_from(&found);
        }
    }
}

/// What `merge` and `ignore` say.
fn grouping(values: &Values, reader: &mut Reader<'_>) -> Grouping {
    let merge = match values.get("merge") {
        Some(Checked::Groups(groups)) => groups.clone(),
        _ => Vec::new(),
    };
    let ignore = match values.get("ignore") {
        Some(Checked::Labels(labels)) => labels.clone(),
        _ => Vec::new(),
    };
    let both = ignore.iter().find(|label| merge.iter().any(|(_, labels)| labels.contains(label)));
    if let (Some(label), Some(at), Some(earlier)) = (both, values.span("ignore"), values.span("merge")) {
        let message = format!("the label {label:?} is ignored and made part of a class");
        let diagnostic = Diagnostic::new(code::DUPLICATE, at, message).here("ignored here");
        reader.diagnostics.push(diagnostic.label(earlier, "part of a class here").help("take it out of one of them"));
    }
    Grouping { merge, ignore }
}

fn column(values: &Values, name: &Ident) -> String {
    values.text("column").map_or_else(|| name.name.clone(), |(text, _)| text)
}

/// The settings of a kind of field.
pub fn settings_of(kind: &str) -> Option<&'static [Setting]> {
    match kind {
        "class" => Some(CLASS),
        "tags" => Some(TAGS),
        "number" => Some(NUMBER),
        _ => texts::settings_of(kind),
    }
}
