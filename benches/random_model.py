"""A folder of a model with random weights, for benches/extract_vs_transformers.py where no trained one is at hand.

    python benches/random_model.py FOLDER SHAPE TOKENIZER_FOLDER

SHAPE: `experts` (OLMoE's blocks: 64 experts, 8 a token), `convolutions` (LFM2-350M), `delta` (Qwen 3.5's blocks: the gated delta
rule in three of four). Any tokenizer does whose vocabulary is below 32,768. How long a model takes does not depend on its weights.
"""

import shutil
import sys
from pathlib import Path

import torch
import transformers

VOCABULARY = 32_768
SHAPES = dict(
    experts=("OlmoeConfig", dict(
        hidden_size=1024, intermediate_size=512, num_hidden_layers=4, num_attention_heads=16, num_experts=64,
        num_experts_per_tok=8)),
    convolutions=("Lfm2Config", dict(
        hidden_size=1024, block_ff_dim=6656, num_hidden_layers=16, num_attention_heads=16, num_key_value_heads=8,
        full_attn_idxs=[2, 5, 8, 10, 12, 14])),
    delta=("Qwen3_5TextConfig", dict(
        hidden_size=1024, intermediate_size=3584, num_hidden_layers=8, num_attention_heads=8, num_key_value_heads=2,
        linear_num_key_heads=16, linear_num_value_heads=16)))

folder, shape, tokenizer = sys.argv[1:]
kind, arguments = SHAPES[shape]
torch.manual_seed(0)
config = getattr(transformers, kind)(vocab_size=VOCABULARY, max_position_embeddings=2048, **arguments)
model = transformers.AutoModel.from_config(config)
model.save_pretrained(folder)
for name in ("tokenizer.json", "tokenizer_config.json"):
    if (Path(tokenizer) / name).exists():
        shutil.copy(Path(tokenizer) / name, folder)
print(f"{sum(tensor.numel() for tensor in model.parameters()) / 1e6:.0f} million numbers in {folder}")
