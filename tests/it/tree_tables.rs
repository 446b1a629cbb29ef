//! What PyTorch 2.13.0 computes for the tree cells of the standard library: results and gradients, in float64.
//!
//! Made by `tests/reference/trees.py`; not edited by hand, and no test stands here. The snippet above a case made its
//! numbers, after the preamble of `layer_tables.rs` and this:
//!
//! ```python
//! class Fold(nn.Module):
//!     """A cell over trees, whose nodes stand before their children: parameters of these shapes, the first state shown."""
//!
//!     def __init__(self, step, parents, **shapes):
//!         super().__init__()
//!         self.step, self.parents = step, parents
//!         for name, shape in shapes.items():
//!             self.register_parameter(name, nn.Parameter(torch.empty(shape)))
//!
//!     def forward(self, x):
//!         states = [None] * len(x)
//!         for n in reversed(range(len(x))):
//!             children = [states[c] for c in range(n + 1, len(x)) if self.parents[c] == n]
//!             states[n] = self.step(self, x[n], children)
//!         return torch.stack([state[0] for state in states])
//!
//!
//! BINARY = [0, 0, 0, 2, 2]  # (0 1 (2 3 4)), (0 1 2) and a leaf, by the number of nodes
//! WIDE = [0, 0, 0, 0, 3]  # (0 1 2 (3 4)), (0 1 2) and a leaf
//! ```

use crate::layer_tables::{Case, gradient};

