"""Writes the numbers that PyTorch computes for the tree cells of the standard library.

    python tests/reference/trees.py > tests/it/tree_tables.rs

Each case is what a node computes from its input and its children, as a function of PyTorch, taken up trees by `Fold`.
"""


import layers

FOLD = '''

class Fold(nn.Module):
    """A cell over trees, whose nodes stand before their children: parameters of these shapes, the first state shown."""

    def __init__(self, step, parents, **shapes):
        super().__init__()
        self.step, self.parents = step, parents
        for name, shape in shapes.items():
            self.register_parameter(name, nn.Parameter(torch.empty(shape)))

    def forward(self, x):
        states = [None] * len(x)
        for n in reversed(range(len(x))):
            children = [states[c] for c in range(n + 1, len(x)) if self.parents[c] == n]
            states[n] = self.step(self, x[n], children)
        return torch.stack([state[0] for state in states])


BINARY = [0, 0, 0, 2, 2]  # (0 1 (2 3 4)), (0 1 2) and a leaf, by the number of nodes
WIDE = [0, 0, 0, 0, 3]  # (0 1 2 (3 4)), (0 1 2) and a leaf
'''

CASES = {
    "recursive_net": """
        def step(p, x, children):
            if not children:
                return (x,)
            (left,), (right,) = children
            return (torch.tanh(p.weight @ torch.cat([left, right]) + p.bias),)

        run(Fold(step, BINARY, weight=(4, 8), bias=4))
    """,
    "rntn": """
        def step(p, x, children):
            if not children:
                return (x,)
            both = torch.cat([children[0][0], children[1][0]])
            return (torch.tanh(torch.einsum("kij,i,j->k", p.tensor, both, both) + p.weight @ both + p.bias),)

        run(Fold(step, BINARY, tensor=(4, 8, 8), weight=(4, 8), bias=4))
    """,
    "binary_tree_lstm": """
        def step(p, x, children):
            (hl, cl), (hr, cr) = children or [(torch.zeros(3), torch.zeros(3))] * 2
            xi, xf, xg, xo = (p.weight_ih @ x + p.bias).chunk(4)
            hi, hfl, hfr, hg, ho = (p.weight_hh @ torch.cat([hl, hr])).chunk(5)
            c = torch.sigmoid(xi + hi) * torch.tanh(xg + hg)
            c = c + torch.sigmoid(xf + hfl) * cl + torch.sigmoid(xf + hfr) * cr
            return torch.sigmoid(xo + ho) * torch.tanh(c), c

        run(Fold(step, BINARY, weight_ih=(12, 4), weight_hh=(15, 6), bias=12))
    """,
    "child_sum_tree_lstm": """
        def step(p, x, children):
            xi, xf, xg, xo = (p.weight_ih @ x + p.bias).chunk(4)
            hi, hg, ho = (p.weight_hh @ sum([h for h, _ in children], torch.zeros(3))).chunk(3)
            c = torch.sigmoid(xi + hi) * torch.tanh(xg + hg)
            c = sum([torch.sigmoid(xf + p.weight_f @ h) * child for h, child in children], c)
            return torch.sigmoid(xo + ho) * torch.tanh(c), c

        run(Fold(step, WIDE, weight_ih=(12, 4), weight_hh=(9, 3), weight_f=(3, 3), bias=12))
    """,
}

HEADER = """
//! What PyTorch {version} computes for the tree cells of the standard library: results and gradients, in float64.
//!
//! Made by `tests/reference/trees.py`; not edited by hand, and no test stands here. The snippet above a case made its
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
    layers.PREAMBLE += FOLD
    layers.table(HEADER, FOLD, CASES)


if __name__ == "__main__":
    main()
