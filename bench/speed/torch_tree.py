"""Epochs of a binary Tree-LSTM in PyTorch, node by node; prints JSON.

    python torch_tree.py --train train.ptb --trees 500 --epochs 2 --threads 2

The network and the settings of ../../models/tree_lstm.rnn: vectors of 300, states of 150, a label at every node, batches of
25 trees, AdaGrad. As it is usually written: a function that goes from the leaves to the root and computes one node at a
time. Needs the package torch.
"""

import argparse
import json
import time
from collections import Counter

import torch
from torch import nn

PAD, UNK = 0, 1


def parse(line):
    """`(label, word)` or `(label, left, right)`, of a line of a PTB file."""
    pieces = line.replace("(", " ( ").replace(")", " ) ").split(" ")
    stack = [[]]
    for piece in filter(None, pieces):
        if piece == "(":
            stack.append([])
        elif piece == ")":
            node = tuple(stack.pop())
            stack[-1].append(node)
        else:
            stack[-1].append(piece)
    return stack[0][0]


def words(tree):
    if isinstance(tree[1], str):
        yield tree[1].lower()
    else:
        for child in tree[1:]:
            yield from words(child)


class TreeLSTM(nn.Module):
    """Tai et al. 2015, equations 9 to 14; a word stands at a leaf, and inner nodes read zeros."""

    def __init__(self, vocabulary, classes, width=300, hidden=150):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.leaf = nn.Linear(width, 3 * hidden)
        self.inner = nn.Linear(2 * hidden, 5 * hidden)
        self.dropout = nn.Dropout(0.5)
        self.output = nn.Linear(hidden, classes)

    def forward(self, tree, scores):
        """The states of the root; the scores of all nodes are added to a list with their labels."""
        if isinstance(tree[1], torch.Tensor):
            i, g, o = self.leaf(self.embedding(tree[1])).chunk(3)
            c = torch.sigmoid(i) * torch.tanh(g)
        else:
            (left_h, left_c), (right_h, right_c) = self(tree[1], scores), self(tree[2], scores)
            i, f_left, f_right, g, o = self.inner(torch.cat([left_h, right_h])).chunk(5)
            c = torch.sigmoid(i) * torch.tanh(g) + torch.sigmoid(f_left) * left_c + torch.sigmoid(f_right) * right_c
        h = torch.sigmoid(o) * torch.tanh(c)
        scores.append((self.output(self.dropout(h)), tree[0]))
        return h, c


def encode(tree, ids):
    if isinstance(tree[1], str):
        return int(tree[0]), torch.tensor(ids.get(tree[1].lower(), UNK))
    return (int(tree[0]), *(encode(child, ids) for child in tree[1:]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", required=True)
    parser.add_argument("--trees", type=int, default=500, help="the first so many of the file")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--batch-size", type=int, default=25)
    parser.add_argument("--threads", type=int, default=1)
    a = parser.parse_args()
    torch.set_num_threads(a.threads)
    torch.manual_seed(1)

    lines = open(a.train, encoding="utf-8").read().split("\n")[: a.trees]
    trees = [parse(line) for line in lines if line]
    counts = Counter(word for tree in trees for word in words(tree))
    ids = {word: i for i, word in enumerate(counts, start=2)}
    trees = [encode(tree, ids) for tree in trees]
    model = TreeLSTM(len(ids) + 2, 5)
    optimizer = torch.optim.Adagrad(model.parameters(), lr=0.05)
    seconds, losses = [], []
    for _ in range(a.epochs):
        order, total, started = torch.randperm(len(trees)).tolist(), 0.0, time.perf_counter()
        for start in range(0, len(order), a.batch_size):
            scores = []
            for i in order[start : start + a.batch_size]:
                model(trees[i], scores)
            predicted = torch.stack([score for score, _ in scores])
            loss = nn.functional.cross_entropy(predicted, torch.tensor([label for _, label in scores]))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item()
        seconds.append(time.perf_counter() - started)
        losses.append(total / -(-len(order) // a.batch_size))
    print(json.dumps({"trees": len(trees), "seconds": seconds, "losses": losses}))


if __name__ == "__main__":
    main()
