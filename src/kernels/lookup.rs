//! Rows of a table by token id.

use std::sync::Arc;

use super::Kernel;

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
            result.extend_from_slice(&table[*id as usize * self.width..][..self.width]);
        }
        result
    }

    fn backward(&self, [table]: [&[f32]; 1], _: &[f32], up: &[f32]) -> [Vec<f32>; 1] {
        let mut gradient = vec![0.0; table.len()];
        for (id, up) in self.ids.iter().zip(up.chunks_exact(self.width.max(1))) {
            for (sum, g) in gradient[*id as usize * self.width..][..self.width].iter_mut().zip(up) {
                *sum += g;
            }
        }
        [gradient]
    }
}
