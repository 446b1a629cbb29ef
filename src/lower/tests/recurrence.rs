//! Scans: PyTorch's cells against PyTorch's numbers, uncommon cells against the interpreter, long sequences.

use super::super::Gradient;
use super::*;
use crate::ir::{BinaryOp, CellId, Op, Reduction, UnaryOp};
use crate::passes::builder::{CellBuilder, narrow};

use BinaryOp::{Add, Divide, Multiply, Subtract};

fn binary(c: &mut CellBuilder, op: BinaryOp, a: NodeId, b: NodeId) -> NodeId {
    c.node(Op::Binary(op), &[a, b])
}

fn tanh(c: &mut CellBuilder, x: NodeId) -> NodeId {
    c.node(Op::Unary(UnaryOp::Tanh), &[x])
}

fn sigmoid(c: &mut CellBuilder, x: NodeId) -> NodeId {
    c.node(Op::Unary(UnaryOp::Sigmoid), &[x])
}

/// `weight_ih @ x`, `weight_hh @ h`, `bias_ih`, `bias_hh`: the parameters in PyTorch's order.
fn gates(c: &mut CellBuilder, input: usize, hidden: usize, gates: usize) -> [NodeId; 4] {
    let weight_ih = c.parameter(&[gates * hidden, input]);
    let weight_hh = c.parameter(&[gates * hidden, hidden]);
    let (bias_ih, bias_hh) = (c.parameter(&[gates * hidden]), c.parameter(&[gates * hidden]));
    let (x, h) = (c.x(), c.state(0));
    [c.node(Op::Product, &[weight_ih, x]), c.node(Op::Product, &[weight_hh, h]), bias_ih, bias_hh]
}

fn rnn(b: &mut Builder, input: usize, hidden: usize) -> CellId {
    b.cell(input, &[hidden], |c| {
        let [x, h, bias_ih, bias_hh] = gates(c, input, hidden, 1);
        let sum = [bias_ih, h, bias_hh].into_iter().fold(x, |sum, term| binary(c, Add, sum, term));
        vec![tanh(c, sum)]
    })
}

fn lstm(b: &mut Builder, input: usize, hidden: usize) -> CellId {
    b.cell(input, &[hidden, hidden], |c| {
        let [x, h, bias_ih, bias_hh] = gates(c, input, hidden, 4);
        let sum = [bias_ih, h, bias_hh].into_iter().fold(x, |sum, term| binary(c, Add, sum, term));
        let [i, f, g, o] = [0, 1, 2, 3].map(|gate| c.node(narrow(gate * hidden, hidden), &[sum]));
        let [i, f, o] = [i, f, o].map(|gate| sigmoid(c, gate));
        let g = tanh(c, g);
        let (kept, new) = (binary(c, Multiply, f, c.state(1)), binary(c, Multiply, i, g));
        let memory = binary(c, Add, kept, new);
        let squashed = tanh(c, memory);
        vec![binary(c, Multiply, o, squashed), memory]
    })
}

fn gru(b: &mut Builder, input: usize, hidden: usize) -> CellId {
    b.cell(input, &[hidden], |c| {
        let [x, h, bias_ih, bias_hh] = gates(c, input, hidden, 3);
        let (x, h) = (binary(c, Add, x, bias_ih), binary(c, Add, h, bias_hh));
        let part = |c: &mut CellBuilder, of, gate| c.node(narrow(gate * hidden, hidden), &[of]);
        let [r, z] = [0, 1].map(|gate| {
            let (x, h) = (part(c, x, gate), part(c, h, gate));
            let sum = binary(c, Add, x, h);
            sigmoid(c, sum)
        });
        let (x, h) = (part(c, x, 2), part(c, h, 2));
        let reset = binary(c, Multiply, r, h);
        let sum = binary(c, Add, x, reset);
        let n = tanh(c, sum);
        let one = c.node(Op::Constant(1.0), &[]);
        let keep = binary(c, Subtract, one, z);
        let (new, old) = (binary(c, Multiply, keep, n), binary(c, Multiply, z, c.state(0)));
        vec![binary(c, Add, new, old)]
    })
}

type MakeCell = fn(&mut Builder, usize, usize) -> CellId;

/// Values that the snippet below repeats.
fn wave(parameter: usize, count: usize) -> Vec<f32> {
    (0..count).map(|k| (0.7 * k as f64 + parameter as f64).sin() as f32).collect()
}

