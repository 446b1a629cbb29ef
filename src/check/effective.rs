//! Settings as they take effect: what the file gives, and the table's default of all that it leaves out.

use crate::ir::Setting;
use crate::source::Span;

use super::reader::Reader;
use super::settings::{self, Checked, Choice, Takes, Values};

impl Reader<'_> {
    /// Notes every setting of a table; `at` is where those are left out that are.
    pub fn take_effect(&mut self, owner: &str, table: &'static [settings::Setting], values: &Values, at: Span) {
        for setting in table {
            let name = format!("{owner}.{}", setting.name);
            let span = values.span(setting.name).unwrap_or(at);
            if let Takes::Call(choices) = setting.takes {
                self.choice_takes_effect(&name, setting, choices, values, span);
                continue;
            }
            let value = values.get(setting.name).map_or_else(|| default(setting), written);
            self.effective.push(Setting { name, value, span });
        }
    }

    /// The alternative by its name, then its own settings.
    fn choice_takes_effect(
        &mut self,
        name: &str,
        setting: &settings::Setting,
        choices: &'static [Choice],
        values: &Values,
        span: Span,
    ) {
        let nothing = Values::default();
        let (choice, given) = match values.get(setting.name) {
            Some(Checked::Call(choice, given)) => (Some(*choice), given),
            _ => (choices.iter().find(|choice| setting.default.split('(').next() == Some(choice.name)), &nothing),
        };
        let value = choice.map_or("none", |choice| choice.name).to_string();
        self.effective.push(Setting { name: name.to_string(), value, span });
        if let Some(choice) = choice {
            self.take_effect(name, choice.settings, given, span);
        }
    }

    /// Replaces a default that depends on other settings.
    pub fn correct(&mut self, name: &str, value: &str) {
        let found = self.effective.iter_mut().find(|setting| setting.name == name);
        found.into_iter().for_each(|setting| setting.value = value.to_string());
    }
}

/// A default, in the form that a given value has.
fn default(setting: &settings::Setting) -> String {
    match setting.takes {
        _ if setting.default.is_empty() => "none".to_string(),
        Takes::Float { .. } => setting.default.parse().map_or(setting.default.to_string(), number),
        _ => setting.default.to_string(),
    }
}

/// A number as a person writes it: a very small or large one with its power of ten.
fn number(x: f64) -> String {
    if x == 0.0 || (1e-4..1e9).contains(&x.abs()) { x.to_string() } else { format!("{x:e}") }
}

fn written(value: &Checked) -> String {
    let list = |items: Vec<String>| format!("[{}]", items.join(", "));
    let texts = |texts: &[String]| list(texts.iter().map(|text| format!("{text:?}")).collect());
    match value {
        Checked::Int(n) => n.to_string(),
        Checked::Float(x) => number(*x),
        Checked::Bool(b) => b.to_string(),
        Checked::Text(text, _) => text.clone(),
        Checked::Files(files) => match files.as_slice() {
            [(only, _)] => format!("{only:?}"),
            files => list(files.iter().map(|(path, _)| format!("{path:?}")).collect()),
        },
        Checked::Word(word) => (*word).to_string(),
        Checked::Pair(a, b) => format!("[{a}, {b}]"),
        Checked::Weights(weights) => {
            list(weights.iter().map(|(label, weight)| format!("{label:?}: {weight}")).collect())
        }
        Checked::Labels(labels) => texts(labels),
        Checked::Groups(groups) => {
            let group =
                |(name, labels): &(String, Vec<String>)| texts(&[std::slice::from_ref(name), &labels[..]].concat());
            list(groups.iter().map(group).collect())
        }
        Checked::Call(choice, _) => choice.name.to_string(),
        Checked::None => "none".to_string(),
    }
}
