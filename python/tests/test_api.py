"""From data to a profile, and from a profile to other libraries."""

import pickle
import threading

import mlem_probe as mp
import numpy as np
import pytest


def test_stimuli_of_a_grammar_have_sentences_features_and_spans():
    stimuli = mp.generate("relative_clause", sample=64, seed=1)
    assert len(stimuli) == len(stimuli.sentences) == len(stimuli.features) == 64
    sentence, spans = stimuli.sentences[0], stimuli.spans[0]
    assert spans and all(sentence[start:end].strip() for start, end in spans.values())
    assert mp.generate("relative_clause", sample=64, seed=1).sentences == stimuli.sentences
    assert mp.generate("relative_clause", sample=64, seed=2).sentences != stimuli.sentences
    assert pickle.loads(pickle.dumps(stimuli)).features == stimuli.features


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow", "dict", "arrow"])
def test_features_come_from_any_data_frame(data, library):
    features, x = data
    features = {**features, "gap": [None if i % 5 == 0 else "ab"[i % 3 % 2] for i in range(64)], "flag": [i % 4 < 2 for i in range(64)]}
    expected = mp.fit(features, x, folds=1, map=0)
    if library == "dict":
        frame = {name: np.array(values, dtype=object) for name, values in features.items()}
    elif library == "pandas":
        frame = pytest.importorskip("pandas").DataFrame(features)
        frame["gap"] = frame["gap"].astype("category")
    elif library == "polars":
        frame = pytest.importorskip("polars").DataFrame(features)
    else:
        frame = pytest.importorskip("pyarrow").table(features)
        if library == "arrow":
            table = frame

            class Anything:
                def __arrow_c_stream__(self, requested_schema=None):
                    return table.__arrow_c_stream__(requested_schema)

            frame = Anything()
    profile = mp.fit(frame, x, folds=1, map=0)
    assert profile.stimuli.kinds == {"number": "categorical", "length": "numeric", "gap": "categorical", "flag": "categorical"}
    assert profile.importance == expected.importance


def test_tables_go_to_any_data_frame(data):
    profile = mp.fit(*data, map=0)
    frame = profile.importance
    pandas = frame.to_pandas()
    assert list(pandas.columns) == ["layer", "fold", "feature", "order", "importance", "sd"] and len(pandas) == 10
    polars = pytest.importorskip("polars").DataFrame(frame)
    arrow = pytest.importorskip("pyarrow").table(frame)
    assert polars["importance"].to_list() == arrow["importance"].to_pylist() == pandas["importance"].to_list()
    assert arrow.schema.field("layer").type == "int64" and arrow.schema.field("feature").type == "string"
    assert profile.statistics.columns[:3] == ["layer", "feature", "order"]
    assert profile.weights["weight"].dtype == np.float64


def test_arrays_are_read_where_they_lie(data):
    features, x = data
    expected = mp.fit(features, x, map=0).importance
    for other in (x.astype("float64"), np.asfortranarray(x), x[::-1][::-1], np.repeat(x, 2, axis=0)[::2], x.astype(">f4")):
        assert mp.fit(features, other, map=0).importance == expected
    activations = mp.Activations({3: x, 6: x * 2})
    assert activations[3] is x and activations.layers == [3, 6] and list(activations) == [3, 6]
    assert mp.Activations(np.stack([x, x])).layers == [0, 1]


def test_activations_come_from_torch(data):
    torch = pytest.importorskip("torch")
    features, x = data
    expected = mp.fit(features, x, map=0).importance
    for tensor in (torch.from_numpy(x), torch.from_numpy(x).requires_grad_(), torch.from_numpy(x.copy()).t().contiguous().t()):
        assert mp.fit(features, tensor, map=0).importance == expected
    assert mp.Activations(torch.from_numpy(x).bfloat16())[0].dtype == np.float32