/// ```python
/// import torch
/// from torch.nn.utils.rnn import pad_sequence, pack_padded_sequence, pad_packed_sequence
/// wave = lambda p, *shape: torch.sin(0.7 * torch.arange(torch.Size(shape).numel(), dtype=torch.float64) + p).float().view(shape)
/// table, texts = wave(0, 7, 2), [[1, 2, 3, 4], [5], [6, 1, 6], [3, 3]]
/// x = pad_sequence([table[torch.tensor(t)] for t in texts])
/// for cls in [torch.nn.RNN, torch.nn.LSTM, torch.nn.GRU]:
///     m = cls(2, 2, bidirectional=True)
///     with torch.no_grad():
///         for p, v in enumerate(m.parameters()): v.copy_(wave(1 + p, *v.shape))
///     y, _ = pad_packed_sequence(m(pack_padded_sequence(x, [len(t) for t in texts], enforce_sorted=False))[0])
///     loss = sum(y[:len(t), b].sum() for b, t in enumerate(texts)); loss.backward()
///     print(cls.__name__, y[:3, 2].flatten().tolist(), [round(p.grad.sum().item(), 5) for p in m.parameters()])
/// ```
#[test]
fn cells_of_pytorch_give_its_numbers() {
    type Case = (MakeCell, [f32; 12], [f32; 8]);
    let cases: [Case; 3] = [
        (
            rnn,
            [
                0.396826, -0.734873, 0.733552, 0.997471, 0.806286, -0.316999, 0.426715, 0.999083, 0.768867, -0.709356,
                0.572428, 0.962832,
            ],
            [7.03023, -1.51966, 7.79325, 7.79325, 4.30708, 3.80658, 4.48119, 4.48119],
        ),
        (
            lstm,
            [
                0.247889, 0.159121, -0.229919, -0.658246, 0.434083, 0.112602, -0.361774, -0.627215, 0.397182, 0.138374,
                -0.230651, -0.42386,
            ],
            [3.74885, 1.13977, 4.52209, 4.52209, -2.89288, 1.07222, -2.82452, -2.82452],
        ),
        (
            gru,
            [
                0.329535, 0.801063, -0.278221, -0.833953, 0.943712, 0.936169, -0.18138, -0.751005, 0.961624, 0.895567,
                -0.116988, -0.547127,
            ],
            [-1.64061, 2.88785, 9.35559, 5.01967, -2.39458, -1.16407, 5.51779, 5.08904],
        ),
    ];
    for (make, expected, expected_gradients) in cases {
        let mut b = Builder::new(0);
        let x = b.embedding(VOCABULARY, 2);
        let both = [false, true].map(|reverse| {
            let cell = make(&mut b, 2, 2);
            b.scan(cell, reverse, x)
        });
        let output = b.node(Op::Concat, &both);
        b.values = b.values.iter().enumerate().map(|(p, values)| wave(p, values.len())).collect();
        let network = network(&b);
        let (result, examples) = results(&network, &b, output, &texts(), Mode::Train { seed: 1, step: 0 });
        assert_close(&examples[2], &expected, 1e-5);

        // A sum over the true places only.
        let mut ones = vec![0f32; result.elem_count()];
        places(&b, output, &texts()).concat().into_iter().for_each(|place| ones[place] = 1.0);
        let ones = Tensor::from_vec(ones, result.shape(), &Device::Cpu).unwrap();
        let gradients = network.gradients(&(result * ones).unwrap().sum_all().unwrap()).unwrap();
        let sums: Vec<f32> = gradients[1..].iter().flatten().map(|gradient| gradient.values().iter().sum()).collect();
        assert_close(&sums, &expected_gradients, 5e-5);
    }
}

fn assert_close(values: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(values.len(), expected.len());
    let close = values.iter().zip(expected).all(|(value, expected)| (value - expected).abs() <= tolerance);
    assert!(close, "{values:?} is not {expected:?}");
}

#[test]
fn cells_of_pytorch_have_the_right_gradients() {
    for make in [rnn as MakeCell, lstm, gru] {
        for reverse in [false, true] {
            let mut b = Builder::new(5);
            let x = b.embedding(VOCABULARY, 3);
            let cell = make(&mut b, 3, 2);
            let output = b.scan(cell, reverse, x);
            check(&b, output);
        }
    }
}

/// `check` of one cell in both directions.
fn check_cell(states: &[usize], equations: impl Fn(&mut CellBuilder) -> Vec<NodeId>) {
    for reverse in [false, true] {
        let mut b = Builder::new(7);
        let x = b.embedding(VOCABULARY, 3);
        let cell = b.cell(3, states, &equations);
        let output = b.scan(cell, reverse, x);
        check(&b, output);
    }
}

