"""The command ``probe``: the program that the Rust package builds, run inside this process."""

from __future__ import annotations

import sys

from . import _native


def main() -> int:
    """Runs the program with the words of the command line, and gives its exit code."""
    return _native.main(sys.argv)
