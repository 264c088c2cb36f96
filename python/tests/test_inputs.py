"""Unusual inputs that are right: whatever holds the numbers, the profile is that of the plain array."""

import array
import decimal
import enum
import os
import threading

import mlem_probe as mp
import numpy as np
import pytest
from conftest import simple

FEATURES, X = simple()
#: Values that every type below holds without rounding.
SMALL = np.round(X * 8) / 8


def importance(features, activations, **options):
    return mp.fit(features, activations, map=0, **options).importance


@pytest.fixture(scope="module")
def expected():
    return importance(FEATURES, SMALL)


class OnlyArray:
    def __array__(self, dtype=None, copy=None):
        return SMALL if dtype is None else SMALL.astype(dtype)


class OnlyInterface:
    __array_interface__ = SMALL.__array_interface__


def read_only():
    x = SMALL.copy()
    x.flags.writeable = False
    return x


def memory_map():
    np.save("x.npy", SMALL)
    return np.load("x.npy", mmap_mode="r")


def unaligned():
    x = np.zeros(SMALL.nbytes + 1, dtype=np.uint8)[1:].view("f4").reshape(SMALL.shape)
    x[:] = SMALL
    return x


def structured():
    x = np.zeros(64, dtype=[("id", "i8"), ("unit", "f4", (8,))])
    x["unit"] = SMALL
    return x["unit"]


def of_pandas(dtype):
    return lambda: pytest.importorskip("pandas").DataFrame(SMALL).astype(dtype)


def sparse():
    return pytest.importorskip("scipy.sparse").csr_matrix(SMALL)


ARRAYS = {
    "Fortran's order": lambda: np.asfortranarray(SMALL),
    "big-endian": lambda: SMALL.astype(">f4"),
    "big-endian doubles": lambda: SMALL.astype(">f8"),
    "float16": lambda: SMALL.astype("float16"),
    "float64": lambda: SMALL.astype("float64"),
    "long double": lambda: SMALL.astype("longdouble"),
    "integers": lambda: (SMALL * 8).astype("int16"),
    "negative strides": lambda: SMALL[::-1, ::-1].copy()[::-1, ::-1],
    "every other column": lambda: np.repeat(SMALL, 2, axis=1)[:, ::2],
    "read-only": read_only,
    "a map of a file": memory_map,
    "not aligned": unaligned,
    "a field of records": structured,
    "a mask that hides nothing": lambda: np.ma.masked_invalid(SMALL),
    "a subclass": lambda: SMALL.view(np.recarray),
    "numpy.matrix": lambda: np.asmatrix(SMALL),
    "lists": lambda: SMALL.tolist(),
    "tuples of arrays": lambda: tuple(SMALL),
    "__array__": OnlyArray,
    "__array_interface__": OnlyInterface,
    "a data frame": of_pandas("float32"),
    "a data frame of nullable numbers": of_pandas("Float32"),
    "a data frame of two types": of_pandas({0: "float64", 1: "float32"}),
    "a data frame of polars": lambda: pytest.importorskip("polars").DataFrame(SMALL, schema=[f"u{i}" for i in range(8)]),
    "a sparse matrix": sparse,
    "a list of one layer": lambda: [SMALL],
    "a layer of numpy's number": lambda: {np.int64(0): SMALL},
    "a layer of a name": lambda: {"layer.0": SMALL},
}


@pytest.mark.parametrize("what", ARRAYS)
@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_arrays(what, expected):
    scaled = 8 if what == "integers" else 1
    found = importance(FEATURES, ARRAYS[what]())
    if scaled == 1:
        assert found == expected
    else:
        assert np.allclose(found["importance"], expected["importance"], atol=1e-6)


