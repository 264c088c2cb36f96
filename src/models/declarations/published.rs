//! The configurations of published checkpoints, key for key as far as the key matters to a reader: all of them are
//! understood. (Sizes are smaller where that changes nothing.)

mod hybrids;
mod keys;

use serde_json::{Value, json};

use super::config::Config;
use super::registry;
use super::spec::{DistanceBias, Mixer, Spec};

fn spec(config: &Value) -> Spec {
    let config = Config::parse("published", &config.to_string()).unwrap();
    registry::declare(&config).unwrap().1.spec
}

#[test]
fn deberta_v3_base_and_v2_xlarge() {
    let base = json!({
        "model_type": "deberta-v2", "attention_probs_dropout_prob": 0.1, "hidden_act": "gelu", "hidden_dropout_prob": 0.1,
        "hidden_size": 768, "initializer_range": 0.02, "intermediate_size": 3072, "max_position_embeddings": 512,
        "relative_attention": true, "position_buckets": 256, "norm_rel_ebd": "layer_norm", "share_att_key": true,
        "pos_att_type": "p2c|c2p", "layer_norm_eps": 1e-7, "max_relative_positions": -1, "position_biased_input": false,
        "num_attention_heads": 12, "num_hidden_layers": 12, "type_vocab_size": 0, "vocab_size": 128_100
    });
    let DistanceBias::Disentangled(of) = spec(&base).attention.bias else { panic!("disentangled") };
    assert!(of.shared && of.normalized && of.to_position && of.from_position);
    assert_eq!((of.span, of.log_up_to), (256, Some(512)));
    let mut xlarge = base;
    let more = json!({
        "attention_head_size": 64, "conv_kernel_size": 3, "conv_act": "gelu", "pooler_size": 1536, "pooler_dropout": 0,
        "pooler_hidden_act": "gelu", "hidden_size": 1536, "num_attention_heads": 24, "intermediate_size": 6144
    });
    for (key, value) in more.as_object().unwrap() {
        xlarge[key] = value.clone();
    }
    assert_eq!(spec(&xlarge).convolution.unwrap().width, 3);
}

#[test]
fn bart_mbart_and_m2m_100() {
    let bart = json!({
        "model_type": "bart", "activation_dropout": 0.1, "activation_function": "gelu", "add_bias_logits": false,
        "add_final_layer_norm": false, "architectures": ["BartModel"], "attention_dropout": 0.1, "bos_token_id": 0,
        "classif_dropout": 0.1, "classifier_dropout": 0.0, "d_model": 768, "decoder_attention_heads": 12,
        "decoder_ffn_dim": 3072, "decoder_layerdrop": 0.0, "decoder_layers": 6, "decoder_start_token_id": 2, "dropout": 0.1,
        "early_stopping": true, "encoder_attention_heads": 12, "encoder_ffn_dim": 3072, "encoder_layerdrop": 0.0,
        "encoder_layers": 6, "eos_token_id": 2, "forced_eos_token_id": 2, "gradient_checkpointing": false,
        "id2label": {"0": "LABEL_0"}, "init_std": 0.02, "is_encoder_decoder": true, "label2id": {"LABEL_0": 0},
        "max_position_embeddings": 1024, "no_repeat_ngram_size": 3, "normalize_before": false, "normalize_embedding": true,
        "num_beams": 4, "num_hidden_layers": 6, "pad_token_id": 1, "scale_embedding": false,
        "task_specific_params": {}, "torch_dtype": "float32", "use_cache": true, "vocab_size": 50_265
    });
    assert!(spec(&bart).embeddings.scale == 1.0);
    let mbart = json!({
        "model_type": "mbart", "_num_labels": 3, "activation_dropout": 0.0, "activation_function": "gelu",
        "add_bias_logits": false, "add_final_layer_norm": true, "attention_dropout": 0.0, "bos_token_id": 0,
        "classif_dropout": 0.0, "d_model": 1024, "decoder_attention_heads": 16, "decoder_ffn_dim": 4096,
        "decoder_layerdrop": 0.0, "decoder_layers": 12, "dropout": 0.1, "encoder_attention_heads": 16,
        "encoder_ffn_dim": 4096, "encoder_layerdrop": 0.0, "encoder_layers": 12, "eos_token_id": 2, "init_std": 0.02,
        "is_encoder_decoder": true, "max_length": 1024, "max_position_embeddings": 1024, "normalize_before": true,
        "normalize_embedding": true, "num_beams": 5, "num_hidden_layers": 12, "output_past": true, "pad_token_id": 1,
        "scale_embedding": true, "static_position_embeddings": false, "vocab_size": 250_027
    });
    assert_eq!(spec(&mbart).embeddings.scale, 32.0);
    let m2m_100 = json!({
        "model_type": "m2m_100", "activation_function": "relu", "d_model": 1024, "decoder_attention_heads": 16,
        "decoder_ffn_dim": 4096, "decoder_layerdrop": 0.05, "decoder_layers": 12, "encoder_attention_heads": 16,
        "encoder_ffn_dim": 4096, "encoder_layerdrop": 0.05, "encoder_layers": 12, "gradient_checkpointing": false,
        "init_std": 0.02, "is_encoder_decoder": true, "max_length": 200, "max_position_embeddings": 1024, "num_beams": 5,
        "num_hidden_layers": 12, "pad_token_id": 1, "scale_embedding": true, "vocab_size": 128_112
    });
    assert!(!spec(&m2m_100).embeddings.positions.unwrap().learned);
}

