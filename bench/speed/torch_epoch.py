"""Epochs of TextRNN (../accuracy/textrnn.rnn) in PyTorch, with batches made in one of three ways; prints JSON.

    python torch_epoch.py --batches shuffled --train train.tsv --epochs 3 --threads 2

`shuffled`: texts in random order, padded, the layer reads the padding too: as it is usually written. `bucketed`: texts of
similar length together, padded likewise. `packed`: the same, but `pack_padded_sequence` skips the padding. Vocabulary,
network and settings are those of ../accuracy/torch_classifier.py. Needs the packages torch and uniseg.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import torch
from torch import nn
from torch.nn.utils.rnn import pad_sequence

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "accuracy"))
import torch_classifier as reference  # noqa: E402


class PaddedTextRNN(reference.TextRNN):
    """The same network, its recurrent layers run over the padding."""

    def forward(self, ids, lengths):
        _, (h, _) = self.lstm(self.dropout(self.embedding(ids)))
        final = torch.cat([h[-2], h[-1]], dim=1)
        return self.output(torch.relu(self.dense(self.dropout(final))))


def shuffled(examples, size, generator):
    """Padded batches in random order."""
    order = torch.randperm(len(examples), generator=generator).tolist()
    for start in range(0, len(order), size):
        rows = [examples[i] for i in order[start : start + size]]
        ids = [text for text, _ in rows]
        yield (
            pad_sequence(ids, batch_first=True, padding_value=reference.PAD),
            torch.tensor([len(text) for text in ids]),
            torch.tensor([label for _, label in rows]),
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batches", choices=["shuffled", "bucketed", "packed"], required=True)
    parser.add_argument("--train", required=True)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--max-len", type=int, default=64)
    parser.add_argument("--batch-size", type=int, default=64)
    a = parser.parse_args()
    torch.set_num_threads(a.threads)
    torch.manual_seed(1)

    rows = reference.read(a.train, "words", a.max_len)
    vocabulary = reference.build_vocabulary(rows, 2)
    labels = {label: i for i, label in enumerate(sorted({label for _, label in rows}))}
    examples = reference.encode(rows, vocabulary, labels)
    embedding = reference.make_embedding(vocabulary, 128, 1.0, None)
    network = reference.TextRNN if a.batches == "packed" else PaddedTextRNN
    model = network(embedding, len(labels), 128, 0.5)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    generator = torch.Generator().manual_seed(1)
    make = shuffled if a.batches == "shuffled" else reference.batches

    seconds, losses = [], []
    model.train()
    for _ in range(a.epochs):
        total, start = 0.0, time.perf_counter()
        for ids, lengths, classes in make(examples, a.batch_size, generator):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(ids, lengths), classes)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimizer.step()
            total += loss.item() * len(classes)
        seconds.append(round(time.perf_counter() - start, 4))
        losses.append(round(total / len(examples), 4))
    print(json.dumps({"seconds": seconds, "train_loss": losses, "vocabulary": len(vocabulary)}))


if __name__ == "__main__":
    main()
