"""Prints tests/it/sentence_tables.rs: the models over sentences, and TextRCNN, in PyTorch 2.13: one score a class for every example, and
of every parameter the sum of the squares of its gradient.

    python tests/reference/sentences.py > tests/it/sentence_tables.rs

Element i of parameter p, in the order rnnc makes them, is 0.5 * sin(1.3 p + 0.71 i + 0.2). What the gradient is of: the sum
over examples b and classes c of (1 + b + 0.5 c) * score.
"""

import math

import torch
from torch import nn

VOCABULARY, CLASSES, MEMORY = 30, 3, 50
STORIES = [[[2, 3, 4], [5, 6], [7]], [[8, 9]], [[3, 3, 2, 9, 4], [6], [20, 21, 2], [4, 4]]]
QUESTIONS = [[2, 9], [3, 4, 5], [7]]
TEXTS = [[2, 3, 4, 5], [6], [9, 8, 7, 2, 3]]


class Parameters:
    """Makes parameters in order."""

    def __init__(self):
        self.made = []

    def __call__(self, *shape):
        p, count = len(self.made), math.prod(shape)
        values = [0.5 * math.sin(1.3 * p + 0.71 * i + 0.2) for i in range(count)]
        self.made.append(torch.tensor(values, dtype=torch.float32).reshape(shape).requires_grad_())
        return self.made[-1]


def position_encoded(vectors):
    """The sum of the words `[J, d]` of a sentence, each times 2 l_kj, where l_kj = (1 - j/J) - (k/d)(1 - 2j/J)."""
    J, d = vectors.shape
    j, k = torch.arange(1, J + 1)[:, None] / J, torch.arange(1, d + 1)[None] / d
    return 2 * (vectors * ((1 - j) - k * (1 - 2 * j))).sum(0)


def memories(story, embedding, temporal):
    """`[S, d]`: the sentences, each with the vector of how long ago it was said."""
    sentences = [position_encoded(embedding[torch.tensor(sentence)]) for sentence in story]
    ago = torch.arange(len(story) - 1, -1, -1)
    return torch.stack(sentences) + temporal[ago]


def weights(scores):
    """Softmax over a memory of 50 slots; those without a sentence score 0."""
    return torch.softmax(torch.cat([scores, torch.zeros(MEMORY - len(scores))]), 0)[: len(scores)]


def adjacent(parameter, weigh=weights):
    tables = [(parameter(VOCABULARY, 20), parameter(MEMORY, 20)) for _ in range(4)]
    weight, bias = parameter(CLASSES, 20), parameter(CLASSES)

    def score(story, question):
        m = [memories(story, *table) for table in tables]
        u = position_encoded(tables[0][0][torch.tensor(question)])
        for hop in range(3):
            u = u + weigh(m[hop] @ u) @ m[hop + 1]
        return weight @ u + bias

    return [score(*example) for example in zip(STORIES, QUESTIONS)]


def linear_start(parameter):
    return adjacent(parameter, lambda scores: scores)


def layerwise(parameter):
    a, a_time, c, c_time, b = (parameter(n, 20) for n in [VOCABULARY, MEMORY, VOCABULARY, MEMORY, VOCABULARY])
    h, h_bias = parameter(20, 20), parameter(20)
    weight, bias = parameter(CLASSES, 20), parameter(CLASSES)

    def score(story, question):
        inputs, outputs = memories(story, a, a_time), memories(story, c, c_time)
        u = position_encoded(b[torch.tensor(question)])
        for _ in range(3):
            u = h @ u + h_bias + weights(inputs @ u) @ outputs
        return weight @ u + bias

    return [score(*example) for example in zip(STORIES, QUESTIONS)]


def gru(parameter, inputs, hidden):
    """A bidirectional layer of one example, `[T, inputs] -> [T, 2 hidden]`."""
    layer = nn.GRU(inputs, hidden, bidirectional=True)
    weights = {}
    for end in ["", "_reverse"]:
        for kind, shape in [("weight_ih", (3 * hidden, inputs)), ("bias_ih", (3 * hidden,)),
                            ("weight_hh", (3 * hidden, hidden)), ("bias_hh", (3 * hidden,))]:
            weights[f"{kind}_l0{end}"] = parameter(*shape)
    return lambda x: torch.func.functional_call(layer, weights, (x,))[0]


def attention(parameter, size):
    query, weight, bias = parameter(size), parameter(size, size), parameter(size)
    return lambda x: torch.softmax(torch.tanh(x @ weight.T + bias) @ query, 0) @ x


def hierarchical_attention(parameter):
    embedding = parameter(VOCABULARY, 64)
    words, of_words = gru(parameter, 64, 50), attention(parameter, 100)
    sentences, of_sentences = gru(parameter, 100, 50), attention(parameter, 100)
    weight, bias = parameter(CLASSES, 100), parameter(CLASSES)

    def score(document):
        read = torch.stack([of_words(words(embedding[torch.tensor(sentence)])) for sentence in document])
        return weight @ of_sentences(sentences(read)) + bias

    return [score(document) for document in STORIES]


def textrcnn(parameter):
    """Lai et al. 2015, equations 1 to 7: c_l(w_i) = f(W_l c_l(w_{i-1}) + W_sl e(w_{i-1})), with c_l(w_1) learned, and the same backward."""
    embedding = parameter(VOCABULARY, 64)
    sides = [[parameter(64), parameter(64, 64), parameter(64, 64)] for _ in range(2)]
    hidden, hidden_bias = parameter(128, 192), parameter(128)
    weight, bias = parameter(CLASSES, 128), parameter(CLASSES)

    def contexts(words, first, of_context, of_word):
        found = [first]
        for word in words[:-1]:
            found.append(torch.tanh(of_context @ found[-1] + of_word @ word))
        return torch.stack(found)

    def score(text):
        words = embedding[torch.tensor(text)]
        left = contexts(words, *sides[0])
        right = contexts(words.flip(0), *sides[1]).flip(0)
        y = torch.tanh(torch.cat([left, words, right], 1) @ hidden.T + hidden_bias)
        return weight @ y.max(0).values + bias

    return [score(text) for text in TEXTS]


def main():
    print("//! What PyTorch 2.13 gives for models over sentences; made by tests/reference/sentences.py.")
    print()
    print("/// The model's file, the scores of every example, and of every parameter the sum of the squares of its gradient.")
    print("pub type Table = (&'static str, &'static [f64], &'static [f64]);\n")
    print("pub const TABLES: &[Table] = &[")
    for name, model in [("memn2n", adjacent), ("memn2n, linear start", linear_start), ("memn2n_layerwise", layerwise),
                        ("hierarchical_attention", hierarchical_attention), ("textrcnn", textrcnn)]:
        parameter = Parameters()
        scores = model(parameter)
        total = sum((1 + b + 0.5 * c) * score[c] for b, score in enumerate(scores) for c in range(CLASSES))
        total.backward()
        flat = ", ".join(f"{value:.6}" for score in scores for value in score.tolist())
        squares = ", ".join(f"{p.grad.double().square().sum().item():.6}" for p in parameter.made)
        print(f'    ("{name}", &[{flat}], &[{squares}]),')
    print("];")


main()
