"""Freezes all streams of each hidden state of Gemma 3n, as Hugging Face transformers gives them.

    OMP_NUM_THREADS=1 python tests/golden/streams.py

Needs torch, transformers and safetensors. The models and tokens are those of hidden_states/. One file comes of it, streams.safetensors.gz:
`CASE/K`, (n_tokens, streams * d_model), hidden state K with its streams side by side.
"""

import gzip
import sys
from pathlib import Path

import safetensors.torch
import torch
import transformers

sys.path.insert(0, str(Path(__file__).parent))
from sites import load  # noqa: E402

if __name__ == "__main__":
    everything = {}
    for case in ("gemma3n_text", "gemma3n_text_odd"):
        model, sequences, _, _, _ = load(case)
        with torch.no_grad():
            states = [model(input_ids=tokens[None], attention_mask=torch.ones_like(tokens[None]), use_cache=False,
                            output_hidden_states=True).hidden_states for tokens in sequences]
        for layer in range(len(states[0])):
            # (streams, 1, tokens, d_model) each.
            rows = [state[layer][:, 0].permute(1, 0, 2).reshape(state[layer].shape[2], -1) for state in states]
            everything[f"{case}/{layer}"] = torch.cat(rows).contiguous()
    metadata = dict(torch=torch.__version__, transformers=transformers.__version__)
    data = safetensors.torch.save(everything, metadata)
    Path(__file__).with_name("streams.safetensors.gz").write_bytes(gzip.compress(data, mtime=0))
    print({name: tuple(values.shape) for name, values in everything.items()})