#[test]
fn cells_that_are_unlike_the_common_ones() {
    // Two products in sequence, states of different widths.
    check_cell(&[2, 4], |c| {
        let hidden = c.dense(c.state(1), 4, 5);
        let input = c.dense(c.x(), 3, 5);
        let sum = binary(c, Add, hidden, input);
        let inner = tanh(c, sum);
        let next = c.dense(inner, 5, 4);
        let out = c.dense(inner, 5, 2);
        let out = tanh(c, out);
        vec![out, next]
    });
    // Layer norm (Ba et al. 2016) of the sum: a scalar of the example meets its features.
    check_cell(&[3], |c| {
        let (input, hidden) = (c.dense(c.x(), 3, 3), c.dense(c.state(0), 3, 3));
        let sum = binary(c, Add, input, hidden);
        let mean = c.node(Op::ReduceFeatures(Reduction::Mean), &[sum]);
        let centred = binary(c, Subtract, sum, mean);
        let square = binary(c, Multiply, centred, centred);
        let variance = c.node(Op::ReduceFeatures(Reduction::Mean), &[square]);
        let eps = c.node(Op::Constant(0.1), &[]);
        let variance = binary(c, Add, variance, eps);
        let deviation = c.node(Op::Unary(UnaryOp::Sqrt), &[variance]);
        let normal = binary(c, Divide, centred, deviation);
        let gain = c.parameter(&[3]);
        let scaled = binary(c, Multiply, gain, normal);
        vec![tanh(c, scaled)]
    });
    // A scalar and a slice of the input alone, a softmax, the input itself, a constant.
    check_cell(&[3], |c| {
        let x = c.x();
        let total = c.node(Op::ReduceFeatures(Reduction::Sum), &[x]);
        let weights = c.node(Op::Softmax, &[c.state(0)]);
        let mixed = binary(c, Multiply, weights, x);
        let head = c.node(narrow(1, 2), &[x]);
        let squashed = sigmoid(c, head);
        let tail = c.node(narrow(0, 1), &[x]);
        let joined = c.node(Op::Concat, &[squashed, tail]);
        let sum = binary(c, Add, mixed, total);
        let half = c.node(Op::Constant(0.5), &[]);
        let sum = binary(c, Multiply, half, sum);
        vec![binary(c, Add, sum, joined)]
    });
}

#[test]
fn cells_that_use_little() {
    // No parameters at all.
    check_cell(&[3], |c| {
        let sum = binary(c, Add, c.x(), c.state(0));
        vec![tanh(c, sum)]
    });
    // No state: everything is hoisted.
    check_cell(&[2], |c| {
        let sum = c.dense(c.x(), 3, 2);
        vec![tanh(c, sum)]
    });
    // A parameter worked on before it is used, a memory that never sees the input.
    check_cell(&[3, 3], |c| {
        let decay = c.parameter(&[3]);
        let decay = sigmoid(c, decay);
        let faded = binary(c, Multiply, decay, c.state(1));
        let one = c.node(Op::Constant(1.0), &[]);
        let memory = binary(c, Add, faded, one);
        vec![binary(c, Multiply, memory, c.x()), memory]
    });
}

#[test]
fn a_state_that_is_one_value_for_all_examples() {
    let mut b = Builder::new(7);
    let x = b.embedding(VOCABULARY, 3);
    let cell = b.cell(3, &[2], |c| vec![c.parameter(&[2])]);
    let output = b.scan(cell, false, x);
    let network = network(&b);
    let result = results(&network, &b, output, &texts(), Mode::Train { seed: 1, step: 0 }).1;
    assert_eq!(result[1], b.values[1]);
}

#[test]
fn dropout_inside_a_cell_differs_from_step_to_step() {
    let mut b = Builder::new(7);
    let x = b.embedding(VOCABULARY, 8);
    let cell = b.cell(8, &[8], |c| {
        let sum = binary(c, Add, c.x(), c.state(0));
        vec![c.node(Op::Dropout { rate: 0.5 }, &[sum])]
    });
    let output = b.scan(cell, false, x);
    let text = [vec![1, 1, 1, 1, 1, 1]];
    let result = results(&network(&b), &b, output, &text, Mode::Train { seed: 1, step: 0 }).1.concat();
    let masks: std::collections::BTreeSet<Vec<bool>> =
        result.chunks(8).map(|step| step.iter().map(|h| *h == 0.0).collect()).collect();
    assert!(masks.len() > 3);
}

#[test]
fn two_thousand_steps_go_backward_on_a_small_stack() {
    let mut b = Builder::new(2);
    let x = b.embedding(VOCABULARY, 2);
    let cell = lstm(&mut b, 2, 2);
    let hidden = b.scan(cell, false, x);
    let output = b.node(Op::Last, &[hidden]);
    let text: Vec<u32> = (0..2000).map(|t| t % VOCABULARY as u32).collect();
    let run = || {
        let network = network(&b);
        let result = network.forward(&[output], &tokens(&[text]), Mode::Train { seed: 1, step: 0 }).unwrap().remove(0);
        let gradients = network.gradients(&result.sum_all().unwrap()).unwrap();
        assert!(gradients.iter().flatten().flat_map(Gradient::values).all(|gradient| gradient.is_finite()));
    };
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(2 << 20).spawn_scoped(scope, run);
        thread.expect("a thread").join().expect("no overflow");
    });
}