def test_activations_come_by_dlpack(data):
    features, x = data

    class Foreign:
        def __dlpack__(self, **options):
            return x.__dlpack__(**options)

        def __dlpack_device__(self):
            return x.__dlpack_device__()

    held = mp.Activations(Foreign())
    assert np.shares_memory(held[0], x)


def test_a_models_activations_are_views(tmp_path):
    stimuli = mp.generate("relative_clause", sample=32)
    activations = mp.extract(stimuli, layers="0-1")
    matrix = activations[1]
    assert matrix.shape[0] == 32 and matrix.dtype == np.float32 and not matrix.flags.owndata and activations[1] is matrix
    kept = matrix.copy()
    del activations
    assert (matrix == kept).all()
    mp.extract(stimuli, layers=[1], pool="last").save("a.npy")
    assert np.load("a.npy").shape[-2:] == matrix.shape


def test_a_profile_shows_its_figure(data, tmp_path):
    profile = mp.fit(*data, map=0)
    assert "<img" in profile._repr_html_() and "svg" in profile._repr_html_()
    assert bytes(profile.figure("heatmap.svg")).startswith(b"<svg")
    assert bytes(profile.figure("scores.png")).startswith(b"\x89PNG")
    assert profile.plot("importance").save().name == "importance.svg"
    assert profile.to_html().lower().startswith("<!doctype html>")
    with pytest.raises(mp.UsageError, match="no figure is called"):
        profile.figure("nothing.svg")
    again = pickle.loads(pickle.dumps(profile))
    assert again.importance == profile.importance and again.to_html() == profile.to_html()


def test_profiles_are_compared(data, tmp_path):
    features, x = data
    a = mp.fit(features, x, map=0)
    b = mp.fit(features, np.random.default_rng(5).normal(size=x.shape), map=0)
    comparison = mp.compare({"one": a, "other": b})
    assert len(comparison.table) > 0 and "one" in comparison.to_html() and comparison.figures
    assert "one" in str(comparison.table.to_dict())
    comparison.save("comparison")
    a.save("a")
    b.save("b")
    assert mp.compare(["a", "b"], labels=["one", "other"]).table == comparison.table
    for wrong in ([a], a, [a, 3]):
        with pytest.raises((mp.UsageError, mp.InputError)):
            mp.compare(wrong)


def test_progress_is_told(data):
    heard = []
    mp.fit(data[0], {0: data[1], 1: data[1]}, map=0, progress=lambda *said: heard.append(said))
    assert heard[0] == ("fit", 0, 2) and heard[-1] == ("fit", 2, 2)

    class Enough(Exception):
        pass

    def stop(*_):
        raise Enough

    with pytest.raises(Enough):
        mp.fit(*data, map=0, progress=stop)
    mp.fit(*data, map=0, progress=True)


