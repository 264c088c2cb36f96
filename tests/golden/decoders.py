"""Freezes small random encoder–decoders and the hidden states of their decoders, as Hugging Face transformers computes them.

    OMP_NUM_THREADS=1 python tests/golden/decoders.py [CASE ...]

Needs torch, transformers and safetensors. A case is one file in tests/golden/decoders/, compressed by gzip: the whole model's weights,
`golden.tokens` and `golden.lengths` (what the encoder reads, packed), `golden.labels` and `golden.label_lengths` (texts for the decoder),
`golden.targets` (what the decoder reads: transformers' own shift of the labels), `golden.hidden.K` (decoder_hidden_states[K]), and what
hooks on modules heard of every decoder block: `golden.attention.K` (what its attention to its own tokens adds), `golden.mlp.K`,
`golden.attention-heads.K`, `golden.cross-attention.K` and `golden.cross-attention-heads.K`. Pairs run one at a time, without padding.
"""

import importlib
import json
import sys
from pathlib import Path

import safetensors.torch
import torch
import transformers

sys.path.insert(0, str(Path(__file__).parent))
from hidden_states import compress, roughen  # noqa: E402

HERE = Path(__file__).parent / "decoders"
VOCABULARY = 40
# Longer and shorter than the sources, and two texts for one source, which the first and the last have.
LENGTHS = [5, 1, 9, 3, 5]
LABELS = [3, 4, 2, 9, 6]

BART = dict(d_model=8, encoder_layers=1, decoder_layers=2, encoder_attention_heads=4, decoder_attention_heads=2,
            encoder_ffn_dim=6, decoder_ffn_dim=10, max_position_embeddings=16)
BART_ODD = dict(d_model=10, encoder_layers=1, decoder_layers=3, encoder_attention_heads=2, decoder_attention_heads=5,
                encoder_ffn_dim=5, decoder_ffn_dim=7, max_position_embeddings=12, scale_embedding=True)
T5 = dict(d_model=8, d_kv=3, d_ff=10, num_layers=1, num_decoder_layers=2, num_heads=4, relative_attention_num_buckets=8,
          relative_attention_max_distance=6, decoder_start_token_id=0)
LED = dict(d_model=8, encoder_layers=1, decoder_layers=2, encoder_attention_heads=4, decoder_attention_heads=2, encoder_ffn_dim=6,
           decoder_ffn_dim=10, max_encoder_position_embeddings=24, max_decoder_position_embeddings=14)
SWITCH = dict(num_layers=2, num_sparse_encoder_layers=1, num_decoder_layers=2, num_sparse_decoder_layers=1, num_experts=4,
              expert_capacity=12)
GEMMA = dict(hidden_size=8, intermediate_size=10, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, head_dim=4,
             max_position_embeddings=32, vocab_size=VOCABULARY, query_pre_attn_scalar=8, sliding_window=3, attn_logit_softcapping=2.0)
GEMMA_ODD = dict(hidden_size=12, intermediate_size=7, num_hidden_layers=3, num_attention_heads=6, num_key_value_heads=3, head_dim=4,
                 max_position_embeddings=32, vocab_size=VOCABULARY, rms_norm_eps=1e-3, attn_logit_softcapping=None, attention_bias=True,
                 sliding_window=2, layer_types=["full_attention", "sliding_attention", "full_attention"])