def test_types_of_torch(expected):
    torch = pytest.importorskip("torch")
    for tensor in (
        torch.from_numpy(SMALL).bfloat16(),
        torch.from_numpy(SMALL).half(),
        torch.from_numpy(SMALL).double(),
        torch.from_numpy(SMALL).to_sparse(),
        torch.from_numpy(SMALL).t().contiguous().t(),
        torch.nn.Parameter(torch.from_numpy(SMALL)),
        [torch.from_numpy(SMALL)],
        {"blocks.0.hook_resid_post": torch.from_numpy(SMALL)},
    ):
        found = importance(FEATURES, tensor)
        assert np.allclose(found["importance"], expected["importance"], atol=0.02)
    with pytest.raises(mp.InputError):
        mp.fit(FEATURES, torch.from_numpy(SMALL).to("meta"))


def test_bytes_are_not_changed_and_not_copied():
    for x in (X.copy(), np.asfortranarray(X), read_only()):
        before = x.tobytes()
        acts = mp.Activations({0: x})
        assert acts[0] is x
        importance(FEATURES, acts)
        assert x.tobytes() == before


def columns():
    """Columns of two features as many libraries have them; each is what FEATURES is."""
    number, length = FEATURES["number"], FEATURES["length"]
    kinds = enum.Enum("Number", "sg pl")
    yield "numpy", {"number": np.array(number), "length": np.array(length)}
    yield "numpy, objects", {"number": np.array(number, dtype=object), "length": np.array(length, dtype=object)}
    yield "float16 and big-endian", {"number": np.array(number), "length": np.array(length, dtype=">f2")}
    yield "decimals", {"number": number, "length": [decimal.Decimal(value) for value in length]}
    yield "numbers of numpy", {"number": number, "length": [np.float32(value) for value in length]}
    yield "array.array", {"number": number, "length": array.array("d", length)}
    yield "tuples and ranges", {"number": tuple(number), "length": tuple(length)}
    assert kinds
    pd = pytest.importorskip("pandas")
    yield "categories", pd.DataFrame({"number": pd.Categorical(number), "length": length})
    yield "ordered categories", pd.DataFrame({"number": pd.Categorical(number, ["pl", "sg"], ordered=True), "length": length})
    yield "nullable", pd.DataFrame({"number": number, "length": length}).convert_dtypes()
    yield "string[python]", pd.DataFrame({"number": pd.array(number, dtype="string"), "length": length})
    yield "another index", pd.DataFrame({"number": number, "length": length}, index=range(64, 0, -1))
    yield "series", {"number": pd.Series(number, index=range(64, 0, -1)), "length": pd.Series(length)}
    if pytest.importorskip("pyarrow"):
        yield "arrow's types", pd.DataFrame({"number": number, "length": length}).convert_dtypes(dtype_backend="pyarrow")
    pl = pytest.importorskip("polars")
    frame = pl.DataFrame({"number": number, "length": length})
    yield "polars", frame
    yield "polars, categories", frame.with_columns(pl.col("number").cast(pl.Categorical), pl.col("length").cast(pl.Int16))
    yield "polars, enum", frame.with_columns(pl.col("number").cast(pl.Enum(["sg", "pl"])))
    yield "polars, lazy", frame.lazy()


def test_columns(expected):
    for what, table in columns():
        assert importance(table, SMALL) == expected, what


def test_missing_values_are_missing_however_they_are_written():
    pd = pytest.importorskip("pandas")
    pl = pytest.importorskip("polars")
    gap = [None if i % 7 == 0 else value for i, value in enumerate(FEATURES["length"])]
    name = [None if i % 9 == 0 else value for i, value in enumerate(FEATURES["number"])]
    nan = [float("nan") if value is None else value for value in gap]
    expected = importance({"number": name, "length": gap}, SMALL)
    for table in (
        {"number": name, "length": nan},
        {"number": ["" if value is None else value for value in name], "length": np.array(nan)},
        pd.DataFrame({"number": name, "length": gap}),
        pd.DataFrame({"number": pd.Categorical(name), "length": pd.array(gap, dtype="Int64")}),
        pd.DataFrame({"number": [pd.NA if value is None else value for value in name], "length": gap}),
        pl.DataFrame({"number": name, "length": gap}),
        pl.DataFrame({"number": name, "length": nan}),
    ):
        assert importance(table, SMALL) == expected


