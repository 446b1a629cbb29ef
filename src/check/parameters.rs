//! Parameters: made when first read, under the path of their layer; shared where an instance is applied again.

use crate::diagnostic::{Diagnostic, code};
use crate::ir::{Dim, Op, ParameterId, Type};
use crate::source::Span;

use super::checker::{Checker, Frame, join};
use super::value::Value;

impl Checker<'_> {
    /// The parameter `name` of the current frame, made on first use.
    pub fn use_parameter(&mut self, name: &str, span: Span) -> Value {
        let Some(pending) = self.current().pending.get(name).cloned() else { return Value::Poison };
        let declared = pending.declaration.span;
        if self.generic() && self.current().generic {
            let node = self.push(Op::Constant(0.0), Vec::new(), Type::shared(pending.shape), span);
            self.note_origin(node, declared, "declared here".into());
            return Value::Tensor(node);
        }
        let path = parameter_path(self.current(), name);
        let id = match self.parameter_names.get(&path).copied() {
            Some(id) => {
                let earlier = &self.parameters[id.0];
                if earlier.shape != pending.shape {
                    return self.shared_differently(id, &pending.shape, name, span);
                }
                id
            }
            None => {
                let Some(parameter) = self.parameter(path.clone(), &pending) else { return Value::Poison };
                self.parameters.push(parameter);
                let id = ParameterId(self.parameters.len() - 1);
                self.parameter_names.insert(path, id);
                id
            }
        };
        let node = self.push(Op::Parameter(id), Vec::new(), Type::shared(pending.shape), span);
        self.note_origin(node, declared, "declared here".into());
        Value::Tensor(node)
    }

    /// One instance applied to two inputs of different widths.
    fn shared_differently(&mut self, id: ParameterId, shape: &[Dim], name: &str, span: Span) -> Value {
        let earlier = self.parameters[id.0].clone();
        let (old, new) = (Type::shared(earlier.shape.clone()), Type::shared(shape.to_vec()));
        let message = format!(
            "weights shared by two inputs need one shape: `{name}` is {old} for the first and {new} for this one"
        );
        // The applications as the user wrote them: the outermost around the first use and around this one.
        let outermost = |mut call: Option<crate::ir::CallId>| {
            let mut span = None;
            while let Some(id) = call {
                span = Some(self.calls[id.0].span);
                call = self.calls[id.0].parent;
            }
            span
        };
        let site = outermost(self.current().call).unwrap_or(span);
        let mut diagnostic = Diagnostic::new(code::SHAPE_CLASH, site, message).here(format!("{new} here"));
        if let Some(first) = outermost(earlier.call) {
            diagnostic = diagnostic.label(first, format!("`{name}` is {old} here"));
        }
        self.report(diagnostic.help("give both inputs one width, or use two layers"))
    }
}

/// The path of a parameter declared in a frame.
fn parameter_path(frame: &Frame, name: &str) -> String {
    let suffix = frame.suffix.as_deref().unwrap_or("");
    join(&frame.path, &format!("{name}{suffix}"))
}