# name -> (configuration class, its arguments)
CASES = {
    "bart": ("BartConfig", BART),
    "bart_odd": ("BartConfig", BART_ODD | dict(activation_function="relu", decoder_start_token_id=7)),
    "m2m_100": ("M2M100Config", BART),
    "m2m_100_odd": ("M2M100Config", BART_ODD | dict(d_model=9, encoder_attention_heads=3, decoder_attention_heads=3, scale_embedding=False, pad_token_id=4,
                                                     activation_function="gelu")),
    "marian": ("MarianConfig", BART | dict(pad_token_id=39, decoder_start_token_id=39)),
    "marian_apart": ("MarianConfig", BART_ODD | dict(pad_token_id=0, decoder_start_token_id=0, decoder_vocab_size=30,
                                                     share_encoder_decoder_embeddings=False, tie_word_embeddings=False)),
    "mbart": ("MBartConfig", BART),
    "mbart_odd": ("MBartConfig", BART_ODD | dict(activation_function="relu", pad_token_id=3)),
    "mt5": ("MT5Config", T5 | dict(feed_forward_proj="gated-gelu")),
    "mt5_odd": ("MT5Config", T5 | dict(d_model=9, num_heads=3, num_layers=1, num_decoder_layers=3, feed_forward_proj="gated-silu",
                                       relative_attention_num_buckets=5, decoder_start_token_id=9)),
    "pegasus": ("PegasusConfig", BART | dict(scale_embedding=True)),
    "pegasus_odd": ("PegasusConfig", BART_ODD | dict(d_model=9, encoder_attention_heads=3, decoder_attention_heads=3, scale_embedding=False,
                                                     activation_function="relu")),
    "t5": ("T5Config", T5),
    "t5_gated": ("T5Config", T5 | dict(num_decoder_layers=1, feed_forward_proj="gated-gelu", layer_norm_epsilon=1e-3,
                                       relative_attention_num_buckets=32, relative_attention_max_distance=128)),
    "t5gemma": ("T5GemmaConfig", dict(encoder=GEMMA, decoder=GEMMA)),
    "t5gemma_odd": ("T5GemmaConfig", dict(
        encoder=GEMMA, decoder=GEMMA_ODD | dict(hidden_activation="silu", bos_token_id=5))),
    "umt5": ("UMT5Config", T5),
    "umt5_odd": ("UMT5Config", T5 | dict(d_model=9, num_heads=3, num_layers=1, num_decoder_layers=3, feed_forward_proj="relu",
                                         relative_attention_num_buckets=6, layer_norm_epsilon=1e-3)),
    # The encoder sees a few tokens on either side; of the other kind of encoder so few that no summary is made.
    "led": ("LEDConfig", LED | dict(attention_window=4)),
    "led_odd": ("LEDConfig", LED | dict(d_model=9, encoder_layers=2, attention_window=[4, 8], encoder_attention_heads=3,
                                        decoder_attention_heads=3, activation_function="relu", decoder_start_token_id=9)),
    "longt5": ("LongT5Config", T5 | dict(local_radius=2, feed_forward_proj="gated-gelu")),
    "longt5_global": ("LongT5Config", T5 | dict(encoder_attention_type="transient-global", global_block_size=10, local_radius=3,
                                                num_decoder_layers=1)),
    "switch_transformers": ("SwitchTransformersConfig", T5 | SWITCH),
    "switch_transformers_odd": ("SwitchTransformersConfig", T5 | SWITCH | dict(
        num_layers=1, num_sparse_encoder_layers=1, num_decoder_layers=3, num_sparse_decoder_layers=3, router_bias=True, num_experts=3,
        dense_act_fn="silu")),
}


def shifted(model, config, labels):
    """What the decoder reads of labels, by the function that transformers makes its inputs of labels with."""
    if hasattr(model, "_shift_right"):
        return model._shift_right(labels)
    module = importlib.import_module(type(model).__module__)
    if config.model_type == "mbart":
        return module.shift_tokens_right(labels, config.pad_token_id)
    return module.shift_tokens_right(labels, config.pad_token_id, config.decoder_start_token_id)


