//! Configurations of published checkpoints whose every key has to be understood: what counts here is which keys there are.
//! (Where a list is long, and its length follows from a size, both are smaller.)

use serde_json::{Value, json};

/// Checkpoints of encoders, by name.
pub(super) fn encoders() -> Vec<(&'static str, Value)> {
    vec![
        (
            "bert-base-multilingual-cased",
            json!({
                "architectures": ["BertForMaskedLM"], "attention_probs_dropout_prob": 0.1, "classifier_dropout": null,
                "directionality": "bidi", "gradient_checkpointing": false, "hidden_act": "gelu", "hidden_dropout_prob": 0.1,
                "hidden_size": 768, "initializer_range": 0.02, "intermediate_size": 3072, "layer_norm_eps": 1e-12,
                "max_position_embeddings": 512, "model_type": "bert", "num_attention_heads": 12, "num_hidden_layers": 12,
                "pad_token_id": 0, "pooler_fc_size": 768, "pooler_num_attention_heads": 12, "pooler_num_fc_layers": 3,
                "pooler_size_per_head": 128, "pooler_type": "first_token_transform", "position_embedding_type": "absolute",
                "transformers_version": "4.6.0.dev0", "type_vocab_size": 2, "use_cache": true, "vocab_size": 119_547
            }),
        ),
        (
            "distilbert-base-uncased",
            json!({
                "activation": "gelu", "architectures": ["DistilBertForMaskedLM"], "attention_dropout": 0.1, "dim": 768,
                "dropout": 0.1, "hidden_dim": 3072, "initializer_range": 0.02, "max_position_embeddings": 512,
                "model_type": "distilbert", "n_heads": 12, "n_layers": 6, "pad_token_id": 0, "qa_dropout": 0.1,
                "seq_classif_dropout": 0.2, "sinusoidal_pos_embds": false, "tie_weights_": true, "vocab_size": 30_522
            }),
        ),
        (
            "albert-base-v1",
            json!({
                "architectures": ["AlbertForMaskedLM"], "attention_probs_dropout_prob": 0.1, "bos_token_id": 2,
                "classifier_dropout_prob": 0.1, "down_scale_factor": 1, "embedding_size": 128, "eos_token_id": 3,
                "gap_size": 0, "hidden_act": "gelu", "hidden_dropout_prob": 0.1, "hidden_size": 768,
                "initializer_range": 0.02, "inner_group_num": 1, "intermediate_size": 3072, "layer_norm_eps": 1e-12,
                "layers_to_keep": [], "max_position_embeddings": 512, "model_type": "albert", "net_structure_type": 0,
                "num_attention_heads": 12, "num_hidden_groups": 1, "num_hidden_layers": 12, "num_memory_blocks": 0,
                "pad_token_id": 0, "type_vocab_size": 2, "vocab_size": 30_000
            }),
        ),
        (
            "a cross-encoder of xlm-roberta-large",
            json!({
                "architectures": ["XLMRobertaForSequenceClassification"], "attention_probs_dropout_prob": 0.1,
                "bos_token_id": 0, "eos_token_id": 2, "hidden_act": "gelu", "hidden_dropout_prob": 0.1, "hidden_size": 1024,
                "id2label": {"0": "LABEL_0"}, "intermediate_size": 4096, "label2id": {"LABEL_0": 0},
                "layer_norm_eps": 1e-5, "max_position_embeddings": 514, "model_type": "xlm-roberta",
                "num_attention_heads": 16, "num_hidden_layers": 24, "output_past": true, "pad_token_id": 1,
                "position_embedding_type": "absolute", "sentence_transformers": {"version": "4.1.0"}, "type_vocab_size": 1,
                "torch_dtype": "float32", "use_cache": true, "vocab_size": 250_002
            }),
        ),
        (
            "ModernBERT-base",
            json!({
                "architectures": ["ModernBertForMaskedLM"], "attention_bias": false, "attention_dropout": 0.0,
                "bos_token_id": 50_281, "classifier_activation": "gelu", "classifier_bias": false, "classifier_dropout": 0.0,
                "classifier_pooling": "mean", "cls_token_id": 50_281, "decoder_bias": true,
                "deterministic_flash_attn": false, "embedding_dropout": 0.0, "eos_token_id": 50_282,
                "global_attn_every_n_layers": 3, "global_rope_theta": 160_000.0, "gradient_checkpointing": false,
                "hidden_activation": "gelu", "hidden_size": 768, "initializer_cutoff_factor": 2.0,
                "initializer_range": 0.02, "intermediate_size": 1152, "layer_norm_eps": 1e-5, "local_attention": 128,
                "local_rope_theta": 10_000.0, "max_position_embeddings": 8192, "mlp_bias": false, "mlp_dropout": 0.0,
                "model_type": "modernbert", "norm_bias": false, "norm_eps": 1e-5, "num_attention_heads": 12,
                "num_hidden_layers": 22, "pad_token_id": 50_283, "position_embedding_type": "absolute",
                "sep_token_id": 50_282, "sparse_pred_ignore_index": -100, "sparse_prediction": false,
                "tie_word_embeddings": true, "vocab_size": 50_368
            }),
        ),
        (
            "EuroBERT-210m",
            json!({
                "architectures": ["EuroBertForMaskedLM"], "attention_bias": false, "attention_dropout": 0.0, "auto_map": {},
                "bos_token": "<|begin_of_text|>", "bos_token_id": 128_000, "clf_pooling": "late",
                "eos_token": "<|end_of_text|>", "eos_token_id": 128_001, "hidden_act": "silu", "hidden_dropout": 0.0,
                "hidden_size": 768, "initializer_range": 0.02, "intermediate_size": 3072, "mask_token": "<|mask|>",
                "mask_token_id": 128_002, "max_position_embeddings": 8192, "mlp_bias": false, "model_type": "eurobert",
                "num_attention_heads": 12, "num_hidden_layers": 12, "num_key_value_heads": 12,
                "pad_token": "<|end_of_text|>", "pad_token_id": 128_001, "pretraining_tp": 1, "rms_norm_eps": 1e-5,
                "rope_scaling": null, "rope_theta": 250_000, "tie_word_embeddings": false, "use_cache": false,
                "vocab_size": 128_256
            }),
        ),
        (
            "embeddinggemma-300m",
            json!({
                "_sliding_window_pattern": 6, "architectures": ["Gemma3TextModel"], "attention_bias": false,
                "attention_dropout": 0.0, "attn_logit_softcapping": null, "bos_token_id": 2, "dtype": "float32",
                "eos_token_id": 1, "final_logit_softcapping": null, "head_dim": 256,
                "hidden_activation": "gelu_pytorch_tanh", "hidden_size": 768, "initializer_range": 0.02,
                "intermediate_size": 1152, "layer_types": ["sliding_attention", "full_attention"],
                "max_position_embeddings": 2048, "model_type": "gemma3_text", "num_attention_heads": 3,
                "num_hidden_layers": 2, "num_key_value_heads": 1, "pad_token_id": 0, "query_pre_attn_scalar": 256,
                "rms_norm_eps": 1e-6, "rope_local_base_freq": 10_000.0, "rope_scaling": null, "rope_theta": 1_000_000.0,
                "sliding_window": 512, "use_bidirectional_attention": true, "use_cache": true, "vocab_size": 262_144
            }),
        ),
    ]
}

