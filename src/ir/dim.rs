//! Sizes: integer polynomials over symbols, in normal form.
//!
//! Two dims are equal when their normal forms are. Nothing is guessed: what cannot be decided is reported by the checker.

use std::fmt;
use std::sync::Arc;

/// What a size depends on before it is a number.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Symbol {
    /// Number of entries of a text field's vocabulary; known once the training data is read.
    Vocabulary(Arc<str>),
    /// Number of classes of a label field; known once the training data is read.
    Classes(Arc<str>),
    /// Width of a file of pretrained vectors; known once its first line is read.
    VectorSize(Arc<str>),
    /// Number of tokens of a text field: differs from example to example, never bound.
    /// `name` is how the file calls it: `T`.
    Length { field: Arc<str>, name: Arc<str> },
    /// Number of nodes of a tree field: a sequence axis whose order is no reading order.
    Nodes { field: Arc<str>, name: Arc<str> },
    /// Number of sentences of a field whose texts are sequences of sentences, each of its own length; never bound either.
    Sentences { field: Arc<str>, name: Arc<str> },
    /// A dim a definition declares (`H`), while that definition is checked on its own.
    Declared(Arc<str>),
}

impl Symbol {
    /// Whether an axis of this size is a sequence axis, with a length of its own in every example.
    pub fn is_length(&self) -> bool {
        matches!(self, Symbol::Length { .. } | Symbol::Sentences { .. } | Symbol::Nodes { .. })
    }

    /// Whether it counts the nodes of a tree.
    pub fn is_nodes(&self) -> bool {
        matches!(self, Symbol::Nodes { .. })
    }
}

impl Symbol {
    /// A name that no other symbol of a program has, for tables of sizes: `vocabulary(text)`.
    pub fn key(&self) -> String {
        match self {
            Symbol::VectorSize(path) => format!("width({path})"),
            other => other.to_string(),
        }
    }
}

/// As people read it; of a path only the file's name.
impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Symbol::Vocabulary(field) => write!(f, "vocabulary({field})"),
            Symbol::Classes(field) => write!(f, "classes({field})"),
            Symbol::VectorSize(path) => write!(f, "width({})", path.rsplit('/').next().unwrap_or(path)),
            Symbol::Length { name, .. }
            | Symbol::Sentences { name, .. }
            | Symbol::Nodes { name, .. }
            | Symbol::Declared(name) => f.write_str(name),
        }
    }
}

/// A product of symbols, sorted; empty for the constant term.
type Monomial = Vec<Symbol>;

/// A size. Cheap to copy: types are passed around and compared all the time.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Dim {
    /// By rising monomials, each once, no coefficient zero: so equality is structural.
    terms: Arc<[(Monomial, i64)]>,
}

impl Dim {
    pub fn constant(value: i64) -> Self {
        Dim::sum(vec![(Vec::new(), value)])
    }

    pub fn symbol(symbol: Symbol) -> Self {
        Dim::sum(vec![(vec![symbol], 1)])
    }

    /// The normal form of a sum of terms.
    fn sum(mut terms: Vec<(Monomial, i64)>) -> Self {
        terms.sort_by(|(a, _), (b, _)| a.cmp(b));
        terms.dedup_by(|(monomial, coefficient), (before, sum)| {
            let same = monomial == before;
            if same {
                *sum = sum.saturating_add(*coefficient);
            }
            same
        });
        terms.retain(|(_, coefficient)| *coefficient != 0);
        Dim { terms: terms.into() }
    }

    /// The number this is, where it depends on no symbol.
    pub fn as_constant(&self) -> Option<i64> {
        match &*self.terms {
            [] => Some(0),
            [(monomial, coefficient)] if monomial.is_empty() => Some(*coefficient),
            _ => None,
        }
    }

    /// The one symbol this is, without coefficient or addend.
    pub fn as_symbol(&self) -> Option<&Symbol> {
        match &*self.terms {
            [(monomial, 1)] if monomial.len() == 1 => monomial.first(),
            _ => None,
        }
    }

    /// Whether an axis of this size is a sequence axis.
    pub fn is_length(&self) -> bool {
        self.as_symbol().is_some_and(Symbol::is_length)
    }

