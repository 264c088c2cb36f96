"""Freezes small random models and their hidden states, as Hugging Face transformers computes them.

    python tests/golden/hidden_states.py [CASE ...]

Needs torch, transformers and safetensors; the versions go into every file. A case is one safetensors file, compressed by gzip, in
tests/golden/hidden_states/: the model's weights as transformers saves them, `golden.tokens` and `golden.lengths` (the
sequences, packed), `golden.hidden.K` ((n_tokens, d_model), hidden state K), and config.json in the metadata. The sequences
run one at a time, with no padding, so that nothing but the model is frozen.
"""

import contextlib
import gzip
import json
import sys
import tempfile
from pathlib import Path

import safetensors.torch
import torch
import transformers

HERE = Path(__file__).parent / "hidden_states"
LENGTHS = [5, 1, 9, 3]
VOCABULARY = 60

BERT = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48, max_position_embeddings=16)
BERT_ODD = dict(hidden_size=40, num_hidden_layers=2, num_attention_heads=5, intermediate_size=56,
                max_position_embeddings=12, type_vocab_size=3, hidden_act="gelu_new", layer_norm_eps=1e-3)
GPT = dict(n_embd=32, n_layer=2, n_head=4, n_positions=16)
LLAMA = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=4, intermediate_size=48,
             max_position_embeddings=32)
NEOX = {key: value for key, value in LLAMA.items() if key != "num_key_value_heads"}
GROUPED = LLAMA | dict(hidden_size=24, num_attention_heads=6, num_key_value_heads=2, rms_norm_eps=1e-3)
BART = dict(d_model=16, encoder_layers=2, decoder_layers=1, encoder_attention_heads=4, decoder_attention_heads=4,
            encoder_ffn_dim=24, decoder_ffn_dim=8, max_position_embeddings=16)
BART_ODD = dict(d_model=18, encoder_layers=3, decoder_layers=1, encoder_attention_heads=3, decoder_attention_heads=2,
                encoder_ffn_dim=10, decoder_ffn_dim=8, max_position_embeddings=12)
DEBERTA = dict(hidden_size=16, num_hidden_layers=2, num_attention_heads=4, intermediate_size=24, relative_attention=True,
               position_buckets=4, norm_rel_ebd="layer_norm", share_att_key=True, pos_att_type="p2c|c2p",
               position_biased_input=False, max_position_embeddings=16)
SMALL = LLAMA | dict(hidden_size=16, intermediate_size=24)
VISION = dict(hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2, image_size=28, patch_size=14)
MAMBA = dict(hidden_size=16, num_hidden_layers=2, state_size=4)
SMALL_TEXT = dict(hidden_size=16, num_hidden_layers=2, num_attention_heads=4, intermediate_size=24)
DEBERTA_1 = dict(hidden_size=16, num_hidden_layers=2, num_attention_heads=4, intermediate_size=24, relative_attention=True,
                 pos_att_type="c2p|p2c", position_biased_input=False, max_position_embeddings=16)
# The keys of the files that Nomic published, for those that the class reads.
NOMIC = dict(
    renamed=dict(hidden_size="n_embd", num_hidden_layers="n_layer", num_attention_heads="n_head", intermediate_size="n_inner",
                 layer_norm_eps="layer_norm_epsilon", max_position_embeddings="n_positions"),
    added=dict(activation_function="swiglu", prenorm=False, qkv_proj_bias=False, mlp_fc1_bias=False, mlp_fc2_bias=False,
               rotary_emb_base=1000, rotary_emb_fraction=1.0, rotary_emb_interleaved=False, rotary_scaling_factor=None,
               max_trained_positions=2048, causal=False, use_rms_norm=False, parallel_block=False),
    removed=["hidden_act", "rope_parameters", "head_dim"])
XLM = dict(emb_dim=16, n_layers=2, n_heads=4, max_position_embeddings=12)
COHERE_ODD = {key: value for key, value in GROUPED.items() if key != "rms_norm_eps"} | dict(
    attention_bias=True, layer_norm_eps=1e-3, rope_parameters=dict(rope_type="default", rope_theta=500.0))
CLIP = VISION | dict(model_type="clip_vision_model")
IN_LLAVA = SMALL | dict(vocab_size=VOCABULARY)
IN_IDEFICS = SMALL | dict(vocab_size=VOCABULARY, model_type="llama", rms_norm_eps=1e-5)
IN_QWEN = SMALL | dict(rope_parameters=dict(rope_type="default", rope_theta=1000.0, mrope_section=[1, 1, 0]))
QWEN_ODD = dict(hidden_size=24, num_attention_heads=6, num_key_value_heads=2, rms_norm_eps=1e-3, num_hidden_layers=3,
                use_sliding_window=True, sliding_window=3, max_window_layers=1)
IN_QWEN3 = SMALL | dict(head_dim=8, rope_parameters=dict(rope_type="default", rope_theta=1000.0, mrope_section=[2, 1, 1]))
SEES_QWEN3 = dict(depth=1, hidden_size=16, num_heads=2, intermediate_size=16, out_hidden_size=16, num_position_embeddings=16,
                  deepstack_visual_indexes=[0])
GEMMA_3N = dict(
    hidden_size=16, num_hidden_layers=4, num_attention_heads=4, num_key_value_heads=2, head_dim=8, intermediate_size=24,
    max_position_embeddings=32, sliding_window=3, num_kv_shared_layers=2, laurel_rank=4, hidden_size_per_layer_input=6,
    vocab_size_per_layer_input=50, activation_sparsity_pattern=[0.6, 0.0, 0.3, 0.0],
    layer_types=["sliding_attention", "full_attention", "sliding_attention", "full_attention"])
GEMMA_3N_ODD = dict(
    hidden_size=18, num_hidden_layers=3, num_attention_heads=3, num_key_value_heads=1, head_dim=10, intermediate_size=[10, 14, 9],
    max_position_embeddings=32, sliding_window=2, num_kv_shared_layers=0, laurel_rank=5, hidden_size_per_layer_input=5,
    vocab_size_per_layer_input=60, altup_num_inputs=3, altup_active_idx=1, altup_correct_scale=False, rms_norm_eps=1e-3,
    attention_bias=True, hidden_activation="silu")
GEMMA_4 = dict(
    hidden_size=16, num_hidden_layers=4, num_attention_heads=4, num_key_value_heads=2, head_dim=8, global_head_dim=12,
    intermediate_size=20, max_position_embeddings=32, sliding_window=3, hidden_size_per_layer_input=6,
    vocab_size_per_layer_input=VOCABULARY, num_kv_shared_layers=2, use_double_wide_mlp=True,
    layer_types=["sliding_attention", "full_attention", "sliding_attention", "full_attention"])
GEMMA_4_ODD = dict(
    hidden_size=18, num_hidden_layers=3, num_attention_heads=6, num_key_value_heads=3, head_dim=6, global_head_dim=10,
    num_global_key_value_heads=2, attention_k_eq_v=True, attention_bias=True, intermediate_size=14, max_position_embeddings=32,
    sliding_window=4, hidden_size_per_layer_input=0, rms_norm_eps=1e-3, hidden_activation="silu", use_bidirectional_attention="all",
    rope_parameters={"sliding_attention": dict(rope_type="linear", factor=2.0, rope_theta=50.0),
                     "full_attention": dict(rope_type="default", rope_theta=500.0)})
# Mixtures of experts, and blocks that do not attend.
FEW = SMALL | dict(num_experts_per_tok=2)
QWEN_MOE = FEW | dict(moe_intermediate_size=12, shared_expert_intermediate_size=10, num_experts=5)
MOE_ODD = dict(hidden_size=18, num_attention_heads=3, num_key_value_heads=1, rms_norm_eps=1e-3, num_experts_per_tok=3,
               intermediate_size=9)
NEXT = dict(hidden_size=16, num_hidden_layers=4, num_attention_heads=4, num_key_value_heads=2, head_dim=8,
            intermediate_size=24, max_position_embeddings=32, linear_num_key_heads=2, linear_num_value_heads=4,
            linear_key_head_dim=6, linear_value_head_dim=8)
NEXT_ODD = dict(hidden_size=24, num_hidden_layers=3, num_attention_heads=6, num_key_value_heads=3, head_dim=12,
                intermediate_size=14, max_position_embeddings=32, linear_num_key_heads=3, linear_num_value_heads=3,
                linear_key_head_dim=5, linear_value_head_dim=7, linear_conv_kernel_dim=3, rms_norm_eps=1e-3,
                attention_bias=True, layer_types=["linear_attention", "full_attention", "linear_attention"],
                rope_parameters=dict(rope_type="default", rope_theta=500.0, partial_rotary_factor=0.5))
NEXT_MOE = dict(moe_intermediate_size=5, shared_expert_intermediate_size=6, num_experts=4, num_experts_per_tok=2)
FEWER = dict(num_hidden_layers=2, layer_types=["linear_attention", "full_attention"])
SEES_QWEN3_5 = dict(depth=1, hidden_size=16, num_heads=2, intermediate_size=16, out_hidden_size=16, num_position_embeddings=16)
LFM2 = dict(hidden_size=16, num_hidden_layers=4, num_attention_heads=4, num_key_value_heads=2, intermediate_size=24,
            max_position_embeddings=32)
HYBRID = dict(hidden_size=16, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=2, intermediate_size=24,
              max_position_embeddings=32, mamba_n_heads=4, mamba_d_state=6)
HYBRID_ODD = dict(hidden_size=24, num_hidden_layers=3, num_attention_heads=6, num_key_value_heads=3, intermediate_size=14,
                  max_position_embeddings=32, rms_norm_eps=1e-3, attention_bias=True, mamba_n_heads=6, mamba_n_groups=3,
                  mamba_d_state=5, mamba_d_conv=3, mamba_conv_bias=False, mamba_proj_bias=True, mamba_chunk_size=16,
                  time_step_limit=(0.2, 1.1))
MLA = dict(hidden_size=16, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=4, intermediate_size=24,
           max_position_embeddings=32, qk_rope_head_dim=4, qk_nope_head_dim=6, v_head_dim=8, kv_lora_rank=10, q_lora_rank=7)
