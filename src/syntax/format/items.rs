//! The parts of a file, their parameters and types → [`Doc`].

use pest::iterators::Pair;

use super::doc::Doc;
use super::expressions::spaced;
use super::print::WIDTH;
use super::writer::{Writer, start};
use crate::syntax::Rule;

impl<'t> Writer<'t> {
    /// A whole file: one empty line around everything with a body, the author's elsewhere.
    pub fn file(&mut self, pair: Pair<'t, Rule>) -> Doc {
        let mut parts = Vec::new();
        // Whether the part before must be set apart from what follows.
        let mut apart = None;
        for part in pair.into_inner() {
            if part.as_rule() == Rule::EOI {
                let blank = apart.is_some_and(|apart| apart || self.follows_blank(&part));
                parts.extend([Doc::Hard { blank }, self.token(&part)]);
                continue;
            }
            let (blank, any) = (self.follows_blank(&part), self.follows_any_blank(&part));
            let body = part.clone().into_inner().any(|inner| {
                matches!(inner.as_rule(), Rule::data | Rule::train | Rule::model | Rule::layer | Rule::cell)
            });
            let item = self.item(part);
            // Definitions of one line may stand together.
            let own = body && item.width().is_none_or(|width| width > WIDTH);
            if let Some(before) = apart {
                parts.push(Doc::Hard { blank: blank || (before || own) && !any });
            }
            parts.push(item);
            apart = Some(own);
        }
        Doc::Concat(parts)
    }

    fn item(&mut self, pair: Pair<'t, Rule>) -> Doc {
        let parts = pair.into_inner().map(|part| match part.as_rule() {
            Rule::docs => self.documentation(part),
            Rule::constant => self.binding(part),
            Rule::data | Rule::train => {
                let mut parts: Vec<_> = part.into_inner().collect();
                let keyword = self.token(&parts.remove(0));
                Doc::Concat(vec![keyword, Doc::Space, self.braces(parts, ",")])
            }
            Rule::model | Rule::layer | Rule::cell => self.definition(part),
            _ => {
                let words = part.into_inner().filter(|word| word.as_rule() != Rule::semicolon);
                spaced(words.map(|word| self.expression(word)).collect())
            }
        });
        Doc::Concat(parts.collect())
    }

    /// `layer dense(x: [.., I], out_features: O) -> [.., O] { … }`
    fn definition(&mut self, pair: Pair<'t, Rule>) -> Doc {
        let mut parts = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::parameters | Rule::cell_parameters => {
                    parts.push(self.parameters(part));
                    continue;
                }
                _ if !parts.is_empty() => parts.push(Doc::Space),
                _ => {}
            }
            parts.push(match part.as_rule() {
                Rule::block => self.block(part),
                Rule::result => part.into_inner().next().map_or(Doc::Close, |inner| self.type_expr(inner)),
                Rule::type_expr => self.type_expr(part),
                _ => self.token(&part),
            });
        }
        Doc::Concat(parts)
    }

    /// The parameters of any definition, with `,` and a cell's `;` between them.
    fn parameters(&mut self, pair: Pair<'t, Rule>) -> Doc {
        let (mut open, mut close, mut items) = (Doc::Close, Doc::Close, Vec::<(Doc, &'static str)>::new());
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::lparen => open = self.token(&part),
                Rule::rparen => close = self.token(&part),
                Rule::parameter => items.push((self.parameter(part), ",")),
                Rule::parameter_list => items.extend(self.items(part, Self::parameter)),
                Rule::semicolon => items.iter_mut().last().into_iter().for_each(|(_, separator)| *separator = ";"),
                _ => {}
            }
        }
        self.list(open, items, close)
    }

    /// `x: [T, I] = value`
    fn parameter(&mut self, pair: Pair<'t, Rule>) -> Doc {
        let mut parts = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::colon => parts.extend([self.token(&part), Doc::Space]),
                Rule::assign => parts.extend([Doc::Space, self.token(&part), Doc::Space]),
                Rule::type_expr => parts.push(self.type_expr(part)),
                Rule::expr => parts.push(self.expression(part)),
                _ => parts.push(self.token(&part)),
            }
        }
        Doc::Concat(parts)
    }

    /// `type_expr`, one of its alternatives, or what a model gives.
    pub fn type_expr(&mut self, pair: Pair<'t, Rule>) -> Doc {
        match pair.as_rule() {
            Rule::type_expr => pair.into_inner().next().map_or(Doc::Close, |inner| self.type_expr(inner)),
            Rule::shape => self.brackets(pair, Self::expression).flat(),
            Rule::type_of => {
                let mut parts: Vec<_> = pair.into_inner().collect();
                let close = parts.pop().map(|close| self.token(&close));
                let [name, open, sizes] = parts.as_slice() else { return Doc::Close };
                let name = self.token(name);
                let open = self.token(open);
                let sizes = self.items(sizes.clone(), Self::expression);
                let list = self.list(open, sizes, Doc::Concat(close.into_iter().collect()));
                Doc::Concat(vec![name, list]).flat()
            }
            Rule::choice => spaced(pair.into_inner().map(|word| self.token(&word)).collect()),
            Rule::next => Doc::Concat(pair.into_inner().map(|word| self.token(&word)).collect()),
            _ => self.token(&pair),
        }
    }

    /// The comments before a closing brace, and whether an empty line stands before them.
    pub fn closing_notes(&mut self, close: &Pair<'t, Rule>) -> (Vec<Doc>, bool) {
        let blank = self.follows_blank(close);
        (self.notes(start(close)), blank)
    }
}
