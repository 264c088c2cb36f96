#!/usr/bin/env bash
# safetensors 0.8.0 (NumPy 2.4.6): an array in Fortran's order is saved with its numbers in another order than its shape says.
#
# Behaviour   `safetensors.numpy.save_file` writes the memory of an array as it lies, with the array's shape: of an array that is not in
#             C order (`np.asfortranarray`, a transpose, columns of a pandas table, arrays from MATLAB or R) the numbers come back
#             in other places, under the right shape and without a word. PyTorch's writer refuses such a tensor.
# Output      [[0, 1, 2], [3, 4, 5]] in Fortran's order comes back as [[0, 3, 1], [4, 2, 5]]
# Here        nothing in such a file can tell: the docs say to save `np.ascontiguousarray(x)` where they tell how to save arrays.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check safetensors==0.8.0 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" - <<'PYTHON'
import numpy as np
import safetensors
from safetensors.numpy import load_file, save_file

x = np.asfortranarray(np.arange(6, dtype="f4").reshape(2, 3))
save_file({"x": x}, "x.safetensors")
back = load_file("x.safetensors")["x"]
print(f"safetensors {safetensors.__version__}")
print(f"{x.astype(int).tolist()} in Fortran's order comes back as {back.astype(int).tolist()}")
assert back.shape == x.shape
assert back.astype(int).tolist() == [[0, 3, 1], [4, 2, 5]], "the behaviour has changed"
save_file({"x": np.ascontiguousarray(x)}, "x.safetensors")
assert (load_file("x.safetensors")["x"] == x).all()
PYTHON
