"""What cannot be used is an exception with a hint, and never the end of the process."""

import multiprocessing
import os
import subprocess
import sys

import mlem_probe as mp
import numpy as np
import pytest
from conftest import simple

FEATURES, X = simple()


def lines():
    yield from X


class Closed:
    """A data set of a file that was closed, as h5py's is."""

    def __array__(self, dtype=None, copy=None):
        raise ValueError("Invalid dataset identifier")


WRONG_ACTIVATIONS = {
    "too few rows": X[:10],
    "one dimension": X[:, 0],
    "three dimensions of other stimuli": X[None, :5],
    "no column": X[:, :0],
    "no row": X[:0],
    "objects": np.array([[object()] * 3] * 64, dtype=object),
    "ragged": [[1.0], [1.0, 2.0]],
    "strings": np.full((64, 2), "a"),
    "complex": X.astype(complex),
    "dates": np.full((64, 2), "2020-01-01", dtype="datetime64[D]"),
    "NaN": np.where(np.arange(512).reshape(64, 8) == 100, np.nan, X),
    "infinite": np.where(np.arange(512).reshape(64, 8) == 100, np.inf, X),
    "beyond float32": np.where(np.arange(512).reshape(64, 8) == 100, 1e300, X.astype(float)),
    "a generator": lines(),
    "a closed file": Closed(),
    "masked": np.ma.masked_greater(X, 1),
    "nothing": None,
    "a number": 3,
    "a set": {1, 2},
    "no layers": {},
    "layers by number and by name": {"a": X, 3: X},
    "layers of no kind": {None: X},
    "layers by fractions": {0.5: X},
    "names of two kinds": {"layer.0": X, "layer.1": X, "block.0.mlp": X, "block.1.mlp": X},
    "a negative layer": {-1: X},
    "layers of other lengths": {0: X, 1: X[:9]},
    "a file that is not there": "nothing.npy",
}

WRONG_FEATURES = {
    "nothing": None,
    "a number": 3,
    "a generator": ({"a": 1} for _ in range(3)),
    "no columns": {},
    "no rows": {"a": [], "b": []},
    "other lengths": {"a": ["x"] * 64, "b": ["y"] * 63},
    "lists in cells": {"a": [[1, 2]] * 64},
    "bytes": {"a": [b"x", b"y"] * 32},
    "a text": {"a": "xy"},
    "infinite": {"a": [1.0, float("inf")] * 32},
    "dates": {"a": np.full(64, "2020-01-01", dtype="datetime64[D]")},
    "complex": {"a": np.full(64, 1j)},
    "a constant": {"a": ["x"] * 64},
    "all missing": {"a": [None] * 64},
    "no square": {"a": np.zeros((64, 3))},
    "no distances": {"a": np.arange(64 * 64.0).reshape(64, 64)},
    "three dimensions": np.zeros((64, 2, 2)),
    "a column of a generator": {"a": (i for i in range(64))},
    "sentences alone": {"sentence": ["a"] * 64},
    "sentences of numbers": {"sentence": [1] * 64, "a": ["x", "y"] * 32},
}


def raises(act):
    with pytest.raises(mp.Error) as caught:
        act()
    assert caught.value.message and caught.value.hint, caught.value
    if sys.version_info >= (3, 11):
        assert caught.value.__notes__ == [f"hint: {caught.value.hint}"]
    return caught.value


@pytest.mark.parametrize("what", WRONG_ACTIVATIONS)
def test_activations(what):
    raises(lambda: mp.fit(FEATURES, WRONG_ACTIVATIONS[what], map=0))


@pytest.mark.parametrize("what", WRONG_ACTIVATIONS)
def test_activations_of_the_estimator(what):
    if isinstance(WRONG_ACTIVATIONS[what], str):
        pytest.skip("takes no file")
    raises(lambda: mp.MLEM().fit(FEATURES, WRONG_ACTIVATIONS[what]))


@pytest.mark.parametrize("what", WRONG_FEATURES)
def test_features(what):
    raises(lambda: mp.fit(WRONG_FEATURES[what], X, map=0))


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_an_empty_frame(library):
    module = pytest.importorskip(library)
    empty = module.table({}) if library == "pyarrow" else module.DataFrame()
    raises(lambda: mp.fit(empty, X, map=0))
    hollow = module.table({"a": []}) if library == "pyarrow" else module.DataFrame({"a": []})
    raises(lambda: mp.fit(hollow, X, map=0))


