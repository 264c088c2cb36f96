"""Random configurations of families, as transformers computes them.

    python tests/golden/random_configurations.py FOLDER [COUNT] [FAMILY ...]

writes COUNT (20) files a family, NAME.K.safetensors, in the form of hidden_states.py: odd sizes, absent keys, shared experts or
not, every kind of rotation. Keys with the values that transformers assumes are left out of config.json by chance. Weights are made
smaller, and it says so, where the last digits of f32 would decide a state (DETERMINED). They are compared
by `PROBE_RANDOM=FOLDER cargo test --release --test it random_configurations -- --ignored --nocapture`; nothing of it is in CI.
"""

import json
import random
import sys
from pathlib import Path

import safetensors
import safetensors.torch
import transformers

import hidden_states
import random_plain
from random_drawing import base, heads, maybe, rope

V = hidden_states.VOCABULARY


def experts(r, key="num_experts"):
    count = r.choice([2, 3, 5, 8, 11])
    return {key: count, "num_experts_per_tok": r.randint(1, count)}


def olmoe(r):
    return base(r, own_head=False) | experts(r) | maybe(r, norm_topk_prob=r.random() < 0.5, attention_bias=True, clip_qkv=0.6)


def flex_olmo(r):
    return base(r, own_head=False) | experts(r) | maybe(r, norm_topk_prob=r.random() < 0.5, attention_bias=True) | dict(
        pad_token_id=0)


def qwen2_moe(r):
    return base(r, own_head=False) | experts(r) | dict(
        moe_intermediate_size=r.choice([5, 9, 16]), shared_expert_intermediate_size=r.choice([3, 12])) | maybe(
            r, norm_topk_prob=True, qkv_bias=False, decoder_sparse_step=2, mlp_only_layers=[0]) | (
                dict(use_sliding_window=True, sliding_window=3, max_window_layers=r.choice([1, 2, 28]))
                if r.random() < 0.5 else {})


def qwen3_moe(r):
    return base(r) | experts(r) | dict(moe_intermediate_size=r.choice([5, 9, 16])) | maybe(
        r, norm_topk_prob=True, attention_bias=True, decoder_sparse_step=2, mlp_only_layers=[0]) | (
            dict(use_sliding_window=True, sliding_window=3) if r.random() < 0.5 else {})


def mixtral(r):
    return base(r) | experts(r, "num_local_experts") | maybe(r, sliding_window=4)


def granitemoe(r):
    return base(r, own_head=False) | experts(r, "num_local_experts") | maybe(
        r, attention_bias=True, embedding_multiplier=2.5, attention_multiplier=0.4, residual_multiplier=0.7)


def phimoe(r):
    out = base(r, own_head=False) | dict(num_local_experts=r.choice([2, 3, 7]), num_experts_per_tok=2) | maybe(
        r, attention_bias=True, sliding_window=4, router_jitter_noise=r.choice([0.1, 0.5]))
    of = out["rope_parameters"]
    if of["rope_type"] != "default":
        # This family reads two scales and a length in every other kind.
        of |= dict(short_mscale=1.2, long_mscale=1.3, original_max_position_embeddings=32)
    return out


def gpt_oss(r):
    out = base(r) | experts(r, "num_local_experts") | maybe(
        r, attention_bias=False, swiglu_limit=r.choice([0.5, 3.0]), sliding_window=r.choice([2, 5]))
    if r.random() < 0.3:
        del out["rope_parameters"]
    return out


def gpt_oss_mxfp4(r):
    out = gpt_oss(r) | dict(hidden_size=r.choice([32, 64]), intermediate_size=r.choice([32, 96]))
    if "rope_parameters" in out:
        out["rope_parameters"] = rope(r, out["head_dim"])["rope_parameters"]
    return out


