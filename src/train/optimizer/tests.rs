//! All rules against PyTorch's numbers, and the laws they share.

use std::collections::BTreeMap;

use super::Optimizer;
use crate::ir::Optimizer as Rule;
use crate::ir::Optimizer::*;
use crate::lower::Gradient;

const CURVE: [f32; 4] = [1.0, 2.0, 0.5, 0.0];
const LOW: [f32; 4] = [0.3, -1.0, 2.0, 1.0];
const START: [f32; 4] = [1.0, -2.0, 0.5, 3.0];

fn gradient(theta: &[f32]) -> Vec<f32> {
    theta.iter().zip(CURVE).zip(LOW).map(|((theta, curve), low)| curve * (theta - low)).collect()
}

fn step(optimizer: &mut Optimizer, learning_rate: f64, theta: &mut [f32]) {
    let gradient = gradient(theta);
    optimizer.begin_step(learning_rate);
    optimizer.update(0, 1.0, theta, &Gradient::Whole(gradient));
}

const BETAS: (f64, f64) = (0.9, 0.999);
const SGD: Rule = Sgd { momentum: 0.0, nesterov: false, weight_decay: 0.0 };
const ADAM: Rule = Adam { betas: BETAS, eps: 1e-8, weight_decay: 0.0 };
const ADAGRAD: Rule = Adagrad { eps: 1e-10, weight_decay: 0.0 };
const DEFAULTS: [Rule; 7] = [
    SGD,
    Sgd { momentum: 0.9, nesterov: true, weight_decay: 0.01 },
    ADAM,
    AdamW { betas: BETAS, eps: 1e-8, weight_decay: 0.01 },
    ADAGRAD,
    Adadelta { rho: 0.9, eps: 1e-6, weight_decay: 0.0 },
    RmsProp { alpha: 0.99, eps: 1e-8, momentum: 0.9, weight_decay: 0.0 },
];

// import torch
// from torch.optim import *
// curve, low = torch.tensor([1.0, 2.0, 0.5, 0.0]), torch.tensor([0.3, -1.0, 2.0, 1.0])
// def five_steps(rule, **settings):
//     theta = torch.tensor([1.0, -2.0, 0.5, 3.0])
//     optimizer = rule([theta], **settings)
//     for _ in range(5):
//         theta.grad = curve * (theta - low)
//         optimizer.step()
//     print(rule.__name__, settings, [float(f"{x:.9g}") for x in theta.tolist()])
// for wd in (0.0, 0.1):
//     for settings in (dict(), dict(momentum=0.9), dict(momentum=0.9, nesterov=True)):
//         five_steps(SGD, lr=0.1, weight_decay=wd, **settings)
//     five_steps(Adam, lr=0.1, weight_decay=wd)
//     five_steps(AdamW, lr=0.1, weight_decay=wd)
//     five_steps(Adagrad, lr=0.1, weight_decay=wd)
//     five_steps(Adadelta, lr=1.0, weight_decay=wd)
//     five_steps(RMSprop, lr=0.1, weight_decay=wd)
//     five_steps(RMSprop, lr=0.1, weight_decay=wd, momentum=0.9)
// five_steps(Adam, lr=0.1, betas=(0.5, 0.7), eps=1e-2)
#[test]
fn five_steps_equal_pytorchs() {
    let sgd = |momentum, nesterov, weight_decay| Sgd { momentum, nesterov, weight_decay };
    let adam = |weight_decay| Adam { betas: BETAS, eps: 1e-8, weight_decay };
    let adam_w = |weight_decay| AdamW { betas: BETAS, eps: 1e-8, weight_decay };
    let adagrad = |weight_decay| Adagrad { eps: 1e-10, weight_decay };
    let adadelta = |weight_decay| Adadelta { rho: 0.9, eps: 1e-6, weight_decay };
    let rms_prop = |momentum, weight_decay| RmsProp { alpha: 0.99, eps: 1e-8, momentum, weight_decay };
    for (rule, learning_rate, expected) in [
        (sgd(0.0, false, 0.0), 0.1, [0.713343024, -1.32767999, 0.839328587, 3.0]),
        (sgd(0.9, false, 0.0), 0.1, [0.279588044, -0.419580072, 1.37426603, 3.0]),
        (sgd(0.9, true, 0.0), 0.1, [0.226792827, -0.584282517, 1.52608657, 3.0]),
        (adam(0.0), 0.1, [0.51455164, -1.50796366, 0.995641887, 3.0]),
        (adam_w(0.0), 0.1, [0.51455164, -1.50796366, 0.995641887, 3.0]),
        (adagrad(0.0), 0.1, [0.707930088, -1.69771481, 0.809702814, 3.0]),
        (adadelta(0.0), 1.0, [0.983659029, -1.98363137, 0.516389966, 3.0]),
        (rms_prop(0.0, 0.0), 0.1, [0.296848655, -1.0, 1.99128091, 3.0]),
        (rms_prop(0.9, 0.0), 0.1, [0.941669106, -1.20503235, 2.82783747, 3.0]),
        (sgd(0.0, false, 0.1), 0.1, [0.678840697, -1.27473927, 0.810445309, 2.85297012]),
        (sgd(0.9, false, 0.1), 0.1, [0.19739002, -0.308915824, 1.29619896, 2.61490202]),
        (sgd(0.9, true, 0.1), 0.1, [0.154000774, -0.511807382, 1.41805017, 2.51532221]),
        (adam(0.1), 0.1, [0.513588488, -1.50740194, 0.99372381, 2.50177956]),
        (adam_w(0.1), 0.1, [0.477794796, -1.4223628, 0.961629748, 2.85297012]),
        (adagrad(0.1), 0.1, [0.706611991, -1.69667602, 0.805520892, 2.68334031]),
        (adadelta(0.1), 1.0, [0.983655632, -1.98362839, 0.516377747, 2.98358941]),
        (rms_prop(0.0, 0.1), 0.1, [0.27059561, -0.952381015, 1.66660106, 0.602513671]),
        (rms_prop(0.9, 0.1), 0.1, [0.899431586, -1.05725038, 1.81703424, -2.47347617]),
        (Adam { betas: (0.5, 0.7), eps: 1e-2, weight_decay: 0.0 }, 0.1, [0.535420299, -1.5188781, 0.983694971, 3.0]),
    ] {
        let mut optimizer = Optimizer::new(&rule, false, &[4]);
        let mut theta = START;
        (0..5).for_each(|_| step(&mut optimizer, learning_rate, &mut theta));
        for (seen, expected) in theta.iter().zip(expected) {
            let distance = (f64::from(*seen) - expected).abs() / f64::abs(expected);
            assert!(distance < 1e-6, "{rule:?}: {seen} instead of {expected}");
        }
    }
}

