//! [`Doc`] → lines: where each line ends and how far it is indented.

use super::doc::{Doc, Kind, lead};

/// Columns of a line, if what stands on it can be broken. Comments and what is padded may go beyond.
pub const WIDTH: usize = 100;
/// Columns of one step to the right.
const STEP: usize = 2;

/// How far right lines start.
#[derive(Debug, Clone, Copy, Default)]
pub struct Indent {
    pub columns: usize,
    /// The line and the column of what this is aligned with: it moves along when that line is padded.
    pub under: Option<(usize, usize)>,
    /// Braces around it.
    pub depth: usize,
}

#[derive(Debug, Default)]
pub struct Line {
    pub indent: Indent,
    pub text: String,
    pub comment: Option<String>,
    /// Whether an empty line stands before it.
    pub blank: bool,
    /// Whether it is a comment or documentation, which interrupt no alignment.
    pub note: bool,
    /// Of `cells`.
    pub kind: Option<Kind>,
    /// Offsets in `text` where it may be padded.
    pub cells: Vec<usize>,
    closed: bool,
}

pub fn lines(doc: &Doc) -> Vec<Line> {
    let mut printer = Printer::default();
    printer.print(doc, false, Indent::default(), 0);
    printer.newline(Indent::default());
    printer.lines
}

#[derive(Default)]
struct Printer {
    lines: Vec<Line>,
    line: Line,
    /// Where the current line starts: what ended the line before it says so.
    start: Indent,
    /// Comments that end the line, once a comma has had its chance to stand before them.
    held: Vec<String>,
}

impl Printer {
    /// `tail` is the width of what must follow on the same line.
    fn print(&mut self, doc: &Doc, flat: bool, indent: Indent, tail: usize) {
        match doc {
            Doc::Text(text) => self.text(text, indent),
            Doc::Space => self.space(),
            Doc::Comment(text) => self.held.push(text.clone()),
            Doc::Note { text, blank } => self.note(text, *blank, indent),
            Doc::Hard { blank } => {
                self.newline(indent);
                self.start = indent;
                self.line.blank |= *blank;
            }
            Doc::Blank => self.line.blank = true,
            Doc::Line(separator) if flat => {
                self.text(separator, indent);
                self.space();
                self.line.closed |= !separator.is_empty();
                if *separator == ";" {
                    // Statements that share a line are a row of their own.
                    self.line.cells.clear();
                }
            }
            Doc::Line(_) => self.newline(indent),
            Doc::Cell(kind, index) => self.cell(*kind, *index),
            Doc::Close => self.line.closed = true,
            Doc::Concat(parts) => {
                for (i, part) in parts.iter().enumerate() {
                    let (width, ends) = lead(&parts[i + 1..]);
                    self.print(part, flat, indent, if ends { width } else { width + tail });
                }
            }
            Doc::Group(inner) => {
                let flat = flat || self.fits(inner, self.column(), tail);
                self.print(inner, flat, indent, tail);
            }
            Doc::Flat(inner) => self.print(inner, true, indent, tail),
            Doc::Fill(items) => self.fill(items, flat, indent, tail),
            Doc::Nest(inner) => self.print(inner, flat, Indent { columns: indent.columns + STEP, ..indent }, tail),
            Doc::Body(inner) => {
                let inside = Indent { columns: indent.columns + STEP, depth: indent.depth + 1, ..indent };
                self.print(inner, flat, inside, tail);
            }
            Doc::Align(inner) => {
                let columns = self.column();
                let under =
                    if self.line.text.is_empty() { self.start.under } else { Some((self.lines.len(), columns)) };
                self.print(inner, flat, Indent { columns, under, ..indent }, tail);
            }
        }
    }

    fn fill(&mut self, items: &[Doc], flat: bool, indent: Indent, tail: usize) {
        let mut broken = false;
        for (i, item) in items.iter().enumerate() {
            let tail = if i + 1 == items.len() { tail } else { 0 };
            if i > 0 {
                let fits = self.held.is_empty() && !broken && self.fits(item, self.column() + 1, tail);
                if flat || fits { self.space() } else { self.newline(indent) }
            }
            broken = !flat && !self.fits(item, self.column(), tail);
            self.print(item, !broken, indent, tail);
        }
    }

    fn fits(&self, doc: &Doc, column: usize, tail: usize) -> bool {
        doc.width().is_some_and(|width| column + width + tail <= WIDTH)
    }

    fn column(&self) -> usize {
        if self.line.text.is_empty() {
            self.start.columns
        } else {
            self.line.indent.columns + self.line.text.chars().count()
        }
    }

    fn text(&mut self, text: &str, indent: Indent) {
        if text.is_empty() {
            return;
        }
        if !self.held.is_empty() && !matches!(text, "," | ";") {
            self.newline(indent);
        }
        if self.line.text.is_empty() {
            self.line.indent = self.start;
            self.line.note = text.starts_with("//");
        }
        self.line.text.push_str(text);
    }

    fn space(&mut self) {
        if self.held.is_empty() && !self.line.text.is_empty() {
            self.line.text.push(' ');
        }
    }

    fn note(&mut self, text: &str, blank: bool, indent: Indent) {
        self.newline(indent);
        self.line.blank |= blank;
        self.text(text, indent);
        // What follows stands where the comment stands.
        self.newline(self.start);
    }

    fn cell(&mut self, kind: Kind, index: usize) {
        let line = &mut self.line;
        if !line.closed && line.cells.len() == index && line.kind.is_none_or(|known| known == kind) {
            line.kind = Some(kind);
            line.cells.push(line.text.trim_end().len());
        }
    }

    /// Ends the line unless nothing stands on it.
    fn newline(&mut self, indent: Indent) {
        if self.line.text.is_empty() {
            return;
        }
        self.start = indent;
        let mut held = std::mem::take(&mut self.held).into_iter();
        let mut line = std::mem::take(&mut self.line);
        line.text.truncate(line.text.trim_end().len());
        line.comment = held.next();
        self.lines.push(line);
        for text in held {
            self.lines.push(Line { indent, text, note: true, ..Line::default() });
        }
    }
}