def next_text(r):
    keys = r.choice([1, 2, 3])
    out = base(r, head=r.choice([8, 12, 16]), turn=False) | dict(
        linear_num_key_heads=keys, linear_num_value_heads=keys * r.choice([1, 2, 3]), linear_key_head_dim=r.choice([3, 5, 8]),
        linear_value_head_dim=r.choice([3, 4, 9])) | maybe(
            r, attention_bias=True, linear_conv_kernel_dim=r.choice([2, 3]))
    if r.random() < 0.7:
        out |= rope(r, out["head_dim"], r.choice([0.25, 0.5, 1.0]))
    if r.random() < 0.5:
        out["layer_types"] = [r.choice(["linear_attention", "full_attention"]) for _ in range(out["num_hidden_layers"])]
    elif r.random() < 0.5:
        out["full_attention_interval"] = r.choice([2, 3])
    return out


def next_experts(r):
    return experts(r) | dict(moe_intermediate_size=r.choice([5, 9]), shared_expert_intermediate_size=r.choice([3, 12]))


def qwen3_next(r):
    return next_text(r) | next_experts(r) | maybe(r, norm_topk_prob=False, mlp_only_layers=[0], decoder_sparse_step=2)


def qwen3_5_moe_text(r):
    out = next_text(r) | next_experts(r)
    del out["intermediate_size"]
    return out


def olmo_hybrid(r):
    out = base(r, own_head=False, turn=False) | dict(pad_token_id=0, num_hidden_layers=r.choice([2, 3, 4, 5]))
    head = out["hidden_size"] // out["num_attention_heads"]
    if r.random() < 0.5:
        out |= rope(r, head)
    else:
        out |= dict(rope_parameters=dict(rope_type="default", rope_theta=None))
    keys = r.choice([1, 2])
    return out | r.choice([{}, dict(linear_num_key_heads=keys, linear_num_value_heads=keys * r.choice([1, 2, 3]),
                                    linear_key_head_dim=r.choice([3, 5]), linear_value_head_dim=r.choice([4, 7]))]) | maybe(
        r, attention_bias=True, linear_conv_kernel_dim=3, linear_allow_neg_eigval=False)


def lfm2(r):
    out = base(r, own_head=False)
    out.pop("hidden_act", None)
    if "rms_norm_eps" in out:
        out["norm_eps"] = out.pop("rms_norm_eps")
    layers = out["num_hidden_layers"]
    out |= r.choice([{}, dict(full_attn_idxs=[0]),
                     dict(layer_types=[r.choice(["conv", "full_attention"]) for _ in range(layers)])])
    return out | dict(block_multiple_of=r.choice([1, 8, 10])) | maybe(
        r, conv_bias=True, conv_L_cache=r.choice([2, 4]), block_auto_adjust_ff_dim=False, block_ffn_dim_multiplier=1.3)


def lfm2_moe(r):
    out = lfm2(r)
    for key in ("full_attn_idxs", "block_multiple_of", "block_auto_adjust_ff_dim", "block_ffn_dim_multiplier"):
        out.pop(key, None)
    layers = out["num_hidden_layers"]
    return out | experts(r) | dict(
        layer_types=[r.choice(["conv", "full_attention"]) for _ in range(layers)], moe_intermediate_size=r.choice([5, 9]),
        num_dense_layers=r.choice([0, 1, 2])) | maybe(
            r, use_expert_bias=False, norm_topk_prob=False, routed_scaling_factor=1.8)


def lfm3(r):
    out = base(r, turn=False) | dict(pad_token_id=0)
    out.pop("hidden_act", None)
    if "rms_norm_eps" in out:
        out["norm_eps"] = out.pop("rms_norm_eps")
    head, layers = out["head_dim"], out["num_hidden_layers"]
    if r.random() < 0.5:
        out["layer_types"] = [r.choice(["conv", "full_attention", "sliding_attention"]) for _ in range(layers)]
    if r.random() < 0.5:
        full = r.choice([rope(r, head)["rope_parameters"], dict(rope_type="proportional", rope_theta=900.0,
                                                                 partial_rotary_factor=r.choice([0.25, 0.5, 0.7]))])
        out["rope_parameters"] = {"sliding_attention": dict(rope_type="default", rope_theta=77.0), "full_attention": full}
    return out | maybe(r, conv_bias=True, conv_L_cache=3, sliding_window=3, use_sandwich_norm=False, use_attention_gate=False,
                       attention_bias=True)


