"""Freezes small random models and their hidden states, as Hugging Face transformers computes them.

    python tests/golden/hidden_states.py [CASE ...]

Needs torch, transformers and safetensors; the versions go into every file. A case is one safetensors file in
tests/golden/hidden_states/: the model's weights as transformers saves them, `golden.tokens` and `golden.lengths` (the
sequences, packed), `golden.hidden.K` ((n_tokens, d_model), hidden state K), and config.json in the metadata. The sequences
run one at a time, with no padding, so that nothing but the model is frozen.
"""

import json
import sys
from pathlib import Path

import safetensors.torch
import torch
import transformers

HERE = Path(__file__).parent / "hidden_states"
LENGTHS = [5, 1, 9, 3]
VOCABULARY = 60

# name -> (configuration class, its arguments, what to do to the weights' names, the dtype they are stored in)
CASES = {
    "bert": ("BertConfig", dict(hidden_size=32, num_hidden_layers=3, num_attention_heads=4, intermediate_size=64,
                                max_position_embeddings=12), {}),
    "bert_odd": ("BertConfig", dict(hidden_size=40, num_hidden_layers=2, num_attention_heads=5, intermediate_size=72,
                                    max_position_embeddings=9, type_vocab_size=3, hidden_act="gelu_new",
                                    layer_norm_eps=1e-3), {"old_names": True}),
    "bert_f16": ("BertConfig", dict(hidden_size=24, num_hidden_layers=2, num_attention_heads=1, intermediate_size=56,
                                    max_position_embeddings=16, hidden_act="relu"), {"dtype": torch.float16}),
    "bert_bf16": ("BertConfig", dict(hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=48,
                                     max_position_embeddings=16, hidden_act="silu"), {"dtype": torch.bfloat16}),
}


def roughen(model, generator):
    """Weights that show mistakes: norms that are not 1, biases that are not 0, attention that is not uniform."""
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            noise = torch.randn(parameter.shape, generator=generator)
            if parameter.dim() > 1:
                parameter.copy_(noise * (1.0 if "embed" in name else 1.5 / parameter.shape[-1] ** 0.5))
            elif name.endswith("weight"):
                parameter.copy_(1 + 0.3 * noise)
            else:
                parameter.copy_(0.3 * noise)


def old_names(tensors):
    """The names of checkpoints from TensorFlow's days."""
    def rename(name):
        name = "bert." + name
        if "LayerNorm" in name:
            name = name.replace(".weight", ".gamma").replace(".bias", ".beta")
        return name
    return {rename(name): tensor for name, tensor in tensors.items()}


def freeze(case):
    kind, arguments, options = CASES[case]
    config = getattr(transformers, kind)(vocab_size=VOCABULARY, **arguments)
    torch.manual_seed(0)
    model = transformers.AutoModel.from_config(config).eval()
    generator = torch.Generator().manual_seed(sum(case.encode()))
    roughen(model, generator)
    stored = {name: tensor.to(options.get("dtype", torch.float32)).contiguous()
              for name, tensor in model.state_dict().items()}
    model.load_state_dict({name: tensor.float() for name, tensor in stored.items()})
    sequences = [torch.randint(0, VOCABULARY, (length,), generator=generator) for length in LENGTHS]
    with torch.no_grad():
        states = [model(input_ids=tokens[None], output_hidden_states=True).hidden_states for tokens in sequences]
    golden = {f"golden.hidden.{layer}": torch.cat([state[layer][0] for state in states]).float().contiguous()
              for layer in range(len(states[0]))}
    golden["golden.tokens"] = torch.cat(sequences).to(torch.int64)
    golden["golden.lengths"] = torch.tensor(LENGTHS)
    if options.get("old_names"):
        stored = old_names(stored)
    stored = {name: tensor for name, tensor in stored.items() if "pooler" not in name}
    metadata = dict(config=json.dumps(json.loads(config.to_json_string(use_diff=False))), torch=torch.__version__,
                    transformers=transformers.__version__)
    HERE.mkdir(exist_ok=True)
    safetensors.torch.save_file(stored | golden, HERE / f"{case}.safetensors", metadata)
    largest = max(tensor.abs().max().item() for name, tensor in golden.items() if "hidden" in name)
    print(f"{case}: {len(states[0])} hidden states, largest magnitude {largest:.2f}")


for case in sys.argv[1:] or CASES:
    freeze(case)
