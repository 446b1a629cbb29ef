//! Expressions → [`Doc`].

use pest::iterators::Pair;

use super::doc::Doc;
use super::writer::Writer;
use crate::syntax::Rule;

impl<'t> Writer<'t> {
    /// An expression that is a statement or the value of one: where the author began new lines with `|>` or `else`, they stay.
    pub fn value(&mut self, pair: Pair<'t, Rule>) -> Doc {
        let Some(inner) = pair.into_inner().next() else { return Doc::Close };
        match inner.as_rule() {
            Rule::pipeline => {
                let (mut lines, mut line) = (Vec::new(), Vec::new());
                for (pipe, stage) in stages(inner) {
                    if let Some(pipe) = pipe {
                        if self.starts_line(&pipe) {
                            lines.push(Doc::Concat(std::mem::take(&mut line)).group());
                            lines.push(Doc::Hard { blank: self.follows_blank(&pipe) });
                        } else {
                            line.push(Doc::Line(""));
                        }
                        line.extend([self.token(&pipe), Doc::Space]);
                    }
                    line.push(self.expression(stage));
                }
                lines.push(Doc::Concat(line).group());
                Doc::Concat(lines)
            }
            Rule::if_expr => {
                let kept = inner.clone().into_inner().any(|p| p.as_rule() == Rule::kw_else && self.starts_line(&p));
                self.conditional(inner, if kept { Doc::Hard { blank: false } } else { Doc::Line("") })
            }
            _ => self.expression(inner),
        }
    }

    /// The same, after a `=`: its other lines stand further right, but a `repeat` closes under its start.
    pub fn assigned(&mut self, pair: Pair<'t, Rule>) -> Doc {
        let repeat = pair.clone().into_inner().any(|inner| inner.as_rule() == Rule::repeat);
        let value = self.value(pair);
        if repeat { value } else { value.nest() }
    }

    /// An expression inside brackets: lines end where they are full.
    pub fn expression(&mut self, pair: Pair<'t, Rule>) -> Doc {
        match pair.as_rule() {
            Rule::pipeline => self.pipeline(pair),
            Rule::disjunction | Rule::conjunction | Rule::comparison | Rule::sum | Rule::product => self.chain(pair),
            Rule::unary => self.unary(pair),
            Rule::if_expr => self.conditional(pair, Doc::Line("")).align(),
            Rule::repeat => self.repeat(pair),
            Rule::list | Rule::arguments => self.brackets(pair, |writer, item| match item.as_rule() {
                Rule::argument => writer.argument(item),
                _ => writer.expression(item),
            }),
            Rule::group => self.brackets(pair, Self::expression),
            Rule::call | Rule::callee | Rule::expr | Rule::stage | Rule::primary => {
                let parts = pair.into_inner().map(|part| self.expression(part)).collect();
                Doc::Concat(parts)
            }
            _ => self.token(&pair),
        }
    }

    fn pipeline(&mut self, pair: Pair<'t, Rule>) -> Doc {
        let mut parts = Vec::new();
        for (pipe, stage) in stages(pair) {
            if let Some(pipe) = pipe {
                parts.extend([Doc::Line(""), self.token(&pipe), Doc::Space]);
            }
            parts.push(self.expression(stage));
        }
        if parts.len() == 1 { parts.remove(0) } else { Doc::Concat(parts).group().align() }
    }

    /// Operands of one level. A size such as `2*H` is one word; other operators have blanks around them, and a line may end after one.
    fn chain(&mut self, pair: Pair<'t, Rule>) -> Doc {
        let tight = is_size(&pair);
        let mut parts = pair.into_inner();
        let mut items = Vec::new();
        while let Some(operand) = parts.next() {
            let operand = self.expression(operand);
            let operator = parts.next().map(|operator| self.token(&operator));
            items.push(match operator {
                Some(operator) if tight => Doc::Concat(vec![operand, operator]),
                Some(operator) => Doc::Concat(vec![operand, Doc::Space, operator]),
                None => operand,
            });
        }
        match items.len() {
            1 => items.remove(0),
            _ if tight => Doc::Concat(items),
            _ => Doc::Fill(items).nest(),
        }
    }

