"""What can go wrong, as exceptions and warnings.

::

    Error
    ├── UsageError        what was asked for makes no sense (a ValueError, too)
    ├── InputError        what was given cannot be used (a ValueError, too)
    ├── FileError         a file cannot be read or written (an OSError, too)
    ├── ModelError        a model cannot be had or run (a RuntimeError, too)
    ├── DependencyError   a package that this needs is not here (an ImportError, too)
    └── InternalError     a mistake of this package (a RuntimeError, too)

What to do about it is the exception's ``hint``, and a note of it, which Python shows below the message.
"""

from __future__ import annotations

import re
import sys


class Error(Exception):
    """Whatever this package raises of its own."""

    #: What can be done about it, where there is something.
    hint: str | None

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if hint and sys.version_info >= (3, 11):
            self.add_note(f"hint: {hint}")

    def __str__(self) -> str:
        if self.hint and sys.version_info < (3, 11):
            # No notes yet: the hint would be lost.
            return f"{self.message}\nhint: {self.hint}"
        return self.message

    def __reduce__(self) -> tuple[type[Error], tuple[str, str | None]]:
        return type(self), (self.message, self.hint)


class UsageError(Error, ValueError):
    """What was asked for makes no sense."""


class InputError(Error, ValueError):
    """What was given cannot be used: stimuli, features, activations, grammars."""


class FileError(Error, OSError):
    """A file or a run directory cannot be read or written."""


class ModelError(Error, RuntimeError):
    """A model cannot be had, or cannot be run."""


class DependencyError(Error, ImportError):
    """A package that this needs, and nothing else of this package does, is not here."""


class InternalError(Error, RuntimeError):
    """A mistake of this package."""


class ProbeWarning(UserWarning):
    """Something that may spoil a result, and did not stop the work."""


class CompatWarning(ProbeWarning):
    """Something that means here what it does not mean in the package that :mod:`mlem_probe.compat` stands in for."""


_KINDS: dict[str, type[Error]] = {
    "usage": UsageError,
    "input": InputError,
    "file": FileError,
    "model": ModelError,
    "internal": InternalError,
}


def make(kind: str, message: str, hint: str | None) -> Error:
    """The exception of ``kind``, said in Python's words. The extension calls it."""
    if not hint:
        # An option whose message says what it may be.
        found = re.match(r"(\w+) is .*, and must be (.+)", message)
        hint = f"give `{found[1]}` another value: {found[2]}" if found else None
    return _KINDS.get(kind, Error)(in_python(message), in_python(hint) if hint else None)


def in_python(text: str) -> str:
    """``text`` with options by their names here: ``--null`` of the program is ``null``."""

    def name(found: re.Match[str]) -> str:
        option = found[2].replace("-", "_")
        return f"{found[1]}{option}" if found[1] else f"`{option}`"

    return re.sub(r"(?<![\w-])(`?)--([a-z][a-z0-9]*(?:-[a-z0-9]+)*)", name, text)
