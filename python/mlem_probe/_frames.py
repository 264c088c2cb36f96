"""Tables, which any library of data frames takes."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING, Any

from . import _native
from ._arrays import numpy
from ._errors import DependencyError, InputError

if TYPE_CHECKING:
    import pandas

_SHOWN = 10


class Frame:
    """A table: columns of whole numbers, numbers or words; what is missing is ``None``.

    It speaks Arrow (``__arrow_c_stream__``), so that ``polars.DataFrame(frame)``, ``pyarrow.table(frame)`` and
    ``pandas.DataFrame.from_arrow(frame)`` take it; :meth:`to_pandas` gives a data frame of pandas of any version.

    >>> frame = Frame.of({"layer": [0, 1], "feature": ["number", None], "importance": [0.5, 0.25]})
    >>> frame.columns, frame.shape
    (['layer', 'feature', 'importance'], (2, 3))
    >>> frame["importance"].tolist()
    [0.5, 0.25]
    >>> frame
      layer  feature  importance
          0   number         0.5
          1        -        0.25
    """

    def __init__(self, native: _native.Frame, parent: Any = None) -> None:
        self._native = native
        # The stimuli that these are the features of: more than a table says of them.
        self._parent = parent

    @classmethod
    def of(cls, columns: dict[str, list[Any]]) -> Frame:
        """A table of ``columns``."""

        def kind(values: list[Any]) -> str:
            there = [value for value in values if value is not None]
            if all(isinstance(value, int) for value in there):
                return "int"
            return "float" if all(isinstance(value, (int, float)) for value in there) else "text"

        return cls(_native.Frame([(name, kind(values), values) for name, values in columns.items()]))

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        return self._native.names

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return len(self), len(self.columns)

    def __len__(self) -> int:
        return len(self._native)

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def __contains__(self, name: object) -> bool:
        return name in self.columns

    def _values(self, name: str) -> tuple[str, list[Any]]:
        names = self.columns
        if name not in names:
            raise KeyError(f"no column is called {name!r}: there are {', '.join(names)}")
        index = names.index(name)
        return self._native.kinds[index], self._native.values(index)

    def __getitem__(self, name: str) -> Any:
        """A column as a NumPy array: a missing number is NaN, a missing word ``None``."""
        np = numpy()
        kind, values = self._values(name)
        if kind == "text":
            return np.array(values, dtype=object)
        if kind == "int" and None not in values:
            return np.array(values, dtype=np.int64)
        return np.array([np.nan if value is None else value for value in values], dtype=np.float64)

    def to_dict(self) -> dict[str, list[Any]]:
        """The columns as lists."""
        return {name: self._values(name)[1] for name in self.columns}

    def rows(self) -> list[dict[str, Any]]:
        """The rows as dicts."""
        columns = self.to_dict()
        return [dict(zip(columns, row)) for row in zip(*columns.values())]

    def to_pandas(self) -> pandas.DataFrame:
        """The table as a data frame of pandas."""
        try:
            import pandas
        except ImportError as error:
            hint = "pip install pandas; or take the columns with .to_dict()"
            raise DependencyError("pandas is not here", hint) from error
        frame: pandas.DataFrame = pandas.DataFrame({name: self[name] for name in self.columns})
        return frame

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._native.__arrow_c_stream__(requested_schema)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        np = numpy()
        if copy is False:
            raise ValueError("a table of columns becomes a matrix by copying it")
        if "text" in self._native.kinds:
            raise InputError("a table with words is no matrix", "take the columns that are numbers: frame['importance']")
        matrix = np.column_stack([self[name] for name in self.columns]) if self.columns else np.empty((0, 0))
        return matrix if dtype is None else matrix.astype(dtype)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Frame) and self.columns == other.columns and repr(self.to_dict()) == repr(other.to_dict())

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, tuple[list[tuple[str, str, list[Any]]]]]:
        columns = [(name, *self._values(name)) for name in self.columns]
        return _frame, (columns,)

    def _cells(self, most: int) -> list[list[str]]:
        shown = [[_cell(value) for value in self._values(name)[1][:most]] for name in self.columns]
        return [list(row) for row in zip(*shown)]

    def __repr__(self) -> str:
        rows = [self.columns, *self._cells(_SHOWN)]
        widths = [max(map(len, column)) for column in zip(*rows)]
        lines = ["".join(f"  {cell:>{width}}" for cell, width in zip(row, widths)) for row in rows]
        if len(self) > _SHOWN:
            lines.append(f"  … {len(self):,} rows")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{escape(name)}</th>" for name in self.columns)
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in self._cells(_SHOWN)
        )
        note = f"<caption>{len(self):,} rows × {len(self.columns)} columns</caption>"
        return f"<table>{note}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _frame(columns: list[tuple[str, str, list[Any]]]) -> Frame:
    return Frame(_native.Frame(columns))


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