    fn unary(&mut self, pair: Pair<'t, Rule>) -> Doc {
        let mut parts = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::kw_not => parts.extend([self.token(&part), Doc::Space]),
                _ => parts.push(self.expression(part)),
            }
        }
        Doc::Concat(parts)
    }

    /// `otherwise` stands before each `else`.
    fn conditional(&mut self, pair: Pair<'t, Rule>, otherwise: Doc) -> Doc {
        let mut parts = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::kw_else => {
                    parts.push(match &otherwise {
                        Doc::Hard { blank } => Doc::Hard { blank: *blank },
                        _ => Doc::Line(""),
                    });
                    parts.extend([self.token(&part), Doc::Space]);
                }
                Rule::condition => {
                    let words = part.into_inner().map(|word| self.expression(word)).collect();
                    parts.push(spaced(words));
                }
                _ => parts.push(self.expression(part)),
            }
        }
        Doc::Concat(parts).group()
    }

    /// `repeat k in 0..n with y = x { … }`
    fn repeat(&mut self, pair: Pair<'t, Rule>) -> Doc {
        let mut parts: Vec<Doc> = Vec::new();
        let mut tight = true;
        for part in pair.into_inner() {
            let rest = part.as_rule() == Rule::rest;
            if !tight && !rest {
                parts.push(Doc::Space);
            }
            tight = rest;
            parts.push(match part.as_rule() {
                Rule::block => self.block(part),
                _ => self.expression(part),
            });
        }
        Doc::Concat(parts)
    }

    /// A list in brackets of any kind, its items filled.
    pub fn brackets(&mut self, pair: Pair<'t, Rule>, item: impl Fn(&mut Self, Pair<'t, Rule>) -> Doc) -> Doc {
        let (mut open, mut close, mut items) = (Doc::Close, Vec::new(), Vec::new());
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::lparen | Rule::lbracket => open = self.token(&part),
                Rule::rparen | Rule::rbracket => close.push(self.token(&part)),
                Rule::comma => {}
                // `[.., H]`: sizes are a rule of their own.
                Rule::dims => items.extend(self.items(part, Self::expression)),
                _ => items.push((item(self, part), ",")),
            }
        }
        self.list(open, items, Doc::Concat(close))
    }

    fn argument(&mut self, pair: Pair<'t, Rule>) -> Doc {
        let mut parts = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::argument_name => {
                    let words = part.into_inner().map(|word| self.token(&word)).collect();
                    parts.extend([spaced(words), Doc::Space]);
                }
                _ => parts.push(self.expression(part)),
            }
        }
        Doc::Concat(parts)
    }
}

/// Words with blanks between them.
pub fn spaced(words: Vec<Doc>) -> Doc {
    let mut parts = Vec::new();
    for word in words {
        if !parts.is_empty() {
            parts.push(Doc::Space);
        }
        parts.push(word);
    }
    Doc::Concat(parts)
}

/// The steps of a pipeline, each with the `|>` before it.
fn stages<'t>(pair: Pair<'t, Rule>) -> Vec<(Option<Pair<'t, Rule>>, Pair<'t, Rule>)> {
    let (mut stages, mut pipe) = (Vec::new(), None);
    for part in pair.into_inner() {
        match part.as_rule() {
            Rule::pipe => pipe = Some(part),
            _ => stages.push((pipe.take(), part)),
        }
    }
    stages
}

/// Whether a product is a whole number times names, as `4*H` is.
fn is_size(pair: &Pair<'_, Rule>) -> bool {
    let factors: Vec<&str> = pair.as_str().split('*').map(str::trim).collect();
    let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    let name = |text: &str| text.chars().all(|c| c.is_alphanumeric() || c == '_') && !number(text) && !text.is_empty();
    pair.as_rule() == Rule::product && number(factors[0]) && factors[1..].iter().all(|factor| name(factor))
}
