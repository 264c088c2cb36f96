"""Profiles against each other."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from . import _native
from ._activations import Activations, as_activations
from ._errors import InputError, UsageError
from ._figures import Figure, chosen, parted
from ._frames import Frame
from ._options import Option, PathLike, words
from ._profile import Profile, read
from ._report import Progress, Reporter
from ._tables import models_of


class Comparison:
    """What profiles of the same stimuli have in common, and in what they differ."""

    def __init__(self, native: _native.Comparison) -> None:
        self._native = native

    @property
    def table(self) -> Frame:
        """``comparison.csv``; docs/files.md says what stands in it."""
        return Frame(self._native.table)

    @property
    def metadata(self) -> Frame | None:
        """``metadata.csv``: what of the models goes with how far apart their profiles are; ``None`` without ``metadata``."""
        found = self._native.metadata
        return None if found is None else Frame(found)

    @property
    def warnings(self) -> list[str]:
        """What was warned of."""
        return self._native.warnings

    @property
    def figures(self) -> list[str]:
        """The names of the figures."""
        return [name.rpartition(".")[0] for name, _ in self._native.figures("svg")]

    def figure(self, name: str) -> Figure:
        """A figure as a file of its own, by its name and ending."""
        stem, ending = parted(name)
        return chosen(self._native.figures(ending), f"{stem}.{ending}", self.figures)

    def plot(self, name: str | None = None) -> Figure:
        """A figure, for a notebook: the first when no name is given."""
        return self.figure(f"{parted(name)[0] if name else self.figures[0]}.svg")

    def to_html(self) -> str:
        """The page."""
        return self._native.page

    def save(self, path: PathLike) -> None:
        """Writes the tables and the page into the folder ``path``."""
        folder = Path(path)
        if (folder / "run.json").exists():
            raise InputError(f"{folder} holds a run", "name another folder for the comparison")
        folder.mkdir(parents=True, exist_ok=True)
        # A table of an earlier comparison is not to stand beside this one's.
        of_models = self._native.metadata_csv
        if of_models is None:
            (folder / "metadata.csv").unlink(missing_ok=True)
        tables = [("comparison.csv", self._native.csv), ("metadata.csv", of_models), ("compare.html", self._native.page.encode())]
        for name, data in tables:
            if data is None:
                continue
            part = folder / f".{name}.{os.getpid()}.part"
            try:
                part.write_bytes(data)
                part.replace(folder / name)
            finally:
                part.unlink(missing_ok=True)

    def __repr__(self) -> str:
        return f"<Comparison: {len(self.table):,} rows>"

    def _repr_html_(self) -> str | None:
        return self.plot()._repr_html_() if self.figures else self.table._repr_html_()


def compare(
    profiles: Iterable[Profile | PathLike] | Mapping[str, Profile | PathLike],
    *,
    labels: Sequence[str] | None = None,
    activations: Sequence[Any] | None = None,
    metadata: Any = None,
    order: str = "main",
    seed: int = 0,
    progress: Progress = None,
    **options: Option,
) -> Comparison:
    """Compares profiles of the same stimuli, or run directories: two or more, named by ``labels`` or by the keys of a dict.

    ``activations``, of one profile each, are what the similarity of layers (RSA, CKA) takes. ``metadata`` is a table of the models, which are
    fitted as stimuli by it: a data frame, a dict of columns, a list of dicts, or the path of a file. Its column ``model`` (``metadata_name``
    calls it otherwise) has the label of each, its id or its run directory; every other one is numeric where its values are numbers, else
    categorical. Other options are those of ``probe compare``: ``draws``, ``layer_stimuli``, ``metadata_draws`` and the like.
    """
    if isinstance(profiles, (Profile, str, os.PathLike)):
        raise UsageError("one profile alone is nothing to compare", "give a list of two or more")
    if isinstance(profiles, Mapping):
        labels = labels if labels is not None else [str(label) for label in profiles]
        profiles = list(profiles.values())
    runs: list[Profile] = []
    for profile in profiles:
        if isinstance(profile, (str, os.PathLike)):
            profile = read(profile)
        if not isinstance(profile, Profile):
            raise InputError(f"a {type(profile).__name__} is no profile", "give what fit() or read() gave, or a run directory")
        runs.append(profile)
    if len(runs) < 2:
        raise UsageError(f"{len(runs)} profiles are nothing to compare", "give a list of two or more")
    if isinstance(labels, str):
        raise UsageError(f"`labels` is one text for {len(runs)} profiles", "give a list with one label per profile")
    if labels is not None and len(labels) != len(runs):
        raise UsageError(f"{len(labels)} labels for {len(runs)} profiles", "give one label per profile, in their order")
    held: list[Activations] = []
    if activations is not None:
        if isinstance(activations, (str, os.PathLike, Activations)) or len(activations) != len(runs):
            n = 1 if isinstance(activations, (str, os.PathLike, Activations)) else len(activations)
            raise UsageError(f"{n} activations for {len(runs)} profiles", "give those of each profile, in their order")
        for run, each in zip(runs, activations):
            record = run.record
            distances = record["options"].get("distance") == "precomputed"
            held.append(as_activations(each, record["stimuli"]["n_stimuli"], distances=distances))
    models: tuple[_native.Stimuli, str] | None = None
    if isinstance(metadata, (str, os.PathLike)):
        options["metadata"] = metadata
    elif metadata is not None:
        n, columns, called = models_of(metadata, str(options.get("metadata_name") or "model"))
        # The option says that there is a table; it is at hand, and read from no file.
        models, options["metadata"] = (_native.Stimuli.of_columns(n, columns, called), "the metadata"), "-"
    line: Any = words({"labels": labels, "order": order, "seed": seed, **options})
    # Folders are only names here, and must be none twice.
    names = [f"{place}-{re.sub(r'[^A-Za-z0-9_.-]+', '_', label)}" for place, label in enumerate(labels or [""] * len(runs))]
    names = [name.rstrip("-") if labels is None else name for name in names]
    with Reporter(progress) as report:
        return Comparison(_native.Comparison([run._native for run in runs], names, [each._native for each in held], line, models, report))
