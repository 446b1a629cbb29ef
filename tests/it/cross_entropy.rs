//! A whole classifier under its loss, with class weights and label smoothing, against PyTorch.

use rnnc::lower::{Mode, cross_entropy};

use crate::network::{assert_close, classifier, forward, model, network, numbers, sizes};

/// Ours after PyTorch's order, which is the order of the numbers p of the weights.
const PARAMETERS: [&str; 11] = [
    "embedding.weight",
    "bigru.weight_ih_l0",
    "bigru.weight_hh_l0",
    "bigru.bias_ih_l0",
    "bigru.bias_hh_l0",
    "bigru.weight_ih_l0_reverse",
    "bigru.weight_hh_l0_reverse",
    "bigru.bias_ih_l0_reverse",
    "bigru.bias_hh_l0_reverse",
    "dense.weight",
    "dense.bias",
];

/// ```python
/// import torch
/// from torch import nn
/// torch.set_default_dtype(torch.float64)
/// def fill(parameter, p):
///     i = torch.arange(parameter.numel())
///     parameter.data = (0.4 * torch.sin(1.7 * i + 0.9 * p + 0.3)).float().double().view_as(parameter)
/// texts, labels = [[2, 4, 6, 8, 3], [5, 7, 2], [8]], torch.tensor([2, 0, 1])
/// for smoothing in [0.0, 0.1]:
///     for weight in [None, torch.tensor([0.5, 1.0, 2.0])]:
///         embedding, gru, dense = nn.Embedding(9, 4), nn.GRU(4, 3, bidirectional=True), nn.Linear(6, 3)
///         modules = nn.ModuleList([embedding, gru, dense])
///         for p, parameter in enumerate(modules.parameters()):
///             fill(parameter, p)
///         def logits(text):
///             y = gru(embedding(torch.tensor(text)))[0]
///             return dense(torch.cat([y[-1, :3], y[0, 3:]]))
///         scores = torch.stack([logits(text) for text in texts])
///         loss = nn.functional.cross_entropy(scores, labels, weight=weight, label_smoothing=smoothing)
///         loss.backward()
///         print([loss.item(), *(p.grad.norm().item() for p in modules.parameters())])
/// print(scores.tolist())
/// ```
#[test]
fn loss_and_gradients_are_those_of_pytorch() {
    let scores = [
        0.17766144,
        -0.10364050,
        -0.49794006,
        0.05355497,
        -0.05594759,
        -0.44196441,
        -0.14001687,
        -0.05833511,
        -0.24498192,
    ];
    type Case<'a> = (Option<&'a [f32]>, f64, [f64; 12]);
    #[rustfmt::skip]
    let cases: [Case; 4] = [
        (None, 0.0, [1.14105219, 0.07822214, 0.08829864, 0.05749254, 0.11105038, 0.06844168, 0.08816048, 0.04748859,
            0.09074285, 0.05892503, 0.24394440, 0.09832877]),
        (Some(&[0.5, 1.0, 2.0]), 0.0, [1.27328169, 0.07621810, 0.09989474, 0.09313358, 0.21013742, 0.12421500,
            0.09932444, 0.06595534, 0.15512135, 0.09784783, 0.49964855, 0.41964765]),
        (None, 0.1, [1.13886829, 0.07030752, 0.07968356, 0.05241095, 0.10227326, 0.06273617, 0.07934613, 0.04313409,
            0.08305776, 0.05383705, 0.22466292, 0.09832877]),
        (Some(&[0.5, 1.0, 2.0]), 0.1, [1.26751184, 0.06992771, 0.09188811, 0.08720679, 0.20240412, 0.11917787,
            0.09037034, 0.06152584, 0.14858090, 0.09369797, 0.48070065, 0.41836017]),
    ];
    let model = model(&classifier("", "bigru(3) |> final"));
    let number = |name: &str| PARAMETERS.iter().position(|ours| *ours == name).expect("a parameter of the table");
    let numbers_of: Vec<usize> = model.graph.parameters.iter().map(|parameter| number(&parameter.name)).collect();
    let weight = |p: usize, i: usize| (0.4 * (1.7 * i as f64 + 0.9 * numbers_of[p] as f64 + 0.3).sin()) as f32;
    let network = network(&model.graph, &sizes(9, 3), weight);
    let texts = [vec![2, 4, 6, 8, 3], vec![5, 7, 2], vec![8]];
    for (class_weights, smoothing, expected) in cases {
        let logits = forward(&network, model.logits, &texts, Mode::Train { seed: 1, step: 0 });
        let values: Vec<f64> = numbers(&logits).into_iter().map(f64::from).collect();
        assert_close("scores", &values, &scores, 1e-6);
        let loss = cross_entropy(&logits, &[2, 0, 1], class_weights, smoothing).expect("three labels");
        let what = format!("weights {class_weights:?}, smoothing {smoothing}");
        assert_close(&what, &[f64::from(loss.to_scalar::<f32>().unwrap())], &expected[..1], 1e-6);
        let gradients = network.gradients(&loss).expect("every parameter is used");
        for (p, gradient) in numbers_of.iter().zip(&gradients) {
            let square: f64 =
                gradient.iter().flat_map(|gradient| gradient.values()).map(|g| f64::from(*g).powi(2)).sum();
            assert_close(&format!("{what}: {}", PARAMETERS[*p]), &[square.sqrt()], &expected[1 + p..2 + p], 1e-6);
        }
    }
}
