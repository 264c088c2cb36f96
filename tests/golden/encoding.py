"""What scikit-learn's ridge regression and scores give on small frozen data.

    python encoding.py > encoding.json

Made with scikit-learn and NumPy of the versions in the file. Two features of levels (two and three of them) and a number, with and
without products of columns; missing values are at the mean of the training stimuli that have one. Columns are standardised on the
training stimuli, products of them once more. Odd rows are held out. The last two units are constant: one everywhere, one among the
held-out stimuli.
"""

import json

import numpy as np
import scipy
import sklearn
from scipy.stats import pearsonr
from sklearn.linear_model import Ridge, RidgeCV
from sklearn.metrics import r2_score
from sklearn.model_selection import LeaveOneGroupOut, cross_val_predict

rng = np.random.default_rng(11)
n, d = 64, 6
two = rng.integers(0, 2, n)
three = np.repeat(rng.integers(0, 3, 16), 4)
number = np.repeat(np.round(rng.normal(size=16), 3), 4)
unit = np.repeat(np.arange(16), 4)
missing_two = [4, 9, 20]
missing_number = [2, 3, 31, 40]
y = 0.5 * rng.normal(size=(n, d)) + np.repeat(rng.normal(size=(16, d)), 4, axis=0)
y[:, 0] += 2 * two
y[:, 1] += three * two
y[:, 2] += 0.5 * number - (three == 1)
y[:, 4] = 3.25
y = np.round(y, 3).astype(np.float32)
train, test = np.arange(0, n, 2), np.arange(1, n, 2)
trains = [0, 1, 2, 3, 5]
y[test, 5] = -1.5

a = (two == 1).astype(float)[:, None]
a[missing_two] = np.nan
b = (three[:, None] == np.arange(3)).astype(float)
c = number[:, None].copy()
c[missing_number] = np.nan


def standard(x):
    mean = np.nanmean(x[train], 0)
    x = np.where(np.isnan(x), mean, x)
    sd = x[train].std(0)
    return np.where(sd > 1e-10, (x - mean) / np.where(sd > 1e-10, sd, 1), 0)


mains = [standard(x) for x in (a, b, c)]
products = [
    standard((x[:, :, None] * z[:, None, :]).reshape(n, -1))
    for x, z in ((mains[0], mains[1]), (mains[0], mains[2]), (mains[1], mains[2]))
]
grid = 10.0 ** np.arange(7, -3.5, -0.5)
cases = []
for interactions in (False, True):
    x = np.hstack(mains + (products if interactions else []))
    chosen = RidgeCV(alphas=grid).fit(x[train], y[train].astype(float))
    errors = []
    for alpha in grid:
        left = cross_val_predict(Ridge(alpha=alpha), x[train], y[train].astype(float), groups=unit[train], cv=LeaveOneGroupOut())
        errors.append(float(((left - y[train]) ** 2).sum()))
    by_unit = float(grid[int(np.argmin(errors))])
    for alpha in (float(chosen.alpha_), by_unit, 0.3, 1000.0):
        model = Ridge(alpha=alpha).fit(x[train], y[train].astype(float))
        truth, predicted = y[test].astype(float), model.predict(x[test])
        varies = truth.std(0) > 0
        cases.append({
            "interactions": interactions,
            "penalty": alpha,
            "chosen": float(chosen.alpha_),
            "chosen_by_unit": by_unit,
            "columns": x.shape[1],
            "r2": r2_score(truth[:, varies], predicted[:, varies], multioutput="variance_weighted"),
            "trained": r2_score(y[train][:, trains].astype(float), model.predict(x[train])[:, trains], multioutput="variance_weighted"),
            "unit_r2": [r2_score(truth[:, k], predicted[:, k]) for k in range(4)],
            "unit_pearson": [float(pearsonr(truth[:, k], predicted[:, k])[0]) for k in range(4)],
            "predicted": predicted[0].tolist(),
        })

print(json.dumps({
    "versions": {"sklearn": sklearn.__version__, "numpy": np.__version__, "scipy": scipy.__version__},
    "two": [None if i in missing_two else int(v) for i, v in enumerate(two)],
    "three": three.tolist(),
    "number": [None if i in missing_number else float(v) for i, v in enumerate(number)],
    "unit": unit.tolist(),
    "y": [[float(f"{v:.4g}") for v in row] for row in y.astype(float)],
    "cases": cases,
}))
