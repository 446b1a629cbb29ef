"""Writes the numbers that PyTorch computes for every layer of the standard library.

    python tests/reference/layers.py > tests/it/layer_tables.rs

Each case is a snippet. It is executed here after PREAMBLE, and stands in the Rust file as the comment above its numbers.
"""

import textwrap

PREAMBLE = '''
import torch
from torch import nn

torch.set_default_dtype(torch.float64)


def fill(parameter, p):
    """Parameter number p: element i is 0.4 sin(1.7 i + 0.9 p + 0.3), rounded to float32."""
    i = torch.arange(parameter.numel())
    values = 0.4 * torch.sin(1.7 * i + 0.9 * p + 0.3)
    parameter.data = values.float().double().view_as(parameter)


def run(layer, function=None):
    """The results of three texts, each run alone, and the gradients of all parameters."""
    embedding = nn.Embedding(9, 4)
    parameters = [("embedding.weight", embedding.weight), *layer.named_parameters()]
    for p, (_, parameter) in enumerate(parameters):
        fill(parameter, p)
    results, loss = [], 0.0
    for b, length in enumerate([5, 3, 1]):
        ids = torch.tensor([2 + (3 * b + 2 * t) % 7 for t in range(length)])
        result = (function or layer)(embedding(ids))  # [T, 4] -> [T, F] or [F]
        k = torch.arange(result.numel())
        loss = loss + (result.flatten() * torch.cos(0.5 * k + 0.1)).sum()
        results.append(result)
    loss.backward()
    return results, [(name, parameter.grad) for name, parameter in parameters]


class SigmoidRNN(nn.RNN):
    """nn.RNN, which knows tanh and relu, with a sigmoid."""

    def forward(self, x):
        h, states = torch.zeros(self.hidden_size), []
        for t in range(len(x)):
            h = torch.sigmoid(self.weight_ih_l0 @ x[t] + self.bias_ih_l0 + self.weight_hh_l0 @ h + self.bias_hh_l0)
            states.append(h)
        return torch.stack(states), h
'''


def recurrence(constructor):
    return f"layer = {constructor}\nrun(layer, lambda x: layer(x)[0])"


def reversed_recurrence(constructor):
    return f"layer = {constructor}\nrun(layer, lambda x: layer(x.flip(0))[0].flip(0))"


ATTENTION = '''
class Attention(nn.Module):  # Yang et al. 2016
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(3, 4))
        self.bias = nn.Parameter(torch.empty(3))
        self.query = nn.Parameter(torch.empty(3))

    def forward(self, h):
        u = torch.tanh(h @ self.weight.T + self.bias)
        return torch.softmax(u @ self.query, dim=0) @ h

run(Attention())
'''

RECURRENT_CONV = '''
class RecurrentConv(nn.Module):  # Lai et al. 2015
    def __init__(self):
        super().__init__()
        self.left = nn.RNN(4, 2)
        self.right = nn.RNN(4, 2)
        self.dense = nn.Linear(2 + 4 + 2, 3)

    def forward(self, x):
        zero = torch.zeros(1, 2)
        left = torch.cat([zero, self.left(x)[0][:-1]])
        right = torch.cat([self.right(x.flip(0))[0].flip(0)[1:], zero])
        return torch.tanh(self.dense(torch.cat([left, x, right], dim=1)))

run(RecurrentConv())
'''

RECURRENCES = {
    "rnn_tanh": "nn.RNN(4, 3)",
    "rnn_relu": 'nn.RNN(4, 3, nonlinearity="relu")',
    "rnn_sigmoid": "SigmoidRNN(4, 3)",
    "lstm": "nn.LSTM(4, 3)",
    "gru": "nn.GRU(4, 3)",
}

