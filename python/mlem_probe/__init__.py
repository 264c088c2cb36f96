"""Layer-by-layer probing of language models: controlled stimuli, transformer activations, and Metric Learning Encoding Models.

::

    import mlem_probe as mp

    stimuli = mp.generate("relative_clause", sample=4096)
    activations = mp.extract(stimuli, "bert-base", pool="mean")
    profile = mp.fit(stimuli.features, activations, interactions=True)
    profile.importance.to_pandas()
    profile.save("runs/relative_clause-bert-base")

Nothing but NumPy is needed for arrays, and nothing at all for the command ``probe``. Tables are taken from, and given to, any
library of data frames. Errors are :class:`Error`, with a hint; warnings are :class:`ProbeWarning`; what else is said goes to the
logger ``mlem_probe``.
"""

from __future__ import annotations

import atexit as _atexit

from . import _native
from ._activations import Activations, extract
from ._compare import Comparison, compare
from ._errors import (
    CompatWarning,
    DependencyError,
    Error,
    FileError,
    InputError,
    InternalError,
    ModelError,
    ProbeWarning,
    UsageError,
)
from ._figures import Figure
from ._frames import Frame
from ._mlem import MLEM
from ._profile import Profile, fit, read
from ._stimuli import Stimuli, generate, grammars

__version__: str = _native.__version__

__all__ = [
    "MLEM",
    "Activations",
    "CompatWarning",
    "Comparison",
    "DependencyError",
    "Error",
    "Figure",
    "FileError",
    "Frame",
    "InputError",
    "InternalError",
    "ModelError",
    "ProbeWarning",
    "Profile",
    "Stimuli",
    "UsageError",
    "compare",
    "extract",
    "fit",
    "generate",
    "grammars",
    "read",
]

# Work that was given up with Ctrl-C may not have seen it yet.
_atexit.register(_native.tidy)
