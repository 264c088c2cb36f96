"""The paper's simulation, drawn by scikit-learn as the paper's code draws it, fitted by probe and by an independent solve.

    python tests/golden/simulation.py target/release/probe [SEEDS]

256 stimuli with 16 binary features; `make_spd_matrix` at unit Frobenius norm as W; activations by metric multidimensional scaling of
d'Wd to 768 dimensions; noise of so many standard deviations of each dimension. Every one of 5 folds is fitted on the pairs of
the other stimuli, and scored over its own pairs by SciPy's Spearman, with the W that probe writes and with the one of an accelerated
projected-gradient solve in float64. The largest difference of the two scores must be below 0.0005.

Made with numpy 2.4, scipy 1.17, scikit-learn 1.9.
"""

import csv
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr
from sklearn.datasets import make_spd_matrix
from sklearn.manifold import MDS

STIMULI, FEATURES, DIMENSIONS, FOLDS = 256, 16, 768, 5
NOISE = (0, 1, 2, 3, 5)
A, B = np.triu_indices(FEATURES)
# In these coordinates the Frobenius norm of W is the length of its vector, and <phi, w> is d'Wd.
SCALE = np.where(A == B, 1.0, np.sqrt(2.0))


def world(seed):
    """Features (n, f) in {0, 1} and activations without noise (n, d)."""
    features = np.random.default_rng(seed).choice([0, 1], size=(STIMULI, FEATURES))
    w = make_spd_matrix(FEATURES, random_state=seed)
    w /= np.linalg.norm(w)
    d = np.abs(features[:, None] - features[None]).astype(float)
    distances = np.einsum("ija,ab,ijb->ij", d, w, d)
    mds = MDS(DIMENSIONS, metric="precomputed", init="random", n_init=1, random_state=0)
    return features, mds.fit_transform(distances)


def pairs(features, activations, rows):
    """phi (pairs, terms) and the squared distance of activations, of all pairs of `rows`."""
    i, j = np.triu_indices(len(rows), 1)
    i, j = rows[i], rows[j]
    d = np.abs(features[i] - features[j]).astype(float)
    return d[:, A] * d[:, B] * SCALE, ((activations[i] - activations[j]) ** 2).sum(1)


def matrix(w):
    m = np.zeros((FEATURES, FEATURES))
    m[A, B] = w / SCALE
    m[B, A] = w / SCALE
    return m


def solve(phi, t, steps=2000):
    """min 1/2 w'Cw - b'w over positive semidefinite W."""
    phi = phi - phi.mean(0)
    c, b = phi.T @ phi / len(phi), phi.T @ (t - t.mean()) / len(phi)
    step = 1 / np.linalg.eigvalsh(c)[-1]
    w = ahead = np.zeros(len(b))
    momentum = 1.0
    for _ in range(steps):
        values, vectors = np.linalg.eigh(matrix(ahead - step * (c @ ahead - b)))
        new = ((vectors * np.maximum(values, 0)) @ vectors.T)[A, B] * SCALE
        after = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead = new + (momentum - 1) / after * (new - w)
        w, momentum = new, after
    return w


def fitted(probe, features, activations, rows, folder):
    """W as `probe fit --interactions --folds 1` writes it."""
    table = folder / "features.csv"
    with table.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([f"f{k:02}" for k in range(FEATURES)])
        writer.writerows([["ab"[x] for x in row] for row in features[rows]])
    np.save(folder / "activations.npy", activations[rows].astype(np.float32))
    out = folder / "run"
    command = [probe, "fit", table, folder / "activations.npy", "--interactions", "--folds", "1", "--permutations", "0"]
    subprocess.run([*command, "--map", "0", "--pairs", "all", "--quiet", "-o", out], check=True, stdout=subprocess.DEVNULL)
    w = np.zeros((FEATURES, FEATURES))
    with (out / "weights.csv").open() as file:
        for row in csv.DictReader(file):
            a, b = int(row["feature_a"][1:]), int(row["feature_b"][1:])
            w[a, b] = w[b, a] = float(row["weight"])
    return w[A, B] * SCALE


def main():
    probe, seeds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 3
    scores = np.zeros((2, len(NOISE), seeds))
    worst = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(seeds):
            features, clean = world(seed)
            for level, noise in enumerate(NOISE):
                deviates = np.random.default_rng(seed).normal(scale=clean.std(axis=0), size=clean.shape)
                activations = (clean + noise * deviates).astype(np.float32)
                folds = np.array_split(np.random.default_rng(seed + 1).permutation(STIMULI), FOLDS)
                for held in folds:
                    train = np.setdiff1d(np.arange(STIMULI), held)
                    ours = fitted(probe, features, activations, train, Path(folder))
                    theirs = solve(*pairs(features, activations.astype(float), train))
                    phi, t = pairs(features, activations.astype(float), np.sort(held))
                    found = [spearmanr(phi @ w, t).statistic for w in (ours, theirs)]
                    scores[:, level, seed] += np.array(found) / FOLDS
                    worst = max(worst, abs(found[0] - found[1]))
    print("noise      " + "".join(f"{noise:>8}" for noise in NOISE))
    for name, of in zip(("probe", "float64"), scores):
        print(f"{name:<11}" + "".join(f"{x:8.3f}" for x in of.mean(1)))
    print("sd (seeds) " + "".join(f"{x:8.3f}" for x in scores[0].std(1, ddof=1)))
    print(f"largest difference of a fold's scores: {worst:.1e}")
    return 0 if worst < 5e-4 else 1


if __name__ == "__main__":
    sys.exit(main())