def mamba2(r, size):
    groups = r.choice([1, 2, 3])
    n = groups * r.choice([1, 2])
    return dict(mamba_n_heads=n, mamba_n_groups=groups, mamba_d_state=r.choice([3, 5, 8])) | maybe(
        r, mamba_d_conv=r.choice([2, 3]), mamba_conv_bias=False, mamba_proj_bias=True, time_step_limit=(0.1, 1.2),
        mamba_chunk_size=16)


def expanded(r, out):
    """A number of heads that divides the channels."""
    n = out["mamba_n_heads"]
    while 2 * out["hidden_size"] % n:
        n -= out["mamba_n_groups"]
        if n <= 0:
            n = out["mamba_n_groups"] = 1
    out["mamba_n_heads"] = n
    return out


def bamba(r):
    out = base(r, own_head=False, head=r.choice([4, 8, 12]), part=0.5)
    out = expanded(r, out | mamba2(r, out["hidden_size"]))
    return out | maybe(r, attention_bias=True, mlp_bias=True, attn_layer_indices=[0, 2])


def granitemoehybrid(r):
    out = base(r, own_head=False)
    out = expanded(r, out | mamba2(r, out["hidden_size"]))
    layers = out["num_hidden_layers"]
    few = r.choice([experts(r, "num_local_experts"), dict(num_local_experts=0)])
    return out | few | dict(shared_intermediate_size=r.choice([5, 12])) | maybe(
        r, layer_types=[r.choice(["mamba", "attention"]) for _ in range(layers)], position_embedding_type="rope",
        attention_bias=True, embedding_multiplier=2.5, attention_multiplier=0.4, residual_multiplier=0.7)


def falcon_h1(r):
    out = base(r, own_head=False)
    out |= mamba2(r, out["hidden_size"])
    return out | dict(mamba_d_ssm=out["mamba_n_heads"] * r.choice([3, 5, 8])) | maybe(
        r, attention_bias=True, mlp_bias=True, projectors_bias=True, mamba_rms_norm=True, mamba_norm_before_gate=False,
        embedding_multiplier=1.7, mlp_multipliers=[0.6, 1.3], key_multiplier=0.6, attention_in_multiplier=1.3,
        attention_out_multiplier=0.8, ssm_in_multiplier=1.2, ssm_out_multiplier=0.9, ssm_multipliers=[0.8, 1.1, 0.7, 1.3, 0.9])


def nemotron_h(r):
    of_heads, _, head = heads(r)
    groups = r.choice([1, 2, 3])
    n_group = r.choice([1, 1, 2, 3])
    per = r.choice([2, 3, 4])
    topk = r.randint(1, n_group)
    return of_heads | dict(
        hidden_size=r.choice([10, 14, 21]), head_dim=head, intermediate_size=r.choice([7, 22]), n_groups=groups,
        mamba_num_heads=groups * r.choice([1, 2]), mamba_head_dim=r.choice([3, 5, 8]), ssm_state_size=r.choice([3, 8]),
        moe_intermediate_size=r.choice([5, 9]), moe_shared_expert_intermediate_size=r.choice([4, 11]),
        n_routed_experts=n_group * per, n_group=n_group, topk_group=topk, num_experts_per_tok=r.randint(1, topk * per),
        hybrid_override_pattern="".join(r.choice("M*-E") for _ in range(r.choice([1, 3, 5])))) | maybe(
            r, conv_kernel=3, use_conv_bias=False, use_bias=True, mlp_bias=True, moe_latent_size=6, norm_topk_prob=False,
            routed_scaling_factor=1.9, layer_norm_epsilon=1e-3, time_step_min=0.2, mlp_hidden_act="gelu")


