"""Freezes what dtw-python, SciPy and a few lines of NumPy make of random data, in compare.json.

    pip install dtw-python scipy
    python tests/golden/compare.py

Three trajectories (layers × features), their dynamic time warping for every pair (`symmetric2`, Euclidean; the total and the total
divided by the sum of the lengths), and the average linkage of a matrix of distances; two sets of vectors of the same objects and
their linear CKA. Versions are in the file.
"""

import json
from pathlib import Path

import dtw
import numpy as np
import scipy
from scipy.cluster.hierarchy import linkage
from scipy.spatial.distance import squareform

random = np.random.default_rng(20)

trajectories = [np.abs(random.normal(size=(n, 5))).round(6) for n in (6, 12, 1, 24)]
warped = []
for i, a in enumerate(trajectories):
    for j, b in enumerate(trajectories):
        if i < j:
            found = dtw.dtw(a, b, dist_method="euclidean", step_pattern="symmetric2")
            warped.append({"a": i, "b": j, "distance": found.distance, "normalized": found.normalizedDistance})

points = random.normal(size=(7, 3))
distances = np.linalg.norm(points[:, None] - points[None], axis=-1).round(6)
tree = linkage(squareform(distances, checks=False), method="average")


def cka(x, y):
    x, y = x - x.mean(0), y - y.mean(0)
    return np.linalg.norm(y.T @ x) ** 2 / (np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y))


def cka_debiased(x, y):
    """Song et al. 2012, equation 5, with linear kernels."""
    n, k, l = len(x), x @ x.T, y @ y.T
    np.fill_diagonal(k, 0)
    np.fill_diagonal(l, 0)

    def hsic(k, l):
        mixed = (k * l).sum() + k.sum() * l.sum() / (n - 1) / (n - 2)
        return mixed - 2 / (n - 2) * k.sum(0) @ l.sum(0)

    return hsic(k, l) / np.sqrt(hsic(k, k) * hsic(l, l))


# Exact in f32, which is what activations are.
x = random.normal(size=(40, 6)).astype(np.float32)
y = (x.astype(np.float64)[:, :3] @ random.normal(size=(3, 9)) + random.normal(size=(40, 9)) + 4.0).astype(np.float32)

frozen = {
    "versions": {"dtw-python": dtw.__version__, "numpy": np.__version__, "scipy": scipy.__version__},
    "trajectories": [t.tolist() for t in trajectories],
    "warped": warped,
    "distances": distances.tolist(),
    "linkage": tree.tolist(),
    "x": x.astype(np.float64).tolist(),
    "y": y.astype(np.float64).tolist(),
    "cka": cka(x.astype(np.float64), y.astype(np.float64)),
    "cka_debiased": cka_debiased(x.astype(np.float64), y.astype(np.float64)),
}
Path(__file__).with_name("compare.json").write_text(json.dumps(frozen) + "\n")