MLA_ODD = dict(hidden_size=21, num_hidden_layers=3, num_attention_heads=3, num_key_value_heads=3, intermediate_size=14,
               max_position_embeddings=64, qk_rope_head_dim=6, qk_nope_head_dim=4, v_head_dim=9, kv_lora_rank=6, q_lora_rank=None,
               attention_bias=True, rms_norm_eps=1e-3, rope_parameters=dict(
                   rope_type="yarn", rope_theta=500.0, factor=4.0, original_max_position_embeddings=8, mscale=0.8,
                   mscale_all_dim=0.6))
T5 = dict(d_model=32, d_kv=8, d_ff=48, num_layers=2, num_heads=4)
T5_SMALL = T5 | dict(d_model=16, d_ff=24)
LED = dict(d_model=16, encoder_layers=2, decoder_layers=1, encoder_attention_heads=4, decoder_attention_heads=2, encoder_ffn_dim=20,
           decoder_ffn_dim=8, max_encoder_position_embeddings=24, max_decoder_position_embeddings=8)

# name -> (configuration class, its arguments, and, where a family or a file calls for it: the dtype to store, old names, other
# names, the class of the model, its encoder, its language model or another part alone, whether tensors have the names that
# transformers writes, other keys for config.json, how it gives its states)
CASES = {
    "albert": ("AlbertConfig", BERT | dict(embedding_size=16), {}),
    "albert_gelu": ("AlbertConfig", BERT_ODD | dict(embedding_size=40, hidden_act="gelu", num_hidden_layers=4), {}),
    "apertus": ("ApertusConfig", SMALL, {}),
    "apertus_odd": ("ApertusConfig", GROUPED | dict(attention_bias=True, num_hidden_layers=3, rope_parameters=dict(
        rope_type="default", rope_theta=500.0)), {}),
    "arcee": ("ArceeConfig", SMALL, {}),
    "arcee_odd": ("ArceeConfig", GROUPED | dict(head_dim=10, attention_bias=True, mlp_bias=True, hidden_act="gelu",
                                                rope_parameters=dict(rope_type="default", rope_theta=500.0)), {}),
    "bamba": ("BambaConfig", HYBRID | dict(attn_layer_indices=[1]), {}),
    "bamba_odd": ("BambaConfig", HYBRID_ODD | dict(attn_layer_indices=[0, 2], mlp_bias=True, mamba_expand=3, rope_parameters=dict(
        rope_type="default", rope_theta=500.0)), {}),
    "bart": ("BartConfig", BART, {"encoder": True}),
    "bart_odd": ("BartConfig", BART_ODD | dict(scale_embedding=True, activation_function="relu"), {"encoder": True}),
    "bert": ("BertConfig", BERT | dict(num_hidden_layers=3, max_position_embeddings=12), {}),
    "bert_odd": ("BertConfig", BERT_ODD, {"old_names": True}),
    "bert_f16": ("BertConfig", BERT | dict(hidden_size=24, num_attention_heads=1, hidden_act="relu"),
                 {"dtype": torch.float16}),
    "bert_bf16": ("BertConfig", BERT | dict(num_hidden_layers=1, hidden_act="silu"), {"dtype": torch.bfloat16}),
    "big_bird": ("BigBirdConfig", BERT | dict(hidden_size=16, intermediate_size=24), {}),
    "big_bird_odd": ("BigBirdConfig", BERT_ODD | dict(hidden_size=20, intermediate_size=14, attention_type="original_full",
                                                      use_bias=False, rescale_embeddings=True), {}),
    "bloom": ("BloomConfig", dict(hidden_size=32, n_layer=2, n_head=4), {}),
    "bloom_heads": ("BloomConfig", dict(hidden_size=36, n_layer=2, n_head=6, layer_norm_epsilon=1e-3), {}),
    "camembert": ("CamembertConfig", BERT, {}),
    "camembert_odd": ("CamembertConfig", BERT_ODD | dict(pad_token_id=0), {}),
    "clip": ("CLIPConfig", dict(
        text_config=SMALL_TEXT | dict(vocab_size=VOCABULARY, max_position_embeddings=16),
        vision_config=VISION), {"part": "text_model"}),
    "clip_odd": ("CLIPConfig", dict(
        text_config=SMALL_TEXT | dict(vocab_size=VOCABULARY, num_attention_heads=2, hidden_act="gelu", num_hidden_layers=3,
                                      max_position_embeddings=12, layer_norm_eps=1e-3),
        vision_config=VISION), {"part": "text_model"}),
    "clip_text": ("CLIPTextConfig", SMALL_TEXT | dict(max_position_embeddings=16), {}),
    "clip_text_odd": ("CLIPTextConfig", SMALL_TEXT | dict(hidden_size=18, num_attention_heads=3, hidden_act="relu",
                                                          max_position_embeddings=9, layer_norm_eps=1e-3), {}),
    "codegen": ("CodeGenConfig", GPT | dict(n_head=8, rotary_dim=4), {}),
    "codegen_odd": ("CodeGenConfig", GPT | dict(n_embd=40, n_head=2, n_inner=24, rotary_dim=6, activation_function="relu",
                                                layer_norm_epsilon=1e-3), {}),
    "cohere": ("CohereConfig", SMALL, {}),
    "cohere_odd": ("CohereConfig", COHERE_ODD, {}),
    "cohere2": ("Cohere2Config", SMALL | dict(num_hidden_layers=4, sliding_window=3), {}),
    "cohere2_odd": ("Cohere2Config", COHERE_ODD | dict(sliding_window=4, layer_types=["full_attention", "sliding_attention"]),
                    {}),
    "convbert": ("ConvBertConfig", BERT | dict(hidden_size=16, intermediate_size=24, embedding_size=16, conv_kernel_size=3), {}),
    "convbert_groups": ("ConvBertConfig", BERT_ODD | dict(
        hidden_size=24, num_attention_heads=6, intermediate_size=18, embedding_size=10, conv_kernel_size=5, num_groups=2), {}),
    "convbert_one_head": ("ConvBertConfig", BERT_ODD | dict(
        hidden_size=18, num_attention_heads=3, intermediate_size=10, embedding_size=18, conv_kernel_size=7, head_ratio=4), {}),
    "deberta": ("DebertaConfig", DEBERTA_1, {}),
    "deberta_c2p": ("DebertaConfig", DEBERTA_1 | dict(
        pos_att_type=["c2p"], max_relative_positions=4, position_biased_input=True, type_vocab_size=2, hidden_size=18,
        num_attention_heads=3, layer_norm_eps=1e-3), {}),
    "deberta_plain": ("DebertaConfig", DEBERTA_1 | dict(relative_attention=False, position_biased_input=True), {}),
    "deberta_v2": ("DebertaV2Config", DEBERTA | dict(
        position_biased_input=True, share_att_key=False, norm_rel_ebd="none", pos_att_type=["c2p"], position_buckets=-1,
        type_vocab_size=2, max_relative_positions=4), {}),
    "deberta_v2_conv": ("DebertaV2Config", DEBERTA | dict(conv_kernel_size=3, conv_act="gelu", attention_head_size=4), {}),
    "deberta_v2_groups": ("DebertaV2Config", DEBERTA | dict(
        share_att_key=False, conv_kernel_size=5, conv_groups=2, embedding_size=10, type_vocab_size=3, pos_att_type="p2c",
        layer_norm_eps=1e-3, hidden_act="gelu_new", max_relative_positions=9, position_buckets=6), {}),
    "deberta_v3": ("DebertaV2Config", DEBERTA, {}),
    "deberta_v3_short": ("DebertaV2Config", DEBERTA | dict(position_buckets=256, num_attention_heads=2), {}),
    "deepseek_v2": ("DeepseekV2Config", MLA | dict(
        n_routed_experts=5, num_experts_per_tok=2, moe_intermediate_size=7, first_k_dense_replace=1), {"saved": True}),
    "deepseek_v2_odd": ("DeepseekV2Config", MLA_ODD | dict(
        n_routed_experts=4, num_experts_per_tok=3, moe_intermediate_size=9, n_shared_experts=1, routed_scaling_factor=1.7),
                        {"saved": True}),
    "deepseek_v2_groups": ("DeepseekV2Config", MLA | dict(
        n_routed_experts=6, num_experts_per_tok=3, moe_intermediate_size=5, topk_method="group_limited_greedy", n_group=3,
        topk_group=2, norm_topk_prob=True), {"saved": True}),
    "deepseek_v3": ("DeepseekV3Config", MLA | dict(
        n_routed_experts=8, num_experts_per_tok=3, moe_intermediate_size=6, first_k_dense_replace=1, n_group=4, topk_group=2),
                    {"saved": True}),
    "deepseek_v3_odd": ("DeepseekV3Config", MLA_ODD | dict(
        n_routed_experts=5, num_experts_per_tok=2, moe_intermediate_size=7, first_k_dense_replace=0, n_group=1, topk_group=1,
        norm_topk_prob=False, routed_scaling_factor=1.3, n_shared_experts=2, rope_interleave=False), {"saved": True}),
    "distilbert": ("DistilBertConfig", dict(dim=32, n_layers=2, n_heads=4, hidden_dim=48, max_position_embeddings=16), {}),
    "distilbert_odd": ("DistilBertConfig", dict(dim=30, n_layers=3, n_heads=3, hidden_dim=40, max_position_embeddings=9,
                                                activation="relu"), {}),
    "electra": ("ElectraConfig", BERT | dict(embedding_size=16), {}),
    "electra_square": ("ElectraConfig", BERT_ODD | dict(embedding_size=40), {}),
    "ernie": ("ErnieConfig", BERT | dict(hidden_size=16, intermediate_size=24), {}),
    "ernie_tasks": ("ErnieConfig", BERT_ODD | dict(hidden_size=20, intermediate_size=14, use_task_id=True,
                                                   task_type_vocab_size=4), {}),
    "ernie4_5": ("Ernie4_5Config", SMALL | dict(head_dim=4), {}),
    "ernie4_5_odd": ("Ernie4_5Config", GROUPED | dict(head_dim=10, use_bias=True, rope_parameters=dict(
        rope_type="linear", factor=2.0, rope_theta=500.0)), {}),
    "eurobert": ("EuroBertConfig", LLAMA | dict(pad_token_id=0), {}),
    "eurobert_grouped": ("EuroBertConfig", GROUPED | dict(pad_token_id=0, rope_theta=250.0), {}),
    "exaone4": ("Exaone4Config", SMALL | dict(num_hidden_layers=4, sliding_window=3), {}),
    "exaone4_odd": ("Exaone4Config", GROUPED | dict(sliding_window=None, layer_types=["full_attention"] * 2), {}),
    "falcon": ("FalconConfig", dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=4), {}),
    "falcon_h1": ("FalconH1Config", HYBRID | dict(mamba_d_ssm=32), {}),
    "falcon_h1_odd": ("FalconH1Config", HYBRID_ODD | dict(
        num_hidden_layers=2, mamba_d_ssm=36, mlp_bias=True, projectors_bias=True, mamba_rms_norm=True, mamba_norm_before_gate=False,
        embedding_multiplier=2.0, mlp_multipliers=[0.7, 1.4], key_multiplier=0.6, attention_in_multiplier=1.3,
        attention_out_multiplier=0.8, ssm_in_multiplier=1.2, ssm_out_multiplier=0.9,
        ssm_multipliers=[0.8, 1.1, 0.7, 1.3, 0.9]), {}),
    "falcon_h1_normed": ("FalconH1Config", HYBRID | dict(mamba_d_ssm=None, mamba_rms_norm=True, mamba_n_groups=2,
                                                         key_multiplier=0.5), {}),
    "falcon_new": ("FalconConfig", dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, num_kv_heads=2,
                                        new_decoder_architecture=True, bias=True), {}),
    "falcon_rw": ("FalconConfig", dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, alibi=True,
                                       multi_query=False, parallel_attn=False, bias=True), {}),
    "falcon_mamba": ("FalconMambaConfig", MAMBA, {"states": "mamba"}),
    "falcon_mamba_odd": ("FalconMambaConfig", MAMBA | dict(expand=3, conv_kernel=3, use_bias=True, mixer_rms_eps=1e-3),
                         {"states": "mamba"}),
    "falcon_mamba_given": ("FalconMambaConfig", MAMBA | dict(expand=16, intermediate_size=24), {"states": "mamba"}),
    "flaubert": ("FlaubertConfig", XLM, {}),
    "flaubert_odd": ("FlaubertConfig", XLM | dict(emb_dim=18, n_heads=3, n_layers=3, gelu_activation=False,
                                                  layer_norm_eps=1e-3), {}),
    "flex_olmo": ("FlexOlmoConfig", FEW | dict(num_experts=5, pad_token_id=0), {"saved": True}),
    "flex_olmo_odd": ("FlexOlmoConfig", MOE_ODD | dict(
        num_hidden_layers=2, max_position_embeddings=32, num_experts=4, norm_topk_prob=True, attention_bias=True,
        pad_token_id=0, rope_parameters=dict(rope_type="default", rope_theta=300.0)), {}),
    "gemma": ("GemmaConfig", LLAMA | dict(head_dim=8), {}),
    "gemma_grouped": ("GemmaConfig", GROUPED | dict(head_dim=12, num_key_value_heads=1), {}),
    "gemma_relu": ("GemmaConfig", SMALL | dict(head_dim=6, hidden_act="relu", hidden_activation="gelu_pytorch_tanh"), {}),
    "gemma2": ("Gemma2Config", LLAMA | dict(head_dim=8, sliding_window=3, query_pre_attn_scalar=8,
                                            attn_logit_softcapping=2.0), {}),
    "gemma2_odd": ("Gemma2Config", GROUPED | dict(head_dim=12, sliding_window=4, query_pre_attn_scalar=30,
                                                  attn_logit_softcapping=None, num_hidden_layers=3), {}),
    "gemma3": ("Gemma3TextConfig", LLAMA | dict(head_dim=8, sliding_window=3, query_pre_attn_scalar=8,
                                                num_hidden_layers=3,
                                                layer_types=["sliding_attention", "full_attention", "sliding_attention"]),
               {}),
    "gemma3_both_sides": ("Gemma3TextConfig", SMALL | dict(
        head_dim=6, sliding_window=5, query_pre_attn_scalar=8, use_bidirectional_attention=True, num_hidden_layers=3,
        attn_logit_softcapping=0.5, layer_types=["sliding_attention", "full_attention", "sliding_attention"]), {}),
    "gemma3_odd": ("Gemma3TextConfig", GROUPED | dict(
        head_dim=12, sliding_window=4, query_pre_attn_scalar=30, layer_types=["full_attention", "sliding_attention"],
        rope_parameters={"full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 100000.0},
                         "sliding_attention": {"rope_type": "default", "rope_theta": 100.0}}), {}),
    "gemma3_wrapped": ("Gemma3Config", dict(
        text_config=SMALL | dict(vocab_size=VOCABULARY, head_dim=8, sliding_window=3, query_pre_attn_scalar=8),
        vision_config=VISION), {"language_model": True}),
    "gemma3_wrapped_odd": ("Gemma3Config", dict(
        text_config=SMALL | dict(vocab_size=VOCABULARY, num_key_value_heads=2, head_dim=6, sliding_window=2,
                                 layer_types=["full_attention", "sliding_attention"]),
        vision_config=VISION), {"language_model": True}),
    # The text models in the files of those that see: transformers makes these of other libraries' parts.
    "gemma3n": ("Gemma3nTextConfig", GEMMA_3N, {"states": "streams", "inside": "gemma3n"}),
    "gemma3n_odd": ("Gemma3nTextConfig", GEMMA_3N_ODD | dict(num_hidden_layers=2, intermediate_size=10),
                    {"states": "streams", "inside": "gemma3n"}),
    "gemma3n_text": ("Gemma3nTextConfig", GEMMA_3N, {"states": "streams"}),
    "gemma3n_text_odd": ("Gemma3nTextConfig", GEMMA_3N_ODD, {"states": "streams"}),
    "gemma4": ("Gemma4TextConfig", GEMMA_4, {"inside": "gemma4"}),
    "gemma4_odd": ("Gemma4TextConfig", GEMMA_4_ODD | dict(num_hidden_layers=2), {"inside": "gemma4"}),
    "gemma4_text": ("Gemma4TextConfig", GEMMA_4, {}),
    "gemma4_text_odd": ("Gemma4TextConfig", GEMMA_4_ODD, {}),
    "gemma4_experts": ("Gemma4TextConfig", GEMMA_4 | dict(
        num_hidden_layers=2, layer_types=["sliding_attention", "full_attention"], num_kv_shared_layers=0, enable_moe_block=True,
        num_experts=5, top_k_experts=2, moe_intermediate_size=6), {}),
    "glm": ("GlmConfig", SMALL | dict(head_dim=8, pad_token_id=0), {}),
    "glm_odd": ("GlmConfig", GROUPED | dict(head_dim=12, attention_bias=False, pad_token_id=0, rope_parameters=dict(
        rope_type="default", rope_theta=500.0, partial_rotary_factor=1.0)), {}),
    "glm4": ("Glm4Config", SMALL | dict(head_dim=8, pad_token_id=0), {}),
    "glm4_odd": ("Glm4Config", GROUPED | dict(head_dim=12, attention_bias=False, hidden_act="gelu", pad_token_id=0), {}),
    "gpt2": ("GPT2Config", GPT, {}),
    "gpt2_both_sides": ("GPT2Config", GPT | dict(n_embd=16, is_causal=False), {}),
    "gpt2_odd": ("GPT2Config", GPT | dict(n_embd=40, n_head=5, n_inner=24, activation_function="relu",
                                          scale_attn_weights=False, layer_norm_epsilon=1e-3), {}),
    "gpt2_by_depth": ("GPT2Config", GPT | dict(n_embd=18, n_head=3, n_layer=3, scale_attn_by_inverse_layer_idx=True,
                                               reorder_and_upcast_attn=True), {}),
    "gpt_bigcode": ("GPTBigCodeConfig", GPT, {}),
    "gpt_bigcode_heads": ("GPTBigCodeConfig", GPT | dict(n_embd=30, n_head=3, n_inner=20, multi_query=False,
                                                         activation_function="gelu", layer_norm_epsilon=1e-3), {}),
    "gpt_bigcode_unscaled": ("GPTBigCodeConfig", GPT | dict(n_embd=15, n_head=5, scale_attn_weights=False, n_layer=3), {}),
    "gpt_neo": ("GPTNeoConfig", dict(hidden_size=32, num_layers=2, num_heads=4, attention_types=[[["global", "local"], 1]],
                                     window_size=3, max_position_embeddings=16), {}),
    "gpt_neo_odd": ("GPTNeoConfig", dict(hidden_size=30, num_layers=3, num_heads=3, intermediate_size=20, window_size=2,
                                         attention_types=[[["local"], 2], [["global"], 1]], max_position_embeddings=16),
                    {}),
    "gpt_neox": ("GPTNeoXConfig", NEOX, {}),
    "gpt_neox_serial": ("GPTNeoXConfig", NEOX | dict(hidden_size=48, num_attention_heads=3, use_parallel_residual=False,
                                                      attention_bias=False, layer_norm_eps=1e-3,
                                                      rope_parameters={"rope_type": "default", "rope_theta": 500.0,
                                                                       "partial_rotary_factor": 0.5}), {}),
    "gpt_neox_uneven": ("GPTNeoXConfig", NEOX | dict(hidden_size=20, num_attention_heads=2, rope_parameters={
        "rope_type": "linear", "factor": 2.0, "rope_theta": 50.0, "partial_rotary_factor": 0.5}), {}),
    "gpt_oss": ("GptOssConfig", FEW | dict(head_dim=8, num_local_experts=5, sliding_window=3), {"saved": True}),
    "gpt_oss_odd": ("GptOssConfig", MOE_ODD | dict(
        num_hidden_layers=3, max_position_embeddings=64, head_dim=10, num_local_experts=4, sliding_window=4, attention_bias=False,
        swiglu_limit=0.9, layer_types=["full_attention", "sliding_attention", "full_attention"], rope_parameters=dict(
            rope_type="yarn", rope_theta=700.0, factor=4.0, original_max_position_embeddings=8, truncate=False)), {}),
    "gpt_oss_mxfp4": ("GptOssConfig", FEW | dict(
        hidden_size=32, intermediate_size=32, num_hidden_layers=1, head_dim=8, num_local_experts=3, sliding_window=3),
                      {"saved": True, "mxfp4": True}),
    "granitemoe": ("GraniteMoeConfig", FEW | dict(num_local_experts=4), {"saved": True}),
    "granitemoe_odd": ("GraniteMoeConfig", MOE_ODD | dict(
        num_hidden_layers=3, max_position_embeddings=32, num_local_experts=5, attention_bias=True, embedding_multiplier=3.0,
        attention_multiplier=0.3, residual_multiplier=0.6, logits_scaling=4.0), {"saved": True}),
    "granitemoehybrid": ("GraniteMoeHybridConfig", HYBRID | dict(
        num_local_experts=3, shared_intermediate_size=12, num_hidden_layers=2, layer_types=["mamba", "attention"]), {"saved": True}),
    "granitemoehybrid_odd": ("GraniteMoeHybridConfig", HYBRID_ODD | dict(
        num_local_experts=3, num_experts_per_tok=2, shared_intermediate_size=10, mamba_expand=2, mamba_n_heads=12,
        num_hidden_layers=2, layer_types=["attention", "mamba"], position_embedding_type="rope", embedding_multiplier=3.0,
        attention_multiplier=0.3, residual_multiplier=0.6), {"saved": True}),
    "granitemoehybrid_dense": ("GraniteMoeHybridConfig", HYBRID | dict(
        num_local_experts=0, shared_intermediate_size=12), {"saved": True, "no_cache": True}),
    "gte": ("GteConfig", BERT | dict(hidden_size=16, intermediate_size=24), {"saved": True}),
    "gte_odd": ("GteConfig", BERT | dict(hidden_size=20, intermediate_size=14, num_attention_heads=2, type_vocab_size=0,
                                         hidden_act="gelu_new", layer_norm_eps=1e-3, rope_parameters=dict(
                                             rope_type="linear", factor=2.0, rope_theta=500.0)), {"saved": True}),
    "gptj": ("GPTJConfig", GPT | dict(rotary_dim=4), {}),
    "gptj_odd": ("GPTJConfig", GPT | dict(n_embd=30, n_head=3, n_inner=20, rotary_dim=10, activation_function="relu",
                                          layer_norm_epsilon=1e-3), {}),
    "granite": ("GraniteConfig", LLAMA | dict(embedding_multiplier=3.0, residual_multiplier=0.3,
                                              attention_multiplier=0.1, logits_scaling=5.0), {}),
    "granite_odd": ("GraniteConfig", GROUPED | dict(attention_bias=True, mlp_bias=True, residual_multiplier=1.5), {}),
    "helium": ("HeliumConfig", SMALL | dict(head_dim=4), {}),
    "helium_odd": ("HeliumConfig", GROUPED | dict(head_dim=4, attention_bias=True, mlp_bias=True), {}),
    "idefics3": ("Idefics3Config", dict(text_config=IN_IDEFICS, vision_config=VISION), {"part": "text_model"}),
    "idefics3_odd": ("Idefics3Config", dict(text_config=IN_IDEFICS | dict(num_key_value_heads=2, head_dim=6, rms_norm_eps=1e-3),
                                            vision_config=VISION), {"part": "text_model"}),
    "jamba": ("JambaConfig", dict(
        hidden_size=16, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=2, intermediate_size=24, num_experts=4,
        attn_layer_period=3, attn_layer_offset=1, mamba_d_state=4, use_mamba_kernels=False), {"saved": True}),
    "jamba_odd": ("JambaConfig", dict(
        hidden_size=18, num_hidden_layers=4, num_attention_heads=3, num_key_value_heads=1, intermediate_size=14, num_experts=5,
        num_experts_per_tok=3, attn_layer_period=2, attn_layer_offset=0, expert_layer_period=3, expert_layer_offset=2,
        mamba_d_state=3, mamba_d_conv=3, mamba_expand=3, mamba_dt_rank=5, mamba_conv_bias=False, mamba_proj_bias=True,
        hidden_act="gelu", rms_norm_eps=1e-3, use_mamba_kernels=False), {"saved": True}),
    "jina_embeddings_v3": ("JinaEmbeddingsV3Config", BERT | dict(hidden_size=16, intermediate_size=24), {"saved": True}),
    "jina_embeddings_v3_odd": ("JinaEmbeddingsV3Config", BERT | dict(
        hidden_size=20, intermediate_size=14, num_attention_heads=2, type_vocab_size=3, hidden_act="relu",
        layer_norm_eps=1e-3, rope_parameters=dict(rope_type="default", rope_theta=500.0)), {"saved": True}),
    "led": ("LEDConfig", LED | dict(attention_window=4), {"encoder": True}),
    "led_odd": ("LEDConfig", LED | dict(d_model=18, encoder_layers=3, encoder_attention_heads=3, attention_window=[4, 8, 4],
                                        activation_function="relu"), {"encoder": True}),
    "lfm2": ("Lfm2Config", LFM2 | dict(block_multiple_of=8, full_attn_idxs=[1]), {}),
    "lfm2_odd": ("Lfm2Config", dict(
        hidden_size=24, num_hidden_layers=3, num_attention_heads=6, num_key_value_heads=3, block_ff_dim=50,
        max_position_embeddings=32, block_multiple_of=6, block_ffn_dim_multiplier=1.3, conv_bias=True, conv_L_cache=4,
        norm_eps=1e-3, layer_types=["full_attention", "conv", "full_attention"],
        rope_parameters=dict(rope_type="linear", factor=2.0, rope_theta=500.0)), {}),
    "lfm2_moe": ("Lfm2MoeConfig", LFM2 | dict(
        moe_intermediate_size=12, num_dense_layers=1, num_experts=5, num_experts_per_tok=2,
        layer_types=["conv", "full_attention", "conv", "full_attention"]), {"saved": True}),
    "lfm2_moe_odd": ("Lfm2MoeConfig", LFM2 | dict(
        num_hidden_layers=2, moe_intermediate_size=7, num_dense_layers=0, num_experts=4, num_experts_per_tok=3, conv_bias=True,
        use_expert_bias=False, norm_topk_prob=False, routed_scaling_factor=1.7, norm_eps=1e-3,
        layer_types=["full_attention", "conv"]), {"saved": True}),
    "lfm3": ("Lfm3Config", LFM2 | dict(num_hidden_layers=5, head_dim=8, sliding_window=3, pad_token_id=0), {"saved": True}),
    "lfm3_odd": ("Lfm3Config", dict(
        hidden_size=20, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=1, intermediate_size=14, head_dim=6,
        max_position_embeddings=32, conv_bias=True, conv_L_cache=3, sliding_window=2, use_sandwich_norm=False,
        use_attention_gate=False, attention_bias=True, norm_eps=1e-3, pad_token_id=0,
        layer_types=["sliding_attention", "conv", "full_attention"], rope_parameters={
            "sliding_attention": dict(rope_type="default", rope_theta=50.0),
            "full_attention": dict(rope_type="linear", factor=2.0, rope_theta=500.0)}), {"saved": True}),
    "llama": ("LlamaConfig", LLAMA, {}),
    "llama3": ("LlamaConfig", GROUPED | dict(head_dim=10, rope_parameters=dict(
        rope_type="llama3", rope_theta=500.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
        original_max_position_embeddings=16)), {"dtype": torch.bfloat16}),
    "llama_linear": ("LlamaConfig", LLAMA | dict(attention_bias=True, mlp_bias=True,
                                                 rope_parameters=dict(rope_type="linear", factor=4.0)), {}),
    "llava": ("LlavaConfig", dict(text_config=IN_LLAVA | dict(model_type="llama"), vision_config=CLIP), {"language_model": True}),
    "llava_qwen2": ("LlavaConfig", dict(text_config=IN_LLAVA | dict(model_type="qwen2"), vision_config=CLIP),
                    {"language_model": True}),
    "llava_mistral": ("LlavaConfig", dict(text_config=IN_LLAVA | dict(model_type="mistral", sliding_window=3), vision_config=CLIP),
                      {"language_model": True}),
    "llava_next": ("LlavaNextConfig", dict(text_config=IN_LLAVA | dict(model_type="llama"), vision_config=CLIP),
                   {"language_model": True}),
    "llava_next_mistral": ("LlavaNextConfig", dict(
        text_config=IN_LLAVA | dict(model_type="mistral", sliding_window=None, num_key_value_heads=2), vision_config=CLIP),
                           {"language_model": True}),
    "longformer": ("LongformerConfig", BERT | dict(hidden_size=16, intermediate_size=24, attention_window=4), {}),
    "longformer_odd": ("LongformerConfig", BERT_ODD | dict(hidden_size=20, intermediate_size=14, attention_window=[4, 8],
                                                           pad_token_id=2, max_position_embeddings=20), {}),
    "longt5": ("LongT5Config", T5_SMALL | dict(local_radius=2, feed_forward_proj="gated-gelu"), {"model": "LongT5EncoderModel"}),
    "longt5_global": ("LongT5Config", T5_SMALL | dict(
        d_model=18, num_heads=3, num_layers=3, encoder_attention_type="transient-global", global_block_size=10, local_radius=3,
        layer_norm_epsilon=1e-3), {"model": "LongT5EncoderModel"}),
    "luke": ("LukeConfig", BERT | dict(hidden_size=16, intermediate_size=24, entity_vocab_size=5, entity_emb_size=4), {}),
    "luke_odd": ("LukeConfig", BERT_ODD | dict(hidden_size=20, intermediate_size=14, entity_vocab_size=5, entity_emb_size=20,
                                               pad_token_id=2, use_entity_aware_attention=False), {}),
    "m2m_100": ("M2M100Config", BART, {"encoder": True}),
    "m2m_100_odd": ("M2M100Config", BART_ODD | dict(d_model=15, decoder_attention_heads=3, scale_embedding=False,
                                                    activation_function="gelu", pad_token_id=0), {"encoder": True}),
    "mamba": ("MambaConfig", MAMBA, {"states": "mamba"}),
    "mamba_odd": ("MambaConfig", MAMBA | dict(expand=3, conv_kernel=2, use_bias=True, use_conv_bias=False, time_step_rank=5,
                                              layer_norm_epsilon=1e-3), {"states": "mamba"}),
    "mamba2": ("Mamba2Config", MAMBA | dict(num_heads=4, head_dim=8, n_groups=2, chunk_size=4), {"states": "mamba"}),
    "mamba2_odd": ("Mamba2Config", MAMBA | dict(
        expand=3, num_heads=6, head_dim=8, n_groups=1, conv_kernel=3, use_bias=True, use_conv_bias=False, chunk_size=16,
        layer_norm_epsilon=1e-3, time_step_limit=(0.3, 1.1)), {"states": "mamba"}),
    "marian": ("MarianConfig", BART | dict(pad_token_id=59), {"encoder": True}),
    "marian_odd": ("MarianConfig", BART_ODD | dict(d_model=15, decoder_attention_heads=3, scale_embedding=True, pad_token_id=0,
                                                   activation_function="swish"), {"encoder": True, "without": "embed_positions"}),
    "marian_apart": ("MarianConfig", BART | dict(
        pad_token_id=59, encoder_layers=1, share_encoder_decoder_embeddings=False, decoder_vocab_size=VOCABULARY,
        tie_word_embeddings=False), {"encoder": True}),
    "mbart": ("MBartConfig", BART, {"encoder": True}),
    "mbart_odd": ("MBartConfig", BART_ODD | dict(scale_embedding=True, activation_function="relu"), {"encoder": True}),
    "megatron_bert": ("MegatronBertConfig", BERT | dict(hidden_size=16, intermediate_size=24), {}),
    "megatron_bert_odd": ("MegatronBertConfig", BERT_ODD | dict(hidden_size=20, intermediate_size=14), {}),
    "ministral": ("MinistralConfig", LLAMA | dict(head_dim=8, sliding_window=3), {}),
    "ministral_odd": ("MinistralConfig", GROUPED | dict(head_dim=12, sliding_window=4,
                                                        layer_types=["full_attention", "sliding_attention"]), {}),
    "ministral3": ("Ministral3Config", SMALL | dict(head_dim=8, rope_parameters=dict(
        rope_type="yarn", rope_theta=10000.0, factor=4.0, original_max_position_embeddings=3, mscale=1.0, mscale_all_dim=1.0,
        llama_4_scaling_beta=0.5)), {}),
    "ministral3_odd": ("Ministral3Config", GROUPED | dict(head_dim=12, sliding_window=3, rope_parameters=dict(
        rope_type="default", rope_theta=500.0, original_max_position_embeddings=2, llama_4_scaling_beta=0.1)), {}),
    "mistral": ("MistralConfig", LLAMA | dict(sliding_window=None), {}),
    "mistral_window": ("MistralConfig", GROUPED | dict(head_dim=12, sliding_window=3), {}),
    "mistral_both_sides": ("MistralConfig", SMALL | dict(sliding_window=2, is_causal=False, tie_last_hidden_states=False), {}),
    "mistral3": ("Mistral3Config", dict(
        text_config=SMALL | dict(model_type="mistral", vocab_size=VOCABULARY, sliding_window=None),
        vision_config=VISION | dict(model_type="pixtral")), {"language_model": True}),
    "mistral3_ministral3": ("Mistral3Config", dict(
        text_config=SMALL | dict(model_type="ministral3", vocab_size=VOCABULARY, head_dim=8, rope_parameters=dict(
            rope_type="yarn", rope_theta=10000.0, factor=4.0, original_max_position_embeddings=8,
            llama_4_scaling_beta=0.2)),
        vision_config=VISION | dict(model_type="pixtral")), {"language_model": True}),
    "mixtral": ("MixtralConfig", FEW | dict(num_local_experts=4), {"saved": True}),
    "mixtral_odd": ("MixtralConfig", MOE_ODD | dict(
        num_hidden_layers=2, max_position_embeddings=32, head_dim=10, num_local_experts=5, sliding_window=3, hidden_act="gelu",
        rope_parameters=dict(rope_type="default", rope_theta=500.0)), {"saved": True}),
    "mobilebert": ("MobileBertConfig", BERT | dict(
        hidden_size=24, intermediate_size=20, intra_bottleneck_size=12, embedding_size=8, num_feedforward_networks=3), {"gentle": 0.4}),
    "mobilebert_odd": ("MobileBertConfig", BERT_ODD | dict(
        hidden_size=20, intermediate_size=14, intra_bottleneck_size=10, embedding_size=20, num_feedforward_networks=1,
        trigram_input=False, use_bottleneck_attention=True, key_query_shared_bottleneck=False), {"gentle": 0.4}),
    "modernbert": ("ModernBertConfig", BERT | dict(num_hidden_layers=3, local_attention=4, pad_token_id=0), {}),
    "modernbert_odd": ("ModernBertConfig", BERT | dict(
        num_attention_heads=2, local_attention=2, norm_bias=True, attention_bias=True, mlp_bias=True, pad_token_id=0,
        hidden_activation="silu", norm_eps=1e-3, layer_types=["sliding_attention", "full_attention"]), {}),
    "modernbert_decoder": ("ModernBertDecoderConfig", BERT | dict(num_hidden_layers=4, local_attention=6, pad_token_id=0), {}),
    "modernbert_decoder_odd": ("ModernBertDecoderConfig", BERT | dict(
        num_attention_heads=2, local_attention=4, norm_bias=True, attention_bias=True, mlp_bias=True, pad_token_id=0,
        hidden_activation="silu", norm_eps=1e-3, layer_types=["sliding_attention", "full_attention"],
        rope_parameters={"full_attention": {"rope_type": "default", "rope_theta": 500.0},
                         "sliding_attention": {"rope_type": "linear", "factor": 2.0, "rope_theta": 50.0}}), {}),
    "modernbert_decoder_both_sides": ("ModernBertDecoderConfig", BERT | dict(
        hidden_size=16, intermediate_size=16, local_attention=4, pad_token_id=0, is_causal=False), {}),
    "mpnet": ("MPNetConfig", BERT, {}),
    "mpnet_padding": ("MPNetConfig", BERT | dict(hidden_size=12, intermediate_size=10, pad_token_id=5), {}),
    "mpnet_odd": ("MPNetConfig", BERT_ODD | dict(hidden_act="relu"), {}),
    "mpt": ("MptConfig", dict(d_model=32, n_heads=4, n_layers=2, max_seq_len=16), {}),
    "mpt_odd": ("MptConfig", dict(d_model=30, n_heads=6, n_layers=3, max_seq_len=12, layer_norm_epsilon=1e-3,
                                  attn_config=dict(clip_qkv=0.8, softmax_scale=0.7)), {}),
    "mt5": ("MT5Config", T5 | dict(feed_forward_proj="gated-gelu"), {"model": "MT5EncoderModel"}),
    "mt5_odd": ("MT5Config", T5 | dict(d_kv=10, num_heads=3, feed_forward_proj="gated-silu",
                                       relative_attention_num_buckets=8), {"model": "MT5EncoderModel"}),
    "nanochat": ("NanoChatConfig", SMALL, {}),
    "nanochat_odd": ("NanoChatConfig", GROUPED | dict(attention_bias=True, hidden_act="gelu", num_hidden_layers=3,
                                                      rope_parameters=dict(rope_type="linear", factor=2.0, rope_theta=500.0)), {}),
    "nemotron": ("NemotronConfig", SMALL, {}),
    "nemotron_h": ("NemotronHConfig", dict(
        hidden_size=16, num_attention_heads=4, num_key_value_heads=2, head_dim=8, intermediate_size=24, mamba_num_heads=4,
        mamba_head_dim=8, ssm_state_size=6, n_groups=2, moe_intermediate_size=12, moe_shared_expert_intermediate_size=10,
        n_routed_experts=4, layers_block_type=["mamba", "moe", "attention", "mlp"]), {"saved": True}),
    "nemotron_h_odd": ("NemotronHConfig", dict(
        hidden_size=20, num_attention_heads=6, num_key_value_heads=3, head_dim=6, intermediate_size=14, mamba_num_heads=6,
        mamba_head_dim=5, ssm_state_size=3, n_groups=3, conv_kernel=3, use_conv_bias=False, use_bias=True, mlp_bias=True,
        moe_intermediate_size=7, moe_shared_expert_intermediate_size=9, moe_latent_size=6, n_routed_experts=5,
        num_experts_per_tok=3, norm_topk_prob=False, routed_scaling_factor=2.5, layer_norm_epsilon=1e-3, time_step_min=0.3,
        mlp_hidden_act="silu", hybrid_override_pattern="*-EM"), {"saved": True}),
    "nemotron_h_groups": ("NemotronHConfig", dict(
        hidden_size=16, num_attention_heads=2, num_key_value_heads=2, head_dim=8, intermediate_size=24, mamba_num_heads=2,
        mamba_head_dim=8, ssm_state_size=4, n_groups=1, moe_intermediate_size=6, moe_shared_expert_intermediate_size=10,
        n_routed_experts=12, n_group=4, topk_group=2, num_experts_per_tok=4, hybrid_override_pattern="MEME"), {"saved": True, "no_cache": True}),
    "nemotron_odd": ("NemotronConfig", SMALL | dict(
        hidden_size=24, num_attention_heads=6, num_key_value_heads=2, attention_bias=True, mlp_bias=True, norm_eps=1e-3,
        head_dim=8, rope_parameters=dict(rope_type="default", rope_theta=500.0, partial_rotary_factor=0.25)), {}),
    "nomic_bert": ("NomicBertConfig", BERT | dict(hidden_size=16, intermediate_size=24), {"saved": True}),
    "nomic_bert_odd": ("NomicBertConfig", BERT | dict(
        hidden_size=20, intermediate_size=14, num_attention_heads=2, type_vocab_size=3, hidden_act="gelu",
        layer_norm_eps=1e-3, rope_parameters=dict(rope_type="linear", factor=2.0, rope_theta=500.0)), {"saved": True}),
    "nomic_bert_published": ("NomicBertConfig", BERT | dict(hidden_size=24, intermediate_size=10, num_attention_heads=3,
                                                            type_vocab_size=2), {"saved": True, "keys": NOMIC}),
    "olmo": ("OlmoConfig", LLAMA, {}),
    "olmo_grouped": ("OlmoConfig", LLAMA | dict(num_key_value_heads=2, attention_bias=True), {}),
    "olmo_clipped": ("OlmoConfig", SMALL | dict(clip_qkv=0.7), {}),
    "olmo2": ("Olmo2Config", LLAMA, {}),
    "olmo2_grouped": ("Olmo2Config", GROUPED, {}),
    "olmo3": ("Olmo3Config", SMALL | dict(num_hidden_layers=4, sliding_window=3), {}),
    "olmo3_odd": ("Olmo3Config", GROUPED | dict(
        sliding_window=4, attention_bias=True, layer_types=["full_attention", "sliding_attention"],
        rope_parameters={"full_attention": dict(rope_type="yarn", factor=4.0, original_max_position_embeddings=8,
                                                rope_theta=900.0),
                         "sliding_attention": dict(rope_type="default", rope_theta=300.0)}), {}),
    "olmo_hybrid": ("OlmoHybridConfig", dict(
        hidden_size=16, num_hidden_layers=4, num_attention_heads=4, intermediate_size=24, max_position_embeddings=32,
        pad_token_id=0, rope_parameters=dict(rope_type="default", rope_theta=None)), {"saved": True}),
    "olmo_hybrid_odd": ("OlmoHybridConfig", dict(
        hidden_size=24, num_hidden_layers=2, num_attention_heads=6, num_key_value_heads=2, intermediate_size=14,
        max_position_embeddings=32, linear_num_key_heads=2, linear_num_value_heads=4, linear_key_head_dim=5,
        linear_value_head_dim=6, linear_conv_kernel_dim=3, linear_allow_neg_eigval=False, attention_bias=True, rms_norm_eps=1e-3,
        pad_token_id=0, rope_parameters=dict(rope_type="default", rope_theta=500.0)), {"saved": True}),
    "olmoe": ("OlmoeConfig", FEW | dict(num_experts=5), {"saved": True}),
    "olmoe_odd": ("OlmoeConfig", MOE_ODD | dict(
        num_hidden_layers=2, max_position_embeddings=32, num_experts=4, norm_topk_prob=True, attention_bias=True, clip_qkv=0.7),
                  {}),
    "opt": ("OPTConfig", dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, ffn_dim=48,
                              max_position_embeddings=16), {}),
    "opt_odd": ("OPTConfig", dict(hidden_size=30, num_hidden_layers=3, num_attention_heads=3, ffn_dim=20,
                                  max_position_embeddings=9, activation_function="gelu", enable_bias=False), {}),
    "opt_projected": ("OPTConfig", dict(hidden_size=16, num_hidden_layers=2, num_attention_heads=4, ffn_dim=24,
                                        max_position_embeddings=16, word_embed_proj_dim=12, do_layer_norm_before=False), {}),
    "pegasus": ("PegasusConfig", BART | dict(scale_embedding=True), {"encoder": True}),
    "pegasus_odd": ("PegasusConfig", BART_ODD | dict(activation_function="relu", pad_token_id=0),
                    {"encoder": True, "without": "embed_positions"}),
    "phi": ("PhiConfig", LLAMA, {}),
    "phi_odd": ("PhiConfig", LLAMA | dict(hidden_size=40, num_attention_heads=5, num_key_value_heads=5,
                                          layer_norm_eps=1e-3, hidden_act="relu",
                                          rope_parameters=dict(rope_type="default", rope_theta=500.0,
                                                               partial_rotary_factor=0.25)), {}),
    "phi_normed": ("PhiConfig", SMALL | dict(num_key_value_heads=2, qk_layernorm=True, rope_parameters=dict(
        rope_type="linear", factor=2.0, rope_theta=500.0, partial_rotary_factor=0.5)), {}),
    "phi3": ("Phi3Config", LLAMA | dict(pad_token_id=0), {}),
    "phi3_long": ("Phi3Config", LLAMA | dict(
        num_key_value_heads=2, sliding_window=4, pad_token_id=0, max_position_embeddings=64,
        original_max_position_embeddings=16, rope_parameters=dict(
            rope_type="longrope", rope_theta=10000.0, short_factor=[1.0, 1.1, 1.5, 2.0], long_factor=[1.0, 2.0, 4.0, 8.0],
            original_max_position_embeddings=16)), {}),
    "phimoe": ("PhimoeConfig", FEW | dict(num_local_experts=4), {"saved": True}),
    "phimoe_odd": ("PhimoeConfig", MOE_ODD | dict(
        num_hidden_layers=3, max_position_embeddings=64, num_local_experts=5, num_experts_per_tok=2, attention_bias=True,
        router_jitter_noise=0.4, sliding_window=4, rope_parameters=dict(
            rope_type="longrope", rope_theta=500.0, short_factor=[1.0, 1.5, 2.0], long_factor=[1.0, 4.0, 8.0], short_mscale=1.3,
            long_mscale=1.4, original_max_position_embeddings=16)), {"saved": True}),
    "qwen2": ("Qwen2Config", LLAMA, {}),
    "qwen2_moe": ("Qwen2MoeConfig", QWEN_MOE, {"saved": True}),
    "qwen2_moe_odd": ("Qwen2MoeConfig", MOE_ODD | dict(
        num_hidden_layers=4, max_position_embeddings=32, moe_intermediate_size=7, shared_expert_intermediate_size=9,
        num_experts=4, norm_topk_prob=True, qkv_bias=False, decoder_sparse_step=2, mlp_only_layers=[3],
        use_sliding_window=True, sliding_window=3, max_window_layers=3), {"saved": True}),
    "qwen2_yarn": ("Qwen2Config", GROUPED | dict(
        use_sliding_window=True, sliding_window=3, max_window_layers=1, max_position_embeddings=64,
        rope_parameters=dict(rope_type="yarn", rope_theta=10000.0, factor=4.0, original_max_position_embeddings=16)), {}),
    "qwen2_vl": ("Qwen2VLConfig", dict(text_config=IN_QWEN | dict(vocab_size=VOCABULARY), vision_config=dict(
        depth=1, embed_dim=16, hidden_size=16, num_heads=2, mlp_ratio=2)), {"language_model": True}),
    "qwen2_vl_odd": ("Qwen2VLConfig", dict(text_config=IN_QWEN | QWEN_ODD | dict(vocab_size=VOCABULARY), vision_config=dict(
        depth=1, embed_dim=16, hidden_size=24, num_heads=2, mlp_ratio=2)), {"language_model": True}),
    "qwen2_vl_text": ("Qwen2VLTextConfig", IN_QWEN, {}),
    "qwen2_vl_text_odd": ("Qwen2VLTextConfig", IN_QWEN | QWEN_ODD, {}),
    "qwen2_5_vl": ("Qwen2_5_VLConfig", dict(text_config=IN_QWEN | dict(vocab_size=VOCABULARY), vision_config=dict(
        depth=1, hidden_size=16, num_heads=2, intermediate_size=16, out_hidden_size=16)), {"language_model": True}),
    "qwen2_5_vl_odd": ("Qwen2_5_VLConfig", dict(text_config=IN_QWEN | QWEN_ODD | dict(vocab_size=VOCABULARY), vision_config=dict(
        depth=1, hidden_size=16, num_heads=2, intermediate_size=16, out_hidden_size=24)), {"language_model": True}),
    "qwen2_5_vl_text": ("Qwen2_5_VLTextConfig", IN_QWEN, {}),
    "qwen2_5_vl_text_odd": ("Qwen2_5_VLTextConfig", IN_QWEN | QWEN_ODD, {}),
    "qwen3": ("Qwen3Config", LLAMA | dict(head_dim=8), {}),
    "qwen3_5": ("Qwen3_5Config", dict(text_config=NEXT | FEWER | dict(vocab_size=VOCABULARY), vision_config=SEES_QWEN3_5),
                {"language_model": True}),
    "qwen3_5_odd": ("Qwen3_5Config", dict(text_config=NEXT_ODD | FEWER | dict(vocab_size=VOCABULARY), vision_config=SEES_QWEN3_5 | dict(
        out_hidden_size=24)), {"language_model": True}),
    "qwen3_5_moe": ("Qwen3_5MoeConfig", dict(
        text_config=NEXT | NEXT_MOE | FEWER | dict(vocab_size=VOCABULARY), vision_config=SEES_QWEN3_5), {"language_model": True}),
    "qwen3_5_moe_odd": ("Qwen3_5MoeConfig", dict(
        text_config=NEXT_ODD | NEXT_MOE | FEWER | dict(vocab_size=VOCABULARY, num_experts_per_tok=3),
        vision_config=SEES_QWEN3_5 | dict(out_hidden_size=24)), {"language_model": True}),
    "qwen3_5_moe_text": ("Qwen3_5MoeTextConfig", NEXT | NEXT_MOE, {"saved": True}),
    "qwen3_5_moe_text_odd": ("Qwen3_5MoeTextConfig", NEXT_ODD | NEXT_MOE | FEWER | dict(num_experts_per_tok=3), {}),
    "qwen3_5_text": ("Qwen3_5TextConfig", NEXT, {"saved": True}),
    "qwen3_5_text_odd": ("Qwen3_5TextConfig", NEXT_ODD | FEWER | dict(hidden_act="gelu"), {}),
    "qwen3_moe": ("Qwen3MoeConfig", FEW | dict(num_experts=5, moe_intermediate_size=12), {"saved": True}),
    "qwen3_moe_odd": ("Qwen3MoeConfig", MOE_ODD | dict(
        num_hidden_layers=3, max_position_embeddings=32, moe_intermediate_size=7, num_experts=4, norm_topk_prob=True, head_dim=10,
        attention_bias=True, mlp_only_layers=[1], use_sliding_window=True, sliding_window=3), {"saved": True}),
    "qwen3_next": ("Qwen3NextConfig", NEXT | NEXT_MOE, {"saved": True}),
    "qwen3_next_odd": ("Qwen3NextConfig", NEXT_ODD | NEXT_MOE | dict(
        num_experts_per_tok=3, norm_topk_prob=False, mlp_only_layers=[1], linear_num_value_heads=6), {"saved": True}),
    "qwen3_odd": ("Qwen3Config", GROUPED | dict(head_dim=12, attention_bias=True), {}),
    "qwen3_vl": ("Qwen3VLConfig", dict(text_config=IN_QWEN3 | dict(vocab_size=VOCABULARY), vision_config=SEES_QWEN3),
                 {"language_model": True}),
    "qwen3_vl_odd": ("Qwen3VLConfig", dict(
        text_config=IN_QWEN3 | dict(vocab_size=VOCABULARY, num_key_value_heads=2, attention_bias=True, rms_norm_eps=1e-3),
        vision_config=SEES_QWEN3), {"language_model": True}),
    "qwen3_vl_text": ("Qwen3VLTextConfig", IN_QWEN3, {}),
    "qwen3_vl_text_odd": ("Qwen3VLTextConfig", IN_QWEN3 | dict(num_key_value_heads=1, attention_bias=True, num_hidden_layers=3), {}),
    "recurrent_gemma": ("RecurrentGemmaConfig", dict(
        hidden_size=16, num_hidden_layers=3, num_attention_heads=2, num_key_value_heads=1, intermediate_size=40,
        attention_window_size=3), {"no_cache": True}),
    "recurrent_gemma_odd": ("RecurrentGemmaConfig", dict(
        hidden_size=24, num_hidden_layers=4, num_attention_heads=3, intermediate_size=30, lru_width=18, conv1d_width=3,
        attention_window_size=4, attention_bias=True, hidden_activation="silu", rms_norm_eps=1e-3,
        block_types=["attention", "recurrent"], rope_parameters=dict(rope_type="default", rope_theta=500.0)),
                            {"no_cache": True}),
    "rembert": ("RemBertConfig", BERT | dict(hidden_size=16, intermediate_size=24, input_embedding_size=8), {}),
    "rembert_odd": ("RemBertConfig", BERT_ODD | dict(hidden_size=20, intermediate_size=14, input_embedding_size=20), {}),
    "roberta": ("RobertaConfig", BERT, {}),
    "roberta_causal": ("RobertaConfig", BERT | dict(hidden_size=16, intermediate_size=16, is_causal=True), {}),
    "roberta_odd": ("RobertaConfig", BERT_ODD | dict(pad_token_id=2), {}),
    "roberta_prelayernorm": ("RobertaPreLayerNormConfig", BERT | dict(hidden_size=16, intermediate_size=24), {}),
    "roberta_prelayernorm_odd": ("RobertaPreLayerNormConfig", BERT_ODD | dict(hidden_size=20, intermediate_size=14,
                                                                              pad_token_id=2), {}),
    "roformer": ("RoFormerConfig", BERT | dict(hidden_size=16, intermediate_size=24, embedding_size=8), {}),
    "roformer_odd": ("RoFormerConfig", BERT_ODD | dict(hidden_size=20, intermediate_size=14, num_attention_heads=2), {}),
    "seed_oss": ("SeedOssConfig", SMALL | dict(head_dim=6, pad_token_id=0), {}),
    "seed_oss_odd": ("SeedOssConfig", GROUPED | dict(head_dim=12, attention_bias=False, attention_out_bias=True, mlp_bias=True,
                                                     pad_token_id=0), {}),
    "siglip": ("SiglipConfig", dict(
        text_config=SMALL_TEXT | dict(vocab_size=VOCABULARY, max_position_embeddings=16),
        vision_config=VISION), {"part": "text_model"}),
    "siglip_odd": ("SiglipConfig", dict(
        text_config=SMALL_TEXT | dict(vocab_size=VOCABULARY, num_attention_heads=2, hidden_act="relu", num_hidden_layers=3,
                                      max_position_embeddings=12, layer_norm_eps=1e-3),
        vision_config=VISION), {"part": "text_model"}),
    "siglip_text": ("SiglipTextConfig", SMALL_TEXT | dict(max_position_embeddings=16), {"model": "SiglipTextModel"}),
    "siglip_text_odd": ("SiglipTextConfig", SMALL_TEXT | dict(hidden_size=18, num_attention_heads=3, hidden_act="gelu",
                                                              max_position_embeddings=9, layer_norm_eps=1e-3), {"model": "SiglipTextModel"}),
    "smollm3": ("SmolLM3Config", LLAMA | dict(num_hidden_layers=4, pad_token_id=0), {}),
    "smollm3_odd": ("SmolLM3Config", GROUPED | dict(no_rope_layers=[0, 1], pad_token_id=0), {}),
    "smolvlm": ("SmolVLMConfig", dict(text_config=IN_IDEFICS, vision_config=VISION), {"part": "text_model"}),
    "smolvlm_odd": ("SmolVLMConfig", dict(text_config=IN_IDEFICS | dict(num_key_value_heads=1, attention_bias=True),
                                          vision_config=VISION), {"part": "text_model"}),
    "stablelm": ("StableLmConfig", LLAMA, {}),
    "stablelm_parallel": ("StableLmConfig", LLAMA | dict(num_key_value_heads=2, use_parallel_residual=True,
                                                         use_qkv_bias=True, layer_norm_eps=1e-3), {}),
    "stablelm_normed": ("StableLmConfig", LLAMA | dict(num_key_value_heads=2, qk_layernorm=True,
                                                       use_parallel_residual=True), {}),
    "stablelm_normed_serial": ("StableLmConfig", SMALL | dict(qk_layernorm=True, num_attention_heads=2,
                                                              num_key_value_heads=2), {}),
    "starcoder2": ("Starcoder2Config", LLAMA | dict(num_key_value_heads=2), {}),
    "starcoder2_odd": ("Starcoder2Config", SMALL | dict(
        hidden_size=24, num_attention_heads=6, num_key_value_heads=3, sliding_window=3, use_bias=False, norm_epsilon=1e-3,
        num_hidden_layers=3, hidden_act="gelu", rope_parameters=dict(rope_type="default", rope_theta=500.0)), {}),
    "switch_transformers": ("SwitchTransformersConfig", T5_SMALL | dict(
        num_layers=4, num_sparse_encoder_layers=2, num_experts=4, expert_capacity=12), {"model": "SwitchTransformersEncoderModel"}),
    "switch_transformers_odd": ("SwitchTransformersConfig", T5_SMALL | dict(
        d_model=18, num_heads=3, num_layers=3, num_sparse_encoder_layers=3, num_experts=3, router_bias=True, dense_act_fn="silu",
        relative_attention_num_buckets=8), {"model": "SwitchTransformersEncoderModel"}),
    "t5": ("T5Config", T5, {"model": "T5EncoderModel"}),
    "t5_encoder": ("T5Config", T5 | dict(d_model=15, d_kv=4, num_heads=2, feed_forward_proj="gated-silu"),
                   {"model": "T5EncoderModel", "renamed": {"shared": "encoder.embed_tokens"}}),
    "t5_gated": ("T5Config", T5 | dict(d_kv=10, num_heads=3, feed_forward_proj="gated-gelu",
                                       relative_attention_max_distance=6, relative_attention_num_buckets=8),
                 {"model": "T5EncoderModel"}),
    "t5gemma": ("T5GemmaConfig", dict(
        encoder=SMALL | dict(vocab_size=VOCABULARY, head_dim=8, sliding_window=2, query_pre_attn_scalar=8,
                             attn_logit_softcapping=2.0),
        decoder=LLAMA | dict(vocab_size=VOCABULARY, head_dim=8)), {"encoder": True}),
    "t5gemma_odd": ("T5GemmaConfig", dict(
        encoder=GROUPED | dict(vocab_size=VOCABULARY, head_dim=12, sliding_window=1, query_pre_attn_scalar=30,
                               attn_logit_softcapping=None, num_hidden_layers=3, attention_bias=True,
                               hidden_activation="silu",
                               layer_types=["full_attention", "sliding_attention", "full_attention"]),
        decoder=GROUPED | dict(vocab_size=VOCABULARY, head_dim=12)), {"encoder": True}),
    "umt5": ("UMT5Config", T5 | dict(d_model=16, d_ff=24), {"model": "UMT5EncoderModel"}),
    "umt5_odd": ("UMT5Config", T5 | dict(d_model=18, d_kv=5, num_heads=3, d_ff=10, num_layers=3, feed_forward_proj="gated-silu",
                                         relative_attention_num_buckets=8, relative_attention_max_distance=6),
                 {"model": "UMT5EncoderModel"}),
    "xglm": ("XGLMConfig", dict(d_model=16, ffn_dim=24, num_layers=2, attention_heads=4, max_position_embeddings=16), {}),
    "xglm_odd": ("XGLMConfig", dict(d_model=15, ffn_dim=10, num_layers=3, attention_heads=3, max_position_embeddings=12,
                                    scale_embedding=False, activation_function="relu", pad_token_id=0), {}),
    "xlm": ("XLMConfig", XLM, {}),
    "xlm_causal": ("XLMConfig", XLM | dict(emb_dim=18, n_heads=3, n_layers=3, gelu_activation=False, layer_norm_eps=1e-3,
                                           causal=True, n_langs=3, use_lang_emb=False), {}),
    "xlm_roberta": ("XLMRobertaConfig", BERT, {}),
    "xlm_roberta_odd": ("XLMRobertaConfig", BERT_ODD, {}),
    "xlm_roberta_xl": ("XLMRobertaXLConfig", BERT | dict(hidden_size=16, intermediate_size=24), {}),
    "xlm_roberta_xl_odd": ("XLMRobertaXLConfig", BERT_ODD | dict(hidden_size=20, intermediate_size=14, pad_token_id=0), {}),
    "xmod": ("XmodConfig", BERT | dict(hidden_size=16, intermediate_size=24, languages=["en_XX", "de_DE"], default_language="de_DE",
                                       pad_token_id=1), {}),
    "xmod_odd": ("XmodConfig", BERT_ODD | dict(
        hidden_size=20, intermediate_size=14, languages=["en_XX"], default_language="en_XX", pre_norm=True, adapter_layer_norm=True,
        ln_before_adapter=False, adapter_reduction_factor=3), {}),
    "youtu": ("YoutuConfig", MLA, {}),
    "youtu_odd": ("YoutuConfig", MLA_ODD | dict(rope_interleave=False, hidden_act="gelu"), {}),
    "zamba2": ("Zamba2Config", dict(
        hidden_size=16, num_hidden_layers=4, num_attention_heads=4, intermediate_size=24, n_mamba_heads=4, mamba_d_state=6,
        adapter_rank=3, layers_block_type=["mamba", "hybrid", "mamba", "hybrid"], use_mamba_kernels=False), {"saved": True, "gentle": 0.4}),
    "zamba2_odd": ("Zamba2Config", dict(
        hidden_size=18, num_hidden_layers=5, num_attention_heads=3, intermediate_size=14, n_mamba_heads=6, mamba_ngroups=3,
        mamba_d_state=5, mamba_d_conv=3, mamba_expand=3, adapter_rank=2, num_mem_blocks=2, use_shared_attention_adapter=True,
        use_mem_rope=True, add_bias_linear=True, hidden_act="silu", rms_norm_eps=1e-3, time_step_min=0.3,
        layers_block_type=["hybrid", "mamba", "hybrid", "hybrid", "mamba"], max_position_embeddings=32,
        rope_parameters=dict(rope_type="default", rope_theta=500.0), use_mamba_kernels=False), {"saved": True, "gentle": 0.4}),
}