#[test]
fn mamba_mamba2_and_rwkv7() {
    let mamba = json!({
        "model_type": "mamba", "architectures": ["MambaForCausalLM"], "bos_token_id": 0, "conv_kernel": 4, "d_inner": 1536,
        "d_model": 768, "eos_token_id": 0, "expand": 2, "fused_add_norm": true, "hidden_act": "silu", "hidden_size": 768,
        "initializer_range": 0.1, "intermediate_size": 1536, "layer_norm_epsilon": 1e-5, "n_layer": 24,
        "num_hidden_layers": 24, "pad_token_id": 0, "pad_vocab_size_multiple": 8, "rescale_prenorm_residual": false,
        "residual_in_fp32": true, "rms_norm": true, "ssm_cfg": {}, "state_size": 16, "time_step_floor": 0.0001,
        "time_step_init_scheme": "random", "time_step_max": 0.1, "time_step_min": 0.001, "time_step_rank": 48,
        "time_step_scale": 1.0, "use_bias": false, "use_cache": true, "use_conv_bias": true, "vocab_size": 50_280
    });
    let Mixer::Mamba(of) = spec(&mamba).blocks[0].mixer else { panic!("mamba") };
    assert_eq!((of.d_inner, of.d_step), (1536, 48));
    let mamba2 = r#"{"model_type": "mamba2", "bos_token_id": 0, "chunk_size": 256, "conv_kernel": 4, "eos_token_id": 0,
        "expand": 2, "head_dim": 64, "hidden_act": "silu", "hidden_size": 768, "initializer_range": 0.1,
        "layer_norm_epsilon": 1e-05, "n_groups": 1, "num_heads": 24, "num_hidden_layers": 24, "pad_token_id": 0,
        "rescale_prenorm_residual": false, "residual_in_fp32": true, "rms_norm": true, "state_size": 128,
        "tie_word_embeddings": true, "time_step_floor": 0.0001, "time_step_limit": [0.0, Infinity], "time_step_max": 0.1,
        "time_step_min": 0.001, "time_step_rank": 48, "use_bias": false, "use_cache": true, "use_conv_bias": true,
        "vocab_size": 50288}"#;
    let config = Config::parse("published", mamba2).unwrap();
    let (_, declaration) = registry::declare(&config).unwrap();
    let Mixer::Mamba2(of) = declaration.spec.blocks[0].mixer else { panic!("mamba2") };
    assert_eq!(of.step_limits, (0.0, f32::INFINITY));
    let rwkv7 = json!({
        "model_type": "rwkv7", "a_low_rank_dim": 64, "architectures": ["RWKV7ForCausalLM"], "attn": null,
        "attn_mode": "chunk", "auto_map": {}, "bos_token_id": 0, "decay_low_rank_dim": 64, "eos_token_id": 0,
        "fuse_cross_entropy": true, "fuse_norm": false, "gate_low_rank_dim": 128, "head_dim": 64, "hidden_act": "sqrelu",
        "hidden_ratio": 4.0, "hidden_size": 768, "initializer_range": 0.006, "intermediate_size": 3072,
        "max_position_embeddings": 2048, "norm_bias": true, "norm_eps": 1e-5, "norm_first": true, "num_heads": 32,
        "num_hidden_layers": 12, "tie_word_embeddings": false, "use_cache": true, "v_low_rank_dim": 32,
        "value_dim": vec![768; 12], "vocab_size": 65_536
    });
    assert!(matches!(spec(&rwkv7).blocks[0].mixer, Mixer::Rwkv7(_)));
}

