"""Stimuli: sentences with their features."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from . import _native
from ._errors import InputError, UsageError
from ._frames import Frame
from ._options import Option, PathLike, path_of, words
from ._report import Progress, Reporter
from ._tables import columns_of, sentences_of


class Stimuli:
    """Sentences, the spans of their slots, and their features.

    :func:`generate` draws them from a grammar, :meth:`read` reads them from a table, and this takes columns: a data frame
    (pandas, polars, pyarrow) or a dict. A column ``sentence`` holds the sentences, every other one a feature: numeric where its
    values are numbers, categorical where they are names. A square matrix in a dict is a feature that is given as its distances.

    >>> stimuli = Stimuli({"number": ["sg", "pl", "sg"], "length": [4, None, 6]})
    >>> stimuli.kinds
    {'number': 'categorical', 'length': 'numeric'}
    >>> len(stimuli)
    3
    """

    def __init__(self, features: Any, sentences: Sequence[str] | None = None) -> None:
        n_stimuli, columns, found = columns_of(features)
        if sentences is not None:
            found = sentences_of(sentences)
            if len(found) != n_stimuli:
                raise InputError(f"{len(found):,} sentences for {n_stimuli:,} stimuli", "give one for each, in their order")
        self._native = _native.Stimuli.of_columns(n_stimuli, columns, found)
        self._name: str | None = None

    @classmethod
    def _of(cls, native: _native.Stimuli, name: str | None) -> Stimuli:
        stimuli = cls.__new__(cls)
        stimuli._native, stimuli._name = native, name
        return stimuli

    @classmethod
    def read(cls, path: PathLike, **options: Option) -> Stimuli:
        """The stimuli in a table: CSV, TSV, JSON lines, SyntaxGym, CoNLL-U, lines of text. Options are those of the program."""
        path = path_of(path, "table")
        with Reporter(False) as report:
            return cls._of(_native.Stimuli.read(path, words(options), report), path)

    def __len__(self) -> int:
        return len(self._native)

    @property
    def sentences(self) -> list[str]:
        """The sentences."""
        sentences = self._native.sentences
        if sentences is None:
            raise InputError("these stimuli are features alone", f"give sentences: Stimuli(features, sentences)")
        return sentences

    @property
    def features(self) -> Frame:
        """The features as a table, without those that are given as distances. A fit takes it for the stimuli themselves."""
        return Frame(self._native.features, parent=self)

    @property
    def kinds(self) -> dict[str, str]:
        """The kind of every feature: ``numeric``, ``categorical`` or ``distances``."""
        return dict(self._native.kinds)

    @property
    def spans(self) -> list[dict[str, tuple[int, int]]]:
        """Where slots stand in each sentence: ``sentence[start:end]`` is the slot's word."""
        slots = self._native.slots
        return [{slot: span for slot, span in zip(slots, row) if span is not None} for row in self._native.spans]

    @property
    def grammar(self) -> str | None:
        """The grammar that they are of, if they are of one."""
        return self._native.grammar

    def select(self, rows: Sequence[int]) -> Stimuli:
        """The stimuli at ``rows``, in that order; or those of which a list as long as they says ``True``."""
        chosen = _rows(rows, len(self))
        outside = next((row for row in chosen if not 0 <= row < len(self)), None)
        if outside is not None:
            raise InputError(f"there is no stimulus {outside}", f"rows count from 0 to {len(self) - 1}")
        return self._of(self._native.select(chosen), self._name)

    def save(self, path: PathLike) -> None:
        """Writes them as CSV, with their types and spans beside it."""
        self._native.save(path_of(path, "file"))

    def __reduce__(self) -> tuple[Any, ...]:
        columns: dict[str, Any] = self.features.to_dict()
        if len(columns) < len(self.kinds):
            raise InputError("stimuli with features that are given as distances are not pickled", "pickle their columns")
        kinds = [(name, self.kinds[name], values) for name, values in columns.items()]
        return _unpickled, (len(self), kinds, self._native.sentences, self._name)

    def __repr__(self) -> str:
        of = f" of {self._name}" if self._name else ""
        return f"<Stimuli{of}: {len(self):,}, features {', '.join(self.kinds)}>"

    def _repr_html_(self) -> str:
        return self.features._repr_html_()


def _unpickled(n: int, columns: list[Any], sentences: list[str] | None, name: str | None) -> Stimuli:
    return Stimuli._of(_native.Stimuli.of_columns(n, columns, sentences), name)


def _rows(rows: Any, n: int) -> list[int]:
    listed = rows.tolist() if hasattr(rows, "tolist") else list(rows)
    if listed and all(isinstance(row, bool) for row in listed):
        if len(listed) != n:
            raise InputError(f"{len(listed):,} times true or false for {n:,} stimuli", "give one for each, in their order")
        return [row for row, wanted in enumerate(listed) if wanted]
    try:
        return [row.__index__() for row in listed]
    except AttributeError:
        raise InputError("rows are whole numbers", f"they count from 0 to {n - 1}") from None


def as_stimuli(value: Any) -> Stimuli:
    """Stimuli, or what becomes some: features by column, or the path of a table."""
    if isinstance(value, Stimuli):
        return value
    if isinstance(value, Frame) and isinstance(value._parent, Stimuli):
        return value._parent
    if isinstance(value, (str, os.PathLike)):
        return Stimuli.read(value)
    return Stimuli(value)


def generate(
    grammar: PathLike,
    *,
    sample: int | None = None,
    balance: bool = False,
    seed: int = 0,
    progress: Progress = None,
    **options: Option,
) -> Stimuli:
    """The stimuli of a grammar: a bundled one by its name (:func:`grammars`), or a file.

    ``sample`` sentences at random under ``seed``, or with ``balance`` so that levels are even and features uncorrelated; all of
    them without it. Other options are those of ``probe generate``: ``numeric``, ``depth``.

    >>> stimuli = generate("relative_clause", sample=64)
    >>> len(stimuli)
    64
    """
    if "pairs" in options or "out" in options:
        raise UsageError("`pairs` and `out` are of the command alone", "probe generate --pairs FEATURE")
    name = path_of(grammar, "grammar")
    line = words({"sample": sample, "balance": balance, "seed": seed, **options})
    with Reporter(progress) as report:
        return Stimuli._of(_native.Stimuli.generate([*line, "--", name], report), name)


def grammars() -> list[str]:
    """The names of the bundled grammars.

    >>> "relative_clause" in grammars()
    True
    """
    return _native.grammars()