def roughen(model, generator):
    """Weights that show mistakes: norms that are not 1, biases that are not 0, attention that is not uniform."""
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            noise = torch.randn(parameter.shape, generator=generator)
            if name.endswith(("router.scale", "per_expert_scale", "correct_output_scale")):
                parameter.copy_(1 + 0.3 * noise)
                continue
            if not parameter.requires_grad:
                # A table of sines and cosines.
                continue
            if any(part in name for part in ("embed", "wte", "wpe", "shared")) and "shared_" not in name:
                parameter.copy_(noise if parameter.dim() > 1 else 1 + 0.3 * noise)
            elif parameter.dim() > 1:
                parameter.copy_(noise * 1.5 / parameter.shape[-1] ** 0.5)
            elif name.endswith("weight"):
                parameter.copy_(1 + 0.3 * noise)
            else:
                parameter.copy_(0.3 * noise)


        for name, buffer in sorted(model.named_buffers()):
            # What is added to scores of experts, or multiplies a block's output, which no initialiser draws.
            if name.endswith("layer_scalar"):
                buffer.copy_(1 + 0.3 * torch.randn(buffer.shape, generator=generator))
            if name.endswith(("e_score_correction_bias", "expert_bias")):
                buffer.copy_(0.3 * torch.randn(buffer.shape, generator=generator))


