"""How work tells what it does: warnings, a log, a bar or a callback."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Callable
from typing import Any, Union

from ._errors import ProbeWarning, UsageError, in_python

#: ``True``: a bar, by tqdm. A function: it is called with what is done (``"fit"``), how far it is, and how far it goes.
#: ``None``: a bar where somebody looks, if tqdm is there. ``False``: neither.
Progress = Union[None, bool, Callable[[str, int, int], object]]

log = logging.getLogger("mlem_probe")

_HERE = os.path.dirname(__file__) + os.sep


def warn(message: str, category: type[Warning] = ProbeWarning) -> None:
    """Warns of ``message``, at the line outside this package that called it."""
    if sys.version_info >= (3, 12):
        warnings.warn(message, category, skip_file_prefixes=(_HERE,))
    else:
        depth, frame = 1, sys._getframe()
        while frame is not None and frame.f_code.co_filename.startswith(_HERE):
            depth, frame = depth + 1, frame.f_back  # type: ignore[assignment]
        warnings.warn(message, category, stacklevel=depth)


class Reporter:
    """What the extension tells of work under way."""

    def __init__(self, progress: Progress = None) -> None:
        if not (progress is None or isinstance(progress, bool) or callable(progress)):
            raise UsageError(
                f"`progress` is a {type(progress).__name__}",
                "give True for a bar, a function of (stage, done, total), or False",
            )
        self._progress = progress
        self._bar: Any = None
        self._label, self._done, self._total = "", 0, 0

    def __call__(self, events: list[tuple[str, str, int]]) -> None:
        """Hears ``events``, each ``(kind, text, number)``."""
        for kind, text, number in events:
            if kind.startswith("begin"):
                self._begin(text, number, is_bytes=kind.endswith("bytes"))
            elif kind == "advance":
                self._advance(number)
            elif kind == "end":
                self.close()
            elif kind == "warn":
                warn(in_python(text))
            else:
                log.log(logging.INFO if kind == "note" else logging.DEBUG, "%s", in_python(text))

    def _begin(self, label: str, total: int, *, is_bytes: bool) -> None:
        self.close()
        self._label, self._done, self._total = label, 0, total
        if callable(self._progress):
            self._progress(label, 0, total)
        elif self._progress or (self._progress is None and _is_watched()):
            unit = {"unit": "B", "unit_scale": True} if is_bytes else {}
            # What is over in a second needs no bar.
            self._bar = _tqdm(total=total, desc=label, leave=False, delay=1.0, **unit)

    def _advance(self, steps: int) -> None:
        self._done += steps
        if callable(self._progress):
            self._progress(self._label, self._done, self._total)
        elif self._bar is not None:
            self._bar.update(steps)

    def close(self) -> None:
        """Takes the bar away."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def __enter__(self) -> Reporter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _is_watched() -> bool:
    return "ipykernel" in sys.modules or (sys.stderr is not None and sys.stderr.isatty())


def _tqdm(**options: Any) -> Any:
    try:
        with warnings.catch_warnings():
            # Without ipywidgets tqdm draws with characters, which will do.
            warnings.simplefilter("ignore")
            from tqdm.auto import tqdm
    except ImportError:
        return None
    return tqdm(**options)