def parts(block):
    """The modules of a decoder block: what attention adds, its output projection, the same of the attention to the encoder, the MLP."""
    if hasattr(block, "layer"):
        attention, cross, mlp = block.layer
        return attention.SelfAttention.o, attention.SelfAttention.o, cross.EncDecAttention.o, cross.EncDecAttention.o, mlp.DenseReluDense \
            if hasattr(mlp, "DenseReluDense") else mlp.mlp
    if hasattr(block, "cross_attn"):
        return (block.post_self_attn_layernorm, block.self_attn.o_proj, block.post_cross_attn_layernorm, block.cross_attn.o_proj,
                block.post_feedforward_layernorm)
    return block.self_attn.out_proj, block.self_attn.out_proj, block.encoder_attn.out_proj, block.encoder_attn.out_proj, block.fc2


def listen(model, taken):
    def keep(name, values):
        taken.setdefault(name, []).append(values.reshape(-1, values.shape[-1]).detach().clone())

    decoder = model.get_decoder()
    for number, block in enumerate(decoder.block if hasattr(decoder, "block") else decoder.layers):
        attention, heads, cross, cross_heads, mlp = parts(block)
        for site, module in (("attention", attention), ("cross-attention", cross), ("mlp", mlp)):
            module.register_forward_hook(
                lambda _, __, output, site=site, number=number: keep(f"golden.{site}.{number}", output))
        for site, module in (("attention-heads", heads), ("cross-attention-heads", cross_heads)):
            module.register_forward_pre_hook(
                lambda _, inputs, site=site, number=number: keep(f"golden.{site}.{number}", inputs[0]))


def freeze(case):
    kind, arguments = CASES[case]
    config = getattr(transformers, kind)(**({} if "encoder" in arguments else {"vocab_size": VOCABULARY}) | arguments)
    torch.manual_seed(0)
    model = transformers.AutoModel.from_config(config).eval()
    generator = torch.Generator().manual_seed(sum(case.encode()) + 1)
    roughen(model, generator)
    written = json.loads(config.to_json_string(use_diff=False))
    unique = {}
    for name, tensor in model.state_dict().items():
        if not any(tensor.data_ptr() == other.data_ptr() for other in unique.values()):
            unique[name] = tensor
    stored = {name: tensor.clone().contiguous() for name, tensor in unique.items()}
    most = min(getattr(config, "decoder_vocab_size", None) or VOCABULARY, VOCABULARY)
    draw = lambda length, most: torch.randint(10, most, (length,), generator=generator)  # noqa: E731
    sources = [draw(length, VOCABULARY - 2) for length in LENGTHS]
    sources[-1] = sources[0]
    labels = [draw(length, most - 2) for length in LABELS]
    targets = [shifted(model, config, label[None])[0] for label in labels]
    taken = {}
    listen(model, taken)
    states = []
    with torch.no_grad():
        for source, target in zip(sources, targets):
            output = model(input_ids=source[None], attention_mask=torch.ones_like(source[None]), decoder_input_ids=target[None],
                           decoder_attention_mask=torch.ones_like(target[None]), use_cache=False, output_hidden_states=True)
            states.append(output.decoder_hidden_states)
    golden = {f"golden.hidden.{layer}": torch.cat([state[layer][0] for state in states]).contiguous()
              for layer in range(len(states[0]))}
    golden |= {name: torch.cat(values).contiguous() for name, values in taken.items()}
    golden |= {"golden.tokens": torch.cat(sources), "golden.lengths": torch.tensor(LENGTHS), "golden.labels": torch.cat(labels),
               "golden.label_lengths": torch.tensor(LABELS), "golden.targets": torch.cat(targets)}
    metadata = dict(config=json.dumps(written), torch=torch.__version__, transformers=transformers.__version__)
    HERE.mkdir(exist_ok=True)
    safetensors.torch.save_file(stored | golden, HERE / f"{case}.safetensors", metadata)
    largest = max(tensor.abs().max().item() for name, tensor in golden.items() if "hidden" in name)
    print(f"{case}: {len(states[0])} hidden states, largest magnitude {largest:.2f}, start {targets[0][0].item()}")


if __name__ == "__main__":
    for case in sys.argv[1:] or CASES:
        freeze(case)
        compress(HERE / f"{case}.safetensors")
