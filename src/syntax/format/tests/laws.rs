//! Laws on every `.rnn` text of the project, as it is and edited: the layout is found once, the tree stays, comments stay.

use std::path::Path;

use super::lay_out;
use crate::random::Random;
use crate::source::FileId;
use crate::syntax::format::{comments, meaning};
use crate::syntax::parse;

/// The files of the project, and the examples of the language reference.
fn seeds() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut seeds = Vec::new();
    for folder in ["models", "models/cells", "stdlib", "tests/check"] {
        let mut paths: Vec<_> = std::fs::read_dir(root.join(folder))
            .expect("a folder")
            .map(|entry| entry.expect("a file").path())
            .collect();
        paths.sort();
        for path in paths.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "rnn")) {
            seeds.push(std::fs::read_to_string(path).expect("a text"));
        }
    }
    let page = std::fs::read_to_string(root.join("docs/language.md")).expect("the reference");
    seeds.extend(page.split("```rnn").skip(1).filter_map(|block| {
        let (_, text) = block.split_once('\n')?;
        text.split("```").next().map(str::to_string)
    }));
    seeds.into_iter().map(|text| text.replace("\r\n", "\n").replace('\r', "\n")).collect()
}

/// Whether the text is free of errors; if so, the laws hold.
fn holds(text: &str) -> bool {
    if !parse(FileId(0), text).1.is_empty() {
        return false;
    }
    let once = lay_out(text).expect("a text without errors has a layout");
    assert!(parse(FileId(0), &once).1.is_empty(), "errors\n--- of\n{text}\n--- became\n{once}");
    assert!(meaning::same(text, &once), "another meaning\n--- of\n{text}\n--- became\n{once}");
    let twice = lay_out(&once).expect("the same tree");
    assert_eq!(once, twice, "not settled\n--- of\n{text}");
    assert!(once.lines().all(|line| line.trim_end() == line), "blanks at a line end\n{once}");
    assert!(!once.contains("\n\n\n") && !once.starts_with('\n'), "two empty lines\n{once}");
    true
}

fn below(random: &mut Random, bound: usize) -> usize {
    (random.next_u64() % bound.max(1) as u64) as usize
}

/// Places where one token ends and another may start.
fn gaps(text: &str) -> Vec<usize> {
    let word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || "_'\".".contains(c));
    let places = text.char_indices().map(|(at, _)| at);
    places.filter(|at| !word(text[..*at].chars().next_back()) || !word(text[*at..].chars().next())).collect()
}

#[test]
fn every_text_of_the_project() {
    let sound = seeds().iter().filter(|text| holds(text)).count();
    assert!(sound > 150, "{sound}");
}

#[test]
fn blanks_lines_and_comments_anywhere() {
    let pieces =
        [" ", "\t", "\n", "\n\n\n", " // c\n", "\n// own\n", "\n\n  // own\n\n", "//\n//d\n", ", ", ";", "\u{feff}"];
    let (seeds, mut random, mut sound) = (seeds(), Random::new(3, &[]), 0);
    for turn in 0..1_200 {
        let mut text = seeds[turn % seeds.len()].clone();
        for _ in 0..=below(&mut random, 3) {
            let gaps = gaps(&text);
            if !gaps.is_empty() {
                text.insert_str(gaps[below(&mut random, gaps.len())], pieces[below(&mut random, pieces.len())]);
            }
        }
        sound += usize::from(holds(&text));
    }
    assert!(sound > 300, "{sound}");
}

/// Words are repeated, dropped and lengthened, so that lines are too long in every place.
#[test]
fn words_moved_and_lengthened() {
    let (seeds, mut random, mut sound) = (seeds(), Random::new(4, &[]), 0);
    for turn in 0..1_200 {
        let mut text = seeds[turn % seeds.len()].clone();
        for _ in 0..=below(&mut random, 4) {
            let gaps = gaps(&text);
            if gaps.len() < 4 {
                continue;
            }
            let start = below(&mut random, gaps.len() - 3);
            let (from, to) = (gaps[start], gaps[start + 1 + below(&mut random, 2)]);
            match below(&mut random, 3) {
                0 => text.replace_range(from..to, ""),
                1 => {
                    let piece = text[from..to].to_string();
                    text.insert_str(gaps[below(&mut random, gaps.len())], &piece);
                }
                _ => {
                    let long = "a_long_name".repeat(1 + below(&mut random, 8));
                    let name = text[from..to].trim().to_string();
                    if name.chars().all(|c| c.is_alphabetic()) {
                        text.replace_range(from..to, &format!("{name}{long}"));
                    }
                }
            }
        }
        sound += usize::from(holds(&text));
    }
    assert!(sound > 120, "{sound}");
}

/// Comments are found where the grammar finds them: everything else has no `//`.
#[test]
fn comments_are_what_the_grammar_skips() {
    let text = "let a = \"// no\" // yes\n/// no\nlet b = \"\\\"// no\" //// yes\n";
    let found: Vec<&str> = comments::all(text).into_iter().map(|(_, comment)| comment).collect();
    assert_eq!(found, ["// yes", "//// yes"]);
}
