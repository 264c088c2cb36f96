"""Keyword arguments as the program's options."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Union

from ._errors import UsageError

PathLike = Union[str, "os.PathLike[str]"]

#: What an option can be: ``True`` for a switch, ``None`` or ``False`` for none, several values in a list, named ones in a dict.
Option = Union[
    None, bool, int, float, str, "os.PathLike[str]", Iterable[Union[int, float, str]], Mapping[str, Iterable[str]]
]


def words(options: Mapping[str, Option]) -> list[str]:
    """``options`` as a command line has them.

    >>> words({"interactions": True, "null": 200, "layers": [0, 3], "permute": None, "group": {"noun": ["subj_*"]}})
    ['--interactions', '--null=200', '--layers=0,3', '--group=noun=subj_*']
    """
    line: list[str] = []
    for name, value in options.items():
        flag = "--" + name.rstrip("_").replace("_", "-")
        if type(value).__name__ == "bool_" or type(value).__module__ == "numpy" and type(value).__name__ == "bool":
            # NumPy's truth.
            value = bool(value)
        if value is None or value is False:
            continue
        if value is True:
            line.append(flag)
        elif isinstance(value, Mapping):
            line += [f"{flag}={key}={_listed(map(str, members))}" for key, members in value.items()]
        else:
            text = _text(name, value)
            if text is not None:
                line.append(f"{flag}={text}")
    return line


def _text(name: str, value: object) -> str | None:
    if isinstance(value, (str, os.PathLike)):
        return _hyphens(name, os.fspath(value))
    if isinstance(value, Iterable):
        # Nothing of several is what it is without the option.
        return _listed(_hyphens(name, str(part)) for part in value) or None
    return str(value)


def _listed(parts: Iterable[str]) -> str:
    """``parts`` separated by commas; one that has a comma itself in double quotes, as in CSV."""
    quoted = [f'"{part.replace(chr(34), chr(34) * 2)}"' if "," in part or '"' in part or part != part.strip() else part for part in parts]
    return ",".join(quoted)


def _hyphens(name: str, text: str) -> str:
    """What Python writes with underscores; behind a colon stand names of columns, which may have them."""
    if name not in ("distance", "scoring", "transform"):
        return text
    parts = [part.partition(":") for part in text.split(",")]
    return ",".join(head.replace("_", "-") + colon + rest for head, colon, rest in parts)


def path_of(value: object, what: str) -> str:
    """``value`` as a path; ``what`` names it in messages."""
    try:
        return os.fsdecode(value)  # type: ignore[arg-type]
    except TypeError:
        raise UsageError(f"a {type(value).__name__} is no {what}", "give a text, or a path of pathlib") from None


def threads_of(value: object) -> int | None:
    """``value`` as a number of threads, which the extension takes; ``None`` for all cores."""
    if value is None:
        return None
    try:
        threads = int(value.__index__())  # type: ignore[attr-defined]
    except AttributeError:
        threads = 0
    if isinstance(value, bool) or not 1 <= threads <= 4096:
        raise UsageError(f"threads={value!r}", "give a whole number from 1 to 4096, or None for all cores")
    return threads
