"""Fits, scores and importances against another build of this program: the same data, in turns.

    cargo build --release
    python benches/fits_against.py OTHER_PROBE [--rows NAME,...] [--rounds 3] [--threads 2] [--binary target/release/probe]

For every row the best time of each program in seconds (of `fit` in `run.json`: moments, weights, scores, importances) and in seconds of
processor time of the whole command, both ratios, the peak memory of each, and whether weights, scores and importances are the same
bytes, or the largest difference between numbers. On a machine that others load, the processor's time is the one to believe. Rows:

    interactions   35 fits of 91 terms: 4,096 stimuli, 7 layers of 384 units, 5 folds, 10 binary and 3 numeric features
    diagonal       the same without interactions
    terms          820 terms: 40 features, 10 of them numeric, one layer
    stimuli        26,880 stimuli, one layer, the default budget of pairs
    stimuli-terms  the same with interactions

The data are like those of `benches/data`, and drawn here (numpy).
"""

import argparse
import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parent.parent
# Name: stimuli, binary and numeric features, layers, options.
ROWS = {
    "interactions": (4096, 10, 3, 7, ["--interactions"]),
    "diagonal": (4096, 10, 3, 7, []),
    "terms": (4096, 30, 10, 1, ["--interactions"]),
    "stimuli": (26880, 10, 3, 1, []),
    "stimuli-terms": (26880, 10, 3, 1, ["--interactions"]),
}
UNITS = 384
TABLES = ["weights.csv", "scores.csv", "importance.csv"]

parser = argparse.ArgumentParser()
parser.add_argument("other")
parser.add_argument("--rows", default=",".join(ROWS))
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--binary", default=ROOT / "target/release/probe")
arguments = parser.parse_args()


def data(folder, stimuli, binary, numeric, layers):
    """A table of stimuli and an array of activations that the features move."""
    draw = np.random.default_rng(0)
    codes = [draw.integers(0, 2, stimuli).astype(float) for _ in range(binary)]
    names = [f"c{index}" for index in range(binary)] + [f"n{index}" for index in range(numeric)]
    for _ in range(numeric):
        levels = 2 + 5 * draw.random(7)
        codes.append(levels[draw.integers(0, 7, stimuli)])
    with open(folder / "stimuli.csv", "w", newline="") as file:
        write = csv.writer(file)
        write.writerow(names)
        for row in zip(*codes):
            write.writerow(["ab"[int(x)] if k < binary else f"{x:.6f}" for k, x in enumerate(row)])
    signal = np.stack([code if k < binary else code / 7 for k, code in enumerate(codes)], axis=1)
    scale = 1 / np.arange(1, len(codes) + 1)
    x = [signal @ (scale[:, None] * draw.normal(size=(len(codes), UNITS))) for _ in range(layers)]
    noisy = [layer + 0.3 * draw.normal(size=layer.shape) for layer in x]
    np.savez(folder / "acts.npz", **{f"layer.{k}": layer.astype(np.float32) for k, layer in enumerate(noisy)})


def run(binary, folder, out, options):
    """Seconds by the program's clock, processor seconds, and peak memory in MiB."""
    command = [binary, "fit", folder / "stimuli.csv", folder / "acts.npz", "-o", out, "--quiet", *options]
    shutil.rmtree(out, ignore_errors=True)
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, env={**os.environ, "RAYON_NUM_THREADS": str(arguments.threads)}
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{binary} failed")
    seconds = json.loads((out / "run.json").read_text())["seconds"]["fit"]
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def difference(ours, theirs):
    """Whether the tables are the same, in words."""
    if all((ours / table).read_bytes() == (theirs / table).read_bytes() for table in TABLES):
        return "same bytes"
    largest = 0.0
    for table in TABLES:
        rows = [list(csv.reader(open(folder / table))) for folder in (ours, theirs)]
        if [len(row) for row in rows[0]] != [len(row) for row in rows[1]]:
            return f"{table} has other cells"
        for a, b in zip(*rows):
            for x, y in zip(a, b):
                if x != y:
                    try:
                        largest = max(largest, abs(float(x) - float(y)))
                    except ValueError:
                        return f"{table} has `{x}` for `{y}`"
    return f"{largest:.1e}"


print("| row | here: s | other: s | ratio | here: CPU s | other: CPU s | ratio | here: MiB | other: MiB | results |")
print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |")
for name in arguments.rows.split(","):
    *shape, options = ROWS[name]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        data(folder, *shape)
        times = {"ours": [], "theirs": []}
        for _ in range(arguments.rounds):
            for who, binary in [("ours", arguments.binary), ("theirs", arguments.other)]:
                times[who].append(run(binary, folder, folder / who, options))
        ours, theirs = ([min(column) for column in zip(*times[who])] for who in ("ours", "theirs"))
        memory = [max(row[2] for row in times[who]) for who in ("ours", "theirs")]
        print(
            f"| {name} | {ours[0]:.2f} | {theirs[0]:.2f} | {ours[0] / theirs[0]:.2f} "
            f"| {ours[1]:.2f} | {theirs[1]:.2f} | {ours[1] / theirs[1]:.2f} | {memory[0]:.0f} | {memory[1]:.0f} "
            f"| {difference(folder / 'ours', folder / 'theirs')} |",
            flush=True,
        )