def test_threads_change_nothing(data):
    features, x = data
    expected = mp.fit(features, x, map=0).importance
    assert mp.fit(features, x, map=0, threads=1).importance == expected
    found = []
    workers = [threading.Thread(target=lambda: found.append(mp.fit(features, x, map=0).importance)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(found) == 4 and all(frame == expected for frame in found)


def test_repeats_have_a_ceiling(data):
    features, x = data
    noise = np.random.default_rng(1).normal(size=x.shape)
    profile = mp.fit(features, x, repeats=[x + noise], map=0)
    assert "ceiling" in profile.tables


def test_every_option_of_the_command_is_an_argument(data):
    features, x = data
    profile = mp.fit(features, x, map=0, transform="z_score", group={"both": ["number", "length"]}, permute="stimuli", target="rank")
    assert "both" in profile.importance["feature"]
    with pytest.raises(mp.UsageError, match="fold_s") as caught:
        mp.fit(features, x, fold_s=3)
    assert caught.value.hint


def models(n=9):
    """Profiles of models of which those of one family read the first feature from more units."""
    features = {"number": ["sg", "pl"] * 16, "tense": ["past", "past", "pres", "pres"] * 8}
    profiles = {}
    for at in range(n):
        x = np.random.default_rng(at).normal(size=(32, 6))
        x[:, : 1 + 4 * (at % 3 == 0)] += 2.0 * np.arange(32)[:, None] % 4
        profiles[f"m{at}"] = mp.fit(features, {0: x, 1: x + 1}, map=0, folds=2, permutations=2)
    return profiles


def test_models_are_fitted_by_a_table_of_them(tmp_path):
    profiles = models()
    table = {
        "model": list(profiles),
        "family": ["abc"[at % 3] for at in range(9)],
        "size": [1.5 * at for at in range(9)],
        "noise": ["xy"[at % 2] for at in range(9)],
    }
    rows = [dict(zip(table, values)) for values in zip(*table.values())]
    with open("models.csv", "w") as file:
        file.write("\n".join(",".join(map(str, row)) for row in [table, *zip(*table.values())]) + "\n")
    from_file = mp.compare(profiles, metadata="models.csv", metadata_draws=49)
    found = from_file.metadata.to_dict()
    assert found["quantity"][0] == "spearman" and set(found["feature"]) - {None, ""} == {"family", "size", "noise"}
    assert "family" in from_file.to_html()
    frames = [table, rows, {**table, "size": np.array(table["size"])}]
    pandas = pytest.importorskip("pandas")
    frames += [pandas.DataFrame(table), pandas.DataFrame(table).set_index("model"), pandas.DataFrame(rows[::-1])]
    for frame in frames:
        comparison = mp.compare(profiles, metadata=frame, metadata_draws=49)
        assert comparison.metadata == from_file.metadata
    comparison.save("comparison")
    assert open("comparison/metadata.csv", "rb").read().startswith(b"left_out,feature,")
    # Options of the program, names with commas, and models that the table calls otherwise.
    named = {"called": table["model"], "family": table["family"], "size, in B": table["size"], "noise": table["noise"]}
    options = {"metadata_name": "called", "metadata_draws": 9, "metadata_group": {"both": ["family", "size, in B"]}}
    other = mp.compare(profiles, metadata=named, metadata_drop=["noise"], **options).metadata
    assert set(other.to_dict()["feature"]) - {None, ""} == {"family", "size, in B", "both"}
    mp.compare(list(profiles.values())[:2]).save("comparison")
    assert not (tmp_path / "comparison" / "metadata.csv").exists() and mp.compare(profiles).metadata is None


def test_tables_that_say_nothing_of_the_models_are_refused():
    profiles = models()
    names = list(profiles)
    for wrong, said in [
        ({"family": list("abcabcabc")}, "no column is called `model`"),
        ({"model": names}, "no features"),
        ({"model": names, "family": list("abc")}, "`family` has 3 values for 9 models"),
        ({"model": [*names[:8], None], "family": list("abcabcabc")}, "row 8 has no name"),
        ({"model": [*names[:8], "other"], "family": list("abcabcabc")}, "m8"),
        ({"model": [*names[:8], "m0"], "family": list("abcabcabc")}, "m0"),
        ({"model": names, "when": [object()] * 9}, "is no value of a feature"),
        ([{"model": name, "family": "a"} for name in names], "metadata"),
        ([], "no table of features"),
        (3, "no table of features"),
    ]:
        with pytest.raises(mp.Error, match=said):
            mp.compare(profiles, metadata=wrong, metadata_draws=9)
    with pytest.raises(mp.Error, match="8"):
        mp.compare(dict(list(profiles.items())[:4]), metadata={"model": names, "family": list("abcabcabc")})
    with pytest.raises(mp.UsageError, match="metadata"):
        mp.compare(profiles, metadata_drop=["family"])


def test_rows_that_name_their_values_are_a_table(data):
    features, x = data
    rows = [dict(zip(features, values)) for values in zip(*features.values())]
    assert mp.fit(rows, x, map=0).importance == mp.fit(features, x, map=0).importance