/// Checkpoints of decoders from before Llama, by name.
pub(super) fn early_decoders() -> Vec<(&'static str, Value)> {
    vec![
        (
            "alias-gpt2-small-x21",
            json!({
                "activation_function": "gelu_new", "architectures": ["GPT2LMHeadModel"], "attn_pdrop": 0.1,
                "bos_token_id": 50_256, "embd_pdrop": 0.1, "eos_token_id": 50_256, "initializer_range": 0.02,
                "layer_norm_epsilon": 1e-5, "model_type": "gpt2", "n_ctx": 1024, "n_embd": 768, "n_head": 12,
                "n_inner": null, "n_layer": 12, "n_positions": 1024, "reorder_and_upcast_attn": true, "resid_pdrop": 0.1,
                "scale_attn_by_inverse_layer_idx": true, "scale_attn_weights": true, "summary_activation": null,
                "summary_first_dropout": 0.1, "summary_proj_to_labels": true, "summary_type": "cls_index",
                "summary_use_proj": true, "task_specific_params": {"text-generation": {"max_length": 50}},
                "use_cache": false, "vocab_size": 50_257
            }),
        ),
        (
            "galactica-125m",
            json!({
                "_name_or_path": "./", "_remove_final_layer_norm": false, "activation_function": "gelu",
                "architectures": ["OPTForCausalLM"], "attention_dropout": 0.1, "bos_token_id": 0,
                "do_layer_norm_before": true, "dropout": 0.1, "enable_bias": true, "eos_token_id": 2, "ffn_dim": 3072,
                "hidden_size": 768, "init_std": 0.02, "layer_norm_elementwise_affine": true, "layerdrop": 0.0,
                "learned_embeddings": true, "max_position_embeddings": 2048, "model_type": "opt",
                "num_attention_heads": 12, "num_hidden_layers": 12, "pad_token_id": 1, "scale_embeddings": false,
                "torch_dtype": "float16", "use_cache": true, "vocab_size": 50_000, "word_embed_proj_dim": 768
            }),
        ),
        (
            "bloom-560m",
            json!({
                "apply_residual_connection_post_layernorm": false, "architectures": ["BloomForCausalLM"],
                "attention_dropout": 0.0, "attention_softmax_in_fp32": true, "bias_dropout_fusion": true, "bos_token_id": 1,
                "eos_token_id": 2, "hidden_dropout": 0.0, "initializer_range": 0.02, "layer_norm_epsilon": 1e-5,
                "masked_softmax_fusion": true, "model_type": "bloom", "n_embed": 1024, "n_inner": null, "n_layer": 24,
                "num_attention_heads": 16, "offset_alibi": 100, "pad_token_id": 3, "pretraining_tp": 1, "seq_length": 2048,
                "skip_bias_add": true, "skip_bias_add_qkv": false, "unk_token_id": 0, "use_cache": true,
                "vocab_size": 250_880
            }),
        ),
        (
            "falcon-11B",
            json!({
                "activation": "gelu", "alibi": false, "apply_residual_connection_post_layernorm": false,
                "architectures": ["FalconForCausalLM"], "attention_dropout": 0.0, "auto_map": {}, "bias": false,
                "bos_token_id": 11, "eos_token_id": 11, "ff_factor": 4, "ffn_hidden_size": 16_384, "hidden_dropout": 0.0,
                "hidden_size": 4096, "initializer_range": 0.02, "layer_norm_epsilon": 1e-5,
                "max_position_embeddings": 8192, "model_type": "falcon", "multi_query": true,
                "new_decoder_architecture": true, "num_attention_heads": 32, "num_hidden_layers": 60, "num_kv_heads": 8,
                "num_ln_in_parallel_attn": 1, "parallel_attn": true, "rope_scaling": null, "rope_theta": 5_000_042.0,
                "tie_word_embeddings": false, "use_cache": true, "vocab_size": 65_024
            }),
        ),
    ]
}

