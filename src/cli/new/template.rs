//! What `rnnc new` can begin with: a model, small data for it, and something to ask it once it is trained.

/// One beginning. The files are those of `templates/` and of `models/data/`.
pub struct Template {
    pub name: &'static str,
    /// In a list of templates.
    pub about: &'static str,
    /// The `.rnn` file.
    pub model: &'static str,
    /// Names and contents of the files beside it.
    pub files: &'static [(&'static str, &'static str)],
    /// What its rows are about.
    pub data: &'static str,
    /// What data of one's own must look like.
    pub own: Own,
    pub ask: Ask,
}

/// The rows that take the place of the template's.
pub struct Own {
    /// The ending of a file with them.
    pub extension: &'static str,
    pub like: &'static str,
}

/// What is done with the trained model.
pub enum Ask {
    /// Texts for `rnnc predict`, and whether `--explain` has something to show.
    Texts { texts: &'static [&'static str], explain: bool },
    /// A file beside the model, for `rnnc predict --input`.
    File(&'static str),
    /// The beginning of a text, for `rnnc generate`.
    Write { prompt: &'static str },
}

const QUESTIONS: &[(&str, &str)] = &[
    ("train.tsv", include_str!("../../../models/data/train.tsv")),
    ("valid.tsv", include_str!("../../../models/data/valid.tsv")),
    ("test.tsv", include_str!("../../../models/data/test.tsv")),
];
const ABOUT_QUESTIONS: &str = "880 questions, labelled with what they ask for: a person, a place, a time or a number";
const LABELLED: Own =
    Own { extension: "tsv", like: "a header `text<TAB>label`, then a text and its label a line (.csv and .jsonl too)" };
const ASK_QUESTIONS: Ask =
    Ask::Texts { texts: &["Who told you when the library opens?", "Where can I buy stamps?"], explain: false };

/// The first is what a call without `--template` gets.
pub const TEMPLATES: [Template; 7] = [
    Template {
        name: "textrnn",
        about: "classify texts: a bidirectional LSTM",
        model: include_str!("../../../templates/textrnn.rnn"),
        files: QUESTIONS,
        data: ABOUT_QUESTIONS,
        own: LABELLED,
        ask: ASK_QUESTIONS,
    },
    Template {
        name: "textrcnn",
        about: "classify texts: every word between its left and right context",
        model: include_str!("../../../templates/textrcnn.rnn"),
        files: QUESTIONS,
        data: ABOUT_QUESTIONS,
        own: LABELLED,
        ask: ASK_QUESTIONS,
    },
    Template {
        name: "attention",
        about: "classify texts, and see which words the model looks at",
        model: include_str!("../../../templates/attention.rnn"),
        files: QUESTIONS,
        data: ABOUT_QUESTIONS,
        own: LABELLED,
        ask: Ask::Texts { texts: &["Who told you when the library opens?", "Where can I buy stamps?"], explain: true },
    },
    Template {
        name: "tree",
        about: "label every phrase of a parsed sentence: a Tree-LSTM",
        model: include_str!("../../../templates/tree.rnn"),
        files: &[
            ("train.ptb", include_str!("../../../models/data/train.ptb")),
            ("valid.ptb", include_str!("../../../models/data/valid.ptb")),
            ("test.ptb", include_str!("../../../models/data/test.ptb")),
        ],
        data: "448 little film reviews as parse trees, every phrase labelled from 0 (bad) to 4 (good)",
        own: Own { extension: "ptb", like: "a tree a line, a label at every node: (4 (2 a) (4 (4 superb) (2 film)))" },
        ask: Ask::Texts { texts: &["((the) ((story) ((is) (superb))))", "((a) ((awful) (film)))"], explain: false },
    },
    Template {
        name: "charlm",
        about: "learn to write, character by character",
        model: include_str!("../../../templates/charlm.rnn"),
        files: &[
            ("train.txt", include_str!("../../../models/data/train.txt")),
            ("valid.txt", include_str!("../../../models/data/valid.txt")),
            ("test.txt", include_str!("../../../models/data/test.txt")),
        ],
        data: "880 questions as plain text",
        own: Own { extension: "txt", like: "plain text, some hundred kilobytes or more" },
        ask: Ask::Write { prompt: "Where " },
    },
    Template {
        name: "memory",
        about: "answer questions about a story: a memory network",
        model: include_str!("../../../templates/memory.rnn"),
        files: &[
            ("train.txt", include_str!("../../../models/data/stories_train.txt")),
            ("valid.txt", include_str!("../../../models/data/stories_valid.txt")),
            ("test.txt", include_str!("../../../models/data/stories_test.txt")),
            ("story.txt", include_str!("../../../templates/story.txt")),
        ],
        data: "680 questions about who went where and who has what",
        own: Own {
            extension: "txt",
            like: "numbered sentences, and questions with a tab and the answer, as in train.txt",
        },
        ask: Ask::File("story.txt"),
    },
    Template {
        name: "cell",
        about: "write a recurrent cell of your own as its equations",
        model: include_str!("../../../templates/cell.rnn"),
        files: QUESTIONS,
        data: ABOUT_QUESTIONS,
        own: LABELLED,
        ask: ASK_QUESTIONS,
    },
];