def jamba(r):
    of_heads, n, head = heads(r)
    period, every = r.choice([1, 2, 3]), r.choice([1, 2, 3])
    return of_heads | dict(
        hidden_size=n * head, num_hidden_layers=r.choice([1, 2, 3, 4]), intermediate_size=r.choice([7, 22]),
        num_experts=r.choice([1, 2, 5]), attn_layer_period=period, attn_layer_offset=r.randrange(period),
        expert_layer_period=every, expert_layer_offset=r.randrange(every), num_experts_per_tok=r.choice([1, 2])) | maybe(
            r, mamba_d_state=3, mamba_d_conv=3, mamba_expand=3, mamba_dt_rank=5, mamba_conv_bias=False, mamba_proj_bias=True,
            rms_norm_eps=1e-3, hidden_act="gelu")


def recurrent_gemma(r):
    of_heads, n, head = heads(r, head=r.choice([4, 8, 12]))
    return of_heads | dict(
        hidden_size=n * head, num_hidden_layers=r.choice([1, 2, 3, 4]), intermediate_size=r.choice([8, 22, 31])) | maybe(
            r, lru_width=n * r.choice([3, 4, 7]), conv1d_width=r.choice([2, 3]), attention_window_size=r.choice([2, 4]),
            attention_bias=True, rms_norm_eps=1e-3, hidden_activation="silu", block_types=["attention", "recurrent"],
            rope_parameters=dict(rope_type="default", rope_theta=321.0, partial_rotary_factor=r.choice([0.5, 1.0])))


def latent(r):
    n = r.choice([1, 2, 3, 4])
    turned = 2 * r.choice([1, 2, 3])
    plain = 2 * r.choice([1, 2, 4])
    return dict(
        hidden_size=n * r.choice([5, 8, 9]), num_hidden_layers=r.choice([1, 2, 3]), num_attention_heads=n, num_key_value_heads=n,
        intermediate_size=r.choice([7, 22]), max_position_embeddings=64, qk_rope_head_dim=turned, qk_nope_head_dim=plain,
        v_head_dim=r.randint(1, turned + plain), kv_lora_rank=2 * r.choice([2, 5]), q_lora_rank=r.choice([None, 3, 8])) | maybe(
            r, attention_bias=True, rms_norm_eps=1e-3, hidden_act="gelu") | rope(r, turned)


def routed(r):
    groups, per = r.choice([1, 2, 3]), r.choice([2, 3])
    topk = r.randint(1, groups)
    return dict(n_routed_experts=groups * per, n_group=groups, topk_group=topk, num_experts_per_tok=r.randint(1, topk * per),
                moe_intermediate_size=r.choice([5, 9]), n_shared_experts=r.choice([1, 2])) | maybe(
                    r, routed_scaling_factor=1.6, first_k_dense_replace=r.choice([0, 1]))


def deepseek_v2(r):
    return latent(r) | routed(r) | maybe(r, topk_method="group_limited_greedy")


def deepseek_v3(r):
    return latent(r) | routed(r) | maybe(r, norm_topk_prob=False, rope_interleave=False)


def youtu(r):
    return latent(r) | maybe(r, rope_interleave=False)


