"""Activations: a matrix per layer."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from typing import Any

from . import _native
from ._arrays import Array, array, as_matrix, matrix, numpy
from ._errors import InputError, UsageError
from ._options import Option, words
from ._report import Progress, Reporter
from ._stimuli import PathLike, Stimuli, as_stimuli


class Activations(Mapping[int, "Array"]):
    """One matrix ``(n_stimuli, d)`` of float32 per layer, by the layer's number: ``activations[3]``.

    Of a dict of layers, of one matrix (layer 0), or of an array of three dimensions, layers first. What it is made of may be of
    NumPy, torch, or anything with ``__dlpack__`` or ``__array__``; a float32 array is not copied.

    >>> import numpy
    >>> x = numpy.zeros((8, 4), dtype=numpy.float32)
    >>> activations = Activations({3: x, 6: x + 1})
    >>> activations.layers, activations[3] is x
    ([3, 6], True)
    """

    def __init__(self, layers: Any, stimuli: Stimuli | Any = None) -> None:
        matrices = _by_layer(layers)
        known = as_stimuli(stimuli) if stimuli is not None else None
        if known is not None:
            for layer, held in matrices.items():
                if held.shape[0] != len(known):
                    raise InputError(
                        f"layer {layer} has {held.shape[0]:,} rows, and there are {len(known):,} stimuli",
                        "give one row per stimulus, in their order",
                    )
        self._native = _native.Activations(sorted(matrices.items()), known._native if known else None)
        self._held: dict[int, Array] = matrices
        self._stimuli = known
        self._file: str | None = None

    @classmethod
    def _of(cls, native: _native.Activations, stimuli: Stimuli | None, file: str | None) -> Activations:
        activations = cls.__new__(cls)
        activations._native, activations._held = native, {}
        activations._stimuli, activations._file = stimuli, file
        return activations

    @classmethod
    def open(cls, path: PathLike) -> Activations:
        """Those in a file, ``.safetensors``, ``.npy`` or ``.npz``, of which one layer at a time is read."""
        path = os.fspath(path)
        return cls._of(_native.Activations.open(path), None, path)

    @property
    def layers(self) -> list[int]:
        """The layers, ascending: 0 is the embedding output."""
        return self._native.layers

    @property
    def n_stimuli(self) -> int:
        """How many stimuli (rows of every matrix)."""
        return self._native.n_stimuli

    @property
    def stimuli(self) -> Stimuli | None:
        """The stimuli, where they are known."""
        return self._stimuli

    @property
    def provenance(self) -> dict[str, Any]:
        """What they are activations of: model, commit, pooling, transforms, as far as is known."""
        found: dict[str, Any] = json.loads(self._native.provenance)
        return found

    def __getitem__(self, layer: int) -> Array:
        """The matrix of a layer. What a model or a file gave is not to be written: copy it first."""
        held = self._held.get(layer)
        if held is None:
            layers = self.layers
            if layer not in layers:
                raise KeyError(f"no layer {layer!r}: there are {', '.join(map(str, layers))}")
            # A view on the matrix that was read, which lives as long as it.
            held = numpy().asarray(self._native.matrix(layers.index(layer)))
            self._held[layer] = held
        return held

    def __iter__(self) -> Iterator[int]:
        return iter(self.layers)

    def __len__(self) -> int:
        return len(self.layers)

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)

    def save(self, path: PathLike) -> None:
        """Writes them to ``path``: ``.safetensors``, with all that is known of them, or ``.npy``."""
        path = os.fspath(path)
        if not path.endswith((".safetensors", ".npy")):
            raise UsageError(f"{path}: the ending says no format", "a name that ends in .safetensors, or in .npy")
        self._native.save(path)

    def __reduce__(self) -> tuple[Any, ...]:
        return Activations, ({layer: self[layer] for layer in self.layers}, self._stimuli)

    def __repr__(self) -> str:
        model = self.provenance.get("model")
        of = f" of {model}" if model else ""
        return f"<Activations{of}: {self.n_stimuli:,} stimuli, layers {', '.join(map(str, self.layers))}>"


def _by_layer(layers: Any) -> dict[int, Array]:
    if isinstance(layers, Mapping):
        if not layers:
            raise InputError("no layer of activations", "give one matrix at least: {3: x}")
        found: dict[int, Array] = {}
        for layer, value in layers.items():
            number = _number(layer)
            found[number] = matrix(value, f"layer {number}")
        return found
    whole = array(layers, "activations")
    if whole.ndim == 3:
        return {layer: as_matrix(whole[layer], f"layer {layer}") for layer in range(whole.shape[0])}
    return {0: as_matrix(whole, "activations")}


def _number(layer: Any) -> int:
    try:
        number = int(layer.__index__())
    except AttributeError:
        raise InputError(f"{layer!r} is no layer", "layers are whole numbers: {3: x, 6: y}") from None
    if isinstance(layer, bool) or number < 0:
        raise InputError(f"{layer!r} is no layer", "layers count from 0, the embedding output")
    return number


def as_activations(value: Any, stimuli: Stimuli) -> Activations:
    """Activations, or what becomes some: matrices, or the path of a file."""
    if isinstance(value, Activations):
        return value
    if isinstance(value, (str, os.PathLike)):
        return Activations.open(value)
    return Activations(value)


def extract(
    stimuli: Any,
    model: PathLike = "tiny-bert",
    *,
    pool: str = "mean",
    layers: Option = None,
    at: str | None = None,
    revision: str | None = None,
    untrained: bool | int | None = None,
    special_tokens: bool = True,
    device: str | None = None,
    cache: bool = True,
    seed: int = 0,
    threads: int | None = None,
    progress: Progress = None,
    **options: Option,
) -> Activations:
    """The activations that ``model`` has of the sentences of ``stimuli``, pooled over tokens, at every layer.

    ``model`` is a Hub id, an alias (``"bert-base"``), or the folder of a checkpoint; the small model inside this package when
    left out. Other options are those of ``probe extract``: ``dtype``, ``precision``, ``offload``, ``batch_tokens``, ``units``,
    ``transform``, ``noise``.

    >>> from mlem_probe import generate
    >>> activations = extract(generate("relative_clause", sample=16), layers=[0, 2])
    >>> activations.layers, activations[2].dtype
    ([0, 2], dtype('float32'))
    """
    known = as_stimuli(stimuli)
    line = words(
        {
            "model": os.fspath(model),
            "pool": pool,
            "layers": layers,
            "at": at,
            "revision": revision,
            "untrained": untrained if not (isinstance(untrained, bool) and untrained) else 0,
            "no_special_tokens": not special_tokens,
            "device": device,
            "no_cache": not cache,
            "seed": seed,
            **options,
        }
    )
    with Reporter(progress) as report:
        return Activations._of(_native.Activations.extract(known._native, line, threads, report), known, None)
