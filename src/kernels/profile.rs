//! Where the time of a pass goes: which layer's operations took how long, forward and backward.
//!
//! [`record`] opens a profile for the work of this thread, [`charge`] runs a part of it on the account of a layer. An
//! operation that goes on the tape as [`Charged`] keeps the account it was applied under, so its backward pass, which
//! candle calls much later, is charged to the same layer. Without an open profile all of this does nothing.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use candle_core::{CpuStorage, CustomOp1, CustomOp2, CustomOp3, Layout, Result, Shape, Tensor};

use crate::ir::CallId;

/// The application of a layer, or nothing for what stands outside of any.
pub type Account = Option<CallId>;

/// The time of some work, in all and by account.
#[derive(Debug, Clone, Default)]
pub struct Profile {
    pub total: Duration,
    pub accounts: BTreeMap<Account, Duration>,
}

#[derive(Default)]
struct Open {
    accounts: BTreeMap<Account, Duration>,
    /// Who pays at the moment. What runs inside of that is paid already.
    payer: Option<Account>,
}

thread_local! {
    static OPEN: RefCell<Option<Open>> = const { RefCell::new(None) };
}

/// Runs `work` and says where its time went.
pub fn record<R>(work: impl FnOnce() -> R) -> (R, Profile) {
    OPEN.set(Some(Open::default()));
    let started = Instant::now();
    let result = work();
    let total = started.elapsed();
    let accounts = OPEN.take().unwrap_or_default().accounts;
    (result, Profile { total, accounts })
}

/// Runs `work` on the account given.
pub fn charge<R>(account: Account, work: impl FnOnce() -> R) -> R {
    let opened = OPEN.with_borrow_mut(|open| match open {
        Some(open) if open.payer.is_none() => open.payer.replace(account).is_none(),
        _ => false,
    });
    if !opened {
        return work();
    }
    let started = Instant::now();
    let result = work();
    let elapsed = started.elapsed();
    OPEN.with_borrow_mut(|open| {
        if let Some(open) = open {
            open.payer = None;
            *open.accounts.entry(account).or_default() += elapsed;
        }
    });
    result
}

/// An operation of candle's tape whose backward pass is charged to whoever applied it.
pub struct Charged<Operation> {
    operation: Operation,
    account: Option<Account>,
}

impl<Operation> Charged<Operation> {
    pub fn new(operation: Operation) -> Self {
        Self { operation, account: OPEN.with_borrow(|open| open.as_ref().and_then(|open| open.payer)) }
    }

    fn charge<R>(&self, work: impl FnOnce(&Operation) -> R) -> R {
        match self.account {
            Some(account) => charge(account, || work(&self.operation)),
            None => work(&self.operation),
        }
    }
}

impl<Operation: CustomOp1> CustomOp1 for Charged<Operation> {
    fn name(&self) -> &'static str {
        self.operation.name()
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        self.operation.cpu_fwd(storage, layout)
    }

    fn bwd(&self, x: &Tensor, result: &Tensor, upstream: &Tensor) -> Result<Option<Tensor>> {
        self.charge(|operation| operation.bwd(x, result, upstream))
    }
}

impl<Operation: CustomOp2> CustomOp2 for Charged<Operation> {
    fn name(&self) -> &'static str {
        self.operation.name()
    }

    fn cpu_fwd(&self, s1: &CpuStorage, l1: &Layout, s2: &CpuStorage, l2: &Layout) -> Result<(CpuStorage, Shape)> {
        self.operation.cpu_fwd(s1, l1, s2, l2)
    }

    fn bwd(&self, x: &Tensor, y: &Tensor, result: &Tensor, up: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        self.charge(|operation| operation.bwd(x, y, result, up))
    }
}

impl<Operation: CustomOp3> CustomOp3 for Charged<Operation> {
    fn name(&self) -> &'static str {
        self.operation.name()
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
        self.operation.cpu_fwd(s1, l1, s2, l2, s3, l3)
    }

    fn bwd(
        &self,
        x: &Tensor,
        y: &Tensor,
        z: &Tensor,
        result: &Tensor,
        up: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        self.charge(|operation| operation.bwd(x, y, z, result, up))
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Var};

    use super::*;
    use crate::ir::UnaryOp;
    use crate::kernels::{apply, unary::Unary};

    #[test]
    fn backward_is_charged_to_who_applied_it_and_nothing_twice() {
        let x = Var::from_vec(vec![0.5f32; 1000], 1000, &Device::Cpu).unwrap();
        let tanh = |x: &Tensor| apply(Unary(UnaryOp::Tanh), x, 1000).unwrap();
        let (first, second) = (Some(CallId(0)), Some(CallId(1)));
        let (y, forward) = record(|| {
            let y = charge(first, || charge(second, || tanh(&x)));
            tanh(&charge(None, || tanh(&y)))
        });
        assert_eq!(forward.accounts.keys().copied().collect::<Vec<_>>(), [None, first]);
        assert!(forward.accounts.values().sum::<Duration>() <= forward.total);

        let (_, backward) = record(|| y.sum_all().unwrap().backward().unwrap());
        assert_eq!(backward.accounts.keys().copied().collect::<Vec<_>>(), [None, first]);
        assert!(backward.accounts.values().sum::<Duration>() <= backward.total);
    }

    #[test]
    fn without_a_profile_nothing_is_kept() {
        assert_eq!(charge(None, || 1), 1);
        assert!(Charged::new(()).account.is_none());
        assert!(record(|| ()).1.accounts.is_empty());
    }
}
