//! Pairs → items, blocks, statements and types.

use pest::iterators::Pair;

use super::Rule;
use super::ast::{
    self, Block, Entry, Ident, Item, Let, Param, Parameter, Setting, SettingsBlock, Statement, TypeExpr, TypeKind,
};
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

    fn docs(&self, pair: Pair<'_, Rule>) -> String {
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

    fn unclosed(&mut self, open: Span, message: &str) {
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
    fn type_expr(&mut self, pair: Pair<'_, Rule>) -> Option<TypeExpr> {
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

    pub fn block(&mut self, pair: Pair<'_, Rule>) -> Block {
        let span = self.span(&pair);
        let mut block = Block { statements: Vec::new(), result: None, broken: false, span };
        let (mut open, mut height) = (span, 0);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::open => open = self.span(&part),
                Rule::unclosed => {
                    self.unclosed(open, "this body is never closed");
                    block.broken = true;
                }
                Rule::statements => {
                    for statement in part.into_inner() {
                        match statement.as_rule() {
                            Rule::statement => self.statement(statement, &mut block),
                            Rule::bad_statement => self.bad_statement(statement, &mut block),
                            _ => {}
                        }
                        height = height.max(self.height);
                    }
                }
                _ => {}
            }
        }
        self.height = height;
        block
    }

    fn bad_statement(&mut self, pair: Pair<'_, Rule>, block: &mut Block) {
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::bad_words => {
                    block.broken = true;
                    // A step that continues a line already reported is not reported again.
                    let continues = part.as_str().trim_start().starts_with("|>");
                    let reported = self.diagnostics.last().is_some_and(|d| d.primary.span.start >= block.span.start);
                    if !(continues && reported) {
                        self.explain(Rule::only_statement, &part);
                    }
                }
                Rule::docs => {
                    let diagnostic = Diagnostic::new(code::MISPLACED, self.span(&part), "a `///` text inside a body");
                    self.report(diagnostic.here("describes nothing").help("a comment inside a body starts with `//`"));
                }
                _ => {}
            }
        }
    }

    fn statement(&mut self, pair: Pair<'_, Rule>, block: &mut Block) {
        let mut docs = String::new();
        for part in pair.into_inner() {
            let span = self.span(&part);
            let statement = match part.as_rule() {
                Rule::docs => {
                    docs = self.docs(part);
                    continue;
                }
                Rule::let_statement => self.let_statement(part, std::mem::take(&mut docs)).map(Statement::Let),
                Rule::param => self.param(part, std::mem::take(&mut docs)),
                Rule::where_clause => {
                    let (mut condition, mut message) = (None, None);
                    for inner in part.into_inner() {
                        match inner.as_rule() {
                            Rule::expr => condition = Some(self.expression(inner)),
                            Rule::string => message = Some((unescape(inner.as_str()), self.span(&inner))),
                            _ => {}
                        }
                    }
                    condition.map(|condition| Statement::Where { condition, message, span })
                }
                Rule::update => {
                    let (mut name, mut value) = (None, None);
                    for inner in part.into_inner() {
                        match inner.as_rule() {
                            Rule::primed => name = Some(self.ident(&inner)),
                            Rule::expr => value = Some(self.expression(inner)),
                            _ => {}
                        }
                    }
                    name.zip(value).map(|(name, value)| Statement::Update { name, value, span })
                }
                Rule::expr => {
                    let mut expr = self.expression(part);
                    if let Some(earlier) = block.result.take() {
                        let first = first_step(&mut expr);
                        let message = "a second value in one body: only the last is its result";
                        let diagnostic = Diagnostic::new(code::MISPLACED, first.span, message)
                            .here("another value starts here")
                            .label(earlier.last_step(), "this value goes nowhere");
                        self.report(diagnostic.help("join the lines with `|>`, or name the first value with `let`"));
                        first.kind = ast::ExprKind::Broken;
                    }
                    block.result = Some(expr);
                    None
                }
                _ => None,
            };
            if let Some(statement) = statement {
                if let Some(early) = block.result.take() {
                    let diagnostic = Diagnostic::new(code::MISPLACED, early.span, "a value that nothing uses");
                    let diagnostic = diagnostic.here("other statements follow it, so it is not the result");
                    self.report(diagnostic.help("name it with `let`, or write it last"));
                }
                block.statements.push(statement);
            }
        }
    }

    fn let_statement(&mut self, pair: Pair<'_, Rule>, docs: String) -> Option<Let> {
        let span = self.span(&pair);
        let (mut names, mut value) = (Vec::new(), None);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::ident => names.push(self.ident(&part)),
                Rule::expr => value = Some(self.expression(part)),
                _ => {}
            }
        }
        Some(Let { docs, names, value: value?, span })
    }

    fn param(&mut self, pair: Pair<'_, Rule>, docs: String) -> Option<Statement> {
        let span = self.span(&pair);
        let (mut name, mut ty, mut initializer) = (None, None, None);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::ident => name = Some(self.ident(&part)),
                Rule::type_expr => ty = self.type_expr(part),
                Rule::expr => initializer = Some(self.expression(part)),
                _ => {}
            }
        }
        Some(Statement::Param(Param { docs, name: name?, ty: ty?, initializer, span }))
    }
}

/// Where a pipeline starts.
fn first_step(expr: &mut ast::Expr) -> &mut ast::Expr {
    match expr {
        ast::Expr { kind: ast::ExprKind::Pipe { left, .. }, .. } => first_step(left),
        expr => expr,
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