#[test]
fn opt_350m_xlm_roberta_xl_and_gemma_3_4b() {
    let opt = json!({
        "model_type": "opt", "_remove_final_layer_norm": false, "activation_dropout": 0.0, "activation_function": "relu",
        "attention_dropout": 0.0, "bos_token_id": 2, "do_layer_norm_before": false, "dropout": 0.1, "eos_token_id": 2,
        "ffn_dim": 4096, "hidden_size": 1024, "init_std": 0.02, "layerdrop": 0.0, "max_position_embeddings": 2048,
        "num_attention_heads": 16, "num_hidden_layers": 24, "pad_token_id": 1, "prefix": "</s>", "torch_dtype": "float16",
        "use_cache": true, "vocab_size": 50_272, "word_embed_proj_dim": 512
    });
    let opt = spec(&opt);
    assert_eq!((opt.d_at(0), opt.d_at(24)), (1024, 512));
    let xl = json!({
        "model_type": "xlm-roberta-xl", "attention_probs_dropout_prob": 0.1, "bos_token_id": 0, "eos_token_id": 2,
        "hidden_act": "gelu", "hidden_dropout_prob": 0.1, "hidden_size": 2560, "initializer_range": 0.02,
        "intermediate_size": 10_240, "layer_norm_eps": 1e-5, "max_position_embeddings": 514, "num_attention_heads": 32,
        "num_hidden_layers": 36, "pad_token_id": 1, "position_embedding_type": "absolute", "type_vocab_size": 1,
        "use_cache": true, "vocab_size": 250_880
    });
    assert_eq!(spec(&xl).n_positions, Some(512));
    let gemma = json!({
        "model_type": "gemma3", "boi_token_index": 255_999, "eoi_token_index": 256_000, "eos_token_id": 1,
        "image_token_index": 262_144, "initializer_range": 0.02, "mm_tokens_per_image": 256,
        "text_config": {
            "hidden_size": 2560, "intermediate_size": 10_240, "model_type": "gemma3_text", "num_hidden_layers": 34,
            "rope_scaling": {"factor": 8.0, "rope_type": "linear"}, "sliding_window": 1024
        },
        "vision_config": {"hidden_size": 1152}
    });
    let gemma = spec(&gemma);
    assert_eq!((gemma.vocab_size, gemma.attention.n_kv_heads), (262_208, 4));
    // Every sixth layer sees everything, and is turned by frequencies divided by 8.
    let rotary = |layer: usize| gemma.blocks[layer].rotary.as_ref().unwrap().frequencies[0];
    assert_eq!((gemma.blocks[4].reach, gemma.blocks[5].reach), (Some(1023), None));
    assert_eq!((rotary(4), rotary(5)), (1.0, 0.125));
}

