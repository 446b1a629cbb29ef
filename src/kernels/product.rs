//! The matrix product of a linear map: every row of the input times the weight.

use candle_core::backend::BackendStorage;
use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor};

/// `(x: [rows, F], weight: [O, F]) -> [rows, O]`, `x · weightᵀ`.
///
/// Candle's own product of a transposed weight would give the weight's gradient transposed and add it strided.
pub struct Product;

/// Applies [`Product`].
pub fn product(x: &Tensor, weight: &Tensor) -> Result<Tensor> {
    x.contiguous()?.apply_op2(&weight.contiguous()?, Product)
}

impl CustomOp2 for Product {
    fn name(&self) -> &'static str {
        "product"
    }

    fn cpu_fwd(&self, s1: &CpuStorage, l1: &Layout, s2: &CpuStorage, l2: &Layout) -> Result<(CpuStorage, Shape)> {
        let (rows, features) = l1.shape().dims2()?;
        let (outputs, _) = l2.shape().dims2()?;
        let result = s1.matmul(s2, (1, rows, outputs, features), l1, &l2.transpose(0, 1)?)?;
        Ok((result, (rows, outputs).into()))
    }

    fn bwd(&self, x: &Tensor, weight: &Tensor, _: &Tensor, up: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let up = up.contiguous()?.detach();
        let dx = x.track_op().then(|| up.matmul(&weight.detach())).transpose()?;
        let dw = weight.track_op().then(|| up.t()?.matmul(&x.detach())).transpose()?;
        Ok((dx, dw))
    }
}
