"""Writes the small treebank of the examples: short judgements of films, a sentiment from 0 to 4 at every node.

    python models/data/make_trees.py

What a phrase is worth follows from its parts: `very` moves away from the middle, `not` turns around, `but` gives the last
word to what comes after it, and `and` is somewhere between its two sides.
"""

import random
from pathlib import Path

SEED = 4
SIZES = {"train": 320, "valid": 64, "test": 64}

WORDS = {
    0: ["dreadful", "awful", "unbearable"],
    1: ["dull", "weak", "slow", "clumsy"],
    2: ["long", "ordinary", "french", "recent"],
    3: ["nice", "clever", "warm", "funny"],
    4: ["wonderful", "brilliant", "superb"],
}
THINGS = ["film", "story", "cast", "music", "ending", "director"]


def leaf(word, label=2):
    return label, f"({label} {word})"


def node(label, left, right):
    return label, f"({label} {left[1]} {right[1]})"


def quality(rng):
    """An adjective, perhaps with `very` or `not` before it."""
    label = rng.choice(sorted(WORDS))
    word = leaf(rng.choice(WORDS[label]), label)
    match rng.randrange(4):
        case 0:
            return node(min(4, max(0, 2 * label - 2)), leaf("very"), word)
        case 1:
            return node(4 - label, leaf("not"), word)
        case _:
            return word


def clause(rng):
    """`the film is …`, or `a … film`."""
    thing, what = leaf(rng.choice(THINGS)), quality(rng)
    if rng.random() < 0.5:
        return node(what[0], node(2, leaf("the"), thing), node(what[0], leaf("is"), what))
    return node(what[0], leaf("a"), node(what[0], what, thing))


def sentence(rng):
    first = clause(rng)
    match rng.randrange(3):
        case 0:
            return first
        case 1:
            second = clause(rng)
            return node(second[0], first, node(second[0], leaf("but"), second))
        case _:
            second = clause(rng)
            return node((first[0] + second[0] + 1) // 2, first, node(second[0], leaf("and"), second))


def main():
    rng = random.Random(SEED)
    trees = []
    while len(trees) < sum(SIZES.values()):
        tree = sentence(rng)[1]
        if tree not in trees:
            trees.append(tree)
    for split, size in SIZES.items():
        part, trees = trees[:size], trees[size:]
        body = "".join(f"{tree}\n" for tree in part)
        Path(__file__).with_name(f"{split}.ptb").write_text(body, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
