//! How large the gradients of a recurrence's states are, noted while a backward pass comes by them. It changes nothing.
//!
//! Only the reference path goes through its states one step at a time on the tape, so only there can they be seen.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use candle_core::{Result, Tensor};

use crate::ir::NodeId;
use crate::kernels::with_values;

/// The gradients of a loss with respect to the states of one scan, as L2 norms.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StateGradients {
    /// The true number of steps of every row of the scan; a row is an example.
    pub lengths: Vec<usize>,
    /// By the step after which the states stand.
    pub steps: BTreeMap<usize, StepGradients>,
}

/// The norms after one step, a number a row. Past the end of a row they mean nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StepGradients {
    /// `[states][rows]`: everything that a state changes, in this step's result and in all steps read after it.
    pub total: Vec<Vec<f64>>,
    /// `[rows]`: what of the first state's gradient comes through this step's result alone.
    pub direct: Vec<f64>,
}

/// Where the scans of a network put what they see.
#[derive(Debug, Clone, Default)]
pub(super) struct Watch(Arc<Mutex<BTreeMap<NodeId, StateGradients>>>);

impl Watch {
    pub fn of(&self, scan: NodeId) -> WatchedScan {
        WatchedScan { watch: self.clone(), scan }
    }

    pub fn clear(&self) {
        if let Ok(mut seen) = self.0.lock() {
            seen.clear();
        }
    }

    pub fn take(&self, scan: NodeId) -> Option<StateGradients> {
        self.0.lock().ok()?.remove(&scan)
    }
}

/// One scan that is watched.
#[derive(Debug, Clone)]
pub(super) struct WatchedScan {
    watch: Watch,
    scan: NodeId,
}

impl WatchedScan {
    pub fn begin(&self, lengths: &[usize]) {
        if let Ok(mut seen) = self.watch.0.lock() {
            seen.insert(self.scan, StateGradients { lengths: lengths.to_vec(), steps: BTreeMap::new() });
        }
    }

    /// The gradients `[rows, H]` of the states after step `t`, nothing for a state that changes nothing, and that of this
    /// step's result.
    pub fn step(&self, t: usize, states: &[Option<Tensor>], result: &Tensor) -> Result<()> {
        let rows = result.dim(0)?;
        let norms = |state: &Option<Tensor>| state.as_ref().map_or(Ok(vec![0.0; rows]), norms);
        let total = states.iter().map(norms).collect::<Result<Vec<_>>>()?;
        let step = StepGradients { total, direct: self::norms(result)? };
        if let Ok(mut seen) = self.watch.0.lock()
            && let Some(scan) = seen.get_mut(&self.scan)
        {
            scan.steps.insert(t, step);
        }
        Ok(())
    }
}

/// Of every row of a matrix.
fn norms(matrix: &Tensor) -> Result<Vec<f64>> {
    let (rows, width) = matrix.dims2()?;
    let norm = |row: &[f32]| row.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
    with_values([matrix], |[values]| (0..rows).map(|row| norm(&values[row * width..][..width])).collect())
}
