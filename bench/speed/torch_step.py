"""Times one recurrent layer in PyTorch: forward alone, or forward and backward with the gradients of input and weights.

    python torch_step.py --cell lstm --directions 2 --batch 64 --steps 64 --input 128 --hidden 128 --threads 2

Prints one JSON object with the median milliseconds. `lstm`, `gru` and `rnn` are PyTorch's own layers. `peephole` is an
LSTM whose gates also see the cell state, which PyTorch does not have: a loop in Python over the steps, written in the
ways people write it. `unbind` takes the input apart first, its part of the gates computed before the loop or in it,
whichever is faster (`unbind_hoisted`, `unbind_per_step`); `index` reads `x[:, t]` in every step.
"""

import argparse
import json
import statistics
import time

import torch
from torch import nn


class PeepholeCell(nn.Module):
    """One direction of one layer (Gers & Schmidhuber 2000): peepholes of the input, forget and output gate."""

    def __init__(self, input_size, hidden_size):
        super().__init__()
        bound = hidden_size**-0.5
        new = lambda *shape: nn.Parameter(torch.empty(*shape).uniform_(-bound, bound))
        self.weight_ih, self.weight_hh = new(4 * hidden_size, input_size), new(4 * hidden_size, hidden_size)
        self.bias_ih, self.bias_hh = new(4 * hidden_size), new(4 * hidden_size)
        self.peep_i, self.peep_f, self.peep_o = new(hidden_size), new(hidden_size), new(hidden_size)

    def project(self, x):
        return nn.functional.linear(x, self.weight_ih, self.bias_ih)

    def step(self, gates, h, c):
        gates = gates + nn.functional.linear(h, self.weight_hh, self.bias_hh)
        i, f, g, o = gates.chunk(4, dim=1)
        i, f = torch.sigmoid(i + self.peep_i * c), torch.sigmoid(f + self.peep_f * c)
        c = f * c + i * torch.tanh(g)
        return torch.sigmoid(o + self.peep_o * c) * torch.tanh(c), c

    def forward(self, x, style, reverse):
        """`x: [B, T, I]` to `[B, T, H]`."""
        batch, steps, _ = x.shape
        h = c = x.new_zeros(batch, self.weight_hh.shape[1])
        order = range(steps - 1, -1, -1) if reverse else range(steps)
        if style == "unbind_hoisted":
            inputs, prepare = self.project(x).unbind(1), lambda gates: gates
        elif style == "unbind_per_step":
            inputs, prepare = x.unbind(1), self.project
        outputs = []
        for t in order:
            gates = self.project(x[:, t]) if style == "index" else prepare(inputs[t])
            h, c = self.step(gates, h, c)
            outputs.append(h)
        return torch.stack(outputs[::-1] if reverse else outputs, dim=1)


class Peephole(nn.Module):
    """A stack of peephole layers in one or two directions."""

    def __init__(self, input_size, hidden_size, layers, directions, style):
        super().__init__()
        self.style, self.directions = style, directions
        widths = [input_size] + [directions * hidden_size] * (layers - 1)
        self.cells = nn.ModuleList(PeepholeCell(width, hidden_size) for width in widths for _ in range(directions))

    def forward(self, x):
        for layer in range(0, len(self.cells), self.directions):
            cells = self.cells[layer : layer + self.directions]
            x = torch.cat([cell(x, self.style, bool(reverse)) for reverse, cell in enumerate(cells)], dim=2)
        return x


STYLES = ["unbind_hoisted", "unbind_per_step", "index"]


def build(arguments, style):
    """The layer as a function of its input, and its parameters."""
    a = arguments
    if a.cell == "peephole":
        model = Peephole(a.input, a.hidden, a.layers, a.directions, style)
        return model, list(model.parameters())
    layer = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}[a.cell]
    model = layer(a.input, a.hidden, num_layers=a.layers, bidirectional=a.directions == 2)
    return (lambda x: model(x)[0]), list(model.parameters())


def median_ms(arguments, style, training):
    """Of as many repetitions as asked for, or as fit into the time allowed, and at least three."""
    run, parameters = build(arguments, style)
    leading = [arguments.steps, arguments.batch]  # what PyTorch's own layers compute in: nothing is transposed
    if arguments.cell == "peephole":
        leading.reverse()
    x = torch.randn(*leading, arguments.input, requires_grad=training)
    upstream = torch.randn(*leading, arguments.directions * arguments.hidden)

    def step():
        if not training:
            with torch.no_grad():
                return run(x)
        return torch.autograd.grad(run(x), [x, *parameters], grad_outputs=upstream)

    for _ in range(2):
        step()
    times, started = [], time.perf_counter()
    while len(times) < arguments.repeat:
        begin = time.perf_counter()
        step()
        now = time.perf_counter()
        times.append(1e3 * (now - begin))
        if len(times) >= 3 and now - started > arguments.seconds:
            break
    return statistics.median(times)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cell", choices=["lstm", "gru", "rnn", "peephole"], required=True)
    parser.add_argument("--directions", type=int, choices=[1, 2], default=1)
    parser.add_argument("--layers", type=int, default=1)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--steps", type=int, default=64)
    parser.add_argument("--input", type=int, default=128)
    parser.add_argument("--hidden", type=int, default=128)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--mode", choices=["forward", "training"], help="one of the two; both if left out")
    parser.add_argument("--repeat", type=int, default=20, help="repetitions the median is of")
    parser.add_argument("--seconds", type=float, default=20, help="stop repeating after this long")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(1)

    result = {"torch": torch.__version__, **vars(arguments), "ms": {}}
    for mode in [arguments.mode] if arguments.mode else ["forward", "training"]:
        styles = STYLES if arguments.cell == "peephole" else ["layer"]
        times = {style: round(median_ms(arguments, style, mode == "training"), 4) for style in styles}
        if arguments.cell == "peephole":
            times["unbind"] = min(times["unbind_hoisted"], times["unbind_per_step"])
        result["ms"][mode] = times
    print(json.dumps(result))


if __name__ == "__main__":
    main()