fn saved(optimizer: &Optimizer) -> BTreeMap<String, Vec<f32>> {
    optimizer.state().into_iter().map(|(name, values)| (name, values.to_vec())).collect()
}

#[test]
fn restored_state_gives_the_same_bits() {
    for rule in DEFAULTS {
        let (mut whole, mut first) = (Optimizer::new(&rule, false, &[4]), Optimizer::new(&rule, false, &[4]));
        let (mut expected, mut theta) = (START, START);
        (0..6).for_each(|_| step(&mut whole, 0.1, &mut expected));
        (0..3).for_each(|_| step(&mut first, 0.1, &mut theta));
        let mut second = Optimizer::new(&rule, false, &[4]);
        second.restore(first.steps(), saved(&first)).unwrap();
        (0..3).for_each(|_| step(&mut second, 0.1, &mut theta));
        assert_eq!(theta.map(f32::to_bits), expected.map(f32::to_bits), "{rule:?}");
        assert_eq!((second.steps(), saved(&second)), (6, saved(&whole)));
    }
}

#[test]
fn restoring_checks_before_it_changes() {
    let mut optimizer = Optimizer::new(&ADAM, false, &[1, 2]);
    let names: Vec<String> = optimizer.state().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["exp_avg.0", "exp_avg_sq.0", "exp_avg.1", "exp_avg_sq.1"]);
    let good = BTreeMap::from([
        ("exp_avg.0".into(), vec![1.0]),
        ("exp_avg_sq.0".into(), vec![2.0]),
        ("exp_avg.1".into(), vec![3.0, 4.0]),
        ("exp_avg_sq.1".into(), vec![5.0, 6.0]),
    ]);
    let before = saved(&optimizer);
    for (name, values, expected) in [
        ("exp_avg.1", None, "the optimizer's `exp_avg.1` is missing"),
        ("exp_avg_sq.1", Some(vec![1.0]), "the optimizer's `exp_avg_sq.1` has 1 values instead of 2"),
        ("sum.0", Some(vec![1.0]), "`sum.0` does not belong to this optimizer"),
    ] {
        let mut bad = good.clone();
        bad.remove(name);
        bad.extend(values.map(|values| (name.to_string(), values)));
        assert_eq!(optimizer.restore(7, bad).unwrap_err(), expected);
        assert_eq!((optimizer.steps(), saved(&optimizer)), (0, before.clone()));
    }
    optimizer.restore(7, good.clone()).unwrap();
    assert_eq!((optimizer.steps(), saved(&optimizer)), (7, good));
}