def test_names_of_layers_are_those_of_files():
    hooks = {f"blocks.{layer}.hook_resid_post": X + layer for layer in (10, 2)}
    acts = mp.Activations({"hook_embed": X, **hooks})
    assert acts.layers == [0, 2, 10] and acts.labels == {} and acts.provenance["arrays"]["10"] == "blocks.10.hook_resid_post"
    np.savez("x.npz", **{"hook_embed": X, **hooks})
    assert mp.Activations.open("x.npz").layers == acts.layers
    regions = mp.Activations({"V1": X, "IT": X * 2})
    assert regions.layers == [0, 1] and regions.labels == {0: "V1", 1: "IT"}
    profile = mp.fit(FEATURES, regions, map=0)
    assert profile.labels == regions.labels and "IT" in profile.to_html()
    with pytest.raises(mp.InputError, match="two kinds|kinds of arrays") as caught:
        mp.Activations({"layer.0": X, "layer.1": X, "block.0.mlp": X, "block.1.mlp": X})
    assert caught.value.hint


def test_files_are_read_as_the_command_reads_them():
    both = np.stack([X, X * 2], axis=1)  # stimuli, layers, units
    np.save("both.npy", both)
    with pytest.raises(mp.InputError, match="ax"):
        mp.fit(FEATURES, "both.npy", axes="n,unit", map=0)
    profile = mp.fit(FEATURES, "both.npy", axes="n,layer,unit", map=0)
    assert profile.layers == [0, 1] and profile.importance == importance(FEATURES, {0: X, 1: X * 2})
    np.savez("named.npz", a=X, b=X * 2, c=X[:, :3])
    assert mp.fit(FEATURES, "named.npz", arrays=["b", "a"], map=0).layers == [0, 1]
    assert mp.Activations.open("named.npz", arrays="c").width(0) == 3
    with pytest.raises(mp.UsageError, match="`arrays`"):
        mp.fit(FEATURES, X, arrays=["a"], map=0)
    hollow = X.copy()
    hollow[:, 2] = np.nan
    np.save("hollow.npy", hollow)
    with pytest.warns(mp.ProbeWarning, match="left out"):
        profile = mp.fit(FEATURES, "hollow.npy", map=0)
    assert any("left out" in warning for warning in profile.warnings)
    assert profile.importance == importance(FEATURES, np.delete(X, 2, axis=1))
    assert importance(FEATURES, "hollow.npy", units=[0, 1, 3]) == importance(FEATURES, X, units="0,1,3")
    with pytest.warns(mp.ProbeWarning), pytest.raises(mp.UsageError, match="left out already"):
        mp.fit(FEATURES, mp.Activations.open("hollow.npy"), units=[3], map=0)


def test_distances_may_be_condensed():
    i, j = np.triu_indices(64, 1)
    condensed = np.linalg.norm(X[i] - X[j], axis=1)
    square = np.zeros((64, 64), dtype="float32")
    square[i, j] = square[j, i] = condensed
    np.save("condensed.npy", condensed)
    expected = importance(FEATURES, square, distance="precomputed")
    for given in (condensed, "condensed.npy", {0: condensed}):
        assert importance(FEATURES, given, distance="precomputed") == expected
    near = importance(FEATURES, X)
    assert np.allclose(expected["importance"], near["importance"], atol=1e-3)


def test_layers_count_from_the_end():
    acts = {0: X, 4: X * 2, 7: X + 1}
    assert mp.fit(FEATURES, acts, layers=-1, map=0).layers == [7]
    assert mp.fit(FEATURES, acts, layers=[0, -1], map=0).layers == [0, 7]
    with pytest.raises(mp.UsageError, match="from the end"):
        mp.fit(FEATURES, acts, layers=-4, map=0)


