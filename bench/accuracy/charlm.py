"""Trains the character language models of this folder, as one would write them by hand in PyTorch.

    python charlm.py split --out DIR train.txt valid.txt test.txt
    python charlm.py train --cell gru --train DIR/train.txt --valid DIR/valid.txt --test DIR/test.txt --seed 1

`split` joins files and cuts the whole at 80 % and 90 % of its characters: what the published figures are of. `train` prints
one JSON object: the settings, for every epoch the validation loss in nats a character and the characters trained on in a
second, the test loss of the best epoch. Needs the package torch.

Training reads windows of 128 characters, 64 apart and shuffled, each from zero states; validation and test read every
character once, in windows of 128. A last, shorter window is left out in training. Weights start as PyTorch's do.
"""

import argparse
import json
import math
import time
from pathlib import Path

import torch
from torch import nn

CELLS = {"gru": (nn.GRU, 256), "lstm": (nn.LSTM, 256), "rnn": (nn.RNN, 512)}


def read(path):
    return Path(path).read_bytes().decode("utf-8")


class CharacterModel(nn.Module):
    def __init__(self, vocabulary, cell):
        super().__init__()
        make, hidden = CELLS[cell]
        self.embedding = nn.Embedding(vocabulary, 256)
        self.recurrent = make(256, hidden, num_layers=2)
        self.dense = nn.Linear(hidden, vocabulary)

    def forward(self, ids):
        """Time-major ids to the scores of what comes next."""
        return self.dense(self.recurrent(self.embedding(ids))[0])


def windows(ids, window, stride):
    """[N, window + 1], as many as are whole."""
    return ids.unfold(0, window + 1, stride)


@torch.no_grad()
def evaluate(model, ids, window):
    """The mean loss of every character after the first."""
    model.eval()
    total = 0.0
    whole = windows(ids, window, window)
    rest = ids[len(whole) * window :]
    for part in [*whole.split(128), rest[None]]:
        if part.shape[1] > 1:
            scores = model(part[:, :-1].T)
            total += nn.functional.cross_entropy(scores.flatten(0, 1), part[:, 1:].T.flatten(), reduction="sum").item()
    return total / (len(ids) - 1)


def train(arguments):
    torch.manual_seed(arguments.seed)
    torch.set_num_threads(arguments.threads)
    text = read(arguments.train)
    known = sorted(set(text))
    # As in rnnc: an entry for padding and one for what training has not seen.
    number = {character: i for i, character in enumerate(known, start=2)}
    encode = lambda text: torch.tensor([number.get(character, 1) for character in text])
    ids, valid, test = encode(text), encode(read(arguments.valid)), encode(read(arguments.test))
    model = CharacterModel(len(known) + 2, arguments.cell)
    optimizer = torch.optim.Adam(model.parameters(), lr=arguments.lr)
    rows = windows(ids, arguments.window, arguments.stride)
    best, best_state, losses, speeds = math.inf, None, [], []
    for _ in range(arguments.epochs):
        model.train()
        start = time.perf_counter()
        order = torch.randperm(len(rows))
        for part in order.split(arguments.batch_size)[: arguments.steps or None]:
            batch = rows[part]
            optimizer.zero_grad()
            scores = model(batch[:, :-1].T)
            nn.functional.cross_entropy(scores.flatten(0, 1), batch[:, 1:].T.flatten()).backward()
            optimizer.step()
        count = min(len(rows), (arguments.steps or len(rows)) * arguments.batch_size)
        speeds.append(round(count * arguments.window / (time.perf_counter() - start)))
        losses.append(round(evaluate(model, valid, arguments.window), 4))
        if losses[-1] < best:
            best = losses[-1]
            best_state = {name: value.clone() for name, value in model.state_dict().items()}
    model.load_state_dict(best_state)
    figures = {"valid_loss": best, "test_loss": round(evaluate(model, test, arguments.window), 4)}
    print(json.dumps(vars(arguments) | figures | {"valid_losses": losses, "characters_per_second": speeds}))


def split(arguments):
    text = "".join(read(path) for path in arguments.files)
    ends = [0, len(text) * 8 // 10, len(text) * 9 // 10, len(text)]
    Path(arguments.out).mkdir(parents=True, exist_ok=True)
    for name, start, end in zip(["train", "valid", "test"], ends, ends[1:]):
        Path(arguments.out, f"{name}.txt").write_bytes(text[start:end].encode("utf-8"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    cut = commands.add_parser("split")
    cut.add_argument("files", nargs="+")
    cut.add_argument("--out", required=True)
    learn = commands.add_parser("train")
    learn.add_argument("--cell", choices=CELLS, required=True)
    learn.add_argument("--train", required=True)
    learn.add_argument("--valid", required=True)
    learn.add_argument("--test", required=True)
    learn.add_argument("--seed", type=int, default=1)
    learn.add_argument("--window", type=int, default=128)
    learn.add_argument("--stride", type=int, default=64)
    learn.add_argument("--batch-size", type=int, default=64)
    learn.add_argument("--lr", type=float, default=3e-4)
    learn.add_argument("--epochs", type=int, default=20)
    learn.add_argument("--steps", type=int, default=0, help="steps of an epoch, for timing; all if 0")
    learn.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    split(arguments) if arguments.command == "split" else train(arguments)


if __name__ == "__main__":
    main()