    pub fn add(&self, other: &Dim) -> Dim {
        Dim::sum(self.terms.iter().chain(&*other.terms).cloned().collect())
    }

    pub fn subtract(&self, other: &Dim) -> Dim {
        self.add(&other.multiply(&Dim::constant(-1)))
    }

    pub fn multiply(&self, other: &Dim) -> Dim {
        let product = |((left, a), (right, b)): (&(Monomial, i64), &(Monomial, i64))| {
            let mut monomial: Monomial = left.iter().chain(right).cloned().collect();
            monomial.sort();
            (monomial, a.saturating_mul(*b))
        };
        let pairs = self.terms.iter().flat_map(|left| other.terms.iter().map(move |right| (left, right)));
        Dim::sum(pairs.map(product).collect())
    }

    /// `self / n`, where every term is divisible by `n`; otherwise nothing, never a rounded value.
    pub fn divide(&self, n: i64) -> Option<Dim> {
        if n == 0 {
            return None;
        }
        // `checked`: the smallest integer has no counterpart above zero.
        let quotient = |c: &i64| c.checked_div(n).filter(|_| c.checked_rem(n) == Some(0));
        let terms = self.terms.iter().map(|(m, c)| Some((m.clone(), quotient(c)?)));
        terms.collect::<Option<_>>().map(|terms| Dim { terms })
    }

    pub fn symbols(&self) -> impl Iterator<Item = &Symbol> {
        self.terms.iter().flat_map(|(monomial, _)| monomial)
    }

    /// The number this is once every symbol has a value; `None` where one has none, or the number is negative or absurd.
    pub fn evaluate(&self, value: &impl Fn(&Symbol) -> Option<usize>) -> Option<usize> {
        let mut total: i64 = 0;
        for (monomial, coefficient) in &*self.terms {
            let mut term = *coefficient;
            for symbol in monomial {
                term = term.checked_mul(i64::try_from(value(symbol)?).ok()?)?;
            }
            total = total.checked_add(term)?;
        }
        usize::try_from(total).ok()
    }
}

impl From<usize> for Dim {
    fn from(value: usize) -> Self {
        Dim::constant(value as i64)
    }
}

impl fmt::Display for Dim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.terms.is_empty() {
            return f.write_str("0");
        }
        // Symbols first, the constant last: `2*H + 1`.
        let constant_last =
            self.terms.iter().filter(|(m, _)| !m.is_empty()).chain(self.terms.iter().filter(|(m, _)| m.is_empty()));
        for (i, (monomial, coefficient)) in constant_last.enumerate() {
            let sign = match (i, *coefficient < 0) {
                (0, false) => "",
                (0, true) => "-",
                (_, false) => " + ",
                (_, true) => " - ",
            };
            f.write_str(sign)?;
            let size = coefficient.unsigned_abs();
            if monomial.is_empty() || size != 1 {
                write!(f, "{size}")?;
            }
            for (j, symbol) in monomial.iter().enumerate() {
                if j > 0 || size != 1 {
                    f.write_str("*")?;
                }
                write!(f, "{symbol}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn h() -> Dim {
        Dim::symbol(Symbol::Declared("H".into()))
    }

    #[test]
    fn normal_form_decides_equality() {
        let two = Dim::constant(2);
        assert_eq!(h().add(&h()), h().multiply(&two));
        assert_eq!(h().subtract(&h()), Dim::constant(0));
        assert_ne!(h(), h().multiply(&two));
        assert_eq!(h().add(&h()).divide(2), Some(h()));
        assert_eq!(h().divide(2), None);
    }

    #[test]
    fn dims_read_like_arithmetic() {
        let dim = h().multiply(&Dim::constant(4)).add(&Dim::constant(-1));
        assert_eq!(dim.to_string(), "4*H - 1");
        assert_eq!(Dim::constant(256).to_string(), "256");
        assert_eq!(h().multiply(&h()).to_string(), "H*H");
    }

    #[test]
    fn evaluation_never_overflows() {
        let huge = Dim::constant(i64::MAX).multiply(&h());
        assert_eq!(huge.evaluate(&|_| Some(3)), None);
        assert_eq!(h().multiply(&Dim::constant(4)).evaluate(&|_| Some(3)), Some(12));
        assert_eq!(h().evaluate(&|_| None), None);
    }
}
