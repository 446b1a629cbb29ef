//! Rows of a table by token id. Padding is no token: it reads as zeros and its row has no gradient, so that a node of a tree
//! without a word of its own has none.

use std::sync::{Arc, Mutex};

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, bail};

use super::profile::Charged;
use super::{Kernel, slice};
use crate::data::PAD;

/// `table: [V, width] -> [ids, width]`. Every id is below `V`: the caller checks. The backward adds each row once.
pub struct Lookup {
    pub ids: Arc<[u32]>,
    pub width: usize,
}

impl Kernel<1> for Lookup {
    const NAME: &'static str = "lookup";

    fn forward(&self, [table]: [&[f32]; 1]) -> Vec<f32> {
        let mut result = Vec::with_capacity(self.ids.len() * self.width);
        for id in self.ids.iter() {
            match *id {
                PAD => result.resize(result.len() + self.width, 0.0),
                id => result.extend_from_slice(&table[id as usize * self.width..][..self.width]),
            }
        }
        result
    }

    fn backward(&self, [table]: [&[f32]; 1], _: &[f32], up: &[f32]) -> [Vec<f32>; 1] {
        let mut gradient = vec![0.0; table.len()];
        let rows = self.ids.iter().zip(up.chunks_exact(self.width.max(1)));
        for (id, up) in rows.filter(|(id, _)| **id != PAD) {
            for (sum, g) in gradient[*id as usize * self.width..][..self.width].iter_mut().zip(up) {
                *sum += g;
            }
        }
        [gradient]
    }
}

/// The same for a table that is a leaf of the tape: a gradient of the whole table is never made. What came back for the
/// rows that were read is left in `found`.
pub fn lookup_rows(lookup: Lookup, table: &Tensor, shape: impl Into<Shape>, found: &FoundRows) -> Result<Tensor> {
    table.contiguous()?.apply_op1(Charged::new(OfLeaf { lookup, shape: shape.into(), found: found.clone() }))
}

/// What the lookups of one table have brought back.
#[derive(Clone, Default)]
pub struct FoundRows(Arc<Mutex<Vec<Found>>>);

/// The ids that were read, and the gradient of each row as it was read.
type Found = (Arc<[u32]>, Tensor);

impl FoundRows {
    /// Forgets what was found.
    pub fn clear(&self) {
        if let Ok(mut found) = self.0.lock() {
            found.clear();
        }
    }

    /// The rows with a gradient, in ascending order, and their gradients: `(rows, [rows, width])`.
    /// Nothing where no lookup went backward.
    pub fn gradient(&self, width: usize) -> Result<Option<(Vec<u32>, Vec<f32>)>> {
        let Ok(found) = self.0.lock() else { bail!("a lookup failed halfway") };
        if found.is_empty() {
            return Ok(None);
        }
        let mut rows: Vec<u32> = found.iter().flat_map(|(ids, _)| ids.iter().copied()).collect();
        rows.sort_unstable();
        rows.dedup();
        let mut place = vec![0; rows.last().map_or(0, |last| *last as usize + 1)];
        rows.iter().enumerate().for_each(|(i, row)| place[*row as usize] = i);
        let mut gradient = vec![0.0; rows.len() * width];
        for (ids, up) in found.iter() {
            super::with_values([up], |[up]| {
                let read = ids.iter().zip(up.chunks_exact(width.max(1)));
                for (id, up) in read.filter(|(id, _)| **id != PAD) {
                    let sums = &mut gradient[place[*id as usize] * width..][..width];
                    sums.iter_mut().zip(up).for_each(|(sum, g)| *sum += g);
                }
            })?;
        }
        Ok(Some((rows, gradient)))
    }
}

struct OfLeaf {
    lookup: Lookup,
    shape: Shape,
    found: FoundRows,
}

impl CustomOp1 for OfLeaf {
    fn name(&self) -> &'static str {
        "lookup_rows"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let result = self.lookup.forward([slice(storage, layout)?]);
        if result.len() != self.shape.elem_count() {
            bail!("a lookup gave {} values for the shape {:?}", result.len(), self.shape);
        }
        Ok((CpuStorage::F32(result), self.shape.clone()))
    }

    /// Nothing for candle: a leaf may go without.
    fn bwd(&self, _: &Tensor, _: &Tensor, up: &Tensor) -> Result<Option<Tensor>> {
        let Ok(mut found) = self.found.0.lock() else { bail!("a lookup failed halfway") };
        found.push((self.lookup.ids.clone(), up.detach()));
        Ok(None)
    }
}