/// Long slices are shared among threads; every value comes out as if it were alone.
#[test]
fn sharing_the_work_changes_nothing() {
    let count = 2 * super::SHARE + 7;
    let start: Vec<f32> = (0..count).map(|i| START[i % 4]).collect();
    let slope: Vec<f32> = gradient(&START).into_iter().cycle().take(count).collect();
    for rule in DEFAULTS {
        let (mut long, mut short) = (Optimizer::new(&rule, false, &[count]), Optimizer::new(&rule, false, &[4]));
        let (mut many, mut few) = (start.clone(), START);
        for _ in 0..2 {
            long.begin_step(0.1);
            long.update(0, 0.5, &mut many, &Gradient::Whole(slope.clone()));
            short.begin_step(0.1);
            short.update(0, 0.5, &mut few, &Gradient::Whole(slope[..4].to_vec()));
        }
        assert!(many.iter().enumerate().all(|(i, value)| *value == few[i % 4]), "{rule:?}");
    }
}

#[test]
fn the_scale_is_a_scaled_gradient() {
    for rule in DEFAULTS {
        let (mut scaled, mut plain) = (START, START);
        let slope = gradient(&START);
        let half: Vec<f32> = slope.iter().map(|g| g * 0.5).collect();
        for (theta, scale, slope) in [(&mut scaled, 0.5, &slope), (&mut plain, 1.0, &half)] {
            let mut optimizer = Optimizer::new(&rule, false, &[4]);
            optimizer.begin_step(0.1);
            optimizer.update(0, scale, theta, &Gradient::Whole(slope.clone()));
        }
        assert_eq!(scaled, plain, "{rule:?}");
    }
}

/// Steps of a table of five rows, each with a gradient for some of them.
const STEPS: [&[u32]; 7] = [&[1, 2], &[2], &[1, 4], &[4], &[2], &[4], &[1, 2]];

fn rows_of(rows: &[u32], step: usize) -> Gradient {
    let values = rows.iter().flat_map(|row| [0.5 + *row as f32, -2.0 + step as f32]).collect();
    Gradient::Rows { rows: rows.to_vec(), values }
}

/// Rows that are updated only when they are read end as if all rows had been updated at every step.
#[test]
fn rows_that_wait_lose_nothing() {
    for rule in DEFAULTS {
        let (mut whole, mut rows) = (Optimizer::new(&rule, false, &[10]), Optimizer::new(&rule, false, &[10]));
        let (mut expected, mut theta) = ([1.0f32; 10], [1.0f32; 10]);
        for (i, read) in STEPS.iter().enumerate() {
            let (rate, gradient) = (0.1 / (1.0 + i as f64), rows_of(read, i));
            whole.begin_step(rate);
            whole.update(0, 0.7, &mut expected, &Gradient::Whole(gradient.to_whole(10)));
            rows.settle(0, Some(read), &mut theta);
            rows.begin_step(rate);
            rows.update(0, 0.7, &mut theta, &gradient);
            if i == 3 {
                // An epoch ends, and the run is stopped and taken up again.
                rows.settle(0, None, &mut theta);
                rows.all_settled();
                assert_eq!(theta, expected, "{rule:?}");
                let mut resumed = Optimizer::new(&rule, false, &[10]);
                resumed.restore(rows.steps(), saved(&rows)).expect("its own state");
                rows = resumed;
            }
        }
        rows.settle(0, None, &mut theta);
        assert_eq!((theta, saved(&rows)), (expected, saved(&whole)), "{rule:?}");
    }
}

#[test]
fn sparse_rows_stay_where_they_are() {
    let mut optimizer = Optimizer::new(&ADAM, true, &[10]);
    let mut theta = [1.0f32; 10];
    for (i, read) in STEPS.iter().enumerate() {
        let before = theta;
        optimizer.settle(0, Some(read), &mut theta);
        optimizer.begin_step(0.1);
        optimizer.update(0, 1.0, &mut theta, &rows_of(read, i));
        let moved: Vec<u32> = (0..5).filter(|row| theta[2 * *row as usize] != before[2 * *row as usize]).collect();
        assert_eq!(moved, *read);
    }
    let before = theta;
    optimizer.settle(0, None, &mut theta);
    assert_eq!(theta, before);
}
