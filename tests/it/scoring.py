"""What tests/it/scoring.rs holds scores to: plain loops over pairs, with NumPy and SciPy (the versions are printed first).

    python tests/it/scoring.py
"""

import itertools

import numpy as np
import scipy
from scipy.optimize import nnls
from scipy.stats import rankdata

N = 30
number = ["sg" if i * 7 % 5 % 2 == 0 else "pl" for i in range(N)]
tense = [None if i % 11 == 3 else ["past", "pres", "fut"][i * i % 7 % 3] for i in range(N)]
length = [i * i * 3 % 17 / 4 for i in range(N)]
fold = [i % 3 for i in range(N)]


def activations(repeat):
    """Whole numbers, so that distances are equal or far apart."""
    rows = []
    for i in range(N):
        noise = [(i * i * (3 + repeat) + 5 * i * unit + 11 * unit * unit + 7 * repeat) % 13 for unit in range(4)]
        signal = [9 * (number[i] == "sg"), 6 * ((tense[i] or "past") == "past"), round(2 * length[i]), 0]
        rows.append([a + b for a, b in zip(noise, signal)])
    return np.array(rows, float)


def distances(i, j, missing):
    both = tense[i] is not None and tense[j] is not None
    span = max(length) - min(length)
    return [
        float(number[i] != number[j]),
        float(tense[i] != tense[j]) if both else missing,
        abs(length[i] - length[j]) / span,
    ]


def terms(interactions):
    mains = [(a, a) for a in range(3)]
    return mains + ([(a, b) for a in range(3) for b in range(a + 1, 3)] if interactions else [])


def pairs(stimuli, x, interactions=False, missing=0.0):
    phi, t = [], []
    for i, j in itertools.combinations(stimuli, 2):
        d = distances(i, j, missing)
        phi.append([(1 if a == b else 2) * d[a] * d[b] for a, b in terms(interactions)])
        t.append(float(np.sum((x[i] - x[j]) ** 2)))
    return np.array(phi), np.array(t)


def tracked(t, target):
    return rankdata(t) / len(t) if target == "rank" else t


def weights(phi, t, free):
    c, b = np.cov(phi.T, bias=True), np.array([np.cov(column, t, bias=True)[0, 1] for column in phi.T])
    if free:
        return np.linalg.solve(c, b)
    # ½ w'Cw − b'w over w ≥ 0 is a least-squares problem in the factor of C.
    factor = np.linalg.cholesky(c).T
    return nnls(factor, np.linalg.solve(factor.T, b))[0]


def line(p, t):
    slope = max(np.cov(p, t, bias=True)[0, 1] / np.var(p), 0.0)
    return slope, t.mean() - slope * p.mean()


def r_squared(p, t, slope, intercept):
    return 1 - np.sum((t - intercept - slope * p) ** 2) / np.sum((t - t.mean()) ** 2)


def number_list(values):
    return "[" + ", ".join(f"{value:.9f}" for value in values) + "]"


print(f"NumPy {np.__version__}, SciPy {scipy.__version__}")
x = activations(0)
for interactions, target, missing in [
    (False, "squared", 0.0),
    (True, "squared", 0.0),
    (False, "rank", 0.0),
    (True, "rank", 1.0),
]:
    rows = []
    for k in range(3):
        train, test = [i for i in range(N) if fold[i] != k], [i for i in range(N) if fold[i] == k]
        (phi, t), (phi_test, t_test) = (pairs(s, x, interactions, missing) for s in (train, test))
        t, t_test = tracked(t, target), tracked(t_test, target)
        w = weights(phi, t, free=interactions)
        p, p_test = phi @ w, phi_test @ w
        slope, intercept = line(p, t)
        rows.append(
            [
                np.corrcoef(p_test, t_test)[0, 1],
                np.corrcoef(p, t)[0, 1],
                r_squared(p_test, t_test, slope, intercept),
                r_squared(p, t, slope, intercept),
            ]
        )
    print(f"interactions {interactions}, target {target}, missing {missing}: test and train Pearson, test and train R²")
    for row in rows:
        print("   ", number_list(row))

print("RSA, Pearson: the sum, each feature alone, each partial")
for k in range(3):
    phi, t = pairs([i for i in range(N) if fold[i] == k], x)
    alone = [np.corrcoef(column, t)[0, 1] for column in phi.T]
    partial = []
    for a in range(3):
        others = np.column_stack([np.ones(len(t)), np.delete(phi, a, axis=1)])
        left = [v - others @ np.linalg.lstsq(others, v, rcond=None)[0] for v in (phi[:, a], t)]
        partial.append(np.corrcoef(*left)[0, 1])
    print("   ", number_list([np.corrcoef(phi.sum(axis=1), t)[0, 1], *alone, *partial]))

print("three repeats: lower, upper and model, by Pearson and by R²")
repeats = [activations(repeat) for repeat in range(3)]
mean = np.mean(repeats, axis=0)
for k in range(3):
    train, test = [i for i in range(N) if fold[i] != k], [i for i in range(N) if fold[i] == k]
    w = weights(*pairs(train, mean), free=False)
    z, pearson, r2 = [], [], []
    for one in repeats:
        (phi, t), (phi_test, t_test) = pairs(train, one), pairs(test, one)
        z.append((t_test - t_test.mean()) / t_test.std())
        pearson.append(np.corrcoef(phi_test @ w, t_test)[0, 1])
        r2.append(r_squared(phi_test @ w, t_test, *line(phi @ w, t)))
    with_others = [np.corrcoef(z[r], sum(z) - z[r])[0, 1] for r in range(3)]
    with_all = [np.corrcoef(z[r], sum(z))[0, 1] for r in range(3)]
    component = np.linalg.svd(np.array(z))[2][0]
    most = np.mean([np.corrcoef(one, component)[0, 1] ** 2 for one in z])
    print("   ", number_list([np.mean(with_others), np.mean(with_all), np.mean(pearson)]))
    print("   ", number_list([np.mean(np.maximum(with_others, 0) ** 2), most, np.mean(r2)]))
