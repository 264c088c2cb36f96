"""Features, from whatever holds columns."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ._arrays import as_matrix, numpy
from ._errors import InputError
from ._frames import Frame

#: The name of a feature, its kind (``numeric``, ``categorical``, ``distances``), and its values.
Column = tuple[str, str, Any]

#: The column that is no feature.
SENTENCE = "sentence"

_FRAMES = "give a data frame (pandas, polars, pyarrow), a dict of columns, or a list of dicts, one per row"


def columns_of(data: Any) -> tuple[int, list[Column], list[str] | None]:
    """How many stimuli ``data`` has, its features, and its sentences, if it has any."""
    named = _named(data)
    if not named:
        raise InputError("the table of features has no columns", "give one column per feature")
    columns: list[Column] = []
    sentences: list[str] | None = None
    seen: dict[str, int] = {}
    for name, values in named:
        if name in seen:
            raise InputError(f"two columns are called `{name}`", "rename one of them")
        if name == SENTENCE:
            sentences = sentences_of(values)
            seen[name] = len(sentences)
            continue
        kind, found = _typed(name, values)
        seen[name] = len(found)
        columns.append((name, kind, found))
    n_stimuli = next(iter(seen.values()))
    for name, length in seen.items():
        if length != n_stimuli:
            first = next(iter(seen))
            raise InputError(
                f"`{name}` has {length:,} values, and `{first}` has {n_stimuli:,}",
                "every feature needs a value per stimulus; None where it has none",
            )
    if not columns:
        raise InputError("the table has sentences and no features", "add one column per feature")
    return n_stimuli, columns, sentences


def _named(data: Any) -> list[tuple[str, Any]]:
    """The columns of ``data`` with their names, as they come."""
    if isinstance(data, Frame):
        return [(name, _Plain(*data._values(name))) for name in data.columns]
    if isinstance(data, Mapping):
        return [(str(name), values) for name, values in data.items()]
    if _are_rows(data):
        return _of_rows(data)
    if hasattr(data, "collect") and hasattr(data, "collect_schema"):
        return _named(data.collect())
    if hasattr(data, "columns") and hasattr(data, "iloc"):
        if getattr(data.columns, "nlevels", 1) > 1:
            raise InputError("the columns have names of several levels", "give each feature one name")
        return [(str(name), data.iloc[:, place]) for place, name in enumerate(data.columns)]
    if hasattr(data, "get_columns") and hasattr(data, "collect_schema"):
        return [(series.name, _of_polars(series)) for series in data.get_columns()]
    if hasattr(data, "column_names") and hasattr(data, "to_pylist"):
        return [(name, data.column(place).to_pylist()) for place, name in enumerate(data.column_names)]
    if hasattr(data, "to_frame") and hasattr(data, "iloc"):
        return [(str(data.name) if data.name is not None else "feature_0", data)]
    if hasattr(data, "__arrow_c_stream__"):
        return _named(_by_arrow(data))
    if hasattr(data, "shape") and hasattr(data, "dtype"):
        return _of_matrix(data)
    raise InputError(f"a {type(data).__name__} is no table of features", _FRAMES)


def _are_rows(data: Any) -> bool:
    """Whether ``data`` are rows of a table, one mapping each."""
    return isinstance(data, (list, tuple)) and bool(data) and all(isinstance(row, Mapping) for row in data)


def _of_rows(rows: Sequence[Mapping[Any, Any]]) -> list[tuple[str, Any]]:
    """The columns of rows that name their values: in the order in which they come, without a value where a row has none."""
    keys = {key: None for row in rows for key in row}
    return [(str(key), [row.get(key) for row in rows]) for key in keys]


def models_of(data: Any, called: str) -> tuple[int, list[Column], list[str]]:
    """Of a table of models, how many there are, what is said of them, and their names, which stand in the column ``called``."""
    index = getattr(data, "index", None)
    if index is not None and hasattr(data, "reset_index") and getattr(index, "name", None) == called:
        data = data.reset_index()
    named = _named(data)
    names = [values for name, values in named if name == called]
    if len(names) != 1:
        known = ", ".join(name for name, _ in named) or "none"
        what = "no column is" if not names else f"{len(names)} columns are"
        raise InputError(f"metadata: {what} called `{called}`, for the names of the models", f"name it with metadata_name: {known}")
    found: list[str] = []
    for row, name in enumerate(list(names[0])):
        if _is_missing(name) or name == "":
            raise InputError(f"metadata: row {row} has no name in `{called}`", "name each model as its label, its id or its run directory")
        found.append(str(name))
    others: dict[str, Any] = {}
    for name, values in named:
        if name == called:
            continue
        if name in others:
            raise InputError(f"two columns are called `{name}`", "rename one of them")
        # A column of texts is no list of sentences here, whatever it is called.
        others[name] = values
    if not others:
        raise InputError("metadata: the table has names of models and no features", "add one column per feature: family, date, size")
    columns: list[Column] = []
    for name, values in others.items():
        kind, typed = _typed(name, values)
        if kind == "distances":
            raise InputError(f"metadata: `{name}` has two axes", "give a value for each model")
        if len(typed) != len(found):
            raise InputError(f"metadata: `{name}` has {len(typed):,} values for {len(found):,} models", "give one for each; None where it has none")
        columns.append((name, kind, typed))
    return len(found), columns, found


def _of_matrix(data: Any) -> list[tuple[str, Any]]:
    np = numpy()
    if hasattr(data, "detach"):
        data = data.detach().cpu().numpy()
    found = np.asarray(data)
    if found.ndim != 2:
        shape = "×".join(map(str, found.shape)) or "a single value"
        raise InputError(f"features of the shape {shape} are no table", "one row per stimulus, one column per feature")
    return [(f"feature_{place}", found[:, place]) for place in range(found.shape[1])]


def _of_polars(series: Any) -> Any:
    # Categories and times of polars are strings and times of Python, which are looked at one by one.
    return series.to_list()


def _by_arrow(data: Any) -> Any:
    for library, take in (("pyarrow", "table"), ("polars", "DataFrame")):
        try:
            module = __import__(library)
        except ImportError:
            continue
        return getattr(module, take)(data)
    raise InputError(
        f"the columns of a {type(data).__name__} come by Arrow, which takes pyarrow or polars here", "pip install pyarrow"
    )


class _Plain(list[Any]):
    """A column whose kind is known."""

    def __init__(self, kind: str, values: list[Any]) -> None:
        super().__init__(values)
        self.kind = kind


def sentences_of(values: Any) -> list[str]:
    """``values`` as sentences."""
    if isinstance(values, str):
        raise InputError("a text is no list of sentences", "give a list with a sentence per stimulus")
    found = list(values)
    for row, text in enumerate(found):
        if not isinstance(text, str):
            raise InputError(
                f"stimulus {row} has {text!r} for a sentence", f"the column `{SENTENCE}` holds the texts, one per stimulus"
            )
    return found


def _typed(name: str, values: Any) -> tuple[str, Any]:
    """The kind of a feature, and its values as the extension takes them."""
    if isinstance(values, _Plain) and values.kind != "text":
        return "numeric", _numbers(values)
    if isinstance(values, (str, bytes)):
        raise InputError(f"`{name}` is a text, and no column", "give a list with a value per stimulus")
    if isinstance(values, (list, tuple)):
        return _objects(name, values)
    if hasattr(values, "cat") and hasattr(values, "array"):  # categories of pandas
        return "categorical", _levels(name, values.astype(object).tolist())
    if hasattr(values, "detach"):
        values = values.detach().cpu().numpy()
    kind = getattr(getattr(values, "dtype", None), "kind", None)
    if kind is not None and getattr(values, "ndim", 1) == 2:
        if values.shape[0] != values.shape[1]:
            raise InputError(f"`{name}` has the shape {values.shape[0]}×{values.shape[1]}",
                             "a feature has a value per stimulus, or a distance for each two of them")
        return "distances", as_matrix(numpy().asarray(values), f"`{name}`")
    if kind in ("i", "u", "f"):
        return "numeric", _floats(values)
    if kind is not None and kind in "Mmc":
        what = {"M": "dates", "m": "times", "c": "complex numbers"}[kind]
        raise InputError(f"`{name}` holds {what}", "turn them into numbers or names first")
    if hasattr(values, "tolist"):
        return _objects(name, values.tolist())
    if hasattr(values, "to_pylist"):
        return _objects(name, values.to_pylist())
    if isinstance(values, Sequence):
        return _objects(name, list(values))
    hint = "give a list with a value per stimulus"
    if hasattr(values, "__next__"):
        hint += ": list(x)"
    raise InputError(f"`{name}` is a {type(values).__name__}, and no column", hint)


def _floats(values: Any) -> list[float | None]:
    """An array or a series of numbers."""
    np = numpy()
    if hasattr(values, "to_numpy"):
        try:
            values = values.to_numpy(dtype=np.float64, na_value=np.nan)
        except TypeError:
            values = values.to_numpy()
    found = np.asarray(values, dtype=np.float64)
    if not np.isnan(found).any():
        return found.tolist()  # type: ignore[no-any-return]
    return [None if value != value else value for value in found.tolist()]


def _numbers(values: Iterable[Any]) -> list[float | None]:
    return [None if value is None or value != value else float(value) for value in values]


def _is_missing(value: Any) -> bool:
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, float) and value != value


def _objects(name: str, values: Sequence[Any]) -> tuple[str, Any]:
    """A column of Python's objects: numbers where all are, else names."""
    numbers = True
    for value in values:
        if isinstance(value, (str, bool)) or type(value).__name__ == "bool_":
            numbers = False
        elif not (_is_missing(value) or isinstance(value, (int, float)) or _is_number(value)):
            numbers = False
    if numbers and not all(map(_is_missing, values)):
        return "numeric", [None if _is_missing(value) else float(value) for value in values]
    return "categorical", _levels(name, values)


def _is_number(value: Any) -> bool:
    if type(value).__module__ == "numpy" and getattr(value, "ndim", None) == 0:
        return value.dtype.kind in "iuf"
    decimal = sys.modules.get("decimal")
    return decimal is not None and isinstance(value, decimal.Decimal)


def _levels(name: str, values: Iterable[Any]) -> list[str | None]:
    return [_level(name, row, value) for row, value in enumerate(values)]


def _level(name: str, row: int, value: Any) -> str | None:
    if isinstance(value, str):
        # A table in a file has nothing else for what is missing.
        return value or None
    if _is_missing(value):
        return None
    if isinstance(value, (bool, int, float)) or _is_number(value) or type(value).__name__ == "bool_":
        return str(value)
    if isinstance(value, bytes):
        hint = f"[x.decode() for x in values], if they are text"
    else:
        hint = "a feature has a number or a name per stimulus; None where it has none"
    raise InputError(f"`{name}`, stimulus {row}: a {type(value).__name__} is no value of a feature", hint)
