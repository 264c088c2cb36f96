//! The same of mixtures of experts, recurrences and hybrids.

use serde_json::{Value, json};

/// Checkpoints of decoders with experts, by name.
pub(super) fn experts() -> Vec<(&'static str, Value)> {
    vec![
        (
            "OLMoE-1B-7B-0924",
            json!({
                "architectures": ["OlmoeForCausalLM"], "attention_bias": false, "attention_dropout": 0.0, "clip_qkv": null,
                "eos_token_id": 50_279, "hidden_act": "silu", "hidden_size": 2048, "initializer_range": 0.02,
                "intermediate_size": 1024, "max_position_embeddings": 4096, "model_type": "olmoe", "norm_topk_prob": false,
                "num_attention_heads": 16, "num_experts": 64, "num_experts_per_tok": 8, "num_hidden_layers": 16,
                "num_key_value_heads": 16, "output_router_logits": false, "pad_token_id": 1, "rms_norm_eps": 1e-5,
                "rope_scaling": null, "rope_theta": 10000.0, "router_aux_loss_coef": 0.01, "tie_word_embeddings": false,
                "torch_dtype": "bfloat16", "transformers_version": "4.43.0", "use_cache": true, "vocab_size": 50_304
            }),
        ),
        (
            "Qwen3-30B-A3B",
            json!({
                "attention_bias": false, "attention_dropout": 0.0, "decoder_sparse_step": 1, "head_dim": 128,
                "hidden_act": "silu", "hidden_size": 2048, "initializer_range": 0.02, "intermediate_size": 6144,
                "max_position_embeddings": 40_960, "max_window_layers": 48, "mlp_only_layers": [], "model_type": "qwen3_moe",
                "moe_intermediate_size": 768, "norm_topk_prob": true, "num_attention_heads": 32, "num_experts": 128,
                "num_experts_per_tok": 8, "num_hidden_layers": 48, "num_key_value_heads": 4, "output_router_logits": false,
                "rms_norm_eps": 1e-6, "rope_scaling": null, "rope_theta": 1_000_000.0, "router_aux_loss_coef": 0.001,
                "sliding_window": null, "tie_word_embeddings": false, "use_cache": true, "use_sliding_window": false,
                "vocab_size": 151_936
            }),
        ),
        (
            "gpt-oss-20b-bf16",
            json!({
                "architectures": ["GptOssForCausalLM"], "attention_bias": true, "attention_dropout": 0.0,
                "eos_token_id": 200_002, "experts_per_token": 4, "head_dim": 64, "hidden_act": "silu", "hidden_size": 2880,
                "initial_context_length": 4096, "initializer_range": 0.02, "intermediate_size": 2880,
                "layer_types": ["sliding_attention", "full_attention"], "max_position_embeddings": 131_072,
                "model_type": "gpt_oss", "num_attention_heads": 64, "num_experts_per_tok": 4, "num_hidden_layers": 2,
                "num_key_value_heads": 8, "num_local_experts": 32, "output_router_logits": false, "pad_token_id": 199_999,
                "rms_norm_eps": 1e-5,
                "rope_scaling": {
                    "beta_fast": 32.0, "beta_slow": 1.0, "factor": 32.0, "original_max_position_embeddings": 4096,
                    "rope_type": "yarn", "truncate": false
                },
                "rope_theta": 150_000, "router_aux_loss_coef": 0.9, "sliding_window": 128, "swiglu_limit": 7.0,
                "tie_word_embeddings": false, "use_cache": true, "vocab_size": 201_088
            }),
        ),
    ]
}

/// Checkpoints whose blocks are of several kinds.
pub(super) fn of_several_kinds() -> Vec<(&'static str, Value)> {
    vec![
        (
            "Qwen3-Next-80B-A3B",
            json!({
                "attention_bias": false, "attention_dropout": 0.0, "decoder_sparse_step": 1, "full_attention_interval": 4,
                "head_dim": 256, "hidden_act": "silu", "hidden_size": 2048, "initializer_range": 0.02,
                "intermediate_size": 5120, "linear_conv_kernel_dim": 4, "linear_key_head_dim": 128,
                "linear_num_key_heads": 16, "linear_num_value_heads": 32, "linear_value_head_dim": 128,
                "max_position_embeddings": 262_144, "mlp_only_layers": [], "model_type": "qwen3_next",
                "moe_intermediate_size": 512, "norm_topk_prob": true, "num_attention_heads": 16, "num_experts": 512,
                "num_experts_per_tok": 10, "num_hidden_layers": 48, "num_key_value_heads": 2, "output_router_logits": false,
                "partial_rotary_factor": 0.25, "rms_norm_eps": 1e-6, "rope_scaling": null, "rope_theta": 10_000_000,
                "router_aux_loss_coef": 0.001, "shared_expert_intermediate_size": 512, "tie_word_embeddings": false,
                "use_cache": true, "use_sliding_window": false, "vocab_size": 151_936
            }),
        ),
        (
            "LFM2-1.2B",
            json!({
                "architectures": ["Lfm2ForCausalLM"], "block_auto_adjust_ff_dim": true, "block_dim": 2048,
                "block_ff_dim": 12_288, "block_ffn_dim_multiplier": 1.0, "block_mlp_init_scale": 1.0,
                "block_multiple_of": 256, "block_norm_eps": 1e-5, "block_out_init_scale": 1.0, "block_use_swiglu": true,
                "block_use_xavier_init": true, "bos_token_id": 1, "conv_L_cache": 3, "conv_bias": false, "conv_dim": 2048,
                "conv_dim_out": 2048, "conv_use_xavier_init": true, "eos_token_id": 7,
                "full_attn_idxs": [2, 5, 8, 10, 12, 14], "hidden_size": 2048, "initializer_range": 0.02,
                "max_position_embeddings": 128_000, "model_type": "lfm2", "norm_eps": 1e-5, "num_attention_heads": 32,
                "num_heads": 32, "num_hidden_layers": 16, "num_key_value_heads": 8, "pad_token_id": 0,
                "rope_theta": 1_000_000.0, "theta": 1_000_000.0, "tie_embedding": true, "torch_dtype": "bfloat16",
                "use_cache": true, "use_pos_enc": true, "vocab_size": 65_536
            }),
        ),
    ]
}
