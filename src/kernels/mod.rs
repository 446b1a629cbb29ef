//! The operations behind the nodes of a graph: loops over `f32` slices, each with its own backward.
//!
//! A [`Kernel`] knows shapes as plain numbers and nothing of tensors; [`apply`] and [`apply2`] put it on candle's tape.
//! This room does not know the IR's graph and decides nothing about which operation a node needs: `lower` does.
//!
//! A gradient of exactly zero stays zero through every kernel, whatever the local derivative is (also where it is
//! infinite): padded positions, whose upstream gradient is zero, can so never spoil a weight's gradient with `0 * inf`.

pub mod bias;
pub mod bilinear;
pub mod binary;
pub mod buffers;
pub mod column_sums;
pub mod dropout;
pub mod elementwise;
pub mod exponential;
pub mod extend;
pub mod features;
pub mod gemm;
pub mod lookup;
pub mod memory;
pub mod peak;
pub mod position;
pub mod product;
pub mod profile;
pub mod recurrence;
pub mod simd;
pub mod threads;
pub mod time;
pub mod tree;
pub mod unary;

use candle_core::{CpuStorage, CustomOp1, CustomOp2, Layout, Result, Shape, Storage, Tensor, bail};

use profile::Charged;

/// An operation of `INPUTS` row-major arrays to one, with its derivative.
pub trait Kernel<const INPUTS: usize>: Send + Sync + 'static {
    const NAME: &'static str;

    /// The result, row-major.
    fn forward(&self, inputs: [&[f32]; INPUTS]) -> Vec<f32>;

    /// The gradient of every input, given that of the result.
    fn backward(&self, inputs: [&[f32]; INPUTS], result: &[f32], upstream: &[f32]) -> [Vec<f32>; INPUTS];
}

/// `kernel(x)` with a result of the given shape.
pub fn apply<K: Kernel<1>>(kernel: K, x: &Tensor, shape: impl Into<Shape>) -> Result<Tensor> {
    x.contiguous()?.apply_op1(Charged::new(OnTape { kernel, shape: shape.into() }))
}

/// `kernel(x, y)` with a result of the given shape.
pub fn apply2<K: Kernel<2>>(kernel: K, x: &Tensor, y: &Tensor, shape: impl Into<Shape>) -> Result<Tensor> {
    x.contiguous()?.apply_op2(&y.contiguous()?, Charged::new(OnTape { kernel, shape: shape.into() }))
}

struct OnTape<K> {
    kernel: K,
    shape: Shape,
}

impl<K> OnTape<K> {
    /// The result as candle wants it; a kernel that gives another number of values than its shape has is our bug.
    fn result(&self, values: Vec<f32>) -> Result<(CpuStorage, Shape)> {
        if values.len() != self.shape.elem_count() {
            bail!("a kernel gave {} values for the shape {:?}", values.len(), self.shape);
        }
        Ok((CpuStorage::F32(values), self.shape.clone()))
    }
}

impl<K: Kernel<1>> CustomOp1 for OnTape<K> {
    fn name(&self) -> &'static str {
        K::NAME
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        self.result(self.kernel.forward([slice(storage, layout)?]))
    }

    fn bwd(&self, x: &Tensor, result: &Tensor, upstream: &Tensor) -> Result<Option<Tensor>> {
        let [dx] =
            with_values([x, result, upstream], |[x, result, upstream]| self.kernel.backward([x], result, upstream))?;
        Tensor::from_vec(dx, x.shape(), x.device()).map(Some)
    }
}

impl<K: Kernel<2>> CustomOp2 for OnTape<K> {
    fn name(&self) -> &'static str {
        K::NAME
    }

    fn cpu_fwd(&self, s1: &CpuStorage, l1: &Layout, s2: &CpuStorage, l2: &Layout) -> Result<(CpuStorage, Shape)> {
        self.result(self.kernel.forward([slice(s1, l1)?, slice(s2, l2)?]))
    }

    fn bwd(&self, x: &Tensor, y: &Tensor, result: &Tensor, up: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let [dx, dy] = with_values([x, y, result, up], |[x, y, result, up]| self.kernel.backward([x, y], result, up))?;
        Ok((wanted(dx, x)?, wanted(dy, y)?))
    }
}

/// The gradient of a tensor, where one is asked for: any other would only be kept alive by candle's store.
pub fn wanted(gradient: Vec<f32>, of: &Tensor) -> Result<Option<Tensor>> {
    of.track_op().then(|| Tensor::from_vec(gradient, of.shape(), of.device())).transpose()
}

/// The values of a contiguous storage.
pub fn slice<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    let Some((start, end)) = layout.contiguous_offsets() else { bail!("a kernel got a strided array") };
    Ok(&storage.as_slice::<f32>()?[start..end])
}

/// Calls `f` with the values of the tensors, row-major.
pub fn with_values<const N: usize, R>(tensors: [&Tensor; N], f: impl FnOnce([&[f32]; N]) -> R) -> Result<R> {
    let contiguous = tensors.iter().map(|tensor| tensor.contiguous()).collect::<Result<Vec<_>>>()?;
    let guards: Vec<_> = contiguous.iter().map(Tensor::storage_and_layout).collect();
    let mut slices: [&[f32]; N] = [&[]; N];
    for (slot, (storage, layout)) in slices.iter_mut().zip(&guards) {
        let Storage::Cpu(storage) = &**storage else { bail!("kernels run on the CPU only") };
        *slot = slice(storage, layout)?;
    }
    Ok(f(slices))
}
