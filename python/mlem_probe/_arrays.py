"""Whatever holds numbers becomes a NumPy array, with no copy where that can be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._errors import DependencyError, InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float32]
else:
    # NumPy is imported when an array is met: the command of the wheel needs none.
    Array = Any


def numpy() -> Any:
    """NumPy, or what to do without it."""
    try:
        import numpy
    except ImportError as error:
        raise DependencyError("arrays need NumPy, which is not here", "pip install numpy") from error
    return numpy


def array(value: Any, what: str) -> Any:
    """``value`` as a NumPy array of numbers, of any shape; ``what`` names it in messages."""
    np = numpy()
    try:
        found = _any_array(np, value, what)
    except InputError:
        raise
    except Exception as error:
        said = str(error).strip() or type(error).__name__
        hint = "give it as a NumPy array of numbers; what is in a file, while the file is open"
        raise InputError(f"{what}: the {_name(value)} cannot be read as an array: {said}", hint) from error
    if isinstance(found, np.ma.MaskedArray):
        if np.ma.getmaskarray(found).any():
            raise InputError(f"{what}: some values are masked", "leave out the stimuli or the units that have gaps")
        found = found.data
    if found.dtype.kind not in "fiub":
        raise InputError(f"{what}: an array of {_kind(found)}, not of numbers", _hint(found))
    return found


def matrix(value: Any, what: str) -> Array:
    """``value`` as a matrix of float32, ``(n_stimuli, d)``: the array itself where it is one."""
    return as_matrix(array(value, what), what)


def as_matrix(found: Any, what: str) -> Array:
    """An array of numbers as a matrix of float32: the array itself where it is one."""
    np = numpy()
    if found.ndim != 2:
        shape = "×".join(map(str, found.shape)) or "a single number"
        hint = "one row per stimulus and one column per unit"
        if found.ndim == 1:
            hint += ": of a single unit, x.reshape(-1, 1)"
        elif found.ndim == 3:
            hint += ": of several layers, mlem_probe.Activations(x), with layers first"
        raise InputError(f"{what}: a matrix is needed, and the shape is {shape}", hint)
    if 0 in found.shape:
        rows, columns = found.shape
        raise InputError(
            f"{what}: the matrix is empty, {rows} stimuli × {columns} units", "one row per stimulus and one column per unit"
        )
    if found.dtype != np.float32 or not found.dtype.isnative:
        with np.errstate(over="ignore", invalid="ignore"):
            found = found.astype(np.float32)
    if not found.flags.aligned or any(step < 0 for step in found.strides):
        found = np.array(found, order="C", copy=True)
    result: Array = found.view(np.ndarray) if type(found) is not np.ndarray else found
    return result


def _any_array(np: Any, value: Any, what: str) -> Any:
    if isinstance(value, np.ndarray):
        return value
    if hasattr(value, "detach") and hasattr(value, "cpu"):
        # A tensor of torch may carry gradients, lie on a GPU, or be of a type that NumPy has not.
        tensor = value.detach().cpu()
        if getattr(tensor, "is_sparse", False):
            tensor = tensor.to_dense()
        if str(tensor.dtype) in ("torch.bfloat16", "torch.float8_e4m3fn", "torch.float8_e5m2"):
            tensor = tensor.float()
        return tensor.numpy()
    if hasattr(value, "__dlpack__"):
        return np.from_dlpack(value)
    if hasattr(value, "toarray"):
        return np.asarray(value.toarray())
    if hasattr(value, "iloc") and all(getattr(kind, "kind", "O") in "fiub" for kind in getattr(value, "dtypes", ())):
        # Numbers of pandas that may be missing are objects to NumPy.
        return value.to_numpy(dtype=np.result_type(np.float32, *map(_plain, value.dtypes)), na_value=np.nan)
    if hasattr(value, "__array__") or hasattr(value, "__array_interface__") or isinstance(value, (list, tuple)):
        return np.asarray(value)
    hint = "give a NumPy array, a torch tensor, or anything with __dlpack__ or __array__"
    if hasattr(value, "__next__"):
        hint += "; of a generator, numpy.stack(list(x))"
    raise InputError(f"{what}: a {_name(value)} is no array", hint)


def _plain(kind: Any) -> Any:
    """The type of NumPy that holds the numbers of a type of pandas."""
    return getattr(kind, "numpy_dtype", kind)


def _name(value: Any) -> str:
    return type(value).__name__


def _kind(found: Any) -> str:
    kinds = {"O": "Python objects", "U": "strings", "S": "bytes", "c": "complex numbers", "M": "dates", "m": "times"}
    return kinds.get(found.dtype.kind, str(found.dtype))


def _hint(found: Any) -> str:
    if found.dtype.kind == "O":
        return "if all of them are numbers, x.astype('float32'); rows of different lengths make no matrix"
    if found.dtype.kind == "c":
        return "take their real part, or their absolute value"
    return "turn them into numbers first"
