"""Freezes tests of the mean over subjects, in group.json: what MNE finds in random data of odd sizes, under every sign flip.

    pip install mne==1.13.2 scipy==1.17.1 rsatoolbox==0.3.2
    python tests/golden/group.py

Clusters and the TFCE of steps are MNE's (`_find_clusters`), of t by SciPy; every flip is gone through here, for either side (MNE's own
exact tests leave one out, and its one-sided ones count the data twice). TFCE as an integral is summed here over the intervals between
heights, with clusters by MNE's graph search. Noise ceilings are rsatoolbox's `boot_noise_ceiling`. Versions are in the file.
"""

import json
from importlib.metadata import version
from itertools import product
from pathlib import Path

import mne
import numpy as np
import rsatoolbox
import scipy
from mne.stats.cluster_level import _find_clusters, _setup_adjacency
from rsatoolbox.inference import boot_noise_ceiling
from scipy import stats
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

mne.set_log_level("error")


def edges(kind, size, columns=None):
    if kind == "row":
        return [(i, i + 1) for i in range(size - 1)]
    if kind == "ring":
        return [(i, (i + 1) % size) for i in range(size)]
    return columns


def grid(times, channel_edges, channels, reach=1):
    all_ = [(t * channels + c, u * channels + c) for t in range(times) for u in range(t + 1, min(times, t + reach + 1))
            for c in range(channels)]
    all_ += [(t * channels + a, t * channels + b) for t in range(times) for a, b in channel_edges]
    return all_


def tvalues(x):
    with np.errstate(all="ignore"):
        return x.mean(0) / (x.std(0, ddof=1) / np.sqrt(len(x)))


def parts(t, beyond, tail, pairs):
    n, found = len(t), []
    for side in {"two": (1, -1), "greater": (1,), "less": (-1,)}[tail]:
        on = side * t > beyond
        keep = [(a, b) for a, b in pairs if on[a] and on[b]]
        a, b = (np.array(keep, dtype=int).reshape(-1, 2)).T
        k, label = connected_components(coo_matrix((np.ones(len(a)), (a, b)), shape=(n, n)), directed=False)
        for c in range(k):
            nodes = np.flatnonzero((label == c) & on)
            if len(nodes):
                found.append(nodes)
    return found


def tfce(t, tail, pairs, e=0.5, h=2.0):
    score = np.zeros(len(t))
    for side in {"two": (1, -1), "greater": (1,), "less": (-1,)}[tail]:
        heights = np.unique(np.r_[0, side * t[side * t > 0]])
        for low, high in zip(heights[:-1], heights[1:]):
            # Strictly above `low`: nothing changes up to `high`.
            for nodes in parts(side * t, low, "greater", pairs):
                score[nodes] += side * len(nodes) ** e * (high ** (h + 1) - low ** (h + 1)) / (h + 1)
    return score


def signs(n, tail):
    """Every flip, the data first; for either side one of each two opposite ones."""
    return [s for s in product((1, -1), repeat=n) if tail != "two" or s[0] == 1]


def share(draws, observed):
    return int(np.sum(np.asarray(draws) >= observed - 1e-9 * abs(observed) - 1e-12))


