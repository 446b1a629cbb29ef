//! What the grammar wanted where it stopped, in words, and hints for usual slips.

use pest::error::{ErrorVariant, InputLocation};

use super::Rule;

/// "expected …" of a strict parse that failed: the place (relative to the parsed text) and the words.
pub struct Expectation {
    pub at: usize,
    pub words: Vec<&'static str>,
}

pub fn expectation(error: &pest::error::Error<Rule>) -> Expectation {
    let at = match error.location {
        InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
    };
    let mut words: Vec<&'static str> = match &error.variant {
        ErrorVariant::ParsingError { positives, .. } => positives.iter().filter_map(|rule| word(*rule)).collect(),
        ErrorVariant::CustomError { .. } => Vec::new(),
    };
    let mut seen = std::collections::BTreeSet::new();
    words.retain(|word| seen.insert(*word));
    // What can follow nearly anything is only worth saying alone.
    let general = |word: &&str| matches!(*word, "the end of the line" | "an operator" | "`|>`");
    if !words.iter().all(general) {
        words.retain(|word| !general(word));
    } else if words.len() > 1 {
        words.retain(|word| *word != "an operator");
    }
    Expectation { at, words }
}

/// A rule as a person would call it; nothing for those that say nothing.
fn word(rule: Rule) -> Option<&'static str> {
    Some(match rule {
        Rule::ident | Rule::callee | Rule::choice | Rule::argument_name => "a name",
        Rule::expr | Rule::pipeline | Rule::stage | Rule::disjunction | Rule::conjunction | Rule::comparison => {
            "a value"
        }
        Rule::sum | Rule::product | Rule::unary | Rule::primary | Rule::argument | Rule::dims => "a value",
        Rule::number | Rule::list | Rule::group | Rule::call | Rule::primed | Rule::kw_not | Rule::negate => "a value",
        Rule::kw_true | Rule::kw_false | Rule::kw_none | Rule::kw_auto | Rule::if_expr | Rule::repeat => "a value",
        Rule::condition | Rule::kw_if | Rule::kw_repeat => "a value",
        Rule::string => "a text in double quotes",
        Rule::quote => "a text in double quotes",
        Rule::type_expr | Rule::shape | Rule::type_of => "a type such as [T, 128]",
        Rule::parameter | Rule::parameter_list => "a parameter",
        Rule::comparator | Rule::sum_op | Rule::product_op | Rule::kw_and | Rule::kw_or => "an operator",
        Rule::open => "`{`",
        Rule::close => "`}`",
        Rule::lparen | Rule::arguments | Rule::parameters | Rule::cell_parameters => "`(`",
        Rule::rparen => "`)`",
        Rule::lbracket => "`[`",
        Rule::rbracket => "`]`",
        Rule::comma => "`,`",
        Rule::colon => "`:`",
        Rule::semicolon => "`;`",
        Rule::assign => "`=`",
        Rule::arrow => "`->`",
        Rule::pipe => "`|>`",
        Rule::bar => "`|`",
        Rule::rest => "`..`",
        Rule::kw_then => "`then`",
        Rule::kw_else => "`else`",
        Rule::kw_in => "`in`",
        Rule::kw_with => "`with`",
        Rule::result | Rule::next => "the label's name",
        Rule::kw_next => "`next`",
        Rule::EOI => "the end of the line",
        Rule::setting | Rule::field => "a setting",
        _ => return None,
    })
}

/// `a`, `a or b`, `a, b or c`; at most five.
pub fn list(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_string(),
        [many @ .., last] => format!("{} or {last}", many[..many.len().min(4)].join(", ")),
    }
}

/// What stands at `at`, for "found …": one word or one character.
pub fn found(text: &str, at: usize) -> (usize, String) {
    let rest = text.get(at..).unwrap_or("");
    let skipped = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    let rest = &rest[skipped..];
    let Some(first) = rest.chars().next() else { return (0, "the end of the file".into()) };
    if first == '\n' || first == '\r' || rest.starts_with("//") {
        return (0, "the end of the line".into());
    }
    let length = if first.is_alphanumeric() || first == '_' {
        rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())
    } else {
        first.len_utf8()
    };
    let shown = if first.is_control() {
        format!("the control character U+{:04X}", first as u32)
    } else {
        format!("`{}`", &rest[..length])
    };
    (skipped + length, shown)
}

/// Help for slips that have a name. `line` is the text that could not be read, `at` where reading stopped.
pub fn hint(line: &str, at: usize) -> Option<String> {
    let trimmed = line.trim_start();
    let rest = line.get(at..).unwrap_or("").trim_start();
    let first_word = trimmed.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or("");
    if trimmed.starts_with('#') || rest.starts_with('#') || trimmed.starts_with("--") {
        return Some("comments start with `//`".into());
    }
    if rest.starts_with('\'') {
        return Some("texts stand in double quotes: \"…\"".into());
    }
    if matches!(first_word, "def" | "fn" | "class" | "function" | "func" | "import" | "from" | "module") {
        return Some(
            match first_word {
                "import" | "from" => "another file is read with `use \"other.rnn\"`",
                "class" | "module" => "a network is a `model Name(text) -> label { … }`, a part of one a `layer`",
                _ => "a part of a network is a `layer name(x: [T, I], size: H) -> [T, H] { … }`",
            }
            .into(),
        );
    }
    if first_word == "cell" && rest.starts_with(',') {
        return Some("the states come after a semicolon: `cell name(x: [I]; h: [H])`".into());
    }
    if matches!(first_word, "for" | "while" | "loop") {
        return Some("repetition is written `repeat k in 0..n with y = x { … }`".into());
    }
    if first_word == "return" {
        return Some("a body gives its last value: write it without `return`".into());
    }
    if rest.starts_with(';') {
        return Some("a comma or the end of the line separates settings".into());
    }
    if rest.starts_with('.') {
        let before = line.get(..at).unwrap_or("").trim_end();
        let word = before.rsplit(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or("");
        if matches!(word, "nn" | "F" | "functional" | "torch" | "tf" | "keras" | "layers") {
            return Some("a layer has no module before its name: `lstm(128)`, `dense(64)`".into());
        }
        return Some("file names and texts stand in double quotes: \"…\"".into());
    }
    if let Some(word @ ("if" | "repeat")) = rest.split(|c: char| !c.is_alphanumeric()).next() {
        return Some(format!("inside other expressions it stands in parentheses: `({word} …)`"));
    }
    if rest.starts_with('>') && line.get(..at).is_some_and(|before| before.ends_with(['-', '=', '~'])) {
        return Some("steps are joined with `|>`".into());
    }
    if rest.starts_with("|") && !rest.starts_with("|>") || rest.starts_with("->") || rest.starts_with("=>") {
        return Some("steps are joined with `|>`".into());
    }
    if let Some((name, value)) = trimmed.split_once(':') {
        let (name, value) = (name.trim(), value.trim());
        if !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_') && !value.is_empty() {
            return Some(format!(
                "a setting is written `{name} = {value}`; `:` declares a field, as in `text : words`"
            ));
        }
    }
    if rest.starts_with('=') && !rest.starts_with("==") {
        let name = if matches!(first_word, "" | "let") { "name" } else { first_word };
        return Some(format!("to name a value, write `let {name} = …`"));
    }
    None
}
