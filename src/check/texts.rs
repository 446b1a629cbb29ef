//! The text fields of `data`: what their settings are, and whose vocabulary they use.

use crate::diagnostic::{Diagnostic, code};
use crate::ir::{Field, FieldKind, Sentences, Text, TextKind, Windows};
use crate::syntax::ast::{Entry, SettingsBlock};

use super::reader::Reader;
use super::settings::{Setting, Takes, Values};

pub const COLUMN: Setting =
    Setting { name: "column", takes: Takes::Text, default: "", about: "The column's name, if it is not the field's." };
const MIN_COUNT: Setting = Setting {
    name: "min_count",
    takes: Takes::Int { min: 1 },
    default: "1",
    about: "Tokens seen less often in train are unknown.",
};
const MAX_LEN: Setting = Setting {
    name: "max_len",
    takes: Takes::Int { min: 1 },
    default: "",
    about: "Longer texts are cut after so many tokens.",
};
const MAX_VOCAB: Setting = Setting {
    name: "max_vocab",
    takes: Takes::Int { min: 1 },
    default: "",
    about: "Only so many of the most frequent tokens have an entry.",
};
const LOWERCASE: Setting =
    Setting { name: "lowercase", takes: Takes::Bool, default: "false", about: "Whether texts are lower-cased first." };

const PUNCTUATION: Setting = Setting {
    name: "punctuation",
    takes: Takes::Bool,
    default: "true",
    about: "Whether punctuation marks and other signs are tokens.",
};
const VOCABULARY: Setting = Setting {
    name: "vocabulary",
    takes: Takes::Name,
    default: "",
    about: "The text field whose vocabulary it uses, and whose embeddings it can share; its own if left out.",
};
const KEEP_SPACES: Setting = Setting {
    name: "keep_spaces",
    takes: Takes::Bool,
    default: "false",
    about: "Whether white space is made of tokens too; not for `tokens`.",
};
const WINDOW: Setting = Setting {
    name: "window",
    takes: Takes::Int { min: 1 },
    default: "",
    about: "Steps of the pieces that a language model's texts are cut into.",
};
const STRIDE: Setting = Setting {
    name: "stride",
    takes: Takes::Int { min: 1 },
    default: "",
    about: "Steps from one piece to the next in training; `window` if left out.",
};
const MAX_SENTENCE: Setting = Setting { about: "Longer sentences are cut after so many tokens.", ..MAX_LEN };

pub const TEXT: &[Setting] =
    &[LOWERCASE, PUNCTUATION, KEEP_SPACES, MIN_COUNT, MAX_LEN, MAX_VOCAB, VOCABULARY, WINDOW, STRIDE, COLUMN];
pub const TREE: &[Setting] = &[LOWERCASE, MIN_COUNT, MAX_VOCAB, COLUMN];
pub const DOCUMENT: &[Setting] = &[
    LOWERCASE,
    PUNCTUATION,
    MIN_COUNT,
    MAX_SENTENCE,
    Setting {
        name: "max_sentences",
        takes: Takes::Int { min: 1 },
        default: "",
        about: "Only so many of the first sentences are read.",
    },
    MAX_VOCAB,
    VOCABULARY,
    COLUMN,
];
pub const STORY: &[Setting] = &[
    LOWERCASE,
    PUNCTUATION,
    MIN_COUNT,
    MAX_SENTENCE,
    Setting {
        name: "memory_size",
        takes: Takes::Int { min: 1 },
        default: "",
        about: "Only so many of the most recent sentences are read.",
    },
    Setting {
        name: "noise",
        takes: Takes::Float { min: 0.0, open_min: false, max: 1.0, open_max: true },
        default: "0",
        about: "In training up to this share of empty sentences is put among the others, at random (Sukhbaatar et al. 2015).",
    },
    MAX_VOCAB,
    VOCABULARY,
    COLUMN,
];

/// The kinds of text: of a field, and of a type that is stated.
pub const KINDS: [&str; 7] = ["words", "chars", "jieba", "tokens", "document", "story", "tree"];

/// The settings of a kind of text.
pub fn settings_of(kind: &str) -> Option<&'static [Setting]> {
    match kind {
        "words" | "chars" | "jieba" | "tokens" => Some(TEXT),
        "tree" => Some(TREE),
        "document" => Some(DOCUMENT),
        "story" => Some(STORY),
        _ => None,
    }
}

