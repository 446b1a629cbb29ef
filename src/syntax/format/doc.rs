//! A text that does not know its lines yet, after Wadler's "A prettier printer" (2003).

/// What may be padded so that it stands under its like on the lines around.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A setting or a field.
    Setting,
    Let,
    Param,
    Update,
}

/// A piece of a file.
#[derive(Debug)]
pub enum Doc {
    Text(String),
    /// A blank between two words; nothing at the start of a line.
    Space,
    /// Follows the text before it to the end of the line.
    Comment(String),
    /// A comment on a line of its own.
    Note {
        text: String,
        blank: bool,
    },
    /// After a note: an empty line.
    Blank,
    /// A line end; if `blank`, an empty line too.
    Hard {
        blank: bool,
    },
    /// A line end where its group is broken, otherwise these characters and a blank.
    Line(&'static str),
    /// What follows is the n-th part of its line that is aligned.
    Cell(Kind, usize),
    /// Nothing more on this line is aligned.
    Close,
    Concat(Vec<Doc>),
    /// On one line if it fits, otherwise broken at each of its [`Doc::Line`]s.
    Group(Box<Doc>),
    /// Always on one line.
    Flat(Box<Doc>),
    /// As many items on a line as fit.
    Fill(Vec<Doc>),
    /// New lines start two columns further right.
    Nest(Box<Doc>),
    /// The same, of what stands between braces.
    Body(Box<Doc>),
    /// New lines start where this starts.
    Align(Box<Doc>),
}

impl Doc {
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub fn group(self) -> Self {
        Self::Group(Box::new(self))
    }

    pub fn flat(self) -> Self {
        Self::Flat(Box::new(self))
    }

    pub fn nest(self) -> Self {
        Self::Nest(Box::new(self))
    }

    pub fn body(self) -> Self {
        Self::Body(Box::new(self))
    }

    pub fn align(self) -> Self {
        Self::Align(Box::new(self))
    }

    /// Columns on one line; nothing where it never is on one. Comments don't count: they end the line they are on.
    pub fn width(&self) -> Option<usize> {
        Some(match self {
            Doc::Text(text) => text.chars().count(),
            Doc::Space => 1,
            Doc::Line(separator) => separator.len() + 1,
            Doc::Hard { .. } => return None,
            Doc::Comment(_) | Doc::Note { .. } | Doc::Blank | Doc::Cell(..) | Doc::Close => 0,
            Doc::Concat(parts) => parts.iter().map(Doc::width).sum::<Option<usize>>()?,
            Doc::Fill(items) => items.iter().map(Doc::width).sum::<Option<usize>>()? + items.len().saturating_sub(1),
            Doc::Group(inner) | Doc::Flat(inner) | Doc::Nest(inner) | Doc::Body(inner) | Doc::Align(inner) => {
                inner.width()?
            }
        })
    }

    /// Columns up to where the line may end, and whether it may end in here.
    pub fn lead(&self) -> (usize, bool) {
        match self {
            Doc::Comment(_) | Doc::Note { .. } | Doc::Hard { .. } | Doc::Line(_) => (0, true),
            Doc::Concat(parts) => lead(parts),
            Doc::Fill(items) => {
                let (width, ends) = items.first().map_or((0, false), Doc::lead);
                (width, ends || items.len() > 1)
            }
            Doc::Group(inner) | Doc::Nest(inner) | Doc::Body(inner) | Doc::Align(inner) => inner.lead(),
            _ => (self.width().unwrap_or(0), false),
        }
    }
}

/// [`Doc::lead`] of several in a row.
pub fn lead(parts: &[Doc]) -> (usize, bool) {
    let mut total = 0;
    for part in parts {
        let (width, ends) = part.lead();
        total += width;
        if ends {
            return (total, true);
        }
    }
    (total, false)
}