#[rustfmt::skip]
pub const CASES: &[Case] = &[
    // def step(p, x, children):
    //     if not children:
    //         return (x,)
    //     (left,), (right,) = children
    //     return (torch.tanh(p.weight @ torch.cat([left, right]) + p.bias),)
    //
    // run(Fold(step, BINARY, weight=(4, 8), bias=4))
    Case {
        name: "recursive_net",
        results: &[
            &[0.68078191, 0.35921383, -0.13148063, -0.14866851, 0.27969602, -0.31960860, -0.19733639, 0.37046000,
              0.36536259, -0.22018348, -0.29003989, 0.27271582, -0.38465661, -0.05924829, 0.39992422, -0.04380778,
              0.38446108, -0.15902227, -0.34348279, 0.24753401],
            &[0.37137441, -0.20045510, -0.27700946, 0.26702224, -0.28020352, -0.24697548, 0.34384638, 0.15837006,
              0.38880301, 0.04310146, -0.39990976, 0.05995088],
            &[-0.38465661, -0.05924829, 0.39992422, -0.04380778],
        ],
        gradients: &[
            gradient("embedding.weight", -3.63513598, 4.54952947, &[0.00000000, 0.00000000, 0.00000000, 0.00000000, 0.00000000, 0.00000000, 0.00000000, 0.00000000,
              -0.20414501, -0.63404137, 0.14178382, 1.35831931, -0.97435588, -0.39562069]),
            gradient("weight", 0.59652667, 1.62202861, &[0.02542679, -0.36453567, 0.06851005, 0.34688139, 0.41215437, -0.03242834]),
            gradient("bias", 4.28271461, 2.14524222, &[1.08886394, 0.96068828, 1.11430327, 1.11885912]),
        ],
    },
    // def step(p, x, children):
    //     if not children:
    //         return (x,)
    //     both = torch.cat([children[0][0], children[1][0]])
    //     return (torch.tanh(torch.einsum("kij,i,j->k", p.tensor, both, both) + p.weight @ both + p.bias),)
    //
    // run(Fold(step, BINARY, tensor=(4, 8, 8), weight=(4, 8), bias=4))
    Case {
        name: "rntn",
        results: &[
            &[0.62012015, -0.06232077, -0.06180020, -0.14599766, 0.27969602, -0.31960860, -0.19733639, 0.37046000,
              0.04265891, -0.38837962, 0.04692785, 0.31860934, -0.38465661, -0.05924829, 0.39992422, -0.04380778,
              0.38446108, -0.15902227, -0.34348279, 0.24753401],
            &[0.03966945, -0.37018423, 0.06223351, 0.28235534, -0.28020352, -0.24697548, 0.34384638, 0.15837006,
              0.38880301, 0.04310146, -0.39990976, 0.05995088],
            &[-0.38465661, -0.05924829, 0.39992422, -0.04380778],
        ],
        gradients: &[
            gradient("embedding.weight", -4.08395492, 4.50282541, &[0.00000000, 0.00000000, 0.00000000, 0.00000000, 0.00000000, 0.00000000, 0.00000000, 0.00000000,
              -0.83568209, -0.44819768, 0.74634966, 1.04788731, -0.73599057, -0.48708505]),
            gradient("tensor", 0.05465939, 1.39649799, &[0.00556600, -0.00452869, -0.00439901, 0.00566226, 0.01935524, -0.12826905]),
            gradient("weight", 0.46526016, 1.72663828, &[0.20576201, -0.39288802, -0.10451908, 0.41982144, 0.09968643, -0.06568034]),
            gradient("bias", 4.90566534, 2.58468643, &[0.79249776, 1.25058623, 1.87367021, 0.98891114]),
        ],
    },
    // def step(p, x, children):
    //     (hl, cl), (hr, cr) = children or [(torch.zeros(3), torch.zeros(3))] * 2
    //     xi, xf, xg, xo = (p.weight_ih @ x + p.bias).chunk(4)
    //     hi, hfl, hfr, hg, ho = (p.weight_hh @ torch.cat([hl, hr])).chunk(5)
    //     c = torch.sigmoid(xi + hi) * torch.tanh(xg + hg)
    //     c = c + torch.sigmoid(xf + hfl) * cl + torch.sigmoid(xf + hfr) * cr
    //     return torch.sigmoid(xo + ho) * torch.tanh(c), c
    //
    // run(Fold(step, BINARY, weight_ih=(12, 4), weight_hh=(15, 6), bias=12))
    Case {
        name: "binary_tree_lstm",
        results: &[
            &[0.04292807, 0.03817302, -0.27221469, 0.01934571, 0.00108971, -0.17273004, 0.11002033, 0.09883063,
              -0.16855914, 0.10001239, 0.10005272, -0.01857997, -0.00445683, -0.01485846, -0.18050957],
            &[0.07857653, 0.06449310, -0.21102007, 0.08779103, 0.08512880, -0.05683353, -0.01696303, -0.00645311,
              -0.16027749],
            &[0.10001239, 0.10005272, -0.01857997],
        ],
        gradients: &[
            gradient("embedding.weight", -0.11252180, 0.50275294, &[0.00000000, 0.00000000, 0.00000000, 0.00000000, 0.00000000, 0.00000000, 0.00000000, 0.00000000,
              -0.07215637, -0.00108098, 0.07243492, -0.01758470, -0.20681139, 0.02007564]),
            gradient("weight_ih", 0.06232078, 0.29215986, &[-0.02285372, -0.01295792, 0.02619283, 0.00620831, -0.02361139, 0.00024923]),
            gradient("weight_hh", -0.08597251, 0.12113767, &[0.00019806, 0.00043255, 0.00186680, -0.00193804, -0.00147980, 0.00166587]),
            gradient("bias", 1.49201461, 0.84647893, &[0.06147298, 0.04355018, 0.00573331, 0.03786993, 0.02983178, -0.04210753]),
        ],
    },
    // def step(p, x, children):
    //     xi, xf, xg, xo = (p.weight_ih @ x + p.bias).chunk(4)
    //     hi, hg, ho = (p.weight_hh @ sum([h for h, _ in children], torch.zeros(3))).chunk(3)
    //     c = torch.sigmoid(xi + hi) * torch.tanh(xg + hg)
    //     c = sum([torch.sigmoid(xf + p.weight_f @ h) * child for h, child in children], c)
    //     return torch.sigmoid(xo + ho) * torch.tanh(c), c
    //
    // run(Fold(step, WIDE, weight_ih=(12, 4), weight_hh=(9, 3), weight_f=(3, 3), bias=12))
    Case {
        name: "child_sum_tree_lstm",
        results: &[
            &[0.12675465, -0.18854735, -0.26650440, 0.05341127, -0.08393789, -0.17117622, 0.09405944, -0.00377389,
              -0.10792909, 0.13800613, 0.00327968, -0.09852221, 0.03336450, -0.10603015, -0.18188676],
            &[0.13421872, -0.09455761, -0.20212096, 0.10849917, 0.03149160, -0.06844059, 0.02446605, -0.10273901,
              -0.16866989],
            &[0.11906679, 0.05434507, -0.03375669],
        ],
        gradients: &[
            gradient("embedding.weight", -0.16612034, 0.69461404, &[0.00000000, 0.00000000, 0.00000000, 0.00000000, 0.00000000, 0.00000000, 0.00000000, 0.00000000,
              -0.08297110, -0.03253199, 0.09135423, 0.00899101, -0.32718279, 0.04615656]),
            gradient("weight_ih", 0.06192395, 0.33162206, &[-0.03974125, -0.02495773, 0.04617258, 0.01305957, -0.04457214, 0.01265116]),
            gradient("weight_hh", -0.22498041, 0.29766858, &[-0.00172372, -0.00260724, -0.00262904, -0.01713697, 0.00409163, 0.02167369]),
            gradient("weight_f", 0.02400540, 0.02412587, &[0.01055689, -0.00145103, -0.01177792, -0.00121836, 0.00514608, 0.00843978]),
            gradient("bias", 1.70993286, 1.11459697, &[0.13936699, -0.04391652, -0.03445746, 0.10607053, -0.04496982, -0.08424004]),
        ],
    },
];
