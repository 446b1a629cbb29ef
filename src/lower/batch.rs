//! The examples a graph is evaluated for: how many, and how long each of their texts is.

use std::collections::BTreeMap;
use std::sync::Arc;

use candle_core::Tensor;

use super::LowerError;
use super::fold::Forest;
use crate::data::{Sentences, Tokens};
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
    /// Along the tokens: one entry an example, or a sentence of one.
    tokens: Axis,
    /// Along the sentences, where texts are sequences of them.
    sentences: Option<Axis>,
    /// Of a tree field.
    forest: Option<Arc<Forest>>,
}

/// A padded sequence axis.
struct Axis {
    steps: usize,
    lengths: Arc<[usize]>,
}

impl Axis {
    /// Nothing where a length exceeds the padded number of steps.
    fn new(steps: usize, lengths: &[u32]) -> Option<Self> {
        let lengths: Arc<[usize]> = lengths.iter().map(|length| *length as usize).collect();
        lengths.iter().all(|length| *length <= steps).then_some(Self { steps, lengths })
    }
}

impl Batch {
    pub fn new(texts: &BTreeMap<String, Tokens>) -> Result<Self, LowerError> {
        let size = texts.values().next().map_or(1, Tokens::batch);
        let check = |(name, given): (&String, &Tokens)| {
            let Tokens { ids, steps, lengths, parents, numbers, sentences } = given;
            let is_tree = !parents.is_empty();
            let misfit = || {
                let counts = format!("{} ids, {steps} steps, {} lengths", ids.len(), lengths.len());
                LowerError::new(format!("`{name}` is no batch of {size} padded texts: {counts}"))
            };
            let rows = sentences.as_ref().map_or(1, |sentences| sentences.steps) * size;
            // Numbers stand in place of ids, some for every id; parents beside them.
            let (places, width) = (steps * rows, numbers.len() / (steps * rows).max(1));
            let filled =
                if width > 0 { ids.is_empty() && numbers.len() == places * width } else { ids.len() == places };
            let plain = !is_tree && width == 0 || sentences.is_none();
            let fits = filled && plain && (!is_tree || parents.len() == ids.len());
            if size == 0 || *steps == 0 || given.batch() != size || lengths.len() != rows || !fits {
                return Err(misfit());
            }
            let tokens = Axis::new(*steps, lengths).ok_or_else(misfit)?;
            let axis = |sentences: &Sentences| Axis::new(sentences.steps, &sentences.lengths).ok_or_else(misfit);
            let forest = if is_tree { Some(Arc::new(Forest::new(parents, &tokens.lengths)?)) } else { None };
            let vectors = || Tensor::from_slice(numbers, (*steps, size, width), &candle_core::Device::Cpu);
            let numbers = (width > 0).then(vectors).transpose()?;
            let sentences = sentences.as_ref().map(axis).transpose()?;
            Ok((name.clone(), Text { ids: ids.as_slice().into(), numbers, tokens, sentences, forest }))
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

    /// The true lengths along the innermost sequence axis of a value, with the number of its features. Of `[S, T, F]` every
    /// sentence of every example is a sequence by itself.
    pub fn sequence(&self, ty: &Type) -> Result<Sequence, LowerError> {
        let innermost = ty.sequence_axes().checked_sub(1).and_then(|axis| ty.axes.get(axis));
        let Axis { steps, lengths } =
            self.axis(innermost.ok_or_else(|| LowerError::new(format!("{ty} is no sequence")))?)?;
        let width = features(ty)?.iter().product();
        Ok(Sequence { steps: *steps, lengths: lengths.clone(), width })
    }

    /// The trees whose nodes are the sequence axis of a value.
    pub fn forest(&self, ty: &Type) -> Result<Arc<Forest>, LowerError> {
        let axis = ty.axes.first().and_then(Dim::as_symbol);
        let Some(Symbol::Nodes { field, .. }) = axis else { return Err(LowerError::new(format!("{ty} has no nodes"))) };
        self.text(field)?.forest.clone().ok_or_else(|| LowerError::new(format!("`{field}` holds no trees")))
    }

    fn axis(&self, dim: &Dim) -> Result<&Axis, LowerError> {
        match dim.as_symbol() {
            Some(Symbol::Length { field, .. } | Symbol::Nodes { field, .. }) => Ok(&self.text(field)?.tokens),
            Some(Symbol::Sentences { field, .. }) => {
                let text = self.text(field)?;
                text.sentences.as_ref().ok_or_else(|| LowerError::new(format!("`{field}` has no sentences")))
            }
            _ => Err(LowerError::new(format!("`{dim}` is no sequence axis"))),
        }
    }

    /// The axes a tensor has before its features: `[T, S, B]`, `[T, B]`, `[B]`, or none for a shared value.
    pub fn leading(&self, ty: &Type) -> Result<Vec<usize>, LowerError> {
        if !ty.per_example {
            return Ok(Vec::new());
        }
        let sequences = ty.axes[..ty.sequence_axes()].iter().rev().map(|axis| Ok(self.axis(axis)?.steps));
        sequences.chain([Ok(self.size)]).collect()
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

/// The sizes of a value's axes other than the sequence axes.
pub(super) fn features(ty: &Type) -> Result<Vec<usize>, LowerError> {
    ty.axes.iter().skip(ty.sequence_axes()).map(size).collect()
}

/// A bound size.
pub(super) fn size(dim: &Dim) -> Result<usize, LowerError> {
    let size = dim.as_constant().and_then(|size| usize::try_from(size).ok());
    size.ok_or_else(|| LowerError::new(format!("the size `{dim}` is not known")))
}