def zamba2(r):
    n = r.choice([1, 2, 3])
    size = n * r.choice([4, 8])
    kinds = [r.choice(["mamba", "hybrid"]) for _ in range(r.choice([2, 3, 4, 5]))]
    turn = r.random() < 0.5
    return dict(
        hidden_size=size, num_hidden_layers=len(kinds), num_attention_heads=n, n_mamba_heads=r.choice([1, 2, 4]),
        layers_block_type=kinds, mamba_d_state=r.choice([3, 6]), adapter_rank=r.choice([2, 5]), max_position_embeddings=64) | (
            rope(r, 2 * size // n) | dict(use_mem_rope=True) if turn else {}) | maybe(
                r, intermediate_size=r.choice([7, 22]), num_mem_blocks=2, use_shared_attention_adapter=True, mamba_d_conv=3,
                mamba_expand=3 if size % 4 == 0 else 4, add_bias_linear=True, hidden_act="silu", rms_norm_eps=1e-3,
                time_step_min=0.2)


def gemma_kinds(r, layers, last_full):
    kinds = [r.choice(["sliding_attention", "full_attention"]) for _ in range(layers)]
    return kinds[:-1] + ["full_attention"] if last_full else kinds


def shared_of(r, kinds):
    """How many of the last blocks may take keys of others: before them is one of each kind."""
    free = [n for n in range(len(kinds)) if set(kinds[:len(kinds) - n]) == set(kinds)]
    return r.choice(free)


def gemma3n_text(r):
    out = base(r, head=r.choice([4, 6, 10]), turn=False)
    out.pop("hidden_act", None)
    n, layers = out["num_attention_heads"], out["num_hidden_layers"]
    kinds = gemma_kinds(r, layers, False)
    count = r.choice([2, 3, 4])
    return out | dict(
        hidden_size=n * r.choice([5, 6, 8]), layer_types=kinds, num_kv_shared_layers=shared_of(r, kinds), sliding_window=r.choice([2, 4]),
        laurel_rank=r.choice([3, 6]), hidden_size_per_layer_input=r.choice([3, 8]), vocab_size_per_layer_input=r.choice([40, V]),
        activation_sparsity_pattern=[r.choice([0.0, 0.2, 0.7]) for _ in range(layers)],
        intermediate_size=[r.choice([7, 13, 22]) for _ in range(layers)], altup_num_inputs=count,
        altup_active_idx=r.randrange(count)) | maybe(
            r, altup_correct_scale=False, attention_bias=True, hidden_activation="gelu",
            rope_parameters={"sliding_attention": dict(rope_type="default", rope_theta=77.0),
                             "full_attention": rope(r, out["head_dim"])["rope_parameters"]})


def gemma4_text(r):
    out = base(r, head=r.choice([4, 6, 8]), turn=False)
    out.pop("hidden_act", None)
    n, layers = out["num_attention_heads"], out["num_hidden_layers"]
    kinds, wide = gemma_kinds(r, layers, True), r.choice([4, 8, 10, 16])
    of_full = r.choice([rope(r, wide)["rope_parameters"], dict(rope_type="proportional", rope_theta=900.0,
                                                               partial_rotary_factor=r.choice([0.25, 0.5, 0.7]))])
    few = dict(enable_moe_block=True, num_experts=5, top_k_experts=r.choice([1, 2, 5]), moe_intermediate_size=r.choice([3, 8]))
    return out | dict(
        layer_types=kinds, num_kv_shared_layers=shared_of(r, kinds), sliding_window=r.choice([2, 4]), global_head_dim=wide,
        num_global_key_value_heads=r.choice([k for k in (1, 2, 3) if n % k == 0]),
        hidden_size_per_layer_input=r.choice([0, 3, 8]), vocab_size_per_layer_input=V) | (few if r.random() < 0.4 else {}) | maybe(
            r, attention_bias=True, attention_k_eq_v=True, use_double_wide_mlp=True, hidden_activation="gelu",
            use_bidirectional_attention=r.choice(["all", "vision"]),
            rope_parameters={"sliding_attention": rope(r, out["head_dim"])["rope_parameters"], "full_attention": of_full})


def apertus(r):
    out = base(r, own_head=False, turn=r.random() < 0.8) | maybe(r, attention_bias=True)
    out.pop("hidden_act", None)
    return out


def nanochat(r):
    return base(r, own_head=False) | maybe(r, attention_bias=True)


FAMILIES = dict(
    olmoe=("OlmoeConfig", olmoe), flex_olmo=("FlexOlmoConfig", flex_olmo), qwen2_moe=("Qwen2MoeConfig", qwen2_moe),
    qwen3_moe=("Qwen3MoeConfig", qwen3_moe), mixtral=("MixtralConfig", mixtral), granitemoe=("GraniteMoeConfig", granitemoe),
    phimoe=("PhimoeConfig", phimoe), gpt_oss=("GptOssConfig", gpt_oss),
    gpt_oss_mxfp4=("GptOssConfig", gpt_oss_mxfp4), olmo_hybrid=("OlmoHybridConfig", olmo_hybrid), qwen3_next=("Qwen3NextConfig", qwen3_next),
    qwen3_5_text=("Qwen3_5TextConfig", next_text), qwen3_5_moe_text=("Qwen3_5MoeTextConfig", qwen3_5_moe_text),
    lfm2=("Lfm2Config", lfm2), lfm2_moe=("Lfm2MoeConfig", lfm2_moe),
    lfm3=("Lfm3Config", lfm3), bamba=("BambaConfig", bamba), granitemoehybrid=("GraniteMoeHybridConfig", granitemoehybrid),
    falcon_h1=("FalconH1Config", falcon_h1), nemotron_h=("NemotronHConfig", nemotron_h), jamba=("JambaConfig", jamba),
    recurrent_gemma=("RecurrentGemmaConfig", recurrent_gemma), deepseek_v2=("DeepseekV2Config", deepseek_v2),
    apertus=("ApertusConfig", apertus), nanochat=("NanoChatConfig", nanochat),
    gemma3n_text=("Gemma3nTextConfig", gemma3n_text), gemma4_text=("Gemma4TextConfig", gemma4_text),
    deepseek_v3=("DeepseekV3Config", deepseek_v3), youtu=("YoutuConfig", youtu), zamba2=("Zamba2Config", zamba2)) | random_plain.FAMILIES

# What may be left out of config.json only where it says what everything else says too.
KEPT = {"model_type", "vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "max_position_embeddings",
        "intermediate_size", "transformers_version", "rope_parameters"}


def leave_out(path, kind, r):
    """Leaves keys with assumed values out of the file's configuration, half of them."""
    usual = json.loads(getattr(transformers, kind)().to_json_string(use_diff=False))
    tensors = safetensors.torch.load_file(path)
    with safetensors.safe_open(path, "pt") as file:
        metadata = file.metadata()
    config = json.loads(metadata["config"])
    same = [key for key in config if key not in KEPT and key in usual and config[key] == usual[key]]
    for key in same:
        if r.random() < 0.5:
            del config[key]
    safetensors.torch.save_file(tensors, path, metadata | dict(config=json.dumps(config)))


# How far transformers' states in f32 may be from its own in float64, in parts of the largest magnitude. Where sharp attention or a
# norm of next to nothing makes them differ by more, the last digits of any order of sums decide, and the file would say nothing of who
# is right: the same configuration gets smaller weights.
DETERMINED = 4e-6
GENTLE = (1, 0.7, 0.4, 0.2)


def main():
    folder, count = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 20
    folder.mkdir(parents=True, exist_ok=True)
    hidden_states.HERE = folder
    transformers.logging.set_verbosity_error()
    for name in sys.argv[3:] or FAMILIES:
        kind, draw = FAMILIES[name]
        made, seed = 0, 0
        while made < count:
            r = random.Random(f"{name} {seed}")
            seed += 1
            case = f"{name}.{made}"
            options = {"saved": True, "no_cache": name not in random_plain.FAMILIES, "mxfp4": name.endswith("mxfp4"), "measure": True}
            options |= random_plain.OPTIONS.get(name, {})
            options |= {"states": "streams"} if name.startswith("gemma3n") else {}
            arguments = draw(r)
            try:
                for gentle in GENTLE:
                    hidden_states.CASES[case] = (kind, arguments, options | {"gentle": gentle})
                    error = hidden_states.freeze(case)
                    if error < DETERMINED:
                        break
            except Exception as error:  # A configuration that transformers itself does not take.
                print(f"{name} {seed - 1}: {type(error).__name__}: {str(error)[:160]}", file=sys.stderr)
                if seed >= 10 * count:
                    sys.exit(f"{name}: transformers takes hardly any of these configurations")
                continue
            if error >= DETERMINED:
                print(f"{name} {seed - 1}: no state to compare with: f32 is {error:.1e} from float64 with weights times {gentle}")
                (folder / f"{case}.safetensors").unlink()
                continue
            if gentle != 1:
                print(f"{case}: weights times {gentle}: f32 is then {error:.1e} from float64")
            leave_out(folder / f"{case}.safetensors", kind, r)
            made += 1


if __name__ == "__main__":
    main()
