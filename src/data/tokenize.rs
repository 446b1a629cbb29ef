//! Texts → tokens, as `ir::Text` says. Which of them have an id is the vocabulary's business.

use super::tree::Tree;
use crate::ir::{Sentences, Text, TextKind};
use jieba_rs::Jieba;
use std::borrow::Cow;
use std::sync::LazyLock;
use unicode_segmentation::UnicodeSegmentation;

/// The dictionary takes a moment to load and never changes: once a process, and only where it is wanted.
static JIEBA: LazyLock<Jieba> = LazyLock::new(Jieba::new);

/// Cuts texts into tokens. White space separates them, and is made of tokens itself only if it is to be kept.
#[derive(Debug, Clone)]
pub struct Tokenizer {
    kind: TextKind,
    lowercase: bool,
    longest: usize,
    keep_spaces: bool,
    punctuation: bool,
    sentences: Option<Sentences>,
}

impl Tokenizer {
    pub fn new(text: &Text) -> Self {
        Self {
            kind: text.kind,
            lowercase: text.lowercase,
            longest: text.max_len.unwrap_or(usize::MAX),
            keep_spaces: text.keep_spaces,
            punctuation: text.punctuation,
            sentences: text.sentences,
        }
    }

    /// What stands between the tokens of a text.
    pub fn separator(&self) -> &'static str {
        match self.kind {
            TextKind::Words | TextKind::Tokens if !self.keep_spaces => " ",
            _ => "",
        }
    }

    /// The sentences of a text that have a token, as many as are kept, and whether there were more; a text that is no sequence
    /// of sentences is one.
    pub fn sentences<'t>(&self, text: &'t str) -> (Vec<&'t str>, bool) {
        let (mut sentences, most): (Vec<&str>, _) = match self.sentences {
            None => return (vec![text], false),
            Some(Sentences::Document { max_sentences }) => (text.split_sentence_bounds().collect(), max_sentences),
            Some(Sentences::Story { memory_size, .. }) => (text.lines().collect(), memory_size),
        };
        sentences.retain(|sentence| sentence.graphemes(true).any(|piece| self.is_token(piece)));
        let beyond = sentences.len().saturating_sub(most.unwrap_or(usize::MAX));
        match self.sentences {
            Some(Sentences::Story { .. }) => drop(sentences.drain(..beyond)),
            _ => sentences.truncate(sentences.len() - beyond),
        }
        (sentences.into_iter().map(str::trim).collect(), beyond > 0)
    }

    /// Whether a piece of a text is a token of it.
    fn is_token(&self, piece: &str) -> bool {
        match piece.chars().all(char::is_whitespace) {
            true => self.keep_spaces || self.kind == TextKind::Tokens,
            false => self.punctuation || piece.chars().any(char::is_alphanumeric),
        }
    }

    /// The tokens of a text, at most `max_len` of them.
    pub fn tokens(&self, text: &str) -> Vec<String> {
        let mut tokens = Vec::new();
        self.each(text, |token| tokens.push(token.to_owned()));
        tokens
    }

    /// Gives the tokens of a text, or of one sentence of it, at most `max_len` of them; `true` if there were more.
    pub fn each(&self, text: &str, mut take: impl FnMut(&str)) -> bool {
        let text = if self.lowercase { Cow::Owned(text.to_lowercase()) } else { Cow::Borrowed(text) };
        let pieces: Box<dyn Iterator<Item = &str>> = match self.kind {
            TextKind::Words => Box::new(text.split_word_bounds()),
            TextKind::Chars => Box::new(text.graphemes(true)),
            TextKind::Tree => {
                let words = Tree::parse(&text).map_or(Vec::new(), |tree| tree.words().collect());
                Box::new(words.into_iter())
            }
            TextKind::Jieba => Box::new(JIEBA.cut(&text, true).into_iter().map(|token| token.word)),
            // Only these separate: a no-break space is part of a token.
            TextKind::Tokens => Box::new(text.split_ascii_whitespace()),
        };
        let mut tokens = pieces.filter(|piece| self.is_token(piece));
        tokens.by_ref().take(self.longest).for_each(&mut take);
        tokens.next().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(kind: TextKind) -> Text {
        Text {
            kind,
            lowercase: false,
            min_count: 1,
            max_len: None,
            max_vocab: None,
            keep_spaces: false,
            windows: None,
            punctuation: true,
            vocabulary: None,
            sentences: None,
        }
    }

    fn tokens(kind: TextKind, content: &str) -> Vec<String> {
        let text_field = Text { lowercase: true, ..text(kind) };
        Tokenizer::new(&text_field).tokens(content)
    }

    #[test]
    fn words_keep_punctuation_and_lose_white_space() {
        let text = "Don't pay 3.50\u{a0}€ for \"it\",\t OK?";
        let words = ["don't", "pay", "3.50", "€", "for", "\"", "it", "\"", ",", "ok", "?"];
        assert_eq!(tokens(TextKind::Words, text), words);
    }

    #[test]
    fn characters_are_what_a_reader_calls_so() {
        assert_eq!(tokens(TextKind::Chars, "e\u{301}A 好👩‍🔬\u{3000}\r\n"), ["e\u{301}", "a", "好", "👩‍🔬"]);
    }

    #[test]
    fn kept_white_space_gives_the_text_back() {
        let content = "To be,  or not\nto be: 好吗 e\u{301}?\n";
        for kind in [TextKind::Words, TextKind::Chars, TextKind::Jieba] {
            let tokenizer = Tokenizer::new(&Text { keep_spaces: true, ..text(kind) });
            assert_eq!(tokenizer.tokens(content).join(tokenizer.separator()), content, "{kind:?}");
        }
        assert_eq!(Tokenizer::new(&text(TextKind::Words)).separator(), " ");
        assert_eq!(Tokenizer::new(&text(TextKind::Chars)).separator(), "");
    }

    #[test]
    fn chinese_is_cut_into_words() {
        assert_eq!(tokens(TextKind::Jieba, "我爱 北京天安门。OK"), ["我", "爱", "北京", "天安门", "。", "ok"]);
    }

    #[test]
    fn punctuation_can_be_left_out() {
        let tokenizer = Tokenizer::new(&Text { punctuation: false, lowercase: true, ..text(TextKind::Words) });
        assert_eq!(tokenizer.tokens("Where's Mary? \"3.50 €\" — 好。"), ["where's", "mary", "3.50", "好"]);
    }

    #[test]
    fn a_sentence_of_signs_is_a_sentence() {
        let document = Some(Sentences::Document { max_sentences: None });
        let field = Text { sentences: document, ..text(TextKind::Words) };
        assert_eq!(Tokenizer::new(&field).sentences(" ===== \n").0, ["====="]);
        assert_eq!(Tokenizer::new(&field).sentences("One. ... Two!").0.concat().replace(' ', ""), "One....Two!");
    }

    #[test]
    fn documents_keep_their_first_sentences_and_stories_their_last() {
        let cut = |sentences, content| {
            let field = Text { sentences: Some(sentences), punctuation: false, ..text(TextKind::Words) };
            Tokenizer::new(&field).sentences(content)
        };
        let content = "It rained, 3.5 mm. We stayed!\n...\nThen\nthe sun came.";
        let document = |max_sentences| cut(Sentences::Document { max_sentences }, content);
        assert_eq!(document(None), (vec!["It rained, 3.5 mm.", "We stayed!", "Then", "the sun came."], false));
        assert_eq!(document(Some(2)), (vec!["It rained, 3.5 mm.", "We stayed!"], true));
        let story = |memory_size| cut(Sentences::Story { memory_size, noise: 0.0 }, "A sat. B stood.\n...\nC ate.\n");
        assert_eq!(story(None), (vec!["A sat. B stood.", "C ate."], false));
        assert_eq!(story(Some(1)), (vec!["C ate."], true));
    }

    #[test]
    fn a_long_text_is_cut_and_said_so() {
        let field = Text { max_len: Some(2), ..text(TextKind::Words) };
        let tokenizer = Tokenizer::new(&field);
        assert_eq!(tokenizer.tokens("One two three"), ["One", "two"]);
        assert!(tokenizer.each("one two three", |_| {}));
        assert!(!tokenizer.each("one two \n", |_| {}), "white space is not more text");
    }
}
