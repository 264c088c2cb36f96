"""Activations: a matrix per layer."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from typing import Any

from . import _native
from ._arrays import Array, array, as_matrix, matrix, numpy
from ._errors import InputError, UsageError
from ._options import Option, PathLike, path_of, threads_of, words
from ._report import Progress, Reporter
from ._stimuli import Stimuli, as_stimuli


class Activations(Mapping[int, "Array"]):
    """One matrix ``(n_stimuli, d)`` of float32 per layer, by the layer's number: ``activations[3]``.

    Of a dict of layers, of a list of them, of one matrix (layer 0), or of an array of three dimensions, layers first. What it is
    made of may be of NumPy, torch, or anything with ``__dlpack__`` or ``__array__``; a float32 array is not copied. In a dict,
    names stand for layers as in a file: ``"blocks.3.hook_resid_post"`` is layer 3, and names without numbers (regions of a brain)
    are counted from 0 and kept as :attr:`labels`.

    >>> import numpy
    >>> x = numpy.zeros((8, 4), dtype=numpy.float32)
    >>> activations = Activations({3: x, 6: x + 1})
    >>> activations.layers, activations[3] is x
    ([3, 6], True)
    """

    def __init__(self, layers: Any, stimuli: Stimuli | Any = None) -> None:
        matrices, arrays, labels = _by_layer(layers)
        known = as_stimuli(stimuli) if stimuli is not None else None
        if known is not None:
            for layer, held in matrices.items():
                if held.shape[0] != len(known):
                    raise InputError(
                        f"layer {layer} has {held.shape[0]:,} rows, and there are {len(known):,} stimuli",
                        "give one row per stimulus, in their order",
                    )
        native = known._native if known is not None else None
        self._native = _native.Activations(sorted(matrices.items()), arrays, labels, native)
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
    def open(
        cls,
        path: PathLike,
        stimuli: Stimuli | Any = None,
        *,
        arrays: Option = None,
        axes: str | None = None,
        units: Option = None,
        distances: bool = False,
    ) -> Activations:
        """Those in a file, ``.safetensors``, ``.npy``, ``.npz`` or ``.pt``, of which one layer at a time is read.

        ``stimuli`` are what they are of: their number may be what tells one axis of an array from another. ``arrays`` and ``axes``
        say which arrays are layers, and what their axes are, as in ``probe fit``; ``units`` are those to read;
        ``distances=True`` where matrices are distances between stimuli.
        """
        known = as_stimuli(stimuli) if stimuli is not None else None
        return cls._open(path, known, len(known) if known is not None else None, arrays, axes, units, distances)

    @classmethod
    def _open(
        cls,
        path: PathLike,
        known: Stimuli | None,
        n_stimuli: int | None,
        arrays: Option,
        axes: str | None,
        units: Option,
        distances: bool,
    ) -> Activations:
        path = path_of(path, "file")
        line = words({"arrays": arrays, "axes": axes, "units": units})
        with Reporter(False) as report:
            return cls._of(_native.Activations.open(path, line, n_stimuli, distances, report), known, path)

    @property
    def layers(self) -> list[int]:
        """The layers, ascending: 0 is the embedding output."""
        return self._native.layers

    @property
    def labels(self) -> dict[int, str]:
        """What layers are called that are more than numbers: regions of a brain, windows of time."""
        return {int(layer): label for layer, label in self.provenance["labels"].items()}

    @property
    def n_stimuli(self) -> int:
        """How many stimuli (rows of every matrix)."""
        return self._native.n_stimuli

    def width(self, layer: int) -> int:
        """How many units a layer has."""
        if layer not in self.layers:
            raise KeyError(f"no layer {layer!r}: there are {', '.join(map(str, self.layers))}")
        return self._native.width(self.layers.index(layer))

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
        path = path_of(path, "file")
        if not path.endswith((".safetensors", ".npy")):
            raise UsageError(f"{path}: the ending says no format", "a name that ends in .safetensors, or in .npy")
        self._native.save(path)

    def __reduce__(self) -> tuple[Any, ...]:
        arrays = {int(layer): name for layer, name in self.provenance["arrays"].items()}
        return _unpickled, ({layer: self[layer] for layer in self.layers}, arrays, self.labels, self._stimuli)

    def __repr__(self) -> str:
        model = self.provenance.get("model")
        of = f" of {model}" if model else ""
        return f"<Activations{of}: {self.n_stimuli:,} stimuli, layers {', '.join(map(str, self.layers))}>"


def _unpickled(
    matrices: dict[int, Array], arrays: dict[int, str], labels: dict[int, str], stimuli: Stimuli | None
) -> Activations:
    native = _native.Activations(sorted(matrices.items()), arrays, labels, stimuli._native if stimuli is not None else None)
    activations = Activations._of(native, stimuli, None)
    activations._held = matrices
    return activations


def _by_layer(layers: Any) -> tuple[dict[int, Array], dict[int, str], dict[int, str]]:
    """The matrices by layer, and what their arrays and the layers are called, where they have names."""
    if isinstance(layers, Mapping):
        if not layers:
            raise InputError("no layer of activations", "give one matrix at least: {3: x}")
        if all(isinstance(layer, str) for layer in layers):
            return _by_name(layers)
        found: dict[int, Array] = {}
        for layer, value in layers.items():
            number = _number(layer)
            if number in found:
                raise InputError(f"layer {number} is there twice", "give each layer a number of its own")
            found[number] = matrix(value, f"layer {number}")
        return found, {}, {}
    if isinstance(layers, (list, tuple)) and layers and all(getattr(layer, "ndim", 0) == 2 for layer in layers):
        # What transformers calls hidden_states, pooled.
        return {number: matrix(layer, f"layer {number}") for number, layer in enumerate(layers)}, {}, {}
    whole = array(layers, "activations")
    if whole.ndim == 3:
        return {layer: as_matrix(whole[layer], f"layer {layer}") for layer in range(whole.shape[0])}, {}, {}
    return {0: as_matrix(whole, "activations")}, {}, {}


def _by_name(layers: Mapping[str, Any]) -> tuple[dict[int, Array], dict[int, str], dict[int, str]]:
    names = list(layers)
    order, are_labels = _native.layers_of(names)
    arrays = {number: names[place] for place, number in order}
    found = {number: matrix(layers[name], f"layer {number} (`{name}`)") for number, name in arrays.items()}
    plain = all(name == f"layer.{number}" for number, name in arrays.items())
    return found, {} if plain else arrays, dict(arrays) if are_labels else {}


def _number(layer: Any) -> int:
    try:
        number = int(layer.__index__())
    except AttributeError:
        raise InputError(f"{layer!r} is no layer", "layers are whole numbers: {3: x, 6: y}") from None
    if isinstance(layer, bool) or number < 0:
        raise InputError(f"{layer!r} is no layer", "layers count from 0, the embedding output")
    return number


def as_activations(
    value: Any,
    n_stimuli: int,
    *,
    arrays: Option = None,
    axes: str | None = None,
    units: Option = None,
    distances: bool = False,
) -> Activations:
    """Activations, or what becomes some: matrices, or the path of a file, which is read as the options say."""
    if isinstance(value, (str, os.PathLike)):
        return Activations._open(value, None, n_stimuli, arrays, axes, units, distances)
    for name, option in (("arrays", arrays), ("axes", axes)):
        if option is not None:
            raise UsageError(
                f"`{name}` says how a file is read, and these activations come from none",
                "leave it out: Activations({3: x, 6: y}) says which array is which layer",
            )
    if isinstance(value, Activations):
        return value
    if distances:
        value = _squares(value, n_stimuli)
    return Activations(value)


def _squares(value: Any, n: int) -> Any:
    """Distances, square where they are condensed as SciPy's ``pdist`` gives them: the upper triangle, row by row."""
    if isinstance(value, Mapping):
        return {layer: _squares(matrix, n) for layer, matrix in value.items()}
    found = array(value, "activations")
    if found.ndim != 1 or found.size != n * (n - 1) // 2:
        return value
    np = numpy()
    square = np.zeros((n, n), dtype=np.float32)
    square[np.triu_indices(n, 1)] = found
    return square + square.T


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
    left out. Other options are those of ``probe extract``: ``base``, ``no_adapter``, ``dtype``, ``precision``, ``offload``,
    ``batch_tokens``, ``units``, ``transform``, ``noise``.

    >>> from mlem_probe import generate
    >>> activations = extract(generate("relative_clause", sample=16), layers=[0, 2])
    >>> activations.layers, activations[2].dtype
    ([0, 2], dtype('float32'))
    """
    known = as_stimuli(stimuli)
    line = words(
        {
            "model": path_of(model, "model"),
            "pool": pool,
            "layers": layers,
            "at": at,
            "revision": revision,
            "untrained": 0 if untrained is True else untrained,
            "no_special_tokens": not special_tokens,
            "device": device,
            "no_cache": not cache,
            "seed": seed,
            **options,
        }
    )
    with Reporter(progress) as report:
        return Activations._of(_native.Activations.extract(known._native, line, threads_of(threads), report), known, None)
