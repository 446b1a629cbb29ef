//! The one value that every finding about a file is made of, the registry of codes, and the renderers.
//!
//! The checker builds [`Diagnostic`]s; only the renderers know how they look. miette lives in `render/human.rs` alone.

pub mod code;
pub mod render;
pub mod suggest;

use crate::source::Span;
pub use code::{Code, Severity};

/// One finding.
///
/// `message` is one line that makes sense alone; `primary` is where the user should look first;
/// every other site involved is a label; `help` says what to write.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnostic {
    pub code: Code,
    pub message: String,
    pub primary: Label,
    pub labels: Vec<Label>,
    pub help: Option<String>,
    pub fixes: Vec<Fix>,
}

/// A place and what is to be said about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Label {
    pub span: Span,
    pub message: String,
}

/// An edit that can be applied without thinking.
#[derive(Debug, Clone, PartialEq)]
pub struct Fix {
    pub title: String,
    pub span: Span,
    pub replacement: String,
}

impl Diagnostic {
    pub fn new(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            primary: Label { span, message: String::new() },
            labels: Vec::new(),
            help: None,
            fixes: Vec::new(),
        }
    }

    /// What this is, written beside the primary place.
    pub fn here(mut self, message: impl Into<String>) -> Self {
        self.primary.message = message.into();
        self
    }

    /// Another place involved. One that repeats the primary place is dropped.
    pub fn label(mut self, span: Span, message: impl Into<String>) -> Self {
        let label = Label { span, message: message.into() };
        if !self.labels.contains(&label) {
            self.labels.push(label);
        }
        self
    }

    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// A replacement that is right wherever the diagnostic is.
    pub fn fix(mut self, title: impl Into<String>, span: Span, replacement: impl Into<String>) -> Self {
        self.fixes.push(Fix { title: title.into(), span, replacement: replacement.into() });
        self
    }

    /// The same finding after its files have become the files from `first` on.
    pub fn moved(mut self, first: u32) -> Self {
        let labels = self.labels.iter_mut().chain([&mut self.primary]).map(|label| &mut label.span);
        labels.chain(self.fixes.iter_mut().map(|fix| &mut fix.span)).for_each(|span| span.file.0 += first);
        self
    }

    pub fn severity(&self) -> Severity {
        self.code.severity()
    }

    pub fn is_error(&self) -> bool {
        self.severity() == Severity::Error
    }
}
