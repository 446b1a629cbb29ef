"""MemN2N on bAbI: one model a task, the best of several restarts by validation, all tasks side by side.

    python bench/accuracy/babi.py --rnnc target/release/rnnc --data ../shared/data/babi/en --jobs 14

A tenth of a task's 1,000 training questions is held out for validation. Printed is the test error of every task, beside what the authors'
own code has reached (Facebook's MemNN repository, single task, position encoding, linear start, random noise). Any setting of
models/memn2n.rnn can be changed: --set train.restarts=3. Nothing but Python's standard library is needed.
"""

import argparse
import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

AUTHORS = [0.1, 8.2, 41.8, 4.4, 13.7, 7.9, 20.3, 11.7, 13.6, 9.7, 0.7, 0.0, 0.3, 0.9, 0.0, 0.4, 51.0, 10.5, 81.4, 0.0]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rnnc", default="rnnc", help="the program")
    parser.add_argument("--data", type=Path, required=True, help="the folder with qa1_…_train.txt and the others")
    parser.add_argument("--model", type=Path, default=Path("models/memn2n.rnn"))
    parser.add_argument("--tasks", default="1-14", help="such as 1-14 or 2,3,16")
    parser.add_argument("--jobs", type=int, default=1, help="tasks trained at once, one thread each")
    parser.add_argument("--restarts", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("runs/babi"))
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="further settings")
    return parser.parse_args()


def tasks(text):
    numbers = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        numbers.extend(range(int(first), int(last or first) + 1))
    return numbers


def file(folder, task, part):
    found = list(folder.glob(f"qa{task}_*_{part}.txt"))
    if len(found) != 1:
        sys.exit(f"{folder}: no file qa{task}_…_{part}.txt, or more than one")
    return found[0]


def answer(line):
    """The answer of a question, nothing for a statement."""
    parts = line.split("\t")
    return parts[1].strip() if len(parts) > 1 else None


def answerable(train, test, to):
    """Copies the test file without the questions whose answer no training question has, which rnnc refuses to be asked: they
    count as wrong. Returns how many were left out, and how many are left. Lines are numbered anew, supporting lines go."""
    known = {answer(line) for line in train.read_text().splitlines()}
    lines, number, left_out = [], 0, 0
    for line in test.read_text().splitlines():
        old, text = line.split(" ", 1)
        number = 0 if old == "1" else number
        if answer(line) not in known | {None}:
            left_out += 1
            continue
        number += 1
        lines.append(f"{number} " + "\t".join(text.split("\t")[:2]))
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_text("\n".join(lines) + "\n")
    return left_out, sum(answer(line) is not None for line in lines)


def train(options, task):
    """Error on the test and validation questions in per cent, the restart that was kept, and seconds."""
    out = options.out / f"qa{task}"
    test = options.out / f"qa{task}_test.txt"
    unknown, asked = answerable(file(options.data, task, "train"), file(options.data, task, "test"), test)
    settings = [
        f"data.train={file(options.data, task, 'train')}",
        "data.valid=0.1",
        f"data.test={test}",
        f"train.restarts={options.restarts}",
        f"train.seed={options.seed}",
        *options.set,
    ]
    command = [options.rnnc, "train", str(options.model), "--threads", "1", "--out", str(out)]
    for setting in settings:
        command += ["--set", setting]
    started = time.time()
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"task {task}: {result.stderr}")
    inspected = subprocess.run(
        [options.rnnc, "inspect", str(out / "model.safetensors"), "--format", "json"], capture_output=True, text=True, check=True
    )
    metrics = json.loads(inspected.stdout)["metrics"]
    kept = result.stdout.splitlines()[0]
    wrong = unknown + asked * (1 - metrics["test"]["accuracy"])
    return 100 * wrong / (unknown + asked), 100 * (1 - metrics["valid"]["accuracy"]), kept, time.time() - started


def main():
    options = arguments()
    numbers = tasks(options.tasks)
    print(f"{'task':>4}  {'test error':>10}  {'authors':>7}  {'validation':>10}  {'seconds':>7}  kept")
    total = []
    with ThreadPoolExecutor(options.jobs) as pool:
        for task, (test, valid, kept, seconds) in zip(numbers, pool.map(lambda task: train(options, task), numbers)):
            total.append((test, AUTHORS[task - 1]))
            print(f"{task:>4}  {test:>9.1f}%  {AUTHORS[task - 1]:>6.1f}%  {valid:>9.1f}%  {seconds:>7.0f}  {kept}", flush=True)
    mean = [sum(column) / len(total) for column in zip(*total)]
    print(f"mean  {mean[0]:>9.1f}%  {mean[1]:>6.1f}%")


main()
