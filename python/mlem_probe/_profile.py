"""Profiles: what a fit comes to, layer by layer."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from html import escape
from tempfile import TemporaryDirectory
from typing import Any

from . import _native
from ._activations import Activations, as_activations
from ._errors import InputError, UsageError
from ._figures import Figure, chosen, parted
from ._frames import Frame
from ._options import Option, PathLike, path_of, threads_of, words
from ._report import Progress, Reporter
from ._stimuli import Stimuli, as_stimuli


class Profile:
    """The scores, importances and weights of an estimator over layers and folds: a run, as a run directory holds it.

    :func:`fit` makes one, :func:`read` reads one. In a notebook it shows its figure.
    """

    def __init__(self, native: _native.Run) -> None:
        self._native = native

    @property
    def importance(self) -> Frame:
        """``layer, fold, feature, order, importance, sd``: what the score loses when a feature is permuted."""
        return self.table("importance")

    @property
    def scores(self) -> Frame:
        """``layer, fold, split, spearman, pairs``; with ``scoring``, ``pearson`` or ``r2`` in the place of ``spearman``."""
        return self.table("scores")

    @property
    def weights(self) -> Frame:
        """``layer, fold, feature_a, feature_b, weight``: W at unit Frobenius norm."""
        return self.table("weights")

    @property
    def statistics(self) -> Frame:
        """Means over folds, intervals, and p-values where a null was drawn (``null=200``)."""
        return self.table("statistics")

    @property
    def tables(self) -> list[str]:
        """The names of all tables; docs/files.md says what stands in each."""
        return [name for name in self._native.tables if name != "stimuli"]

    def table(self, name: str) -> Frame:
        """The table called ``name``: ``profile.table("geometry")``."""
        found = self._native.table(name)
        if found is None:
            raise InputError(f"this run has no table `{name}`", f"it has {', '.join(self.tables)}")
        return Frame(found)

    @property
    def stimuli(self) -> Stimuli:
        """The stimuli that were fitted, with the features that were."""
        return Stimuli._of(self._native.stimuli, self.record["stimuli"]["name"])

    @property
    def record(self) -> dict[str, Any]:
        """``run.json``: everything that reproduces the run, and what was warned of."""
        found: dict[str, Any] = json.loads(self._native.files["run.json"])
        return found

    @property
    def layers(self) -> list[int]:
        """The layers."""
        found: list[int] = self.record["layers"]
        return found

    @property
    def labels(self) -> dict[int, str]:
        """What layers are called that are more than numbers: regions of a brain, windows of time."""
        return {int(layer): label for layer, label in self.record.get("layer_labels", {}).items()}

    @property
    def warnings(self) -> list[str]:
        """What was warned of."""
        found: list[str] = self.record["warnings"]
        return found

    @property
    def figures(self) -> list[str]:
        """The names of the figures."""
        return [name.rpartition(".")[0] for name, _ in self._native.figures("svg")]

    def figure(self, name: str) -> Figure:
        """A figure as a file of its own: ``figure("heatmap.svg")``, ``"scores.png"``, ``"importance.pdf"``."""
        stem, ending = parted(name)
        found = self._native.figures(ending, stem)
        return chosen(found, f"{stem}.{ending}", [] if found else self.figures)

    def plot(self, name: str = "importance") -> Figure:
        """A figure, for a notebook."""
        return self.figure(f"{parted(name)[0]}.svg")

    def to_html(self) -> str:
        """The page, which is one file and needs no network."""
        return self._native.files["report.html"].decode()

    def save(self, path: PathLike, *, force: bool = False) -> None:
        """Makes ``path`` the run directory of this run, the same as the command's; another run there is replaced with ``force``
        alone."""
        self._native.save(path_of(path, "folder"), force)

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpickled, (self._native.files,)

    def __repr__(self) -> str:
        record = self.record
        model = (record.get("model") or {}).get("id") or record.get("activations")
        of = f" of {model}" if model else ""
        features = ", ".join(record["stimuli"]["features"])
        return f"<Profile{of}: layers {', '.join(map(str, self.layers))}; features {features}>"

    def _repr_html_(self) -> str:
        return f"<p>{escape(repr(self)[1:-1])}</p>{self.plot('importance')._repr_html_()}"


def _unpickled(files: dict[str, bytes]) -> Profile:
    return Profile(_native.Run.of_files(files))


def fit(
    features: Any,
    activations: Any,
    /,
    *,
    interactions: bool = False,
    null: int = 0,
    folds: int | None = None,
    permutations: int = 5,
    estimator: str = "mlem",
    layers: Option = None,
    repeats: Iterable[Any] = (),
    distance: str = "euclidean",
    permute: str | None = None,
    conditional: bool | float | None = None,
    group: Mapping[str, Iterable[str]] | None = None,
    bootstrap: int = 0,
    categorical: Sequence[str] = (),
    numeric: Sequence[str] = (),
    drop: Sequence[str] = (),
    arrays: Option = None,
    axes: str | None = None,
    units: Option = None,
    feature_names: Mapping[str, str] | PathLike | None = None,
    seed: int = 0,
    name: str | None = None,
    threads: int | None = None,
    progress: Progress = None,
    **options: Option,
) -> Profile:
    """Fits MLEM, or another ``estimator``, at every layer, and gives the profile.

    ``features`` are stimuli, a data frame (pandas, polars, pyarrow), a dict of columns, or the path of a table; ``activations``
    are :class:`Activations`, a matrix, a dict of layers, or the path of a file, of which ``arrays`` and ``axes`` say how it is
    read. ``repeats`` are more recordings of the same stimuli. A float32 array of NumPy is read where it lies. Every other argument
    is an option of ``probe fit`` by its name there, those that are not named here too: ``target``, ``scoring``, ``constraint``, ``solver``,
    ``soft_rank_strength``, ``missing``, ``pairs``, ``map``, ``dimension``, ``per_unit``, ``transform``, ``noise``; ``split``, ``unit``, ``average``, ``partition``
    and ``z_score_by`` name columns of the features. There are 5 ``folds`` unless something else is said.

    >>> import numpy
    >>> number = ["sg", "pl"] * 32
    >>> x = numpy.random.default_rng(0).normal(size=(64, 8)).astype("float32")
    >>> x[1::2] += 2
    >>> profile = fit({"number": number, "length": list(range(64))}, x, folds=1, map=0)
    >>> profile.importance["feature"][profile.importance["importance"].argmax()]
    'number'
    """
    known = as_stimuli(features)
    given = [activations, *_several(repeats)]
    distances = distance == "precomputed"
    files = all(isinstance(recording, (str, os.PathLike)) for recording in given)
    recordings = [
        as_activations(
            recording, len(known), arrays=arrays, axes=axes, units=units if files else None, distances=distances
        )
        for recording in given
    ]
    for recording in recordings:
        if recording.n_stimuli != len(known):
            raise InputError(
                f"the activations have {recording.n_stimuli:,} rows, and there are {len(known):,} stimuli",
                "give one row per stimulus, in their order",
            )
    line = words(
        {
            "interactions": interactions,
            "null": null,
            "folds": folds,
            "permutations": permutations,
            "estimator": estimator,
            "layers": layers,
            "distance": distance,
            "permute": permute,
            "conditional": conditional,
            "group": group,
            "bootstrap": bootstrap,
            "categorical": categorical,
            "numeric": numeric,
            "drop": drop,
            # Of files no other units were read.
            "units": None if files else units,
            "seed": seed,
            **options,
        }
    )
    source = str(name or known._name or "features")
    natives = [recording._native for recording in recordings]
    names = (source, recordings[0]._file)
    with Reporter(progress) as report, names_file(feature_names) as file:
        if file is not None:
            line.append(f"--feature-names={file}")
        return Profile(_native.Run.fit(known._native, natives, names, line, threads_of(threads), report))


def _several(repeats: Any) -> list[Any]:
    if isinstance(repeats, (str, os.PathLike, Mapping)) or getattr(repeats, "ndim", 3) < 3:
        raise UsageError("`repeats` is one recording", "give a list of recordings: repeats=[x]")
    return list(repeats)


@contextmanager
def names_file(names: Mapping[str, str] | PathLike | None) -> Iterator[str | None]:
    """The file that says what features are called in figures, which is written where ``names`` is none."""
    if names is None or isinstance(names, (str, os.PathLike)):
        yield None if names is None else os.fspath(names)
        return
    with TemporaryDirectory(prefix="mlem-probe-") as folder:
        path = os.path.join(folder, "feature_names.toml")
        with open(path, "w", encoding="utf-8") as file:
            # A text of JSON is one of TOML.
            lines = (
                f"{json.dumps(str(key), ensure_ascii=False)} = {json.dumps(str(value), ensure_ascii=False)}\n"
                for key, value in names.items()
            )
            file.writelines(lines)
        yield path


def read(path: PathLike) -> Profile:
    """The run in a run directory, whoever made it; warns of whatever in it is not as it was written."""
    with Reporter(False) as report:
        return Profile(_native.Run.read(path_of(path, "run directory"), report))
