//! The examples a graph is evaluated for: how many, and how long each of their texts is.

use std::collections::BTreeMap;
use std::sync::Arc;

use candle_core::Tensor;

use super::LowerError;
use super::fold::Forest;
use crate::data::Tokens;
use crate::ir::{Dim, Symbol, Type};
use crate::kernels::time::Sequence;

/// A checked batch.
pub(super) struct Batch {
    pub size: usize,
    texts: BTreeMap<String, Text>,
}

pub(super) struct Text {
    pub ids: Arc<[u32]>,
    /// `[T, B, width]`, of a field of numbers.
    pub numbers: Option<Tensor>,
    steps: usize,
    lengths: Arc<[usize]>,
    /// Of a tree field.
    forest: Option<Arc<Forest>>,
}

impl Batch {
    pub fn new(texts: &BTreeMap<String, Tokens>) -> Result<Self, LowerError> {
        let size = texts.values().next().map_or(1, |tokens| tokens.lengths.len());
        let check = |(name, tokens): (&String, &Tokens)| {
            let Tokens { ids, steps, lengths, parents, numbers } = tokens;
            let within = lengths.iter().all(|length| *length as usize <= *steps);
            // Numbers stand in place of ids, some for every id; parents beside them.
            let (places, width) = (steps * size, numbers.len() / (steps * size).max(1));
            let filled =
                if width > 0 { ids.is_empty() && numbers.len() == places * width } else { ids.len() == places };
            let is_tree = !parents.is_empty();
            let fits = within && filled && (!is_tree || parents.len() == ids.len());
            if size == 0 || *steps == 0 || lengths.len() != size || !fits {
                let counts = format!("{} ids, {steps} steps, {} lengths", ids.len(), lengths.len());
                return Err(LowerError::new(format!("`{name}` is no batch of {size} padded texts: {counts}")));
            }
            let lengths: Arc<[usize]> = lengths.iter().map(|length| *length as usize).collect();
            let forest = if is_tree { Some(Arc::new(Forest::new(parents, &lengths)?)) } else { None };
            let vectors = || Tensor::from_slice(numbers, (*steps, size, width), &candle_core::Device::Cpu);
            let numbers = (width > 0).then(vectors).transpose()?;
            Ok((name.clone(), Text { ids: ids.as_slice().into(), numbers, steps: *steps, lengths, forest }))
        };
        Ok(Self { size, texts: texts.iter().map(check).collect::<Result<_, _>>()? })
    }

    /// The same number of examples, for values without a sequence axis.
    pub fn of_size(size: usize) -> Self {
        Self { size, texts: BTreeMap::new() }
    }

    pub fn text(&self, field: &str) -> Result<&Text, LowerError> {
        self.texts.get(field).ok_or_else(|| LowerError::new(format!("no texts were given for `{field}`")))
    }

    /// The true lengths along the sequence axis of a value, with `width` features.
    pub fn sequence(&self, ty: &Type) -> Result<Sequence, LowerError> {
        let text = self.text(field(ty)?)?;
        let width = features(ty)?.iter().product();
        Ok(Sequence { steps: text.steps, lengths: text.lengths.clone(), width })
    }

    /// The trees whose nodes are the sequence axis of a value.
    pub fn forest(&self, ty: &Type) -> Result<Arc<Forest>, LowerError> {
        let field = field(ty)?;
        self.text(field)?.forest.clone().ok_or_else(|| LowerError::new(format!("`{field}` holds no trees")))
    }

    /// The axes a tensor has before its features: `[T, B]`, `[B]`, or none for a shared value.
    pub fn leading(&self, ty: &Type) -> Result<Vec<usize>, LowerError> {
        match (ty.per_example, ty.is_sequence()) {
            (true, true) => Ok(vec![self.sequence(ty)?.steps, self.size]),
            (true, false) => Ok(vec![self.size]),
            (false, _) => Ok(Vec::new()),
        }
    }

    /// The shape of a value's tensor.
    pub fn shape(&self, ty: &Type) -> Result<Vec<usize>, LowerError> {
        Ok([self.leading(ty)?, features(ty)?].concat())
    }

    /// That a value has the shape its type says. The checker has proved it, so a misfit is our bug; found here it never
    /// reaches a kernel, which would index beyond its input.
    pub fn confirm(&self, value: &Tensor, ty: &Type) -> Result<(), LowerError> {
        let shape = self.shape(ty)?;
        if value.dims() == shape {
            return Ok(());
        }
        Err(LowerError::new(format!("the shape should be {shape:?} and is {:?}", value.dims())))
    }
}

/// The field whose length the sequence axis of a value has.
fn field(ty: &Type) -> Result<&str, LowerError> {
    match ty.axes.first().and_then(Dim::as_symbol) {
        Some(Symbol::Length { field, .. } | Symbol::Nodes { field, .. }) => Ok(field),
        _ => Err(LowerError::new(format!("{ty} is no sequence"))),
    }
}

/// The sizes of a value's axes other than the sequence axis.
pub(super) fn features(ty: &Type) -> Result<Vec<usize>, LowerError> {
    ty.axes.iter().skip(usize::from(ty.is_sequence())).map(size).collect()
}

/// A bound size.
pub(super) fn size(dim: &Dim) -> Result<usize, LowerError> {
    let size = dim.as_constant().and_then(|size| usize::try_from(size).ok());
    size.ok_or_else(|| LowerError::new(format!("the size `{dim}` is not known")))
}
