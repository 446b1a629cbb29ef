//! Tokens ↔ ids, made from the training texts alone.

use super::Tokenizer;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// The id of padding: no token of a text ever has it.
pub const PAD: u32 = 0;
/// The id of every token that has no entry of its own.
pub const UNK: u32 = 1;

const RESERVED: [&str; 2] = ["<pad>", "<unk>"];

/// The entries of an embedding: `<pad>`, `<unk>`, then tokens, the most frequent first.
///
/// It is written as the plain list of its entries. A token that is spelled like one of the two reserved ones is unknown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Vec<String>", try_from = "Vec<String>")]
pub struct Vocabulary {
    tokens: Vec<String>,
    /// Without the two reserved entries.
    ids: HashMap<String, u32>,
}

impl Vocabulary {
    /// The id of a token, [`UNK`] if it has none.
    pub fn id(&self, token: &str) -> u32 {
        self.get(token).unwrap_or(UNK)
    }

    /// The id of a token that has an entry of its own.
    pub fn get(&self, token: &str) -> Option<u32> {
        self.ids.get(token).copied()
    }

    pub fn token(&self, id: u32) -> Option<&str> {
        self.tokens.get(id as usize).map(String::as_str)
    }

    /// All entries in the order of their ids.
    pub fn tokens(&self) -> &[String] {
        &self.tokens
    }

    /// The number of entries, `<pad>` and `<unk>` included; so at least 2.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// SHA-256 of the entries in their order, in hexadecimal: the same for two vocabularies that give a text the same ids.
    pub fn sha256(&self) -> String {
        super::lines::sha256_of(self.tokens.iter().flat_map(|token| [token.as_bytes(), b"\n"]))
    }

    /// The ids of a text's tokens; empty for a text of white space.
    pub fn encode(&self, text: &str, tokenizer: &Tokenizer) -> Vec<u32> {
        let mut ids = Vec::new();
        tokenizer.each(text, |token| ids.push(self.id(token)));
        ids
    }
}

impl From<Vocabulary> for Vec<String> {
    fn from(vocabulary: Vocabulary) -> Self {
        vocabulary.tokens
    }
}

impl TryFrom<Vec<String>> for Vocabulary {
    type Error = String;

    fn try_from(tokens: Vec<String>) -> Result<Self, String> {
        if tokens.len() < 2 || tokens[..2] != RESERVED || u32::try_from(tokens.len()).is_err() {
            return Err("a vocabulary starts with `<pad>`, `<unk>`".to_owned());
        }
        let mut ids = HashMap::with_capacity(tokens.len());
        for (token, id) in tokens.iter().zip(0..).skip(2) {
            if RESERVED.contains(&token.as_str()) || ids.insert(token.clone(), id).is_some() {
                return Err(format!("`{token}` stands twice in the vocabulary"));
            }
        }
        Ok(Self { tokens, ids })
    }
}

/// The tokens of the training texts while they are read: numbered in order of appearance, and counted.
#[derive(Debug, Default)]
pub(super) struct Counter {
    numbers: HashMap<String, u32>,
    counts: Vec<u64>,
}

impl Counter {
    /// Counts one more of a token and returns its provisional number.
    pub fn number(&mut self, token: &str) -> u32 {
        let number = match self.numbers.get(token) {
            Some(number) => *number,
            None => {
                let number = u32::try_from(self.counts.len()).expect("2³² different tokens fit no memory");
                self.numbers.insert(token.to_owned(), number);
                self.counts.push(0);
                number
            }
        };
        self.counts[number as usize] += 1;
        number
    }

    /// The vocabulary, how many of its tokens were seen once, and for every provisional number the id it became.
    ///
    /// Tokens seen at least `min_count` times, the most frequent first, ties in order of appearance,
    /// at most `max_vocab` of them.
    pub fn finish(self, min_count: usize, max_vocab: Option<usize>) -> (Vocabulary, usize, Vec<u32>) {
        let counts = self.counts;
        let mut kept: Vec<(String, u32)> = self
            .numbers
            .into_iter()
            .filter(|(token, number)| {
                counts[*number as usize] >= min_count as u64 && !RESERVED.contains(&token.as_str())
            })
            .collect();
        kept.sort_unstable_by_key(|(_, number)| (std::cmp::Reverse(counts[*number as usize]), *number));
        kept.truncate(max_vocab.unwrap_or(usize::MAX));

        let once = kept.iter().filter(|(_, number)| counts[*number as usize] == 1).count();
        let mut became = vec![UNK; counts.len()];
        let mut tokens = RESERVED.map(str::to_owned).to_vec();
        let mut ids = HashMap::with_capacity(kept.len());
        for ((token, number), id) in kept.into_iter().zip(2..) {
            became[number as usize] = id;
            tokens.push(token.clone());
            ids.insert(token, id);
        }
        (Vocabulary { tokens, ids }, once, became)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(tokens: &str) -> Counter {
        let mut counter = Counter::default();
        tokens.split(' ').for_each(|token| {
            counter.number(token);
        });
        counter
    }

    #[test]
    fn frequent_tokens_first_and_ties_in_order_of_appearance() {
        let (vocabulary, once, became) = count("c b a b c d a b <unk> <unk> <pad>").finish(2, None);
        assert_eq!(once, 0);
        assert_eq!(vocabulary.tokens(), ["<pad>", "<unk>", "b", "c", "a"]);
        // c b a d <unk> <pad>
        assert_eq!(became, [3, 2, 4, UNK, UNK, UNK]);
        assert_eq!((vocabulary.id("c"), vocabulary.id("d"), vocabulary.id("<pad>")), (3, UNK, UNK));
        assert_eq!((vocabulary.token(2), vocabulary.token(5)), (Some("b"), None));
        assert_eq!(count("c b a b").finish(1, Some(1)).0.tokens(), ["<pad>", "<unk>", "b"]);
    }

    #[test]
    fn it_is_written_as_its_list_and_read_with_care() {
        let (vocabulary, once, _) = count("好 a b").finish(1, None);
        assert_eq!(once, 3);
        let json = serde_json::to_string(&vocabulary).unwrap();
        assert_eq!(json, r#"["<pad>","<unk>","好","a","b"]"#);
        assert_eq!(serde_json::from_str::<Vocabulary>(&json).unwrap(), vocabulary);
        for bad in [r#"[]"#, r#"["<unk>","<pad>"]"#, r#"["<pad>","<unk>","a","a"]"#, r#"["<pad>","<unk>","<pad>"]"#] {
            assert!(serde_json::from_str::<Vocabulary>(bad).is_err(), "{bad}");
        }
    }
}
