"""Every block of docs/python.md is run, and a notebook."""

import re

import mlem_probe as mp
import numpy as np
import pytest
from conftest import ROOT

PAGE = (ROOT / "docs/python.md").read_text()
BLOCKS = re.findall(r"^```python(?: test=(\w+))?\n(.*?)^```", PAGE, re.M | re.S)


def test_the_page_runs_from_top_to_bottom(tmp_path):
    pytest.importorskip("pandas")
    pytest.importorskip("polars")
    pytest.importorskip("pyarrow")
    pytest.importorskip("sklearn")
    names = {}
    run = [code for library, code in BLOCKS if not library]
    assert len(run) >= 7
    for code in run:
        exec(compile(code, "docs/python.md", "exec"), names)
    assert (tmp_path / "runs/comparison/comparison.csv").exists() and (tmp_path / "importance.svg").exists()


def block(library):
    return next(code for named, code in BLOCKS if named == library)


def run(library, **names):
    pd = pytest.importorskip("pandas")
    names = {"np": np, "pd": pd, "mp": mp, **names}
    exec(compile(block(library), f"docs/python.md, {library}", "exec"), names)
    profile = names["profile"]
    importance = profile.importance.to_pandas().groupby("feature")["importance"].mean()
    return profile, importance


def moved(n, d, by):
    """What moves with the feature ``by``."""
    x = np.random.default_rng(0).normal(size=(n, d)).astype("float32")
    x[by] += 2
    return x


NUMBER = np.array(["sg", "pl"] * 32)
TENSE = np.array((["past"] * 2 + ["present"] * 2) * 16)


def test_torch():
    pytest.importorskip("torch")
    profile, _ = run("torch", stimuli=mp.generate("relative_clause", sample=256))
    assert profile.layers == [3, 6]


def test_parquet_and_hdf5(tmp_path):
    h5py = pytest.importorskip("h5py")
    pytest.importorskip("pyarrow")
    pytest.importorskip("pandas").DataFrame({"number": NUMBER, "tense": TENSE}).to_parquet("stimuli.parquet")
    with h5py.File("activations.h5", "w") as file:
        for layer in (3, 11):
            file[str(layer)] = moved(64, 8, NUMBER == "pl")
    profile, importance = run("h5py")
    assert profile.layers == [3, 11] and importance.idxmax() == "number"
    with h5py.File("activations.h5") as file:
        closed = file["3"]
    with pytest.raises(mp.InputError, match="cannot be read"):
        mp.fit({"number": NUMBER}, closed)


def test_matlab():
    io = pytest.importorskip("scipy.io")
    word_class = np.array(["noun", "verb"] * 32, dtype=object)
    io.savemat(
        "recording.mat",
        {"word_class": word_class, "length": np.arange(64.0) % 7, "responses": moved(64, 30, word_class == "verb")},
    )
    assert run("scipy")[1].idxmax() == "word_class"


@pytest.mark.filterwarnings("ignore")
def test_nifti():
    nib = pytest.importorskip("nibabel")
    pytest.importorskip("nilearn")
    pd = pytest.importorskip("pandas")
    x = moved(64, 27, TENSE == "past")
    nib.save(nib.Nifti1Image(x.T.reshape(3, 3, 3, 64), np.eye(4)), "betas.nii.gz")
    nib.save(nib.Nifti1Image(np.ones((3, 3, 3), dtype="uint8"), np.eye(4)), "mask.nii.gz")
    pd.DataFrame({"number": NUMBER, "tense": TENSE}).to_csv("events.tsv", sep="\t", index=False)
    assert run("nilearn")[1].idxmax() == "tense"


@pytest.mark.filterwarnings("ignore")
def test_fif():
    mne = pytest.importorskip("mne")
    pd = pytest.importorskip("pandas")
    info = mne.create_info([f"MEG{i:03}" for i in range(12)], 100.0, "mag")
    data = np.random.default_rng(0).normal(size=(64, 12, 40)) * 1e-13
    data[NUMBER == "pl", :, 20:] += 2e-13
    metadata = pd.DataFrame({"number": NUMBER, "tense": TENSE})
    mne.EpochsArray(data, info, metadata=metadata, verbose="error").save("sentences-epo.fif", verbose="error")
    profile, importance = run("mne")
    assert profile.layers == [0, 1, 2, 3] and importance.idxmax() == "number"


def test_a_notebook_shows_the_figure(tmp_path):
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    notebook = nbformat.read(ROOT / "python/tests/notebook.ipynb", as_version=4)
    nbclient.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    shown = [output["data"].get("text/html", "") for output in outputs if "data" in output]
    assert any("data:image/svg+xml" in html for html in shown) and any("<table" in html for html in shown)
    assert all(output["output_type"] != "error" for output in outputs)
