"""Training a Tree-LSTM in rnnc, level by level, and in PyTorch, node by node: trees per second, as a Markdown table.

    python tree.py --rnnc target/release/rnnc --data ../shared/data/sst_trees

Run it with a Python that has torch, or name one with --python. Both train the network of ../../models/tree_lstm.rnn (vectors
of 300, states of 150, batches of 25) on the first `--trees` trees, in turns, `--rounds` times. Of each run the median epoch
after the first counts, without validation; of those the median over the rounds.
"""

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path

from compare import machine
from epoch import HERE, REPOSITORY, run, typical


def rnnc(a, threads, folder):
    """Trees per second, and MiB."""
    with tempfile.TemporaryDirectory() as out:
        command = [a.rnnc, "train", REPOSITORY / "models/tree_lstm.rnn", "--out", out, "--threads", threads]
        settings = {"train.epochs": a.epochs, "train.optimizer": "adagrad(0.05)", "data.train": folder / "train.ptb", "data.valid": folder / "valid.ptb", "data.test": folder / "valid.ptb"}
        for name, value in settings.items():
            command += ["--set", f"{name}={value}"]
        _, memory = run(command)
        lines = Path(out, "metrics.jsonl").read_text().splitlines()
        return a.trees / typical([json.loads(line)["seconds"] for line in lines]), memory


def torch(a, threads, folder):
    command = [a.python, HERE / "torch_tree.py", "--train", folder / "train.ptb", "--trees", a.trees]
    printed, memory = run([*command, "--epochs", a.epochs, "--threads", threads])
    return a.trees / typical(json.loads(printed)["seconds"]), memory


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rnnc", type=Path, default=REPOSITORY / "target/release/rnnc")
    parser.add_argument("--python", default=sys.executable, help="a Python with torch")
    shared = REPOSITORY.parent / "shared/data"
    parser.add_argument("--data", type=Path, default=shared / "sst_trees", help="a folder with a file of trees, train.*")
    parser.add_argument("--trees", type=int, default=1000, help="the first so many of the file")
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=3)
    a = parser.parse_args()

    lines = next(a.data.glob("train.*")).read_text(encoding="utf-8").split("\n")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "train.ptb").write_text("\n".join(lines[: a.trees]) + "\n", encoding="utf-8")
        (folder / "valid.ptb").write_text("\n".join(lines[:100]) + "\n", encoding="utf-8")
        print(f"{machine()}; {a.rounds} rounds of {a.epochs} epochs in turns, {a.trees} trees.\n")
        print("| threads | rnnc: trees/s | MiB | PyTorch, node by node: trees/s | MiB | rnnc is faster by |")
        print("|--:|--:|--:|--:|--:|--:|")
        for threads in a.threads:
            ours, theirs = [], []
            for _ in range(a.rounds):
                ours.append(rnnc(a, threads, folder))
                theirs.append(torch(a, threads, folder))
            (rate, memory), (their_rate, their_memory) = (
                [statistics.median(r[i] for r in rounds) for i in (0, 1)] for rounds in (ours, theirs)
            )
            print(f"| {threads} | {rate:.0f} | {memory:.0f} | {their_rate:.1f} | {their_memory:.0f} | {rate / their_rate:.1f}× |", flush=True)


if __name__ == "__main__":
    main()
