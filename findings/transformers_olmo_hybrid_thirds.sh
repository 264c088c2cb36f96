#!/usr/bin/env bash
# transformers 5.24.0 (torch 2.15.0): `save_pretrained` cuts the convolution of OLMo Hybrid in places that are none of its parts.
#
# Behaviour   Published files have `q_conv1d`, `k_conv1d` and `v_conv1d`, of as many channels as queries, keys and values have; in
#             memory they are one. When it writes a file, transformers cuts that into three equal parts, whatever the sizes are (values
#             have twice as many channels as keys by default), and puts one part of what belongs to `v` under the name of `k`. It reads
#             its own files, since it only joins them again; whoever goes by the names reads other numbers.
# Output      channels of q, k and v: 12, 12, 24; as written: 16, 16, 16
# Here        both are read: by their shapes, files that transformers wrote are told from published ones.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check transformers==5.24.0 torch==2.15.0
"$work/venv/bin/python" - "$work/model" <<'PYTHON'
import sys

import torch
import transformers
from safetensors.torch import load_file

config = transformers.OlmoHybridConfig(
    vocab_size=20, hidden_size=16, num_hidden_layers=2, num_attention_heads=4, intermediate_size=8, pad_token_id=0)
model = transformers.OlmoHybridModel(config)
model.save_pretrained(sys.argv[1])
written = load_file(f"{sys.argv[1]}/model.safetensors")
found = [written[f"layers.0.linear_attn.{part}_conv1d.weight"].shape[0] for part in "qkv"]
layer = model.layers[0].linear_attn
meant = [layer.key_dim, layer.key_dim, layer.value_dim]
print(f"transformers {transformers.__version__}")
print(f"channels of q, k and v: {', '.join(map(str, meant))}; as written: {', '.join(map(str, found))}")
assert found != meant and sum(found) == sum(meant), "the behaviour has changed"
PYTHON
