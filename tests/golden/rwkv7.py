"""Freezes small random RWKV-7 models and their hidden states, by a plain recurrence in float64, token after token.

    python tests/golden/rwkv7.py

Needs numpy and safetensors. transformers has no RWKV-7; the formulas are those of Peng et al. 2025 (RWKV-7 "Goose", section
4), and the names of the weights are those of the Hub's checkpoints in the layout of flash-linear-attention. The files are
like those of hidden_states.py.
"""

import gzip
import json
from pathlib import Path

import numpy as np
import safetensors.numpy

HERE = Path(__file__).parent / "hidden_states"
LENGTHS = [5, 1, 9, 3]
VOCABULARY = 60
CASES = {
    "rwkv7": dict(hidden_size=16, head_dim=4, num_hidden_layers=2, intermediate_size=24, decay_low_rank_dim=5,
                  a_low_rank_dim=3, gate_low_rank_dim=6, v_low_rank_dim=2, norm_bias=True, norm_eps=1e-5),
    "rwkv7_odd": dict(hidden_size=18, head_dim=9, num_hidden_layers=3, hidden_ratio=2.0, decay_low_rank_dim=4,
                      a_low_rank_dim=4, gate_low_rank_dim=4, v_low_rank_dim=4, norm_bias=True, norm_eps=1e-3,
                      value_dim=[18, 18, 18]),
}


