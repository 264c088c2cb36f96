"""The published package's README, and its results."""

import mlem_probe as mp
import numpy as np
import pytest
from conftest import simple
from mlem_probe.compat import MLEM, CompatWarning

pd = pytest.importorskip("pandas")


def test_its_results(mixed):
    features, activations, (plain, interacting) = mixed
    drawn = [MLEM(random_seed=seed).fit(features, activations) for seed in range(6)]
    weights = drawn[0].get_weights()
    assert list(weights.columns) == ["Weight"] and list(weights.index) == list(features.columns)
    drawn = [mlem.score() for mlem in drawn]
    assert drawn[0][1].name == "spearman" and len(drawn[0][1]) == 6 * 5
    importances = pd.concat([importances for importances, _ in drawn])
    for name, mean in plain["importance_mean"].items():
        assert abs(importances[name].mean() - mean) < 3 * plain["importance_sd"][name], name
        assert abs(weights.loc[name, "Weight"] - plain["weight_mean"][name]) < 0.02
    scores = pd.concat([scores for _, scores in drawn])
    assert abs(scores.mean() - plain["spearman_mean"]) < 3 * plain["spearman_sd"]
    with pytest.warns(CompatWarning, match="counts twice"):
        mlem = MLEM(interactions=True).fit(features, activations)
    importances, scores = mlem.score()
    assert list(importances.columns) == list(interacting["importance_mean"])
    assert scores.mean() >= plain["spearman_mean"] - 0.002
    weights = mlem.get_weights()
    assert np.isnan(weights.to_numpy()[np.triu_indices(6, 1)]).all() and not np.isnan(weights.to_numpy()[np.tril_indices(6)]).any()


def test_the_optimum(mixed):
    features, activations, (plain, interacting) = mixed
    mlem = MLEM(solver="exact").fit(features, activations)
    importances, scores = mlem.score()
    assert scores.mean() >= plain["spearman_mean"] - 3 * plain["spearman_sd"]
    for name, mean in plain["importance_mean"].items():
        # The package's training stops short of the optimum, with small weights too large: that is all that parts the two here.
        # Scored with its weights, every importance is within 3 sd; with the optimum's, that of the length is 0.0011 off (5.6 sd).
        tolerance = 0.0013 if name == "length" else 3 * plain["importance_sd"][name]
        assert abs(importances[name].mean() - mean) < tolerance, name
    assert mlem.batch_size_fit_ == len(features) * (len(features) - 1) // 2
    with pytest.raises(mp.UsageError, match="solver"):
        MLEM(solver="other").fit(features, activations)
    with pytest.warns(CompatWarning, match="lr has no meaning"):
        MLEM(interactions=True, lr=0.2).fit(features[:64], activations[:64])
    with pytest.warns(CompatWarning, match="counts twice"):
        trained = MLEM(interactions=True, solver="stochastic").fit(features, activations)
    assert trained.score()[1].mean() >= interacting["spearman_mean"] - 3 * interacting["spearman_sd"]


def test_how_it_trains(mixed):
    features, activations, _ = mixed
    batch = MLEM().estimate_batch_size(features)
    found = MLEM().fit(features, activations)
    assert found.batch_size_fit_ == batch and 256 < batch < 100_000
    assert MLEM(threshold=0.02).estimate_batch_size(features) < batch
    assert MLEM(batch_size_max=300).estimate_batch_size(features) == 300
    given = MLEM(batch_size=batch).fit(features, activations)
    assert given.get_weights().equals(found.get_weights())
    for other in ({"lr": 0.05}, {"max_steps": 3}, {"patience": 1}, {"weight_decay": 0.1}, {"batch_size": 512}):
        assert not MLEM(**other).fit(features, activations).get_weights().equals(found.get_weights()), other
    wrong = {"lr": 0, "max_steps": 0, "patience": 0, "weight_decay": -1, "batch_size": 1, "factor": 1.0, "n_trials": 1}
    for name, value in wrong.items():
        with pytest.raises(mp.Error, match="learning_rate" if name == "lr" else name):
            MLEM(**{name: value}).fit(features, activations)
    with pytest.raises(TypeError):
        MLEM(max_steps="many").fit(features, activations)


