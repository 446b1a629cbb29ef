//! The matrix product of a linear map: every row of the input times the weight.

use std::sync::{Arc, Mutex};

use candle_core::{CpuStorage, CustomOp2, CustomOp3, Device, Layout, Result, Shape, Tensor, bail};

use super::column_sums::column_sums;
use super::gemm::{Matrix, Start, gemm};
use super::profile::Charged;
use super::{slice, with_values};

/// `(x: [rows, F], weight: [O, F]) -> [rows, O]`, `x · weightᵀ`.
pub fn product(x: &Tensor, weight: &Tensor) -> Result<Tensor> {
    x.contiguous()?.apply_op2(&weight.contiguous()?, Charged::new(Product { factors: None }))
}

/// `(x: [rows, F], weight: [O, F], bias: [O]) -> [rows, O]`, `x · weightᵀ + bias`.
pub fn product_with_bias(x: &Tensor, weight: &Tensor, bias: &Tensor) -> Result<Tensor> {
    x.contiguous()?.apply_op3(&weight.contiguous()?, &bias.contiguous()?, Charged::new(WithBias))
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
        let (rows, outputs, features) = sizes(l1, l2)?;
        let mut result = vec![0.0; rows * outputs];
        let weight = Matrix::new(slice(s2, l2)?, outputs, features);
        gemm(Matrix::new(slice(s1, l1)?, rows, features), weight.transposed(), &mut result, Start::Zero);
        Ok((CpuStorage::F32(result), (rows, outputs).into()))
    }

    fn bwd(&self, x: &Tensor, weight: &Tensor, _: &Tensor, up: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        if let Some(factors) = &self.factors {
            let Ok(mut factors) = factors.0.lock() else { bail!("a product failed halfway") };
            let up = up.contiguous()?.detach();
            factors.push((up.clone(), x.detach()));
            return Ok((x.track_op().then(|| toward_input(x, weight, &up)).transpose()?, None));
        }
        let dx = x.track_op().then(|| toward_input(x, weight, up)).transpose()?;
        let dw = weight.track_op().then(|| toward_weight(x, weight, up)).transpose()?;
        Ok((dx, dw))
    }
}

struct WithBias;

impl CustomOp3 for WithBias {
    fn name(&self) -> &'static str {
        "product_with_bias"
    }

    fn cpu_fwd(
        &self,
        s1: &CpuStorage,
        l1: &Layout,
        s2: &CpuStorage,
        l2: &Layout,
        s3: &CpuStorage,
        l3: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (rows, outputs, features) = sizes(l1, l2)?;
        let bias = slice(s3, l3)?;
        if bias.len() != outputs {
            bail!("a bias of {} numbers for {outputs} results", bias.len());
        }
        let mut result = vec![0.0; rows * outputs];
        let weight = Matrix::new(slice(s2, l2)?, outputs, features);
        gemm(Matrix::new(slice(s1, l1)?, rows, features), weight.transposed(), &mut result, Start::Row(bias));
        Ok((CpuStorage::F32(result), (rows, outputs).into()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        bias: &Tensor,
        _: &Tensor,
        up: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let dx = x.track_op().then(|| toward_input(x, weight, up)).transpose()?;
        let dw = weight.track_op().then(|| toward_weight(x, weight, up)).transpose()?;
        let sums = || {
            let (rows, outputs) = up.dims2()?;
            let sums = with_values([up], |[up]| column_sums(Matrix::new(up, rows, outputs)))?;
            Tensor::from_vec(sums, bias.shape(), &Device::Cpu)
        };
        let db = bias.track_op().then(sums).transpose()?;
        Ok((dx, dw, db))
    }
}

/// Rows, results and features of a product.
fn sizes(x: &Layout, weight: &Layout) -> Result<(usize, usize, usize)> {
    let (rows, features) = x.shape().dims2()?;
    let (outputs, width) = weight.shape().dims2()?;
    if width != features {
        bail!("a weight of width {width} does not fit {features} features");
    }
    Ok((rows, outputs, features))
}

fn toward_input(x: &Tensor, weight: &Tensor, up: &Tensor) -> Result<Tensor> {
    let ((rows, features), (_, outputs)) = (x.dims2()?, up.dims2()?);
    let mut dx = vec![0.0; rows * features];
    with_values([weight, up], |[weight, up]| {
        gemm(Matrix::new(up, rows, outputs), Matrix::new(weight, outputs, features), &mut dx, Start::Zero);
    })?;
    Tensor::from_vec(dx, (rows, features), &Device::Cpu)
}

fn toward_weight(x: &Tensor, weight: &Tensor, up: &Tensor) -> Result<Tensor> {
    let ((rows, features), (_, outputs)) = (x.dims2()?, up.dims2()?);
    let mut dw = vec![0.0; outputs * features];
    with_values([x, up], |[x, up]| {
        gemm(Matrix::new(up, rows, outputs).transposed(), Matrix::new(x, rows, features), &mut dw, Start::Zero);
    })?;
    Tensor::from_vec(dw, weight.shape(), &Device::Cpu)
}