/// Checkpoints of decoders since Llama, and of Mamba, by name.
pub(super) fn decoders() -> Vec<(&'static str, Value)> {
    vec![
        (
            "SmolLM2-135M",
            json!({
                "architectures": ["LlamaForCausalLM"], "attention_bias": false, "attention_dropout": 0.0, "bos_token_id": 0,
                "eos_token_id": 0, "hidden_act": "silu", "hidden_size": 576, "initializer_range": 0.041_666_666,
                "intermediate_size": 1536, "is_llama_config": true, "max_position_embeddings": 8192, "mlp_bias": false,
                "model_type": "llama", "num_attention_heads": 9, "num_hidden_layers": 30, "num_key_value_heads": 3,
                "pretraining_tp": 1, "rms_norm_eps": 1e-5, "rope_interleaved": false, "rope_scaling": null,
                "rope_theta": 100_000, "tie_word_embeddings": true, "torch_dtype": "bfloat16",
                "transformers.js_config": {"kv_cache_dtype": {"fp16": "float16"}}, "use_cache": true, "vocab_size": 49_152
            }),
        ),
        (
            "SmolLM3-3B",
            json!({
                "architectures": ["SmolLM3ForCausalLM"], "attention_bias": false, "attention_dropout": 0.0,
                "bos_token_id": 128_000, "eos_token_id": 128_012, "hidden_act": "silu", "hidden_size": 2048,
                "initializer_range": 0.02, "intermediate_size": 11_008, "layer_types": vec!["full_attention"; 4],
                "max_position_embeddings": 65_536, "max_window_layers": 28, "mlp_bias": false, "model_type": "smollm3",
                "no_rope_layer_interval": 4, "no_rope_layers": [1, 1, 1, 0], "num_attention_heads": 16,
                "num_hidden_layers": 4, "num_key_value_heads": 4, "pad_token_id": 128_004, "pretraining_tp": 2,
                "rms_norm_eps": 1e-6, "rope_scaling": null, "rope_theta": 5_000_000.0, "sliding_window": null,
                "use_cache": false, "use_sliding_window": false, "vocab_size": 128_256
            }),
        ),
        (
            "Qwen2.5-7B-Instruct-1M",
            json!({
                "architectures": ["Qwen2ForCausalLM"], "attention_dropout": 0.0, "bos_token_id": 151_643,
                "dual_chunk_attention_config": {"chunk_size": 262_144, "local_size": 8192, "original_max_position_embeddings": 262_144},
                "eos_token_id": 151_645, "hidden_act": "silu", "hidden_size": 3584, "initializer_range": 0.02,
                "intermediate_size": 18_944, "max_position_embeddings": 1_010_000, "max_window_layers": 28,
                "model_type": "qwen2", "num_attention_heads": 28, "num_hidden_layers": 28, "num_key_value_heads": 4,
                "rms_norm_eps": 1e-5, "rope_theta": 10_000_000.0, "sliding_window": 32_768, "tie_word_embeddings": false,
                "use_cache": true, "use_sliding_window": false, "vocab_size": 152_064
            }),
        ),
        (
            "gemma-2-2b",
            json!({
                "architectures": ["Gemma2ForCausalLM"], "attention_bias": false, "attention_dropout": 0.0,
                "attn_logit_softcapping": 50.0, "bos_token_id": 2, "cache_implementation": "hybrid", "eos_token_id": 1,
                "final_logit_softcapping": 30.0, "head_dim": 256, "hidden_act": "gelu_pytorch_tanh",
                "hidden_activation": "gelu_pytorch_tanh", "hidden_size": 2304, "initializer_range": 0.02,
                "intermediate_size": 9216, "max_position_embeddings": 8192, "model_type": "gemma2",
                "num_attention_heads": 8, "num_hidden_layers": 26, "num_key_value_heads": 4, "pad_token_id": 0,
                "query_pre_attn_scalar": 256, "rms_norm_eps": 1e-6, "rope_theta": 10_000.0, "sliding_window": 4096,
                "use_cache": true, "vocab_size": 256_000
            }),
        ),
        (
            "Phi-4-mini-instruct",
            json!({
                "_name_or_path": "Phi-4-mini-instruct", "architectures": ["Phi3ForCausalLM"], "attention_bias": false,
                "attention_dropout": 0.0, "auto_map": {}, "bos_token_id": 199_999, "embd_pdrop": 0.0,
                "eos_token_id": 199_999, "full_attn_mod": 1, "hidden_act": "silu", "hidden_size": 32,
                "initializer_range": 0.02, "intermediate_size": 8192, "interpolate_factor": 1, "lm_head_bias": false,
                "max_position_embeddings": 131_072, "mlp_bias": false, "model_type": "phi3", "num_attention_heads": 4,
                "num_hidden_layers": 32, "num_key_value_heads": 2, "original_max_position_embeddings": 4096,
                "pad_token_id": 199_999, "partial_rotary_factor": 0.75, "resid_pdrop": 0.0, "rms_norm_eps": 1e-5,
                "rope_scaling": {"long_factor": [1, 1.1, 1.2], "short_factor": [1.0, 1.0, 1.0], "type": "longrope"},
                "rope_theta": 10_000.0, "sliding_window": 262_144, "tie_word_embeddings": true, "use_cache": true,
                "vocab_size": 200_064
            }),
        ),
        (
            "falcon-mamba-7b",
            json!({
                "_name_or_path": "./", "architectures": ["FalconMambaForCausalLM"], "bos_token_id": 0, "conv_kernel": 4,
                "eos_token_id": 11, "expand": 16, "hidden_act": "silu", "hidden_size": 4096, "initializer_range": 0.1,
                "intermediate_size": 8192, "layer_norm_epsilon": 1e-5, "model_type": "falcon_mamba",
                "num_hidden_layers": 64, "pad_token_id": 11, "rescale_prenorm_residual": false, "residual_in_fp32": true,
                "state_size": 16, "tie_word_embeddings": false, "time_step_floor": 0.0001,
                "time_step_init_scheme": "random", "time_step_max": 0.1, "time_step_min": 0.001, "time_step_rank": 256,
                "time_step_scale": 1.0, "use_bias": false, "use_cache": true, "use_conv_bias": true, "vocab_size": 65_024
            }),
        ),
    ]
}