#[test]
fn every_key_of_published_configurations_is_understood() {
    let every = [
        keys::encoders(),
        keys::early_decoders(),
        keys::decoders(),
        hybrids::experts(),
        hybrids::of_several_kinds(),
    ]
    .concat();
    let all: Vec<(&str, Spec)> = every.iter().map(|(name, config)| (*name, spec(config))).collect();
    let of = |name: &str| all.iter().find(|(known, _)| *known == name).map(|(_, spec)| spec).unwrap();
    // The window of a model that sees both sides is half on each.
    let gemma = of("embeddinggemma-300m");
    assert_eq!(
        (gemma.attention.causal, gemma.blocks[0].reach, gemma.blocks[1].reach),
        (false, Some(256), None)
    );
    // The size itself counts, not 16 times the model's.
    let Mixer::Mamba(mamba) = of("falcon-mamba-7b").blocks[0].mixer else { panic!("mamba") };
    assert_eq!(mamba.d_inner, 8192);
    let stanford = of("alias-gpt2-small-x21");
    assert_eq!(stanford.blocks[3].scale, Some(1.0 / 8.0 / 4.0));
    assert_eq!(of("Phi-4-mini-instruct").n_positions, Some(4096));
    // A part of a gpt-oss head's frequencies is divided; two thirds of what LFM2's file says are its MLP.
    assert_eq!(of("gpt-oss-20b-bf16").blocks[0].reach, Some(127));
    assert_eq!(of("LFM2-1.2B").mlp.d, 8192);
    let next = of("Qwen3-Next-80B-A3B");
    assert_eq!(next.blocks.iter().filter(|block| block.mixer == Mixer::Attention).count(), 12);
    assert_eq!(next.blocks[3].rotary.as_ref().unwrap().frequencies.len(), 32);
}

#[test]
fn keys_mean_what_transformers_takes_them_for() {
    let llama = |model_type: &str, more: &Value| {
        let mut config = json!({
            "model_type": model_type, "hidden_size": 16, "num_attention_heads": 2, "num_hidden_layers": 2,
            "intermediate_size": 8, "max_position_embeddings": 8192, "vocab_size": 10
        });
        for (key, value) in more.as_object().unwrap() {
            config[key] = value.clone();
        }
        spec(&config)
    };
    let first = |spec: &Spec| spec.blocks[0].rotary.clone().unwrap();
    // Where both spellings are there the older counts, if it says anything.
    let linear = json!({"rope_scaling": {"type": "linear", "factor": 4.0}, "rope_parameters": {"rope_type": "default"}});
    assert_eq!(first(&llama("llama", &linear)).frequencies[0], 0.25);
    let empty = json!({"rope_scaling": {}, "rope_parameters": {"rope_type": "linear", "factor": 2.0}});
    assert_eq!(first(&llama("llama", &empty)).frequencies[0], 0.5);
    // The length of the first training that stands outside counts.
    let factors = json!({"type": "longrope", "short_factor": [1, 1, 1, 2], "long_factor": [1, 1, 1, 1],
                         "original_max_position_embeddings": 64});
    let outside = json!({"rope_scaling": factors, "original_max_position_embeddings": 2048});
    assert_eq!(llama("llama", &outside).n_positions, Some(2048));
    // Phi-3 has one of its own, and first had other names for LongRoPE.
    for name in ["yarn", "su", "longrope"] {
        let mut inside = json!({"rope_scaling": factors});
        inside["rope_scaling"]["type"] = name.into();
        assert_eq!(llama("phi3", &inside).n_positions, Some(4096), "{name}");
    }
    // GPT-NeoX's own names are the ones that count.
    let neox =
        json!({"rotary_emb_base": 16.0, "rotary_pct": 1.0, "rope_theta": 5.0, "partial_rotary_factor": 0.5});
    assert_eq!(first(&llama("gpt_neox", &neox)).frequencies, [1.0, 0.5, 0.25, 0.125]);
    // What is absent is what transformers assumes; what is null is nothing.
    let gemma = json!({"num_key_value_heads": 1, "head_dim": 8});
    assert_eq!(llama("gemma2", &gemma).attention.cap, Some(50.0));
    let uncapped = json!({"num_key_value_heads": 1, "attn_logit_softcapping": null});
    assert_eq!(
        (llama("gemma2", &uncapped).attention.cap, llama("gemma2", &uncapped).attention.d_head),
        (None, 256)
    );
    let reach = |more| llama("mistral", &more).blocks[1].reach;
    assert_eq!((reach(json!({})), reach(json!({"sliding_window": null}))), (Some(4095), None));
    // What says how the MLP is made in newer files counts.
    let t5 = json!({
        "model_type": "t5", "d_model": 8, "d_kv": 4, "num_heads": 2, "d_ff": 8, "num_layers": 1, "vocab_size": 10,
        "feed_forward_proj": "relu", "is_gated_act": true, "dense_act_fn": "silu"
    });
    assert_eq!(spec(&t5).mlp.activation, crate::models::declarations::activation::Activation::Silu);
}