/// A text of this kind with these settings. Reports those without effect.
pub fn text(kind: &str, values: &Values, reader: &mut Reader<'_>) -> Text {
    let sentences = match kind {
        "document" => Some(Sentences::Document { max_sentences: values.optional_int("max_sentences") }),
        "story" => {
            let (memory_size, noise) = (values.optional_int("memory_size"), values.float("noise", 0.0));
            Some(Sentences::Story { memory_size, noise })
        }
        _ => None,
    };
    let keep_spaces = values.bool("keep_spaces", false);
    if let ("tokens", true, Some(span)) = (kind, keep_spaces, values.span("keep_spaces")) {
        let message = "`keep_spaces` has no effect on `tokens`, which are what stands between spaces";
        let diagnostic = Diagnostic::new(code::NO_EFFECT, span, message).here("has no effect");
        reader.diagnostics.push(diagnostic.help("leave it out, or read `words` or `chars`"));
    }
    let text = Text {
        keep_spaces,
        windows: windows(values, reader),
        kind: match kind {
            "chars" => TextKind::Chars,
            "jieba" => TextKind::Jieba,
            "tokens" => TextKind::Tokens,
            "tree" => TextKind::Tree,
            _ => TextKind::Words,
        },
        lowercase: values.bool("lowercase", false),
        min_count: values.int("min_count", 1),
        max_len: values.optional_int("max_len"),
        max_vocab: values.optional_int("max_vocab"),
        punctuation: values.bool("punctuation", true),
        vocabulary: values.text("vocabulary").map(|(field, _)| field),
        sentences,
    };
    needless_with_vocabulary(&text, values, reader);
    text
}

fn windows(values: &Values, reader: &mut Reader<'_>) -> Option<Windows> {
    let (window, stride) = (values.optional_int("window"), values.optional_int("stride"));
    let at = values.span("stride");
    let found = match (window, stride, at) {
        (None, Some(_), Some(at)) => {
            Diagnostic::new(code::NO_EFFECT, at, "`stride` has no effect without `window`").here("has no effect")
        }
        (Some(window), Some(stride), Some(at)) if stride > window => {
            let message = format!("`stride` is at most `window`, {window}, and this is {stride}");
            let diagnostic = Diagnostic::new(code::OUT_OF_RANGE, at, message).here("tokens between would be left out");
            reader.diagnostics.push(diagnostic.help(format!("write `stride = {window}`, or less")));
            return None;
        }
        _ => return window.map(|window| Windows { window, stride: stride.unwrap_or(window) }),
    };
    reader.diagnostics.push(found.help("write `window = 128` too: the steps of a piece"));
    None
}

/// What decides about a vocabulary has no effect on a field that uses another's.
fn needless_with_vocabulary(text: &Text, values: &Values, reader: &mut Reader<'_>) {
    let Some(owner) = &text.vocabulary else { return };
    for setting in ["min_count", "max_vocab"] {
        let Some(span) = values.span(setting) else { continue };
        let message = format!("`{setting}` has no effect on a field that uses the vocabulary of `{owner}`");
        let diagnostic = Diagnostic::new(code::NO_EFFECT, span, message).here("has no effect");
        reader.diagnostics.push(diagnostic.help(format!("give it to `{owner}`, or leave it out")));
    }
}

/// A vocabulary that a field uses is that of another text field, cut into tokens of the same kind.
pub fn shared_vocabularies(fields: &[Field], block: &SettingsBlock, diagnostics: &mut Vec<Diagnostic>) {
    for field in fields {
        let FieldKind::Text(Text { vocabulary: Some(owner), kind, .. }) = &field.kind else { continue };
        let given = block.entries.iter().find_map(|entry| match entry {
            Entry::Field { name, settings, .. } if name.name == field.name => {
                settings.iter().find(|setting| setting.name.name == "vocabulary").map(|setting| setting.value.span)
            }
            _ => None,
        });
        let found = fields.iter().find(|other| other.name == *owner);
        let (message, label) = match found.map(|other| (&other.kind, other.span)) {
            _ if *owner == field.name => (format!("`{owner}` uses its own vocabulary anyway"), None),
            Some((FieldKind::Text(Text { vocabulary: Some(_), .. }), span)) => {
                (format!("`{owner}` has no vocabulary of its own"), Some(span))
            }
            Some((FieldKind::Text(other), _)) if other.kind == *kind => continue,
            Some((FieldKind::Text(_), span)) => {
                (format!("`{owner}` is cut into other tokens than `{}`", field.name), Some(span))
            }
            Some((_, span)) => (format!("`{owner}` is no text and has no vocabulary"), Some(span)),
            None => (format!("there is no field `{owner}` whose vocabulary could be used"), None),
        };
        let mut diagnostic = Diagnostic::new(code::DATA_FIELD, given.unwrap_or(field.span), message)
            .here("not a vocabulary for this field")
            .help("name a text field of the same kind of tokens that has a vocabulary of its own");
        if let Some(span) = label {
            diagnostic = diagnostic.label(span, "declared here");
        }
        diagnostics.push(diagnostic);
    }
}

/// As written in a file.
pub fn kind_name(text: &Text) -> &'static str {
    match (text.sentences, text.kind) {
        (Some(Sentences::Document { .. }), _) => "document",
        (Some(Sentences::Story { .. }), _) => "story",
        (None, TextKind::Words) => "words",
        (None, TextKind::Chars) => "chars",
        (None, TextKind::Jieba) => "jieba",
        (None, TextKind::Tokens) => "tokens",
        (None, TextKind::Tree) => "tree",
    }
}
