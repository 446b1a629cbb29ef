//! bAbI's format (Weston et al. 2015): numbered lines that tell a story, with questions in between. Number 1 begins a new
//! story. A row is a question with the story so far: the columns `story` (a line a sentence), `question` and `answer`.

use super::DataError;
use super::error::quoted;
use super::header::missing;
use super::lines::Lines;
use super::read::{Row, Source};
use super::tsv::blank_to_the_end;

/// A story of more sentences is no story, and every question would repeat it.
const LONGEST_STORY: usize = 10_000;

/// What a row can be asked for.
const COLUMNS: [&str; 3] = ["story", "question", "answer"];

pub(super) struct Babi {
    lines: Lines,
    columns: Vec<String>,
    /// The sentences so far, a line each.
    story: String,
    sentences: usize,
    /// The number of the line before.
    number: u64,
}

/// A line without its number.
enum Line {
    Sentence(String),
    Question { question: String, answer: Option<String> },
}

impl Babi {
    pub fn new(lines: Lines, columns: &[String]) -> Result<Self, DataError> {
        if let Some(other) = columns.iter().find(|column| !COLUMNS.contains(&column.as_str())) {
            let error = missing(lines.path(), None, other, &COLUMNS);
            return Err(error);
        }
        Ok(Self { lines, columns: columns.to_vec(), story: String::new(), sentences: 0, number: 0 })
    }

    /// Takes the number off a line; at number 1 a new story begins.
    fn numbered<'a>(&mut self, line: &'a str) -> Result<&'a str, DataError> {
        let (number, text) = line.split_once(' ').unwrap_or((line, ""));
        let Ok(number) = number.parse::<u64>() else {
            let message = format!("a line starts with its number, and this one with {}", quoted(number));
            return Err(self.lines.error(message).help("as in `1 Mary moved to the bathroom.`"));
        };
        if number == 1 {
            (self.story, self.sentences) = (String::new(), 0);
        } else if number != self.number + 1 {
            let after = if self.number == 0 {
                "a file starts with line 1".into()
            } else {
                format!("after {} comes {}", self.number, self.number + 1)
            };
            let help = format!("{after}, or 1 where a new story begins");
            return Err(self.lines.error(format!("this is line {number} of its story, out of order")).help(help));
        }
        self.number = number;
        Ok(text.trim())
    }

    fn line(&self, text: &str) -> Result<Line, DataError> {
        let parts: Vec<&str> = text.split('\t').map(str::trim).collect();
        let wants_answer = self.columns.iter().any(|column| column == "answer");
        match parts.as_slice() {
            [""] => Err(self.lines.error("a number without a sentence")),
            [question] if question.ends_with('?') && wants_answer => Err(self
                .lines
                .error("a question without an answer")
                .help("the answer follows the question after a tab")),
            [question] if question.ends_with('?') => {
                Ok(Line::Question { question: question.to_string(), answer: None })
            }
            [sentence] => Ok(Line::Sentence(sentence.to_string())),
            // The supporting facts, where they are given, are not read.
            [question, answer] | [question, answer, _] => {
                Ok(Line::Question { question: question.to_string(), answer: Some(answer.to_string()) })
            }
            more => Err(self
                .lines
                .error(format!("{} values where a question has an answer and supporting facts", more.len()))
                .help("a tab separates the three")),
        }
    }
}

impl Source for Babi {
    fn next(&mut self) -> Result<Option<Row>, DataError> {
        loop {
            let Some(line) = self.lines.next()?.map(str::to_owned) else { return Ok(None) };
            if line.trim().is_empty() {
                return blank_to_the_end(&mut self.lines);
            }
            let text = self.numbered(&line)?;
            match self.line(text)? {
                Line::Sentence(sentence) => {
                    self.sentences += 1;
                    if self.sentences > LONGEST_STORY {
                        return Err(self.lines.error(format!("a story of more than {LONGEST_STORY} sentences")));
                    }
                    if !self.story.is_empty() {
                        self.story.push('\n');
                    }
                    self.story.push_str(&sentence);
                }
                Line::Question { .. } if self.story.is_empty() => {
                    return Err(self.lines.error("a question before the first sentence of its story"));
                }
                Line::Question { question, answer } => {
                    let value = |column: &String| match column.as_str() {
                        "story" => self.story.clone(),
                        "question" => question.clone(),
                        _ => answer.clone().unwrap_or_default(),
                    };
                    return Ok(Some(Row {
                        line: self.lines.number(),
                        values: self.columns.iter().map(value).collect(),
                    }));
                }
            }
        }
    }

