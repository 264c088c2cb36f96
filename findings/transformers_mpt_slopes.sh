#!/usr/bin/env bash
# transformers 5.24.0 (torch 2.15.0): `alibi_bias_max` of MPT's config.json changes nothing.
#
# Behaviour   `MptConfig` documents and saves the key, `build_mpt_alibi_tensor` takes it as an argument, and `MptModel.forward` calls
#             that without it: slopes are those of 8, whatever the file says. MosaicML's own code of the model reads the key.
# Output      states with alibi_bias_max 8 and 2 are equal: True
# Here        any value but 8 is an error that names the key.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check transformers==5.24.0 torch==2.15.0
"$work/venv/bin/python" - <<'PYTHON'
import torch
import transformers

sizes = dict(d_model=16, n_heads=4, n_layers=1, max_seq_len=16, vocab_size=20)


def states(most):
    torch.manual_seed(0)
    config = transformers.MptConfig(**sizes, attn_config=dict(alibi_bias_max=most))
    assert config.attn_config.alibi_bias_max == most
    model = transformers.MptModel(config).eval()
    with torch.no_grad():
        return model(torch.arange(9)[None]).last_hidden_state


equal = torch.equal(states(8), states(2))
print(f"transformers {transformers.__version__}")
print(f"states with alibi_bias_max 8 and 2 are equal: {equal}")
assert equal, "the behaviour has changed"
PYTHON
