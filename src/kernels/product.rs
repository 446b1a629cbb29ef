//! The matrix product of a linear map: every row of the input times the weight.

use std::sync::{Arc, Mutex};

use candle_core::backend::BackendStorage;
use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor, bail};

use super::profile::Charged;

/// `(x: [rows, F], weight: [O, F]) -> [rows, O]`, `x · weightᵀ`.
///
/// Candle's own product of a transposed weight would give the weight's gradient transposed and add it strided.
pub fn product(x: &Tensor, weight: &Tensor) -> Result<Tensor> {
    x.contiguous()?.apply_op2(&weight.contiguous()?, Charged::new(Product { factors: None }))
}

/// The same, but the gradient of the weight is not computed: its factors are put into `factors`. The weight has to be a
/// leaf of the tape.
pub fn product_collecting(x: &Tensor, weight: &Tensor, factors: &Factors) -> Result<Tensor> {
    x.contiguous()?.apply_op2(&weight.contiguous()?, Charged::new(Product { factors: Some(factors.clone()) }))
}

/// The two sides of the weight gradients of many products with one weight: one long product in place of many short ones.
#[derive(Clone, Default)]
pub struct Factors(Arc<Mutex<Vec<Factor>>>);

/// Gradient of the result `[rows, O]`, input `[rows, F]`.
type Factor = (Tensor, Tensor);

impl Factors {
    /// The sum of all weight gradients, `[O, F]`; nothing where no product went backward.
    pub fn gradient(&self) -> Result<Option<Tensor>> {
        let Ok(factors) = self.0.lock() else { bail!("a product failed halfway") };
        if factors.is_empty() {
            return Ok(None);
        }
        let (up, x): (Vec<_>, Vec<_>) = factors.iter().cloned().unzip();
        Tensor::cat(&up, 0)?.t()?.matmul(&Tensor::cat(&x, 0)?).map(Some)
    }
}

struct Product {
    factors: Option<Factors>,
}

impl CustomOp2 for Product {
    fn name(&self) -> &'static str {
        "product"
    }

    fn cpu_fwd(&self, s1: &CpuStorage, l1: &Layout, s2: &CpuStorage, l2: &Layout) -> Result<(CpuStorage, Shape)> {
        let (rows, features) = l1.shape().dims2()?;
        let (outputs, width) = l2.shape().dims2()?;
        if width != features {
            bail!("a weight of width {width} does not fit {features} features");
        }
        let result = s1.matmul(s2, (1, rows, outputs, features), l1, &l2.transpose(0, 1)?)?;
        Ok((result, (rows, outputs).into()))
    }

    fn bwd(&self, x: &Tensor, weight: &Tensor, _: &Tensor, up: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let up = up.contiguous()?.detach();
        let dx = x.track_op().then(|| up.matmul(&weight.detach())).transpose()?;
        if let Some(factors) = &self.factors {
            let Ok(mut factors) = factors.0.lock() else { bail!("a product failed halfway") };
            factors.push((up, x.detach()));
            return Ok((dx, None));
        }
        let dw = weight.track_op().then(|| up.t()?.matmul(&x.detach())).transpose()?;
        Ok((dx, dw))
    }
}
