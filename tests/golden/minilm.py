"""Freezes hidden states of all-MiniLM-L6-v2, as Hugging Face transformers computes them, in minilm.safetensors.

    python tests/golden/minilm.py "$(tests/golden/fetch_minilm.sh)"

`mean.K` is (n_sentences, d_model), the mean over all tokens of hidden state K; `none.K` is the same for the sentences
numbered in `none`, with all tokens side by side: they have the same number of tokens. Sentences and versions are in the
metadata.
"""

import json
import sys
from pathlib import Path

import safetensors.torch
import tokenizers
import torch
import transformers

SENTENCES = [
    "the woman sees the man who the queens like.",
    "Go!",
    "the girls that see the king like the ladies.",
    "A naïve café-goer's résumé, unread since 1999, was found: 東京 😀?",
    "boys like queens.",
    "The keys to the cabinet that the old man from the village had bought for his daughters are on the table, and nobody "
    "who lives in the house knows why they were left there.",
    "the man like the lady.",
    "supercalifragilisticexpialidocious",
]
NONE = [0, 2]

folder = sys.argv[1]
tokenizer = tokenizers.Tokenizer.from_file(f"{folder}/tokenizer.json")
tokenizer.no_padding()
tokenizer.no_truncation()
model = transformers.AutoModel.from_pretrained(folder).eval()
tensors = {}
with torch.no_grad():
    states = []
    for sentence in SENTENCES:
        ids = torch.tensor([tokenizer.encode(sentence).ids])
        states.append([state[0] for state in model(input_ids=ids, output_hidden_states=True).hidden_states])
for layer in range(len(states[0])):
    tensors[f"mean.{layer}"] = torch.stack([state[layer].mean(0) for state in states])
    tensors[f"none.{layer}"] = torch.stack([states[i][layer].flatten() for i in NONE])
metadata = dict(sentences=json.dumps(SENTENCES), none=json.dumps(NONE), torch=torch.__version__,
                transformers=transformers.__version__)
safetensors.torch.save_file(tensors, Path(__file__).parent / "minilm.safetensors", metadata)
print({len(state[0]) for state in states}, {name: tuple(tensor.shape) for name, tensor in tensors.items()})