def readme(X, Y):
    """The code of the published package's README, line for line, but for the import."""
    mlem = MLEM()
    mlem.fit(X, Y)
    feature_importances, scores = mlem.score()
    assert feature_importances.shape == (5, X.shape[1]) and scores.shape == (5 * X.shape[1],)

    from sklearn.model_selection import train_test_split

    X_train, X_test, Y_train, Y_test = train_test_split(X, Y)
    mlem.fit(X_train, Y_train)
    feature_importances, scores = mlem.score(X_test, Y_test)
    assert feature_importances.shape == (5, X.shape[1])
    return mlem


@pytest.mark.filterwarnings("ignore::mlem_probe.ProbeWarning")
def test_its_readme():
    pytest.importorskip("sklearn")
    from sklearn.model_selection import KFold

    features, Y = simple(100, 12)
    readme(pd.DataFrame(features), Y)
    X = np.random.default_rng(0).uniform(size=(100, 4))
    mlem = readme(X, Y)

    all_importances = []
    all_scores = []

    kf = KFold(shuffle=True)
    for i, (train_index, test_index) in enumerate(kf.split(X)):
        mlem.fit(X[train_index], Y[train_index])
        fi, s = mlem.score(X[test_index], Y[test_index])
        fi["split"] = i
        s["split"] = i
        all_importances.append(fi)
        all_scores.append(s)

    all_importances = pd.concat(all_importances)
    all_scores = pd.concat(all_scores)
    assert len(all_importances) == 25

    batch_size = mlem.estimate_batch_size(X)
    mlem_1 = MLEM(batch_size=batch_size)
    mlem_1.fit(X, Y)
    mlem_2 = MLEM(batch_size=batch_size)
    mlem_2.fit(X, Y * 2)
    assert mlem_1.get_weights().equals(mlem_2.get_weights())


def test_precomputed_distances(data):
    _, y = data
    x = np.random.default_rng(3).uniform(size=(64, 3))
    X = np.abs(x[:, None] - x[None])
    Y = np.linalg.norm(y[:, None] - y[None], axis=-1)
    np.fill_diagonal(Y, 0)
    mlem = MLEM(distance="precomputed", solver="exact")
    mlem.fit(X, Y)
    fi, s = mlem.score()
    assert fi.shape == (5, 3) and list(fi.columns) == ["feature_0", "feature_1", "feature_2"]
    plain = MLEM(solver="exact").fit(x, y).score()
    assert np.isclose(plain[1].iloc[0], s.iloc[0], atol=2e-3)


def test_a_function_of_two_batches_is_a_distance(data):
    features, y = data

    def far(a, b):
        return ((a - b) ** 2).sum(1) ** 0.5

    frame = pd.DataFrame(features)
    own, ours = (MLEM(distance=distance, solver="exact").fit(frame, y).score() for distance in (far, "euclidean"))
    assert np.isclose(own[1].iloc[0], ours[1].iloc[0], atol=1e-5)


def test_matrices_mean_what_they_mean_there(data):
    _, y = data
    codes = np.random.default_rng(0).integers(0, 4, size=(64, 2)).astype(float)
    by_code = MLEM().fit(codes, y).score()[1].iloc[0]
    names = pd.DataFrame(codes.astype(int).astype(str), columns=["feature_0", "feature_1"])
    assert by_code == MLEM().fit(names, y).score()[1].iloc[0]
    with pytest.warns(CompatWarning, match="spans"):
        MLEM().fit(codes * 1.5, y)


def test_it_warns_where_the_meaning_differs(data):
    features, y = data
    frame = pd.DataFrame(features)
    with pytest.warns(CompatWarning, match="lr, patience have no meaning"):
        MLEM(lr=0.01, patience=100, solver="exact").fit(frame, y)
    with pytest.warns(CompatWarning, match="scaled as those of the fit"):
        MLEM().fit(frame, y).score(frame[frame["length"] < 8], y[frame["length"] < 8])
    with pytest.raises(mp.UsageError, match="call fit"):
        MLEM().score()
    with pytest.raises(mp.UsageError, match="nan_to_num"):
        MLEM(nan_to_num=0.5).fit(frame, y)
    with pytest.raises(mp.InputError, match="same first dimension"):
        MLEM().fit(frame, y[:10])
