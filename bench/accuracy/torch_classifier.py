"""Trains the text classifiers that `rnnc` ships, as one would write them by hand in PyTorch, to compare accuracies.

One run prints one JSON object: the settings, the validation accuracy of every epoch, the seconds of every epoch, the
test accuracy of the best epoch. It measures nothing else: speed is compared in bench/ on its own terms.

    python torch_classifier.py --model textrnn --train train.tsv --valid valid.tsv --test test.tsv --seed 1

Needs the packages torch and uniseg. Data: TSV with the header `text<TAB>label`, no quoting.
"""

import argparse
import json
import time
from collections import Counter
from pathlib import Path

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence
from uniseg.graphemecluster import grapheme_clusters
from uniseg.wordbreak import words

PAD, UNKNOWN = 0, 1


def tokenize(text, kind):
    """Word segments or grapheme clusters of UAX 29, lower-cased, without white space; punctuation marks are tokens."""
    segments = words if kind == "words" else grapheme_clusters
    return [piece for piece in segments(text.lower()) if not piece.isspace()]


def read(path, kind, max_len):
    """The rows of a file as (tokens, label)."""
    lines = Path(path).read_text(encoding="utf-8").removesuffix("\n").split("\n")
    if lines[0] != "text\tlabel":
        raise SystemExit(f"{path}: expected the header text<TAB>label")
    rows = (line.split("\t") for line in lines[1:])
    return [(tokenize(text, kind)[:max_len], label) for text, label in rows]


def build_vocabulary(rows, min_count):
    """Token → id, the most frequent first; ties in the order of the tokens, so that a file has one vocabulary."""
    counts = Counter(token for tokens, _ in rows for token in tokens)
    kept = sorted((token for token, count in counts.items() if count >= min_count), key=lambda t: (-counts[t], t))
    return {token: i for i, token in enumerate(["<pad>", "<unk>", *kept])}


def encode(rows, vocabulary, labels):
    """(ids, class) of every row; a text without tokens is read as one unknown token."""
    return [
        (torch.tensor([vocabulary.get(token, UNKNOWN) for token in tokens] or [UNKNOWN]), labels[label])
        for tokens, label in rows
    ]


def batches(examples, size, generator=None):
    """Padded batches (ids [B, T], lengths [B], classes [B]) of texts of similar length.

    With a generator: shuffled, sorted by length within pools of fifty batches, the batches shuffled again.
    """
    order = list(range(len(examples)))
    pool = len(order)
    if generator is not None:
        order = torch.randperm(len(order), generator=generator).tolist()
        pool = 50 * size
    chunks = []
    for start in range(0, len(order), pool):
        part = sorted(order[start : start + pool], key=lambda i: len(examples[i][0]))
        chunks += [part[i : i + size] for i in range(0, len(part), size)]
    if generator is not None:
        chunks = [chunks[i] for i in torch.randperm(len(chunks), generator=generator).tolist()]
    for chunk in chunks:
        ids = [examples[i][0] for i in chunk]
        yield (
            pad_sequence(ids, batch_first=True, padding_value=PAD),
            torch.tensor([len(text) for text in ids]),
            torch.tensor([examples[i][1] for i in chunk]),
        )


class TextRNN(nn.Module):
    """Two bidirectional LSTM layers, their final states, two dense layers (Liu et al. 2016)."""

    def __init__(self, embedding, classes, hidden, dropout):
        super().__init__()
        self.embedding = embedding
        self.dropout = nn.Dropout(dropout)
        self.lstm = nn.LSTM(
            embedding.embedding_dim, hidden, num_layers=2, bidirectional=True, dropout=dropout, batch_first=True
        )
        self.dense = nn.Linear(2 * hidden, 64)
        self.output = nn.Linear(64, classes)

    def forward(self, ids, lengths):
        x = self.dropout(self.embedding(ids))
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        _, (h, _) = self.lstm(packed)
        final = torch.cat([h[-2], h[-1]], dim=1)  # forward state at the last step, backward state at the first
        return self.output(torch.relu(self.dense(self.dropout(final))))