def test_the_null_of_each_effect():
    profile = mp.fit(FEATURES, X, null=20, map=0)
    statistics = profile.statistics
    assert {"p", "p_holm", "p_bh", "p_max", "null", "null_z"} <= set(statistics.columns)
    assert "adds nothing to the others" in statistics["null"].tolist()
    assert len(profile.table("null")) == 20


def test_features_are_shown_by_other_names():
    names = {"number": "Number “of” the subject"}
    profile = mp.fit(FEATURES, X, feature_names=names, map=0)
    assert "Number “of” the subject" in profile.to_html() and "number" in profile.importance["feature"]
    assert "Number “of” the subject" in bytes(profile.plot("importance")).decode()
    with pytest.raises(mp.Error, match="no feature"):
        mp.fit(FEATURES, X, feature_names={"nothing": "x"}, map=0)


def test_repeats_are_checked():
    with pytest.raises(mp.UsageError, match="one recording"):
        mp.fit(FEATURES, X, repeats=X, map=0)
    with pytest.raises(mp.UsageError, match="mlem"):
        mp.fit(FEATURES, X, repeats=[X + 1], estimator="rsa", map=0)
    with pytest.raises(mp.InputError):
        mp.fit(FEATURES, X, repeats=[X[:, :3]], map=0)


def test_layers_are_compared_where_there_are_activations():
    a, b = (mp.fit(FEATURES, {0: x, 1: x + 1}, map=0) for x in (X, X * X))
    plain = mp.compare({"a": a, "b": b})
    full = mp.compare({"a": a, "b": b}, activations=[{0: X, 1: X + 1}, {0: X * X, 1: X * X + 1}])
    assert len(full.table) > len(plain.table) and "cka" in set(full.table["quantity"])
    with pytest.raises(mp.UsageError, match="activations for 2"):
        mp.compare([a, b], activations=[X])
    with pytest.raises(mp.Error):
        mp.compare([a, b], activations=[X[:9], X])


def test_two_threads_fit_one_array():
    acts, found = mp.Activations({0: X, 1: X * 2}), []
    expected = importance(FEATURES, acts)

    def work(threads):
        for _ in range(5):
            found.append(importance(FEATURES, acts, threads=threads))

    workers = [threading.Thread(target=work, args=(threads,)) for threads in (None, 1, 2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(found) == 15 and all(frame == expected for frame in found)


def test_the_array_may_go_while_it_is_fitted():
    def acts():
        return mp.Activations({layer: X.copy() + layer for layer in range(20)})

    assert importance(FEATURES, acts()) == importance(FEATURES, acts())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_fork_from_a_thread_works():
    outcome = []

    def work():
        process = os.fork()
        if process == 0:
            code = 1
            try:
                code = 0 if len(importance(FEATURES, X)) == 10 else 2
            finally:
                os._exit(code)
        outcome.append(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))

    importance(FEATURES, X)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join(120)
    assert outcome == [0]


def test_columns_say_what_goes_together():
    features = {**FEATURES, "session_id": ["one", "two"] * 32, "item_id": [f"i{i // 2}" for i in range(64)]}
    features["number"] = ["sg", "sg", "pl", "pl"] * 16
    split = {**FEATURES, "fold_id": [f"f{i // 22}" for i in range(64)]}
    assert len(set(mp.fit(split, X, split="fold_id", map=0).scores["fold"])) == 3
    with pytest.warns(mp.ProbeWarning, match="left out"):
        profile = mp.fit(features, X, average="item_id", map=0)
    assert len(profile.stimuli) == 32 and set(profile.importance["feature"]) == {"number"}
    assert mp.fit(features, X, z_score_by="session_id", map=0).record["transforms"]
    residual = mp.fit(features, X, transform="residual:session_id", map=0)
    assert residual.record["transforms"]
