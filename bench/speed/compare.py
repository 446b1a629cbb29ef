"""One recurrent layer in rnnc and in PyTorch, side by side, as a Markdown table.

    python compare.py --rnnc target/release/rnnc --rounds 5

Run it with a Python that has torch, or name one with --python. Every case is timed `--rounds` times in turns, rnnc first,
and the medians are compared. Both sides compute the same: the layer's forward pass, and forward and backward with the
gradients of its input and its weights. Of rnnc's step the layer's own row counts, and all that candle does between
operations (`other`), to whose account it may belong; embedding, pooling, loss and update are left out.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
CELLS = ["lstm", "gru", "rnn", "peephole"]
# Name: directions, layers, batch, steps, input, hidden.
SHAPES = {
    "one": (1, 1, 64, 64, 128, 128),
    "bi": (2, 1, 64, 64, 128, 128),
    "small": (2, 1, 32, 40, 64, 64),
    "deep": (2, 2, 128, 32, 300, 128),
    "large": (2, 1, 64, 256, 128, 256),
}
MODES = ["forward", "training"]


def run(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stderr}")
    return json.loads(done.stdout)


def time_rnnc(a, cell, shape, threads):
    """Milliseconds by mode."""
    directions, layers, batch, steps, inputs, hidden = SHAPES[shape]
    command = [a.rnnc, "bench", HERE / f"{cell}.rnn", "--format", "json", "--threads", str(threads)]
    # Few words: the gradient of a large embedding is not what is measured.
    command += ["--batch", str(batch), "--len", str(steps), "--steps", str(a.steps), "--vocabulary", "100"]
    for name, value in [("directions", directions), ("num_layers", layers), ("input", inputs), ("hidden", hidden)]:
        command += ["--set", f"{name}={value}"]
    report = run(command)
    layer, other = report["layers"][1], report["other"]
    training = sum(row[column] for row in (layer, other) for column in ("forward_ms", "backward_ms"))
    return {"forward": layer["inference_ms"], "training": training}


def time_torch(a, cell, shape, threads):
    """Milliseconds by mode and way of writing it."""
    names = ["directions", "layers", "batch", "steps", "input", "hidden"]
    command = [a.python, HERE / "torch_step.py", "--cell", cell, "--threads", str(threads)]
    command += ["--repeat", str(a.steps), "--seconds", str(a.seconds)]
    for name, value in zip(names, SHAPES[shape]):
        command += [f"--{name}", str(value)]
    return run(command)["ms"]


def describe(shape):
    directions, layers, batch, steps, inputs, hidden = SHAPES[shape]
    stacked = f", {layers} layers" if layers > 1 else ""
    return f"{'two directions' if directions == 2 else 'one direction'}{stacked}, {batch}×{steps}, {inputs}→{hidden}"


def machine():
    """The processor, its cores, and the widest vectors it has."""
    name, flags = platform.processor() or platform.machine(), ""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = dict(line.split(":", 1) for line in cpuinfo.read_text().splitlines() if ":" in line)
        lines = {key.strip(): value.strip() for key, value in lines.items()}
        name, flags = lines.get("model name", name), lines.get("flags", "")
    vectors = next((shown for flag, shown in [("avx512f", ", AVX-512"), ("avx2", ", AVX2")] if flag in flags.split()), "")
    return f"{name}, {os.cpu_count()} cores{vectors}, {platform.system()}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rnnc", type=Path, default=HERE.parent.parent / "target/release/rnnc")
    parser.add_argument("--python", default=sys.executable, help="a Python with torch")
    parser.add_argument("--cells", nargs="+", choices=CELLS, default=CELLS)
    parser.add_argument("--shapes", nargs="+", choices=list(SHAPES), default=list(SHAPES))
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--rounds", type=int, default=3, help="turns of rnnc and PyTorch")
    parser.add_argument("--steps", type=int, default=20, help="steps that one run takes the median of")
    parser.add_argument("--seconds", type=float, default=10, help="PyTorch stops repeating a slow step after this long")
    parser.add_argument("--json", type=Path, help="write every single time to this file")
    a = parser.parse_args()

    raw = []
    print(f"{machine()}; {a.rounds} rounds of {a.steps} steps in turns, medians, milliseconds.\n")
    print("| layer | shape | threads | forward: PyTorch | rnnc | ratio | forward + backward: PyTorch | rnnc | ratio |")
    print("|---|---|--:|--:|--:|--:|--:|--:|--:|")
    for shape in a.shapes:
        for cell in a.cells:
            for threads in a.threads:
                pairs = [(time_rnnc(a, cell, shape, threads), time_torch(a, cell, shape, threads)) for _ in range(a.rounds)]
                raw.append({"cell": cell, "shape": shape, "threads": threads, "rounds": pairs})
                ways = ["unbind", "index"] if cell == "peephole" else ["layer"]
                for way in ways:
                    cells = [{"unbind": "peephole, `x.unbind`", "index": "peephole, `x[:, t]`"}.get(way, cell)]
                    cells += [describe(shape), str(threads)]
                    for mode in MODES:
                        ours = statistics.median(ours[mode] for ours, _ in pairs)
                        theirs = statistics.median(theirs[mode][way] for _, theirs in pairs)
                        cells += [f"{theirs:.2f}", f"{ours:.2f}", f"{theirs / ours:.2f}×"]
                    print(f"| {' | '.join(cells)} |", flush=True)
    if a.json:
        a.json.write_text(json.dumps({"machine": machine(), "runs": raw}, indent=1) + "\n")


if __name__ == "__main__":
    main()