@pytest.mark.parametrize(
    "options",
    [
        {"folds": 0}, {"folds": 100}, {"folds": "x"}, {"permutations": -1}, {"estimator": "other"}, {"threads": 0}, {"threads": 10**9},
        {"threads": "x"}, {"threads": True}, {"seed": -1}, {"seed": "x"}, {"null": -1}, {"null": 1.5}, {"layers": "a"}, {"layers": -2},
        {"feature_names": {"nothing": "x"}}, {"axes": "n,unit"}, {"arrays": ["a"]}, {"bootstrap": 10**9}, {"noise": -1}, {"units": [99]},
        {"interactions": "yes"}, {"estimator": "decoding", "null": 3}, {"repeats": X}, {"numeric": ["number"]}, {"conditional": 7},
        {"distance": "far"}, {"layers": [7]}, {"drop": ["number", "length"]}, {"categorical": ["nothing"]}, {"pairs": 3},
        {"transform": "pca:9999"}, {"progress": 3}, {"group": {"g": ["nothing"]}}, {"distance": "precomputed"},
    ],
    ids=str,
)
def test_options(options):
    error = raises(lambda: mp.fit(FEATURES, X, **{"map": 0, **options}))
    assert "--" not in str(error)


def test_other_calls():
    raises(lambda: mp.generate("relative_cluase"))
    raises(lambda: mp.generate("relative_clause", sample=0))
    raises(lambda: mp.extract(mp.Stimuli(FEATURES)))
    raises(lambda: mp.extract(mp.generate("relative_clause", sample=8), "no-such-model"))
    raises(lambda: mp.extract(mp.generate("relative_clause", sample=8), pool="cls"))
    raises(lambda: mp.extract(mp.generate("relative_clause", sample=8), model="a,b"))
    raises(lambda: mp.MLEM().score(FEATURES, X))
    raises(lambda: mp.MLEM(distance="far").fit(FEATURES, X))
    raises(lambda: mp.Stimuli(FEATURES).select([99]))
    raises(lambda: mp.Stimuli(FEATURES).select([True]))
    raises(lambda: mp.Stimuli(FEATURES).select(["a"]))
    assert len(mp.Stimuli(FEATURES).select(X[:, 0] > 0)) == (X[:, 0] > 0).sum()
    raises(lambda: mp.Stimuli(FEATURES, "a text"))
    raises(lambda: mp.Stimuli(FEATURES, ["one"]))
    raises(lambda: mp.generate(3))
    raises(lambda: mp.read(None))
    raises(lambda: mp.Stimuli.read("nothing.csv"))
    raises(lambda: mp.Activations.open("nothing.npy"))
    raises(lambda: mp.MLEM(seed=-1).fit(FEATURES, X))
    raises(lambda: mp.MLEM(threads=1.5).fit(FEATURES, X))
    raises(lambda: mp.MLEM().fit(FEATURES, None))
    raises(lambda: mp.MLEM().fit(FEATURES, {0: X, 1: X}))
    raises(lambda: mp.Activations(X).save("x.csv"))
    assert isinstance(raises(lambda: mp.read("nothing")), (mp.FileError, OSError))
    with pytest.raises(KeyError):
        mp.Activations(X)[5]


def test_hints_speak_python():
    error = raises(lambda: mp.fit(FEATURES, X, drop=["number", "length"]))
    assert "`drop`" in error.hint


def test_warnings_are_pythons():
    features = {**FEATURES, "constant": ["x"] * 64}
    with pytest.warns(mp.ProbeWarning, match="constant") as caught:
        mp.fit(features, X, map=0)
    assert caught[0].filename == __file__


def fit_in_child(queue):
    try:
        queue.put(mp.fit(FEATURES, X, map=0).scores.to_dict())
    except BaseException as error:  # noqa: BLE001
        queue.put(error)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_fork_works():
    before = mp.fit(FEATURES, X, map=0).scores.to_dict()
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=fit_in_child, args=(queue,))
    child.start()
    assert queue.get(timeout=120) == before
    child.join(60)
    assert child.exitcode == 0
    assert mp.fit(FEATURES, X, map=0).scores.to_dict() == before


def test_an_exception_in_a_callback_ends_the_work():
    code = """
import mlem_probe as mp, numpy
x = numpy.random.default_rng(0).normal(size=(64, 8)).astype("float32")
def stop(*_): raise SystemExit(7)
mp.fit({"a": ["x", "y"] * 32}, {k: x for k in range(50)}, map=0, progress=stop)
"""
    assert subprocess.run([sys.executable, "-c", code]).returncode == 7