class TextRCNN(nn.Module):
    """Recurrent convolution and max pooling over time (Lai et al. 2015)."""

    def __init__(self, embedding, classes, hidden, dropout):
        super().__init__()
        self.embedding = embedding
        self.dropout = nn.Dropout(dropout)
        # The forward half is the left context, the backward half the right one.
        self.context = nn.RNN(embedding.embedding_dim, hidden, bidirectional=True, batch_first=True)
        self.dense = nn.Linear(2 * hidden + embedding.embedding_dim, hidden)
        self.output = nn.Linear(hidden, classes)

    def forward(self, ids, lengths):
        x = self.dropout(self.embedding(ids))
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        states, _ = pad_packed_sequence(self.context(packed)[0], batch_first=True)  # zeros after the end of a text
        forward, backward = states.chunk(2, dim=2)
        left = nn.functional.pad(forward[:, :-1], (0, 0, 1, 0))
        right = nn.functional.pad(backward[:, 1:], (0, 0, 0, 1))
        y = torch.tanh(self.dense(torch.cat([left, x, right], dim=2)))
        padding = torch.arange(ids.shape[1])[None, :] >= lengths[:, None]
        pooled = y.masked_fill(padding[:, :, None], float("-inf")).amax(dim=1)
        return self.output(self.dropout(pooled))


def make_embedding(vocabulary, size, std, vectors):
    """N(0, std²), where `vectors` (word2vec text format) has the token its vector; trained further in any case."""
    embedding = nn.Embedding(len(vocabulary), size, padding_idx=PAD)
    with torch.no_grad():
        embedding.weight.mul_(std)
        if vectors:
            with open(vectors, encoding="utf-8") as file:
                next(file)
                for line in file:
                    token, *numbers = line.rstrip("\n").split(" ")
                    if token in vocabulary:
                        embedding.weight[vocabulary[token]] = torch.tensor([float(n) for n in numbers])
    return embedding


@torch.no_grad()
def accuracy(model, examples):
    model.eval()
    right = sum((model(ids, lengths).argmax(1) == classes).sum().item() for ids, lengths, classes in batches(examples, 256))
    return right / len(examples)


def train(model, train_set, valid_set, arguments):
    """Trains with early stopping on the validation accuracy and restores the best epoch."""
    optimizer = torch.optim.Adam(model.parameters(), lr=arguments.lr, weight_decay=arguments.weight_decay)
    generator = torch.Generator().manual_seed(arguments.seed)
    best, best_epoch, best_state = -1.0, 0, None
    accuracies, seconds = [], []
    for epoch in range(1, arguments.epochs + 1):
        start = time.perf_counter()
        model.train()
        for ids, lengths, classes in batches(train_set, arguments.batch_size, generator):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(ids, lengths), classes)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), arguments.clip_norm)
            optimizer.step()
        seconds.append(round(time.perf_counter() - start, 2))
        accuracies.append(accuracy(model, valid_set))
        if accuracies[-1] > best:
            best, best_epoch = accuracies[-1], epoch
            best_state = {name: value.clone() for name, value in model.state_dict().items()}
        elif epoch - best_epoch >= arguments.patience:
            break
    model.load_state_dict(best_state)
    return {"best_epoch": best_epoch, "valid_accuracy": best, "valid_accuracies": accuracies, "seconds_per_epoch": seconds}


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=["textrnn", "textrcnn"], required=True)
    parser.add_argument("--train", required=True)
    parser.add_argument("--valid", required=True)
    parser.add_argument("--test", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tokens", choices=["words", "chars"], default="words")
    parser.add_argument("--max-len", type=int, default=64)
    parser.add_argument("--min-count", type=int, default=2)
    parser.add_argument("--vectors", help="word2vec text format; their size must be --embedding-size")
    parser.add_argument("--embedding-size", type=int, default=128)
    parser.add_argument("--embedding-std", type=float, default=1.0)
    parser.add_argument("--hidden-size", type=int, default=128)
    parser.add_argument("--dropout", type=float, default=0.5)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--weight-decay", type=float, default=0.0, help="added to the gradient, as torch.optim.Adam does")
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--clip-norm", type=float, default=5.0)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--patience", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    splits = [read(path, arguments.tokens, arguments.max_len) for path in (arguments.train, arguments.valid, arguments.test)]
    vocabulary = build_vocabulary(splits[0], arguments.min_count)
    labels = {label: i for i, label in enumerate(sorted({label for _, label in splits[0]}))}
    train_set, valid_set, test_set = (encode(rows, vocabulary, labels) for rows in splits)

    embedding = make_embedding(vocabulary, arguments.embedding_size, arguments.embedding_std, arguments.vectors)
    network = {"textrnn": TextRNN, "textrcnn": TextRCNN}[arguments.model]
    model = network(embedding, len(labels), arguments.hidden_size, arguments.dropout)
    result = train(model, train_set, valid_set, arguments)
    result["test_accuracy"] = accuracy(model, test_set)
    print(json.dumps({"vocabulary": len(vocabulary), "classes": len(labels), **result, "settings": vars(arguments)}))


if __name__ == "__main__":
    main()
