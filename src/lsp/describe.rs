//! What is said about a thing wherever it is shown: in hovers, completions and signatures.

use crate::check::Application;
use crate::check::settings::{Choice, Setting};
use crate::diagnostic::render::printable;
use crate::ir::{Cost, Dim};
use crate::predictor::thousands;
use crate::source::Sources;
use crate::syntax::ast::Parameter;

/// A number with its thousands apart, or a formula where a size is not known.
pub fn amount(dim: &Dim) -> String {
    dim.as_constant().and_then(|n| u64::try_from(n).ok()).map_or_else(|| dim.to_string(), thousands)
}

/// `66,048 parameters`
pub fn parameters(dim: &Dim) -> String {
    format!("{} parameter{}", amount(dim), if dim.as_constant() == Some(1) { "" } else { "s" })
}

/// `131,072 flops/token`, and what is spent once a sentence or a text; nothing where nothing is.
pub fn cost(cost: &Cost) -> Option<String> {
    let parts = [(&cost.per_token, "token"), (&cost.per_sentence, "sentence"), (&cost.per_text, "text")];
    let parts = parts.iter().filter(|(dim, _)| **dim != Dim::default());
    let parts: Vec<String> = parts.map(|(dim, of)| format!("{} flops/{of}", amount(dim))).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// What an application makes of its inputs, and what it takes: two lines of Markdown.
pub fn application(application: &Application, (size, cost): &(Dim, Cost)) -> String {
    let mut lines = Vec::new();
    let inputs: Vec<String> = application.inputs.iter().map(ToString::to_string).collect();
    if let Some(result) = &application.result {
        lines.push(format!("`{}` → `{result}`", inputs.join(", ")));
    }
    let mut takes = Vec::new();
    if *size != Dim::default() {
        takes.push(parameters(size));
    }
    takes.extend(self::cost(cost));
    if !takes.is_empty() {
        lines.push(takes.join(", "));
    }
    lines.join("  \n")
}

/// A setting of `data` or `train`.
pub fn setting(setting: &Setting) -> String {
    let default = match setting.default {
        "" => String::new(),
        default => format!(", default `{default}`"),
    };
    format!("{}\n\nTakes {}{default}.", setting.about, setting.takes.range())
}

/// One alternative of a setting: `adam`.
pub fn choice(choice: &Choice) -> String {
    let mut text = choice.about.to_string();
    for setting in choice.settings {
        let default = if setting.default.is_empty() { String::new() } else { format!(" = {}", setting.default) };
        text.push_str(&format!("\n- `{}{default}`: {}", setting.name, setting.about));
    }
    text
}

/// A parameter of a definition, as it is declared.
pub fn parameter(parameter: &Parameter, sources: &Sources) -> String {
    let text = sources.text(parameter.span);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A piece of `.rnn` text as Markdown.
pub fn code(text: &str) -> String {
    format!("```rnn\n{}\n```", text.lines().map(printable).collect::<Vec<_>>().join("\n"))
}