def case(seed, shape, shift, pairs, beyond, tail):
    x = np.random.default_rng(seed).normal(size=shape) + shift
    flat = x.reshape(len(x), -1)
    flips = [np.array(s)[:, None] * flat for s in signs(len(flat), tail)]
    extreme = {"two": np.abs, "greater": lambda v: v, "less": lambda v: -v}[tail]
    ts = [tvalues(f) for f in flips]
    t = ts[0]
    masses = lambda t: [float(t[nodes].sum()) for nodes in parts(t, beyond, tail, pairs)]
    largest = [max([abs(m) for m in masses(t)], default=0) for t in ts]
    sizes = [max([len(c) for c in parts(t, beyond, tail, pairs)], default=0) for t in ts]
    scores = [tfce(t, tail, pairs) for t in ts]
    tops = [np.abs(s).max() for s in scores]
    tops_t = [extreme(t).max() for t in ts]
    # The clusters themselves by MNE, which must agree.
    adjacency = coo_matrix((np.ones(len(pairs)), np.array(pairs).T), shape=(len(t), len(t)))
    adjacency = _setup_adjacency((adjacency + adjacency.T).tocsr(), len(t), 1)
    sided = {"two": 0, "greater": 1, "less": -1}[tail]
    by_mne, sums = _find_clusters(t, -beyond if sided < 0 else beyond, sided, adjacency)
    by_mne = [np.flatnonzero(c) if np.asarray(c).dtype == bool else np.asarray(c) for c in by_mne]
    ours = sorted(map(tuple, parts(t, beyond, tail, pairs)))
    assert ours == sorted(tuple(sorted(int(i) for i in c)) for c in by_mne), (ours, by_mne)
    found = [dict(nodes=[int(i) for i in c], mass=float(t[c].sum()), p=share(largest, abs(t[c].sum())),
                  p_size=share(sizes, len(c))) for c in parts(t, beyond, tail, pairs)]
    _, steps = _find_clusters(t, dict(start=0.0, step=0.2), 0, adjacency)
    two, greater, less = (stats.ttest_1samp(flat, 0, alternative=a) for a in ("two-sided", "greater", "less"))
    interval = two.confidence_interval(0.95)
    return dict(seed=seed, shape=list(shape), edges=[list(e) for e in pairs], beyond=beyond, tail=tail, x=flat.tolist(),
                flips=len(flips), t=two.statistic.tolist(), p_two=two.pvalue.tolist(), p_greater=greater.pvalue.tolist(),
                p_less=less.pvalue.tolist(), low=interval.low.tolist(), high=interval.high.tolist(),
                p_flips=[share([extreme(u)[i] for u in ts], extreme(t)[i]) for i in range(len(t))],
                p_max=[share(tops_t, v) for v in extreme(t)], clusters=found, tfce=scores[0].tolist(),
                p_tfce=[share(tops, abs(s)) for s in scores[0]], tfce_steps=np.abs(steps).tolist())


row, ring = edges("row", 6), edges("ring", 5)
a = np.array([1, 1, 1, -1, -1, 0])
cases = {
    "A": case(0, (8, 6), a, row, 2.0, "two"),
    "A at t": case(0, (8, 6), a, row, 2.364624252, "two"),
    "A greater": case(0, (8, 6), a, row, 1.894578605, "greater"),
    "B": case(1, (8, 3, 4), 0.5, grid(3, edges("row", 4), 4), 1.5, "two"),
    "C": case(2, (8, 4, 5), 0.4, grid(4, ring, 5), 1.5, "two"),
    "C in a row": case(2, (8, 4, 5), 0.4, grid(4, edges("row", 5), 5), 1.5, "two"),
    "C two steps": case(2, (8, 4, 5), 0.4, grid(4, ring, 5, 2), 1.5, "two"),
    "odd less": case(11, (5, 9), -0.4, edges("row", 9), 0.7, "less"),
    "odd two": case(12, (7, 17), 0.3, edges("row", 17), 1.1, "two"),
    "odd graph": case(13, (6, 11), 0.3, [(0, 4), (4, 7), (7, 0), (1, 2), (2, 9), (9, 10), (3, 10), (5, 6)], 0.9, "greater"),
    "three subjects": case(14, (3, 7), 0.5, edges("row", 7), 0.5, "two"),
}

random = np.random.default_rng(15)
rows = random.normal(size=(7, 13)) + 1.5 * random.normal(size=13)
rows[2, 3:6] = rows[2, 3]
rdms = rsatoolbox.rdm.RDMs(np.c_[rows, random.normal(size=(7, 2))])
ceilings = {m: [float(v) for v in boot_noise_ceiling(rdms, method=m)] for m in ("spearman", "corr")}
out = dict(mne=mne.__version__, scipy=scipy.__version__, numpy=np.__version__, rsatoolbox=version("rsatoolbox"), cases=cases,
           ceiling=dict(rows=rdms.dissimilarities.tolist(), **ceilings))
path = Path(__file__).with_suffix(".json")
path.write_text(json.dumps(out) + "\n")
print(path, {k: v["flips"] for k, v in cases.items()}, ceilings)
