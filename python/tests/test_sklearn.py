"""The habits of scikit-learn."""

import pickle

import mlem_probe as mp
import numpy as np
import pytest


def test_weights_importances_and_score(mixed):
    features, activations, (plain, _) = mixed
    model = mp.MLEM().fit(features, activations)
    assert model.weights_.shape == (6, 6) and np.isclose(np.linalg.norm(model.weights_), 1)
    assert list(model.feature_names_in_) == list(features.columns)
    assert model.score(features, activations) >= plain["spearman_mean"] - 0.002
    found = dict(zip(model.importances_["feature"], model.importances_["importance"]))
    assert max(abs(found[name] - mean) for name, mean in plain["importance_mean"].items()) < 0.005
    for place, name in enumerate(features.columns):
        assert abs(model.weights_[place, place] - plain["weight_mean"][name]) < 0.02
    nested = mp.MLEM(interactions=True).fit(features, activations)
    assert nested.objective_ >= model.objective_ - 1e-9


def test_it_is_cloned_searched_and_cross_validated(mixed):
    sklearn = pytest.importorskip("sklearn")
    from sklearn.base import clone
    from sklearn.model_selection import GridSearchCV, GroupKFold, KFold, cross_val_score

    assert sklearn
    features, activations, _ = mixed
    model = mp.MLEM(permutations=0)
    assert clone(model).get_params() == model.get_params()
    assert repr(mp.MLEM(interactions=True)) == "MLEM(interactions=True)"
    scores = cross_val_score(model, features, activations, cv=KFold(5, shuffle=True, random_state=0))
    assert scores.shape == (5,) and scores.min() > 0.8
    groups = np.arange(len(features)) % 7
    assert cross_val_score(model, features, activations, cv=GroupKFold(3), groups=groups, n_jobs=2).min() > 0.8
    search = GridSearchCV(model, {"interactions": [False, True]}, cv=3).fit(features, activations)
    assert "interactions" in search.best_params_


def test_parameters_are_checked_when_it_is_fitted(data):
    model = mp.MLEM().set_params(distance="manhattan", interactions=True)
    assert model.fit(*data).get_params()["distance"] == "manhattan"
    with pytest.raises(mp.UsageError, match="argument"):
        model.set_params(other=1)


def test_what_was_told_travels(data):
    model = pickle.loads(pickle.dumps(mp.MLEM().fit(*data)))
    assert model.weights_.shape == (2, 2) and len(model.importances_) == 2
    with pytest.raises(mp.UsageError, match="not been fitted"):
        model.score(*data)


def test_nothing_leaks_and_little_is_added():
    resource = pytest.importorskip("resource")
    import time

    rng = np.random.default_rng(0)
    features = {f"f{i}": rng.integers(0, 2, 64).astype(str).tolist() for i in range(10)}
    x = rng.normal(size=(64, 16)).astype("float32")
    model = mp.MLEM(permutations=1)
    for _ in range(100):
        model.fit(features, x)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.perf_counter()
    for _ in range(300):
        model.fit(features, x)
    each = (time.perf_counter() - begun) / 300
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 4096, f"{grown} kB more after 300 fits"
    assert each < 0.1
