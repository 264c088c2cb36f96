"""Freezes what parts of blocks add to the residual stream, what heads take, and what routers say, by hooks on transformers' modules.

    OMP_NUM_THREADS=1 python tests/golden/sites.py

Needs torch, transformers and safetensors. The models are those of hidden_states/, as its files have them; what each gives as hidden
states is held against the file first. One file comes of it, sites.safetensors.gz: `CASE/SITE/BLOCK`, (n_tokens, …), of the tokens of
the case. A part that a block lacks is not there.
"""

import gzip
import json
import sys
import tempfile
from pathlib import Path

import safetensors.torch
import torch
import transformers

sys.path.insert(0, str(Path(__file__).parent))
from hidden_states import CASES, HERE, hidden_states  # noqa: E402

# case -> how its blocks are found; and in a block: the module whose output attention adds, the module whose output the MLP adds, the
# output projection, whose input heads are, and the router; what of them is added is multiplied by a number of the configuration.
OLD = dict(attention="self_attn.o_proj", mlp="mlp", heads="self_attn.o_proj")
WHERE = {
    "bert": dict(blocks="encoder.layer", attention="attention.output.dense", mlp="output.dense", heads="attention.output.dense"),
    "gpt2_odd": dict(blocks="h", attention="attn.c_proj", mlp="mlp", heads="attn.c_proj"),
    "llama3": OLD | dict(blocks="layers"),
    "gemma2_odd": OLD | dict(blocks="layers", attention="post_attention_layernorm", mlp="post_feedforward_layernorm"),
    "gpt_neox": dict(blocks="layers", attention="attention.dense", mlp="mlp", heads="attention.dense"),
    "gptj_odd": dict(blocks="h", attention="attn.out_proj", mlp="mlp", heads="attn.out_proj"),
    "granite_odd": OLD | dict(blocks="layers", factor="residual_multiplier"),
    "olmoe_odd": OLD | dict(blocks="layers", router="mlp.gate"),
    "phimoe": OLD | dict(blocks="layers", router="mlp.router"),
    "qwen3_next": OLD | dict(blocks="layers", router="mlp.gate"),
    "deepseek_v3_odd": OLD | dict(blocks="layers", router="mlp.gate", score=torch.sigmoid),
    "lfm2": dict(blocks="layers", attention="self_attn.out_proj", mlp="feed_forward", heads="self_attn.out_proj"),
    # The router stands beside an MLP, behind a norm of its own.
    "gemma4_experts": OLD | dict(blocks="layers", attention="post_attention_layernorm", mlp="post_feedforward_layernorm",
                                 router="router.proj"),
    "gemma3n_text_odd": OLD | dict(blocks="layers", attention="post_attention_layernorm", mlp="post_feedforward_layernorm"),
    # Attention and Mamba-2 are added as one.
    "falcon_h1_odd": dict(blocks="layers", mlp="feed_forward", heads="self_attn.o_proj"),
    "t5_encoder": dict(blocks="encoder.block", attention="layer.0.SelfAttention.o", mlp="layer.1.DenseReluDense",
                       heads="layer.0.SelfAttention.o"),
}


def part(module, path):
    """A module inside another, or None."""
    for name in path.split("."):
        module = getattr(module, name, None)
        if module is None:
            return None
    return module


def load(case):
    """The model of a golden file, the tokens that it ran, and the hidden states that it gave."""
    data = gzip.decompress((HERE / f"{case}.safetensors.gz").read_bytes())
    tensors = safetensors.torch.load(data)
    config = json.loads(data[8:8 + int.from_bytes(data[:8], "little")])["__metadata__"]["config"]
    golden = {name: tensors.pop(name) for name in list(tensors) if name.startswith("golden.")}
    kind, _, options = CASES[case]
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "config.json").write_text(config)
        safetensors.torch.save_file(tensors, Path(folder, "model.safetensors"), dict(format="pt"))
        loader = getattr(transformers, options.get("model", "AutoModel"))
        model = loader.from_pretrained(folder, dtype=torch.float32).eval()
    model.set_experts_implementation("eager")
    tokens = golden["golden.tokens"].split(golden["golden.lengths"].tolist())
    n_states = sum(name.startswith("golden.hidden.") for name in golden)
    return model, tokens, [golden[f"golden.hidden.{layer}"] for layer in range(n_states)], options, json.loads(config)


def freeze(case):
    model, sequences, expected, options, config = load(case)
    where = WHERE[case]
    trunk = model.encoder if options.get("encoder") else model
    taken = {}

    def keep(site, block, values):
        taken.setdefault(f"{case}/{site}/{block}", []).append(values.reshape(-1, values.shape[-1]).detach().clone())

    def first(output):
        return output[0] if isinstance(output, tuple) else output

    factor = config[where["factor"]] if "factor" in where else 1.0
    for number, block in enumerate(part(trunk, where["blocks"])):
        for site in ("attention", "mlp"):
            module = part(block, where[site]) if site in where else None
            # A norm behind a part is there even where the part is not.
            if module is not None:
                module.register_forward_hook(
                    lambda _, __, output, site=site, number=number: keep(site, number, first(output) * factor))
        module = part(block, where["heads"])
        if module is not None:
            module.register_forward_pre_hook(lambda _, inputs, number=number: keep("attention-heads", number, inputs[0]))
        module = part(block, where["router"]) if "router" in where else None
        if module is not None:
            score = where.get("score", lambda logits: logits.softmax(-1))
            module.register_forward_pre_hook(
                lambda module, inputs, number=number, score=score: keep(
                    "router", number, score(torch.nn.functional.linear(inputs[0].float(), module.weight.float()))))
    with torch.no_grad():
        states = [hidden_states(model, tokens, options) for tokens in sequences]
    for layer, state in enumerate(expected):
        found = torch.cat([of[layer][0] for of in states])
        assert (found - state).abs().max() <= 1e-5 * state.abs().max(), f"{case}: hidden state {layer}"
    taken = {name: torch.cat(values).float().contiguous() for name, values in taken.items()}
    print(f"{case}: {len(taken)} matrices, {sum(values.numel() for values in taken.values()) * 4} bytes")
    return taken


if __name__ == "__main__":
    everything = {}
    for case in WHERE:
        everything |= freeze(case)
    metadata = dict(torch=torch.__version__, transformers=transformers.__version__)
    data = gzip.compress(safetensors.torch.save(everything, metadata), mtime=0)
    (Path(__file__).parent / "sites.safetensors.gz").write_bytes(data)
