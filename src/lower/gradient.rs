//! What a step says about a parameter.

/// The gradient of one parameter.
#[derive(Debug, Clone, PartialEq)]
pub enum Gradient {
    /// Of every number, row-major.
    Whole(Vec<f32>),
    /// Of a table, some of whose rows were read: the gradients of `rows`, which ascend, one after the other. That of every
    /// other row is zero.
    Rows { rows: Vec<u32>, values: Vec<f32> },
}

impl Gradient {
    /// The numbers it is written down with; all others are zero.
    pub fn values(&self) -> &[f32] {
        match self {
            Self::Whole(values) | Self::Rows { values, .. } => values,
        }
    }

    /// The same, to be changed in place.
    pub fn values_mut(&mut self) -> &mut [f32] {
        match self {
            Self::Whole(values) | Self::Rows { values, .. } => values,
        }
    }

    /// Every number, zeros too, of a parameter of `len` numbers.
    pub fn to_whole(&self, len: usize) -> Vec<f32> {
        match self {
            Self::Whole(values) => values.clone(),
            Self::Rows { rows, values } => {
                let mut whole = vec![0.0; len];
                let width = values.len() / rows.len().max(1);
                for (row, values) in rows.iter().zip(values.chunks_exact(width.max(1))) {
                    whole[*row as usize * width..][..width].copy_from_slice(values);
                }
                whole
            }
        }
    }
}
