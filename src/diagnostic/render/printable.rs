//! Text from a file or a user, made safe to show on a terminal.
//!
//! A stranger's file must not move the cursor, recolour the screen or reorder what is read (Boucher & Anderson 2021,
//! "Trojan Source").

use std::borrow::Cow;

/// `text` with every control and text-direction character but tab and line feed replaced by a visible one *of the
/// same length in bytes*, so that spans into `text` still fit.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let replaced = text.chars().map(|character| match (is_unsafe(character), character.len_utf8()) {
        (false, _) => character,
        (true, 1) => '?',
        (true, 2) => '¿',
        (true, _) => '\u{fffd}',
    });
    Cow::Owned(replaced.collect())
}

/// [`printable`] on one line.
pub(super) fn one_line(text: &str) -> String {
    printable(text)
        .split(['\n', '\u{2028}', '\u{2029}'])
        .map(str::trim)
        .collect::<Vec<_>>()
        .join(" ")
        .replace('\t', " ")
}

fn is_unsafe(character: char) -> bool {
    let direction = matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    direction || (character.is_control() && !matches!(character, '\t' | '\n'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_and_direction_characters_become_visible_and_keep_their_length() {
        let text = "a\u{1b}[31m\u{85}\u{202e}b\tc\n中\r";
        let shown = printable(text);
        assert_eq!(shown, "a?[31m¿\u{fffd}b\tc\n中?");
        assert_eq!(shown.len(), text.len());
        assert!(matches!(printable("plain, 中文\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn one_line_is_one_line() {
        assert_eq!(one_line("a\n  b\tc\u{2028}d"), "a b c d");
    }
}