CASES = (
    {name: recurrence(constructor) for name, constructor in RECURRENCES.items()}
    | {f"{name}_reverse": reversed_recurrence(constructor) for name, constructor in RECURRENCES.items()}
    | {
        "lstm_two_layers": recurrence("nn.LSTM(4, 3, num_layers=2)"),
        "birnn": recurrence("nn.RNN(4, 3, bidirectional=True)"),
        "bilstm": recurrence("nn.LSTM(4, 3, bidirectional=True)"),
        "bigru": recurrence("nn.GRU(4, 3, bidirectional=True)"),
        "bilstm_two_layers": recurrence("nn.LSTM(4, 3, num_layers=2, bidirectional=True)"),
        "bilstm_final": """
            layer = nn.LSTM(4, 3, bidirectional=True)
            run(layer, lambda x: torch.cat([layer(x)[0][-1, :3], layer(x)[0][0, 3:]]))
        """,
        "lstm_last": "layer = nn.LSTM(4, 3)\nrun(layer, lambda x: layer(x)[0][-1])",
        "dense": "run(nn.Linear(4, 5))",
        "max_over_time": "run(nn.Identity(), lambda x: x.max(dim=0).values)",
        "mean_over_time": "run(nn.Identity(), lambda x: x.mean(dim=0))",
        "softmax": "run(nn.Softmax(dim=-1))",
        "attention": ATTENTION,
        "recurrent_conv": RECURRENT_CONV,
        "relu": "run(nn.ReLU())",
        "sigmoid": "run(nn.Sigmoid())",
        "tanh": "run(nn.Tanh())",
        "rnn_relu_two_layers": recurrence('nn.RNN(4, 3, num_layers=2, nonlinearity="relu")'),
        "lstm_three_layers": recurrence("nn.LSTM(4, 3, num_layers=3)"),
        "gru_two_layers": recurrence("nn.GRU(4, 3, num_layers=2)"),
        "gru_two_layers_reverse": reversed_recurrence("nn.GRU(4, 3, num_layers=2)"),
        "birnn_two_layers": recurrence("nn.RNN(4, 3, num_layers=2, bidirectional=True)"),
        "bigru_two_layers": recurrence("nn.GRU(4, 3, num_layers=2, bidirectional=True)"),
        "gru_reverse_final": "layer = nn.GRU(4, 3)\nrun(layer, lambda x: layer(x.flip(0))[0][-1])",
        "first": "run(nn.Identity(), lambda x: x[0])",
        "sum_over_time": "run(nn.Identity(), lambda x: x.sum(dim=0))",
        "shift": "run(nn.Identity(), lambda x: torch.cat([torch.zeros(2, 4), x])[: len(x)])",
        "shift_back": "run(nn.Identity(), lambda x: torch.cat([x, torch.zeros(1, 4)])[1:])",
        "concat": "run(nn.Identity(), lambda x: torch.cat([torch.tanh(x), x, torch.sigmoid(x)], dim=1))",
        "weighted_sum_of_mean": "run(nn.Identity(), lambda x: x.mean(dim=1) @ x)",
        "weighted_sum_of_sum": "run(nn.Identity(), lambda x: x.sum(dim=1) @ x)",
        "weighted_sum_of_max": "run(nn.Identity(), lambda x: x.max(dim=1).values @ x)",
        "softmax_over_time": "run(nn.Identity(), lambda x: torch.softmax(x.sum(dim=1), dim=0) @ x)",
        "exp": "run(nn.Identity(), torch.exp)",
        "abs": "run(nn.Identity(), torch.abs)",
        "log": "run(nn.Identity(), lambda x: torch.log(torch.sigmoid(x)))",
        "sqrt": "run(nn.Identity(), lambda x: torch.sqrt(torch.sigmoid(x)))",
    }
)

HEADER = """
//! What PyTorch {version} computes for the layers of the standard library: results and gradients, in float64.
//!
//! Made by `tests/reference/layers.py`; not edited by hand, and no test stands here. The snippet above a case made its
//! numbers, after this preamble:
//!
//! ```python
{preamble}
//! ```

/// One layer after an embedding of 9 × 4, hidden size 3 unless the snippet says otherwise.
pub struct Case {{
    pub name: &'static str,
    /// Of each of the three texts (5, 3 and 1 tokens), row-major: `[T, F]`, or `[F]` where time was reduced.
    pub results: &'static [&'static [f64]],
    /// Of each parameter in the order of their numbers p, the embedding's first.
    pub gradients: &'static [Gradient],
}}

/// The gradient of the loss, which is the sum over all results of `result[k] * cos(0.5 k + 0.1)`, k counted within a text.
pub struct Gradient {{
    /// PyTorch's name of the parameter.
    pub name: &'static str,
    pub sum: f64,
    /// The Euclidean norm.
    pub norm: f64,
    /// The first elements, row-major: 14 of the embedding (tokens 0 and 1 do not occur), else up to six.
    pub first: &'static [f64],
}}

/// Keeps a row of the tables to one line.
pub const fn gradient(name: &'static str, sum: f64, norm: f64, first: &'static [f64]) -> Gradient {{
    Gradient {{ name, sum, norm, first }}
}}
"""


def execute(snippet):
    """The value of the snippet's last line, which is a call of `run`."""
    *body, last = snippet.splitlines()
    scope = {}
    exec(PREAMBLE + "\n".join(body), scope)
    return eval(last, scope)


def numbers(values):
    return ", ".join(f"{value:.8f}" for value in values)


def wrap(text):
    return "\n              ".join(textwrap.wrap(text, 104))


def comment(text, mark):
    return "\n".join(f"{mark} {line}".rstrip() for line in text.strip().splitlines())


def show(name, snippet):
    results, gradients = execute(snippet)
    yield comment(snippet, "    //")
    yield f'    Case {{\n        name: "{name}",\n        results: &['
    for result in results:
        yield f"            &[{wrap(numbers(result.flatten().tolist()))}],"
    yield "        ],\n        gradients: &["
    for parameter, gradient in gradients:
        # Tokens 0 and 1 do not occur, so the embedding's gradient begins with eight zeros.
        count = 14 if parameter == "embedding.weight" else 6
        first = numbers(gradient.flatten()[:count].tolist())
        yield f'            gradient("{parameter}", {numbers([gradient.sum(), gradient.norm()])}, &[{wrap(first)}]),'
    yield "        ],\n    },"


def table(header, preamble, cases):
    """Prints a Rust file of what these snippets give, after its own part of the preamble."""
    import torch

    print(header.strip().format(version=torch.__version__.split("+")[0], preamble=comment(preamble, "//!")))
    print("\n#[rustfmt::skip]\npub const CASES: &[Case] = &[")
    for name, snippet in cases.items():
        print("\n".join(show(name, textwrap.dedent(snippet).strip())))
    print("];")


def main():
    table(HEADER, PREAMBLE, CASES)


if __name__ == "__main__":
    main()