def in_mxfp4(model, generator):
    """Gives the experts weights that are stored in MXFP4, by transformers' own way from there, and returns what is stored."""
    from transformers.integrations.mxfp4 import convert_moe_packed_tensors
    stored = {}
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith(("experts.gate_up_proj", "experts.down_proj")):
                count, inputs, outputs = parameter.shape
                blocks = torch.randint(0, 256, (count, outputs, inputs // 32, 16), generator=generator, dtype=torch.uint8)
                scales = torch.randint(122, 126, (count, outputs, inputs // 32), generator=generator, dtype=torch.uint8)
                parameter.copy_(convert_moe_packed_tensors(blocks, scales))
                stored |= {f"{name}_blocks": blocks, f"{name}_scales": scales}
    return stored


def old_names(tensors):
    """The names of checkpoints from TensorFlow's days."""
    def rename(name):
        name = "bert." + name
        if "LayerNorm" in name:
            name = name.replace(".weight", ".gamma").replace(".bias", ".beta")
        return name
    return {rename(name): tensor for name, tensor in tensors.items()}


def hidden_states(model, tokens, options):
    """The embeddings, then what each block writes, the last of it after the final norm."""
    if options.get("encoder"):
        model = model.encoder
    if options.get("language_model"):
        model = model.language_model
    if "part" in options:
        model = getattr(model, options["part"])
    # A random token may be the padding's; it is a token like any other here.
    inputs = dict(input_ids=tokens[None], attention_mask=torch.ones_like(tokens[None]))
    if options.get("no_cache"):
        # Without a layer that attends, transformers asks its cache for what only such a layer has.
        inputs |= dict(use_cache=False)
    output = model(**inputs, output_hidden_states=True)
    states = output.hidden_states
    if options.get("states") == "streams":
        # transformers gives all streams, and the last of them before they are one.
        read = model.config.altup_active_idx
        states = [state[read] for state in states[:-1]] + [output.last_hidden_state]
    if options.get("states") == "mamba":
        # transformers leaves the embeddings out, and gives the last block's output both before and after the norm.
        before = [state for state in states if state is not states[-2]]
        states = [model.embeddings(tokens[None])] + before
    return states


@contextlib.contextmanager
def doubled(model):
    """The model in float64; what turns to float32 by itself (norms, routers, recurrences) too."""
    single = torch.float32, torch.float, torch.Tensor.float
    model.double()
    torch.float32 = torch.float = torch.float64
    torch.Tensor.float = torch.Tensor.double
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.float32, torch.float, torch.Tensor.float = single
        torch.set_default_dtype(torch.float32)
        model.float()


def freeze(case):
    """Writes the case's file; where asked, how far its states may be from those in float64, in
    parts of a state's largest magnitude."""
    kind, arguments, options = CASES[case]
    config = getattr(transformers, kind)(**({} if "text_config" in arguments else {"vocab_size": VOCABULARY}) | arguments)
    torch.manual_seed(0)
    model = getattr(transformers, options.get("model", "AutoModel"))
    model = (model(config) if "model" in options else model.from_config(config)).eval()
    # What computes all experts at once refuses sides that are no multiples of 16 bytes.
    model.set_experts_implementation("eager")
    if options.get("encoder"):
        # Under the names that the whole model's checkpoint has.
        model.__dict__["_modules"] = {name: part for name, part in model._modules.items() if name in ("shared", "encoder")}
    if options.get("language_model"):
        model.__dict__["_modules"] = {"language_model": model.language_model}
    if "part" in options:
        model.__dict__["_modules"] = {options["part"]: getattr(model, options["part"])}
    generator = torch.Generator().manual_seed(sum(case.encode()))
    roughen(model, generator)
    if options.get("gentle"):
        # Halves follow each other without a residual stream between: larger weights make noise of the last digits.
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                parameter.mul_(options["gentle"] if parameter.dim() > 1 and "embed" not in name or name.endswith("q_norm.weight") else 1)
    packed = in_mxfp4(model, generator) if options.get("mxfp4") else {}
    dtype = options.get("dtype", torch.float32)
    stored = {name: tensor.to(dtype).contiguous() for name, tensor in model.state_dict().items()
              if name != "encoder.embed_tokens.weight" or "shared.weight" not in model.state_dict()}
    model.load_state_dict({name: tensor.float() for name, tensor in stored.items()}, strict=False)
    sequences = [torch.randint(0, VOCABULARY, (length,), generator=generator) for length in LENGTHS]
    with torch.no_grad():
        states = [hidden_states(model, tokens, options) for tokens in sequences]
        if options.get("measure"):
            with doubled(model):
                exact = [hidden_states(model, tokens, options) for tokens in sequences]
                # One order of sums may be right by luck: the same where every part's output is off by as much as f32 rounds.
                rounded = lambda _, __, out: out * (1 + 2 ** -24 * torch.randn(out.shape, generator=generator)) \
                    if isinstance(out, torch.Tensor) and out.is_floating_point() else out
                for part in model.modules():
                    if not list(part.children()):
                        part.register_forward_hook(rounded)
                near = [[hidden_states(model, tokens, options) for tokens in sequences] for _ in range(3)]
            model.load_state_dict({name: tensor.float() for name, tensor in stored.items()}, strict=False)
    whole = lambda states: [torch.cat([state[layer][0] for state in states]) for layer in range(len(states[0]))]
    golden = {f"golden.hidden.{layer}": state.float().contiguous() for layer, state in enumerate(whole(states))}
    error = None
    if options.get("measure"):
        assert all(state.dtype == torch.float64 for of in exact for state in of), case
        error = max(((state.double() - right).abs().max() / right.abs().max()).item()
                    for found in (states, *near) for state, right in zip(whole(found), whole(exact)))
    golden["golden.tokens"] = torch.cat(sequences).to(torch.int64)
    golden["golden.lengths"] = torch.tensor(LENGTHS)
    if options.get("old_names"):
        stored = old_names(stored)
    if options.get("saved"):
        # As transformers writes them, which is not as it has them in memory.
        with tempfile.TemporaryDirectory() as folder:
            model.save_pretrained(folder)
            stored = safetensors.torch.load_file(Path(folder) / "model.safetensors")
    for name in packed:
        stored.pop(name.removesuffix("_blocks"), None)
    stored |= packed
    if "without" in options:
        stored = {name: tensor for name, tensor in stored.items() if options["without"] not in name}
    for name, other in options.get("renamed", {}).items():
        stored = {key.replace(name, other): tensor for key, tensor in stored.items()}
    # Once, where two names are one tensor.
    unique = {}
    for name, tensor in stored.items():
        if "pooler" not in name and not any(tensor is other for other in unique.values()):
            unique[name] = tensor.clone()
    stored = unique
    written = json.loads(config.to_json_string(use_diff=False))
    if "inside" in options:
        unique = {f"model.language_model.{name}": tensor for name, tensor in unique.items()}
        stored = unique
        outer = getattr(transformers, config.__class__.__name__.replace("Text", ""))()
        written = json.loads(outer.to_json_string(use_diff=False)) | dict(
            text_config=written, vision_config=None, audio_config=None)
    if packed:
        written |= dict(quantization_config=dict(quant_method="mxfp4", modules_to_not_convert=["model.layers.*.self_attn"]))
    if "keys" in options:
        keys = options["keys"]
        written = {keys["renamed"].get(key, key): value for key, value in written.items() if key not in keys["removed"]}
        written |= keys["added"]
    metadata = dict(config=json.dumps(written), torch=torch.__version__,
                    transformers=transformers.__version__)
    HERE.mkdir(exist_ok=True)
    safetensors.torch.save_file(stored | golden, HERE / f"{case}.safetensors", metadata)
    largest = max(tensor.abs().max().item() for name, tensor in golden.items() if "hidden" in name)
    print(f"{case}: {len(states[0])} hidden states, largest magnitude {largest:.2f}")
    return error


def compress(file):
    """Puts one that gzip compressed in a file's place; its bytes do not depend on when."""
    file.with_name(file.name + ".gz").write_bytes(gzip.compress(file.read_bytes(), mtime=0))
    file.unlink()


if __name__ == "__main__":
    for case in sys.argv[1:] or CASES:
        freeze(case)
        compress(HERE / f"{case}.safetensors")
