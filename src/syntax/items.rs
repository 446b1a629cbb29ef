//! Pairs → items: the parts of a file, their settings, parameters and types.

use pest::iterators::Pair;

use super::Rule;
use super::ast::{self, Entry, Ident, Item, Parameter, Setting, SettingsBlock, TypeExpr, TypeKind};
use super::builder::{Builder, unescape};
use crate::diagnostic::{Diagnostic, code};
use crate::source::Span;

impl Builder<'_> {
    pub fn file(&mut self, pair: Pair<'_, Rule>) -> ast::File {
        let mut items = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::item => items.extend(self.item(part)),
                Rule::stray_close => {
                    let diagnostic = Diagnostic::new(code::SYNTAX, self.span(&part), "a `}` that closes nothing");
                    self.report(diagnostic.here("nothing is open here"));
                }
                Rule::bad_item => self.bad_item(part),
                _ => {}
            }
        }
        ast::File { items, lost: std::mem::take(&mut self.lost) }
    }

    /// Explains the head of a block if there is one, the line otherwise.
    fn bad_item(&mut self, pair: Pair<'_, Rule>) {
        let alone = pair.clone().into_inner().all(|part| part.as_rule() == Rule::docs);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::bad_head if is_header(part.as_str()) => return self.explain(Rule::only_head, &part),
                Rule::bad_head | Rule::bad_line if part.as_str().trim().is_empty() => {}
                Rule::bad_head | Rule::bad_line if is_item(part.as_str()) => {
                    return self.explain(Rule::only_item, &part);
                }
                Rule::bad_head | Rule::bad_line => {
                    let span = self.span(&part);
                    let first = part.as_str().split_whitespace().next().unwrap_or("");
                    let message = if first.chars().all(|c| c.is_alphanumeric() || c == '_') {
                        format!("`{first}` does not start a part of a .rnn file")
                    } else {
                        "this does not start a part of a .rnn file".to_string()
                    };
                    let mut diagnostic = Diagnostic::new(code::SYNTAX, span, message).here("not expected here");
                    diagnostic.help = super::expected::hint(part.as_str(), 0).or_else(|| {
                        let parts = ["data", "train", "model", "layer", "cell", "use", "let", "edition"];
                        let near = crate::diagnostic::suggest::nearest(first, parts).map(|near| format!("did you mean `{near}`? "));
                        let list = "a file is made of `data { … }`, `model`, `train { … }`, `layer`, `cell`, `use`, `let` and `edition`";
                        Some(format!("{}{list}", near.unwrap_or_default()))
                    });
                    self.report(diagnostic);
                    return;
                }
                Rule::docs if alone => {
                    let span = self.span(&part);
                    let diagnostic =
                        Diagnostic::new(code::MISPLACED, span, "a `///` text with nothing under it to describe");
                    self.report(diagnostic.here("describes nothing").help("an ordinary comment starts with `//`"));
                }
                _ => {}
            }
        }
    }

    fn item(&mut self, pair: Pair<'_, Rule>) -> Option<Item> {
        let mut docs = String::new();
        for part in pair.into_inner() {
            let span = self.span(&part);
            match part.as_rule() {
                Rule::docs => docs = self.docs(part),
                Rule::edition => {
                    let value = part.into_inner().find(|p| p.as_rule() == Rule::expr)?;
                    return Some(Item::Edition { value: self.expression(value), span });
                }
                Rule::import => {
                    let path = part.into_inner().find(|p| p.as_rule() == Rule::string)?;
                    return Some(Item::Use { path: unescape(path.as_str()), path_span: self.span(&path), span });
                }
                Rule::constant => return self.let_statement(part, docs).map(Item::Constant),
                Rule::data => return Some(Item::Data(self.settings_block(part, docs))),
                Rule::train => return Some(Item::Train(self.settings_block(part, docs))),
                Rule::model => return self.model(part, docs),
                Rule::layer => return self.layer(part, docs),
                Rule::cell => return self.cell(part, docs),
                _ => {}
            }
        }
        None
    }

    pub fn docs(&self, pair: Pair<'_, Rule>) -> String {
        let lines = pair.into_inner().filter(|p| p.as_rule() == Rule::doc_line);
        let lines: Vec<_> = lines.map(|p| p.as_str().trim_start_matches("///").trim().to_string()).collect();
        lines.join("\n")
    }

    fn settings_block(&mut self, pair: Pair<'_, Rule>, docs: String) -> SettingsBlock {
        let span = self.span(&pair);
        let (mut entries, mut keyword, mut open, mut end) = (Vec::new(), span, span, span.end);
        for part in pair.into_inner() {
            let part_span = self.span(&part);
            match part.as_rule() {
                Rule::kw_data | Rule::kw_train => keyword = part_span,
                Rule::open => open = part_span,
                Rule::close => end = part_span.start,
                Rule::unclosed => self.unclosed(open, "this block is never closed"),
                Rule::entries => {
                    for entry in part.into_inner() {
                        match entry.as_rule() {
                            Rule::entry => entries.extend(self.entry(entry)),
                            Rule::bad_entry => self.explain(Rule::only_entry, &entry),
                            _ => {}
                        }
                    }
                }
                _ => {}
            }
        }
        SettingsBlock { docs, entries, keyword, span, end }
    }

    pub fn unclosed(&mut self, open: Span, message: &str) {
        let diagnostic = Diagnostic::new(code::UNCLOSED, open, message).here("opened here");
        self.report(diagnostic.help("add a `}` where it should end"));
    }

    fn entry(&mut self, pair: Pair<'_, Rule>) -> Option<Entry> {
        let inner = pair.into_inner().next()?;
        if inner.as_rule() == Rule::setting {
            return self.setting(inner).map(Entry::Setting);
        }
        let span = self.span(&inner);
        let (mut names, mut settings) = (Vec::new(), Vec::new());
        for part in inner.into_inner() {
            match part.as_rule() {
                Rule::ident => names.push(self.ident(&part)),
                Rule::settings => {
                    for setting in part.into_inner() {
                        match setting.as_rule() {
                            Rule::setting => settings.extend(self.setting(setting)),
                            Rule::bad_setting => self.explain(Rule::only_setting, &setting),
                            _ => {}
                        }
                    }
                }
                _ => {}
            }
        }
        let (kind, name) = (names.pop()?, names.pop()?);
        Some(Entry::Field { name, kind, settings, span })
    }

    fn setting(&mut self, pair: Pair<'_, Rule>) -> Option<Setting> {
        let (mut name, mut value) = (None, None);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::ident => name = Some(self.ident(&part)),
                Rule::expr => value = Some(self.expression(part)),
                _ => {}
            }
        }
        Some(Setting { name: name?, value: value? })
    }

    fn model(&mut self, pair: Pair<'_, Rule>, docs: String) -> Option<Item> {
        let span = self.span(&pair);
        let (mut name, mut parameters, mut result, mut body) = (None, Vec::new(), None, None);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::ident => name = Some(self.ident(&part)),
                Rule::parameters => parameters = self.parameters(part),
                Rule::result => {
                    let inner = part.into_inner().next()?;
                    result = Some(match inner.as_rule() {
                        Rule::ident => ast::Result::Field(self.ident(&inner)),
                        Rule::next => {
                            let span = self.span(&inner);
                            let text = inner.into_inner().find(|part| part.as_rule() == Rule::ident)?;
                            ast::Result::Next { text: self.ident(&text), span }
                        }
                        _ => ast::Result::Type(self.type_expr(inner)?),
                    });
                }
                Rule::block => body = Some(self.block(part)),
                _ => {}
            }
        }
        Some(Item::Model(ast::Model { docs, name: name?, parameters, result, body: body?, span }))
    }

    fn layer(&mut self, pair: Pair<'_, Rule>, docs: String) -> Option<Item> {
        let span = self.span(&pair);
        let (mut name, mut parameters, mut result, mut body) = (None, Vec::new(), None, None);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::ident => name = Some(self.ident(&part)),
                Rule::parameters => parameters = self.parameters(part),
                Rule::type_expr => result = self.type_expr(part),
                Rule::block => body = Some(self.block(part)),
                _ => {}
            }
        }
        Some(Item::Layer(ast::Layer { docs, name: name?, parameters, result, body: body?, span }))
    }

    fn cell(&mut self, pair: Pair<'_, Rule>, docs: String) -> Option<Item> {
        let span = self.span(&pair);
        let (mut name, mut input, mut lists, mut body) = (None, None, Vec::new(), None);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::ident => name = Some(self.ident(&part)),
                Rule::cell_parameters => {
                    for list in part.into_inner() {
                        match list.as_rule() {
                            Rule::parameter => input = self.parameter(list),
                            Rule::parameter_list => lists.push(self.parameter_list(list)),
                            _ => {}
                        }
                    }
                }
                Rule::block => body = Some(self.block(part)),
                _ => {}
            }
        }
        let mut lists = lists.into_iter();
        let (states, settings) = (lists.next().unwrap_or_default(), lists.next().unwrap_or_default());
        Some(Item::Cell(ast::Cell { docs, name: name?, input, states, settings, body: body?, span }))
    }

    fn parameters(&mut self, pair: Pair<'_, Rule>) -> Vec<Parameter> {
        let list = pair.into_inner().find(|p| p.as_rule() == Rule::parameter_list);
        list.map(|list| self.parameter_list(list)).unwrap_or_default()
    }

    fn parameter_list(&mut self, pair: Pair<'_, Rule>) -> Vec<Parameter> {
        let parameters = pair.into_inner().filter(|p| p.as_rule() == Rule::parameter);
        parameters.filter_map(|p| self.parameter(p)).collect()
    }

    fn parameter(&mut self, pair: Pair<'_, Rule>) -> Option<Parameter> {
        let span = self.span(&pair);
        let (mut name, mut ty, mut default) = (None, None, None);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::ident => name = Some(self.ident(&part)),
                Rule::type_expr => ty = self.type_expr(part),
                Rule::expr => default = Some(self.expression(part)),
                _ => {}
            }
        }
        Some(Parameter { name: name?, ty, default, span })
    }

    /// `type_expr` or one of its alternatives.
    pub fn type_expr(&mut self, pair: Pair<'_, Rule>) -> Option<TypeExpr> {
        let span = self.span(&pair);
        let kind = match pair.as_rule() {
            Rule::type_expr => return pair.into_inner().next().and_then(|inner| self.type_expr(inner)),
            Rule::shape => {
                let (mut rest, mut dims) = (false, Vec::new());
                for part in pair.into_inner() {
                    match part.as_rule() {
                        Rule::rest => rest = true,
                        Rule::dims => dims = self.dims(part),
                        _ => {}
                    }
                }
                TypeKind::Shape { rest, dims }
            }
            Rule::type_of => {
                let (mut name, mut dims) = (None, Vec::new());
                for part in pair.into_inner() {
                    match part.as_rule() {
                        Rule::ident => name = Some(self.ident(&part)),
                        Rule::dims => dims = self.dims(part),
                        _ => {}
                    }
                }
                TypeKind::Of { name: name?, dims }
            }
            Rule::choice => {
                let mut names: Vec<Ident> =
                    pair.into_inner().filter(|p| p.as_rule() == Rule::ident).map(|p| self.ident(&p)).collect();
                if names.len() == 1 { TypeKind::Name(names.remove(0)) } else { TypeKind::Choice(names) }
            }
            _ => return None,
        };
        Some(TypeExpr { kind, span })
    }

    fn dims(&mut self, pair: Pair<'_, Rule>) -> Vec<ast::Expr> {
        pair.into_inner().filter(|p| p.as_rule() == Rule::expr).map(|p| self.expression(p)).collect()
    }
}

fn first_word(text: &str) -> &str {
    text.trim_start().split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or("")
}

fn is_header(text: &str) -> bool {
    matches!(first_word(text), "data" | "train" | "model" | "layer" | "cell")
}

fn is_item(text: &str) -> bool {
    is_header(text) || matches!(first_word(text), "use" | "let" | "edition")
}
