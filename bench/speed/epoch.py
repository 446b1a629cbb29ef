"""Whole epochs of TextRNN on real texts in rnnc and in PyTorch, as a Markdown table: seconds, ratios, peak memory.

    python epoch.py --rnnc target/release/rnnc --data ../shared/data/mr ../shared/data/r8

Run it with a Python that has torch and uniseg, or name one with --python. Every data set is trained on in turns, `--rounds`
times: rnnc (../accuracy/textrnn.rnn), then PyTorch in the three ways of torch_epoch.py. Of each run the median epoch after
the first counts, without validation; of those the median over the rounds. Memory is the most that a process ever held.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from compare import HERE, machine

REPOSITORY = HERE.parent.parent
WAYS = {"shuffled": "PyTorch, shuffled, padded", "bucketed": "PyTorch, by length, padded", "packed": "PyTorch, by length, packed"}


def run(command):
    """What the program printed, and its peak memory in MiB."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        process = subprocess.Popen([str(word) for word in command], stdout=out, stderr=err)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if process.returncode != 0:
            sys.exit(f"{' '.join(map(str, command))}\n{err.read()}")
        # Linux counts in KiB, macOS in bytes.
        return out.read(), usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def typical(seconds):
    """The first epoch warms up."""
    return statistics.median(seconds[1:] or seconds)


def rnnc(a, data, threads):
    """Seconds of an epoch's training part, and MiB."""
    with tempfile.TemporaryDirectory() as out:
        command = [a.rnnc, "train", REPOSITORY / "bench/accuracy/textrnn.rnn", "--out", out, "--threads", threads]
        settings = {"train.epochs": a.epochs, "train.patience": a.epochs, "data.text.max_len": a.max_len}
        settings |= {f"data.{split}": data / f"{split}.tsv" for split in ("train", "valid", "test")}
        for name, value in settings.items():
            command += ["--set", f"{name}={value}"]
        _, memory = run(command)
        lines = Path(out, "metrics.jsonl").read_text().splitlines()
        return typical([json.loads(line)["seconds"] for line in lines]), memory


def torch(a, way, data, threads):
    command = [a.python, HERE / "torch_epoch.py", "--batches", way, "--train", data / "train.tsv"]
    command += ["--epochs", a.epochs, "--threads", threads, "--max-len", a.max_len]
    printed, memory = run(command)
    return typical(json.loads(printed)["seconds"]), memory


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rnnc", type=Path, default=REPOSITORY / "target/release/rnnc")
    parser.add_argument("--python", default=sys.executable, help="a Python with torch and uniseg")
    shared = REPOSITORY.parent / "shared/data"
    parser.add_argument("--data", nargs="+", type=Path, default=[shared / "mr", shared / "r8"], help="folders with train.tsv, valid.tsv, test.tsv")
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--max-len", type=int, default=64, help="texts are cut after so many words")
    a = parser.parse_args()

    print(f"{machine()}; {a.rounds} rounds of {a.epochs} epochs in turns, texts of at most {a.max_len} words.\n")
    print("| data | threads | | seconds an epoch | against rnnc | peak MiB | against rnnc |")
    print("|---|--:|---|--:|--:|--:|--:|")
    for data in (folder.resolve() for folder in a.data):
        for threads in a.threads:
            runs = {name: [] for name in ["rnnc", *WAYS]}
            for _ in range(a.rounds):
                runs["rnnc"].append(rnnc(a, data, threads))
                for way in WAYS:
                    runs[way].append(torch(a, way, data, threads))
            seconds, memory = ({name: statistics.median(r[i] for r in rounds) for name, rounds in runs.items()} for i in (0, 1))
            for name in runs:
                times = f"{seconds[name]:.2f} | {seconds[name] / seconds['rnnc']:.2f}×"
                memories = f"{memory[name]:.0f} | {memory[name] / memory['rnnc']:.2f}×"
                print(f"| {data.name} | {threads} | {WAYS.get(name, name)} | {times} | {memories} |", flush=True)


if __name__ == "__main__":
    main()