def weights(config, draw):
    d, heads = config["hidden_size"], config["hidden_size"] // config["head_dim"]
    hidden = config.get("intermediate_size") or -(-int(d * config["hidden_ratio"]) // 32) * 32
    tensors = {"model.embeddings.weight": draw(VOCABULARY, d)}

    def matrix(name, outputs, inputs):
        tensors[name + ".weight"] = draw(outputs, inputs) * 1.2 / inputs**0.5

    def norm(name):
        tensors[name + ".weight"] = 1 + 0.3 * draw(d)
        tensors[name + ".bias"] = 0.3 * draw(d)

    for layer in range(config["num_hidden_layers"]):
        name = f"model.layers.{layer}."
        for part in ["attn_norm", "ffn_norm", "attn.g_norm"] + ["pre_norm"] * (layer == 0):
            norm(name + part)
        for part in "rwkvag":
            tensors[name + f"attn.x_{part}"] = 0.5 + 0.3 * draw(1, 1, d)
        for part in "rkvo":
            matrix(name + f"attn.{part}_proj", d, d)
        for part, rank in [("w", "decay"), ("a", "a"), ("g", "gate")] + [("v", "v")] * (layer > 0):
            rank = config[rank + "_low_rank_dim"]
            matrix(name + f"attn.{part}_lora.lora.0", rank, d)
            matrix(name + f"attn.{part}_lora.lora.2", d, rank)
            if part != "g":
                tensors[name + f"attn.{part}_lora.lora.2.bias"] = 0.5 * draw(d)
        tensors[name + "attn.k_k"] = 1 + 0.3 * draw(d)
        tensors[name + "attn.k_a"] = 0.7 + 0.3 * draw(d)
        tensors[name + "attn.r_k"] = 0.5 * draw(heads, config["head_dim"])
        tensors[name + "ffn.x_k"] = 0.5 + 0.3 * draw(d)
        matrix(name + "ffn.key", hidden, d)
        matrix(name + "ffn.value", d, hidden)
    norm("model.norm")
    return {name: tensor.astype(np.float32) for name, tensor in tensors.items()}


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def run(config, tensors, tokens):
    """Hidden states of one sequence, (n_layers + 1, n_tokens, d)."""
    w = {name.removeprefix("model."): tensor.astype(np.float64) for name, tensor in tensors.items()}
    d, size, n_layers = config["hidden_size"], config["head_dim"], config["num_hidden_layers"]
    heads = d // size

    def norm(x, name, eps=config["norm_eps"]):
        x = x - x.mean(-1, keepdims=True)
        x = x / np.sqrt((x**2).mean(-1, keepdims=True) + eps)
        return x.reshape(-1) * w[name + ".weight"] + w[name + ".bias"]

    last = np.zeros((n_layers, 2, d))
    state = np.zeros((n_layers, heads, size, size))
    states = []
    for token in tokens:
        x = w["embeddings.weight"][token]
        rows = [x]
        for layer in range(n_layers):
            name = f"layers.{layer}."
            if layer == 0:
                x = norm(x, name + "pre_norm")
            read = norm(x, name + "attn_norm")
            shifted = {part: read + (last[layer, 0] - read) * w[name + f"attn.x_{part}"][0, 0] for part in "rwkvag"}
            last[layer, 0] = read

            def project(part):
                return w[name + f"attn.{part}_proj.weight"] @ shifted[part]

            def low_rank(part, between=lambda hidden: hidden):
                hidden = between(w[name + f"attn.{part}_lora.lora.0.weight"] @ shifted[part])
                return w[name + f"attn.{part}_lora.lora.2.weight"] @ hidden + w.get(name + f"attn.{part}_lora.lora.2.bias", 0)

            r, k, v = project("r"), project("k"), project("v")
            decay = np.exp(-np.exp(-0.5) * sigmoid(low_rank("w", np.tanh)))
            a = sigmoid(low_rank("a"))
            gate = low_rank("g", sigmoid)
            if layer == 0:
                first = v
            else:
                v = v + (first - v) * sigmoid(low_rank("v"))
            kappa = (k * w[name + "attn.k_k"]).reshape(heads, size)
            kappa = kappa / np.linalg.norm(kappa, axis=1, keepdims=True)
            k = k * (1 + (a - 1) * w[name + "attn.k_a"])
            out = np.zeros((heads, size))
            by_head = [part.reshape(heads, size) for part in (r, decay, k, v, a)]
            for head, (r_h, decay_h, k_h, v_h, a_h) in enumerate(zip(*by_head)):
                transition = np.diag(decay_h) - np.outer(kappa[head], a_h * kappa[head])
                state[layer, head] = state[layer, head] @ transition + np.outer(v_h, k_h)
                out[head] = state[layer, head] @ r_h
            out = norm(out, name + "attn.g_norm", size * config["norm_eps"])
            bonus = (by_head[0] * by_head[2] * w[name + "attn.r_k"]).sum(1, keepdims=True) * by_head[3]
            x = x + w[name + "attn.o_proj.weight"] @ ((out + bonus.reshape(-1)) * gate)
            read = norm(x, name + "ffn_norm")
            mixed = read + (last[layer, 1] - read) * w[name + "ffn.x_k"]
            last[layer, 1] = read
            x = x + w[name + "ffn.value.weight"] @ np.maximum(w[name + "ffn.key.weight"] @ mixed, 0) ** 2
            rows.append(norm(x, "norm") if layer + 1 == n_layers else x)
        states.append(rows)
    return np.array(states).transpose(1, 0, 2)


for case, config in CASES.items():
    generator = np.random.default_rng(sum(case.encode()))
    tensors = weights(config, lambda *shape: generator.standard_normal(shape))
    sequences = [generator.integers(0, VOCABULARY, length) for length in LENGTHS]
    states = [run(config, tensors, tokens) for tokens in sequences]
    golden = {f"golden.hidden.{layer}": np.concatenate([state[layer] for state in states]).astype(np.float32)
              for layer in range(config["num_hidden_layers"] + 1)}
    golden["golden.tokens"] = np.concatenate(sequences).astype(np.int64)
    golden["golden.lengths"] = np.array(LENGTHS)
    config = dict(model_type="rwkv7", vocab_size=VOCABULARY, hidden_act="sqrelu", norm_first=True, attn=None) | config
    file = safetensors.numpy.save(tensors | golden, dict(config=json.dumps(config), numpy=np.__version__))
    (HERE / f"{case}.safetensors.gz").write_bytes(gzip.compress(file, mtime=0))
    print(f"{case}: largest magnitude {max(abs(golden[name]).max() for name in golden if 'hidden' in name):.2f}")
