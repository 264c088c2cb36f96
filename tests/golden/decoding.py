"""What scikit-learn's logistic and ridge regression, ROC-AUC and R2 give on small frozen data.

    python decoding.py > decoding.json

Made with scikit-learn 1.x and NumPy 2.x (the versions are in the file). `x` is standardised on the training half; odd rows are
held out. Penalties are half the squared length of the coefficients times `penalty` (scikit-learn's C is its inverse).
"""

import json

import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import r2_score, roc_auc_score

rng = np.random.default_rng(3)
n, d = 80, 6
y2 = rng.integers(0, 2, n)
y3 = rng.integers(0, 3, n)
number = rng.normal(size=n)
x = rng.normal(size=(n, d))
x[:, 0] += y2
x[:, 1] += y3
x[:, 2] -= 1.5 * (y3 == 1)
x[:, 3] += number
x = np.round(x, 4).astype(np.float32)
number = np.round(number, 4)
train, test = np.arange(0, n, 2), np.arange(1, n, 2)
xs = x.astype(float)
xs = (xs - xs[train].mean(0)) / xs[train].std(0)

cases = []
for penalty in (0.1, 10.0):
    options = {"C": 1 / penalty, "tol": 1e-10, "max_iter": 10_000}
    two = LogisticRegression(**options).fit(xs[train], y2[train])
    three = LogisticRegression(**options).fit(xs[train], y3[train])
    ridge = Ridge(alpha=penalty).fit(xs[train], number[train])
    probabilities = three.predict_proba(xs[test])
    cases.append({
        "penalty": penalty,
        "two_coefficients": two.coef_[0].tolist(),
        "two_auc": roc_auc_score(y2[test], two.decision_function(xs[test])),
        "three_coefficients": three.coef_.tolist(),
        "three_auc": roc_auc_score(y3[test], probabilities, multi_class="ovr", average="macro"),
        "ridge_r2": r2_score(number[test], ridge.predict(xs[test])),
    })
print(json.dumps({
    "versions": {"sklearn": sklearn.__version__, "numpy": np.__version__},
    "x": x.tolist(), "two": y2.tolist(), "three": y3.tolist(), "number": number.tolist(), "cases": cases,
}, indent=None))
