//! What the compiler's own layers give: types and nodes of the primitives in `stdlib/primitives.rnn`.

use crate::diagnostic::{Diagnostic, code};
use crate::ir::{Dim, Direction, Element, NodeId, Op, Reduction, Segment, Symbol, Type, UnaryOp};
use crate::source::Span;
use crate::syntax::ast::Layer;

use super::arguments::Arguments;
use super::checker::{Checker, MODEL_GRAPH};
use super::value::Value;

/// A memory of more slots is a slip of the keyboard.
const MOST_SLOTS: usize = 1 << 20;

/// What to write after two readings that were added.
const OF_BOTH: &str = "`merge = concat` keeps the directions apart for `final`; of their sum or mean say `max_over_time`, `mean_over_time` or `attention`";

impl Checker<'_> {
    /// Applies a primitive to arguments that its signature admits.
    pub fn primitive(&mut self, layer: &Layer, arguments: Arguments, span: Span) -> Value {
        let before = arguments.values.first().map(|(node, _)| self.ty(*node).axes.clone());
        let result = self.primitive_inside(layer, arguments, span);
        if let Value::Tensor(node) = result
            && Some(&self.ty(node).axes) != before.as_ref()
        {
            let name = &layer.name.name;
            let declared = layer.result.as_ref().map_or("", |ty| self.sources.text(ty.span));
            let text = if declared.contains("..") {
                format!("what `{name}` gives")
            } else {
                format!("`{name}` gives {declared}")
            };
            self.note_origin(node, span, text);
        }
        result
    }

    fn primitive_inside(&mut self, layer: &Layer, arguments: Arguments, span: Span) -> Value {
        let name = layer.name.name.as_str();
        // The signature is checked in a frame of its own, for its sizes.
        let frame = super::checker::Frame {
            name: name.to_string(),
            library: true,
            scopes: vec![Default::default()],
            call: self.current().call,
            ..Default::default()
        };
        self.frames.push(frame);
        let mut fits = true;
        let patterns: Vec<_> = layer.parameters.iter().filter(|p| super::arguments::is_value(p)).collect();
        for (i, (node, at)) in arguments.values.iter().enumerate() {
            let pattern = patterns.get(i).or(patterns.first());
            if let Some(parameter) = pattern
                && let Some(ty) = &parameter.ty
            {
                // Each part of a `concat` has a width of its own.
                if name == "concat" {
                    self.frame().scopes = vec![Default::default()];
                }
                let input = super::shapes::Input { node: *node, at: *at, site: span };
                fits &= self.match_pattern(ty, &input, &parameter.name.name, name);
            }
        }
        self.frames.pop();
        if !fits {
            return Value::Poison;
        }
        let setting = |wanted: &str| {
            arguments.settings.iter().find(|(p, _, _)| p.name.name == wanted).map(|(_, v, s)| (v.clone(), *s))
        };
        let Some(&(x, x_span)) = arguments.values.first() else {
            let message = format!("`{name}` needs an input");
            return self.report(
                Diagnostic::new(code::ARGUMENTS, span, message)
                    .here("nothing to work on")
                    .help(format!("as in `x |> {name}`")),
            );
        };
        let ty = self.ty(x).clone();
        if !self.generic() && !self.fits_tree(name, x, x_span, span) {
            return Value::Poison;
        }
        let features = || ty.axes.last().cloned().unwrap_or_default();
        let one_step = Type { directions: None, axes: ty.step_axes(), ..ty.clone() };
        let without_features =
            Type { directions: None, axes: ty.axes[..ty.rank().saturating_sub(1)].to_vec(), ..ty.clone() };
        let node = match name {
            "tanh" => return self.elementwise(UnaryOp::Tanh, x, span),
            "sigmoid" => return self.elementwise(UnaryOp::Sigmoid, x, span),
            "relu" => return self.elementwise(UnaryOp::Relu, x, span),
            "exp" => return self.elementwise(UnaryOp::Exp, x, span),
            "log" => return self.elementwise(UnaryOp::Log, x, span),
            "sqrt" => return self.elementwise(UnaryOp::Sqrt, x, span),
            "abs" => return self.elementwise(UnaryOp::Abs, x, span),
            "softmax" => {
                let ty = Type { directions: None, ..ty };
                let slots = match setting("slots") {
                    Some((Value::Dim(slots), at)) if self.ty(x).is_numbers() || self.generic() => {
                        match slots.as_constant().and_then(|slots| usize::try_from(slots).ok()) {
                            Some(slots) if (1..=MOST_SLOTS).contains(&slots) => Some(slots),
                            _ if self.generic() => None,
                            _ => {
                                let message =
                                    format!("`slots` is a number from 1 to {MOST_SLOTS}, and this is {slots}");
                                return self
                                    .report(Diagnostic::new(code::OUT_OF_RANGE, at, message).here("out of range"));
                            }
                        }
                    }
                    Some((Value::Dim(_), at)) => {
                        let message =
                            format!("`slots` is about a softmax over a sequence [T], and this is {}", self.ty(x));
                        let diagnostic = Diagnostic::new(code::NO_EFFECT, at, message).here("has no effect");
                        return self.report(diagnostic.help("leave it out"));
                    }
                    _ => None,
                };
                let op = slots.map_or(Op::Softmax, |slots| Op::SoftmaxOfSlots { slots });
                let softmax = self.push(op, vec![x], ty.clone(), span);
                match setting("linear_start") {
                    Some((Value::Bool(true), at)) if self.graph != MODEL_GRAPH => {
                        let message = "`linear_start` has no effect inside a cell";
                        return self.report(Diagnostic::new(code::NO_EFFECT, at, message).here("has no effect"));
                    }
                    Some((Value::Bool(true), _)) => self.push(Op::LinearStart, vec![x, softmax], ty, span),
                    _ => softmax,
                }
            }
            "position_encoding" => self.push(Op::PositionEncoding, vec![x], Type { directions: None, ..ty }, span),
            "by_distance" => {
                let Some(&(table, table_span)) = arguments.values.get(1) else { return Value::Poison };
                if !self.is_table(name, table, table_span, span) {
                    return Value::Poison;
                }
                let width = self.ty(table).last_axis().cloned();
                let axes = ty.axes.iter().take(ty.rank() - 1).cloned().chain(width).collect();
                self.push(Op::ByDistance, vec![table, x], Type::example(axes), span)
            }
            "dropout" => {
                let (rate, at) = setting("rate").unwrap_or((Value::Poison, span));
                let rate = match rate {
                    Value::Abstract(_) => 0.5,
                    value => match super::numbers::number(&value) {
                        Some(rate) if rate < 0.0 => {
                            let message = format!("a dropout rate is a share between 0 and 1, and this is {rate}");
                            return self.report(Diagnostic::new(code::OUT_OF_RANGE, at, message).here("negative"));
                        }
                        Some(rate) => rate,
                        None => return Value::Poison,
                    },
                };
                if rate >= 1.0 {
                    let message = format!("a dropout rate of {rate} leaves nothing");
                    let diagnostic =
                        Diagnostic::new(code::DROPOUT_RATE, at, message).here("every element is dropped in training");
                    self.report(diagnostic.help("the rate is the share that is dropped: 0.5 drops half"));
                }
                if rate == 0.0 {
                    let diagnostic = Diagnostic::new(code::DROPS_NOTHING, at, "a dropout rate of 0 drops nothing");
                    self.report(
                        diagnostic
                            .here("has no effect")
                            .help("leave it out, or write the share to drop: 0.5 drops half"),
                    );
                }
                self.push(Op::Dropout { rate }, vec![x], ty, span)
            }
            "concat" => return self.concat(&arguments.values, span),
            "lookup" => {
                let Some(&(tokens, _)) = arguments.values.get(1) else { return Value::Poison };
                if !self.is_table(name, x, x_span, span) {
                    return Value::Poison;
                }
                let mut axes = self.ty(tokens).axes.clone();
                axes.push(features());
                self.push(Op::Lookup, vec![x, tokens], Type::example(axes), span)
            }
            "scan" => return self.scan(false, x, x_span, &arguments, span),
            "fold" => return self.scan(true, x, x_span, &arguments, span),
            "root" => self.push(Op::First, vec![x], one_step, span),
            "bilinear" => return self.bilinear(&arguments.values, span),
            "shift" => match setting("steps") {
                Some((Value::Dim(steps), at)) => match steps.as_constant() {
                    Some(0) => {
                        return self.report(
                            Diagnostic::new(code::NO_EFFECT, at, "`shift` by 0 steps moves nothing")
                                .here("has no effect")
                                .help("`shift(1)` gives each step what came before it, `shift(-1)` what comes after"),
                        );
                    }
                    Some(steps) if steps.unsigned_abs() > 1 << 20 => {
                        let message = format!("`shift` by {steps} steps is longer than any text");
                        return self.report(Diagnostic::new(code::OUT_OF_RANGE, at, message).here("too far"));
                    }
                    Some(steps) => self.push(Op::Shift { steps }, vec![x], ty, span),
                    None => {
                        return self.report(
                            Diagnostic::new(code::UNDECIDED, at, "the number of steps to shift must be known")
                                .here("not a number yet"),
                        );
                    }
                },
                Some((Value::Abstract(_), _)) => self.push(Op::Shift { steps: 1 }, vec![x], ty, span),
                _ => return Value::Poison,
            },
            "last" => {
                let reads = |direction| ty.directions.iter().flatten().any(|segment| segment.direction == direction);
                if (reads(Direction::Backward) || reads(Direction::Both)) && !self.generic() {
                    let diagnostic = Diagnostic::new(
                        code::LAST_OF_BACKWARD,
                        span,
                        "`last` takes a backward reading where it has read only one token",
                    );
                    let diagnostic = diagnostic.here("backward reading starts at the last step");
                    let (at, what) = self.describe(x, x_span);
                    let diagnostic = diagnostic.label(at, what);
                    self.report(if reads(Direction::Both) {
                        diagnostic.help(OF_BOTH)
                    } else {
                        diagnostic.help("`final` takes each direction where it ended").fix(
                            "write `final`",
                            span,
                            "final",
                        )
                    });
                }
                self.push(Op::Last, vec![x], one_step, span)
            }
            "first" => self.push(Op::First, vec![x], one_step, span),
            "final" => return self.final_states(x, x_span, span),
            "max_over_time" => self.push(Op::ReduceTime(Reduction::Max), vec![x], one_step, span),
            "mean_over_time" => self.push(Op::ReduceTime(Reduction::Mean), vec![x], one_step, span),
            "sum_over_time" => self.push(Op::ReduceTime(Reduction::Sum), vec![x], one_step, span),
            "weighted_sum" => {
                let Some(&(weights, _)) = arguments.values.get(1) else { return Value::Poison };
                self.push(Op::WeightedSum, vec![weights, x], one_step, span)
            }
            "mean" | "sum" | "max" => {
                if ty.is_numbers() {
                    let help = format!("over the text that is `{name}_over_time`, which needs features: [T, F]");
                    return self.report(
                        Diagnostic::new(code::RANK, span, format!("`{name}` works over features, and {ty} has none"))
                            .here("a number a step")
                            .help(help),
                    );
                }
                let reduction = match name {
                    "mean" => Reduction::Mean,
                    "sum" => Reduction::Sum,
                    _ => Reduction::Max,
                };
                self.push(Op::ReduceFeatures(reduction), vec![x], without_features, span)
            }
            _ => return Value::Poison,
        };
        Value::Tensor(node)
    }

    /// Whether a layer that needs an order in time is not given a tree, and one that needs a tree is.
    fn fits_tree(&mut self, name: &str, x: NodeId, x_span: Span, span: Span) -> bool {
        let ty = self.ty(x).clone();
        let (message, help) = match (name, ty.is_tree()) {
            ("scan" | "shift" | "last" | "first" | "final", true) => (
                format!("`{name}` goes along a text, and {ty} are the nodes of a tree, which come in no such order"),
                match name {
                    "scan" => "`fold` takes a cell from the leaves up to the root: `fold(binary_tree_lstm, 128)`",
                    "shift" => "a node sees its children in the cell of a `fold`",
                    _ => "`root` takes the value at the root of a tree",
                },
            ),
            ("fold" | "root", false) => (
                format!("`{name}` needs the nodes of a tree, and {ty} has none"),
                "declare the field as `tree : tree`; over a text a cell is read by `recurrent` or `bidirectional`",
            ),
            _ => return true,
        };
        let (at, what) = self.describe(x, x_span);
        let diagnostic = Diagnostic::new(code::TREE_AXIS, span, message);
        let diagnostic =
            if at == span { diagnostic.here(what) } else { diagnostic.here("not over this").label(at, what) };
        self.report(diagnostic.help(help));
        false
    }

    /// `bilinear(tensor, a, b)`: the signature has matched the last axes; the others must be equal.
    fn bilinear(&mut self, values: &[(NodeId, Span)], span: Span) -> Value {
        let [(tensor, tensor_span), (a, a_span), (b, b_span)] = *values else { return Value::Poison };
        let (tensor_ty, left, right) = (self.ty(tensor).clone(), self.ty(a).clone(), self.ty(b).clone());
        let leading = |ty: &Type| ty.axes[..ty.rank() - 1].to_vec();
        if tensor_ty.per_example {
            let message = "`bilinear` takes its tensor from a parameter";
            let diagnostic = Diagnostic::new(code::RANK, tensor_span, message).here("differs from example to example");
            return self.report(diagnostic.help("declare it: `param tensor : [K, A, B]`"));
        }
        if !left.per_example || !right.per_example || leading(&left) != leading(&right) {
            let ((a_at, a_text), (b_at, b_text)) = (self.describe(a, a_span), self.describe(b, b_span));
            let message =
                format!("`bilinear` needs two values that differ in the last axis alone, and gets {left} and {right}");
            let diagnostic = Diagnostic::new(code::SHAPE_CLASH, span, message).here("these do not fit");
            return self.report(diagnostic.label(a_at, a_text).label(b_at, b_text));
        }
        let mut axes = leading(&left);
        axes.extend(tensor_ty.axes.first().cloned());
        Value::Tensor(self.push(Op::Bilinear, vec![tensor, a, b], Type::example(axes), span))
    }

    /// Whether what rows are taken from is one and the same for all examples. Reports where it is not.
    fn is_table(&mut self, layer: &str, table: NodeId, at: Span, span: Span) -> bool {
        let ty = self.ty(table).clone();
        if ty.per_example && !self.generic() {
            let (at, what) = self.describe(table, at);
            let message = format!("the table of `{layer}` is a parameter, and this is a value of the example, {ty}");
            let diagnostic = Diagnostic::new(code::WRONG_KIND, span, message).here("takes rows from a parameter");
            self.report(diagnostic.label(at, what).help("declare it: `param table : [N, F]`"));
            return false;
        }
        true
    }

    pub fn elementwise(&mut self, op: UnaryOp, x: NodeId, span: Span) -> Value {
        let ty = self.ty(x).clone();
        Value::Tensor(self.push(Op::Unary(op), vec![x], ty, span))
    }

    fn concat(&mut self, parts: &[(NodeId, Span)], span: Span) -> Value {
        let (first, first_span) = parts[0];
        let ty = self.ty(first).clone();
        let mut width = Dim::constant(0);
        let mut directions = Some(Vec::new());
        for (node, at) in parts {
            let part = self.ty(*node).clone();
            let leading = |ty: &Type| ty.axes[..ty.rank() - 1].to_vec();
            if leading(&part) != leading(&ty) || part.per_example != ty.per_example {
                let (a_span, a_text) = self.describe(first, first_span);
                let (b_span, b_text) = self.describe(*node, *at);
                let message = format!("`concat` joins the last axis, and {ty} and {part} differ in the others");
                let mut diagnostic = Diagnostic::new(code::SHAPE_CLASH, span, message)
                    .here("cannot be joined")
                    .label(a_span, a_text)
                    .label(b_span, b_text);
                if ty.is_sequence() != part.is_sequence() {
                    diagnostic = diagnostic.help("reduce the sequence to one vector first: `final`, `max_over_time` …");
                }
                return self.report(diagnostic);
            }
            width = width.add(part.last_axis().unwrap_or(&Dim::default()));
            directions = match (directions, part.directions) {
                (Some(mut all), Some(more)) => {
                    all.extend(more);
                    Some(all)
                }
                _ => None,
            };
        }
        let mut axes = ty.axes.clone();
        if let Some(last) = axes.last_mut() {
            *last = width;
        }
        let inputs = parts.iter().map(|(node, _)| *node).collect();
        Value::Tensor(self.push(Op::Concat, inputs, Type { axes, directions, ..ty }, span))
    }

    /// Cuts the last axis into equal parts.
    pub fn split(&mut self, x: NodeId, parts: usize, span: Span) -> Option<Vec<NodeId>> {
        let ty = self.ty(x).clone();
        let Some(width) = ty.last_axis() else {
            let message = format!("`split` cuts the last axis, and this has none: {ty}");
            self.report(Diagnostic::new(code::RANK, span, message).here("a single number"));
            return None;
        };
        let Some(length) = width.divide(parts as i64) else {
            let known = width.as_constant().is_some();
            // `2*H + 1` is odd whatever H is.
            let never =
                (1..parts as i64).any(|rest| width.subtract(&Dim::constant(rest)).divide(parts as i64).is_some());
            let (at, what) = self.describe(x, span);
            let message = if known || never {
                format!("{width} features cannot be cut into {parts} equal parts")
            } else {
                format!("whether {width} can be cut into {parts} equal parts is not known")
            };
            let known = known || never;
            let code = if known { code::SHAPE_CLASH } else { code::UNDECIDED };
            let help = if known {
                format!("make it a multiple of {parts}, or name another number of parts")
            } else {
                format!("declare the size as a multiple, as in `{parts}*K`, or write `where {width} % {parts} == 0`")
            };
            self.report(Diagnostic::new(code, span, message).here("cut here").label(at, what).help(help));
            return None;
        };
        let mut axes = ty.axes.clone();
        if let Some(last) = axes.last_mut() {
            *last = length.clone();
        }
        let part = |i: usize| Op::Narrow { start: length.multiply(&Dim::from(i)), length: length.clone() };
        Some(
            (0..parts)
                .map(|i| self.push(part(i), vec![x], Type { axes: axes.clone(), directions: None, ..ty.clone() }, span))
                .collect(),
        )
    }

    /// Forward features at the last step, backward ones at the first.
    fn final_states(&mut self, x: NodeId, x_span: Span, span: Span) -> Value {
        let ty = self.ty(x).clone();
        let one_step = |width: Dim| {
            let mut axes = ty.step_axes();
            axes.pop();
            axes.push(width);
            Type { directions: None, axes, ..ty.clone() }
        };
        let width = ty.last_axis().cloned().unwrap_or_default();
        let Some(segments) = &ty.directions else {
            if self.generic() {
                return Value::Tensor(self.push(Op::Last, vec![x], one_step(width), span));
            }
            let (at, what) = self.describe(x, x_span);
            let diagnostic = Diagnostic::new(
                code::NO_DIRECTION,
                span,
                "`final` takes the end of each reading direction, and this value has none",
            )
            .here("no direction is known");
            let diagnostic = diagnostic.label(at, what);
            return self.report(diagnostic.help("`final` comes right after a recurrent layer; for other sequences say `last`, `max_over_time` or `mean_over_time`"));
        };
        if segments.iter().any(|segment| segment.direction == Direction::Both) {
            let (at, what) = self.describe(x, x_span);
            let message = "`final` takes the end of each reading direction, and here two directions are one value";
            let diagnostic = Diagnostic::new(code::NO_DIRECTION, span, message).here("no step is the end of both");
            return self.report(diagnostic.label(at, what).help(OF_BOTH));
        }
        let mut parts = Vec::new();
        let mut start = Dim::constant(0);
        for Segment { width, direction } in segments.clone() {
            let axes = ty.axes.iter().take(ty.rank() - 1).cloned().chain([width.clone()]).collect();
            let part = if segments.len() == 1 {
                x
            } else {
                self.push(
                    Op::Narrow { start: start.clone(), length: width.clone() },
                    vec![x],
                    Type { axes, directions: None, ..ty.clone() },
                    span,
                )
            };
            let op = if direction == Direction::Forward { Op::Last } else { Op::First };
            parts.push(self.push(op, vec![part], one_step(width.clone()), span));
            start = start.add(&width);
        }
        if parts.len() == 1 {
            return Value::Tensor(parts[0]);
        }
        Value::Tensor(self.push(Op::Concat, parts, one_step(width), span))
    }

    /// The size of the vocabulary that tokens index.
    pub fn vocabulary_of(&self, node: NodeId) -> Option<Dim> {
        let node = &self.nodes[node.0];
        if node.ty.element != Element::Token {
            return None;
        }
        let field = match &node.op {
            Op::Input(field) => self.vocabularies.get(field).unwrap_or(field).as_str(),
            _ => "x",
        };
        Some(Dim::symbol(Symbol::Vocabulary(field.into())))
    }
}
