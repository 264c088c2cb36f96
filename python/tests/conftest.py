"""What tests share."""

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "tests/golden/reference"


def simple(n=64, d=8, seed=0):
    """Features of which one moves the activations, and the activations."""
    np = pytest.importorskip("numpy")
    features = {"number": ["sg", "pl"] * (n // 2), "length": [float(i * 7 % 11) for i in range(n)]}
    x = np.random.default_rng(seed).normal(size=(n, d)).astype("float32")
    x[1::2] += 2
    return features, x


@pytest.fixture
def data():
    return simple()


@pytest.fixture(scope="session")
def mixed():
    """The published package's data and results."""
    np = pytest.importorskip("numpy")
    pd = pytest.importorskip("pandas")
    features = pd.read_csv(REFERENCE / "mixed.features.csv")
    activations = np.load(REFERENCE / "mixed.activations.npy")
    return features, activations, json.loads((REFERENCE / "mixed.reference.json").read_text())["results"]


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PROBE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
