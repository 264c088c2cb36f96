"""Writes weights of tests/golden/hidden_states/ in PyTorch's own formats, laid out in all the ways that occur.

    python tests/golden/pytorch.py

Needs torch and safetensors. `zip_f32.bin` has a tensor that lies transposed in its storage, one that is a part of a larger
storage, and a parameter; `zip_f16.bin` stands under `state_dict`; `old_bf16.bin` is in the format from before PyTorch 1.6.
"""

import gzip
from pathlib import Path

import safetensors.torch
import torch

HERE = Path(__file__).parent


def weights(case):
    file = HERE / "hidden_states" / f"{case}.safetensors.gz"
    tensors = safetensors.torch.load(gzip.decompress(file.read_bytes()))
    return {name: tensor for name, tensor in tensors.items() if not name.startswith("golden.")}


(HERE / "pytorch").mkdir(exist_ok=True)
state = weights("bart")
name = "encoder.layers.0.fc1.weight"
state[name] = state[name].t().contiguous().t()
name = "encoder.layers.1.fc2.bias"
state[name] = torch.cat([torch.zeros(3), state[name], torch.zeros(2)])[3:-2]
name = "encoder.layers.1.fc1.bias"
state[name] = torch.nn.Parameter(state[name])
torch.save(state, HERE / "pytorch" / "zip_f32.bin")
torch.save({"epoch": 3, "state_dict": weights("bert_f16")}, HERE / "pytorch" / "zip_f16.bin")
torch.save(weights("bert_bf16"), HERE / "pytorch" / "old_bf16.bin", _use_new_zipfile_serialization=False)
