"""Writes the numbers that PyTorch computes for the cells of `models/cells`.

    python tests/reference/cells.py > tests/it/cell_tables.rs

Each case is one step of a cell as a function of PyTorch, read over a text by `Scan`.
"""


import layers

SCAN = '''

class Scan(nn.Module):
    """A cell of width 3 over a text: parameters of these shapes, states that start at zero, the first of them shown."""

    def __init__(self, step, states, **shapes):
        super().__init__()
        self.step, self.count = step, states
        for name, shape in shapes.items():
            self.register_parameter(name, nn.Parameter(torch.empty(shape)))

    def forward(self, x):
        states, shown = (torch.zeros(3),) * self.count, []
        for row in x:
            states = self.step(self, row, *states)
            shown.append(states[0])
        return torch.stack(shown)
'''

CASES = {
    "peephole": """
        def step(p, x, h, c):
            i, f, g, o = (p.weight_ih @ x + p.weight_hh @ h + p.bias).chunk(4)
            new = torch.sigmoid(f + p.peep_f * c) * c + torch.sigmoid(i + p.peep_i * c) * torch.tanh(g)
            return torch.sigmoid(o + p.peep_o * new) * torch.tanh(new), new

        run(Scan(step, 2, weight_ih=(12, 4), weight_hh=(12, 3), bias=12, peep_f=3, peep_i=3, peep_o=3))
    """,
    "coupled": """
        def step(p, x, h, c):
            f, g, o = (p.weight_ih @ x + p.weight_hh @ h + p.bias).chunk(3)
            c = torch.sigmoid(f) * c + (1 - torch.sigmoid(f)) * torch.tanh(g)
            return torch.sigmoid(o) * torch.tanh(c), c

        run(Scan(step, 2, weight_ih=(9, 4), weight_hh=(9, 3), bias=9))
    """,
    "gru_cho": """
        def step(p, x, h):
            xr, xz, xn = (p.weight_ih @ x + p.bias).chunk(3)
            hr, hz = (p.weight_rz @ h).chunk(2)
            z, n = torch.sigmoid(xz + hz), torch.tanh(xn + p.weight_n @ (torch.sigmoid(xr + hr) * h))
            return (z * h + (1 - z) * n,)

        run(Scan(step, 1, weight_ih=(9, 4), bias=9, weight_rz=(6, 3), weight_n=(3, 3)))
    """,
    "gru_cudnn": """
        def step(p, x, h):  # nn.GRU's, the two biases of each gate joined
            weights = p.weight_ih, p.weight_hh, p.bias, torch.cat([torch.zeros(6), p.bias_n])
            return (torch.gru_cell(x[None], h[None], *weights)[0],)

        run(Scan(step, 1, weight_ih=(9, 4), bias=9, weight_hh=(9, 3), bias_n=3))
    """,
    "minimal_gated": """
        def step(p, x, h):
            xf, xn = (p.weight_ih @ x + p.bias).chunk(2)
            f = torch.sigmoid(xf + p.weight_f @ h)
            return ((1 - f) * h + f * torch.tanh(xn + p.weight_n @ (f * h)),)

        run(Scan(step, 1, weight_ih=(6, 4), bias=6, weight_f=(3, 3), weight_n=(3, 3)))
    """,
    "sru": """
        def step(p, x, _, c):
            n, f, r, carried = (p.weight @ x).chunk(4)
            f, r = torch.sigmoid(f + p.v_f * c + p.bias_f), torch.sigmoid(r + p.v_r * c + p.bias_r)
            c = f * c + (1 - f) * n
            return r * c + (1 - r) * carried, c

        run(Scan(step, 2, weight=(12, 4), v_f=3, bias_f=3, v_r=3, bias_r=3))
    """,
    "indrnn": """
        def step(p, x, h):
            return (torch.relu(p.weight @ x + p.recurrent * h + p.bias),)

        run(Scan(step, 1, weight=(3, 4), recurrent=3, bias=3))
    """,
    "layer_norm_lstm": """
        def normed(x, gain, offset):
            return nn.functional.layer_norm(x, x.shape, gain, offset)

        def step(p, x, h, c):
            a = normed(p.weight_ih @ x, p.gain_x, p.offset_x) + normed(p.weight_hh @ h, p.gain_h, p.offset_h)
            i, f, g, o = (a + p.bias).chunk(4)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            return torch.sigmoid(o) * torch.tanh(normed(c, p.gain_c, p.offset_c)), c

        norms = dict(gain_x=12, offset_x=12, gain_h=12, offset_h=12, gain_c=3, offset_c=3)
        run(Scan(step, 2, weight_ih=(12, 4), weight_hh=(12, 3), bias=12, **norms))
    """,
    "recurrent_highway": """
        def step(p, x, s):
            for weight, bias, given in [(p.weight_0, p.bias_0, p.weight_ih @ x), (p.weight_1, p.bias_1, 0)]:
                n, t = (weight @ s + bias + given).chunk(2)
                s = torch.sigmoid(t) * torch.tanh(n) + (1 - torch.sigmoid(t)) * s
            return (s,)

        run(Scan(step, 1, weight_ih=(6, 4), weight_0=(6, 3), bias_0=6, weight_1=(6, 3), bias_1=6))
    """,
    "mingru": """
        def step(p, x, h):
            z, n = (p.weight @ x + p.bias).chunk(2)
            return ((1 - torch.sigmoid(z)) * h + torch.sigmoid(z) * n,)

        run(Scan(step, 1, weight=(6, 4), bias=6))
    """,
}

HEADER = """
//! What PyTorch {version} computes for the cells of `models/cells`: results and gradients, in float64.
//!
//! Made by `tests/reference/cells.py`; not edited by hand, and no test stands here. The snippet above a case made its
//! numbers, after the preamble of `layer_tables.rs` and this:
//!
//! ```python
{preamble}
//! ```

use crate::layer_tables::{{Case, gradient}};
"""


def main():
    import torch

    torch.set_num_threads(1)
    layers.PREAMBLE += SCAN
    layers.table(HEADER, SCAN, CASES)


if __name__ == "__main__":
    main()
