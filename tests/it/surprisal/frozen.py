"""Log-probabilities of transformers in float32, for frozen.rs: the frozen models of tests/golden/hidden_states with heads made by a formula.

    python tests/it/surprisal/frozen.py > tests/it/surprisal/frozen.rs
"""
import gzip
import json
import tempfile
from pathlib import Path

import numpy
import safetensors.torch
import torch
import transformers

GOLDEN = Path(__file__).parents[2] / "golden" / "hidden_states"
MASK = 4


def head(value, shape, seed):
    """The formula that the tests have too."""
    size = int(numpy.prod(shape))
    drawn = ((numpy.arange(size, dtype=numpy.int64) * 7919 + 13 * seed) % 1001).astype(numpy.float32) / numpy.float32(1001)
    drawn = (drawn - numpy.float32(0.5)) * numpy.float32(0.8)
    return torch.from_numpy((drawn + numpy.float32(1 if value == "norm" else 0)).reshape(shape))


def linear(name, outputs, inputs, bias=True):
    return [(f"{name}.weight", (outputs, inputs), "")] + ([(f"{name}.bias", (outputs,), "")] if bias else [])


def norm(name, size, bias=True):
    return [(f"{name}.weight", (size,), "norm")] + ([(f"{name}.bias", (size,), "")] if bias else [])


V = 60
CASES = {
    "gpt2": ("GPT2LMHeadModel", "transformer.", []),
    "gpt2_odd": ("GPT2LMHeadModel", "transformer.", lambda d: linear("lm_head", V, d, False)),
    "llama": ("LlamaForCausalLM", "model.", lambda d: linear("lm_head", V, d, False)),
    "gemma2": ("Gemma2ForCausalLM", "model.", []),
    "gpt_neox": ("GPTNeoXForCausalLM", "gpt_neox.", lambda d: linear("embed_out", V, d, False)),
    "cohere": ("CohereForCausalLM", "model.", []),
    "granite": ("GraniteForCausalLM", "model.", lambda d: linear("lm_head", V, d, False)),
    "phi": ("PhiForCausalLM", "model.", lambda d: linear("lm_head", V, d)),
    "mamba": ("MambaForCausalLM", "backbone.", []),
    "bert": ("BertForMaskedLM", "bert.", lambda d: linear("cls.predictions.transform.dense", d, d)
             + norm("cls.predictions.transform.LayerNorm", d) + [("cls.predictions.bias", (V,), "")]),
    "bert_odd": ("BertForMaskedLM", "bert.", lambda d: linear("cls.predictions.transform.dense", d, d)
                 + norm("cls.predictions.transform.LayerNorm", d) + linear("cls.predictions.decoder", V, d)),
    "roberta": ("RobertaForMaskedLM", "roberta.", lambda d: linear("lm_head.dense", d, d) + norm("lm_head.layer_norm", d)
                + [("lm_head.bias", (V,), "")]),
    "modernbert": ("ModernBertForMaskedLM", "model.", lambda d: linear("head.dense", d, d, False) + norm("head.norm", d, False)
                   + [("decoder.bias", (V,), "")]),
    "distilbert": ("DistilBertForMaskedLM", "distilbert.", lambda d: linear("vocab_transform", d, d) + norm("vocab_layer_norm", d)
                   + [("vocab_projector.bias", (V,), "")]),
    "albert": ("AlbertForMaskedLM", "albert.", lambda d: linear("predictions.dense", 16, d) + norm("predictions.LayerNorm", 16)
               + [("predictions.bias", (V,), "")]),
    "electra": ("ElectraForMaskedLM", "electra.", lambda d, e: linear("generator_predictions.dense", e, d)
                + norm("generator_predictions.LayerNorm", e) + [("generator_lm_head.bias", (V,), "")]),
}
KEYS = {"gpt2_odd": {"tie_word_embeddings": False}, "granite": {"logits_scaling": 0.7}, "cohere": {"logit_scale": 0.3},
        "gemma2": {"final_logit_softcapping": 5.0}}
OLD = {"bert_odd"}


def freeze(case):
    kind, before, tensors = CASES[case]
    data = gzip.decompress((GOLDEN / f"{case}.safetensors.gz").read_bytes())
    stored = safetensors.torch.load(data)
    config = json.loads(json.loads(data[8:8 + int.from_bytes(data[:8], "little")])["__metadata__"]["config"]) | KEYS.get(case, {})
    d = config.get("hidden_size", config.get("n_embd", config.get("dim")))
    if callable(tensors):
        tensors = tensors(d, config.get("embedding_size")) if case == "electra" else tensors(d)
    tokens, lengths = stored.pop("golden.tokens"), stored.pop("golden.lengths").tolist()
    full = {}
    for name, tensor in stored.items():
        if not name.startswith("golden."):
            full[name if name.startswith(before) else before + name] = tensor
    for seed, (name, shape, value) in enumerate(tensors, 1):
        if case in OLD:
            name = name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")
        full[name] = head(value, shape, seed)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "config.json").write_text(json.dumps(config))
        safetensors.torch.save_file(full, Path(folder, "model.safetensors"), {"format": "pt"})
        model, info = getattr(transformers, kind).from_pretrained(folder, dtype=torch.float32, output_loading_info=True)
    left = [name for name in info["missing_keys"] if "pooler" not in name and "position_ids" not in name]
    assert not left and not info["unexpected_keys"] and not info["mismatched_keys"], (case, info)
    model.eval()
    found, start = [], 0
    for length in lengths:
        ids = tokens[start:start + length]
        start += length
        with torch.no_grad():
            scores = lambda ids: torch.log_softmax(model(ids[None], attention_mask=torch.ones_like(ids[None])).logits[0].double(), -1)
            if "Masked" in kind:
                for at in range(length):
                    hidden = ids.clone()
                    hidden[at] = MASK
                    found.append(scores(hidden)[at, ids[at]].item())
            elif length > 1:
                all_of = scores(ids)
                found += [all_of[at, ids[at + 1]].item() for at in range(length - 1)]
    return before, tensors, found


print("//! Log-probabilities of transformers in float32, which frozen.py made with transformers", transformers.__version__, "and torch",
      torch.__version__.split("+")[0] + ".")
print("//!\n//! Of each case what stands before the names of the base, the tensors of its head, and the log-probability of each token of the")
print("//! frozen sequences that has one.\n")
print("use super::Case;\n\npub const CASES: &[Case] = &[")
for case in CASES:
    before, tensors, found = freeze(case)
    rows = ", ".join(f'("{name}", &{list(shape)}, {str(value == "norm").lower()})' for name, shape, value in tensors)
    keys = json.dumps(KEYS.get(case, {})).replace('"', '\\"')
    print(f'    Case {{ name: "{case}", before: "{before}", keys: "{keys}", old: {str(case in OLD).lower()}, head: &[{rows}],')
    lines = [" ".join(f"{value:.7f}" for value in found[begin:begin + 10]) for begin in range(0, len(found), 10)]
    print('        logprobs: "' + " \\\n            ".join(lines) + '" },')
print("];")