    fn lines(&self) -> &Lines {
        &self.lines
    }
}

#[cfg(test)]
mod tests {
    use super::super::read::rows;
    use crate::ir::{Format, Target};

    /// `line story | question | answer` of every row; an error without the folder.
    fn read(content: &str, columns: &[&str]) -> Result<Vec<String>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        std::fs::write(&path, content).unwrap();
        let rows = rows(&path, Format::Babi, &Target::Class("answer".into()), columns)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let shown = |row: &super::Row| format!("{} {}", row.line, row.values.join(" | ").replace('\n', " / "));
        rows.map(|rows| rows.iter().map(shown).collect())
            .map_err(|error| error.to_string().replace(&format!("{}/", folder.path().display()), ""))
    }

    const ALL: [&str; 3] = ["story", "question", "answer"];

    #[test]
    fn a_row_is_a_question_with_the_story_so_far() {
        let content = "1 Mary left.\n2 John sat.\n3 Who sat? \tJohn\t2\n4 He stood.\n5 Who stood?\tJohn\t2 4\n1 Fred ate.\r\n2 Who ate?\tFred\n\n";
        let expected = [
            "3 Mary left. / John sat. | Who sat? | John",
            "5 Mary left. / John sat. / He stood. | Who stood? | John",
            "7 Fred ate. | Who ate? | Fred",
        ];
        assert_eq!(read(content, &ALL).unwrap(), expected);
        assert_eq!(
            read("1 A b.\n2 Who?\n3 C.\n4 Why?\tx\n", &["question", "story"]).unwrap(),
            ["2 Who? | A b.", "4 Why? | A b. / C."]
        );
    }

    #[test]
    fn every_bad_line_is_said_to_be_so() {
        for (content, expected) in [
            ("", "a.txt: the file is empty"),
            ("1 Mary left.\n", "a.txt: the file has no rows"),
            (
                "Mary left.\n",
                "a.txt:1: a line starts with its number, and this one with `Mary`\n  help: as in `1 Mary moved to the bathroom.`",
            ),
            (
                "2 Mary left.\n",
                "a.txt:1: this is line 2 of its story, out of order\n  help: a file starts with line 1, or 1 where a new story begins",
            ),
            (
                "1 A.\n2 B?\tx\n4 C.\n",
                "a.txt:3: this is line 4 of its story, out of order\n  help: after 2 comes 3, or 1 where a new story begins",
            ),
            ("1 \n", "a.txt:1: a number without a sentence"),
            ("1 Who?\tx\n", "a.txt:1: a question before the first sentence of its story"),
            (
                "1 A.\n2 Who?\n",
                "a.txt:2: a question without an answer\n  help: the answer follows the question after a tab",
            ),
            ("1 A.\n2 Who?\t\t1\n", "a.txt:2: the `answer` is empty"),
            (
                "1 A.\n2 Who?\tx\t1\t2\n",
                "a.txt:2: 4 values where a question has an answer and supporting facts\n  help: a tab separates the three",
            ),
            ("1 A.\n2 Who?\tx\n\n1 B.\n", "a.txt:3: a blank line between rows"),
        ] {
            assert_eq!(read(content, &ALL).unwrap_err(), expected, "{content:?}");
        }
        let other = "a.txt: no column `text`; there is `story`, `question`, `answer`\n  help: a field reads the column of its own name unless `column = \"…\"` names another";
        assert_eq!(read("1 A.\n", &["text"]).unwrap_err(), other);
    }
}
