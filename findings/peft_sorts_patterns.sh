#!/usr/bin/env bash
# peft 0.21.2 (transformers 5.24.0, torch 2.15.0): an adapter with patterns that overlap is another one once it has been saved.
#
# Behaviour   Of `alpha_pattern` and `rank_pattern` the first key that matches a module counts, and `save_pretrained` writes the keys of
#             adapter_config.json in the order of the alphabet. Where two match, another one may count when the adapter is read back:
#             the trained model's states are gone, without a word.
# Output      scaling of layer 1 when trained: 1.0, read back: 8.0
# Here        the order of the file counts, as when peft reads it.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python=python3
if [ -n "${PYTHON:-}" ]; then
    python=$PYTHON
else
    python3 -m venv "$work/venv"
    "$work/venv/bin/pip" install --quiet --disable-pip-version-check peft==0.21.2 transformers==5.24.0 torch==2.15.0
    python="$work/venv/bin/python"
fi
HF_HUB_OFFLINE=1 "$python" - "$work/adapter" <<'PYTHON'
import sys

import peft
import torch
import transformers


def base():
    torch.manual_seed(0)
    sizes = dict(hidden_size=16, intermediate_size=16, num_hidden_layers=2, num_attention_heads=2, vocab_size=20)
    return transformers.LlamaModel(transformers.LlamaConfig(**sizes)).eval()


def scaling(model):
    return model.base_model.model.layers[1].self_attn.q_proj.scaling["default"]


patterns = {r"layers\.1\..*": 2, r".*q_proj": 16}
config = peft.LoraConfig(r=2, lora_alpha=4, target_modules=["q_proj"], alpha_pattern=patterns)
trained = peft.get_peft_model(base(), config)
trained.save_pretrained(sys.argv[1])
again = peft.PeftModel.from_pretrained(base(), sys.argv[1])
print(f"peft {peft.__version__}")
print(f"scaling of layer 1 when trained: {scaling(trained)}, read back: {scaling(again)}")
assert (scaling(trained), scaling(again)) == (1.0, 8.0), "the behaviour has changed"
PYTHON
