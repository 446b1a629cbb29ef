//! The settings of `data` and `train` as they take effect: every one of them, defaults filled in.

use crate::source::Span;

/// One setting with its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// By its dotted name, as `--set` has it: `train.optimizer.lr`, `data.text.min_count`.
    pub name: String,
    /// In one form, however it is written: `0.001` for `1e-3`. `none` where it is off.
    pub value: String,
    /// Where the file gives it, or else the block or the field that leaves it out.
    pub span: Span,
}
