"""Figures, as notebooks show them and papers take them."""

from __future__ import annotations

import base64
import os
from pathlib import Path

from ._errors import UsageError
from ._options import PathLike

FORMATS = ("svg", "png", "pdf")


class Figure:
    """A drawing: a notebook shows it, :meth:`save` writes it, ``bytes(figure)`` is the file."""

    def __init__(self, name: str, data: bytes) -> None:
        #: The name of its file: ``importance.svg``.
        self.name = name
        self._data = data

    @property
    def format(self) -> str:
        """``svg``, ``png`` or ``pdf``."""
        return self.name.rpartition(".")[2]

    def __bytes__(self) -> bytes:
        return self._data

    def save(self, path: PathLike | None = None) -> Path:
        """Writes it to ``path``, a file or a folder (default: its name, here)."""
        place = Path(path) if path is not None else Path(self.name)
        if place.is_dir():
            place = place / self.name
        if place.suffix.lstrip(".") != self.format:
            raise UsageError(f"{place}: the figure is {self.format}", f"a name that ends in .{self.format}")
        part = place.with_name(f"{place.name}.{os.getpid()}.part")
        try:
            part.write_bytes(self._data)
            part.replace(place)
        finally:
            part.unlink(missing_ok=True)
        return place

    def _repr_html_(self) -> str | None:
        # As an image, so that the styles of the drawing stay in it.
        kinds = {"svg": "image/svg+xml", "png": "image/png"}
        if self.format not in kinds:
            return None
        data = base64.b64encode(self._data).decode()
        title = self.name.rpartition(".")[0]
        source = f"data:{kinds[self.format]};base64,{data}"
        return f'<img src="{source}" alt="{title}" style="max-width: 100%; width: 880px; background: white">'

    def __repr__(self) -> str:
        return f"<Figure {self.name}: {len(self._data):,} bytes>"


def parted(name: str) -> tuple[str, str]:
    """``heatmap.svg`` as ``heatmap`` and ``svg``, which is also what a name without an ending is."""
    stem, dot, ending = name.rpartition(".")
    if not dot:
        return name, "svg"
    if ending not in FORMATS:
        raise UsageError(f"`{ending}` is no format of figures", f"a name that ends in {', '.join(FORMATS)}")
    return stem, ending


def chosen(found: list[tuple[str, bytes]], name: str, known: list[str]) -> Figure:
    """The figure called ``name`` among those that were drawn."""
    for file, data in found:
        if file == name:
            return Figure(file, data)
    raise UsageError(f"no figure is called `{name}`", f"there are {', '.join(known)}")
