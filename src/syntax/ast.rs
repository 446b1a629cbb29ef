//! The tree of one file, as written: plain enums with spans. Nothing is resolved here.

use crate::source::Span;

/// A name with its place. Cells write new states with a prime: `h'` is the name `h`, primed.
#[derive(Debug, Clone, PartialEq)]
pub struct Ident {
    pub name: String,
    pub primed: bool,
    pub span: Span,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct File {
    pub items: Vec<Item>,
    /// Names that parts which could not be parsed may define.
    pub lost: Vec<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// `edition = 1`
    Edition {
        value: Expr,
        span: Span,
    },
    /// `use "other.rnn"`
    Use {
        path: String,
        path_span: Span,
        span: Span,
    },
    /// `let hidden = 128`: a constant of the file.
    Constant(Let),
    /// `data { … }`
    Data(SettingsBlock),
    /// `train { … }`
    Train(SettingsBlock),
    Model(Model),
    Layer(Layer),
    Cell(Cell),
}

/// `data { … }` or `train { … }`.
#[derive(Debug, Clone, PartialEq)]
pub struct SettingsBlock {
    pub docs: String,
    pub entries: Vec<Entry>,
    /// The keyword.
    pub keyword: Span,
    /// From the keyword to the closing brace.
    pub span: Span,
    /// Just inside the closing brace: where a new setting can be written.
    pub end: u32,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Entry {
    /// `name = value`
    Setting(Setting),
    /// `text : words { lowercase = true }`
    Field { name: Ident, kind: Ident, settings: Vec<Setting>, span: Span },
}

#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    pub name: Ident,
    pub value: Expr,
}

/// `model TextRNN(text) -> label { … }`
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    pub docs: String,
    pub name: Ident,
    pub parameters: Vec<Parameter>,
    /// Absent only after an error.
    pub result: Option<Result>,
    pub body: Block,
    pub span: Span,
}

/// What a model gives: the name of a label field, a type, or the token after each of a text: `next(text)`.
#[derive(Debug, Clone, PartialEq)]
pub enum Result {
    Field(Ident),
    Type(TypeExpr),
    Next { text: Ident, span: Span },
}

/// `layer dense(x: [.., I], out_features: O) -> [.., O] { … }`
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    pub docs: String,
    pub name: Ident,
    pub parameters: Vec<Parameter>,
    pub result: Option<TypeExpr>,
    pub body: Block,
    pub span: Span,
}

/// `cell lstm(x: [I]; h: [H], c: [H]; forget_bias: float = 0.0) { … }`
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    pub docs: String,
    pub name: Ident,
    pub input: Option<Parameter>,
    pub states: Vec<Parameter>,
    pub settings: Vec<Parameter>,
    pub body: Block,
    pub span: Span,
}

/// One parameter of a definition; a model's may leave its type to the `data` block.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    pub name: Ident,
    pub ty: Option<TypeExpr>,
    pub default: Option<Expr>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub struct TypeExpr {
    pub kind: TypeKind,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub enum TypeKind {
    /// `[T, 2*H]`; `rest` where it starts with `..`.
    Shape { rest: bool, dims: Vec<Expr> },
    /// `tokens[T]`, `words[T]`, `class[C]`
    Of { name: Ident, dims: Vec<Expr> },
    /// `int`, `float`, or a dim: `H`
    Name(Ident),
    /// `tanh | relu | sigmoid`
    Choice(Vec<Ident>),
}

/// `{ … }` of a model, layer, cell or `repeat`.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    pub statements: Vec<Statement>,
    /// The last expression.
    pub result: Option<Expr>,
    /// Whether a part could not be parsed: what is missing may be there.
    pub broken: bool,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Statement {
    Let(Let),
    /// `param weight : [O, I] = xavier_uniform`
    Param(Param),
    /// `c' = sigmoid(f) * c + …`
    Update {
        name: Ident,
        value: Expr,
        span: Span,
    },
    /// `where H % 2 == 0 : "message"`
    Where {
        condition: Expr,
        message: Option<(String, Span)>,
        span: Span,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub struct Let {
    pub docs: String,
    /// Several only for `split`.
    pub names: Vec<Ident>,
    pub value: Expr,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Param {
    pub docs: String,
    pub name: Ident,
    pub ty: TypeExpr,
    pub initializer: Option<Expr>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    pub kind: ExprKind,
    pub span: Span,
}

impl Expr {
    /// The step that gives the value: the last of a pipeline, otherwise the whole.
    pub fn last_step(&self) -> Span {
        match &self.kind {
            ExprKind::Pipe { right, .. } => right.span,
            _ => self.span,
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    Integer(i64),
    Float(f64),
    String(String),
    Bool(bool),
    None,
    Auto,
    Name(Ident),
    Call {
        callee: Ident,
        arguments: Vec<Argument>,
    },
    List(Vec<Expr>),
    Unary {
        op: UnaryOp,
        operand: Box<Expr>,
    },
    Binary {
        op: BinaryOp,
        op_span: Span,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    /// `left |> right`
    Pipe {
        left: Box<Expr>,
        right: Box<Expr>,
    },
    If {
        condition: Box<Expr>,
        then: Box<Expr>,
        otherwise: Box<Expr>,
    },
    Repeat(Box<Repeat>),
    /// A part that could not be parsed; already reported.
    Broken,
}

/// `repeat k in 0..n with y = x { … }`: the body n times, each turn's result the next turn's `y`.
#[derive(Debug, Clone, PartialEq)]
pub struct Repeat {
    pub counter: Ident,
    pub from: Expr,
    pub to: Expr,
    pub carried: Ident,
    pub start: Expr,
    pub body: Block,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Argument {
    pub name: Option<Ident>,
    pub value: Expr,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnaryOp {
    Negate,
    Not,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BinaryOp {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    /// `weight @ x`
    Product,
}

impl BinaryOp {
    pub fn symbol(self) -> &'static str {
        match self {
            BinaryOp::Or => "or",
            BinaryOp::And => "and",
            BinaryOp::Equal => "==",
            BinaryOp::NotEqual => "!=",
            BinaryOp::Less => "<",
            BinaryOp::LessEqual => "<=",
            BinaryOp::Greater => ">",
            BinaryOp::GreaterEqual => ">=",
            BinaryOp::Add => "+",
            BinaryOp::Subtract => "-",
            BinaryOp::Multiply => "*",
            BinaryOp::Divide => "/",
            BinaryOp::Remainder => "%",
            BinaryOp::Product => "@",
        }
    }

    /// Of numbers and sizes; the others give truth values.
    pub fn is_arithmetic(self) -> bool {
        use BinaryOp::*;
        matches!(self, Add | Subtract | Multiply | Divide | Remainder | Product)
    }
}
